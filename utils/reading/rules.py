"""What the rules of the three lines say of an image: which it keeps, and the nearest image that they can draw."""

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
    """The rules that images are held against, with what is still taken for kept.

    Attributes:
        y2: "sketch" or "uniform", as in `lines.sample`.
        palette: a colour belongs to the palette up to this distance in CIELAB. JPEG moves the colour of a whole line by
            8 at most; the four are 74 and more from each other.
        width: how far a width may be from 5 pixels. With 2, a second horizontal may hide up to 2 pixels of the first.
        inked: the least share of the length that is inked.
        slant: the most drift in pixels from end to end.
        deviation: the most that the ridge strays from a straight line, root mean square in pixels.
    """

    y2: str = "sketch"
    palette: float = 20
    width: float = 2
    inked: float = 0.9
    slant: float = 2
    deviation: float = 1

    @cached_property
    def distribution(self) -> dict[str, np.ndarray]:
        """How likely each of the 128 positions is, for x, y1 and y2: float arrays (128,) that add up to 1."""
        uniform = np.zeros(SIZE)
        uniform[POSITIONS.start : POSITIONS.stop] = 1 / len(POSITIONS)
        return {"x": uniform, "y1": uniform, "y2": uniform if self.y2 == "uniform" else _around_y2()}

    @cached_property
    def y2_positions(self) -> range:
        """The positions of the second horizontal that are to be reckoned with: 42..53 by the sketch."""
        likely = np.flatnonzero(self.distribution["y2"] > 1e-6)
        return range(int(likely[0]), int(likely[-1]) + 1)

    def draw(self, n: int, seed: int | np.random.Generator | None = None) -> np.ndarray:
        """Draw `n` images by the rules: uint8 (n, 128, 128, 3)."""
        return draw(sample(n, seed, y2=self.y2))


def _around_y2() -> np.ndarray:
    """The chance of int(gauss * 1.2 + 48) at each of the 128 positions: from its whole number up to the next."""
    below = [0.5 * (1 + math.erf((p - Y2_MEAN) / Y2_DEVIATION / math.sqrt(2))) for p in range(SIZE + 1)]
    return np.diff(below)


def split_horizontals(found: list[Line], rules: Rules) -> tuple[list[Line], list[Line]]:
    """Say which horizontals of an image are the first of the rules, and which is the second.

    The second is the one nearest to the middle of its range, if it stands in that range or is not alone.

    Returns:
        The first horizontals (one by the rules) and the second ones (one or none).
    """
    horizontals = [line for line in found if line.direction == "horizontal"]
    middle = float(rules.distribution["y2"] @ np.arange(SIZE))
    horizontals.sort(key=lambda line: abs(line.position - middle))
    if len(horizontals) == 1 and round(horizontals[0].position) not in rules.y2_positions:
        return horizontals, []
    return horizontals[1:], horizontals[:1]


def rules_kept(found: list[Line], rules: Rules) -> dict[str, bool]:
    """Say which rules the lines of one image keep.

    Args:
        found: its lines, from `read_lines`.
        rules: the rules.

    Returns:
        A truth for each name in `RULES`. What is not there keeps no rule: an image without lines keeps none.
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
    """Fit to each image the nearest one that the rules can draw.

    Vertical and horizontals are fitted by turns, each time the best of all positions and colours given the other, from
    two starts (the vertical first, the horizontals first), until nothing changes. The images are fitted themselves, not
    the lines read in them, so that an image in which nothing can be read has a nearest one too.

    Args:
        images: as in `read_lines`.
        rules: the rules, those of the sketch if None.

    Returns:
        The parameters, as `lines.sample` gives them, and the peak signal-to-noise ratio of the two images in decibels,
        float (n,): 99 if they are identical.
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
    """Fit a batch uint8 (n, 128, 128, 3)."""
    colors = PALETTE.astype(np.float32) / 255
    # What it costs to ink a pixel in each colour instead of leaving it black: |color|^2 - 2 color . pixel
    scaled = images.astype(np.float32) / 255
    cost = (colors**2).sum(axis=1)[:, None, None] - 2 * np.einsum("nyxk,ck->ncyx", scaled, colors, optimize=True)
    rows = cost.sum(axis=3)  # (n, 4, 128): to ink whole rows
    n = np.arange(len(images))
    nothing = np.zeros(len(images), int)
    best, best_cost = None, np.full(len(images), np.inf)
    for vertical_first in (True, False):
        free = np.ones((len(images), SIZE), np.float32)
        fit = {"x": nothing, "color_x": nothing}
        below = np.zeros((len(images), SIZE), np.float32)  # what the vertical costs in each row
        total = np.full(len(images), np.inf)
        for turn in range(10):
            if vertical_first or turn > 0:
                columns = _stroke_sums(np.einsum("ny,ncyx->ncx", free, cost, optimize=True))
                fit["color_x"], fit["x"] = _smallest(columns[:, :, POSITIONS.start : POSITIONS.stop])
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
    """Find the best two horizontals, the second over the first: rows (n, 4, 128) is what inking each row costs."""
    n = np.arange(len(rows))
    sums = _stroke_sums(rows)
    choice, whole = sums.argmin(axis=1), sums.min(axis=1)  # (n, 128): the best colour at each position
    firsts, seconds = np.array(POSITIONS), np.array(rules.y2_positions)
    costs = whole[:, firsts, None] + whole[:, None, seconds]  # (n, y1, y2)
    apart = firsts[:, None] - seconds
    visible = {}
    for d in range(1 - STROKE, STROKE):  # overlapping: only |d| rows of the first are seen
        shown = np.zeros_like(rows)
        for row in range(STROKE - abs(d), STROKE) if d > 0 else range(abs(d)):
            shown += _shifted(rows, row - STROKE // 2)
        visible[d] = shown
        i, j = np.nonzero(apart == d)
        costs[:, i, j] = shown.min(axis=1)[:, firsts[i]] + whole[:, seconds[j]]
    flat = costs.reshape(len(rows), -1).argmin(axis=1)
    y1, y2 = firsts[flat // len(seconds)], seconds[flat % len(seconds)]
    color_y1 = choice[n, y1]
    for d, shown in visible.items():
        color_y1 = np.where(y1 - y2 == d, shown.argmin(axis=1)[n, y1], color_y1)
    found = {"y1": y1, "y2": y2, "color_y1": color_y1, "color_y2": choice[n, y2]}
    return fit | found, costs.reshape(len(rows), -1).min(axis=1)


def _shifted(values: np.ndarray, by: int) -> np.ndarray:
    """values[..., p + by] at each p, for the positions where that exists; the edge is never drawn on."""
    return np.roll(values, -by, axis=-1)


def _stroke_sums(values: np.ndarray) -> np.ndarray:
    """The sum over the five pixels that a line at each position covers."""
    return sum(_shifted(values, by) for by in range(-(STROKE // 2), STROKE // 2 + 1))


def _smallest(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each (rows, columns) of a batch is smallest: row (n,), column (n,)."""
    flat = values.reshape(len(values), -1).argmin(axis=1)
    return flat // values.shape[2], flat % values.shape[2]
