"""What did it learn? Reads the lines of generated images and holds them against the rules that drew the data set.

- `read_lines(images)`: the lines of each image (see `utils.reading.lines`).
- `report(images, reference)`: every number about a batch, as a dict of plain values, ready for JSON.
- `table(report)`: the same as a Markdown table, `side_by_side(reports)` several; `figure(report)`: as one figure.

The rules are those of `lines.lines`. With `rules=None` the report keeps to the numbers that any data set has:
diversity, memory, coverage, sliced Wasserstein distance and kernel distance.
"""

from collections import Counter
from dataclasses import asdict
from functools import lru_cache

import numpy as np

from lines import COLOR_NAMES, PALETTE, SIZE
from utils.images import IDENTICAL, psnr_each
from utils.reading.colors import color_names, to_lab
from utils.reading.distances import (
    CLEARLY,
    coverage,
    distances_between,
    diversity,
    kernel_distance,
    nearest_distances,
    random_features,
    sliced_wasserstein,
    small_vectors,
)
from utils.reading.lines import Line, on_canvas, read_lines
from utils.reading.rules import RULES, Rules, nearest_drawn, rules_kept, split_horizontals
from utils.reading.shrinking import as_batch
from utils.reading.views import figure, side_by_side, table

__all__ = [
    "THREE_LINES",
    "Line",
    "Rules",
    "coverage",
    "diversity",
    "figure",
    "kernel_distance",
    "nearest_distances",
    "nearest_drawn",
    "psnr_each",
    "random_features",
    "read_lines",
    "report",
    "rules_kept",
    "side_by_side",
    "sliced_wasserstein",
    "table",
]

THREE_LINES = Rules()
FAINT_INK = 0.2  # of full brightness; darker pixels have no colour to speak of
SAME_HUE = 25  # distance in CIELAB, both at full brightness, within which ink has the hue of a palette entry
BIN = 4  # pixels in which positions are compared, 27 for the whole range; one by one where the range is shorter
# The nearest plain name may be one of the palette's though the hue is another:
NEW_NAMES = {"white": "off-white", "yellow": "other yellow", "red": "other red", "blue": "other blue"}
MOST_REFERENCE = 2000  # reference images against which distances of distributions are taken
MOST_FEATURES = 1000  # images whose features are compared


def report(
    images: np.ndarray, reference: np.ndarray | None = None, rules: Rules | None = THREE_LINES, seed: int = 0
) -> dict:
    """Measure a batch of images; 1,000 take some ten seconds on one core.

    Args:
        images: (n, h, w, 3), (n, h, w, 1) or (n, h, w), uint8 or float in [-1, 1], at least 2. Several hundred for
            figures that hold still: the share of n images that keep a rule is known to within 1 / sqrt(n).
        reference: the training images, of the same kind, for the memory; the distances of distributions are then taken
            from them too, else from as many freshly drawn images.
        rules: what the images are held against; None for any other data set, which leaves out what asks for rules.
        seed: for everything drawn by chance.

    Returns:
        A dict of plain values. Shares are 0 to 1.

        - "images", "height", "width"; "rules", the settings of the rules.
        - "adherence": "all", the share of images that keep all the rules, and "rules", that of each single one.
        - "class_distance": decibels (peak signal-to-noise ratio) from each image to the nearest that the rules can
          draw: "median", "quantiles" (5, 25, 75, 95 %), "identical", the share of those that the rules draw just so.
          99 stands for identical.
        - "census": shares of images with so many lines, "lines", "verticals", "horizontals"; "touching", the share in
          which lines touch, so that the count is uncertain.
        - "palette": shares of the ink, dim or bright, that has the hue of white, yellow, red and blue, "new", the rest,
          and "new_hues", what that is, by plain names.
        - "divergence": Jensen-Shannon divergence, 0 (alike) to 1 bit (nothing in common), between what was found and
          the rules' distribution of x, y1, y2 and colours (a fifth colour is any other).
        - "positions": how many lines were found at each of the 128 positions, for x, y1, y2.
        - "diversity": see `utils.reading.distances.diversity`.
        - "memory", with a reference: "distance", the median distance of an image to the nearest of the reference;
          "expected", that of as many freshly drawn images (without rules: of the reference images to each other);
          "ratio" of the two, near 0 for a network that repeats what it has seen (pale and empty images lower it a
          little too); "copies", the share of images that are not clearly different from a reference image, and
          "copies_expected".
        - "coverage", with rules or a reference: "share", of the reference images, that one of the images comes near
          to, "expected", the share that images drawn by the same source would cover, and "density"; see
          `utils.reading.distances.coverage`.
        - "sliced_wasserstein": "texture" and "layout"; "kernel_distance".

    Raises:
        ValueError: there are fewer than two images, or the array is no batch of images.

    Example:
        >>> numbers = report(generate_images(generator, Z), x_train)
        >>> print(table(numbers))
    """
    images = as_batch(images)
    if len(images) < 2:
        raise ValueError(f"a report needs at least 2 images, better several hundred; there is {len(images)}")
    rng = np.random.default_rng(seed)
    numbers = {"images": len(images), "height": images.shape[1], "width": images.shape[2]}
    drawn = None
    if rules is not None:
        drawn = rules.draw(len(images), rng)
        numbers |= {"rules": asdict(rules)} | against_rules(images, rules) | _beside_drawn(images, rules)
    numbers["diversity"] = diversity(images)
    numbers["memory"] = None if reference is None else _memory(images, reference, drawn)
    other = drawn if reference is None else _some(as_batch(reference), MOST_REFERENCE, rng)
    if other is None:
        return numbers | {"coverage": None, "sliced_wasserstein": None, "kernel_distance": None}
    features, other_features = (random_features(batch[:MOST_FEATURES]) for batch in (images, other))
    numbers["coverage"] = coverage(features, other_features)
    numbers["sliced_wasserstein"] = sliced_wasserstein(images, other, seed)
    numbers["kernel_distance"] = kernel_distance(features, other_features)
    return numbers


