"""Relations of measured values: how far two histograms are apart, and what the lines of an image tell of each other."""

import numpy as np

import lines
from utils.reading.rules import nearest_drawn


def together(images: np.ndarray) -> dict[str, float]:
    """Measure the dependence of the lines of an image on each other.

    The lines are those of the nearest images that the rules can draw.

    Args:
        images: uint8 (n, 128, 128, 3).

    Returns:
        Dict: "colors", the largest mutual information of the colours of two lines, in bits (0 if independent, 2 if
        always equal, about 0.01 by chance in 1,000 images); "positions", the correlation of the positions of the
        vertical and the first horizontal, from -1 to 1; "order", the share of images in which the second horizontal
        covers the vertical, among those in which their colours differ.
    """
    fit, _ = nearest_drawn(images)
    x, y = fit["color_x"], fit["color_y2"]
    pairs = ((x, fit["color_y1"]), (x, y), (fit["color_y1"], y))
    crossing = images[np.arange(len(images)), fit["y2"], fit["x"]].astype(float)
    far_from = [np.linalg.norm(crossing - lines.PALETTE[color], axis=1) for color in (x, y)]
    with np.errstate(invalid="ignore"):  # where all lines lie at one position
        correlation = np.corrcoef(fit["x"], fit["y1"])[0, 1]
    return {
        "colors": max(mutual_information(a, b) for a, b in pairs),
        "positions": float(np.nan_to_num(correlation)),
        "order": float((far_from[1] < far_from[0])[x != y].mean()) if np.any(x != y) else 0.0,
    }


def mutual_information(a: np.ndarray, b: np.ndarray) -> float:
    """The mutual information of two arrays of non-negative ints, each (n,), in bits."""
    joint = np.zeros((a.max() + 1, b.max() + 1))
    np.add.at(joint, (a, b), 1 / len(a))
    independent = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0)
    there = joint > 0
    return float((joint[there] * np.log2(joint[there] / independent[there])).sum())


def jensen_shannon(counts: np.ndarray, others: np.ndarray) -> float:
    """The Jensen-Shannon divergence of two histograms: 0 if equal, 1 bit if disjoint or if one is empty."""
    if counts.sum() == 0 or others.sum() == 0:
        return 1.0
    p, q = counts / counts.sum(), others / others.sum()
    middle = (p + q) / 2

    def divergence(a: np.ndarray) -> float:
        there = a > 0
        return float(np.sum(a[there] * np.log2(a[there] / middle[there])))

    return max(0.0, (divergence(p) + divergence(q)) / 2)
