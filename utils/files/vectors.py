"""Vectors as files: text that a person can read and edit, NumPy's .npy, and JSON. Nothing that is read is executed."""

import json
import os
import re
import sys
from pathlib import Path

import numpy as np

from utils.files.errors import one_line, unreadable
from utils.files.whole import write_text, write_whole

MAX_TEXT = 4 * 2**20  # characters: some 3,000 vectors of 100 values; a longer text is no list of vectors typed or saved
MAX_VALUES = 16 * 2**20  # numbers in a .npy: 128 MiB in memory


def vectors_to_text(Z: np.ndarray) -> str:
    """Write vectors as the `repr` of an array, every value with as many digits as it takes to read it back exactly.

    Args:
        Z: float (n, latent_dim), or one vector (latent_dim,).

    Returns:
        `array([[...]])`, with a `dtype=float32` where the values are float32.

    Raises:
        ValueError: Z is no array of vectors, is empty, or holds NaN or infinity.

    Example:
        >>> vectors_to_text(np.float32([[0.1, -2]]))
        'array([[ 0.1, -2. ]], dtype=float32)'
    """
    Z = _checked(Z)
    # NumPy shows 8 digits and shortens long arrays unless told otherwise; someone's settings may even be shorter
    exact = {"floatmode": "unique", "threshold": sys.maxsize, "linewidth": 100, "suppress": False, "formatter": None}
    with np.printoptions(**exact, sign="-", legacy=False):
        return repr(Z)


def vectors_from_text(text: str, source: str = "this text") -> np.ndarray:
    """Read vectors from text, whatever wrote it: `vectors_to_text`, `repr` or `print(repr(Z))`, or a person.

    Args:
        text: nested lists of numbers, bare or in `array(...)` or `np.array(...)`, over any number of lines; a number
            may stand in `np.float32(...)`, as NumPy 2 shows it, and a minus may be typographic. Or numbers with decimal
            commas, `0,5;-1,2`, between semicolons, blanks or tabs, a vector a line, as French tables have them. Or
            plain numbers between blanks, a vector a line; one number a line is one vector. Where a comma could be
            either, nothing is read. Parsed as literals; nothing is executed.
        source: what errors call it, a file's name for example.

    Returns:
        (n, latent_dim), float32 if the text says `dtype=float32`, else float64. A single vector gives (1, latent_dim).

    Raises:
        ValueError: the text is too long, shortened by `...`, ragged, or holds anything but finite numbers; the message
            names line and column.

    Example:
        >>> vectors_from_text("np.array([[0.5, -1], [2, 0]])")
        array([[ 0.5, -1. ],
               [ 2. ,  0. ]])
    """
    if len(text) > MAX_TEXT:
        raise ValueError(f"{source} is longer than {MAX_TEXT:,} characters, too long for a list of vectors")
    text = text.translate(_MINUS)
    try:
        table = _table(text) or _plain(text)
        rows, dtype = (table, np.float64) if table else _literal(text)
    except ValueError as error:
        raise ValueError(f"{source} is not an array of numbers such as array([[0.5, -1.2]]): {error}") from None
    return _rectangular(rows, dtype, source)


def write_vectors(path: str | os.PathLike, Z: np.ndarray) -> Path:
    """Write vectors to a file from which `read_vectors` gives the same values.

    Args:
        path: the file; its name says how. Vec_0.npy is NumPy's own format, Vec_0.json is for other programs, any other
            name (Vec_0.txt by custom) is text to read and edit.
        Z: float (n, latent_dim), or one vector (latent_dim,).

    Returns:
        The path.

    Raises:
        ValueError: Z is no array of vectors, is empty, holds NaN or infinity, or more numbers than would be read again.
    """
    path, Z = Path(path), _checked(Z)
    if path.suffix.lower() == ".npy":
        _see_count(Z, path)
        with write_whole(path) as temporary, open(temporary, "wb") as file:
            np.save(file, Z, allow_pickle=False)
        return path
    if path.suffix.lower() == ".json":
        text = json.dumps({"dtype": Z.dtype.name, "Z": Z.tolist()}) + "\n"
    else:
        text = vectors_to_text(Z) + "\n"
    if len(text) > MAX_TEXT:
        raise ValueError(f"{len(Z):,} vectors are too many for {path}: give a name in .npy, or several files")
    return write_text(path, text)


