"""Broken horizontals, hatched fields and circles, after Frieder Nake's Hommage à Paul Klee 13/9/65 Nr. 2 of 1965.

Starting from Klee's Highway and Byways (1929), Nake varied the relation of horizontals and verticals by computer:
broken lines from left to right divide the sheet into bands, the bands are divided into fields; each field is empty or
filled with signs at random, and circles lie over them.

The rules, in black on paper of 128 x 128:

- horizontals divide the sheet into `bands` bands; they run from side to side and bend at each of `columns` columns of
  uneven width, by up to `bend` times half the height of a band, so that they never cross;
- a field has verticals with the probability `upright`, else a zigzag with the probability `zigzag`, else nothing;
  `density` is the mean number of lines in a filled field;
- `circles` circles of radius 2 to 11, anywhere on the sheet;
- `hand` is the seed of all random decisions within the image.
"""

import numpy as np

from lines.chance import HANDS, between, chance, checked, generator, numbered
from lines.outlines import SIZE, coverage, ink, outlines

PAPER = np.array((246, 243, 236), np.uint8)
INK = np.array((26, 25, 28), np.uint8)
PARAMETERS = {
    "bands": (1, 32),
    "columns": (1, 32),
    "bend": (0.0, 1.0),
    "upright": (0.0, 1.0),
    "zigzag": (0.0, 1.0),
    "density": (1.0, 32.0),
    "circles": (0, 100),
    "hand": (0, HANDS),
}
NAMES = {  # of the parameters, for people: English, French
    "bands": ("bands", "bandes"),
    "columns": ("columns", "colonnes"),
    "bend": ("bending", "brisure"),
    "upright": ("fields of verticals", "champs de verticales"),
    "zigzag": ("fields of zigzags", "champs de zigzags"),
    "density": ("lines in a field", "traits par champ"),
    "circles": ("circles", "cercles"),
}
WIDTH = 0.9
MARGIN = 5
UNEVEN = 1 / 3  # largest displacement of a column's sides, in column widths
RADII = (2, 11)
CIRCLE_CORNERS = 40  # of the polygon that approximates a circle
_WIDTHS, _BENDS, _SIGNS, _COUNTS, _POSITIONS, _CIRCLES = range(6)  # purposes of chance


def sample(n: int, seed: int | np.random.Generator | None = None) -> dict[str, np.ndarray]:
    """Sample the parameters of `n` random images.

    Args:
        n: number of images, at least 1.
        seed: as in `lines.sample`.

    Returns:
        Dict of eight arrays (n,): bands in 4..10, columns in 4..11, bend in 0.2..1, upright in 0.1..0.5, zigzag in
        0.05..0.4, density in 3..9, circles in 0..9, hand.

    Example:
        >>> images = draw(sample(9, seed=1), size=512)
    """
    rng = generator(n, seed)
    return {
        "bands": rng.integers(4, 11, n),
        "columns": rng.integers(4, 12, n),
        "bend": between(rng, 0.2, 1, n),
        "upright": between(rng, 0.1, 0.5, n),
        "zigzag": between(rng, 0.05, 0.4, n),
        "density": between(rng, 3, 9, n),
        "circles": rng.integers(10, size=n),
        "hand": rng.integers(HANDS, size=n),
    }


def fields(parameters: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The fields: `(image, field, corners)`, their image (m,), index there (m,) and corners (m, 4, 2).

    Corners are in the order top left, top right, bottom left, bottom right; left and right sides are vertical.
    """
    bands, columns, hand = parameters["bands"], parameters["columns"], parameters["hand"]
    image, field = numbered(bands * columns)
    band, column = np.divmod(field, columns[image])

    def x(line: np.ndarray) -> np.ndarray:
        inside = (line > 0) & (line < columns[image])
        moved = line + inside * UNEVEN * (2 * chance(hand[image], _WIDTHS, line) - 1)
        return MARGIN + (SIZE - 2 * MARGIN) * moved / columns[image]

    def y(line: np.ndarray, place: np.ndarray) -> np.ndarray:
        broken = parameters["bend"][image] * (chance(hand[image], _BENDS, line * 64 + place) - 0.5)
        return MARGIN + (SIZE - 2 * MARGIN) * (line + 0.5 + broken) / (bands[image] + 1)

    corners = [(x(column + right), y(band + below, column + right)) for below in (0, 1) for right in (0, 1)]
    return image, field, np.stack(corners).transpose(2, 0, 1)


def draw(parameters: dict[str, np.ndarray], size: int = SIZE) -> np.ndarray:
    """Draw images, uint8 (n, size, size, 3), antialiased; arguments and errors as in `lines.draw`."""
    parameters = checked(parameters, PARAMETERS, size)
    image, field, corners = fields(parameters)
    hand = parameters["hand"]
    # Horizontals are the upper sides of all fields and the lower sides of those in the last band.
    last = field >= ((parameters["bands"] - 1) * parameters["columns"])[image]
    drawn = [
        (image, corners[:, [0, 1]].reshape(-1, 4)),
        (image[last], corners[last][:, [2, 3]].reshape(-1, 4)),
        _signs(parameters, image, field, corners),
        _circles(hand, parameters["circles"]),
    ]
    sheets, strokes = (np.concatenate(parts) for parts in zip(*drawn, strict=True))
    return ink(coverage(strokes, sheets, len(hand), size, WIDTH), INK, PAPER)


def _signs(parameters: dict, image: np.ndarray, field: np.ndarray, corners: np.ndarray) -> tuple:
    """The verticals and zigzags in the fields: the image of each stroke (m,), and the strokes (m, 4)."""
    hand = parameters["hand"][image]
    sign = chance(hand, _SIGNS, field)
    upright = sign < parameters["upright"][image]
    zigzag = ~upright & (chance(hand, _SIGNS, field + 4096) < parameters["zigzag"][image])
    many = np.rint(parameters["density"][image] * (0.5 + chance(hand, _COUNTS, field))).astype(np.int64)
    one, k = numbered(np.where(upright | zigzag, many, 0))  # the field of each line, and its index there

    def point(t: np.ndarray, below: np.ndarray) -> np.ndarray:
        """The point at t, 0 (left) to 1, on the upper or the lower side of the field."""
        left, right = (corners[one, 2 * below + side] for side in (0, 1))
        return left + (right - left) * t[:, None]

    anywhere = chance(hand[one], _POSITIONS, field[one] * 64 + k)
    here, there = k / many[one], (k + 1) / many[one]
    start = np.where(upright[one], anywhere, here)
    stop = np.where(upright[one], anywhere, there)
    below = np.where(upright[one], 0, k % 2)
    return image[one], np.concatenate([point(start, below), point(stop, 1 - below)], axis=1)


def _circles(hand: np.ndarray, counts: np.ndarray) -> tuple:
    """The circles on the sheets: the image of each stroke (m,), and the strokes (m, 4)."""
    image, circle = numbered(counts)
    x, y, r = (chance(hand[image], _CIRCLES, circle * 3 + i)[:, None] for i in range(3))
    radius = RADII[0] + (RADII[1] - RADII[0]) * r**2  # small circles are more frequent
    room = SIZE - 2 * (MARGIN + radius)
    angle = np.arange(CIRCLE_CORNERS) * (2 * np.pi / CIRCLE_CORNERS)
    around_x = MARGIN + radius + room * x + radius * np.cos(angle)
    around_y = MARGIN + radius + room * y + radius * np.sin(angle)
    return np.repeat(image, CIRCLE_CORNERS), outlines(np.stack([around_x, around_y], axis=2)).reshape(-1, 4)
