"""What every model here shares around its `step`: training by `fit`, losses kept, files written, going on again.

`TrainingLoop` is a mixin of `keras.Model`. It knows no network and no loss: the model beside it gives `step(images)`
(see `models.engine.backend.TrainStep`), and names its losses in `loss_names`. Files and figures are reached through the
callbacks of `utils.runs`.
"""

import signal
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType

import keras
import numpy as np
from keras import ops

from models.engine import distributed
from models.engine.backend import batches_for_fit
from models.engine.deferred import FEW, DeferredLogs
from models.engine.precision import has_accelerator
from utils.files.in_progress import folder_lock
from utils.loaders import ImageBatches
from utils.runs import checkpoints
from utils.runs.callbacks import Listener, for_training
from utils.runs.watching import notebook_views

MOST_ON_DEVICE = 4 * 2**30  # bytes of a data set that is kept on a GPU
LONGER_EVERY = 100  # on every 100th step the original's critic takes more batches


@dataclass(frozen=True)
class Schedule:
    """How many batches each step takes: `batches`, but `every_100th` on step 0, 100, 200 ..."""

    batches: int = 1
    every_100th: int = 1

    def segments(self, first, last):
        """Cut steps first .. last-1 into runs of (steps, batches a step)."""
        if self.batches == self.every_100th:
            return [(last - first, self.batches)] if last > first else []
        segments = []
        while first < last:
            if first % LONGER_EVERY == 0:
                segments.append((1, self.every_100th))
                first += 1
            else:
                until = min(last, (first // LONGER_EVERY + 1) * LONGER_EVERY)
                segments.append((until - first, self.batches))
                first = until
        return segments

    def batches_before(self, step):
        """How many batches were taken before `step`: where in the endless sequence of images to go on."""
        longer = -(-step // LONGER_EVERY)  # steps of `every_100th` batches
        return self.batches * (step - longer) + self.every_100th * longer


class TrainingLoop:
    """Mixin of a `keras.Model` that trains in steps and leaves a run folder.

    The model sets `loss_names`, the keys of what its `step` returns, in the order of history.csv, and calls
    `self._start_history()` when it is built. `sample_images(run_folder, r, c)`, `save_model(folder)` and the weights
    are what a snapshot asks of it.

    Attributes:
        epoch: number of steps done.
        losses_of: dict, name -> list of floats, one a step.
        step_seconds: list of floats, how long each step took.
    """

    loss_names = ()
    labels = MappingProxyType({})  # shorter names of the losses, for a progress bar

    def _start_history(self):
        self.losses_of = {name: [] for name in self.loss_names}
        self.step_seconds = []
        self.epoch = 0

    def record(self, losses):
        """Keep the losses of one step: dict, name -> float."""
        for name in self.loss_names:
            self.losses_of[name].append(losses[name])

    def history_columns(self):
        """Dict of lists, one value a step: `step`, each of `loss_names`, `seconds`."""
        return {"step": list(range(len(self.step_seconds))), **self.losses_of, "seconds": self.step_seconds}

    def restore_history(self, history):
        """Take up what `history_columns()` gave, up to the step that the model has reached."""
        self.losses_of = {name: history[name][: self.epoch] for name in self.loss_names}
        self.step_seconds = history["seconds"][: self.epoch]

    def run_steps(
        self,
        x_train,
        batch_size,
        epochs,
        run_folder,
        grid,
        every,
        schedule=Schedule(),
        *,
        verbose="auto",
        minutes=None,
        resume=False,
        callbacks=(),
        on_device="auto",
    ):
        """Do the steps that a model's `train` asks for; see `WGANGP.train` for the arguments.

        Args:
            grid: (rows, columns) of the sample grids.
            every: steps between two snapshots.
            schedule: `Schedule`.
            on_device: whether the whole data set goes to the device once, as uint8, and a step is handed the numbers of
                its images alone; `auto` does so on a GPU or TPU where it takes at most 4 GiB and nothing is augmented.

        Returns:
            `keras.callbacks.History` of the last call of `fit`; None where no step was left to do.
        """
        if not isinstance(x_train, ImageBatches):
            x_train = ImageBatches.from_array(np.asarray(x_train), batch_size, seed=self.seed)
        if tuple(x_train.images.shape[1:]) != tuple(self.input_dim):
            raise ValueError(
                f"x_train holds images of {tuple(x_train.images.shape[1:])}, but this network was built for "
                f"input_dim={tuple(self.input_dim)}. Load the data set at that size, or build the network for yours."
            )
        run_folder, batch_size = distributed.run_folder(run_folder), distributed.global_batch(batch_size)
        last = epochs if resume else self.epoch + epochs
        with folder_lock(run_folder, "training") as held, _interrupts() as interrupted:
            checkpoints.sweep(run_folder)
            if resume and distributed.is_first():
                checkpoints.restore(self, run_folder, held.earlier)
                if verbose:
                    print(checkpoints.standing(self, run_folder, last, held.earlier), flush=True)
            elif verbose and self.epoch == 0:
                checkpoints.say_replaced(run_folder)
            data = checkpoints.compare_data(run_folder, x_train, resume or self.epoch > 0)
            alike = {**data, "seed": x_train.seed, "batch_size": batch_size, "steps": last}
            reporting = for_training(
                run_folder, *grid, every, last, batch_size * schedule.batches, verbose, minutes, held
            )
            reporting += notebook_views(run_folder) if verbose else []
            reporting = [_RecordLosses(interrupted), *reporting, *callbacks, _CountSteps()]
            reporting = distributed.callbacks(reporting)
            draw = distributed.share_of(x_train.draw, batch_size)
            if _fits_on_device(x_train) if on_device == "auto" else on_device:
                draw = x_train.rows
                self._lay_data(DataOnDevice(x_train.images))
            few = FEW if has_accelerator() else 1
            history = None
            try:
                stream = batches_for_fit(lambda: _stream(draw, batch_size, self.epoch, schedule))
                with distributed.over_devices(self, **alike):
                    for steps, batches in schedule.segments(self.epoch, last):
                        self.take_batches(batches)
                        told = DeferredLogs(reporting, self, few) if few > 1 else reporting
                        history = self.fit(
                            stream(), steps_per_epoch=steps, epochs=1, verbose=0, shuffle=False, callbacks=told
                        )
                        if self.stop_training:
                            break
            except BaseException:
                self._settle()
                raise
            finally:
                if self._data:
                    self._lay_data(None)
        if interrupted:
            checkpoints.say_interrupted(self, run_folder, last)
        return history

    def _settle(self):
        """After a step that did not end: as many steps as are wholly known are done."""
        columns = {**self.losses_of, "seconds": self.step_seconds}
        self.epoch = min(map(len, columns.values()))
        self.restore_history(columns)

    def _noise(self, n):
        """Latent vectors for a batch, float32 (n, z_dim), from the model's one row of seeds."""
        return distributed.random_rows(lambda n: keras.random.normal((n, self.z_dim), seed=self.seed_generator), n)

    _data = None

    def _lay_data(self, data):
        """Put a data set on the device, or take it off; what was compiled for another one is forgotten."""
        self._data = data
        self._forget_compiled()

    batches_a_step = None  # how many batches the step takes; None before the first `take_batches`

    def compile(self, **kwargs):
        super().compile(**kwargs)
        self._forget_compiled()

    def take_batches(self, number):
        """Let each step take so many batches: another number is another compiled function, and all are kept."""
        if number != self.batches_a_step:
            self._step_functions[self.batches_a_step] = self.train_function
            self.batches_a_step = number
            self.train_function = self._step_functions.get(number)

    def _forget_compiled(self):
        """Let the next call of `fit` compile the step anew."""
        self.train_function = None
        self._step_functions = {}

    @property
    def non_trainable_variables(self):
        """With the data set, while it lies on the device: on JAX a step sees nothing that is not listed."""
        return super().non_trainable_variables + ([self._data.images] if self._data else [])

    def images_of(self, batch):
        """The images of a step as float32 in [-1, 1], from images, or from their numbers in the data on the device."""
        if self._data and len(batch.shape) == 1:
            batch = ops.take(self._data.images, batch, axis=0)
        return to_range(batch)


@contextmanager
def _interrupts():
    """Let Ctrl-C (or Interrupt in a notebook) stop a training once its step is done; a second one stops it at once.

    Yields:
        A list that an interrupt puts something into.
    """
    interrupted = []

    def stop(number, frame):
        interrupted.append(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    if threading.current_thread() is not threading.main_thread() or (
        signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    ):
        yield interrupted  # someone else listens
        return
    signal.signal(signal.SIGINT, stop)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


class DataOnDevice:
    """A data set as one variable on the device; wrapped, so that Keras does not take it for a weight of the model."""

    def __init__(self, images):
        self.images = keras.Variable(images, dtype="uint8", trainable=False, name="images")


def _fits_on_device(x_train):
    small = x_train.images.dtype == np.uint8 and x_train.images.nbytes <= MOST_ON_DEVICE
    return small and not x_train.augment and has_accelerator() and not distributed.active()


def to_range(images):
    """uint8 images as float32 in [-1, 1], on the device; others as they are."""
    if keras.backend.standardize_dtype(images.dtype) == "uint8":
        return ops.cast(images, "float32") / 127.5 - 1.0
    return images


def _stream(draw, batch_size, step, schedule):
    """What `draw` gives for one step after the other, as `fit` wants it, from `step` on."""
    position = batch_size * schedule.batches_before(step)
    while True:
        following = batch_size * schedule.batches_before(step + 1)
        yield (draw(position, following - position),)
        step, position = step + 1, following


class _RecordLosses(Listener):
    """Keeps the losses in the model, and stops a training that has blown up, or that someone interrupted."""

    on_every_process = True

    def __init__(self, interrupted):
        super().__init__()
        self.interrupted = interrupted

    def on_train_batch_end(self, batch, logs=None):
        losses = {name: float(logs[name]) for name in self.model.loss_names}
        if not np.isfinite(list(losses.values())).all():
            described = ", ".join(f"{name} {value}" for name, value in losses.items())
            raise FloatingPointError(
                f"Step {self.model.epoch}: the losses are {described}. The training has blown up and was stopped; the "
                f"files of the last good step are kept. Try smaller learning rates or precision='float32'."
            )
        self.model.record(losses)
        if self.interrupted:
            self.model.stop_training = True


class _CountSteps(Listener):
    """Counts the step once every other callback has seen it under its own number."""

    on_every_process = True

    def on_train_batch_end(self, batch, logs=None):
        self.model.epoch += 1
