"""The training loop around a model's `step`: calls of `fit`, the history of losses, callbacks, resuming.

`TrainingLoop` is a mixin of `keras.Model`. It knows no network and no loss: the model provides `step(images)` (see
`models.engine.backend.TrainStep`) and names its losses in `loss_names`. The callbacks of `utils.runs` write files and
figures.
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
from utils.files.typed import time_limit, whole_number
from utils.loaders import ImageBatches
from utils.runs import checkpoints
from utils.runs.callbacks import LastSnapshot, Listener, for_training
from utils.runs.watching import notebook_views

MAX_BYTES_ON_DEVICE = 4 * 2**30  # of a data set that is copied to a GPU
PERIOD = 100  # on every 100th step the original's critic has another number of updates


@dataclass(frozen=True)
class Schedule:
    """The number of batches of each step: `batches`, but `every_100th` on steps 0, 100, 200 ..."""

    batches: int = 1
    every_100th: int = 1

    def segments(self, first, last):
        """Split the steps first .. last - 1 into a list of (number of steps, batches per step)."""
        if self.batches == self.every_100th:
            return [(last - first, self.batches)] if last > first else []
        segments = []
        while first < last:
            if first % PERIOD == 0:
                segments.append((1, self.every_100th))
                first += 1
            else:
                until = min(last, (first // PERIOD + 1) * PERIOD)
                segments.append((until - first, self.batches))
                first = until
        return segments

    def batches_before(self, step):
        """The number of batches before `step`, which is the position in the endless sequence of images."""
        special_steps = -(-step // PERIOD)  # steps of `every_100th` batches
        return self.batches * (step - special_steps) + self.every_100th * special_steps


class TrainingLoop:
    """Mixin of a `keras.Model` that trains in steps and writes a run folder.

    The model sets `loss_names`, the keys of the dict that its `step` returns, in the order of history.csv, and calls
    `self._start_history()` in its constructor. Snapshots use its `sample_images(run_folder, r, c)`,
    `save_model(folder)` and weights.

    Attributes:
        epoch: number of steps done.
        losses_of: dict, name -> list of floats, one per step.
        step_seconds: list of floats, the duration of each step.
    """

    loss_names = ()
    labels = MappingProxyType({})  # shorter names of the losses, for a progress bar

    def _start_history(self):
        self.losses_of = {name: [] for name in self.loss_names}
        self.step_seconds = []
        self.epoch = 0

    def record(self, losses):
        """Append the losses of one step, a dict name -> float, to the history."""
        for name in self.loss_names:
            self.losses_of[name].append(losses[name])

    def history_columns(self):
        """The history as a dict of lists with one value per step: `step`, each of `loss_names`, `seconds`."""
        return {"step": list(range(len(self.step_seconds))), **self.losses_of, "seconds": self.step_seconds}

    def restore_history(self, history):
        """Restore a history of `history_columns()`, up to the step that the model has reached."""
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
        """Run the steps of a model's `train`; arguments that are missing below are as in `WGANGP.train`.

        Args:
            grid: (rows, columns) of the sample grids.
            every: steps between two snapshots.
            schedule: `Schedule`.
            on_device: whether the whole data set is copied to the device once, as uint8, so that a step receives only
                the indices of its images; `auto` does so on a GPU or TPU if it takes at most 4 GiB and nothing is
                augmented.

        Returns:
            `keras.callbacks.History` of the last call of `fit`; None if no step was left to do.

        Raises:
            ValueError: images of another shape than input_dim; images that on_device=True cannot keep as they are.
        """
        batch_size = whole_number(batch_size, "batch_size (BATCH_SIZE)", 1)
        epochs, every = whole_number(epochs, "epochs (EPOCHS)", 0), whole_number(every, "PRINT_EVERY_N_BATCHES", 1)
        grid = [whole_number(side, "rows and columns (ROWS, COLUMNS)", 1, 100) for side in grid]
        minutes = time_limit(minutes)
        if not isinstance(x_train, ImageBatches):
            x_train = ImageBatches.from_array(np.asarray(x_train), batch_size, seed=self.seed)
        if tuple(x_train.images.shape[1:]) != tuple(self.input_dim):
            raise ValueError(
                f"x_train holds images of {tuple(x_train.images.shape[1:])}, but this network was built for "
                f"input_dim={tuple(self.input_dim)}. Load the data set at that size, or build the network for yours."
            )
        if on_device is True and (x_train.images.dtype != np.uint8 or x_train.augment or distributed.active()):
            raise ValueError(
                "on_device=True keeps images as uint8 on one device, unchanged: give images of uint8, without "
                "augmentation, to one process, or leave on_device out"
            )
        self.data_facts = x_train.facts
        run_folder, batch_size = distributed.run_folder(run_folder), distributed.global_batch(batch_size)
        last = epochs if resume else self.epoch + epochs
        with folder_lock(run_folder, "training") as held, _interrupt_handler() as interrupted:
            checkpoints.sweep(run_folder)
            try:
                if not resume:
                    checkpoints.make_way(run_folder, self.saved_parameters())
                elif distributed.is_first():
                    checkpoints.restore(self, run_folder, held.earlier)
            except (OSError, ValueError):  # nothing began: the next call is not to take it for a training cut off
                held.give_back()
                raise
            if verbose and resume and distributed.is_first():
                print(checkpoints.progress_line(self, run_folder, last, held.earlier), flush=True)
            elif verbose and not resume and self.epoch == 0:
                checkpoints.announce_replacement(run_folder)
            data = checkpoints.check_dataset(run_folder, x_train, resume or self.epoch > 0)
            common_facts = {**data, "seed": x_train.seed, "batch_size": batch_size, "steps": last}
            all_callbacks = for_training(
                run_folder, *grid, every, last, batch_size * schedule.batches, verbose, minutes, held
            )
            last_snapshot = LastSnapshot(all_callbacks[-1])
            all_callbacks += notebook_views(run_folder) if verbose else []
            all_callbacks = [_RecordLosses(interrupted), *all_callbacks, *callbacks, last_snapshot, _CountSteps()]
            all_callbacks = distributed.callbacks(all_callbacks)
            draw = distributed.share_of(x_train.draw, batch_size)
            if _fits_on_device(x_train) if on_device == "auto" else on_device:
                draw = x_train.rows
                self._set_device_data(DataOnDevice(x_train.images))
            few = FEW if has_accelerator() else 1
            history = None
            try:
                stream = batches_for_fit(lambda: _step_batches(draw, batch_size, self.epoch, schedule))
                with distributed.over_devices(self, **common_facts):
                    for steps, batches in schedule.segments(self.epoch, last):
                        self.take_batches(batches)
                        listeners = DeferredLogs(all_callbacks, self, few) if few > 1 else all_callbacks
                        history = self.fit(
                            stream(), steps_per_epoch=steps, epochs=1, verbose=0, shuffle=False, callbacks=listeners
                        )
                        if self.stop_training:
                            break
            except BaseException:
                self._drop_incomplete_step()
                raise
            finally:
                if self._data:
                    self._set_device_data(None)
        if interrupted:
            checkpoints.report_interrupt(self, run_folder, last)
        return history

    def _drop_incomplete_step(self):
        """After an interrupted step, set `epoch` and the history to the last step whose losses are all recorded."""
        columns = {**self.losses_of, "seconds": self.step_seconds}
        self.epoch = min(map(len, columns.values()))
        self.restore_history(columns)

    def _noise(self, n):
        """Latent vectors for a batch, float32 (n, z_dim), from the model's seed generator."""
        return distributed.random_rows(lambda n: keras.random.normal((n, self.z_dim), seed=self.seed_generator), n)

    _data = None

    def _set_device_data(self, data):
        """Set the data set on the device, a `DataOnDevice` or None, and drop the compiled steps."""
        self._data = data
        self._forget_compiled()

    batches_a_step = None  # batches per step; None before the first `take_batches`

    def compile(self, **kwargs):
        super().compile(**kwargs)
        self._forget_compiled()

    def take_batches(self, number):
        """Set the number of batches per step; each number has its own compiled step, and all of them are kept."""
        if number != self.batches_a_step:
            self._step_functions[self.batches_a_step] = self.train_function
            self.batches_a_step = number
            self.train_function = self._step_functions.get(number)

    def _forget_compiled(self):
        """Drop the compiled steps, so that the next call of `fit` compiles again."""
        self.train_function = None
        self._step_functions = {}

    @property
    def non_trainable_variables(self):
        """Keras' list and the data set on the device: on JAX a step sees only listed variables."""
        return super().non_trainable_variables + ([self._data.images] if self._data else [])

    def images_of(self, batch):
        """The images of a step, float32 in [-1, 1].

        Args:
            batch: images (n, height, width, channels), uint8 or float in [-1, 1]; or their indices (n,) in the data set
                on the device.
        """
        if self._data and len(batch.shape) == 1:
            batch = ops.take(self._data.images, batch, axis=0)
        return to_range(batch)


