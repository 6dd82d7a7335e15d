"""The rules of the three lines: which of them an image keeps, and the nearest image that they can draw."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lines import PALETTE, POSITIONS, SIZE, STROKE, Y2_DEVIATION, Y2_MEAN, draw, sample
from utils.images import psnr_each
from utils.progress import tqdm
from utils.reading.lines import Line, on_canvas

RULES = ("one_vertical", "two_horizontals", "x", "y1", "y2", "palette", "width", "inked", "straight")
BATCH = 64


@dataclass(frozen=True)
class Rules:
    """The rules of the three lines, with their tolerances.

    Attributes:
        y2: "sketch" or "uniform", as in `lines.sample`.
        palette: largest distance in CIELAB of a line's colour from a palette colour. JPEG moves the colour of a line by
            8 at most; the palette's colours are at least 74 apart.
        width: largest difference of a width from 5 pixels. With 2, a second horizontal may hide 2 pixels of the first.
        inked: smallest share of a line's length that is drawn.
        slant: largest drift from end to end, in pixels.
        deviation: largest deviation of the ridge from a straight line, root mean square in pixels.
    """

    y2: str = "sketch"
    palette: float = 20
    width: float = 2
    inked: float = 0.9
    slant: float = 2
    deviation: float = 1

    @cached_property
    def distribution(self) -> dict[str, np.ndarray]:
        """The probability of each of the 128 positions, for x, y1 and y2: dict of float arrays (128,) with sum 1."""
        uniform = np.zeros(SIZE)
        uniform[POSITIONS.start : POSITIONS.stop] = 1 / len(POSITIONS)
        return {"x": uniform, "y1": uniform, "y2": uniform if self.y2 == "uniform" else _around_y2()}

    @cached_property
    def y2_positions(self) -> range:
        """The positions of the second horizontal with a probability above 1e-6: 42..53 by the sketch."""
        likely = np.flatnonzero(self.distribution["y2"] > 1e-6)
        return range(int(likely[0]), int(likely[-1]) + 1)

    def draw(self, n: int, seed: int | np.random.Generator | None = None) -> np.ndarray:
        """Draw `n` images by the rules: uint8 (n, 128, 128, 3)."""
        return draw(sample(n, seed, y2=self.y2))


def _around_y2() -> np.ndarray:
    """The probability of int(gauss * 1.2 + 48) at each of the 128 positions: float (128,)."""
    below = [0.5 * (1 + math.erf((p - Y2_MEAN) / Y2_DEVIATION / math.sqrt(2))) for p in range(SIZE + 1)]
    return np.diff(below)


def split_horizontals(found: list[Line], rules: Rules) -> tuple[list[Line], list[Line]]:
    """Assign the horizontals of an image to the first and the second horizontal of the rules.

    The second is the one nearest to the middle of the second's range; a single horizontal must lie in that range.

    Args:
        found: the image's lines, from `read_lines`.
        rules: the rules.

    Returns:
        `(first, second)`: lists of lines; by the rules one each, and `second` has one or none.
    """
    horizontals = [line for line in found if line.direction == "horizontal"]
    middle = float(rules.distribution["y2"] @ np.arange(SIZE))
    horizontals.sort(key=lambda line: abs(line.position - middle))
    if len(horizontals) == 1 and round(horizontals[0].position) not in rules.y2_positions:
        return horizontals, []
    return horizontals[1:], horizontals[:1]


def rules_kept(found: list[Line], rules: Rules) -> dict[str, bool]:
    """Check which rules the lines of one image keep.

    Args:
        found: the image's lines, from `read_lines`.
        rules: the rules.

    Returns:
        Dict, each name in `RULES` -> bool. Missing lines keep no rule: an image without lines keeps none.
    """
    verticals = [line for line in found if line.direction == "vertical"]
    first, second = split_horizontals(found, rules)

    def all_of(group: list[Line], keeps) -> bool:
        return bool(group) and all(keeps(line) for line in group)

    return {
        "one_vertical": len(verticals) == 1,
        "two_horizontals": len(first) + len(second) == 2,
        "x": all_of(verticals, lambda line: round(line.position) in POSITIONS),
        "y1": all_of(first, lambda line: round(line.position) in POSITIONS),
        "y2": all_of(second, lambda line: round(line.position) in rules.y2_positions),
        "palette": all_of(found, lambda line: line.palette_distance <= rules.palette),
        "width": all_of(found, lambda line: abs(line.width - STROKE) <= rules.width),
        "inked": all_of(found, lambda line: line.inked >= rules.inked),
        "straight": all_of(found, lambda line: abs(line.slant) <= rules.slant and line.deviation <= rules.deviation),
    }


def nearest_drawn(images: np.ndarray, rules: Rules | None = None) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Find for each image the nearest one that the rules can draw.

    The fit alternates between the vertical and the horizontals, each time over all positions and colours given the
    other, from two starts (vertical first, horizontals first), until nothing changes. It compares pixels, not the lines
    read from them, so that an image without readable lines has a nearest one too.

    Args:
        images: as in `read_lines`.
        rules: the rules, those of the sketch if None.

    Returns:
        `(parameters, decibels)`: the parameters of the nearest images as `lines.sample` returns them, and the peak
        signal-to-noise ratio of each pair, float (n,), 99 if identical.
    """
    rules = rules or Rules()
    images = on_canvas(images)
    parts, decibels = [], np.empty(len(images))
    with tqdm(total=len(images), desc="Fitting drawn images", unit="image", delay=2, leave=False) as bar:
        for start in range(0, len(images), BATCH):
            batch = images[start : start + BATCH]
            parts.append(_fit(batch, rules))
            decibels[start : start + BATCH] = psnr_each(batch, draw(parts[-1]))
            bar.update(len(batch))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}, decibels


