"""Vectors as files: text that a person can read and edit, NumPy's .npy, and JSON. Nothing that is read is executed."""

import ast
import json
import os
import sys
from pathlib import Path

import numpy as np

from utils.files import write_text, write_whole

MAX_TEXT = 4 * 2**20  # characters: some 3,000 vectors of 100 values; a longer text is no list of vectors typed or saved


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
        text: nested lists of numbers, bare or in `array(...)` or `np.array(...)`, over any number of lines. Parsed as
            literals; nothing is executed.
        source: what errors call it, a file's name for example.

    Returns:
        (n, latent_dim), float32 if the text says `dtype=float32`, else float64. A single vector gives (1, latent_dim).

    Raises:
        ValueError: the text is too long, shortened by `...`, ragged, or holds anything but finite numbers.

    Example:
        >>> vectors_from_text("np.array([[0.5, -1], [2, 0]])")
        array([[ 0.5, -1. ],
               [ 2. ,  0. ]])
    """
    if len(text) > MAX_TEXT:
        raise ValueError(f"{source} is longer than {MAX_TEXT:,} characters, too long for a list of vectors")
    try:
        node, dtype = _literal(text)
        rows = _numbers(node)
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError) as error:
        reason = f"line {error.lineno}: {error.msg}" if isinstance(error, SyntaxError) else str(error)
        raise ValueError(f"{source} is not an array of numbers such as array([[0.5, -1.2]]): {reason}") from None
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
        ValueError: Z is no array of vectors, is empty, or holds NaN or infinity.
    """
    path, Z = Path(path), _checked(Z)
    if path.suffix.lower() == ".npy":
        with write_whole(path) as temporary, open(temporary, "wb") as file:
            np.save(file, Z, allow_pickle=False)
        return path
    if path.suffix.lower() == ".json":
        return write_text(path, json.dumps({"dtype": Z.dtype.name, "Z": Z.tolist()}) + "\n")
    return write_text(path, vectors_to_text(Z) + "\n")


def read_vectors(path: str | os.PathLike) -> np.ndarray:
    """Read the vectors of a file: ours, the original's, or one typed by hand.

    Args:
        path: a file that `write_vectors` wrote, or any .npy array (n, latent_dim) of numbers, or JSON with nested lists
            of numbers (alone, or under "Z" beside a "dtype"), or text, UTF-8. Nothing in it is executed.

    Returns:
        (n, latent_dim), float32 or float64 as the file says; see `vectors_from_text`.

    Raises:
        ValueError: the file holds no array of finite numbers, or too many; the message names the file and the reason.
    """
    path = Path(path)
    if path.stat().st_size > 4 * MAX_TEXT:  # a character takes up to 4 bytes
        raise ValueError(f"{path} is larger than {4 * MAX_TEXT:,} bytes, too long for a list of vectors")
    if path.suffix.lower() == ".npy":
        return _from_npy(path)
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
    except (ValueError, EOFError, OSError, OverflowError) as error:
        raise ValueError(f"{path} is not a NumPy array of numbers: {error}") from None
    if mapped.dtype.kind not in "fiu":
        raise ValueError(f"{path} holds {mapped.dtype}, not numbers")
    Z = np.array(mapped, mapped.dtype.newbyteorder("=") if mapped.dtype.kind == "f" else np.float64)
    return _checked(Z, str(path))


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
        raise ValueError(f"{source} is not JSON with lists of numbers such as [[0.5, -1.2]]: {error}") from None
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


def _literal(text: str) -> tuple[ast.expr, type]:
    """The nested list in `[...]`, `array([...], dtype=...)`, `np.array([...])` or `Z = ...`, and its dtype."""
    body = ast.parse(text.strip()).body
    if len(body) != 1 or not isinstance(body[0], ast.Expr | ast.Assign):
        raise ValueError("it must hold one array and nothing else")
    node = body[0].value
    if not isinstance(node, ast.Call):
        return node, np.float64
    if ast.unparse(node.func) not in ("array", "np.array", "numpy.array") or len(node.args) != 1:
        raise ValueError(f"line {node.lineno} calls {ast.unparse(node.func)[:40]}, only array([...]) is known")
    dtype = np.float64
    for keyword in node.keywords:
        name = ast.unparse(keyword.value).rpartition(".")[2].strip("'\"")
        if keyword.arg != "dtype" or name not in ("float16", "float32", "float64", "float"):
            raise ValueError(f"{ast.unparse(keyword)[:40]} is not known; leave it out or write dtype=float32")
        dtype = getattr(np, name) if name != "float" else np.float64
    return node.args[0], dtype


def _numbers(node: ast.expr):
    """The value of nested lists of plain numbers."""
    if isinstance(node, ast.List | ast.Tuple):
        return [_numbers(element) for element in node.elts]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        value = _numbers(node.operand)
        if isinstance(value, float):
            return -value if isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return float(node.value)
    if isinstance(node, ast.Constant) and node.value is Ellipsis:
        raise ValueError("it was shortened, '...' stands for values that are lost; write it with write_vectors")
    raise ValueError(f"line {node.lineno} holds {ast.unparse(node)[:40]}, which is not a finite number")
