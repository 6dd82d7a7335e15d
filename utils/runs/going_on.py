"""A run that goes on elsewhere, or another day: one archive of what a training goes on from, and its unpacking."""

import os
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path

from utils import files
from utils.files.errors import one_line
from utils.runs.checkpoints import CHECKPOINT, REPLACED, steps_in

NEEDED = ("params.json", CHECKPOINT.as_posix(), "weights/weights.h5", "history.csv")
TAKEN = tuple(Path(name).as_posix() for name in REPLACED)  # all that a run has but for its sheets
SPARE, INFLATION = 64 * 2**20, 8  # bytes that an archive may unpack to beyond, and how many times its size


def files_to_go_on(folder: str | os.PathLike) -> list[Path]:
    """The files of a run that a training goes on from: parameters, weights, checkpoint, history, sample sheets."""
    folder = Path(folder)
    there = [folder / name for name in TAKEN if (folder / name).is_file()]
    return there + sorted((folder / "images").glob("sample_*.png"))


def unpack_run(archive: str | os.PathLike, folder: str | os.PathLike) -> Path:
    """Put a run from its archive into a run folder in which nothing was trained yet; MODE = "load" then goes on.

    Only files of the names that a run has are written; whatever else the archive holds stays in it.

    Args:
        archive: resume.zip, as the Training notebook writes it, or a zip of a whole run folder.
        folder: the run folder.

    Returns:
        The folder.

    Raises:
        FileNotFoundError: there is no such archive, or it holds no checkpoint (output.zip does not).
        ValueError: it is no zip, is damaged, or unpacks to far more than it is.

    Example:
        >>> unpack_run("resume.zip", "run/gan/0001_lines")
    """
    archive, folder = Path(archive), Path(folder)
    if steps_in(folder) is not None:
        print(f"{folder} holds a training already, which goes on; {archive} is left aside.")
        return folder
    room, laid = SPARE + INFLATION * archive.stat().st_size, []
    try:
        with zipfile.ZipFile(archive) as packed:
            members = _members(packed)
            missing = [name for name in NEEDED if name not in members]
            if missing:
                raise FileNotFoundError(
                    f"{archive} holds no {' and no '.join(missing)}, so no training can go on from it: take "
                    "resume.zip, which the Training notebook writes beside output.zip"
                )
            for name in sorted(members, key=lambda name: name in NEEDED):  # what makes it a training comes last
                with packed.open(members[name]) as source:
                    content = source.read(room + 1)
                room -= len(content)
                if room < 0:
                    raise ValueError(f"{archive} unpacks to far more than it is, as no run does: it was left alone")
                if not (folder / name).exists():
                    laid.append(folder / name)
                files.write_bytes(folder / name, content)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        _remove(laid)
        raise ValueError(f"{archive} is damaged, or no zip ({one_line(error)}): download it again") from None
    except BaseException:
        _remove(laid)  # half a run would be taken for a training
        raise
    print(f"{folder}: a training of {steps_in(folder)} steps was unpacked from {archive}.")
    return folder


def _remove(paths: list[Path]) -> None:
    for path in paths:
        with suppress(OSError):
            path.unlink()


def _members(packed: zipfile.ZipFile) -> dict:
    """The members that a run has, {name within the run: member}; all may lie below one folder of the archive."""
    names = {member.filename.replace("\\", "/"): member for member in packed.infolist() if not member.is_dir()}
    found = next((name for name in names if name.split("/")[-1] == "params.json"), "")
    above = found[: -len("params.json")] if found else ""
    inner = {name.removeprefix(above): member for name, member in names.items() if name.startswith(above)}
    sheets = [name for name in inner if name.startswith("images/sample_") and name[14:-4].isdigit()]
    return {name: inner[name] for name in inner if name in TAKEN or (name in sheets and name.endswith(".png"))}
