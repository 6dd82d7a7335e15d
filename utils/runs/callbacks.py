"""The Keras callbacks that fill a run folder while `fit` goes on."""

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
    """A callback to which what it is told is enough: it never looks at the weights."""

    def due(self, step):
        return False


def for_training(folder, r, c, every, last, images_a_step, verbose="auto", minutes=None, held=None):
    """The callbacks that `.train` hands to `fit`.

    Args:
        folder: the run folder.
        r, c: rows and columns of the sample grids.
        every: steps between two snapshots.
        last: the step count at which training ends.
        images_a_step: real images that a step looks at, for the bar.
        verbose: 2 for the original's line, 1 for a bar, 0 for silence, `auto` for 1 in a notebook and 2 elsewhere.
        minutes: time limit; None for none.
        held: `utils.files.in_progress.FolderLock` of the folder.
    """
    chosen = [Timing(), *([StaysInPlace(folder, held)] if held else [])]
    if verbose == "auto":
        verbose = 1 if in_notebook() else 2
    if verbose == 2:
        chosen.append(StepLines())
    elif verbose == 1:
        chosen.append(Bar(last, images_a_step))
    if minutes is not None:
        chosen.append(TimeLimit(minutes))
    return [*chosen, Snapshots(folder, r, c, every, last)]


class Timing(Listener):
    """Keeps how long each step took, in `model.step_seconds`."""

    on_every_process = True

    def on_train_batch_begin(self, batch, logs=None):
        self.started = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        self.model.step_seconds.append((logs or {}).get("seconds", time.perf_counter() - self.started))


class StepLines(Listener):
    """Prints a line each step, the GAN's as the original printed it."""

    def on_train_batch_end(self, batch, logs=None):
        print(self.model.log_line(), flush=True)


class Bar(Listener):
    """A progress bar over the steps, with the losses of the last one and real images a second."""

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
    """Stops a training after so many minutes, at the end of a step."""

    def __init__(self, minutes):
        super().__init__()
        self.deadline = time.monotonic() + 60 * minutes

    def on_train_batch_end(self, batch, logs=None):
        if time.monotonic() >= self.deadline:
            self.model.stop_training = True


class StaysInPlace(Listener):
    """Gives a sign of life now and then, and lays a run folder anew that vanished while a training filled it."""

    TOLD = ("run.json", "params.json", "params.pkl", str(DATA))  # what a snapshot does not write again

    def __init__(self, folder, held):
        super().__init__()
        self.folder, self.held = Path(folder), held
        self.kept = None

    def on_train_begin(self, logs=None):
        if self.kept is None:
            there = [self.folder / name for name in self.TOLD if (self.folder / name).is_file()]
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
    """Every so many steps, and at the last: a sample grid, models, weights, history, and a checkpoint to go on from."""

    def __init__(self, folder, r, c, every, last):
        super().__init__()
        self.folder = Path(folder)
        self.r, self.c = r, c
        self.every = every
        self.last = last

    def due(self, step):
        return step % self.every == 0 or step + 1 == self.last

    def on_train_batch_end(self, batch, logs=None):
        model = self.model
        if self.due(model.epoch) or model.stop_training:
            model.synchronise()
            self._check()
            model.sample_images(self.folder, self.r, self.c)
            saved = model.save_model(self.folder)
            save_weights(saved, self.folder / "weights" / "weights.h5")
            write_history(self.folder, model.history_columns())
            save_weights(model, self.folder / CHECKPOINT)

    def _check(self):
        """A step's losses come from the weights before it: these may be none any more, and good files stay."""
        for variable in self.model.variables:
            values = keras.ops.convert_to_numpy(variable)
            if values.dtype.kind == "f" and not np.isfinite(values).all():
                raise FloatingPointError(
                    f"Step {self.model.epoch}: {variable.path} holds numbers that are not finite. The training has "
                    "blown up and was stopped; the files of the last good snapshot are kept. Try smaller learning "
                    "rates or precision='float32'."
                )
