"""Three lines: the rules of the data set, in NumPy, equivalent to the Processing sketch `lines.pde`.

An image is three lines of stroke weight 5 on a black background of 128 x 128 pixels, drawn in this order, so that a
later line covers an earlier one: a vertical at x, a horizontal at y1, a horizontal at y2. Each has one of four random
colours. The six numbers x, y1, y2, color_x, color_y1, color_y2 determine the image.

`lines.dataset` writes files.
"""

import numpy as np

from lines.chance import generator

SIZE = 128  # width and height in pixels of the canvas on which positions are counted
STROKE = 5  # width of a line: at position p it covers p - 2 .. p + 2
POSITIONS = range(10, 118)  # where x and y1 may fall, as int(random(10, 118)) does
Y2_MEAN = 48
Y2_DEVIATION = 1.2
Y2_CHOICES = ("sketch", "uniform")

LINES = ("x", "y1", "y2")  # in order of drawing
PARAMETERS = ("x", "y1", "y2", "color_x", "color_y1", "color_y2")
_COLORS = (("white", "blanche"), ("yellow", "jaune"), ("red", "rouge"), ("blue", "bleue"))
NAMES = {  # of the parameters, for people: English, French, and those of their values
    "x": ("vertical, from the left", "verticale, depuis la gauche"),
    "y1": ("first horizontal, from the top", "première horizontale, depuis le haut"),
    "y2": ("second horizontal, from the top", "seconde horizontale, depuis le haut"),
    "color_x": ("vertical", "verticale", _COLORS),
    "color_y1": ("first horizontal", "première horizontale", _COLORS),
    "color_y2": ("second horizontal", "seconde horizontale", _COLORS),
}

COLOR_NAMES = ("white", "yellow", "red", "blue")
PALETTE = np.array([(255, 255, 255), (224, 184, 7), (185, 33, 19), (54, 79, 179)], dtype=np.uint8)  # (4, 3)
PALETTE.flags.writeable = False


def sample(n: int, seed: int | np.random.Generator | None = None, y2: str = "sketch") -> dict[str, np.ndarray]:
    """Sample the parameters of `n` random images.

    Args:
        n: number of images, at least 1.
        seed: an int of 0 or more for reproducible parameters, None for a random seed, or a `numpy.random.Generator`.
        y2: "sketch" for int(gauss * 1.2 + 48), truncated, as the sketch places the second horizontal; "uniform" to
            place it like the first one.

    Returns:
        A dict of six int64 arrays of shape (n,): x and y1 in 10..117, y2 (nearly always in 42..53, or in 10..117 if
        uniform), color_x, color_y1 and color_y2 in 0..3, indices into `PALETTE`.

    Raises:
        ValueError: n is below 1, seed is below 0, or y2 is neither of its two choices.

    Example:
        >>> parameters = sample(3, seed=1)
        >>> parameters["x"].shape
        (3,)
    """
    if y2 not in Y2_CHOICES:
        raise ValueError(f"y2 is {y2!r}; choose 'sketch' (gauss * 1.2 + 48) or 'uniform' (like y1)")
    rng = generator(n, seed)

    def position() -> np.ndarray:
        return rng.integers(POSITIONS.start, POSITIONS.stop, size=n)

    def around_y2() -> np.ndarray:
        return np.trunc(rng.standard_normal(n) * Y2_DEVIATION + Y2_MEAN).astype(np.int64)

    def color() -> np.ndarray:
        return rng.integers(len(PALETTE), size=n)

    return {
        "x": position(),
        "y1": position(),
        "y2": around_y2() if y2 == "sketch" else position(),
        "color_x": color(),
        "color_y1": color(),
        "color_y2": color(),
    }


