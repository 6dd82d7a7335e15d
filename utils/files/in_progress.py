"""One at a time: a folder that a training or a drawing fills belongs to one process, and says to which.

While it is being filled the folder holds `.in_progress.json`: what is being done, by which process, on which machine,
since when. The process holds a lock on that file, which the system takes back when the process ends, however it ends; a
process that was killed thus leaves the file, but no lock, and the next one reads in it what was going on. Where a lock
does not reach (another machine, some network drives) the file's age decides: its owner touches it now and then.

`folder_lock` holds a folder while work goes on in it, `reserve` from before that work begins, and `writing` while a
file or two are written there.
"""

import atexit
import datetime
import json
import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from utils import files

NAME = ".in_progress.json"
TOUCH = 30  # seconds between two signs of life
SILENCE = 15 * 60  # seconds without one after which a process on another machine counts as ended
LOCKED_BYTE = 2**30  # far behind the text: what Windows locks, others cannot read

_held = {}  # by this process: {a folder's whole path: `FolderLock`}
_reserved = set()  # those among them that wait for their work


class FolderInUse(OSError):
    """Another process fills the folder."""


class FolderLock:
    """A folder held by this process; see `folder_lock`.

    Attributes:
        earlier: dict, what the file said that was found: a process was killed, or stopped by an error; empty where it
            had not written it yet. None where there was no file.
    """

    def __init__(self, folder: str | os.PathLike, what: str, facts: dict):
        self.path = Path(folder) / NAME
        since = datetime.datetime.now().astimezone().isoformat(" ", "minutes")
        self.facts = {"what": what, "process": os.getpid(), "machine": platform.node(), "since": since, **facts}
        self.file, self.earlier = _take(self.path)
        self._found = os.fstat(self.file.fileno()).st_mtime
        try:
            self._write(self.facts)
        except OSError as error:
            self.file.close()
            raise files.in_words(error, self.path, self.path) or error from error
        _held[_whole(folder)] = self

    def _write(self, facts):
        content = json.dumps(facts, indent=2, ensure_ascii=False).encode("utf-8") if facts else b""
        self.file.seek(0)
        self.file.write(content)
        self.file.truncate()
        self._touched = time.monotonic()

    def sign_of_life(self, now: bool = False) -> bool:
        """Touch the file, twice a minute at most unless `now`.

        Returns:
            False where the file, or its whole folder, vanished; it was made anew then.

        Raises:
            FolderInUse: another process has taken the folder in the meantime.
        """
        if not now and time.monotonic() - self._touched < TOUCH:
            return True
        try:
            if os.path.samestat(os.stat(self.path), os.fstat(self.file.fileno())):
                self._see_whose()
                os.utime(self.path)
                self._touched = time.monotonic()
                return True
        except FileNotFoundError:
            pass
        self.file.close()
        self.file, _ = _take(self.path)  # stays closed where another one has it
        self._write(self.facts)
        return False

    def _see_whose(self):
        """Where a lock does not reach, another process may have taken the folder in a long silence."""
        said = _read(self.file) or self.facts
        if any(said.get(key) != self.facts[key] for key in ("process", "machine")):
            self.file.close()
            raise FolderInUse(f"{_sentence(self.path, said)}. Wait until it has ended, or choose another folder")

    def take_up(self, what: str, facts: dict):
        """Begin the work that the folder was reserved for."""
        self.sign_of_life(now=True)
        self.facts.update(what=what, **facts)
        self._write(self.facts)

    def release(self, done: bool):
        """Give the folder free; the file stays, for the next process to read, where the work was not done."""
        _forget(self)
        if self.file.closed:
            return
        if not done:
            with suppress(OSError):
                self._write({**self.facts, "ended": True})
        elif os.name != "nt":  # while the lock is held, so that it is still ours
            self._remove()
        self.file.close()
        if done and os.name == "nt":  # which removes no open file
            self._remove()

    def give_back(self):
        """Give the folder free, and leave what an earlier process left there as it was found."""
        if self.earlier is None or self.file.closed:
            self.release(done=True)
            return
        _forget(self)
        with suppress(OSError):
            self._write(self.earlier)
            os.utime(self.path, (self._found, self._found))
        self.file.close()

    def _remove(self):
        with suppress(OSError):
            self.path.unlink()


@contextmanager
def folder_lock(folder: str | os.PathLike, what: str, **facts) -> Iterator[FolderLock]:
    """Hold a folder while the block runs; one that this process has reserved is taken up.

    Args:
        folder: made if it is missing.
        what: is done there, e.g. "training", for the message to others.
        **facts: what the next process should know if this one is killed; values that JSON can hold.

    Yields:
        `FolderLock`.

    Raises:
        FolderInUse: another process holds the folder; the message names it.
        OSError: the folder cannot be written to.

    Example:
        >>> with folder_lock("run/gan/0001_lines", "training") as held:
        ...     held.earlier  # of a process that was killed here
    """
    held = _held.get(_whole(folder))
    if held in _reserved:
        _reserved.discard(held)
        held.take_up(what, facts)
    else:
        held = FolderLock(folder, what, facts)
    try:
        yield held
    except BaseException:
        held.release(done=False)
        raise
    held.release(done=True)


