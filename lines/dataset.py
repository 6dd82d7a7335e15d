"""Data sets as files: images, their parameters as a table, an archive of both, and sheets of samples.

Encoding runs in one thread on purpose: for images this small, Python's interpreter lock makes two threads slower than
one (benchmarks/LOG.md, "Drawing data sets").
"""

import csv
import hashlib
import io
import os
import re
import shlex
import zipfile
from contextlib import ExitStack
from importlib import metadata
from inspect import signature
from pathlib import Path
from types import ModuleType

import numpy as np

from lines import registry
from lines.lines import SIZE
from lines.registry import name_of
from utils import files
from utils.files.archives import archive_of
from utils.files.in_progress import folder_lock, left_in

FILE_FORMATS = ("jpg", "png")
QUALITY = 90  # Processing's saveFrame writes Java's quality 0.9, which is libjpeg's 90, to the bit
TABLE_NAME = "parameters.csv"
_IMAGE_NAME = r"-\d{6,}\.(jpg|png)"  # after the name of the rules
_BLOCK = 100  # images drawn at once, of sides up to `_BLOCK_SIDE`; of larger ones as many as have the same area
_BLOCK_SIDE = 256  # pixels
_SHEET = (3, 4)  # rows and columns of a sheet
_SHEET_COLORS = 64  # enough for the colours and their antialiased edges, at a third of the bytes
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest date of a zip; a fixed one makes the bytes reproducible


def write_missing_dataset(folder: str | os.PathLike, count: int, **options) -> None:
    """Write a data set where there is none, or where one was not written to its end.

    Args:
        folder, count, **options: as in `write_dataset`.
    """
    if not Path(folder).exists() or left_in(folder):
        write_dataset(folder, count, **options)


