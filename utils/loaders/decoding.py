"""From an image file of any kind to bytes of one size: what `load_dataset` does to each picture."""

import os

import numpy as np

from utils.files.color_profiles import to_srgb
from utils.files.image_files import formats_of, open_image

FITS = ("cover", "contain")
ORIENTATION, TURNED = 0x0112, (5, 6, 7, 8)  # the EXIF tag, and its values that swap width and height
GREY_MODES = ("1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L")  # Pillow's
STEPS = {"L;2": 85, "L;4": 17}  # levels of 8 bits from one value of a PNG of 2 or 4 bits to the next
SPARE_FOURTH = ("BMP", "TGA")  # whose fourth byte is often just left 0


def decode_image(
    path: str | os.PathLike,
    size: tuple[int, int],
    channels: int = 3,
    background: tuple[int, int, int] = (0, 0, 0),
    fit: str = "cover",
    remarks: list | None = None,
    times: int | None = None,
) -> np.ndarray:
    """Read one image file at one size.

    The picture is turned as its EXIF orientation says, converted to sRGB as its embedded colour profile says, laid on
    `background` where it is transparent, and fitted to the size as `fit_picture` says. A picture in sRGB that has the
    size already passes untouched, bit for bit.

    Args:
        path: JPEG, PNG, WebP, BMP, GIF (its first frame), TIFF or TGA, AVIF and HEIC where Pillow reads them; RGB, grey
            in 8 or 16 bits, palette, CMYK. A BMP or TGA of 32 bits whose fourth byte is 0 everywhere is opaque.
        size: (height, width).
        channels: 3 for RGB, 1 for grey.
        background: RGB, 0 to 255, behind what is transparent, and around what does not fill the size.
        fit: "cover" or "contain", see `fit_picture`.
        remarks: a list that takes "profile" where a colour profile cannot be used and is passed over, "invisible" where
            the picture is transparent everywhere.
        times: as in `fit_picture`.

    Returns:
        uint8 (height, width, channels), 0 to 255.

    Raises:
        Exception: of any kind, from Pillow, if the file is damaged; ValueError if its pixels have no known scale.

    Example:
        >>> decode_image("data/lines/lines-000001.jpg", (128, 128)).shape
        (128, 128, 3)
    """
    height, width = size
    with open_image(path, draft=(2 * width, 2 * height)) as file:
        image = _opaque(file, background, [] if remarks is None else remarks)
        return fit_picture(image, size, channels, background, fit, times)


