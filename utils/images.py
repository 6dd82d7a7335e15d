"""Pixel scaling and PSNR: uint8 on disk and on screen, float32 in [-1, 1] inside the networks."""

import numpy as np

IDENTICAL = 99.0  # decibels that `psnr_each` returns for equal images, whose PSNR is infinite


def to_float(images: np.ndarray) -> np.ndarray:
    """Scale uint8 images to the range of the networks.

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
    """Scale images of the networks to uint8: the inverse of `to_float`, rounded and clipped.

    Args:
        images: float, any shape, -1 to 1; values beyond are clipped. uint8 images pass unchanged.

    Returns:
        uint8 of the same shape, 0 to 255.

    Raises:
        TypeError: the images are integers other than uint8, whose scale is unknown.

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


def as_picture(image: np.ndarray):
    """Convert one image to a Pillow image.

    Args:
        image: uint8 or float in [-1, 1]; (h, w), (h, w, 1), (h, w, 3) or (h, w, 4).

    Returns:
        `PIL.Image.Image`.

    Raises:
        ValueError: another shape.
    """
    from PIL import Image

    image = to_uint8(image)
    if image.ndim == 3 and image.shape[2] == 1:
        image = image[:, :, 0]
    if image.ndim != 2 and not (image.ndim == 3 and image.shape[2] in (3, 4)):
        raise ValueError(f"an image is (h, w), (h, w, 1), (h, w, 3) or (h, w, 4), not {image.shape}")
    return Image.fromarray(np.ascontiguousarray(image))


def psnr(true: np.ndarray, picture: np.ndarray) -> float:
    """Peak signal-to-noise ratio.

    Args:
        true, picture: uint8, of the same shape.

    Returns:
        Decibels, a float; infinity for equal images.
    """
    error = np.mean((np.asarray(true, np.float32) - np.asarray(picture, np.float32)) ** 2, dtype=np.float64)
    return float("inf") if error == 0 else float(10 * np.log10(255**2 / error))


def psnr_each(images: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Peak signal-to-noise ratio of pairs of images.

    Args:
        images, others: uint8 (n, h, w, c), of the same shape.

    Returns:
        Decibels, float (n,), at most `IDENTICAL`.
    """
    return np.array([min(psnr(image, other), IDENTICAL) for image, other in zip(images, others, strict=True)])
