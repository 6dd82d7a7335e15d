"""Data-parallel training on the devices of one machine or of several machines. Off unless `start` is called.

Every device holds the whole model and processes its own shard of each batch; the gradients are averaged, so all
replicas stay equal, and a step has the losses that one device would have with the same batch. The backends' means:

- JAX: `keras.distribution.DataParallel`, on all devices of all processes. One process per machine, or one per GPU, each
  started with KERAS_DISTRIBUTION_JOB_ADDRESSES, _NUM_PROCESSES and _PROCESS_ID (`keras.distribution.initialize`).
- TensorFlow: `tf.distribute.MirroredStrategy`, on the devices of one machine.

The model is built, saved and loaded as on one device. Inside `over_devices` its variables are replicated; a callback
that calls `model.synchronise()` finds an ordinary model on one device until its step is over. Only process 0 reads the
checkpoint, draws and writes. Noise is drawn for the whole batch from the model's one seed generator, and each device
keeps its own rows. When one process stops, all stop (`models.engine.cluster`).
"""

import os
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from models.engine.cluster import DONE, RUNNING, Cluster, SingleProcess

__all__ = ["finish", "first_process_first", "is_first", "over_devices", "run_root", "start"]

BATCHES = ("per_device", "global")
OLD_NAMES = {"each": "per_device", "shared": "global"}  # former names, still accepted


@dataclass
class _Setting:
    """The distribution that `start` has set up.

    Attributes:
        batches: `per_device` or `global`; None for training on one device.
        devices: number of devices of all processes.
        cluster: this process as one of all, a `SingleProcess` or `Cluster`.
        strategy: TensorFlow's `MirroredStrategy`; None on JAX.
        spread: the replicated model inside `over_devices`, a `_DataParallel` or `_Mirrored`; else None.
        scratch: temporary folder for the unneeded files of a process other than process 0.
    """

    batches: str | None = None
    devices: int = 1
    cluster: SingleProcess = field(default_factory=SingleProcess)
    strategy: Any = None
    spread: Any = None
    scratch: Any = None


_here = _Setting()


# Functions for notebooks and scripts --------------------------------------------------------------------------------


def start(batches=None):
    """Find the devices to train on; to be called before anything is computed.

    Args:
        batches: `per_device` for batch_size images on each device, `global` for batch_size images over all devices.
            None is `per_device` where KERAS_DISTRIBUTION_NUM_PROCESSES asks for several processes; otherwise it leaves
            the training on one device.

    Returns:
        Number of devices, an int.

    Raises:
        ValueError: another `batches`, or a backend that does not support it.

    Example:
        >>> distributed.start("global")  # then build and train the model as on one device
        Training on 2 devices, in 1 processes.
        2
    """
    processes = int(os.environ.get("KERAS_DISTRIBUTION_NUM_PROCESSES", 1))
    batches = OLD_NAMES.get(batches, batches) or ("per_device" if processes > 1 else None)
    if batches is None:
        return 1
    if batches not in BATCHES:
        raise ValueError(f"batches is {batches!r}; choose 'per_device' or 'global', or None for one device.")
    backend = keras.backend.backend()
    if backend == "jax":
        if processes > 1 and _here.cluster.count == 1:
            _here.cluster = Cluster()
        _here.devices = len(keras.distribution.list_devices())
    elif backend == "tensorflow" and processes == 1:
        import tensorflow as tf

        devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
        _here.strategy = tf.distribute.MirroredStrategy([device.name for device in devices])
        _here.devices = len(devices)
    else:
        raise ValueError(
            f"KERAS_BACKEND={backend} does not train on several {'machines' if processes > 1 else 'devices'} here: set "
            "KERAS_BACKEND=jax (or =tensorflow for the GPUs of one machine) and start anew."
        )
    _here.batches = batches
    if is_first():
        print(f"Training on {_here.devices} devices, in {processes} processes.")
    return _here.devices


def is_first():
    """Whether this process is process 0, the one that writes files."""
    return _here.cluster.number == 0


def run_root(root="run"):
    """The folder of all run folders, a `Path`: `root` in process 0, a temporary folder in the others."""
    if is_first():
        return Path(root)
    _here.scratch = _here.scratch or tempfile.TemporaryDirectory(prefix=f"process-{_here.cluster.number}-")
    return Path(_here.scratch.name)


@contextmanager
def first_process_first():
    """Context manager that process 0 passes alone and before the others, e.g. to unpack a data set on a shared disk."""
    if not is_first():
        _here.cluster.broadcast(True)
    yield
    if is_first():
        _here.cluster.broadcast(True)


