"""The latent space: points in it, paths between them, the images along the way, and vectors kept as text.

A latent vector Z is what the generator turns into one image. Points are drawn from a standard normal distribution,
as in training; a path is an array of points, one row a step; `generate_images` draws any array of points.

Vectors travel as text: the `repr` of an array, which a person can read, edit and paste into a notebook. It is read
back as literals and never executed.
"""

import ast
import hashlib
import math
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from utils.files import write_text
from utils.images import to_uint8

MAX_TEXT = 4 * 2**20  # characters: some 3,000 vectors of 100 values; a longer text is no list of vectors typed or saved

Walk = Callable[[np.ndarray, np.ndarray, int], np.ndarray]


# ---------------------------------------------------------------------------------------------------------------------
# Points and paths


def generate_latent_points(
    latent_dim: int, n_samples: int, seed: int | np.random.Generator | None = None
) -> np.ndarray:
    """Draw points of the latent space.

    Args:
        latent_dim: length of a latent vector (`z_dim` of the generator).
        n_samples: number of points.
        seed: an int for the same points every time, a `numpy.random.Generator`, or None for new ones.

    Returns:
        float32 (n_samples, latent_dim), standard normal: 99.7 % of the values lie between -3 and 3.

    Example:
        >>> generate_latent_points(100, 2, seed=1).shape
        (2, 100)
    """
    return np.random.default_rng(seed).standard_normal((n_samples, latent_dim), dtype=np.float32)


def interpolate_points(p1: np.ndarray, p2: np.ndarray, n_steps: int = 20) -> np.ndarray:
    """Walk from one point to another in a straight line.

    Args:
        p1: where the path starts, float (latent_dim,).
        p2: where it ends, float (latent_dim,).
        n_steps: number of points on the path, both ends included; at least 2.

    Returns:
        float32 (n_steps, latent_dim); the first row is `p1`, the last is `p2`.

    Raises:
        ValueError: the two points are not vectors of one length, or there are fewer than 2 steps.

    Example:
        >>> interpolate_points([0.0, 0.0], [1.0, 2.0], 3)
        array([[0. , 0. ],
               [0.5, 1. ],
               [1. , 2. ]], dtype=float32)
    """
    p1, p2 = _two_ends(p1, p2, n_steps)
    ratios = np.linspace(0, 1, n_steps, dtype=np.float32)[:, None]  # (n_steps, 1)
    return (1 - ratios) * p1 + ratios * p2


def interpolate_spherical(p1: np.ndarray, p2: np.ndarray, n_steps: int = 20) -> np.ndarray:
    """Walk from one point to another along an arc around the origin.

    In many dimensions all normal points lie at about the same distance from the origin; a straight line cuts the
    corner through a middle where the generator was never trained, an arc stays where it was. Direction turns at a
    constant rate while the length goes evenly from one to the other. Where no single arc exists (a point at the
    origin, or two exactly opposite points) the path is the straight line.

    Args:
        p1: where the path starts, float (latent_dim,).
        p2: where it ends, float (latent_dim,).
        n_steps: number of points on the path, both ends included; at least 2.

    Returns:
        float32 (n_steps, latent_dim); the first row is `p1`, the last is `p2`.

    Raises:
        ValueError: the two points are not vectors of one length, or there are fewer than 2 steps.
    """
    p1, p2 = _two_ends(p1, p2, n_steps)
    a, b = p1.astype(np.float64), p2.astype(np.float64)
    length_a, length_b = np.linalg.norm(a), np.linalg.norm(b)
    if length_a == 0 or length_b == 0:
        return interpolate_points(p1, p2, n_steps)
    a, b = a / length_a, b / length_b
    # arctan2 of these two lengths keeps its precision for tiny angles, where arccos of the product loses it
    angle = 2 * math.atan2(np.linalg.norm(a - b), np.linalg.norm(a + b))
    if math.sin(angle) < 1e-6:  # the same direction, or the opposite one
        return interpolate_points(p1, p2, n_steps)
    ratios = np.linspace(0, 1, n_steps)[:, None]  # (n_steps, 1)
    directions = (np.sin((1 - ratios) * angle) * a + np.sin(ratios * angle) * b) / math.sin(angle)
    walk = (directions * ((1 - ratios) * length_a + ratios * length_b)).astype(np.float32)
    walk[0], walk[-1] = p1, p2
    return walk