def write_dataset(
    folder: str | os.PathLike,
    count: int = 10_000,
    seed: int | np.random.Generator | None = None,
    file_format: str = "jpg",
    y2: str = "sketch",
    size: int = SIZE,
    archive: str | os.PathLike | None = None,
    progress: bool = True,
    rules: str | os.PathLike = "lines",
    quality: int | None = None,
) -> Path:
    """Write a data set: lines-000001.jpg, lines-000002.jpg, ... and parameters.csv, or molnar-000001.jpg, ...

    Afterwards the folder holds this data set only: the images lines-<number>.jpg or .png of an earlier call with the
    same rules (a folder with a parameters.csv) are removed first; other files stay. Each file appears whole or not at
    all, and the table is written before the images, so that it describes whatever exists after an interruption; the
    same call then continues where it stopped.

    Args:
        folder: where to write; created if missing.
        count: number of images, at least 1.
        seed: as in `lines.sample`; the same seed gives the same bytes (with the same version of Pillow).
        file_format: "jpg" (as Processing writes it: colour at half resolution, small, soft edges) or "png" (exact).
        y2: as in `lines.sample`; for the rules "lines" only.
        size: width and height of the images, in pixels.
        archive: path of a zip archive to write images and table to as well, in a folder named after the rules:
            unpacked in data/, it becomes data/lines/.
        progress: whether to show a progress bar.
        rules: "lines" for the three lines, or other rules, as in `lines.rules`.
        quality: of "jpg", 1 to 100; None for Processing's, 90.

    Returns:
        The folder, as a Path.

    Raises:
        ValueError: an argument is out of range.
        FileExistsError: the folder holds lines-<number> images but no parameters.csv, so that this function has not
            written them (Processing may have), or it holds a data set of other rules, or one that an archive brought.
        FolderInUse: another process draws into the folder.
        OSError: the folder or the archive cannot be written; NotADirectoryError if the folder is a file.

    Example:
        >>> write_dataset("data/lines", count=10_000, seed=1, archive="data.zip")
    """
    from utils.progress import tqdm

    if file_format not in FILE_FORMATS:
        raise ValueError(f"the file format is {file_format!r}; choose {' or '.join(FILE_FORMATS)}")
    if quality is not None and file_format != "jpg":
        raise ValueError(f"quality is {quality}, but a {file_format} has none: leave it away, or choose the format jpg")
    if quality is not None and not 1 <= quality <= 100:
        raise ValueError(f"quality is {quality}; choose 1 to 100")
    if size < 1:
        raise ValueError(f"size is {size}; images need at least 1 pixel a side")
    options = {} if quality is None else {"quality": int(quality)}
    module = registry.rules(rules)
    name = name_of(module)
    folder = Path(folder)
    names = [f"{name}-{number:06d}.{file_format}" for number in range(1, count + 1)]
    facts = _settings_of(rules, module, count, seed, file_format, y2, size, options)
    prior = _resumable(folder, facts)
    seed = seed if seed is not None else prior["drawn_from"] if prior else int(np.random.default_rng().integers(2**31))
    parameters = _sample_checked(module, count, seed, y2)
    table = _table(names, parameters)
    earlier = _earlier_images(folder, name)

    with ExitStack() as stack:
        archive_file = None
        with ExitStack() as packing:  # opened before the folder is changed, closed before its lock is released
            if archive is not None:
                files.start_anew(archive)
                temporary = packing.enter_context(files.write_whole(archive))
                archive_file = packing.enter_context(zipfile.ZipFile(temporary, "w"))
                _add(archive_file, f"{name}/{TABLE_NAME}", table.encode("utf-8"))
            what = f"drawing {count} images by the rules {name}"
            held = stack.enter_context(folder_lock(folder, what, **facts, drawn_from=_number(seed)))
            stack.push(packing.pop_all())
        files.sweep(folder)
        existing = set(names) & {path.name for path in earlier} if prior else set()
        for path in earlier:
            if path.name not in existing:
                path.unlink()
        if existing:
            print(f"{folder}: {len(existing)} of {count} images are there already, {count - len(existing)} are drawn.")
        elif held.earlier:
            print(f"{folder}: {len(earlier)} images of another drawing, which was cut off there, are replaced.")
        files.write_text(folder / TABLE_NAME, table)
        bar = stack.enter_context(tqdm(total=count, desc=f"Drawing {folder}", unit="image", disable=not progress))
        step = max(1, int(_BLOCK * min(1, (_BLOCK_SIDE / size) ** 2)))
        for start in range(0, count, step):
            block = range(start, min(start + step, count))
            missing = [i for i in block if names[i] not in existing]
            if missing:
                images = registry.drawn(module, {key: values[missing] for key, values in parameters.items()}, size)
                for i, image in zip(missing, images, strict=True):
                    files.write_bytes(folder / names[i], encode(image, file_format, **options))
            if archive_file is not None:
                for i in block:
                    _add(archive_file, f"{name}/{names[i]}", (folder / names[i]).read_bytes())
            held.sign_of_life()
            bar.update(len(block))
    return folder


def _settings_of(rules, module, count, seed, file_format, y2, size, more) -> dict:
    """All that the images depend on, and the command that continues the drawing: a dict for the folder lock."""
    code = [Path(source) for source in {module.__file__, *map(str, Path(__file__).parent.glob("*.py"))}]
    options = {"rules": os.fspath(rules), "count": count, "format": file_format, "size": size, "y2": y2, **more}
    options |= {} if seed is None else {"seed": _number(seed)}
    return {
        **options,
        "code": hashlib.blake2b(b"".join(path.read_bytes() for path in sorted(code)), digest_size=8).hexdigest(),
        "versions": [metadata.version(package) for package in ("numpy", "pillow")],
        "command": shlex.join(["python", "-m", "lines", *(f"--{key}={value}" for key, value in options.items())]),
    }


def _number(seed):
    """A seed as an int for JSON; None for a random generator, whose images cannot be reproduced."""
    return int(seed) if isinstance(seed, int | np.integer) else None


def _resumable(folder: Path, facts: dict) -> dict | None:
    """The entries of an unfinished drawing with the same settings in the folder's lock file, or None."""
    left = left_in(folder) or {}
    same = left.get("drawn_from") is not None and {key: left.get(key) for key in facts} == facts
    return left if same else None