def read_vectors(path: str | os.PathLike) -> np.ndarray:
    """Read the vectors of a file: ours, the original's, or one typed by hand.

    Args:
        path: a file that `write_vectors` wrote, or any .npy array (n, latent_dim) of numbers, or JSON with nested lists
            of numbers (alone, or under "Z" beside a "dtype"), or text, UTF-8. Nothing in it is executed.

    Returns:
        (n, latent_dim), float32 or float64 as the file says; see `vectors_from_text`.

    Raises:
        FileNotFoundError: there is no such file; the message says where it was looked for.
        ValueError: the file holds no array of finite numbers, or too many; the message names the file and the reason.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(
            f"there is no file {path.absolute()}: give the path of one, from the project's folder on"
        )
    if path.suffix.lower() == ".npy":
        return _from_npy(path)
    if path.stat().st_size > 4 * MAX_TEXT:  # a character takes up to 4 bytes
        raise ValueError(f"{path} is larger than {4 * MAX_TEXT:,} bytes, too long for a list of vectors")
    try:
        text = path.read_text(encoding="utf-8-sig")  # -sig: Windows' Notepad may put a mark before the text
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8 text; save it again as UTF-8") from None
    return _from_json(text, str(path)) if path.suffix.lower() == ".json" else vectors_from_text(text, source=str(path))


def _from_npy(path: Path) -> np.ndarray:
    try:  # mapped, so that a header that promises more than the file holds reserves no memory for it
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)
        if not isinstance(mapped, np.ndarray):
            raise ValueError("it is an .npz archive of arrays")
    except FileNotFoundError:
        raise
    except Exception as error:  # a damaged header can fail in any way
        raise unreadable(error, path) or ValueError(
            f"{path} is not a NumPy array of numbers: {one_line(error)}"
        ) from None
    if mapped.dtype.kind not in "fiu":
        raise ValueError(f"{path} holds {_shown(str(mapped.dtype))}, not numbers")
    _see_count(mapped, path)
    Z = np.array(mapped, mapped.dtype.newbyteorder("=") if mapped.dtype.kind == "f" else np.float64)
    return _checked(Z, str(path))


def _see_count(Z: np.ndarray, path: Path) -> None:
    if Z.size > MAX_VALUES:
        raise ValueError(f"{path}: {Z.size:,} numbers are more than {MAX_VALUES:,}: cut the vectors into several files")


def _from_json(text: str, source: str) -> np.ndarray:
    if len(text) > MAX_TEXT:
        raise ValueError(f"{source} is longer than {MAX_TEXT:,} characters, too long for a list of vectors")
    dtype = np.float64
    try:
        value = json.loads(text)
        if isinstance(value, dict):
            name = value.get("dtype", "float64")
            if name not in ("float16", "float32", "float64"):
                raise ValueError(f"the dtype {str(name)[:40]!r} is not known; leave it out or write float32")
            value, dtype = value.get("Z"), getattr(np, name)
        rows = _floats(value)
    except (ValueError, OverflowError, RecursionError, MemoryError) as error:
        raise ValueError(
            f"{source} is not JSON with lists of numbers such as [[0.5, -1.2]]: {one_line(error)}"
        ) from None
    return _rectangular(rows, dtype, source)


def _floats(value):
    """Nested lists of plain numbers as nested lists of floats."""
    if isinstance(value, list):
        return [_floats(element) for element in value]
    if type(value) in (int, float):
        return float(value)
    raise ValueError(f"{str(value)[:40]!r} is not a number")


def _rectangular(rows, dtype: type, source: str) -> np.ndarray:
    """Nested lists of floats as an array (n, latent_dim), or the reason why they are none."""
    if not isinstance(rows, list):
        raise ValueError(f"{source} must hold rows of numbers, an array of shape (n, latent_dim)")
    rows = rows if rows and isinstance(rows[0], list) else [rows]
    lengths = sorted({len(row) if isinstance(row, list) else 0 for row in rows})
    if len(lengths) > 1:
        raise ValueError(f"{source} has rows of different lengths ({lengths[0]} to {lengths[-1]} values)")
    if lengths == [0] or any(isinstance(value, list) for row in rows for value in row):
        raise ValueError(f"{source} must hold rows of numbers, an array of shape (n, latent_dim)")
    with np.errstate(over="ignore"):  # too large for the dtype becomes infinity, refused just below
        Z = np.array(rows, np.float64).astype(dtype)
    if not np.isfinite(Z).all():
        raise ValueError(f"{source} holds NaN, or a number too large for {np.dtype(dtype).name}")
    return Z


def _checked(Z, source: str = "") -> np.ndarray:
    """Vectors as an array (n, latent_dim) that every format here can hold, or the reason why not."""
    Z, source = np.atleast_2d(np.asarray(Z)), f"{source}: " if source else ""
    if Z.ndim != 2 or Z.size == 0:
        raise ValueError(f"{source}vectors are an array (n, latent_dim) of 1 or more, not of shape {Z.shape}")
    if Z.dtype not in (np.float16, np.float32):
        Z = Z.astype(np.float64)
    if not np.isfinite(Z).all():
        raise ValueError(f"{source}the vectors hold NaN or infinity, which no generator can draw")
    return Z


# A word is a bracket, a comma, or what stands between them; Python's own parser takes 1.4 KiB for each number.
_WORD = re.compile(r"[\[\](),]|[^\s\[\](),]+")
_NUMBER = re.compile(r"[+-]?(\d+(_\d+)*\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_START = re.compile(r"\s*(?:[A-Za-z_]\w*\s*=(?!=))?\s*(?:([A-Za-z_][\w.]*)\s*\()?")
_CLOSES = {"]": "[", ")": "("}
_MINUS = dict.fromkeys(map(ord, "\u2212\u2013\ufe63\uff0d"), "-")  # as word processors and French typography have it
_TYPED = re.compile(r"\b(?:np|numpy)\.(float16|float32|float64|u?int\d+)\(\s*([^\s()\[\],]+)\s*\)")
_TABLE = re.compile(r"[+-]?\d+(?:,\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
# an integer, a comma without a blank, digits: a number with a decimal comma, or two numbers
_EITHER = re.compile(r"(?<![\w.])[+-]?\d+(,)\d+(?:[eE][+-]?\d+)?(?![\w.])", re.ASCII)
_POINT = re.compile(r"\d\.|\.\d", re.ASCII)
_LOOSE = re.compile(r"[\d.],[^\S\n]+[+-]?[\d.]", re.ASCII)


def _table(text: str) -> list | None:
    """Rows of numbers with decimal commas, between semicolons or blanks, one a line; None where it is no such table."""
    separator = ";" if ";" in text else None
    rows = [line.strip().removesuffix(";").split(separator) for line in text.splitlines() if line.strip()]
    words = [word.strip() for row in rows for word in row]
    if not any("," in word for word in words) or not all(map(_TABLE.fullmatch, words)):
        return None
    if min(map(len, rows)) < 2:  # 0,5 on a line of its own may be one number or two
        return None
    return [[float(word.strip().replace(",", ".")) for word in row] for row in rows]


def _plain(text: str) -> list | None:
    """Rows of numbers with blanks between them, one a line, or one number a line; None where there is anything else."""
    rows = [line.split() for line in re.sub("#[^\n]*", "", text).splitlines() if line.strip()]
    words = [word for row in rows for word in row]
    if len(words) < 2 or not all(len(word) < 400 and _NUMBER.fullmatch(word) for word in words):
        return None
    return [[float(word) for word in words]] if len(words) == len(rows) else [[float(w) for w in row] for row in rows]


def _literal(text: str) -> tuple[list, type]:
    """The nested lists in `[...]`, `array([...], dtype=...)`, `np.array([...])` or `Z = ...`, and their dtype."""
    text = re.sub("#[^\n]*", "", text)
    typed = {match[1] for match in _TYPED.finditer(text)}
    text = _TYPED.sub(_bare, text)
    if (either := _EITHER.search(text)) and (not _POINT.search(text) or _LOOSE.search(text)):
        left, right = either[0].split(",")
        raise ValueError(
            f"{_place(text, either.start())}: {_shown(either[0])} may be one number, {left}.{right[:20]}, or two; "
            "write a point in numbers, and a blank after each comma between them"
        )
    start = _START.match(text)
    end, dtype = len(text), np.float64
    if start[1]:
        if start[1] not in ("array", "np.array", "numpy.array"):
            raise ValueError(f"{_place(text, start.start(1))} calls {_shown(start[1])}, only array([...]) is known")
        inner = text.rstrip()
        if not inner.endswith(")"):
            raise ValueError(f"{_place(text, end)}: it does not end with )")
        head, _, last = inner[:-1].rstrip().removesuffix(",").rpartition(",")
        key, equals, name = last.partition("=")
        if equals:
            dtype = _dtype(key.strip(), name.strip())
        end = len(head) if equals else len(inner) - 1
    if typed == {"float32"} and dtype is np.float64:
        dtype = np.float32
    return _nested(text, start.end(), end), dtype


def _bare(match) -> str:
    """The number in `np.float32(0.5)`, with blanks around it: what follows keeps its line and column."""
    before, after = match[0].split(match[2])[0], match[0][match.end(2) - match.start() :]
    return re.sub(r"[^\n]", " ", before) + match[2] + re.sub(r"[^\n]", " ", after)


def _dtype(key: str, name: str) -> type:
    known = {"float16": np.float16, "float32": np.float32, "float64": np.float64, "float": np.float64}
    name = name.rpartition(".")[2].strip("'\"")
    if key != "dtype" or name not in known:
        raise ValueError(f"{_shown(f'{key}={name}')} is not known; leave it out or write dtype=float32")
    return known[name]


def _nested(text: str, start: int, end: int) -> list:
    """Nested lists of plain numbers, from words."""
    found = []
    open_lists, brackets = [found], []
    after_value = False
    for match in _WORD.finditer(text, start, end):
        word = match[0]
        if word == "," and after_value:
            after_value = False
        elif word in _CLOSES:
            if not brackets or brackets.pop() != _CLOSES[word]:
                raise ValueError(f"{_place(text, match.start())}: {word} closes nothing")
            open_lists.pop()
            after_value = True
        elif after_value and len(brackets) == 0:
            raise ValueError(f"{_place(text, match.start())}: it must hold one array and nothing else")
        elif after_value:
            raise ValueError(f"{_place(text, match.start())}: a comma is missing before {_shown(word)}")
        elif word in "[(":
            if len(brackets) == 8:
                raise ValueError("lists within lists within lists are no rows of numbers")
            brackets.append(word)
            open_lists[-1].append([])
            open_lists.append(open_lists[-1][-1])
        else:
            open_lists[-1].append(_number(word, text, match.start()))
            after_value = True
    if brackets:
        raise ValueError(f"{_place(text, end)}: {brackets[-1]} is never closed")
    if not found:
        raise ValueError("it must hold one array and nothing else")
    return found[0] if len(found) == 1 and isinstance(found[0], list) else found


def _number(word: str, text: str, place: int) -> float:
    if "..." in word:
        raise ValueError("it was shortened, '...' stands for values that are lost; write it with write_vectors")
    if len(word) > 400 or not _NUMBER.fullmatch(word):
        raise ValueError(f"{_place(text, place)} holds {_shown(word)}, which is not a finite number")
    return float(word)


def _shown(text: str) -> str:
    """A piece of the text as a sentence can hold it: short, and without line ends or control characters."""
    return repr(text[:40])[1:-1]


def _place(text: str, place: int) -> str:
    return f"line {text.count(chr(10), 0, place) + 1}, column {place - text.rfind(chr(10), 0, place)}"