def closed_loop(points: Sequence[np.ndarray], n_steps: int, path: Walk = interpolate_points) -> np.ndarray:
    """Walk through key points and back to the first, so that an animation of the walk repeats without a jump.

    Args:
        points: the key points in their order, float (k, latent_dim), k at least 2.
        n_steps: number of points on the whole loop, at least k. They are shared out over the k stretches as evenly as
            whole numbers allow, and every key point is one of them.
        path: how to go from one key point to the next: `interpolate_points`, `interpolate_spherical`, or any function
            of (p1, p2, n_steps) that includes both ends.

    Returns:
        float32 (n_steps, latent_dim). The first row is the first key point; it is not repeated at the end, the last row
        is one step before it.

    Raises:
        ValueError: fewer than 2 key points, or fewer steps than key points.

    Example:
        >>> closed_loop([[0.0], [1.0]], 4).ravel()
        array([0. , 0.5, 1. , 0.5], dtype=float32)
    """
    points = np.asarray(points, np.float32)
    if points.ndim != 2 or len(points) < 2:
        raise ValueError(f"a closed loop needs 2 or more key points, an array (k, latent_dim), not {points.shape}")
    if n_steps < len(points):
        raise ValueError(f"a loop through {len(points)} key points needs at least as many steps, not {n_steps}")
    marks = np.arange(len(points) + 1) * n_steps // len(points)  # the frame at which each key point is reached
    ends = np.roll(points, -1, axis=0)
    stretches = zip(points, ends, np.diff(marks), strict=True)
    return np.concatenate([path(start, end, int(steps) + 1)[:-1] for start, end, steps in stretches])


def _two_ends(p1, p2, n_steps: int) -> tuple[np.ndarray, np.ndarray]:
    p1, p2 = np.asarray(p1, np.float32), np.asarray(p2, np.float32)
    if p1.ndim != 1 or p1.shape != p2.shape:
        raise ValueError(f"a path joins two vectors of one length, not shapes {p1.shape} and {p2.shape}")
    if n_steps < 2:
        raise ValueError(f"a path has 2 steps or more, its two ends, not {n_steps}")
    return p1, p2


# ---------------------------------------------------------------------------------------------------------------------
# Through the generator


def generate_images(generator, Z: np.ndarray, batch_size: int = 64) -> np.ndarray:
    """Draw the image of every latent vector, with a progress bar if it takes more than two seconds.

    Args:
        generator: a Keras model, or any function, from float32 (n, latent_dim) to images (n, h, w, c) in [-1, 1].
        Z: the vectors, float (n, latent_dim).
        batch_size: how many are drawn at once; it bounds the memory, not the result.

    Returns:
        uint8 (n, h, w, c), 0 to 255.

    Raises:
        ValueError: Z is not an array of vectors of the generator's length, or the generator draws NaN.

    Example:
        >>> images = generate_images(generator, generate_latent_points(100, 25, seed=1))
    """
    from utils.progress import tqdm

    Z = np.asarray(Z, np.float32)
    if Z.ndim != 2 or len(Z) == 0:
        raise ValueError(f"Z must be an array of vectors, (n, latent_dim) with n of 1 or more, not of shape {Z.shape}")
    expected = _latent_dim(generator)
    if expected is not None and Z.shape[1] != expected:
        raise ValueError(
            f"the vectors have {Z.shape[1]} values, this generator reads {expected}: "
            f"draw them with generate_latent_points({expected}, {len(Z)}), or load the generator they were made for"
        )
    draw = getattr(generator, "predict_on_batch", generator)
    images = None
    with tqdm(total=len(Z), desc="Images", unit="image", delay=2) as progress:
        for start in range(0, len(Z), batch_size):
            batch = np.asarray(draw(Z[start : start + batch_size]), np.float32)  # (batch, h, w, c)
            if not np.isfinite(batch).all():
                raise ValueError("the generator draws NaN or infinity: its weights are damaged, load an earlier file")
            if images is None:
                images = np.empty((len(Z), *batch.shape[1:]), np.uint8)
            images[start : start + len(batch)] = to_uint8(batch)
            progress.update(len(batch))
    return images


