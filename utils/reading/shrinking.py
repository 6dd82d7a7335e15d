"""Preparation of batches for all measures: images as one uint8 array, and resizing by area."""

import numpy as np

from utils.images import to_uint8


def as_batch(images: np.ndarray) -> np.ndarray:
    """Convert a batch of images to one uint8 array.

    Args:
        images: (n, h, w, 3), (n, h, w, 1) or (n, h, w), uint8 or float in [-1, 1].

    Returns:
        uint8 (n, h, w, c) with c 1 or 3.

    Raises:
        ValueError: the array is no batch of images, or an empty one.
    """
    images = np.asarray(images)
    if images.ndim == 3 and images.shape[-1] not in (1, 3):
        images = images[..., None]
    if 0 in images.shape:
        raise ValueError(f"images have shape {images.shape}: there is nothing to read; give at least one image")
    if images.ndim != 4 or images.shape[-1] not in (1, 3):
        raise ValueError(
            f"images have shape {images.shape}; give a batch (n, h, w, 3), (n, h, w, 1) or (n, h, w), "
            "and a single image as image[None]"
        )
    return to_uint8(images)


def as_rgb(images: np.ndarray) -> np.ndarray:
    """Convert a batch, grey or colour, to uint8 (n, h, w, 3); arguments and errors as in `as_batch`."""
    images = as_batch(images)
    return np.repeat(images, 3, axis=-1) if images.shape[-1] == 1 else images


def shrink(images: np.ndarray, height: int, width: int | None = None) -> np.ndarray:
    """Resize images by area: each new pixel is the mean of the area that it covers.

    Args:
        images: (n, h, w, c), any number type. Enlarging repeats pixels.
        height: the new height.
        width: the new width; the height if None.

    Returns:
        float32 (n, height, width, c), in the value range of the images.
    """
    n, old_height, old_width, channels = images.shape
    width = height if width is None else width
    if old_height % height == 0 and old_width % width == 0:  # whole pixels need no weights
        tall, wide = old_height // height, old_width // width
        number = np.uint32 if images.dtype == np.uint8 else np.float32
        strips = images.reshape(n, height, tall, old_width * channels).sum(axis=2, dtype=number)
        strips = strips.reshape(n, height, width, wide, channels)
        return sum(strips[:, :, :, column] for column in range(wide)).astype(np.float32) / np.float32(tall * wide)
    rows, columns = _weights(old_height, height), _weights(old_width, width)
    out = np.empty((n, height, width, channels), np.float32)
    for i, image in enumerate(images):  # one at a time: two small matrix products without a large copy
        flat = rows @ image.reshape(old_height, old_width * channels).astype(np.float32)
        out[i] = columns @ flat.reshape(height, old_width, channels)
    return out


def _weights(old: int, new: int) -> np.ndarray:
    """The weight of each of `old` pixels in each of `new` pixels: float32 (new, old) with row sums 1."""
    edges = np.arange(new + 1) * (old / new)
    pixel = np.arange(old)
    overlap = np.minimum(edges[1:, None], pixel + 1) - np.maximum(edges[:-1, None], pixel)
    return (np.clip(overlap, 0, None) * (new / old)).astype(np.float32)
