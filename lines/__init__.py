"""Data sets of images drawn by rules. Importing this package needs NumPy only.

Each rule set is a module: `lines.lines`, three lines on black, whose names are exported here, and `molnar`, `nees`,
`nake` and `mohr`. `lines.rules` finds them, and rule sets of your own, by name.
"""

from lines.dataset import write_dataset, write_missing_dataset, write_sheet
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
    "write_missing_dataset",
    "write_sheet",
]
