"""Image files that other people may have made: opened with few formats, few pixels, and few large ones at a time."""

import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import cache

from utils.files.errors import one_line, unreadable
from utils.files.names import HELP, is_hidden, on_disk, usual_suffix

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")  # Pillow knows more: for EPS it starts Ghostscript
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff")  # whose messages name them
JPEG_SUFFIXES = (".jpe", ".jfif", ".jfi", ".jif", ".pjpeg", ".pjp")  # other names of the same
OTHER_SUFFIXES = (".apng", ".dib", ".tga")
TGA = ".tga"  # such a file has no mark of its kind, so its name must say it
SOMETIMES = {  # formats that not every Pillow reads: {Pillow's name: (suffixes, marks in the first bytes)}
    "AVIF": ((".avif", ".avifs"), (b"avif", b"avis")),
    "HEIF": ((".heic", ".heif", ".hif"), (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")),
}
HEAD = 16  # bytes that show what a file is
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
    with _opened(path) as file:
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


def _opened(path):
    from PIL import Image, UnidentifiedImageError

    try:
        return Image.open(path, formats=formats_of(path))
    except UnidentifiedImageError:
        with open(path, "rb") as file:
            head = file.read(HEAD)
        for suffixes, marks in SOMETIMES.values():
            if head[4:8] == b"ftyp" and head[8:12] in marks:
                raise ValueError(f"it is {suffixes[0]} inside, whatever its name: {HELP[suffixes[0]]}") from None
        raise


@contextmanager
def open_one_image(path: str | os.PathLike) -> Iterator:
    """`open_image` for a file that somebody named: whatever is wrong with it is one sentence.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is damaged, no image of a usual kind, or has too many pixels.
    """
    from PIL import Image

    path = on_disk(path)
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
        if said := unreadable(error, path):
            raise said from None
        reason = one_line(error).replace(f" '{path}'", "")
        raise ValueError(
            f"{path} is not an image that can be read: {reason}. Save it again as PNG or JPEG, or take another"
        ) from None


@cache
def _readable_here() -> tuple[str, ...]:
    """Those of the formats of `SOMETIMES` that this machine reads."""
    from PIL import Image

    found = []
    with suppress(Exception):  # Pillow before 11.3 has no such module, and some are built without the decoder
        from PIL import AvifImagePlugin

        found += ["AVIF"] * bool(AvifImagePlugin.SUPPORTED)
    with suppress(Exception):  # an installed package may still lack its library
        import pillow_heif

        pillow_heif.register_heif_opener()
        found += ["HEIF"] * ("HEIF" in Image.OPEN)
    return tuple(found)


def formats_of(path: str | os.PathLike) -> tuple[str, ...]:
    """Pillow's names of the formats that a file may have; what it is shows in its content, but for a .tga."""
    return (*FORMATS, *_readable_here(), *(["TGA"] if os.fspath(path).lower().endswith(TGA) else []))


@cache
def image_suffixes() -> tuple[str, ...]:
    """The suffixes of images that this machine reads, in small letters."""
    here = [suffix for format in _readable_here() for suffix in SOMETIMES[format][0]]
    return (*IMAGE_SUFFIXES, *JPEG_SUFFIXES, *OTHER_SUFFIXES, *here)


def is_image_name(path: str | os.PathLike) -> bool:
    """Whether a name ends like an image's; hidden files (.DS_Store, ._copy.jpg) are none."""
    name = os.path.basename(path)
    return name.lower().endswith(image_suffixes()) and not is_hidden(name)


def begins_like_an_image(head: bytes) -> bool:
    """Whether the first `HEAD` bytes of a file are those of an image that this machine reads."""
    marks = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*")
    if head.startswith(marks) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return True
    if head[:2] == b"BM" and head[6:10] == bytes(4):
        return True
    return head[4:8] == b"ftyp" and any(head[8:12] in SOMETIMES[format][1] for format in _readable_here())


def is_image_file(path: str | os.PathLike) -> bool:
    """Whether a file is an image by its name, or by its first bytes where its name has no usual suffix."""
    if is_image_name(path):
        return True
    if usual_suffix(path) or is_hidden(os.path.basename(path)):
        return False
    with suppress(OSError), open(path, "rb") as file:
        return begins_like_an_image(file.read(HEAD))
    return False
