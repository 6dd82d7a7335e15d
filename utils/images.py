"""How pixels are scaled: bytes on the disk and on the screen, floats in [-1, 1] inside the networks."""

import numpy as np


def to_float(images: np.ndarray) -> np.ndarray:
    """Scale bytes to what the networks read.

    Args:
        images: uint8, any shape, 0 to 255.

    Returns:
        float32 of the same shape, -1 to 1.

    Raises:
        TypeError: the images are not uint8.

    Example:
        >>> to_float(np.array([0, 255], np.uint8))
        array([-1.,  1.], dtype=float32)
    """
    images = np.asarray(images)
    if images.dtype != np.uint8:
        raise TypeError(f"to_float takes uint8 images from 0 to 255, these are {images.dtype}")
    return (images.astype(np.float32) - np.float32(127.5)) / np.float32(127.5)


def to_uint8(images: np.ndarray) -> np.ndarray:
    """Scale what the networks draw to bytes: the inverse of `to_float`, rounded and clipped.

    Args:
        images: float, any shape, -1 to 1; what lies beyond is clipped. Images that are uint8 already stay as they are.

    Returns:
        uint8 of the same shape, 0 to 255.

    Raises:
        TypeError: the images are whole numbers other than uint8, whose scale cannot be known.

    Example:
        >>> to_uint8(np.array([-1.0, 0.0, 1.0]))
        array([  0, 128, 255], dtype=uint8)
    """
    images = np.asarray(images)
    if images.dtype == np.uint8:
        return images
    if not np.issubdtype(images.dtype, np.floating):
        raise TypeError(f"to_uint8 takes float images in [-1, 1] (or uint8 as they are), these are {images.dtype}")
    return np.rint(np.clip(images.astype(np.float32) * np.float32(127.5) + np.float32(127.5), 0, 255)).astype(np.uint8)
