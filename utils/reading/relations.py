"""What the lines of an image tell of each other, which the rules draw independently."""

import numpy as np

import lines
from utils.reading.rules import nearest_drawn


def together(images: np.ndarray) -> dict[str, float]:
    """Say how much the lines of an image know of each other, who by the rules are drawn independently.

    Asked of the nearest images that the rules can draw, whose lines are known.

    Args:
        images: uint8 (n, 128, 128, 3).

    Returns:
        "colors", the largest mutual information in bits of the colours of two lines (0 if independent, 2 if always the
        same, some 0.01 by chance in 1,000); "positions", the correlation of the positions of the vertical and the first
        horizontal, from -1 to 1; "order", the share of images in which the second horizontal covers the vertical, of
        those in which their colours differ.
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
    """Bits that one of two rows of whole numbers from 0, each (n,), tells of the other."""
    joint = np.zeros((a.max() + 1, b.max() + 1))
    np.add.at(joint, (a, b), 1 / len(a))
    independent = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0)
    there = joint > 0
    return float((joint[there] * np.log2(joint[there] / independent[there])).sum())