def _fit(images: np.ndarray, rules: Rules) -> dict[str, np.ndarray]:
    """The parameters of the nearest drawn images of a batch, uint8 (n, 128, 128, 3)."""
    colors = PALETTE.astype(np.float32) / 255
    # Change of the squared error if a pixel has each colour instead of black: |color|^2 - 2 color . pixel
    scaled = images.astype(np.float32) / 255
    cost = (colors**2).sum(axis=1)[:, None, None] - 2 * np.einsum("nyxk,ck->ncyx", scaled, colors, optimize=True)
    rows = cost.sum(axis=3)  # (n, 4, 128): the cost of whole rows
    n = np.arange(len(images))
    nothing = np.zeros(len(images), int)
    best, best_cost = None, np.full(len(images), np.inf)
    for vertical_first in (True, False):
        free = np.ones((len(images), SIZE), np.float32)
        fit = {"x": nothing, "color_x": nothing}
        below = np.zeros((len(images), SIZE), np.float32)  # the cost of the vertical in each row
        total = np.full(len(images), np.inf)
        for turn in range(10):
            if vertical_first or turn > 0:
                columns = _stroke_sums(np.einsum("ny,ncyx->ncx", free, cost, optimize=True))
                fit["color_x"], fit["x"] = _argmin_2d(columns[:, :, POSITIONS.start : POSITIONS.stop])
                fit["x"] = fit["x"] + POSITIONS.start
                covered = fit["x"][:, None] + np.arange(STROKE) - STROKE // 2  # (n, 5)
                below = cost[n[:, None], fit["color_x"][:, None], :, covered].sum(axis=1)  # (n, 128)
            fit, ink = _fit_horizontals(rows - below[:, None], rules, fit)
            free = (np.abs(np.arange(SIZE) - fit["y1"][:, None]) > STROKE // 2).astype(np.float32)
            free *= np.abs(np.arange(SIZE) - fit["y2"][:, None]) > STROKE // 2
            before, total = total, ink + below.sum(axis=1)
            if turn > 0 and np.all(total >= before - 1e-3):
                break
        better = total < best_cost
        best = {name: np.where(better, fit[name], best[name] if best else 0) for name in fit}
        best_cost = np.where(better, total, best_cost)
    return best


def _fit_horizontals(rows: np.ndarray, rules: Rules, fit: dict) -> tuple[dict, np.ndarray]:
    """Find the best two horizontals, the second over the first, by the cost of each row, `rows` (n, 4, 128)."""
    n = np.arange(len(rows))
    sums = _stroke_sums(rows)
    choice, whole = sums.argmin(axis=1), sums.min(axis=1)  # (n, 128): the best colour at each position
    firsts, seconds = np.array(POSITIONS), np.array(rules.y2_positions)
    costs = whole[:, firsts, None] + whole[:, None, seconds]  # (n, y1, y2)
    apart = firsts[:, None] - seconds
    visible = {}
    for d in range(1 - STROKE, STROKE):  # overlapping: only |d| rows of the first are visible
        visible_rows = np.zeros_like(rows)
        for row in range(STROKE - abs(d), STROKE) if d > 0 else range(abs(d)):
            visible_rows += _shift(rows, row - STROKE // 2)
        visible[d] = visible_rows
        i, j = np.nonzero(apart == d)
        costs[:, i, j] = visible_rows.min(axis=1)[:, firsts[i]] + whole[:, seconds[j]]
    flat = costs.reshape(len(rows), -1).argmin(axis=1)
    y1, y2 = firsts[flat // len(seconds)], seconds[flat % len(seconds)]
    color_y1 = choice[n, y1]
    for d, visible_rows in visible.items():
        color_y1 = np.where(y1 - y2 == d, visible_rows.argmin(axis=1)[n, y1], color_y1)
    found = {"y1": y1, "y2": y2, "color_y1": color_y1, "color_y2": choice[n, y2]}
    return fit | found, costs.reshape(len(rows), -1).min(axis=1)


def _shift(values: np.ndarray, by: int) -> np.ndarray:
    """values[..., p + by] at each p; wraps at the edges, where no line is drawn."""
    return np.roll(values, -by, axis=-1)


def _stroke_sums(values: np.ndarray) -> np.ndarray:
    """The sum over the five pixels that a line at each position covers."""
    return sum(_shift(values, by) for by in range(-(STROKE // 2), STROKE // 2 + 1))


def _argmin_2d(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The (row, column) of the minimum of each array of a batch (n, rows, columns): two int arrays (n,)."""
    flat = values.reshape(len(values), -1).argmin(axis=1)
    return flat // values.shape[2], flat % values.shape[2]
