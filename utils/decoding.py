"""From an image file of any kind to bytes of one size: what `load_dataset` does to each picture."""

import os
from pathlib import Path

import numpy as np

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff")


def is_image_name(path: str | os.PathLike) -> bool:
    """Whether a name ends like an image's; hidden files (.DS_Store, ._copy.jpg) are none."""
    path = Path(path)
    return path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".")


def decode_image(
    path: str | os.PathLike,
    size: tuple[int, int],
    channels: int = 3,
    background: tuple[int, int, int] = (0, 0, 0),
) -> np.ndarray:
    """Read one image file at one size.

    The picture is turned as its EXIF orientation says, laid on `background` where it is transparent, scaled with
    Lanczos until it just covers the size (its aspect is kept), and cut to the centre. A picture that has the size
    already passes untouched, bit for bit.

    Args:
        path: JPEG, PNG, WebP, BMP, GIF (its first frame) or TIFF; RGB, grey in 8 or 16 bits, palette, CMYK.
        size: (height, width).
        channels: 3 for RGB, 1 for grey.
        background: RGB, 0 to 255, behind what is transparent.

    Returns:
        uint8 (height, width, channels), 0 to 255.

    Raises:
        Exception: of any kind, from Pillow, if the file is damaged; ValueError if its pixels have no known scale.

    Example:
        >>> decode_image("data/lines/lines-000001.jpg", (128, 128)).shape
        (128, 128, 3)
    """
    from PIL import Image, ImageOps

    height, width = size
    with Image.open(path) as file:
        file.draft(None, (2 * width, 2 * height))  # a JPEG far larger than needed is decoded at a fraction of its size
        image = _to_eight_bits(ImageOps.exif_transpose(file))
        if image.has_transparency_data:
            image = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", image.size, (*background, 255)), image)
        image = image.convert("RGB" if channels == 3 else "L")
        if image.size != (width, height):
            image = ImageOps.fit(image, (width, height), Image.Resampling.LANCZOS)
        return np.asarray(image, np.uint8).reshape(height, width, channels)


def _to_eight_bits(image):
    """Scale 16-bit grey, 0 to 65535, down to 0 to 255; Pillow by itself would cut off all above 255."""
    from PIL import Image

    if image.mode == "F":
        raise ValueError("its pixels are floats of no known scale; save it with 8 or 16 bits")
    if not image.mode.startswith("I"):
        return image
    values = np.asarray(image)
    if values.min() < 0 or values.max() > 65535:
        raise ValueError("its pixels have more than 16 bits; save it with 8 or 16 bits")
    return Image.fromarray(np.rint(values / 257).astype(np.uint8))
