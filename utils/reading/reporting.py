"""Reports: all measures of a batch of images, as a dict of plain values, ready for JSON.

`report` measures a batch, `against_rules` only its adherence to the rules of `lines.lines`. Any other rule set is read
by its reader (`utils.reading.readers`). With `rules=None` a report has the measures that any data set allows:
diversity, memory, coverage, sliced Wasserstein distance and kernel distance.
"""

import os
from collections import Counter
from dataclasses import asdict
from functools import lru_cache
from types import ModuleType

import numpy as np

import lines
from lines import COLOR_NAMES, PALETTE, SIZE
from lines.registry import drawn as draw_checked
from lines.registry import name_of, sampled
from utils.images import IDENTICAL
from utils.reading.colors import color_names, to_lab
from utils.reading.distances import (
    CLEAR_DIFFERENCE,
    coverage,
    diversity,
    kernel_distance,
    random_features,
    sliced_wasserstein,
    small_vectors,
    smallest_distances,
)
from utils.reading.lines import Line, on_canvas, read_lines
from utils.reading.relations import jensen_shannon
from utils.reading.rules import RULES, Rules, nearest_drawn, rules_kept, split_horizontals
from utils.reading.shrinking import as_batch

THREE_LINES = Rules()
GROOVE = 0.1  # relative depth from which a line counts as grooved
MIN_BRIGHTNESS = 0.2  # of full brightness; the hue of darker pixels is not counted
SAME_HUE = 25  # largest distance in CIELAB, both at full brightness, of a pixel with the hue of a palette colour
BIN = 4  # pixels per bin of positions, 27 bins for the whole range; single pixels where the range is shorter
# Other hues whose nearest plain name is one of the palette's:
NEW_NAMES = {"white": "off-white", "yellow": "other yellow", "red": "other red", "blue": "other blue"}
MAX_REFERENCE = 2000  # reference images in distances between distributions
MAX_FEATURES = 1000  # images whose features are compared


