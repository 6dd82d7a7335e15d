"""How images are brought to another size by area: each new pixel is the mean of the area that it covers."""

import numpy as np


def shrink(images: np.ndarray, size: int) -> np.ndarray:
    """Bring images to size x size; enlarged images repeat their pixels.

    Args:
        images: (n, h, w, c), any number type.
        size: the new height and width.

    Returns:
        float32 (n, size, size, c), in the scale of the images.
    """
    images = np.asarray(images)
    rows, columns = _weights(images.shape[1], size), _weights(images.shape[2], size)
    n, height, width, channels = images.shape
    out = np.empty((n, size, size, channels), np.float32)
    for i, image in enumerate(images):  # one at a time: two small matrix products, no large copy
        narrow = rows @ image.reshape(height, width * channels).astype(np.float32)  # (size, w * c)
        out[i] = np.einsum("xw,ywc->yxc", columns, narrow.reshape(size, width, channels), optimize=True)
    return out


def _weights(old: int, new: int) -> np.ndarray:
    """How much of each of `old` pixels goes into each of `new`: float32 (new, old), rows add up to 1."""
    edges = np.arange(new + 1) * (old / new)
    pixel = np.arange(old)
    overlap = np.minimum(edges[1:, None], pixel + 1) - np.maximum(edges[:-1, None], pixel)
    return (np.clip(overlap, 0, None) * (new / old)).astype(np.float32)