def fit_picture(
    image,
    size: tuple[int, int],
    channels: int = 3,
    background: tuple[int, int, int] = (0, 0, 0),
    fit: str = "cover",
    times: int | None = None,
) -> np.ndarray:
    """Bring one opaque picture to a size without changing its aspect.

    Args:
        image: `PIL.Image.Image` of 8 bits a channel.
        size: (height, width).
        channels: 3 for RGB, 1 for grey.
        background: RGB, 0 to 255, around what does not fill the size.
        fit: "cover" scales with Lanczos until the size is just covered and cuts to the centre: for photographs.
            "contain" cuts nothing off and fills the rest with `background`: for sprites. A larger picture is scaled
            down with Lanczos; a smaller one is enlarged by whole pixels, so that it stays crisp.
        times: how many times, at most; None for as often as it fits. One number for a whole set keeps its pictures in
            proportion to each other.

    Returns:
        uint8 (height, width, channels), 0 to 255.

    Example:
        >>> fit_picture(Image.new("RGB", (40, 56)), (128, 128), fit="contain").shape  # 80 x 112 in the middle
        (128, 128, 3)
    """
    from PIL import Image, ImageOps

    height, width = size
    image = image.convert("RGB" if channels == 3 else "L")
    if image.size == (width, height):
        pass
    elif fit == "cover":
        image = ImageOps.fit(image, (width, height), Image.Resampling.LANCZOS)
    else:
        fits = min(width // image.width, height // image.height)
        times = fits if times is None else min(times, fits)
        if times:
            image = image.resize((times * image.width, times * image.height), Image.Resampling.NEAREST)
        else:
            image = ImageOps.contain(image, (width, height), Image.Resampling.LANCZOS)
        paper = Image.new("RGB", (width, height), background).convert(image.mode)
        paper.paste(image, ((width - image.width) // 2, (height - image.height) // 2))
        image = paper
    return np.asarray(image, np.uint8).reshape(height, width, channels)


def look_at(path: str | os.PathLike) -> tuple[int, int, bool]:
    """What an image file says of itself in its first bytes, without decoding its pixels.

    Returns:
        Width and height in pixels, as it is seen (EXIF orientation), and whether it is grey by its own format.

    Raises:
        Exception: of any kind, from Pillow, if the file is no image.

    Example:
        >>> look_at("data/lines/lines-000001.jpg")
        (128, 128, False)
    """
    from PIL import Image

    with Image.open(path, formats=formats_of(path)) as file:
        width, height = file.size
        if "exif" in file.info and file.getexif().get(ORIENTATION) in TURNED:  # without it, a PNG would be decoded
            width, height = height, width
        return width, height, file.mode in GREY_MODES


def outline_of(path: str | os.PathLike, most: int = 64) -> np.ndarray | None:
    """The colours along the outline of a picture that is transparent somewhere.

    Args:
        path: as in `decode_image`.
        most: number of pixels of the outline that are given.

    Returns:
        uint8 (n, 3), evenly spaced along the outline, empty for one that is transparent everywhere; None where all of
        the picture is opaque.

    Raises:
        Exception: of any kind, from Pillow, if the file is damaged.
    """
    from PIL import Image

    with Image.open(path, formats=formats_of(path)) as file:
        if not file.has_transparency_data:  # by its first bytes: photographs need not be decoded
            return None
    with open_image(path) as file:
        image, alpha, _ = parts_of(file)
        if alpha is None or alpha.getextrema()[0] == 255:
            return None
        seen = np.pad(np.asarray(alpha) > 127, 1)
        within = seen[:-2, 1:-1] & seen[2:, 1:-1] & seen[1:-1, :-2] & seen[1:-1, 2:]
        rows, columns = np.nonzero(seen[1:-1, 1:-1] & ~within)
        colors = np.asarray(image.convert("RGB"))[rows, columns]
        return colors[np.linspace(0, len(colors) - 1, min(most, len(colors))).astype(int)] if len(colors) else colors


def _scale_transparent_value(file):
    """A PNG says which value is transparent in its own bits; Pillow gives the pixels 8 of them, but for 16-bit grey."""
    value, bits = file.info.get("transparency"), file.tile[0][3] if file.format == "PNG" and file.tile else None
    if isinstance(value, int) and bits in STEPS:
        file.info["transparency"] = value * STEPS[bits]
    elif isinstance(value, tuple) and bits == "RGB;16B":
        file.info["transparency"] = tuple(part >> 8 for part in value)


def parts_of(picture):
    """The colours and the alpha of a picture that was just opened, upright as its EXIF orientation says.

    Args:
        picture: of `utils.files.image_files.open_image`; it is decoded here.

    Returns:
        `(colors, alpha, well)`: a Pillow image of "L", "RGB" or "CMYK" in sRGB; one of "L", None where all pixels are
        opaque, or where a BMP's or TGA's fourth byte is 0 everywhere; and whether the colour profile could be used.
    """
    from PIL import ImageOps

    _scale_transparent_value(picture)
    ImageOps.exif_transpose(picture, in_place=True)
    alpha = alpha_of(picture)
    if alpha is not None and alpha.getextrema() == (0, 0) and picture.format in SPARE_FOURTH:
        alpha = None
    colors, well = to_srgb(colors_of(picture))
    return colors, alpha, well


def _opaque(picture, background, remarks):
    """The picture in sRGB, its transparent parts on the background: a Pillow image of "L", "RGB" or "CMYK"."""
    from PIL import Image

    image, alpha, well = parts_of(picture)
    if alpha is not None and alpha.getextrema() == (0, 0):
        remarks.append("invisible")
    if not well:
        remarks.append("profile")
    if alpha is None or alpha.getextrema() == (255, 255):
        return image
    image = image.convert("RGB")
    image.putalpha(alpha)
    return Image.alpha_composite(Image.new("RGBA", image.size, (*background, 255)), image)


def alpha_of(picture):
    """How opaque each pixel is, as a Pillow image of "L"; None where all are."""
    from PIL import Image

    if not picture.has_transparency_data:
        return None
    if picture.mode.startswith("I"):  # grey of 16 bits, one value of which is transparent
        return Image.fromarray(np.where(np.asarray(picture) == picture.info["transparency"], 0, 255).astype(np.uint8))
    bands = picture.getbands()
    return picture.getchannel(bands[-1]) if bands[-1] in "Aa" else picture.convert("RGBA").getchannel("A")


def colors_of(picture):
    """The colours alone, as a Pillow image of "L", "RGB" or "CMYK" that keeps its profile."""
    if picture.mode.startswith(("I", "F")):
        grey = _to_eight_bits(picture)
        grey.info = {"icc_profile": picture.info.get("icc_profile")}
        return grey
    mode = "L" if picture.mode in GREY_MODES else "CMYK" if picture.mode == "CMYK" else "RGB"
    if picture.mode in ("La", "RGBa"):  # Pillow takes the alpha out of these in one step alone
        picture = picture.convert("LA" if mode == "L" else "RGBA")
    return picture if picture.mode == mode else picture.convert(mode)


def _to_eight_bits(image):
    """Scale 16-bit grey, 0 to 65535, down to 0 to 255; Pillow by itself would cut off all above 255."""
    from PIL import Image

    if image.mode == "F":
        raise ValueError("its pixels are floats of no known scale; save it with 8 or 16 bits")
    values = np.asarray(image)
    if values.min() < 0 or values.max() > 65535:
        raise ValueError("its pixels have more than 16 bits; save it with 8 or 16 bits")
    return Image.fromarray(((values.astype(np.uint32) + 128) // 257).astype(np.uint8))  # rounds
