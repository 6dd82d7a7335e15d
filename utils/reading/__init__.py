"""Evaluation of images: their lines, the rules that they keep, and distances to other images.

`lines` reads lines from pixels, `rules` checks the rules, `reporting` measures a batch, `relations` the dependence
between lines, `views` shows a report as table and figure, `distances` compares batches of any images; `colors` and
`shrinking` are their tools; `words` says what the numbers mean.
"""

from utils.images import psnr_each
from utils.reading.distances import (
    coverage,
    diversity,
    kernel_distance,
    nearest_distances,
    random_features,
    sliced_wasserstein,
)
from utils.reading.lines import Line, read_lines
from utils.reading.reporting import THREE_LINES, against_rules, report
from utils.reading.rules import Rules, nearest_drawn, rules_kept
from utils.reading.views import figure, folded, side_by_side, table
from utils.reading.words import in_words

__all__ = [
    "THREE_LINES",
    "Line",
    "Rules",
    "against_rules",
    "coverage",
    "diversity",
    "figure",
    "folded",
    "in_words",
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
