"""The progress bar: `from utils.progress import tqdm`.

A notebook shows it as a widget, a terminal as text. Where notebooks run from a terminal (`make demo`), the kernel
cannot know that its widgets are seen by nobody: PROGRESS_BAR=text asks for text on the error stream then, once a
second, since the notebook keeps every line of it.
"""

import os
from functools import partial

from tqdm import auto, std

tqdm = partial(std.tqdm, mininterval=1) if os.environ.get("PROGRESS_BAR") == "text" else auto.tqdm
