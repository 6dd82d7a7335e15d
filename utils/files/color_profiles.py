"""Embedded colour profiles: what a picture's numbers mean, told to the screen's own sRGB.

A picture in Display P3 or Adobe RGB whose profile is passed over looks faded, by tens of levels of 256; what viewers do
is done here: relative colorimetric, with compensation of the black point. sRGB itself is left as it is, bit for bit.
"""

import io
from functools import lru_cache

import numpy as np

LARGEST = 4 * 2**20  # bytes; profiles of printers have up to three million
UNCHANGED = 2  # levels that sRGB's own profiles, some of which hold their curve as a table, are off by at most
BLACK_POINT = 0x2000  # the library's flag for its compensation, which Pillow names from 10.2 on
INPUT_MODES = {"RGB ": ("RGB",), "GRAY": ("L",), "CMYK": ("CMYK",)}  # {colour space of a profile: Pillow's modes}


def to_srgb(picture):
    """Convert an opaque picture to sRGB as its embedded profile says.

    Args:
        picture: `PIL.Image.Image` of mode "L", "RGB" or "CMYK", with the profile in `.info["icc_profile"]`, if any.

    Returns:
        The picture, "L", "RGB" or "CMYK" as it was where there is nothing to convert, else "RGB"; and whether all was
        well: False where there is a profile that cannot be used, which is passed over.
    """
    profile = picture.info.get("icc_profile")
    if not profile:
        return picture, True
    try:
        transform, mode = _transform(bytes(profile), picture.mode)
    except Exception:  # whatever a stranger's bytes do to the library
        return picture, False
    if transform is None:
        return picture, True
    picture = picture if picture.mode == mode else picture.convert(mode)
    return transform.apply(picture), True


@lru_cache(maxsize=32)
def _transform(profile, mode):
    """The way from one profile to sRGB, None where it changes nothing; and the mode of the pictures that it takes."""
    from PIL import Image, ImageCms

    if len(profile) > LARGEST:
        raise ValueError(f"a colour profile of {len(profile):,} bytes")
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    space = source.profile.xcolor_space
    if mode == "L" and space == "RGB ":  # a camera's grey pictures keep its profile
        mode = "RGB"
    if mode not in INPUT_MODES.get(space, ()):
        raise ValueError(f"a profile of {space} in a picture of {mode}")
    transform = ImageCms.buildTransform(
        source,
        ImageCms.createProfile("sRGB"),
        mode,
        "RGB",
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        flags=BLACK_POINT,
    )
    if mode != "CMYK":
        samples = _samples(len(mode))
        picture = Image.fromarray(samples if mode == "RGB" else samples[..., 0])
        changed = np.asarray(transform.apply(picture), int)  # (1, n, 3)
        if np.abs(changed - samples).max() <= UNCHANGED:
            return None, mode
    return transform, mode


def _samples(channels):
    """Colours all over the cube, and all greys: uint8 (1, n, channels)."""
    greys = np.repeat(np.arange(256)[:, None], channels, axis=1)
    if channels == 1:
        return greys[None].astype(np.uint8)
    steps = np.linspace(0, 255, 9).round()
    cube = np.stack(np.meshgrid(*[steps] * channels), -1).reshape(-1, channels)
    return np.concatenate([greys, cube])[None].astype(np.uint8)
