"""Training pairs for super-resolution: imperfect lines as generators draw them, and their degraded small versions.

An upscaler must treat two kinds of faults differently:

- faults of the drawing (`draw_imperfect`): lines that slant, waver, end, fade, change colour along their length, are
  doubled or glow faintly. They belong to the image and are preserved;
- degradations (`spoil`): blur, the grain of strided kernels, noise, JPEG. They are to be removed.

`pairs` draws a sharp image four times as large; the small one is its average over 4 x 4 pixels, degraded. Both show the
same content.
"""

import io

import numpy as np

import lines

SCALE = 4
KINDS = ("clean", "jpeg", "degraded")


def pairs(
    n: int, kind: str = "degraded", size: int = lines.SIZE, seed: int | np.random.Generator | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Draw pairs of a small image and the same four times as large.

    Args:
        n: number of pairs.
        kind: "clean", three lines by the rules of the data set; "jpeg", the same as JPEG of quality 75,
            coarser than the data set's; "degraded", imperfect lines, degraded.
        size: side of the small images, in pixels. Other sizes than 128 are crops, with lines of the usual width.
        seed: int, None or a `numpy.random.Generator`.

    Returns:
        `(small, large)`: uint8 (n, size, size, 3) and uint8 (n, 4 size, 4 size, 3).

    Raises:
        ValueError: an unknown kind.

    Example:
        >>> small, large = pairs(16, seed=1)
        >>> small.shape, large.shape
        ((16, 128, 128, 3), (16, 512, 512, 3))
    """
    if kind not in KINDS:
        raise ValueError(f"no kind of pairs is called {kind!r}; there are {', '.join(KINDS)}")
    rng = np.random.default_rng(seed)
    if kind == "degraded":
        small, large = [], []
        for _ in range(n):
            picture = draw_imperfect(size, rng)
            small.append(spoil(_average(picture), rng))
            large.append(_bytes(picture))
        return np.stack(small), np.stack(large)
    parameters = lines.sample(n, rng, y2="sketch" if size == lines.SIZE else "uniform")
    small, large = lines.draw(parameters), lines.draw(parameters, size=SCALE * lines.SIZE)
    if size != lines.SIZE:
        small, large = _crops(small, large, size, rng)
    return (np.stack([_jpeg(picture, 75) for picture in small]) if kind == "jpeg" else small), large


def draw_imperfect(size: int = lines.SIZE, seed: int | np.random.Generator | None = None) -> np.ndarray:
    """Draw one sharp image of lines with the faults of generators, at four times `size`.

    Args:
        size: side of the corresponding small image, in pixels.
        seed: int, None or a `numpy.random.Generator`.

    Returns:
        float32 (4 size, 4 size, 3), 0 to 1.
    """
    rng = np.random.default_rng(seed)
    image = _background(size, rng)
    for _ in range(rng.integers(1, 7)):
        vertical = rng.random() < 0.5
        line = _imperfect_line(size, rng)
        light = rng.random() < 0.3  # whether crossing lines add up as light, or cover each other as paint
        canvas = image.transpose(1, 0, 2) if vertical else image
        _draw_line(canvas, *line, light=light)
        if rng.random() < 0.15:  # a doubled line
            path, width, color, opacity = line
            away = rng.choice((-1, 1)) * (width + rng.uniform(1, 6))
            _draw_line(canvas, path + away, width, color, opacity * rng.uniform(0.3, 1), light=light)
    return np.clip(image, 0, 1, out=image)


def spoil(image: np.ndarray, seed: int | np.random.Generator | None = None) -> np.ndarray:
    """Degrade an image as generators and file formats do.

    Args:
        image: float (h, w, 3), 0 to 1.
        seed: int, None or a `numpy.random.Generator`.

    Returns:
        uint8 (h, w, 3), with random amounts of blur, grain, noise and JPEG compression, each of which may be absent.
    """
    from scipy.ndimage import gaussian_filter, gaussian_filter1d

    rng = np.random.default_rng(seed)
    h, w = image.shape[:2]
    image = np.asarray(image, np.float32)
    if rng.random() < 0.85:  # a different blur along each axis
        for axis in (0, 1):
            image = gaussian_filter1d(image, rng.uniform(0.2, 1.2), axis=axis, mode="nearest")
    if rng.random() < 0.5:  # the grain of strided kernels, of period 2 or 4, proportional to brightness
        period = rng.choice((2, 4))
        rows, columns = (np.cos(2 * np.pi * (np.arange(side) + rng.integers(period)) / period) for side in (h, w))
        grain = (rows[:, None] + columns) / 2 if rng.random() < 0.5 else rows[:, None] * columns
        strength = rng.uniform(-0.4, 0.4, 3) if rng.random() < 0.5 else rng.uniform(0, 0.4)  # by channel, or not
        image = image * (1 + (grain[..., None] * strength).astype(np.float32))
    if rng.random() < 0.7:
        noise = rng.standard_normal((h, w, 3), dtype=np.float32)
        if rng.random() < 0.5:  # grain coarser than a pixel
            noise = gaussian_filter(noise, (0.7, 0.7, 0)) * 2.5  # restores the standard deviation
        light = image.max(axis=2, keepdims=True) if rng.random() < 0.5 else 1  # proportional to brightness, or uniform
        image = image + rng.uniform(0, 0.08) * noise * light
    picture = _bytes(np.clip(image, 0, 1))
    return _jpeg(picture, int(rng.integers(60, 96))) if rng.random() < 0.4 else picture


# ---------------------------------------------------------------------------------------------------------------------
# Lines


def _imperfect_line(size: int, rng: np.random.Generator) -> tuple:
    """A random line along the first axis: `(path, width, color, opacity)`, arrays with one entry per large pixel."""
    along = (np.arange(SCALE * size, dtype=np.float32) + 0.5) / SCALE  # in small pixels
    t = along / size - 0.5  # -0.5 to 0.5
    position = rng.integers(0, size) + 0.5 if rng.random() < 0.4 else rng.uniform(0, size)  # on or off the pixel grid
    path = np.full_like(along, position)
    if rng.random() < 0.4:
        path = path + rng.normal(0, 3) * size / lines.SIZE * t
    if rng.random() < 0.3:
        path = path + rng.uniform(0, 1.5) * np.sin(2 * np.pi * (rng.uniform(1, 3) * t + rng.random()))
    width = lines.STROKE if rng.random() < 0.5 else rng.uniform(2, 8)

    knots = int(rng.choice((1, 2, 3, 5), p=(0.4, 0.25, 0.2, 0.15)))
    color = _interpolated(along, [_color(rng) for _ in range(knots)], rng)  # (4 size, 3)
    opacity = np.full_like(along, rng.uniform(0.1, 1) if rng.random() < 0.4 else 1)
    for _ in range(rng.choice((0, 1, 2, 4), p=(0.5, 0.25, 0.15, 0.1))):  # gaps, with hard or soft ends
        middle, half, soft = rng.uniform(0, size), rng.uniform(2, 20), rng.choice((0.25, 2, 8))
        opacity = opacity * np.clip((np.abs(along - middle) - half) / soft + 0.5, 1 - rng.uniform(0.5, 1.2), 1).clip(0)
    return path, width, color, opacity


def _color(rng: np.random.Generator) -> np.ndarray:
    """A colour of the palette, or a mixture of two, dimmed or not: float32 (3,), 0 to 1."""
    first, second = lines.PALETTE[rng.integers(len(lines.PALETTE), size=2)].astype(np.float32) / 255
    share = rng.random() if rng.random() < 0.5 else 0
    color = (1 - share) * first + share * second
    if rng.random() < 0.3:
        color = color * rng.uniform(0.7, 1.3, 3)  # hues outside the palette
    return (color * (rng.uniform(0.08, 1) if rng.random() < 0.5 else 1)).clip(0, 1).astype(np.float32)


def _interpolated(along: np.ndarray, values: list, rng: np.random.Generator) -> np.ndarray:
    """Values at random positions of a line, interpolated linearly: (len(along), len(values[0]))."""
    knots_at = np.sort(rng.uniform(along[0], along[-1], len(values)))
    return np.stack([np.interp(along, knots_at, channel) for channel in np.transpose(values)], axis=1)


def _draw_line(image: np.ndarray, path, width, color, opacity, light: bool) -> None:
    """Draw a line that runs along the columns of `image` (large, large, 3), in place; `path` in small pixels."""
    start, stop = (path - width / 2) * SCALE, (path + width / 2) * SCALE  # (large,), in large pixels
    first, last = max(int(start.min()), 0), min(int(np.ceil(stop.max())), len(image))
    if first >= last:
        return
    pixel = np.arange(first, last, dtype=np.float32)[:, None]
    covered = np.clip(np.minimum(stop, pixel + 1) - np.maximum(start, pixel), 0, 1)  # (band, large)
    alpha = (covered * opacity)[..., None].astype(np.float32)
    band = image[first:last]
    image[first:last] = band + alpha * color if light else band + alpha * (color - band)


def _background(size: int, rng: np.random.Generator) -> np.ndarray:
    """A background, black or with a faint glow that varies slowly: float32 (4 size, 4 size, 3)."""
    large, cells = SCALE * size, max(2, size // 24)
    image = np.zeros((large, large, 3), np.float32)
    if rng.random() < 0.3:
        glow = _resized(rng.uniform(0, rng.uniform(0.02, 0.2), (cells, cells)).astype(np.float32), large)
        image += glow[..., None] * rng.uniform(0.3, 1, 3).astype(np.float32)
    return image


def _resized(coarse: np.ndarray, large: int) -> np.ndarray:
    from PIL import Image

    return np.asarray(Image.fromarray(coarse).resize((large, large), Image.Resampling.BICUBIC)).clip(0)


# ---------------------------------------------------------------------------------------------------------------------
# Pixels


def _average(large: np.ndarray) -> np.ndarray:
    """The mean of every 4 x 4 pixels: float32 (h, w, 3)."""
    h, w = (side // SCALE for side in large.shape[:2])
    rows = large.reshape(h, SCALE, -1).sum(axis=1)  # one axis after the other is faster
    return rows.reshape(h, w, SCALE, 3).sum(axis=2) / SCALE**2


def _bytes(image: np.ndarray) -> np.ndarray:
    """Convert values from 0 to 1 to uint8, rounded."""
    return (image * np.float32(255) + np.float32(0.5)).astype(np.uint8)


def _jpeg(picture: np.ndarray, quality: int) -> np.ndarray:
    """Encode and decode uint8 (h, w, 3) as JPEG with halved chroma, as in Processing's."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(picture).save(file, format="JPEG", quality=quality, subsampling=2)
    return np.asarray(Image.open(file))


def _crops(small: np.ndarray, large: np.ndarray, size: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Random square crops of small images, and the same crops of the large ones."""
    corners = rng.integers(0, lines.SIZE - size + 1, (len(small), 2))
    cut = [picture[y : y + size, x : x + size] for picture, (y, x) in zip(small, corners, strict=True)]
    cut_large = [
        picture[SCALE * y : SCALE * (y + size), SCALE * x : SCALE * (x + size)]
        for picture, (y, x) in zip(large, corners, strict=True)
    ]
    return np.stack(cut), np.stack(cut_large)
