"""Images as generators might draw them: blurred, noisy, compressed, faded, bent, erased, cut, tinted or mixed."""

import io

import numpy as np


def spoil(images: np.ndarray, seed: int | np.random.Generator | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Blur images, make them noisy, compress, fade, bend, erase, cut, tint or mix them, each in one or two ways.

    Args:
        images: uint8 (n, h, w, c).
        seed: of the chance.

    Returns:
        `(spoilt, ways)`: uint8 of the same shape, and bool (n, ways).
    """
    rng = np.random.default_rng(seed)
    out, ways = images.astype(np.float32), np.zeros((len(images), len(WAYS)), bool)
    for i in range(len(out)):
        for way in rng.choice(len(WAYS), rng.integers(1, 3), replace=False):
            out[i] = WAYS[way](out[i], rng, images)
            ways[i, way] = True
    return np.clip(np.rint(out), 0, 255).astype(np.uint8), ways


def _blurred(image, rng, others):
    from scipy.ndimage import gaussian_filter

    return gaussian_filter(image, (*[rng.uniform(0.3, 1.3)] * 2, 0))


def _noisy(image, rng, others):
    return image + rng.normal(0, rng.uniform(2, 25), image.shape)


def _compressed(image, rng, others):
    from PIL import Image

    stored = io.BytesIO()
    picture = np.clip(np.rint(image), 0, 255).astype(np.uint8)
    Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture).save(
        stored, "JPEG", quality=int(rng.integers(10, 80))
    )
    return np.asarray(Image.open(stored), np.float32).reshape(image.shape)


def _faded(image, rng, others):
    ground = np.median(image, axis=(0, 1))
    return ground + (image - ground) * rng.uniform(0.6, 1.0) + rng.normal(0, 8, image.shape[-1])


def _bent(image, rng, others):
    from scipy.ndimage import map_coordinates, zoom

    height, width, _ = image.shape
    field = [zoom(rng.normal(0, rng.uniform(0.3, 1.2), (5, 5)), (height / 5, width / 5), order=1) for _ in range(2)]
    places = np.mgrid[:height, :width] + np.stack(field)
    return np.stack([map_coordinates(part, places, order=1, mode="nearest") for part in np.moveaxis(image, -1, 0)], -1)


def _erased(image, rng, others):
    out, ground = image.copy(), np.median(image, axis=(0, 1))
    for _ in range(rng.integers(1, 5)):
        height, width = rng.integers(4, max(5, image.shape[0] // 5), 2)
        top, left = rng.integers(image.shape[0] - height), rng.integers(image.shape[1] - width)
        out[top : top + height, left : left + width] = ground
    return out


def _cut(image, rng, others):
    """Small gaps all over, so that outlines are open."""
    out, ground = image.copy(), np.median(image, axis=(0, 1))
    for _ in range(rng.integers(20, 120)):
        side = rng.integers(2, 6)
        top, left = rng.integers(image.shape[0] - side), rng.integers(image.shape[1] - side)
        out[top : top + side, left : left + side] = ground
    return out


def _tinted(image, rng, others):
    """Whatever is far from the ground, in another colour."""
    ground = np.median(image, axis=(0, 1))
    far = np.abs(image - ground).max(axis=-1, keepdims=True) / 255
    return image + far * rng.uniform(-160, 160, image.shape[-1])


def _mixed(image, rng, others):
    share = rng.uniform(0.05, 0.3)
    return (1 - share) * image + share * others[rng.integers(len(others))]


WAYS = (_blurred, _noisy, _compressed, _faded, _bent, _erased, _cut, _tinted, _mixed)