def against_rules(images: np.ndarray, rules: Rules = THREE_LINES) -> dict:
    """Read the lines of a batch and hold them against the rules: the quick part of a report, some 500 images a second.

    Args:
        images: (n, h, w, 3), (n, h, w, 1) or (n, h, w), uint8 or float in [-1, 1].
        rules: what they are held against.

    Returns:
        "adherence", "census", "divergence" and "positions" as in `report`.
    """
    found = read_lines(on_canvas(as_batch(images)))
    kept = [rules_kept(group, rules) for group in found]
    positions = _positions(found, rules)
    return {
        "adherence": {
            "all": float(np.mean([all(one.values()) for one in kept])),
            "rules": {name: float(np.mean([one[name] for one in kept])) for name in RULES},
        },
        "census": _census(found),
        "divergence": _divergences(found, positions, rules),
        "positions": {name: np.bincount(places, minlength=SIZE).tolist() for name, places in positions.items()},
    }


def _beside_drawn(images: np.ndarray, rules: Rules) -> dict:
    """The numbers that ask for rules and take longer: what the rules would draw instead, and the ink."""
    images = on_canvas(images)
    _, decibels = nearest_drawn(images, rules)
    return {
        "class_distance": {
            "median": float(np.median(decibels)),
            "quantiles": {str(q): float(np.quantile(decibels, q / 100)) for q in (5, 25, 75, 95)},
            "identical": float(np.mean(decibels >= IDENTICAL)),
        },
        "palette": _palette(images),
    }


def _census(found: list[list[Line]]) -> dict:
    """Count lines: shares of images with so many."""

    def shares(counts: list[int]) -> dict[str, float]:
        return {str(count): times / len(found) for count, times in sorted(Counter(counts).items())}

    return {
        "lines": shares([len(group) for group in found]),
        "verticals": shares([sum(line.direction == "vertical" for line in group) for group in found]),
        "horizontals": shares([sum(line.direction == "horizontal" for line in group) for group in found]),
        "touching": float(np.mean([any(line.touching for line in group) for group in found])),
    }


def _positions(found: list[list[Line]], rules: Rules) -> dict[str, np.ndarray]:
    """The positions of all verticals, first and second horizontals, as whole numbers 0..127."""
    places: dict[str, list[Line]] = {"x": [], "y1": [], "y2": []}
    for group in found:
        places["x"] += [line for line in group if line.direction == "vertical"]
        first, second = split_horizontals(group, rules)
        places["y1"] += first
        places["y2"] += second
    return {
        name: np.clip(np.rint([line.position for line in lines]), 0, SIZE - 1).astype(int)
        for name, lines in places.items()
    }


