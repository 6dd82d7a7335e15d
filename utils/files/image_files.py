"""Image files that other people may have made: opened with few formats, few pixels, and few large ones at a time."""

import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from utils.files.errors import one_line

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")  # Pillow knows more: for EPS it starts Ghostscript
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff")
MOST_PIXELS = 40_000_000  # A4 at 600 dpi has 35 million; at 16 bytes each in the making, two thirds of a GiB
LARGE = 2**20  # pixels from which images wait for each other: many threads decode, and memory is one

_one_large_at_a_time = threading.RLock()


@contextmanager
def open_image(path: str | os.PathLike, draft: tuple[int, int] | None = None) -> Iterator:
    """Open an image file with Pillow, if it is of a usual kind and size. What it is shows in its content.

    Args:
        path: the file.
        draft: (width, height) that a JPEG must have at least; a far larger one is decoded at a fraction of its size.

    Yields:
        `PIL.Image.Image`, not decoded yet.

    Raises:
        Exception: of any kind, from Pillow, if the file is damaged; ValueError if it has too many pixels.
    """
    from PIL import Image

    with Image.open(path, formats=FORMATS) as file:
        width, height = file.size
        if draft:
            file.draft(None, draft)
            if not file.info.get("progressive"):  # such a JPEG is held whole, however small it is wanted
                width, height = file.size
        pixels = width * height
        if pixels > MOST_PIXELS:
            raise ValueError(f"it has {width} x {height} pixels, more than {MOST_PIXELS:,}; shrink it first")
        with _one_large_at_a_time if pixels > LARGE else nullcontext():
            yield file


@contextmanager
def open_one_image(path: str | os.PathLike) -> Iterator:
    """`open_image` for a file that somebody named: whatever is wrong with it is one sentence.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is damaged, no image of a usual kind, or has too many pixels.
    """
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with open_image(path) as file:
                yield file
    except FileNotFoundError:
        raise
    except Exception as error:  # a damaged image can fail in any way
        if str(path) in str(error) and type(error) is ValueError:  # it has said what is wrong
            raise
        reason = one_line(error).replace(f" '{path}'", "")
        raise ValueError(
            f"{path} is not an image that can be read: {reason}. Save it again as PNG or JPEG, or take another"
        ) from None


def is_image_name(path: str | os.PathLike) -> bool:
    """Whether a name ends like an image's; hidden files (.DS_Store, ._copy.jpg) are none."""
    name = os.path.basename(path)
    return name.lower().endswith(IMAGE_SUFFIXES) and not name.startswith(".")
