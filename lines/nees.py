"""Rows of squares with growing disorder, after Georg Nees' Schotter ("gravel") of 1968.

Nees had a plotter draw twenty-two rows of twelve squares, each square rotated and shifted at random, more and more
towards the bottom. Only the amount of disorder changes from the first row to the last.

The rules, in black on paper of 128 x 128:

- `columns` x `rows` squares, side by side, as large as the paper allows;
- disorder grows from 0 in the first row to 1 in the last as (row / last row) to the power of `onset`: evenly with 1,
  late with 3;
- at disorder 1 a square rotates by up to `turn` degrees either way, and moves horizontally and vertically by up to
  `shift` sides;
- `hand` is the seed of all random decisions within the image.
"""

import numpy as np

from lines.chance import HANDS, between, chance, checked, generator, numbered
from lines.outlines import SIZE, coverage, ink, outlines

PAPER = np.array((248, 246, 240), np.uint8)
INK = np.array((24, 24, 26), np.uint8)
PARAMETERS = {
    "columns": (1, 64),
    "rows": (1, 64),
    "onset": (0.0, 10.0),
    "turn": (0.0, 180.0),
    "shift": (0.0, 4.0),
    "hand": (0, HANDS),
}
NAMES = {  # of the parameters, for people: English, French
    "columns": ("squares in a row", "carrés par rangée"),
    "rows": ("rows", "rangées"),
    "onset": ("late disorder", "désordre tardif"),
    "turn": ("rotation", "rotation"),
    "shift": ("displacement", "déplacement"),
}
WIDTH = 0.9
MARGIN = 5
CORNERS = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)])
ROTATED_OVERHANG = np.sqrt(0.5) - 0.5  # how far a rotated square extends beyond its cell, in sides
_TURNED, _MOVED = range(2)  # purposes of chance


def sample(n: int, seed: int | np.random.Generator | None = None) -> dict[str, np.ndarray]:
    """Sample the parameters of `n` random images.

    Args:
        n: number of images, at least 1.
        seed: as in `lines.sample`.

    Returns:
        Dict of six arrays (n,): columns in 5..12, rows from columns to columns * 22 / 12, onset in 1..3, turn in
        20..90, shift in 0.2..0.9, hand.

    Example:
        >>> images = draw(sample(9, seed=1), size=512)
    """
    rng = generator(n, seed)
    columns = rng.integers(5, 13, n)
    return {
        "columns": columns,
        "rows": rng.integers(columns, columns * 22 // 12 + 1),
        "onset": between(rng, 1, 3, n),
        "turn": between(rng, 20, 90, n),
        "shift": between(rng, 0.2, 0.9, n),
        "hand": rng.integers(HANDS, size=n),
    }


def squares(parameters: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The squares: `(image, row, corners)`, their image (m,), row (m,) and corners (m, 4, 2)."""
    columns, rows = parameters["columns"], parameters["rows"]
    image, item = numbered(columns * rows)
    row, column = np.divmod(item, columns[image])
    room = ROTATED_OVERHANG + parameters["shift"]  # sides that the last row needs below it, and every row beside it
    side = (SIZE - 2 * MARGIN) / np.maximum(rows + room, columns + 2 * room)
    left, top = (SIZE - columns * side) / 2, (SIZE - (rows + room) * side) / 2
    disorder = (row / np.maximum(rows - 1, 1)[image]) ** parameters["onset"][image]
    hand = parameters["hand"][image]
    turn = np.radians(parameters["turn"])[image] * disorder * (2 * chance(hand, _TURNED, item) - 1)
    move = 2 * chance(hand[:, None], _MOVED, item[:, None] * 2 + np.arange(2)) - 1  # (m, 2)
    move *= (parameters["shift"][image] * disorder)[:, None]
    cosine, sine = np.cos(turn), np.sin(turn)
    turned = CORNERS @ np.stack([cosine, sine, -sine, cosine], axis=1).reshape(-1, 2, 2)  # (m, 4, 2)
    places = np.stack([column + 0.5, row + 0.5], axis=1) + move  # (m, 2), in sides
    origin = np.stack([left, top], axis=1)[image]
    return image, row, origin[:, None] + (places[:, None] + turned) * side[image, None, None]


def draw(parameters: dict[str, np.ndarray], size: int = SIZE) -> np.ndarray:
    """Draw images, uint8 (n, size, size, 3), antialiased; arguments and errors as in `lines.draw`."""
    parameters = checked(parameters, PARAMETERS, size)
    image, _, corners = squares(parameters)
    strokes = outlines(corners).reshape(-1, 4)
    return ink(coverage(strokes, np.repeat(image, 4), len(parameters["hand"]), size, WIDTH), INK, PAPER)
