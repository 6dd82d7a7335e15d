"""Where decoded images lie: in memory, or in one .npy file that is mapped into it when they are many."""

import hashlib
import json
import mmap
import os
import threading
import warnings
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from glob import escape
from pathlib import Path

import numpy as np

from utils.files import sweep, write_json, write_whole
from utils.files.errors import one_line

PIECE = 4 * 2**20  # bytes of images that one thread decodes at a time: small images one by one cost a third more
DECODING = 2  # counts up when the same file gives other pixels than before, so that no old cache is found
PIECES_AT_ONCE = 16  # so that few decoded images wait for their place

Decode = Callable[[str], np.ndarray]  # from a name to uint8 (height, width, channels)


def decode_in_memory(names: list[str], shape: tuple, decode: Decode) -> tuple[np.ndarray, dict[str, str]]:
    """Decode images into one array.

    Args:
        names: what `decode` takes, one an image.
        shape: (height, width, channels) of each.
        decode: gives an image of that shape, or raises.

    Returns:
        uint8 (readable images, height, width, channels), and {name: why it could not be read}.
    """
    images, skipped = np.empty((len(names), *shape), np.uint8), {}
    count = 0
    for name, image in _decode_all(names, shape, decode):
        if isinstance(image, str):
            skipped[name] = image
        else:
            images[count] = image
            count += 1
    return images[:count], skipped


def decode_on_disk(
    names: list[str],
    shape: tuple,
    decode: Decode,
    cache: Path,
    title: str,
    facts: list,
    check: Callable = lambda: None,
    remarks: dict | None = None,
) -> tuple[np.ndarray, dict[str, str]]:
    """The same through a file, <cache>/<title>-<width>x<height>x<channels>-<key>.npy, found again by the next call.

    Beside it, a .json names what could not be read. Files of the same set and size with another key are removed.

    Args:
        names, shape, decode: as for `decode_in_memory`.
        cache: the folder.
        title: of the set.
        facts: whatever the images depend on, as JSON can hold it; the key follows from it.
        check: raises where the images have changed since; what was decoded is not found again then.
        remarks: {name: what decoding remarked}, filled by `decode`; kept beside the file, and filled from there where
            the file is found again.

    Returns:
        As `decode_in_memory`; the array is mapped from the file, read-only.
    """
    remarks = {} if remarks is None else remarks
    key = hashlib.blake2b(json.dumps([DECODING, facts, shape]).encode(), digest_size=8).hexdigest()
    prefix = f"{title}-{shape[1]}x{shape[0]}x{shape[2]}-"
    path = cache / f"{prefix}{key}.npy"
    listing = path.with_suffix(".json")
    if not (path.exists() and listing.exists()):
        sweep(cache)
        for old in cache.glob(escape(prefix) + "*"):  # of images that have changed since
            with suppress(OSError):  # Windows keeps what a running notebook has mapped
                old.unlink()
        skipped = _write_npy(path, names, shape, decode)
        check()
        write_json(listing, {"skipped": skipped, "remarks": remarks})
    said = json.loads(listing.read_text("utf-8"))
    skipped = said["skipped"]
    remarks.update(said["remarks"])
    if len(skipped) == len(names):
        return np.empty((0, *shape), np.uint8), skipped  # nothing to map
    return np.load(path, mmap_mode="r"), skipped


def row_reader(images: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Give the function that takes rows of `images`: by index in memory, by plain reads where a .npy file is mapped.

    Indexing a mapped file has two costs. The first touch of a page waits for the disk, page after page: 650 images a
    second of 128 x 128 where plain reads gave 6,000 (nothing cached, 200,000 images). And every page touched counts as
    the process' memory from then on, in the end the whole file.

    Args:
        images: (n, ...).

    Returns:
        Row numbers (m,) -> (m, ...), a new array.
    """
    whole_file = isinstance(images, np.memmap) and images.mode == "r" and isinstance(images.base, mmap.mmap)
    return _FileRows(images) if whole_file and images.flags.c_contiguous else images.__getitem__


class _FileRows:
    """Reads rows of a file; holds it open, so that it stays even if its name is removed."""

    def __init__(self, images):
        self.offset, self.shape, self.dtype = images.offset, images.shape[1:], images.dtype
        self.file = open(images.filename, "rb", buffering=0)  # noqa: SIM115
        self.lock = threading.Lock()
        weakref.finalize(self, self.file.close)

    def __call__(self, rows):
        taken = np.empty((len(rows), *self.shape), self.dtype)
        with self.lock:
            for i in np.argsort(rows):  # in the order of the file: disks read on rather than jump
                row = taken[i]
                self.file.seek(self.offset + int(rows[i]) * row.nbytes)
                if self.file.readinto(row) != row.nbytes:
                    raise OSError(f"{self.file.name} ends too early: remove it, and load the data set again")
        return taken


def _decode_all(names, shape, decode) -> Iterator[tuple[str, np.ndarray | str]]:
    """Give (name, uint8 image, or the reason why it cannot be read) for each name, in order, on all processors."""
    from PIL import Image

    from utils.progress import tqdm

    def decode_one(name):
        try:
            return decode(name)
        except Exception as error:  # a damaged image can fail in any way
            return f"{type(error).__name__}: {one_line(error)}"

    def decode_piece(names):
        return [(name, decode_one(name)) for name in names]

    count = int(np.clip(PIECE // np.prod(shape), 1, 64))
    pieces = [names[start : start + count] for start in range(0, len(names), count)]
    with (
        ThreadPoolExecutor(os.cpu_count()) as pool,
        warnings.catch_warnings(),
        tqdm(total=len(names), desc="Reading images", unit=" images", delay=2) as bar,
    ):
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        for start in range(0, len(pieces), PIECES_AT_ONCE):
            for results in pool.map(decode_piece, pieces[start : start + PIECES_AT_ONCE]):
                yield from results
                bar.update(len(results))


def _write_npy(path, names, shape, decode):
    """Decode into a .npy file, image after image, so that few are in memory at a time."""
    skipped = {}
    with write_whole(path) as temporary, open(temporary, "wb") as file:
        _write_header(file, (len(names), *shape))
        start = file.tell()
        for name, image in _decode_all(names, shape, decode):
            if isinstance(image, str):
                skipped[name] = image
            else:
                file.write(image.tobytes())
        file.seek(0)
        _write_header(file, (len(names) - len(skipped), *shape))  # .npy leaves room for the first number to change
        if file.tell() != start:
            raise RuntimeError(f"the header of {path} changed its length")
    return skipped


def _write_header(file, shape):
    np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