def draw(parameters: dict[str, np.ndarray], size: int = SIZE) -> np.ndarray:
    """Draw the images that the parameters describe.

    At 128 pixels a line at p covers exactly p - 2 .. p + 2, without antialiasing, as in Processing. Processing's round
    caps also dim up to 6 pixels at the ends of lines, by 7 levels of 255 at most; these are not reproduced. At other
    sizes positions and stroke scale together: at 512, a line at p covers (p - 2) * 4 .. (p + 3) * 4 - 1. A pixel that
    an edge crosses is blended by the covered part of its area.

    Args:
        parameters: dict of `sample`: six integer arrays (n,), with the keys in `PARAMETERS`, positions in pixels of the
            128 x 128 canvas, colours 0..3. Additional keys are ignored.
        size: width and height of the images, in pixels, at least 1.

    Returns:
        uint8 array of shape (n, size, size, 3), RGB.

    Raises:
        ValueError: a key is missing, the arrays differ in length or are not integer, a colour is outside 0..3, or size
            is below 1.

    Example:
        >>> draw(sample(2, seed=1)).shape
        (2, 128, 128, 3)
    """
    parameters = _checked(parameters)
    if size < 1:
        raise ValueError(f"size is {size}; images need at least 1 pixel a side")

    vertical, first, second = (_coverage(parameters[line], size)[..., None] for line in LINES)  # (n, size, 1) in 0..1
    color_x, color_y1, color_y2 = (PALETTE[parameters[f"color_{line}"]][:, None].astype(np.float32) for line in LINES)

    # From top to bottom: the second horizontal, the first where it is not covered, then the vertical.
    row = vertical * color_x  # (n, size, 3), a row without a horizontal
    ink = (1 - second) * first * color_y1 + second * color_y2  # (n, size, 3), the horizontals' part of each row
    visible = ((1 - second) * (1 - first))[..., 0]  # (n, size), the visible part of the vertical in each row

    images = np.empty((len(row), size, size, 3), dtype=np.uint8)
    images[:] = np.rint(row).astype(np.uint8)[:, None]
    # Rows inside a horizontal have its colour, rows at its edges a mixture.
    i, j = np.nonzero(visible == 0)
    images[i, j] = np.rint(ink[i, j]).astype(np.uint8)[:, None]
    i, j = np.nonzero((visible > 0) & (visible < 1))
    images[i, j] = np.rint(visible[i, j, None, None] * row[i] + ink[i, j, None])
    return images


def _coverage(positions: np.ndarray, size: int) -> np.ndarray:
    """The part of each of `size` pixels that the stroke at each position covers: float32 (n, size) in 0..1."""
    scale = size / SIZE  # a division by a power of two, so that the edges below are exact
    start = (positions[:, None] - STROKE // 2) * scale
    stop = (positions[:, None] + STROKE // 2 + 1) * scale
    pixel = np.arange(size)
    return np.clip(np.minimum(stop, pixel + 1) - np.maximum(start, pixel), 0, 1).astype(np.float32)


def _checked(parameters: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The six parameters as int64 arrays (n,); raises ValueError naming the one that is wrong."""
    missing = [name for name in PARAMETERS if name not in parameters]
    if missing:
        raise ValueError(f"the parameters lack {', '.join(missing)}; lines.sample gives all of {', '.join(PARAMETERS)}")
    arrays = {name: np.asarray(parameters[name]) for name in PARAMETERS}
    for name, array in arrays.items():
        if array.ndim != 1 or not np.issubdtype(array.dtype, np.integer):
            raise ValueError(
                f"{name} is {array.dtype} of shape {array.shape}; give a one-dimensional array of integers"
            )
    if len({len(array) for array in arrays.values()}) > 1:
        lengths = ", ".join(f"{name} {len(array)}" for name, array in arrays.items())
        raise ValueError(f"the parameters differ in length ({lengths}); give each of them one value an image")
    for name in PARAMETERS[len(LINES) :]:
        wrong = arrays[name][(arrays[name] < 0) | (arrays[name] >= len(PALETTE))]
        if len(wrong):
            raise ValueError(
                f"{name} holds {wrong[0]}; colours are 0 to {len(PALETTE) - 1} ({', '.join(COLOR_NAMES)} in this order)"
            )
    return {name: array.astype(np.int64) for name, array in arrays.items()}
