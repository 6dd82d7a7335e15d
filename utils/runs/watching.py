"""Live views of a training: the sample sheet and losses in a notebook, and TensorBoard.

- `LiveView` shows the newest sample sheet and the losses below the cell, and updates them at each snapshot; `.train`
  adds it in a notebook.
- `TensorBoard` writes losses and sample sheets for `tensorboard --logdir run`; pass it to `.train(callbacks=[...])`.
"""

import os
import sys
import time
from pathlib import Path
from types import ModuleType

import numpy as np
from PIL import Image

from utils.figures import draw_curves
from utils.figures.palettes import within_notebook
from utils.figures.style import INK, TEXT_SIZE, draw_image, in_html, in_notebook, in_own_style, render
from utils.figures.texts import TEXTS as FIGURES
from utils.quiet import keras
from utils.runs import telling
from utils.runs.callbacks import Listener
from utils.runs.folder import sample_sheet, sample_sheets
from utils.speech import number, say

LIVE_BYTES = 50_000  # of the picture, which later cells show again, larger


class LiveView(Listener):
    """Shows the newest sample sheet beside the losses, in one notebook output that is updated.

    Args:
        folder: the run folder. The callback must come after the one that draws its sample sheets.
    """

    def __init__(self, folder: str | os.PathLike):
        super().__init__()
        self.folder, self.handle = Path(folder), None

    def on_train_batch_end(self, batch, logs=None):
        sheet = sample_sheet(self.folder, self.model.epoch)
        if sheet.exists():
            self._show(sheet)

    def _show(self, sheet):
        from IPython.display import display

        shown = _seen(sheet, self.model.epoch, self.model.losses_of)
        if self.handle is None:
            self.handle = display(shown, display_id=True, raw=True)
        else:
            self.handle.update(shown, raw=True)


def show_last(model, folder: str | os.PathLike) -> None:
    """Show the last sample sheet of a run folder beside the losses, as a training shows it; nothing in a script."""
    sheets = dict(sample_sheets(folder))
    if in_notebook() and sheets:
        from IPython.display import display

        step = max(sheets)
        display(_seen(sheets[step], step, model.losses_of), raw=True)


def _seen(sheet, step, losses):
    """What a notebook shows of a sample sheet after `step` steps."""
    step = number(step, ",d")
    png = view(sheet, losses, telling.text("after", step=step))
    return in_html(within_notebook(png, LIVE_BYTES), *telling.picture("live", step=step))


@in_own_style
def view(sheet: str | os.PathLike, losses: dict, title: str) -> bytes:
    """Draw a sample sheet beside the losses.

    Args:
        sheet: path of the sample sheet.
        losses: dict, name -> list of floats, one per step.
        title: title of the sample sheet.

    Returns:
        A PNG, as bytes.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.4), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(2, 3))
    draw_image(left, np.asarray(Image.open(sheet).convert("RGB")))
    left.set_title(title, loc="left", fontsize=TEXT_SIZE, color=INK)
    draw_curves(right, losses, say(FIGURES, "losses"))
    return render(figure, dpi=80)


class TensorBoard(Listener):
    """Writes the losses of every step and each sample sheet into `folder`/tensorboard, whatever Keras' backend.

    Args:
        folder: the run folder.

    Raises:
        ImportError: the package tensorboard is not installed.

    Example:
        >>> gan.train(..., run_folder=folder, callbacks=[TensorBoard(folder)])  # then: tensorboard --logdir run
    """

    def __init__(self, folder: str | os.PathLike):
        super().__init__()
        self.folder = Path(folder)
        if keras.backend.backend() != "tensorflow":  # tensorboard looks for this name before it imports TensorFlow
            sys.modules.setdefault("tensorboard.compat.notf", ModuleType("tensorboard.compat.notf"))
        try:
            from tensorboard.summary.writer.event_file_writer import EventFileWriter
        except ImportError as error:
            raise ImportError("TensorBoard is not installed: pip install tensorboard") from error
        self.writer = EventFileWriter(str(self.folder / "tensorboard"))

    def on_train_batch_end(self, batch, logs=None):
        step = self.model.epoch
        for name, values in self.model.losses_of.items():
            self._write(step, tag=name, simple_value=values[-1])
        sheet = sample_sheet(self.folder, step)
        if sheet.exists():
            with Image.open(sheet) as picture:
                size = {"width": picture.width, "height": picture.height}
            self._write(step, tag="samples", image={**size, "encoded_image_string": sheet.read_bytes()})

    def on_train_end(self, logs=None):
        self.writer.flush()

    def _write(self, step, **value):
        from tensorboard.compat.proto.event_pb2 import Event

        self.writer.add_event(Event(wall_time=time.time(), step=step, summary={"value": [value]}))


def notebook_views(folder) -> list:
    """The list of callbacks that show a training in a notebook; empty elsewhere."""
    return [LiveView(folder)] if in_notebook() else []
