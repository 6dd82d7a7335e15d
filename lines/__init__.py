"""The data set: images of lines, drawn by rule. Importing this package asks for NumPy alone.

Each set of rules is a module of its own; `lines.lines` is the first, three lines on black, and its names stand here
too. Its brothers `molnar`, `nees`, `nake` and `mohr`, and those that you add, come by their names: `lines.rules`.
"""

from lines.dataset import write_dataset, write_sheet
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
from lines.registry import rule_names, rules

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
    "rule_names",
    "rules",
    "sample",
    "write_dataset",
    "write_sheet",
]