@contextmanager
def _interrupt_handler():
    """Context manager in which Ctrl-C (Interrupt in a notebook) ends a training after its step; a second one at once.

    Yields:
        A list, empty until an interrupt appends to it.
    """
    interrupted = []

    def stop(number, frame):
        interrupted.append(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    if threading.current_thread() is not threading.main_thread() or (
        signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    ):
        yield interrupted  # the caller handles interrupts
        return
    signal.signal(signal.SIGINT, stop)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


class DataOnDevice:
    """A data set as one variable on the device; wrapped, so that Keras does not track it as a weight of the model."""

    def __init__(self, images):
        self.images = keras.Variable(images, dtype="uint8", trainable=False, name="images")


def _fits_on_device(x_train):
    small = x_train.images.dtype == np.uint8 and x_train.images.nbytes <= MAX_BYTES_ON_DEVICE
    return small and not x_train.augment and has_accelerator() and not distributed.active()


def to_range(images):
    """Convert uint8 images to float32 in [-1, 1], on the device; others pass unchanged."""
    if keras.backend.standardize_dtype(images.dtype) == "uint8":
        return ops.cast(images, "float32") / 127.5 - 1.0
    return images


def _step_batches(draw, batch_size, step, schedule):
    """The images or indices of one step after the other, from `step` on, as `(batch,)` for `fit`.

    Args:
        draw: function of a position in the endless sequence of images and a count.
        batch_size: images in one batch.
        step: index of the first step.
        schedule: `Schedule`.
    """
    position = batch_size * schedule.batches_before(step)
    while True:
        following = batch_size * schedule.batches_before(step + 1)
        yield (draw(position, following - position),)
        step, position = step + 1, following


class _RecordLosses(Listener):
    """Records the losses in the model; ends a training that has diverged or was interrupted."""

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
    """Increments the model's `epoch`, after all other callbacks have seen the step under its own index."""

    on_every_process = True

    def on_train_batch_end(self, batch, logs=None):
        self.model.epoch += 1
