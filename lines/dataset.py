"""From rule to folder: image files, their parameters as a table, and an archive of both; and a sheet to look at.

Encoding runs in one thread on purpose: for images this small, Python's lock makes two threads slower than one for
JPEG (measured: 10,000 images in 0.8 s with one, 1.2 s with two).
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
from utils.files.in_progress import folder_lock, left_in

FILE_FORMATS = ("jpg", "png")
TABLE_NAME = "parameters.csv"
_IMAGE_NAME = r"-\d{6,}\.(jpg|png)"  # after the name of the rules
_BLOCK = 100  # images drawn at once: enough to be quick, little enough for any memory
_BLOCK_SIZE = 256  # pixels a side up to which that holds; of larger images as many as have the same area
_SHEET = (3, 4)  # rows and columns of a sheet
_SHEET_COLORS = 64  # enough for ink on paper and the steps between them, at a third of the bytes
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
    rules: str | os.PathLike = "lines",
) -> Path:
    """Write a data set: lines-000001.jpg, lines-000002.jpg, ... and parameters.csv, or molnar-000001.jpg, ...

    The folder holds this data set and no other afterwards: what an earlier call wrote there (a folder with a
    parameters.csv) by the same rules is removed first, every lines-<number>.jpg or .png of it; other files stay. Each
    file appears whole or not at all, and the table comes before the images, so that whatever is there after an
    interruption is described by it; the same call then goes on where it stopped.

    Args:
        folder: where to write; made if it is missing.
        count: how many images, at least 1.
        seed: as in `lines.sample`; the same seed gives the same bytes (with the same version of Pillow).
        file_format: "jpg" (quality 75, colour at half resolution: small, with soft edges) or "png" (exact).
        y2: as in `lines.sample`; for the rules "lines" alone.
        size: width and height of the images in pixels.
        archive: also write images and table to this zip archive, below a folder of the rules' name inside it: unpacked
            in data/, it becomes data/lines/.
        progress: show a progress bar.
        rules: "lines" for the three lines, or other rules, as in `lines.rules`.

    Returns:
        The folder, as a Path.

    Raises:
        ValueError: an argument has a value that cannot be drawn or saved.
        FileExistsError: the folder holds lines-<number> images but no parameters.csv: they were not written here
            (Processing may have drawn them), so they are left alone. Or it holds a data set by other rules.
        FolderInUse: another process draws into the folder.
        OSError: the folder or the archive cannot be written; NotADirectoryError if the folder is a file.

    Example:
        >>> write_dataset("data/lines", count=10_000, seed=1, archive="data.zip")
    """
    from utils.progress import tqdm

    if file_format not in FILE_FORMATS:
        raise ValueError(f"the file format is {file_format!r}; choose {' or '.join(FILE_FORMATS)}")
    if size < 1:
        raise ValueError(f"size is {size}; images need at least 1 pixel a side")
    module = registry.rules(rules)
    name = name_of(module)
    folder = Path(folder)
    names = [f"{name}-{number:06d}.{file_format}" for number in range(1, count + 1)]
    facts = _facts(rules, module, count, seed, file_format, y2, size)
    begun = _begun(folder, facts)
    seed = seed if seed is not None else begun["drawn_from"] if begun else int(np.random.default_rng().integers(2**53))
    parameters = _sampled(module, count, seed, y2)
    table = _table(names, parameters)
    earlier = _earlier_images(folder, name)

    with ExitStack() as stack:
        store = None
        with ExitStack() as packing:  # begins before the folder is touched, and ends before it is given free
            if archive is not None:
                files.start_anew(archive)
                temporary = packing.enter_context(files.write_whole(archive))
                store = packing.enter_context(zipfile.ZipFile(temporary, "w"))
                _add(store, f"{name}/{TABLE_NAME}", table.encode("utf-8"))
            what = f"drawing {count} images by the rules {name}"
            held = stack.enter_context(folder_lock(folder, what, **facts, drawn_from=_number(seed)))
            stack.push(packing.pop_all())
        files.sweep(folder)
        there = set(names) & {path.name for path in earlier} if begun else set()
        for path in earlier:
            if path.name not in there:
                path.unlink()
        if there:
            print(f"{folder}: {len(there)} of {count} images are there already, {count - len(there)} are drawn.")
        elif held.earlier:
            print(f"{folder}: {len(earlier)} images of another drawing, which was cut off there, are replaced.")
        files.write_text(folder / TABLE_NAME, table)
        bar = stack.enter_context(tqdm(total=count, desc=f"Drawing {folder}", unit="image", disable=not progress))
        step = max(1, int(_BLOCK * min(1, (_BLOCK_SIZE / size) ** 2)))
        for start in range(0, count, step):
            block = range(start, min(start + step, count))
            missing = [i for i in block if names[i] not in there]
            if missing:
                images = _drawn(module, {key: values[missing] for key, values in parameters.items()}, size)
                for i, image in zip(missing, images, strict=True):
                    files.write_bytes(folder / names[i], encode(image, file_format))
            if store is not None:
                for i in block:
                    _add(store, f"{name}/{names[i]}", (folder / names[i]).read_bytes())
            held.sign_of_life()
            bar.update(len(block))
    return folder


def _facts(rules, module, count, seed, file_format, y2, size) -> dict:
    """What a drawing depends on, and the command that goes on with it."""
    code = [Path(source) for source in {module.__file__, *map(str, Path(__file__).parent.glob("*.py"))}]
    options = {"rules": os.fspath(rules), "count": count, "format": file_format, "size": size, "y2": y2}
    options |= {} if seed is None else {"seed": _number(seed)}
    return {
        **options,
        "code": hashlib.blake2b(b"".join(path.read_bytes() for path in sorted(code)), digest_size=8).hexdigest(),
        "versions": [metadata.version(package) for package in ("numpy", "pillow")],
        "command": shlex.join(["python", "-m", "lines", *(f"--{key}={value}" for key, value in options.items())]),
    }


def _number(seed):
    """A seed as JSON can hold it; a generator has no number that would bring its images back."""
    return int(seed) if isinstance(seed, int | np.integer) else None


def _begun(folder: Path, facts: dict) -> dict | None:
    """What a process left in the folder that began this very drawing and did not end it; None where none did."""
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
    """Draw twelve images by chance onto one sheet, four a row, as a small PNG.

    Args:
        path: the file.
        rules: as in `lines.rules`.
        seed: as in `lines.sample`.
        size: width and height of each image in pixels.
        y2: as in `lines.sample`; for the rules "lines" alone.

    Returns:
        The path.
    """
    from PIL import Image

    from utils.figures import sample_grid

    if size < 1:
        raise ValueError(f"size is {size}; images need at least 1 pixel a side")
    rows, columns = _SHEET
    module = registry.rules(rules)
    images = _drawn(module, _sampled(module, rows * columns, seed, y2), size)
    with files.write_whole(path) as temporary:
        sample_grid(images, rows, columns, temporary)
        with Image.open(temporary, formats=["PNG"]) as sheet:
            small = sheet.quantize(_SHEET_COLORS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        small.save(temporary, format="PNG", optimize=True)
    return Path(path)


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


def _sampled(module: ModuleType, count: int, seed: int | np.random.Generator | None, y2: str) -> dict:
    """Draw parameters by chance and see that they fit into a table."""
    name = name_of(module)
    if y2 != "sketch" and "y2" not in signature(module.sample).parameters:
        raise ValueError(f"y2 is {y2!r}, but the rules {name} know no y2; leave it away")
    choices = {} if y2 == "sketch" else {"y2": y2}
    parameters = {key: np.asarray(values) for key, values in module.sample(count, seed, **choices).items()}
    for key, values in parameters.items():
        if values.shape != (count,):
            raise ValueError(
                f"sample of the rules {name} gives {key} the shape {values.shape} for {count} images; a parameter is "
                f"one number an image, ({count},)"
            )
    return parameters


def _drawn(module: ModuleType, parameters: dict[str, np.ndarray], size: int) -> np.ndarray:
    """Draw images and see that they can be saved."""
    images = module.draw(parameters, size)
    expected = (len(next(iter(parameters.values()))), size, size, 3)
    if getattr(images, "dtype", None) != np.uint8 or images.shape != expected:
        found = f"{images.dtype} {images.shape}" if isinstance(images, np.ndarray) else type(images).__name__
        raise ValueError(f"draw of the rules {name_of(module)} gives {found}; an array uint8 {expected} is needed")
    return images


def _table(names: list[str], parameters: dict[str, np.ndarray]) -> str:
    """Give parameters.csv: a row an image, its file name first."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["file", *parameters])
    writer.writerows(zip(names, *(values.tolist() for values in parameters.values()), strict=True))
    return text.getvalue()


def _earlier_images(folder: Path, name: str) -> list[Path]:
    """The images of an earlier data set, which must not mix with another; refuse if they were not written here."""
    if not folder.exists():
        return []
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is a file; choose a folder to write the images to")
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


def _add(store: zipfile.ZipFile, name: str, content: bytes) -> None:
    """Store one file as it is (images are compressed already), with nothing in it that changes from run to run."""
    member = zipfile.ZipInfo(name, _ZIP_DATE)
    member.create_system = 3  # Unix, on every system
    member.external_attr = 0o644 << 16
    store.writestr(member, content)
