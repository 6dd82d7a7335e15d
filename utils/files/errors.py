"""What the system and other people's libraries say of a file, in words that a reader can use.

A fault of the disk is not a damaged file: `unreadable` and `utils.files.in_words` tell the one from the other by the
system's number of the fault.
"""

import errno
import os
import re
import stat

FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)
ENOTSUPP = 524  # Linux' own, for what a network disk's server cannot do


def _numbers(*names: str) -> list[int]:
    return [getattr(errno, name) for name in names if hasattr(errno, name)]


_NO_LOCKS = "its disk cannot lock files, as some network disks cannot. Unset HDF5_USE_FILE_LOCKING, or copy the folder"
_NO_ANSWER = (
    "its disk does not answer: the connection to it was lost. Connect it again (in Colab, mount the drive anew)"
)
FAULTS = {  # the system's number: what it means, and the way out
    **dict.fromkeys(_numbers("ENOLCK", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"), f"{_NO_LOCKS} to a disk of this machine"),
    ENOTSUPP: f"{_NO_LOCKS} to a disk of this machine",
    **dict.fromkeys(
        _numbers("EAGAIN", "EBUSY", "ETXTBSY"), "another process is writing it, or holds it. Wait until it has ended"
    ),
    **dict.fromkeys(
        _numbers("ENODEV", "ENXIO"), "there is no such device any more: its disk was taken away. Connect it again"
    ),
    **dict.fromkeys(
        _numbers("ESTALE", "ETIMEDOUT", "ENOTCONN", "EHOSTDOWN", "EHOSTUNREACH", "ECONNRESET", "ECONNABORTED"),
        _NO_ANSWER,
    ),
    **dict.fromkeys(
        _numbers("EIO", "EREMOTEIO"),
        "its disk reports a fault (input/output error). Use another disk, and save what this one holds",
    ),
    **dict.fromkeys(
        _numbers("EMFILE", "ENFILE"), "too many files are open. Close other programs, or restart the notebook's kernel"
    ),
    errno.ENOMEM: "there is no memory left. Close other programs, or restart the notebook's kernel",
    errno.ENAMETOOLONG: "its name is too long for the disk. Choose a shorter one",
    errno.EFBIG: "its disk holds no file as large as that. Use another disk",
    errno.EISDIR: "a folder of that name is in its place. Remove it, or choose another name",
}


def one_line(error: BaseException, longest: int = 300) -> str:
    """What an error says, on one line and not at length: Keras adds the whole architecture, TensorFlow pages.

    Example:
        >>> one_line(KeyError())
        'KeyError'
    """
    text = " ".join(str(error).split()).rstrip(".") or type(error).__name__
    text = "".join(letter if letter.isprintable() else "?" for letter in text[: longest + 1])
    return text if len(text) <= longest else f"{text[:longest]} ..."


def number_of(error: BaseException) -> int | None:
    """The system's number of a fault, which HDF5 may tell in its text alone; None where there is none."""
    if not isinstance(error, OSError | RuntimeError):
        return None
    told = re.search(r"\berrno = (\d+)", str(error))
    return getattr(error, "errno", None) or (int(told[1]) if told else None)


def in_a_sentence(number: int, sentence: str) -> OSError:
    """An error of the kind that the system has for a number, which says a sentence and nothing else."""
    said = type(OSError(number, ""))(sentence)
    said.errno = number
    return said


def unreadable(error: BaseException, path: str | os.PathLike) -> OSError | None:
    """A fault of the disk in reading `path`, as one sentence.

    Args:
        error: what was raised.
        path: the file that was read.

    Returns:
        An error of the same kind and number; None where it is none of the disk, so that the file may be damaged.

    Example:
        >>> unreadable(OSError(errno.ENODEV, "No such device"), "generator.h5")
        OSError('generator.h5 could not be read: there is no such device any more: ...')
    """
    number = number_of(error)
    reason = FAULTS.get(number)
    if number in FORBIDDEN:
        reason = "you may not read it. Ask its owner, or take a copy that is yours"
    return (
        in_a_sentence(number, f"{path} could not be read: {reason}. The file itself may be whole") if reason else None
    )


def see_file(path: str | os.PathLike, missing: str) -> None:
    """See that there is a file.

    Raises:
        FileNotFoundError: there is none; it says `missing`.
        OSError: its disk cannot tell.
    """
    try:
        there = stat.S_ISREG(os.stat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        there = False
    except OSError as error:
        raise unreadable(error, path) or error from None
    if not there:
        raise FileNotFoundError(missing)
