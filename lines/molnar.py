"""Concentric squares with displaced corners, after Vera Molnár's (Dés)Ordres of 1974.

Molnár had a plotter draw a grid of concentric squares, seventeen by seventeen in one sheet of the series, and then
disturbed that order step by step: squares left out at random, corners moved by a random distance below a limit. The
title can be read as "disorders" and as "some orders".

The rules, on paper of 128 x 128:

- `grid` cells per side, each with `nested` evenly spaced squares around one centre;
- a square is drawn with the probability `kept`;
- each corner moves horizontally and vertically by up to `disorder` times half the space between two squares: up to 1 a
  square stays within the next one, beyond that they cross;
- each square has one of two pens at random, `pen_1` or `pen_2`, which may be the same;
- `hand` is the seed of all random decisions within the image.
"""

import numpy as np

from lines.chance import HANDS, between, chance, checked, generator, numbered
from lines.outlines import SIZE, coverage, ink, outlines

PAPER = np.array((247, 243, 233), np.uint8)
PENS = np.array([(32, 31, 36), (196, 42, 38), (36, 66, 152)], np.uint8)  # black, red, blue
PARAMETERS = {
    "grid": (1, 32),
    "nested": (1, 32),
    "kept": (0.0, 1.0),
    "disorder": (0.0, 8.0),
    "pen_1": (0, len(PENS) - 1),
    "pen_2": (0, len(PENS) - 1),
    "hand": (0, HANDS),
}
_PENS = (("black", "noir"), ("red", "rouge"), ("blue", "bleu"))
NAMES = {  # of the parameters, for people: English, French, and those of their values
    "grid": ("cells a side", "cases par côté"),
    "nested": ("squares in a cell", "carrés par case"),
    "kept": ("squares kept", "carrés gardés"),
    "disorder": ("disorder", "désordre"),
    "pen_1": ("first pen", "premier stylo", _PENS),
    "pen_2": ("second pen", "second stylo", _PENS),
}
WIDTH = 0.9
MARGIN = 8  # around the grid
CORNERS = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])
_KEPT, _MOVED, _PEN = range(3)  # purposes of chance


def sample(n: int, seed: int | np.random.Generator | None = None) -> dict[str, np.ndarray]:
    """Sample the parameters of `n` random images.

    Args:
        n: number of images, at least 1.
        seed: as in `lines.sample`.

    Returns:
        Dict of seven arrays (n,): grid in 2..7, nested in 3..10, so that squares are at least about 2 pixels apart,
        kept in 0.6..1, disorder in 0..2, pens in 0..2, hand.

    Example:
        >>> images = draw(sample(9, seed=1), size=512)
    """
    rng = generator(n, seed)
    grid = rng.integers(2, 8, n)
    most = np.clip((SIZE - 2 * MARGIN) / grid / 2 / 2, 3, 10).astype(np.int64)  # 2 pixels apart
    pen_1, pen_2 = rng.integers(len(PENS), size=(2, n))
    return {
        "grid": grid,
        "nested": rng.integers((most + 3) // 2, most + 1),
        "kept": between(rng, 0.6, 1, n),
        "disorder": between(rng, 0, 2, n),
        "pen_1": pen_1,
        "pen_2": np.where(rng.random(n) < 0.5, pen_1, pen_2),
        "hand": rng.integers(HANDS, size=n),
    }


def squares(parameters: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The squares, drawn or not: `(image, item, corners)`, their image (m,), index there (m,), corners (m, 4, 2)."""
    grid, nested = parameters["grid"], parameters["nested"]
    image, item = numbered(grid**2 * nested)
    cell, ring = np.divmod(item, nested[image])
    row, column = np.divmod(cell, grid[image])
    side = ((SIZE - 2 * MARGIN) / grid)[image]
    space = side / (2 * nested[image] + 1)  # between two squares, and between the squares of two cells
    centres = MARGIN + np.stack([column + 0.5, row + 0.5], axis=1) * side[:, None]  # (m, 2)
    reach = (nested[image] - ring) * space  # from the centre to the sides
    moves = 2 * chance(parameters["hand"][image, None], _MOVED, item[:, None] * 8 + np.arange(8)) - 1
    moves *= (parameters["disorder"][image] * space / 2)[:, None]
    corners = centres[:, None] + CORNERS * reach[:, None, None] + moves.reshape(-1, 4, 2)
    return image, item, corners


def draw(parameters: dict[str, np.ndarray], size: int = SIZE) -> np.ndarray:
    """Draw images, uint8 (n, size, size, 3), antialiased; arguments and errors as in `lines.draw`."""
    parameters = checked(parameters, PARAMETERS, size)
    n = len(parameters["hand"])
    image, item, corners = squares(parameters)
    kept = chance(parameters["hand"][image], _KEPT, item) < parameters["kept"][image]
    pen = (chance(parameters["hand"][image], _PEN, item) < 0.5).astype(np.int64)
    images = PAPER
    for number, name in enumerate(("pen_1", "pen_2")):
        drawn = kept & (pen == number)
        strokes = outlines(corners[drawn]).reshape(-1, 4)
        covered = coverage(strokes, np.repeat(image[drawn], 4), n, size, WIDTH)
        images = ink(covered, PENS[parameters[name]], images)
    return images