def report(
    images: np.ndarray,
    reference: np.ndarray | None = None,
    rules: Rules | str | os.PathLike | ModuleType | None = THREE_LINES,
    seed: int = 0,
) -> dict:
    """Measure a batch of images.

    Args:
        images: (n, h, w, 3), (n, h, w, 1) or (n, h, w), uint8 or float in [-1, 1], at least 2. Several hundred give
            stable figures: a share of n images is known to within 1 / sqrt(n) (two standard errors at most).
        reference: the training images, of the same kind, or what `load_dataset` gave, for "memory"; distances between
            distributions are then taken to them too, else to as many freshly drawn images. They are not copied.
        rules: `Rules` for three lines, read line by line; the name of any rule set ("molnar"), its file ("mine.py") or
            its module, read by its reader; None for any other data set, without the measures that need rules.
        seed: int, of all random choices.

    Returns:
        Dict of plain values. Shares are 0 to 1.

        - "images", "height", "width"; "rules", the settings of the rules.
        - "adherence": "all", the share of images that keep all the rules, and "rules", the share for each single rule.
        - "class_distance": peak signal-to-noise ratio of each image and the nearest image that the rules can draw, in
          decibels: "median", "quantiles" (5, 25, 75, 95 %), "identical", the share of images that the rules can draw.
          99 stands for identical.
        - "census": the shares of images by their number of "lines", "verticals", "horizontals"; "touching", the share
          in which lines touch, so that their number is uncertain.
        - "profile": "grooved", the share of lines with an inner column at least 10 % darker than both its sides (see
          `Line.groove`): 0 of drawn lines, 0.3 % of those in JPEG files.
        - "palette": the shares of total brightness in pixels with the hue of white, yellow, red and blue; "new", the
          share of all other hues, and "new_hues", these by plain names.
        - "divergence": Jensen-Shannon divergence, 0 to 1 bit, between the images and the rules' distribution of x, y1,
          y2 and colours (the fifth colour is any other).
        - "positions": number of lines at each of the 128 positions, for x, y1, y2.
        - "diversity": see `utils.reading.distances.diversity`.
        - "memory", with a reference: "distance", the median distance of an image to its nearest reference image;
          "expected", that of as many freshly drawn images (without rules: of reference images to each other); "ratio"
          of the two, near 0 for a network that repeats its training images (pale and empty images lower it a little
          too); "copies", the share of images that are not clearly different from a reference image, and
          "copies_expected".
        - "coverage", with rules or a reference: "share", of the reference images that the images cover; "expected", the
          share that images of the same source would cover; "density"; see `utils.reading.distances.coverage`.
        - "sliced_wasserstein": "texture" and "layout"; "kernel_distance".

        For a rule set read by its reader, "rules" is {"name"}, and "adherence", "parameters", "unread" and "together"
        are those of `utils.reading.adherence.against_reader`, in place of the measures of single lines.

    Raises:
        ValueError: fewer than two images, or an array that is no batch of images.

    Example:
        >>> numbers = report(generate_images(generator, Z), x_train)
        >>> print(table(numbers))
    """
    images = as_batch(images)
    if len(images) < 2:
        raise ValueError(f"a report needs at least 2 images, better several hundred; there is {len(images)}")
    reference = getattr(reference, "images", reference)  # of `ImageBatches`
    rng = np.random.default_rng(seed)
    numbers = {"images": len(images), "height": images.shape[1], "width": images.shape[2]}
    drawn = None
    if isinstance(rules, Rules):
        drawn = rules.draw(len(images), rng)
        numbers |= {"rules": asdict(rules)} | against_rules(images, rules) | _against_drawn(images, rules)
    elif rules is not None:
        from utils.reading.adherence import against_reader, framed  # Keras, which only readers need
        from utils.reading.readers import reader_of

        rules = rules if isinstance(rules, ModuleType) else lines.rules(rules)
        drawn = framed(draw_checked(rules, sampled(rules, len(images), rng), SIZE), images.shape[1:])
        numbers |= {"rules": {"name": name_of(rules)}} | against_reader(images, rules, reader_of(rules), seed)
    numbers["diversity"] = diversity(images)
    numbers["memory"] = None if reference is None else _memory(images, reference, drawn)
    other = drawn if reference is None else as_batch(_subsample(reference, MAX_REFERENCE, rng))
    if other is None:
        return numbers | {"coverage": None, "sliced_wasserstein": None, "kernel_distance": None}
    features, other_features = (random_features(_subsample(batch, MAX_FEATURES, rng)) for batch in (images, other))
    numbers["coverage"] = coverage(features, other_features)
    numbers["sliced_wasserstein"] = sliced_wasserstein(images, other, seed)
    numbers["kernel_distance"] = kernel_distance(features, other_features)
    return numbers