def reserve(folder: str | os.PathLike, what: str) -> FolderLock:
    """Hold a folder from now on: until the work is done that `folder_lock` begins there, or this process ends.

    A process reserves one folder at a time: an earlier one is given back.

    Args:
        folder: made if it is missing.
        what: will be done there.

    Raises:
        FolderInUse: another process holds the folder, or work goes on there in this one.
        OSError: the folder cannot be written to.
    """
    held = _held.get(_whole(folder))
    if held in _reserved:
        held.sign_of_life(now=True)
        return held
    held = FolderLock(folder, what, {})
    _give_back_reserved()
    _reserved.add(held)
    return held


@contextmanager
def writing(folder: str | os.PathLike, what: str) -> Iterator[None]:
    """Let the block write a file or two into a folder that this process holds, or nobody.

    Args:
        folder: made if it is missing.
        what: is done there, for the message to others.

    Raises:
        FolderInUse: another process holds the folder; nothing was written.
        OSError: the folder cannot be written to.
    """
    if _whole(folder) in _held:
        yield
        return
    held = FolderLock(folder, what, {})
    try:
        yield
    finally:
        held.give_back()


@atexit.register
def _give_back_reserved():
    for held in list(_reserved):
        held.give_back()


def _forget(held):
    _reserved.discard(held)
    for folder in [folder for folder, one in _held.items() if one is held]:
        del _held[folder]


def _whole(folder):
    return os.path.realpath(folder)


def left_in(folder: str | os.PathLike) -> dict | None:
    """What is being done in a folder, or was when a process ended before its time; None where nothing is.

    Returns:
        dict of at least "what" and "since".
    """
    path = Path(folder) / NAME
    if not path.is_file():
        return None
    with open(path, "rb", buffering=0) as file:
        return {"what": "work", "since": "at a time unknown", **(_read(file) or {})}


def _take(path):
    """Open the file, made if it is missing, and lock it; gives it and what it said, None where it is new."""
    while True:
        existed = path.exists()
        file = _open(path)
        try:
            locked = _lock(file)
            earlier = _read(file) or ({} if existed else None)
            if locked is False:
                raise FolderInUse(f"{_sentence(path, earlier)}. Wait until it has ended, or choose another folder")
            elsewhere = earlier and (locked is None or earlier.get("machine") != platform.node())
            if elsewhere and not earlier.get("ended") and (silent := _age(path)) < SILENCE:
                raise FolderInUse(
                    f"{_sentence(path, earlier)}; its last sign of life came {max(0, silent):.0f} seconds ago. If it "
                    f"has ended, remove {path}, or wait until {SILENCE // 60} minutes have passed; else choose another "
                    "folder"
                )
            with suppress(FileNotFoundError):
                if os.path.samestat(os.stat(path), os.fstat(file.fileno())):
                    return file, earlier
        except BaseException:
            file.close()
            raise
        file.close()  # its owner has just ended and removed it


def _open(path):
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return open(path, "r+b", buffering=0, opener=lambda name, flags: os.open(name, flags | os.O_CREAT, 0o666))
    except OSError as error:
        raise files.in_words(error, path, path) or error from error


def _sentence(path, facts):
    facts = facts or {}
    who = f"process {facts['process']} on {facts['machine']}" if "process" in facts else "another process"
    since = f" since {facts['since']}" if "since" in facts else ""
    return f"{path.parent} is in use: {facts.get('what', 'work')} by {who}{since}"


def _read(file):
    """What the file says; None where it says nothing, or something else."""
    file.seek(0)
    try:
        facts, _ = json.JSONDecoder().raw_decode(file.read(2**20).decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return facts if isinstance(facts, dict) else None


def _age(path):
    """Seconds since the file was touched, by the clock of whoever keeps the folder."""
    probe = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        probe.touch()
        return probe.stat().st_mtime - path.stat().st_mtime
    finally:
        probe.unlink(missing_ok=True)


def _lock(file):
    """Whether the lock on a file could be had; None where its drive knows no locks."""
    try:
        if os.name == "nt":
            import msvcrt

            file.seek(LOCKED_BYTE)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False if _drive_locks(Path(file.name)) else None
    except OSError:
        return None
    return True


def _drive_locks(path):
    """Whether a file that nobody holds can be locked: some drives say of every file that another process has it."""
    if os.name == "nt":
        return True
    import fcntl

    probe = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with open(probe, "wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        probe.unlink(missing_ok=True)
    return True
