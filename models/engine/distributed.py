"""Training on several devices: those of one machine, or of several machines. Off unless `start` is called.

Every device holds the whole model and looks at its own share of each batch; the gradients are averaged, so all devices
stay alike, and a step gives the losses that one device would give with the same batch. What each backend has for it:

- JAX: `keras.distribution.DataParallel`, on all devices of all processes. One process a machine, or one a GPU, each
  started with KERAS_DISTRIBUTION_JOB_ADDRESSES, _NUM_PROCESSES and _PROCESS_ID (`keras.distribution.initialize`).
- TensorFlow: `tf.distribute.MirroredStrategy`, on the devices of one machine.

The model is built, saved and read as on one device. While `over_devices` lasts, its variables lie on all of them; a
callback that calls `model.synchronise()` finds an ordinary model on one device until its step is over. Process 0 alone
reads the checkpoint, draws and writes. Noise is drawn for the whole batch from the model's one row of seeds, and each
device keeps its own rows. A process that stops takes the others with it (`models.engine.cluster`).
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

from models.engine.cluster import AT_WORK, DONE, Alone, Cluster

__all__ = ["finish", "first_process_first", "is_first", "over_devices", "run_root", "start"]

BATCHES = ("per_device", "global")
OLDER = {"each": "per_device", "shared": "global"}  # names of a week, still read


@dataclass
class _Setting:
    """What `start` found.

    Attributes:
        batches: `per_device` or `global`; None where training stays on one device.
        devices: how many, over all processes.
        cluster: this process among the others.
        strategy: TensorFlow's `MirroredStrategy`; None on JAX.
        spread: the model that lies on the devices just now, a `_DataParallel` or `_Mirrored`.
        scratch: where a process that is not the first puts the files that nobody asks for.
    """

    batches: str | None = None
    devices: int = 1
    cluster: Alone = field(default_factory=Alone)
    strategy: Any = None
    spread: Any = None
    scratch: Any = None


_here = _Setting()


# What notebooks and scripts call ------------------------------------------------------------------------------------


def start(batches=None):
    """Find the devices to train on; call it before anything is computed.

    Args:
        batches: `per_device` for batch_size images on each device, `global` for batch_size images over all devices.
            None is `per_device` where KERAS_DISTRIBUTION_NUM_PROCESSES is set, and elsewhere leaves training on one
            device.

    Returns:
        Number of devices.

    Raises:
        ValueError: another `batches`, or a backend that cannot do it.

    Example:
        >>> distributed.start("global")  # then build and train the model as on one device
        Training on 2 devices, in 1 processes.
        2
    """
    processes = int(os.environ.get("KERAS_DISTRIBUTION_NUM_PROCESSES", 1))
    batches = OLDER.get(batches, batches) or ("per_device" if processes > 1 else None)
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
    """Whether this process is the one that writes."""
    return _here.cluster.number == 0


def run_root(root="run"):
    """Where run folders go: `root` in process 0, elsewhere a folder that is gone with the process."""
    if is_first():
        return Path(root)
    _here.scratch = _here.scratch or tempfile.TemporaryDirectory(prefix=f"process-{_here.cluster.number}-")
    return Path(_here.scratch.name)


@contextmanager
def first_process_first():
    """Let process 0 pass alone, then the others: one of them draws or unpacks a data set on a disk that all see."""
    if not is_first():
        _here.cluster.agreed(True)
    yield
    if is_first():
        _here.cluster.agreed(True)


def finish():
    """After training: process 0 goes on as if it were alone; the others end here, a notebook's too.

    Raises:
        SystemExit: in every process but the first.
    """
    first = is_first()
    _here.cluster.leave()
    if not first:
        raise SystemExit(0)
    _here.batches, _here.devices, _here.cluster, _here.strategy = None, 1, Alone(), None


# What `models.engine.loop` asks
# ----------------------------------------------------------------------------------------


def active():
    """Whether training goes over several devices."""
    return _here.batches is not None


def run_folder(folder):
    """The run folder in process 0; elsewhere a folder that is gone with the process."""
    return Path(folder) if is_first() else run_root() / Path(folder).name


def global_batch(batch_size):
    """How many images all devices look at together, where `batch_size` were asked for.

    Raises:
        ValueError: they cannot be shared among the devices.
    """
    whole = batch_size * _here.devices if _here.batches == "per_device" else batch_size
    if whole % _here.devices:
        raise ValueError(
            f"A batch of {whole} images cannot be shared equally among {_here.devices} devices: choose a batch_size "
            f"that {_here.devices} divides."
        )
    return whole


def share_of(draw, batch_size):
    """What this process reads of each batch.

    Args:
        draw: takes a place in the endless row of images and a count, gives images.
        batch_size: images that all processes look at together.

    Returns:
        A function like `draw`, for whole batches. Its images lie place by place, and batch by batch within a place, so
        that a part of the row for each device holds that device's share of every batch; `cut` knows it.
    """
    if not active():
        return draw
    own = batch_size // _here.cluster.count

    def draw_share(start, count):
        firsts = range(start + _here.cluster.number * own, start + count, batch_size)
        batches = [draw(first, own) for first in firsts]
        return np.stack(batches, axis=1).reshape(-1, *batches[0].shape[1:])

    return draw_share


def cut(images, batches):
    """Cut the images of a step, a tensor (batches * n, ...), into a list of tensors (n, ...)."""
    n = ops.shape(images)[0] // batches
    if not _here.spread:
        return [images[i * n : (i + 1) * n] for i in range(batches)]
    images = ops.reshape(images, (n, batches, *images.shape[1:]))
    return [_own_rows(images[:, i]) for i in range(batches)]


def random_rows(draw, n):
    """Random rows for a batch: drawn for all devices, of which each keeps its own.

    Args:
        draw: takes a number of rows, gives a tensor.
        n: rows of the batch, as the step sees it: all of them on JAX, those of one device on TensorFlow.
    """
    if _here.strategy is None or not _here.spread:
        return _own_rows(draw(n))
    import tensorflow as tf

    device = tf.distribute.get_replica_context().replica_id_in_sync_group
    return draw(n * _here.devices)[device * n : (device + 1) * n]


def _own_rows(tensor):
    """The same tensor; JAX is told to compute each row on the device whose share it is."""
    distribution = keras.distribution.distribution()
    if distribution is None:
        return tensor
    return keras.distribution.distribute_tensor(tensor, distribution.get_data_layout(tensor.shape))


def callbacks(chosen):
    """The callbacks of this process: all in process 0, elsewhere those with `on_every_process`; one more keeps step."""
    if not active():
        return chosen
    return [*(c for c in chosen if is_first() or getattr(c, "on_every_process", False)), _KeepStep()]


class _KeepStep(keras.callbacks.Callback):
    """After each step: back onto all devices, and on with the next step or not, as process 0 says."""

    def on_train_batch_end(self, batch, logs=None):
        _here.spread.go_on()
        self.model.stop_training = _here.cluster.agreed(bool(self.model.stop_training), in_step=True)


@contextmanager
def over_devices(model, **facts):
    """Lay a model's variables on all devices, process 0's values on all processes, and take them back at the end.

    Args:
        model: a `models.engine.loop.TrainingLoop`.
        **facts: what all processes must have alike beside it, by name, as values that JSON can hold.

    Raises:
        ValueError: the processes differ, or the data set lies on the device.
        RuntimeError: another process has stopped.
    """
    if not active():
        yield
        return
    cluster = _here.cluster
    cluster.state = AT_WORK
    try:
        if model._data:
            raise ValueError("A data set on the device is for one device: leave on_device out where there are several.")
        if cluster.count > 1:
            weights = int(sum(np.prod(variable.shape) for variable in _variables(model)))
            cluster.agree({**facts, "weights": weights})
        model.epoch = cluster.agreed(model.epoch)
        _here.spread = (_Mirrored if _here.strategy else _DataParallel)(model)
        model._forget_compiled()  # it was compiled for one device
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
    """Let a model that lies on several devices be an ordinary one on one device, until its step is over."""
    if _here.spread and _here.spread.model is model:
        _here.spread.gather()


# Variables on several devices ---------------------------------------------------------------------------------------


def _variables(model):
    """All that a step reads or changes."""
    groups = (model.trainable_variables, model.non_trainable_variables, model.optimizer.variables)
    return [variable for group in (*groups, model.metrics_variables) for variable in group]


class _DataParallel:
    """A model whose variables lie on all devices of all processes, on JAX.

    Attributes:
        elsewhere: the values on all devices, while the model is an ordinary one.
    """

    def __init__(self, model):
        import jax
        from jax.experimental import multihost_utils

        self.model, self.elsewhere = model, None
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
        self.elsewhere = [jax.make_array_from_callback(v.shape, everywhere, v.__getitem__) for v in values]
        self.layout = everywhere
        self.go_on()

    def gather(self):
        if self.elsewhere is None:
            keras.distribution.set_distribution(None)
            self.elsewhere = [variable.value for variable in self.variables]
            for variable, value in zip(self.variables, self.elsewhere, strict=True):
                # a copy: `predict` gives the memory of what it is handed away
                variable._layout, variable._value = None, value.addressable_data(0).copy()

    def go_on(self):
        if self.elsewhere is not None:
            for variable, value in zip(self.variables, self.elsewhere, strict=True):
                variable._layout, variable._value = self.layout, value  # what is assigned later lies there too
            self.elsewhere = None
            keras.distribution.set_distribution(self.distribution)


class _Mirrored:
    """A model whose variables are mirrored on the devices of this machine, on TensorFlow.

    Keras would have the model built within the strategy's scope. Then its networks would draw each batch once for every
    device, and the mirrors of one device could not be told from the others in files; so they are exchanged here.
    Batch normalisation takes the statistics of the whole batch, as on one device.
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
        with _here.strategy.scope():  # each device writes its own, and all write the same
            self.mirrors = [tf.Variable(v, trainable=v.trainable, name=v.name.split(":")[0]) for v in self.plain]
        model.jit_compile = False  # XLA compiles for one device
        self.go_on()

    def gather(self):
        if self.scope:
            self.scope.__exit__(None, None, None)
            self.scope = None
            for plain, mirror in zip(self.plain, self.mirrors, strict=True):
                plain.assign(_here.strategy.experimental_local_results(mirror)[0])
            self._use(self.plain)

    def go_on(self):
        if not self.scope:
            self.scope = _here.strategy.scope()
            self.scope.__enter__()  # `fit` asks for the strategy in whose scope it is
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
