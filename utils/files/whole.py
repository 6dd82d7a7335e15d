"""The one place where files are written: to a temporary name beside the final one, then renamed.

A reader therefore sees the old file or the new one, never half of either, even if the process is killed while it
writes. What a killed process leaves behind has its number and `.part` in its name; whoever starts the same thing again
sweeps it away first (`sweep`).
"""

import errno
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path

from utils.files.errors import FAULTS, FORBIDDEN, FULL, in_a_sentence, number_of

UNFINISHED = re.compile(r"\.(.+)\.(\d+)-[0-9a-f]{6}\.part")  # and a suffix, see `write_whole`
CANNOT_RESERVE = (errno.EINVAL, errno.ENODEV, errno.ENOSYS, errno.EOPNOTSUPP)  # a disk that keeps no room in advance
_being_written = set()  # by this process


@contextmanager
def write_whole(path: str | os.PathLike, suffix: str = "", size: int = 0) -> Iterator[Path]:
    """Give a temporary path to write to; once the block ends well, that file takes the name `path`.

    Args:
        path: the final name. Its folder is made if it is missing.
        suffix: what the temporary name ends in, for a library that can only guess the format from it (Keras).
        size: bytes that will be written, for a library that does not survive a full disk (HDF5 ends the process): that
            there is room for them is seen before the block begins.

    Yields:
        A path in the same folder, `.<name>.<process>-<chance>.part<suffix>`: two processes that write the same file
        never write into each other's. Where a library can be told the format in words (Pillow, Matplotlib), tell it so.

    Raises:
        OSError: the disk is full, the folder may not be written to or vanished: one sentence says so, and what to do.
            Whatever `path` held before is untouched.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(3)}.part{suffix}")
    _being_written.add(temporary.name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if size:
            _see_room(temporary, size)
        yield temporary
        os.replace(temporary, path)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError) and (said := in_words(error, path, temporary)):
            raise said from error
        raise
    finally:
        _being_written.discard(temporary.name)


def _see_room(path: Path, size: int) -> None:
    """Raise the system's error for a full disk where a file of so many bytes would fill it."""
    if hasattr(os, "posix_fallocate"):  # knows quotas too
        try:
            with open(path, "wb") as file:
                os.posix_fallocate(file.fileno(), 0, size)
            return
        except OSError as error:
            if error.errno not in CANNOT_RESERVE:
                raise
    if shutil.disk_usage(path.parent).free < size:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def in_words(error: OSError, path: Path, temporary: Path) -> OSError | None:
    """An error in writing `path` as a sentence that says what to do, of the same kind and with the same number.

    Returns:
        None where there is nothing to add: it is about another file, of another kind, or a sentence already.
    """
    about, number = None if error.filename is None else os.fspath(error.filename), number_of(error)
    if number is None or about not in (None, *map(str, (path, temporary, *path.parents))):
        return None
    if error.strerror is None and "errno = " not in str(error):  # HDF5's
        return None
    folder = next((parent for parent in path.parents if parent.is_dir()), Path("."))
    file = next((parent for parent in path.parents if os.path.isfile(parent)), None)
    if number in FULL:
        free = f" ({shutil.disk_usage(folder).free / 2**20:,.1f} MiB are free in {folder})"
        reason = f"the disk is full{free}. Make room, or choose another folder"
    elif os.path.isdir(path):
        reason = FAULTS[errno.EISDIR]
    elif file:
        reason = f"{file} is a file, and no folder can be made there. Move it, or choose another folder"
    elif number in FORBIDDEN:
        open_elsewhere = ", or another program holds the file open" if os.name == "nt" else ""
        reason = f"{path.parent} is read-only, or not yours to write to{open_elsewhere}. Choose another folder"
    elif number == errno.ENOENT and not path.parent.is_dir():
        reason = f"the folder {path.parent} vanished meanwhile. Bring it back, or choose another"
    elif number in FAULTS:
        reason = FAULTS[number]
    else:
        return None
    said = f"{path} could not be written: {reason}, and start again. What was there before is as it was"
    return in_a_sentence(number, said)


def sweep(folder: str | os.PathLike, name: str | None = None) -> list[str]:
    """Remove what processes that were killed left half-written in a folder, not below it.

    Args:
        folder: where to look; it need not exist.
        name: of the file whose remains alone are removed; None for all.

    Returns:
        The names of the files that were being written.
    """
    found = set()
    for path in Path(folder).glob(f".{escape(name) if name else '*'}.*-*.part*"):
        unfinished = UNFINISHED.match(path.name)
        if not unfinished or (name and unfinished[1] != name):
            continue
        process = int(unfinished[2])
        if path.name in _being_written if process == os.getpid() else is_running(process):
            continue
        with suppress(OSError):
            path.unlink()
            found.add(unfinished[1])
    return sorted(found)


def start_anew(path: str | os.PathLike) -> None:
    """Remove what is left of a file whose writer was killed, and say so; the file is to be written from its start."""
    path = Path(path)
    if sweep(path.parent, path.name):
        print(f"{path}: it was not finished when its writing was cut off; it is written anew.")


def is_running(process: int) -> bool:
    """Whether a process of this number runs on this machine."""
    if os.name == "nt":  # where os.kill would end it
        from ctypes import windll

        handle = windll.kernel32.OpenProcess(0x00100000, False, process)  # SYNCHRONIZE: the right to wait for it
        running = bool(handle) and windll.kernel32.WaitForSingleObject(handle, 0) == 0x102  # WAIT_TIMEOUT
        windll.kernel32.CloseHandle(handle)
        return running
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # it is another user's
        return True
    return True


def write_bytes(path: str | os.PathLike, content: bytes) -> Path:
    """Write `content` as the whole of the file `path` and give its path back."""
    with write_whole(path) as temporary:
        temporary.write_bytes(content)
    return Path(path)


def write_text(path: str | os.PathLike, text: str) -> Path:
    """Write `text` as UTF-8, line ends as they are, and give the path back."""
    return write_bytes(path, text.encode("utf-8"))


def write_json(path: str | os.PathLike, value) -> Path:
    """Write `value` as indented JSON that keeps accents readable, and give the path back."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    if any("\ud800" <= letter <= "\udfff" for letter in text):  # a file's name that is no UTF-8 has such
        text = json.dumps(value, indent=2)
    return write_text(path, text + "\n")