def fingerprint(generator) -> str:
    """Name a generator by what it learnt, so that an image can say which generator drew it.

    Args:
        generator: a Keras model.

    Returns:
        16 hexadecimal digits of a SHA-256 over the weights' shapes and float32 values: the same before saving and
        after loading, on any machine, and different after any training step.

    Raises:
        TypeError: it has no weights to read.
    """
    if not hasattr(generator, "get_weights"):
        raise TypeError(f"a fingerprint is made from a Keras model's weights; {type(generator).__name__} has none")
    digest = hashlib.sha256()
    for weight in generator.get_weights():
        digest.update(repr(tuple(weight.shape)).encode())
        digest.update(np.ascontiguousarray(weight, "<f4").tobytes())
    return digest.hexdigest()[:16]


def _latent_dim(generator) -> int | None:
    """The length of the vectors that a Keras generator reads, None for a plain function."""
    shape = getattr(generator, "input_shape", None)
    return shape[-1] if isinstance(shape, tuple) and isinstance(shape[-1], int) else None


# ---------------------------------------------------------------------------------------------------------------------
# Vectors as text


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
    Z = np.atleast_2d(np.asarray(Z))
    if Z.ndim != 2 or Z.size == 0:
        raise ValueError(f"vectors are an array (n, latent_dim) of 1 or more, not of shape {Z.shape}")
    if Z.dtype not in (np.float16, np.float32):
        Z = Z.astype(np.float64)
    if not np.isfinite(Z).all():
        raise ValueError("the vectors hold NaN or infinity, which no generator can draw")
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
    rows = rows if rows and isinstance(rows[0], list) else [rows]
    lengths = sorted({len(row) if isinstance(row, list) else 0 for row in rows})
    if len(lengths) > 1:
        raise ValueError(f"{source} has rows of different lengths ({lengths[0]} to {lengths[-1]} values)")
    if lengths == [0] or any(isinstance(value, list) for row in rows for value in row):
        raise ValueError(f"{source} must hold rows of numbers, an array of shape (n, latent_dim)")
    with np.errstate(over="ignore"):  # too large for the dtype becomes infinity, refused just below
        Z = np.array(rows, np.float64).astype(dtype)
    if not np.isfinite(Z).all():
        raise ValueError(f"{source} holds a number too large for {np.dtype(dtype).name}")
    return Z


def write_vectors(path: str | os.PathLike, Z: np.ndarray) -> Path:
    """Write vectors to a text file such as Vec_0.txt, from which `read_vectors` gives the same values.

    Args:
        path: the file.
        Z: float (n, latent_dim), or one vector (latent_dim,).

    Returns:
        The path.
    """
    return write_text(path, vectors_to_text(Z) + "\n")


def read_vectors(path: str | os.PathLike) -> np.ndarray:
    """Read the vectors of a text file: ours, the original's, or one typed by hand.

    Args:
        path: the file, UTF-8.

    Returns:
        (n, latent_dim), float32 or float64 as the file says; see `vectors_from_text`.

    Raises:
        ValueError: the file holds no array of finite numbers; the message names the file and the reason.
    """
    path = Path(path)
    if path.stat().st_size > 4 * MAX_TEXT:  # a character takes up to 4 bytes
        raise ValueError(f"{path} is larger than {4 * MAX_TEXT:,} bytes, too long for a list of vectors")
    try:
        text = path.read_text(encoding="utf-8-sig")  # -sig: Windows' Notepad may put a mark before the text
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8 text; save it again as UTF-8") from None
    return vectors_from_text(text, source=str(path))


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
