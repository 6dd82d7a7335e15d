"""The Keras callbacks that print progress and write a run folder during `fit`."""

import time
import warnings
from pathlib import Path

import numpy as np

from utils import files
from utils.figures.style import in_notebook
from utils.progress import tqdm
from utils.quiet import keras
from utils.runs.checkpoints import CHECKPOINT, DATA, save_weights
from utils.runs.history import write_history


class Listener(keras.callbacks.Callback):
    """A callback that never reads the weights, so that logs can be deferred (`models.engine.deferred`)."""

    def due(self, step):
        """Whether the callback reads the weights at a step: never."""
        return False


def for_training(folder, r, c, every, last, images_a_step, verbose="auto", minutes=None, held=None):
    """The callbacks of `.train`.

    Args:
        folder: the run folder.
        r, c: rows and columns of the sample grids.
        every: steps between two snapshots.
        last: number of steps at which the training ends.
        images_a_step: real images per step, for the images per second of the progress bar.
        verbose: 2 for the original's line, 1 for a progress bar, 0 for nothing, `auto` for 1 in a notebook and 2
            elsewhere.
        minutes: time limit; None for none.
        held: `utils.files.in_progress.FolderLock` of the folder; None without a folder lock.

    Returns:
        List of callbacks; the one that saves snapshots comes last.
    """
    chosen = [StepSeconds(), *([KeepFolder(folder, held)] if held else [])]
    if verbose == "auto":
        verbose = 1 if in_notebook() else 2
    if verbose == 2:
        chosen.append(PrintLines())
    elif verbose == 1:
        chosen.append(ProgressBar(last, images_a_step))
    if minutes is not None:
        chosen.append(TimeLimit(minutes))
    return [*chosen, Snapshots(folder, r, c, every, last)]


class StepSeconds(Listener):
    """Records the duration of each step in `model.step_seconds`."""

    on_every_process = True

    def on_train_batch_begin(self, batch, logs=None):
        self.started = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        self.model.step_seconds.append((logs or {}).get("seconds", time.perf_counter() - self.started))


class PrintLines(Listener):
    """Prints the model's `log_line()` at each step."""

    def on_train_batch_end(self, batch, logs=None):
        print(self.model.log_line(), flush=True)


class ProgressBar(Listener):
    """A progress bar over the steps, with the last losses and the real images per second."""

    def __init__(self, last, images_a_step):
        super().__init__()
        self.last, self.images_a_step = last, images_a_step
        self.bar = None

    def on_train_begin(self, logs=None):
        if self.bar is None:
            self.bar = tqdm(total=self.last, initial=self.model.epoch, unit="step", desc="Training")

    def on_train_batch_end(self, batch, logs=None):
        model = self.model
        shown = {model.labels.get(name, name): f"{values[-1]:.4g}" for name, values in model.losses_of.items()}
        seconds = np.median(model.step_seconds[-10:])
        self.bar.set_postfix({**shown, "images/s": f"{self.images_a_step / seconds:.0f}"}, refresh=False)
        self.bar.update()
        if model.epoch + 1 >= self.last or model.stop_training:
            self.bar.close()


class TimeLimit(Listener):
    """Stops a training at the end of the first step after a number of minutes."""

    def __init__(self, minutes):
        super().__init__()
        self.deadline = time.monotonic() + 60 * minutes

    def on_train_batch_end(self, batch, logs=None):
        if time.monotonic() >= self.deadline:
            self.model.stop_training = True


class KeepFolder(Listener):
    """Renews the folder lock, and recreates the run folder if it was deleted during the training."""

    INITIAL_FILES = ("run.json", "params.json", "params.pkl", str(DATA))  # snapshots do not write these again

    def __init__(self, folder, held):
        super().__init__()
        self.folder, self.held = Path(folder), held
        self.kept = None

    def on_train_begin(self, logs=None):
        if self.kept is None:
            there = [self.folder / name for name in self.INITIAL_FILES if (self.folder / name).is_file()]
            self.kept = {path: path.read_bytes() for path in there}

    def on_train_batch_end(self, batch, logs=None):
        if not self.held.sign_of_life(now=not self.folder.is_dir()):
            lost = [path for path in self.kept if not path.exists()]
            for path in lost:
                files.write_bytes(path, self.kept[path])
            if lost:
                warnings.warn(
                    f"{self.folder} vanished before step {self.model.epoch} and was laid anew. The training goes on, "
                    "and its next snapshot holds the whole history; earlier sample sheets are gone.",
                    stacklevel=2,
                )


class Snapshots(keras.callbacks.Callback):
    """Writes a snapshot every `every` steps and at the last: sample grid, models, weights, history and checkpoint."""

    def __init__(self, folder, r, c, every, last):
        super().__init__()
        self.folder = Path(folder)
        self.r, self.c = r, c
        self.every = every
        self.last = last

    def due(self, step):
        """Whether a step has a snapshot."""
        return step % self.every == 0 or step + 1 == self.last

    written = None  # the step of the last snapshot

    def on_train_batch_end(self, batch, logs=None):
        if self.due(self.model.epoch) or self.model.stop_training:
            self.write()

    def write(self):
        """Write a snapshot of the model as it is."""
        model = self.model
        model.synchronise()
        self._check()
        model.sample_images(self.folder, self.r, self.c)
        saved = model.save_model(self.folder)
        save_weights(saved, self.folder / "weights" / "weights.h5")
        write_history(self.folder, model.history_columns())
        save_weights(model, self.folder / CHECKPOINT)
        self.written = model.epoch

    def _check(self):
        """Raise FloatingPointError if a weight is not finite, so that good files are not overwritten.

        The losses of a step are computed before its updates, so that finite losses do not prove finite weights.
        """
        for variable in self.model.variables:
            values = keras.ops.convert_to_numpy(variable)
            if values.dtype.kind == "f" and not np.isfinite(values).all():
                raise FloatingPointError(
                    f"Step {self.model.epoch}: {variable.path} holds numbers that are not finite. The training has "
                    "blown up and was stopped; the files of the last good snapshot are kept. Try smaller learning "
                    "rates or precision='float32'."
                )


class LastSnapshot(Listener):
    """Writes the snapshot of a training that a callback after `Snapshots` stops, such as a user's own.

    Args:
        snapshots: the `Snapshots` of the training.
    """

    def __init__(self, snapshots):
        super().__init__()
        self.snapshots = snapshots

    def on_train_batch_end(self, batch, logs=None):
        if self.model.stop_training and self.snapshots.written != self.model.epoch:
            self.snapshots.write()