def against_rules(images: np.ndarray, rules: Rules = THREE_LINES) -> dict:
    """Read the lines of a batch and check the rules: the fast part of a report (benchmarks/LOG.md, "Reading of lines").

    Args:
        images: (n, h, w, 3), (n, h, w, 1) or (n, h, w), uint8 or float in [-1, 1].
        rules: the `Rules` to check.

    Returns:
        Dict with "adherence", "census", "profile", "divergence" and "positions" as in `report`.
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
        "profile": {"grooved": float(np.mean([line.groove >= GROOVE for group in found for line in group] or [0.0]))},
        "divergence": _divergences(found, positions, rules),
        "positions": {name: np.bincount(values, minlength=SIZE).tolist() for name, values in positions.items()},
    }


def _against_drawn(images: np.ndarray, rules: Rules) -> dict:
    """The slower measures of a report that need rules: the distance to the nearest drawn image, and the hues."""
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
    """The shares of images by their number of lines."""

    def shares(counts: list[int]) -> dict[str, float]:
        return {str(count): times / len(found) for count, times in sorted(Counter(counts).items())}

    return {
        "lines": shares([len(group) for group in found]),
        "verticals": shares([sum(line.direction == "vertical" for line in group) for group in found]),
        "horizontals": shares([sum(line.direction == "horizontal" for line in group) for group in found]),
        "touching": float(np.mean([any(line.touching for line in group) for group in found])),
    }


def _positions(found: list[list[Line]], rules: Rules) -> dict[str, np.ndarray]:
    """The positions of all verticals, first and second horizontals, as ints 0..127."""
    values: dict[str, list[Line]] = {"x": [], "y1": [], "y2": []}
    for group in found:
        values["x"] += [line for line in group if line.direction == "vertical"]
        first, second = split_horizontals(group, rules)
        values["y1"] += first
        values["y2"] += second
    return {
        name: np.clip(np.rint([line.position for line in lines]), 0, SIZE - 1).astype(int)
        for name, lines in values.items()
    }


def _divergences(found: list[list[Line]], positions: dict[str, np.ndarray], rules: Rules) -> dict[str, float]:
    """The Jensen-Shannon divergences of positions and colours from the rules' distribution, in bits."""
    divergences = {}
    for name, values in positions.items():
        # bins begin with the range, so that none is partly outside; all positions outside share one bin
        expected = rules.distribution[name]
        likely = np.flatnonzero(expected > 1e-6)
        width = BIN if len(likely) > SIZE // 4 else 1
        bins = np.where(expected > 1e-6, (np.arange(SIZE) - likely[0]) // width + 1, 0)
        divergences[name] = jensen_shannon(
            np.bincount(bins[values], minlength=bins.max() + 1), np.bincount(bins, weights=expected)
        )
    colors = [
        line.palette if line.palette_distance <= rules.palette else len(PALETTE) for group in found for line in group
    ]
    divergences["colors"] = jensen_shannon(np.bincount(colors, minlength=len(PALETTE) + 1), np.array([1, 1, 1, 1, 0]))
    return divergences


def _palette(images: np.ndarray) -> dict:
    """Divide the total brightness of uint8 images (n, 128, 128, 3) among the hues of the palette and others."""
    brightness = np.maximum(np.maximum(images[..., 0], images[..., 1]), images[..., 2])
    bright = brightness >= MIN_BRIGHTNESS * 255
    names, table_of = _hue_table()
    coarse = images[bright] >> 3
    hue = table_of[coarse[:, 0], coarse[:, 1], coarse[:, 2]]
    amounts = np.bincount(hue, weights=brightness[bright], minlength=len(names))
    shares = dict(zip(names, (amounts / max(amounts.sum(), 1)).tolist(), strict=True))
    new = {name: share for name, share in shares.items() if name not in COLOR_NAMES and share > 0}
    return {name: shares[name] for name in COLOR_NAMES} | {
        "new": float(sum(new.values())),
        "new_hues": dict(sorted(new.items(), key=lambda item: -item[1])),
    }


@lru_cache(maxsize=1)
def _hue_table() -> tuple[list[str], np.ndarray]:
    """The hue of every colour, in steps of 8 levels: names, and indices into them, uint8 (32, 32, 32).

    A colour has the hue of a palette colour if both are near at full brightness: a dim red is red, a grey is white.
    Other colours have their plain name.
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
    """The distances of images to their nearest reference image, and the expected ones."""
    # freshly drawn images, or else reference images, whose own distance 0 to themselves does not count
    others = drawn if drawn is not None else reference[:: max(1, len(reference) // len(images))][: len(images)]
    points = np.concatenate([small_vectors(images), small_vectors(others)])
    smallest = smallest_distances(points, reference, min(2, len(reference)))
    distances = smallest[: len(images), 0]
    expected = smallest[len(images) :, 0 if drawn is not None else -1]
    usual = float(np.median(expected))
    return {
        "distance": float(np.median(distances)),
        "expected": usual,
        "ratio": float(np.median(distances) / max(usual, 1e-9)),
        "copies": float(np.mean(distances < CLEAR_DIFFERENCE)),
        "copies_expected": float(np.mean(expected < CLEAR_DIFFERENCE)),
    }


def _subsample(images: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    """A random subset of at most `most` images, in order."""
    return images if len(images) <= most else images[np.sort(rng.choice(len(images), most, replace=False))]