def finish():
    """End a distributed training: process 0 continues by itself, the others exit.

    Raises:
        SystemExit: in every process but process 0.
    """
    first = is_first()
    _here.cluster.leave()
    if not first:
        raise SystemExit(0)
    _here.batches, _here.devices, _here.cluster, _here.strategy = None, 1, SingleProcess(), None


# Functions for `models.engine.loop` and `step` ----------------------------------------------------------------------


def active():
    """Whether `start` has set up training on several devices."""
    return _here.batches is not None


def run_folder(folder):
    """The run folder, a `Path`: `folder` in process 0, a temporary folder in the others."""
    return Path(folder) if is_first() else run_root() / Path(folder).name


def global_batch(batch_size):
    """The number of images in one batch over all devices.

    Args:
        batch_size: as given to `train`.

    Raises:
        ValueError: the devices' number does not divide it.
    """
    whole = batch_size * _here.devices if _here.batches == "per_device" else batch_size
    if whole % _here.devices:
        raise ValueError(
            f"A batch of {whole} images cannot be shared equally among {_here.devices} devices: choose a batch_size "
            f"that {_here.devices} divides."
        )
    return whole


def share_of(draw, batch_size):
    """This process' shard of each batch.

    Args:
        draw: function of a position in the endless sequence of images and a count, which returns images.
        batch_size: images in one batch over all processes.

    Returns:
        A function like `draw`, for whole batches. Its images are ordered by their index within the batch, then by
        batch, so that an equal part of them for each device holds that device's shard of every batch; `cut` undoes it.
    """
    if not active():
        return draw
    own = batch_size // _here.cluster.count

    def draw_share(start, count):
        starts = range(start + _here.cluster.number * own, start + count, batch_size)
        batches = [draw(first, own) for first in starts]
        return np.stack(batches, axis=1).reshape(-1, *batches[0].shape[1:])

    return draw_share


def cut(images, batches):
    """Split the images of a step, a tensor (batches * n, ...), into its batches, a list of tensors (n, ...)."""
    n = ops.shape(images)[0] // batches
    if not _here.spread:
        return [images[i * n : (i + 1) * n] for i in range(batches)]
    images = ops.reshape(images, (n, batches, *images.shape[1:]))
    return [_shard_rows(images[:, i]) for i in range(batches)]


def random_rows(draw, n):
    """Random rows for a batch: drawn for all devices, each of which keeps its own rows.

    Args:
        draw: function of a number of rows, which returns a tensor (rows, ...).
        n: rows of the batch as the step sees it: of all devices on JAX, of one device on TensorFlow.

    Returns:
        A tensor (n, ...).
    """
    if _here.strategy is None or not _here.spread:
        return _shard_rows(draw(n))
    import tensorflow as tf

    device = tf.distribute.get_replica_context().replica_id_in_sync_group
    return draw(n * _here.devices)[device * n : (device + 1) * n]


def _shard_rows(tensor):
    """The same tensor, sharded by rows over the devices on JAX."""
    distribution = keras.distribution.distribution()
    if distribution is None:
        return tensor
    return keras.distribution.distribute_tensor(tensor, distribution.get_data_layout(tensor.shape))


def callbacks(chosen):
    """The callbacks of this process: all in process 0, in the others those with `on_every_process`, and one more.

    Args:
        chosen: list of callbacks. The additional one keeps the processes in step.

    Returns:
        List of callbacks.
    """
    if not active():
        return chosen
    return [*(c for c in chosen if is_first() or getattr(c, "on_every_process", False)), _SynchroniseProcesses()]


class _SynchroniseProcesses(keras.callbacks.Callback):
    """After each step, replicates the variables again and lets process 0 decide whether the training stops."""

    def on_train_batch_end(self, batch, logs=None):
        _here.spread.scatter()
        self.model.stop_training = _here.cluster.broadcast(bool(self.model.stop_training), in_step=True)


@contextmanager
def over_devices(model, **facts):
    """Context manager that replicates a model's variables, with process 0's values, and gathers them at the end.

    Args:
        model: a `models.engine.loop.TrainingLoop`.
        **facts: further values that must be equal in all processes, of kinds that JSON can hold.

    Raises:
        ValueError: the processes differ, or the data set is on the device.
        RuntimeError: another process has stopped.
    """
    if not active():
        yield
        return
    cluster = _here.cluster
    cluster.state = RUNNING
    try:
        if model._data:
            raise ValueError("A data set on the device is for one device: leave on_device out where there are several.")
        if cluster.count > 1:
            weights = int(sum(np.prod(variable.shape) for variable in _variables(model)))
            cluster.compare({**facts, "weights": weights})
        model.epoch = cluster.broadcast(model.epoch)
        _here.spread = (_Mirrored if _here.strategy else _DataParallel)(model)
        model._forget_compiled()  # compiled for one device
        yield
        _here.spread.gather()
        cluster.state = DONE
    except BaseException as error:
        if _here.spread and cluster.count == 1:
            _here.spread.gather()
        cluster.stop(error)
        raise
    finally:
        _here.spread = None
        model._forget_compiled()