def write_sheet(
    path: str | os.PathLike,
    rules: str | os.PathLike = "lines",
    seed: int | np.random.Generator | None = None,
    size: int = 240,
    y2: str = "sketch",
) -> Path:
    """Draw twelve random images on one sheet, four per row, as a small PNG.

    Args:
        path: the file.
        rules: as in `lines.rules`.
        seed: as in `lines.sample`.
        size: width and height of each image, in pixels.
        y2: as in `lines.sample`; for the rules "lines" only.

    Returns:
        The path.
    """
    from PIL import Image

    from utils.figures import sample_grid

    if size < 1:
        raise ValueError(f"size is {size}; images need at least 1 pixel a side")
    rows, columns = _SHEET
    module = registry.rules(rules)
    images = registry.drawn(module, _sample_checked(module, rows * columns, seed, y2), size)
    with files.write_whole(path) as temporary:
        sample_grid(images, rows, columns, temporary)
        with Image.open(temporary, formats=["PNG"]) as sheet:
            small = sheet.quantize(_SHEET_COLORS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        small.save(temporary, format="PNG", optimize=True)
    return Path(path)


def encode(image: np.ndarray, file_format: str, quality: int = QUALITY) -> bytes:
    """Encode an image, uint8 (height, width, 3), as the bytes of a "jpg" file of a quality, or of a "png" file."""
    from PIL import Image

    buffer = io.BytesIO()
    if file_format == "jpg":
        Image.fromarray(image).save(buffer, "JPEG", quality=quality, subsampling=2)
    else:
        Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()


def _sample_checked(module: ModuleType, count: int, seed: int | np.random.Generator | None, y2: str) -> dict:
    """Sample parameters, checked, with the positions of the second horizontal."""
    if y2 != "sketch" and "y2" not in signature(module.sample).parameters:
        raise ValueError(f"y2 is {y2!r}, but the rules {name_of(module)} know no y2; leave it away")
    return registry.sampled(module, count, seed, **({} if y2 == "sketch" else {"y2": y2}))


def _table(names: list[str], parameters: dict[str, np.ndarray]) -> str:
    """The text of parameters.csv: one row per image, its file name first."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["file", *parameters])
    writer.writerows(zip(names, *(values.tolist() for values in parameters.values()), strict=True))
    return text.getvalue()


def _earlier_images(folder: Path, name: str) -> list[Path]:
    """The image files of an earlier data set, which the new one replaces.

    Raises:
        FileExistsError: images without a table, or a data set of other rules.
        NotADirectoryError: the folder is a file.
    """
    if not folder.exists():
        return []
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is a file; choose a folder to write the images to")
    if mark := archive_of(folder):
        raise FileExistsError(
            f"{folder} holds the images of an archive, {mark['archive']}; choose another folder, or remove this one"
        )
    image_name = re.compile(re.escape(name) + _IMAGE_NAME)
    earlier = [path for path in folder.iterdir() if image_name.fullmatch(path.name)]
    table = folder / TABLE_NAME
    if earlier and not table.exists():
        raise FileExistsError(
            f"{folder} holds {len(earlier)} {name}-<number> images without a {TABLE_NAME}, so this command did not "
            "write them and leaves them alone; choose another folder, or move them away"
        )
    if table.exists():
        with open(table, encoding="utf-8", errors="replace") as lines:
            listed = [line.partition(",")[0].strip() for line, _ in zip(lines, range(2), strict=False)]
        if not (len(listed) == 2 and image_name.fullmatch(listed[1])):
            raise FileExistsError(
                f"{folder} holds another data set: its {TABLE_NAME} does not begin with a {name}-<number> image; "
                "choose another folder, or move it away"
            )
    return earlier


def _add(archive_file: zipfile.ZipFile, name: str, content: bytes) -> None:
    """Add a file to an archive uncompressed (images are compressed already), with reproducible metadata."""
    member = zipfile.ZipInfo(name, _ZIP_DATE)
    member.create_system = 3  # Unix, on every system
    member.external_attr = 0o644 << 16
    archive_file.writestr(member, content)
