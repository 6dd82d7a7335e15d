"""Live views of a training: the sample sheet and losses in a notebook, and TensorBoard.

- `LiveView` shows the newest sample sheet and the losses below the cell, and updates them at each snapshot; `.train`
  adds it in a notebook.
- `TensorBoard` writes losses and sample sheets for `tensorboard --logdir run`; pass it to `.train(callbacks=[...])`.
"""

import os
from contextlib import suppress
from pathlib import Path

import numpy as np

from utils.figures import draw_curves
from utils.figures.style import draw_image, in_notebook, in_own_style, render
from utils.quiet import keras
from utils.runs.callbacks import Listener
from utils.runs.folder import sample_sheet


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
        from IPython.display import Image, display

        image = Image(view(sheet, self.model.losses_of, f"after step {self.model.epoch}"))
        if self.handle is None:
            self.handle = display(image, display_id=True)
        else:
            self.handle.update(image)


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
    from PIL import Image

    figure = Figure(figsize=(11, 4.4), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(2, 3))
    draw_image(left, np.asarray(Image.open(sheet).convert("RGB")))
    left.set_title(title, loc="left", fontsize=11)
    draw_curves(right, losses, "Losses")
    return render(figure, dpi=80)


class TensorBoard(Listener):
    """Writes the losses of every step and each sample sheet into `folder`/tensorboard.

    Args:
        folder: the run folder.

    Raises:
        ImportError: the package tensorboard is not installed, or neither TensorFlow nor PyTorch is.

    Example:
        >>> gan.train(..., run_folder=folder, callbacks=[TensorBoard(folder)])  # then: tensorboard --logdir run
    """

    def __init__(self, folder: str | os.PathLike):
        super().__init__()
        self.folder = Path(folder)
        self.writer = _writer(self.folder / "tensorboard")

    def on_train_batch_end(self, batch, logs=None):
        step = self.model.epoch
        for name, values in self.model.losses_of.items():
            self.writer.scalar(name, values[-1], step)
        sheet = sample_sheet(self.folder, step)
        if sheet.exists():
            self.writer.image("samples", sheet, step)

    def on_train_end(self, logs=None):
        self.writer.flush()


class _TensorFlowWriter:
    def __init__(self, folder):
        import tensorflow as tf

        self.tf, self.writer = tf, tf.summary.create_file_writer(str(folder))

    def scalar(self, name, value, step):
        with self.writer.as_default():
            self.tf.summary.scalar(name, value, step)

    def image(self, name, path, step):
        with self.writer.as_default():
            self.tf.summary.image(name, _pixels(path)[None], step)

    def flush(self):
        self.writer.flush()


class _TorchWriter:
    def __init__(self, folder):
        from torch.utils.tensorboard import SummaryWriter

        self.writer = SummaryWriter(str(folder))

    def scalar(self, name, value, step):
        self.writer.add_scalar(name, value, step)

    def image(self, name, path, step):
        self.writer.add_image(name, _pixels(path), step, dataformats="HWC")

    def flush(self):
        self.writer.flush()


def _writer(folder):
    """A writer of TensorBoard files: PyTorch's if that is the backend, so that TensorFlow is not imported for it."""
    kinds = [_TensorFlowWriter, _TorchWriter]
    for kind in kinds[:: -1 if keras.backend.backend() == "torch" else 1]:
        with suppress(ImportError):
            import tensorboard  # noqa: F401  (TensorFlow's writer would fail only at the first value)

            return kind(folder)
    raise ImportError("TensorBoard is not installed: pip install tensorboard; TensorFlow or PyTorch writes its files")


def _pixels(path):
    from PIL import Image

    return np.asarray(Image.open(path).convert("RGB"))


def notebook_views(folder) -> list:
    """The list of callbacks that show a training in a notebook; empty elsewhere."""
    return [LiveView(folder)] if in_notebook() else []
