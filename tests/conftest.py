"""Shared by all tests: a quiet TensorFlow, no window, and networks small enough to train in a second."""

import os
import shutil
import subprocess

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MPLBACKEND", "Agg")

import numpy as np
import pytest


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


@pytest.fixture
def tiny():
    """`tiny(**changes)` builds a small float32 WGANGP with a fixed seed."""
    from models.WGANGP import WGANGP

    def build(precision="float32", seed=1, **changes):
        return WGANGP(**tiny_parameters(**changes), precision=precision, seed=seed)

    return build


@pytest.fixture
def images():
    """32 random images of 16 x 16, uint8."""
    return np.random.default_rng(0).integers(0, 256, (32, 16, 16, 3), dtype=np.uint8)


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
