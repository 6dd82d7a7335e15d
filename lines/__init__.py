"""The data set: images of lines, drawn by rule. Importing this package asks for NumPy alone.

Each rule is a module of its own; `lines.lines` is the first, three lines on black, and its names stand here too.
"""

from lines.dataset import write_dataset
from lines.lines import (
    COLOR_NAMES,
    LINES,
    PALETTE,
    PARAMETERS,
    POSITIONS,
    SIZE,
    STROKE,
    Y2_CHOICES,
    Y2_DEVIATION,
    Y2_MEAN,
    draw,
    sample,
)

__all__ = [
    "COLOR_NAMES",
    "LINES",
    "PALETTE",
    "PARAMETERS",
    "POSITIONS",
    "SIZE",
    "STROKE",
    "Y2_CHOICES",
    "Y2_DEVIATION",
    "Y2_MEAN",
    "draw",
    "sample",
    "write_dataset",
]
