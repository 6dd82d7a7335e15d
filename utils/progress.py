"""The progress bar: `from utils.progress import tqdm`.

A notebook shows it as a widget, a terminal as text. For notebooks that run from a terminal (`make demo`), whose widgets
nobody sees, PROGRESS_BAR=text asks for text on the error stream, once a second because the notebook stores every line,
and PROGRESS_BAR=off for no bar (`make notebooks`).

The bar uses a monotonic clock: with tqdm's own clock the remaining time turns negative when the system time is set
back.
"""

import os
import time
from functools import partial

from tqdm import _monitor, auto, std

std.time = _monitor.time = time.monotonic
KINDS = {"text": partial(std.tqdm, mininterval=1), "off": partial(std.tqdm, disable=True)}
tqdm = KINDS.get(os.environ.get("PROGRESS_BAR"), auto.tqdm)
