"""Patterns of Z: sequences of latent vectors that are set by a rule on the grid of their heat map.

100 values make a grid of 10 x 10: value 0 top left, value 9 top right, value 99 bottom right. The original's Z-anim
animations move a row, slide a block over the grid and sweep through constants; its examples set one half of the grid.

    row         one row at a value, moving down the grid
    block       a block of values, sliding over the grid, in alternating directions from row to row
    quadrants   a block in one quadrant of the grid after the other, rising 1, 2, 3 in each
    constants   all values equal, from the lower limit to the upper
    upper       the upper half from the lower limit to the upper, the lower half 0
    lower       the lower half likewise
    coordinate  a single value from the lower limit to the upper
    mask        the values that a mask selects, from the lower limit to the upper
"""

from collections.abc import Sequence

import numpy as np

from utils.figures.heatmaps import grid_shape

PATTERNS = ("row", "block", "quadrants", "constants", "upper", "lower", "coordinate", "mask")


def pattern(
    name: str,
    latent_dim: int = 100,
    value: float | np.ndarray = 3.0,
    size: int = 5,
    limits: tuple[float, float] = (-3.0, 3.0),
    n_steps: int = 25,
    index: int | tuple[int, int] | None = None,
    mask: np.ndarray | Sequence[int] | None = None,
    start: np.ndarray | None = None,
) -> np.ndarray:
    """Make the vectors of a pattern, one row per frame.

    Args:
        name: one of `PATTERNS`; see the module's docstring.
        latent_dim: length of a vector.
        value: the value of "row" and "block": a number, or an array of the shape of the row or block; of "quadrants",
            the highest of three.
        size: side of the block, in cells.
        limits: the lower and upper limit of the other patterns.
        n_steps: number of frames of the other patterns, 2 or more; 25 go from -3 to 3 by quarters.
        index: the value that "coordinate" changes: its index, or its (row, column) in the grid.
        mask: the values that "mask" changes: booleans or weights of the grid's or the vector's shape, or a list of
            indices.
        start: the vector (latent_dim,) on which the pattern is placed; zeros if None.

    Returns:
        float32 (frames, latent_dim): one frame per row ("row"), position of the block ("block") or quadrant and value
        ("quadrants", 12), else `n_steps`.

    Raises:
        ValueError: an unknown name, or an argument out of range; the message says which.

    Example:
        >>> pattern("row")[2].reshape(10, 10)[:4, :3]
        array([[0., 0., 0.],
               [0., 0., 0.],
               [3., 3., 3.],
               [0., 0., 0.]], dtype=float32)
    """
    if name not in PATTERNS:
        raise ValueError(f"no pattern is called {name!r}; there are {', '.join(PATTERNS)}")
    start = np.zeros(latent_dim, np.float32) if start is None else np.asarray(start, np.float32).ravel()
    if len(start) != latent_dim:
        raise ValueError(f"start has {len(start)} values, the vectors of this pattern have {latent_dim}")
    rows, columns = grid_shape(latent_dim)
    if name == "row":
        return _place_patch(start, [(row, 0) for row in range(rows)], (1, columns), value)
    if name == "block":
        if not 1 <= size <= min(rows, columns):
            raise ValueError(f"a block of {size} x {size} does not fit into a grid of {rows} x {columns}")
        across = range(columns - size + 1)
        positions = [
            (row, column) for row in range(rows - size + 1) for column in (across if row % 2 == 0 else across[::-1])
        ]
        return _place_patch(start, positions, (size, size), value)
    if name == "quadrants":
        half = (rows + 1) // 2, (columns + 1) // 2
        corners = [(row, column) for row in (0, rows - half[0]) for column in (0, columns - half[1])]
        levels = np.asarray(value, np.float32) * np.array([1, 2, 3], np.float32) / 3
        return np.concatenate([_place_patch(start, [corner], half, level) for corner in corners for level in levels])
    weights = _weights(name, latent_dim, index, mask)
    if n_steps < 2:
        raise ValueError(f"the pattern {name!r} goes from {limits[0]} to {limits[1]} in 2 steps or more, not {n_steps}")
    levels = np.linspace(*limits, n_steps)[:, None]
    return np.where(weights == 0, start, levels * weights).astype(np.float32)


def _place_patch(start: np.ndarray, positions: list[tuple[int, int]], shape: tuple[int, int], value) -> np.ndarray:
    """Place a patch of the given shape on the grid of `start`, with its corner at one position per frame."""
    try:
        patch = np.broadcast_to(np.asarray(value, np.float32), shape)
    except ValueError:
        raise ValueError(f"value is a number or an array of {shape[0]} x {shape[1]}, not {np.shape(value)}") from None
    rows, columns = grid_shape(len(start))
    grids = np.zeros((len(positions), rows * columns), np.float32)
    grids[:, : len(start)] = start
    grids = grids.reshape(-1, rows, columns)
    for grid, (row, column) in zip(grids, positions, strict=True):
        grid[row : row + shape[0], column : column + shape[1]] = patch
    return grids.reshape(len(positions), -1)[:, : len(start)]  # without the cells beyond the last value


def _weights(name: str, latent_dim: int, index, mask) -> np.ndarray:
    """The weight of each value in a sweep, float (latent_dim,); values of weight 0 are not changed."""
    rows, columns = grid_shape(latent_dim)
    weights = np.zeros(latent_dim)
    half = rows // 2 * columns if rows % 2 == 0 else latent_dim // 2
    if name == "constants":
        weights[:] = 1
    elif name == "upper":
        weights[:half] = 1
    elif name == "lower":
        weights[half:] = 1
    elif name == "coordinate":
        if isinstance(index, tuple):
            row, column = index
            if not (0 <= row < rows and 0 <= column < columns):
                raise ValueError(f"index {index} lies outside the grid of {rows} x {columns}")
            index = row * columns + column
        if index is None or not 0 <= index < latent_dim:
            raise ValueError(f"the pattern 'coordinate' needs an index from 0 to {latent_dim - 1}, not {index}")
        weights[index] = 1
    else:
        weights = _mask(mask, latent_dim, (rows, columns))
    return weights


def _mask(mask, latent_dim: int, shape: tuple[int, int]) -> np.ndarray:
    """A user's mask as one weight per value, float (latent_dim,)."""
    if mask is None:
        raise ValueError(
            f"the pattern 'mask' needs a mask: an array of {latent_dim} values or of {shape[0]} x {shape[1]}"
        )
    given = np.asarray(mask)
    if given.shape in ((latent_dim,), shape):
        weights = given.astype(float).ravel()[:latent_dim]
        if np.isfinite(weights).all() and weights.any():
            return weights
        raise ValueError("the mask chooses no value, or holds NaN or infinity")
    chosen = given.ravel()
    if not (np.issubdtype(given.dtype, np.integer) and len(chosen) and set(chosen) <= set(range(latent_dim))):
        raise ValueError(
            f"the mask has shape {given.shape}; it must hold {latent_dim} values, or {shape[0]} x {shape[1]}, or "
            f"numbers of values from 0 to {latent_dim - 1}"
        )
    weights = np.zeros(latent_dim)
    weights[chosen] = 1
    return weights