def gather(model):
    """Turn a replicated model into an ordinary one on one device, until its step is over."""
    if _here.spread and _here.spread.model is model:
        _here.spread.gather()


# Variables on several devices ---------------------------------------------------------------------------------------


def _variables(model):
    """All variables that a step reads or changes, a list."""
    groups = (model.trainable_variables, model.non_trainable_variables, model.optimizer.variables)
    return [variable for group in (*groups, model.metrics_variables) for variable in group]


class _DataParallel:
    """A model with variables replicated on all devices of all processes, on JAX.

    Attributes:
        replicas: the replicated values while the model is an ordinary one; else None.
    """

    def __init__(self, model):
        import jax
        from jax.experimental import multihost_utils

        self.model, self.replicas = model, None
        self.variables = _variables(model)
        self.distribution = keras.distribution.DataParallel(
            devices=keras.distribution.list_devices(), auto_shard_dataset=False
        )
        everywhere = jax.sharding.NamedSharding(
            jax.sharding.Mesh(np.array(jax.devices()), ("batch",)), jax.sharding.PartitionSpec()
        )
        values = [np.asarray(variable.value) for variable in self.variables]
        if jax.process_count() > 1:
            values = multihost_utils.broadcast_one_to_all(values)
        values = [np.asarray(value) for value in values]
        self.replicas = [jax.make_array_from_callback(v.shape, everywhere, v.__getitem__) for v in values]
        self.layout = everywhere
        self.scatter()

    def gather(self):
        if self.replicas is None:
            keras.distribution.set_distribution(None)
            self.replicas = [variable.value for variable in self.variables]
            for variable, value in zip(self.variables, self.replicas, strict=True):
                # a copy, because `predict` donates the memory of its arguments
                variable._layout, variable._value = None, value.addressable_data(0).copy()

    def scatter(self):
        if self.replicas is not None:
            for variable, value in zip(self.variables, self.replicas, strict=True):
                variable._layout, variable._value = self.layout, value  # the layout of later assignments too
            self.replicas = None
            keras.distribution.set_distribution(self.distribution)


class _Mirrored:
    """A model with variables mirrored on the devices of this machine, on TensorFlow.

    Keras expects the model to be built within the strategy's scope. Noise would then be drawn once per device, and
    saved files would contain the mirrors; so this class exchanges plain and mirrored variables instead. Batch
    normalisation uses the statistics of the whole batch, as on one device.
    """

    def __init__(self, model):
        import tensorflow as tf

        self.model, self.scope = model, None
        self.optimizers = {model.optimizer, getattr(model, "generator_optimizer", model.optimizer)}
        if any(isinstance(optimizer, keras.optimizers.LossScaleOptimizer) for optimizer in self.optimizers):
            raise ValueError(
                "On several devices TensorFlow does not scale losses, which mixed_float16 needs: choose "
                "precision='float32' or 'mixed_bfloat16', or KERAS_BACKEND=jax."
            )
        layers = [layer for part in model.parts for layer in getattr(model, part).layers]
        self.normalizations = [layer for layer in layers if isinstance(layer, keras.layers.BatchNormalization)]
        self.variables = _variables(model)
        self.plain = [variable._value for variable in self.variables]
        with _here.strategy.scope():  # each device writes its own mirror, all with the same value
            self.mirrors = [tf.Variable(v, trainable=v.trainable, name=v.name.split(":")[0]) for v in self.plain]
        model.jit_compile = False  # XLA compiles for one device
        self.scatter()

    def gather(self):
        if self.scope:
            self.scope.__exit__(None, None, None)
            self.scope = None
            for plain, mirror in zip(self.plain, self.mirrors, strict=True):
                plain.assign(_here.strategy.experimental_local_results(mirror)[0])
            self._use(self.plain)

    def scatter(self):
        if not self.scope:
            self.scope = _here.strategy.scope()
            self.scope.__enter__()  # `fit` uses the strategy of the scope that it is called in
            self._use(self.mirrors)

    def _use(self, values):
        import tensorflow as tf

        for variable, value in zip(self.variables, values, strict=True):
            variable._value = value
        for layer in self.normalizations:
            layer.synchronized = values is self.mirrors
        for optimizer in self.optimizers:
            optimizer._distribution_strategy = tf.distribute.get_strategy()
            trained = enumerate(optimizer._trainable_variables)
            optimizer._trainable_variables_indices = {optimizer._var_key(variable): i for i, variable in trained}
