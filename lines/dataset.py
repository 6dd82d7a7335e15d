"""From rule to folder: image files, their parameters as a table, and an archive of both.

Encoding runs in one thread on purpose: for images this small, Python's lock makes two threads slower than one for
JPEG (measured: 10,000 images in 0.8 s with one, 1.2 s with two).
"""

import csv
import io
import os
import re
import zipfile
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from lines.lines import PARAMETERS, SIZE, draw, sample
from utils import files

FILE_FORMATS = ("jpg", "png")
TABLE_NAME = "parameters.csv"
ARCHIVE_FOLDER = "lines"  # the folder inside an archive: unpacked in data/, it becomes data/lines/
_IMAGE_NAME = re.compile(r"lines-\d{6,}\.(jpg|png)")
_BLOCK = 100  # images drawn at once: enough to be quick, little enough for any memory
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest a zip can hold; a fixed one makes the same bytes every time


def write_dataset(
    folder: str | os.PathLike,
    count: int = 10_000,
    seed: int | np.random.Generator | None = None,
    file_format: str = "jpg",
    y2: str = "sketch",
    size: int = SIZE,
    archive: str | os.PathLike | None = None,
    progress: bool = True,
) -> Path:
    """Write a data set of three lines: lines-000001.jpg, lines-000002.jpg, ... and parameters.csv.

    The folder holds this data set and no other afterwards: what an earlier call wrote there (a folder with a
    parameters.csv) is removed first, every lines-<number>.jpg or .png of it; other files stay. Each file appears whole
    or not at all, and the table comes before the images, so that whatever is there after an interruption is
    described by it.

    Args:
        folder: where to write; made if it is missing.
        count: how many images, at least 1.
        seed: as in `lines.sample`; the same seed gives the same bytes (with the same version of Pillow).
        file_format: "jpg" (quality 75, colour at half resolution: small, with soft edges) or "png" (exact).
        y2: as in `lines.sample`.
        size: width and height of the images in pixels.
        archive: also write images and table to this zip archive, below a folder `lines/` inside it.
        progress: show a progress bar.

    Returns:
        The folder, as a Path.

    Raises:
        ValueError: an argument has a value that cannot be drawn or saved.
        FileExistsError: the folder holds lines-<number> images but no parameters.csv: they were not written here
            (Processing may have drawn them), so they are left alone.
        OSError: the folder or the archive cannot be written; NotADirectoryError if the folder is a file.

    Example:
        >>> write_dataset("data/lines", count=10_000, seed=1, archive="data.zip")
    """
    from utils.progress import tqdm

    if file_format not in FILE_FORMATS:
        raise ValueError(f"the file format is {file_format!r}; choose {' or '.join(FILE_FORMATS)}")
    if size < 1:
        raise ValueError(f"size is {size}; images need at least 1 pixel a side")
    parameters = sample(count, seed, y2)
    folder = Path(folder)
    names = [f"lines-{number:06d}.{file_format}" for number in range(1, count + 1)]
    table = _table(names, parameters)

    with ExitStack() as stack:
        store = None
        if archive is not None:
            temporary = stack.enter_context(files.write_whole(archive))
            store = stack.enter_context(zipfile.ZipFile(temporary, "w"))
            _add(store, TABLE_NAME, table.encode("utf-8"))
        _remove_earlier(folder)
        files.write_text(folder / TABLE_NAME, table)
        bar = stack.enter_context(tqdm(total=count, desc=f"Drawing {folder}", unit="image", disable=not progress))
        for start in range(0, count, _BLOCK):
            block = slice(start, start + _BLOCK)
            images = draw({name: values[block] for name, values in parameters.items()}, size)
            for name, image in zip(names[block], images, strict=True):
                content = encode(image, file_format)
                files.write_bytes(folder / name, content)
                if store is not None:
                    _add(store, name, content)
            bar.update(len(images))
    return folder


def encode(image: np.ndarray, file_format: str) -> bytes:
    """Give a uint8 image (height, width, 3) as the content of a "jpg" or "png" file."""
    from PIL import Image

    buffer = io.BytesIO()
    if file_format == "jpg":
        # Pillow's own defaults, which the reference frames of the tests share, written out so that they stay.
        Image.fromarray(image).save(buffer, "JPEG", quality=75, subsampling=2)
    else:
        Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()


def _table(names: list[str], parameters: dict[str, np.ndarray]) -> str:
    """Give parameters.csv: a row an image, its file name first."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["file", *PARAMETERS])
    writer.writerows(zip(names, *(parameters[name].tolist() for name in PARAMETERS), strict=True))
    return text.getvalue()


def _remove_earlier(folder: Path) -> None:
    """Remove the images of an earlier data set, so that two never mix; refuse if they were not written here."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is a file; choose a folder to write the images to")
    earlier = [path for path in folder.iterdir() if _IMAGE_NAME.fullmatch(path.name)]
    if earlier and not (folder / TABLE_NAME).exists():
        raise FileExistsError(
            f"{folder} holds {len(earlier)} lines-<number> images without a {TABLE_NAME}, so this command did not "
            "write them and leaves them alone; choose another folder, or move them away"
        )
    for path in earlier:
        path.unlink()


def _add(store: zipfile.ZipFile, name: str, content: bytes) -> None:
    """Store one file as it is (images are compressed already), with nothing in it that changes from run to run."""
    member = zipfile.ZipInfo(f"{ARCHIVE_FOLDER}/{name}", _ZIP_DATE)
    member.create_system = 3  # Unix, on every system
    member.external_attr = 0o644 << 16
    store.writestr(member, content)