def _divergences(found: list[list[Line]], positions: dict[str, np.ndarray], rules: Rules) -> dict[str, float]:
    """Compare what was found with the distribution of the rules."""
    divergences = {}
    for name, places in positions.items():
        # bins begin with the range, so that none is partly outside of it; what is outside shares one bin
        expected = rules.distribution[name]
        likely = np.flatnonzero(expected > 1e-6)
        width = BIN if len(likely) > SIZE // 4 else 1
        bins = np.where(expected > 1e-6, (np.arange(SIZE) - likely[0]) // width + 1, 0)
        divergences[name] = jensen_shannon(
            np.bincount(bins[places], minlength=bins.max() + 1), np.bincount(bins, weights=expected)
        )
    colors = [
        line.palette if line.palette_distance <= rules.palette else len(PALETTE) for group in found for line in group
    ]
    divergences["colors"] = jensen_shannon(np.bincount(colors, minlength=len(PALETTE) + 1), np.array([1, 1, 1, 1, 0]))
    return divergences


def jensen_shannon(counts: np.ndarray, others: np.ndarray) -> float:
    """The Jensen-Shannon divergence of two histograms: 0 for alike, 1 bit for nothing in common, or nothing at all."""
    if counts.sum() == 0 or others.sum() == 0:
        return 1.0
    p, q = counts / counts.sum(), others / others.sum()
    middle = (p + q) / 2

    def divergence(a: np.ndarray) -> float:
        there = a > 0
        return float(np.sum(a[there] * np.log2(a[there] / middle[there])))

    return max(0.0, (divergence(p) + divergence(q)) / 2)


def _palette(images: np.ndarray) -> dict:
    """Share the ink of uint8 (n, 128, 128, 3) out among the hues of the palette and new ones."""
    ink = np.maximum(np.maximum(images[..., 0], images[..., 1]), images[..., 2])
    inked = ink >= FAINT_INK * 255
    names, table_of = _hues()
    coarse = images[inked] >> 3
    hue = table_of[coarse[:, 0], coarse[:, 1], coarse[:, 2]]
    amounts = np.bincount(hue, weights=ink[inked], minlength=len(names))
    shares = dict(zip(names, (amounts / max(amounts.sum(), 1)).tolist(), strict=True))
    new = {name: share for name, share in shares.items() if name not in COLOR_NAMES and share > 0}
    return {name: shares[name] for name in COLOR_NAMES} | {
        "new": float(sum(new.values())),
        "new_hues": dict(sorted(new.items(), key=lambda item: -item[1])),
    }


@lru_cache(maxsize=1)
def _hues() -> tuple[list[str], np.ndarray]:
    """The hue of every colour, in steps of 8 levels: names, and indices into them, uint8 (32, 32, 32).

    A colour has the hue of a palette entry if both look alike at full brightness: a dim red is red, a grey is white.
    Others take their plain name.
    """
    steps = np.arange(32) * 8 + 4
    colors = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    full, full_palette = (
        to_lab(255 * some / some.max(axis=1, keepdims=True)) for some in (colors, PALETTE.astype(float))
    )
    distances = np.linalg.norm(full[:, None] - full_palette, axis=-1)
    plain = color_names(colors)
    named = [
        COLOR_NAMES[row.argmin()] if row.min() <= SAME_HUE else NEW_NAMES.get(name, name)
        for row, name in zip(distances, plain, strict=True)
    ]
    names = [*COLOR_NAMES, *sorted(set(named) - set(COLOR_NAMES))]
    index = {name: i for i, name in enumerate(names)}
    return names, np.array([index[name] for name in named], np.uint8).reshape(32, 32, 32)


def _memory(images: np.ndarray, reference: np.ndarray, drawn: np.ndarray | None) -> dict[str, float]:
    """Compare the distance to the nearest reference image with what is to be expected."""
    points = small_vectors(reference, "Shrinking the reference")
    distances = nearest_distances(images, points)
    if drawn is not None:
        expected = nearest_distances(drawn, points)
    else:  # of reference images to the nearest other one
        some = points[:: max(1, len(points) // len(images))][: len(images)]
        between = distances_between(some, points)
        expected = np.sort(between, axis=1)[:, min(1, len(points) - 1)]
    usual = float(np.median(expected))
    return {
        "distance": float(np.median(distances)),
        "expected": usual,
        "ratio": float(np.median(distances) / max(usual, 1e-9)),
        "copies": float(np.mean(distances < CLEARLY)),
        "copies_expected": float(np.mean(expected < CLEARLY)),
    }


def _some(images: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    """At most so many of the images, by chance."""
    return images if len(images) <= most else images[np.sort(rng.choice(len(images), most, replace=False))]
