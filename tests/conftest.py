"""Shared by all tests: a quiet TensorFlow of one thread, no window, and networks small enough to train in a second."""

import gc
import os
import shutil
import subprocess
from functools import partial

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MPLBACKEND", "Agg")
# One thread a process: `make test` runs two, and the same sums give the same digits. Processes that tests start inherit
# it. TensorFlow reads it when it is imported.
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["PIP_DRY_RUN"] = "1"  # no test installs anything into the environment that runs it

import numpy as np
import pytest

import utils.quiet  # noqa: F401  (chooses Keras' backend before a test imports Keras)
from utils import speech


def tiny_parameters(size=16, channels=3, **changes):
    """The 21 arguments of a WGANGP that trains in a moment on images of size x size."""
    return {
        "input_dim": (size, size, channels),
        "critic_conv_filters": [4, 8],
        "critic_conv_kernel_size": [3, 3],
        "critic_conv_strides": [2, 2],
        "critic_batch_norm_momentum": None,
        "critic_activation": "leaky_relu",
        "critic_dropout_rate": None,
        "critic_learning_rate": 0.0002,
        "generator_initial_dense_layer_size": (size // 4, size // 4, 8),
        "generator_upsample": [1, 1],
        "generator_conv_filters": [8, channels],
        "generator_conv_kernel_size": [4, 4],
        "generator_conv_strides": [2, 2],
        "generator_batch_norm_momentum": 0.9,
        "generator_activation": "leaky_relu",
        "generator_dropout_rate": None,
        "generator_learning_rate": 0.0002,
        "optimiser": "adam",
        "grad_weight": 10,
        "z_dim": 10,
        "batch_size": 4,
        **changes,
    }


LONGEST = (  # files of ten seconds and more, the longest first
    *("notebooks", "browser", "hostile", "wgangp", "distributed", "server", "deferred", "killed"),
    *("training", "projection", "keras_files"),
)


def pytest_collection_modifyitems(items):
    """The longest files first, since `--dist loadfile` hands out files in this order; and who compiles is slow."""
    for item in items:
        if "compiled" in getattr(item, "fixturenames", ()):
            item.add_marker("slow")
    places = {f"test_{name}.py": number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.name, len(places)))


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session):
    """Full garbage collections pass over what importing and collecting made: it stays to the end anyway."""
    gc.collect()
    gc.freeze()


def build_tiny(precision="float32", seed=1, compiled=False, **changes):
    """A small WGANGP with a fixed seed.

    Without `compiled`, TensorFlow runs its step line by line: to compile one takes 1 to 5 seconds, which a training of
    ten steps does not win back. JAX and PyTorch keep their own way, which the tests are to try there.
    """
    import keras

    from models.WGANGP import WGANGP

    model = WGANGP(**tiny_parameters(**changes), precision=precision, seed=seed)
    if keras.backend.backend() == "tensorflow" and not compiled:
        model.compile(run_eagerly=True)
    return model


@pytest.fixture
def tiny():
    """`tiny(**changes)` builds a small float32 WGANGP with a fixed seed, whose step is not compiled."""
    return build_tiny


@pytest.fixture
def compiled():
    """`compiled(**changes)` builds a small WGANGP whose step `fit` compiles, as in every real training.

    That the compiled step gives the numbers of the other one is a test of its own (tests/models/test_wgangp.py). Needed
    is it where Python's values are cast into it (batches and updates a step, counts, learning rates, a data set on the
    device), where state is restored around it, where TensorFlow branches in it (loss scaling), and where it may hold on
    to memory. One critic batch a step is compiled five times as quickly as the published five.
    """
    return partial(build_tiny, compiled=True)


@pytest.fixture(scope="session")
def images():
    """32 random images of 16 x 16, uint8, which nobody may write to."""
    images = np.random.default_rng(0).integers(0, 256, (32, 16, 16, 3), dtype=np.uint8)
    images.flags.writeable = False
    return images


@pytest.fixture
def french(monkeypatch):
    """French is spoken, and afterwards what was spoken before."""
    monkeypatch.setattr(speech, "_chosen", "fr")


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a disk of 2 MiB, which is there for those alone who may mount one."""
    yield from _mounted(tmp_path / "small disk", "size=2m")


@pytest.fixture
def read_only_folder(tmp_path):
    """A folder that nobody may write to, root included."""
    folder = tmp_path / "read-only"
    if os.name != "nt" and os.geteuid():
        folder.mkdir(mode=0o500)
        yield folder
        folder.chmod(0o700)
    else:
        yield from _mounted(folder, "ro")


def _mounted(folder, options):
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("this user may not mount a disk")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)
