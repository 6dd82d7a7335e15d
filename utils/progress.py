"""The progress bar: `from utils.progress import tqdm`.

A notebook shows it as a widget, a terminal as text. Where notebooks run from a terminal (`make demo`), the kernel
cannot know that its widgets are seen by nobody: PROGRESS_BAR=text asks for text on the error stream then, once a
second, since the notebook keeps every line of it, and PROGRESS_BAR=off for none (`make notebooks`).

The bar counts its seconds by a clock that no one sets: tqdm's own would say "-1 day left" after a night in which the
computer found the right time.
"""

import os
import time
from functools import partial

from tqdm import _monitor, auto, std

std.time = _monitor.time = time.monotonic
KINDS = {"text": partial(std.tqdm, mininterval=1), "off": partial(std.tqdm, disable=True)}
tqdm = KINDS.get(os.environ.get("PROGRESS_BAR"), auto.tqdm)
