"""Several devices and several processes train as one device does, stop together, and go on in other numbers.

The trainings run in processes of their own (`benchmarks.distributed`), which talk over 127.0.0.1.
"""

import importlib.util
import shutil
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from benchmarks.distributed import EVERY, counted, launch, ring_seconds
from models.engine import distributed

needs_jax = pytest.mark.skipif(not importlib.util.find_spec("jax"), reason="JAX is not installed: make test-backends")
needs_tensorflow = pytest.mark.skipif(not importlib.util.find_spec("tensorflow"), reason="TensorFlow is not installed")
STEPS = 50


@pytest.fixture
def among(monkeypatch):
    """`among(number, count, batches, devices)`: this process as one of several, without the others."""

    def pretend(number=0, count=1, batches="global", devices=1):
        cluster = SimpleNamespace(number=number, count=count)
        setting = distributed._Setting(batches=batches, devices=devices, cluster=cluster, spread=object())
        monkeypatch.setattr(distributed, "_here", setting)

    return pretend


def losses(folder):
    with np.load(folder / "losses.npz") as kept:
        return {name: kept[name] for name in kept if name != "seconds"}


def assert_alike(folder, other, steps=STEPS):
    """The same losses but for rounding, which grows where a unit comes to lie on the other side of zero.

    Against the largest value of each loss, rounding makes 1e-6 and such a unit up to 2.3e-3, on some processors within
    50 steps; the next batch changes the critic's score of real images by 9e-2 (benchmarks/DISTRIBUTED.md).
    """
    for name, values in losses(folder).items():
        assert len(values) == steps
        expected = losses(other)[name]
        largest = np.abs(expected).max()
        np.testing.assert_allclose(values[:10], expected[:10], rtol=0, atol=1e-4 * largest, err_msg=name)
        np.testing.assert_allclose(values, expected, rtol=0, atol=1e-2 * largest, err_msg=name)


# Sharing a batch ---------------------------------------------------------------------------------------------------


def test_without_start_nothing_is_distributed():
    assert not distributed.active() and distributed.global_batch(7) == 7


@pytest.mark.parametrize(("batches", "whole"), [("per_device", 64), ("global", 16)])
def test_a_batch_is_for_each_device_or_shared(among, batches, whole):
    among(batches=batches, devices=4)
    assert distributed.global_batch(16) == whole


def test_a_batch_that_cannot_be_shared_equally_is_refused(among):
    among(devices=3)
    with pytest.raises(ValueError, match="16 images cannot be shared equally among 3 devices"):
        distributed.global_batch(16)


def test_the_shares_of_all_processes_make_up_the_batches(among):
    drawn = []
    for number in range(2):
        among(number, 2, devices=2)
        drawn.append(distributed.share_of(lambda start, count: np.arange(start, start + count), 4)(20, 12))
    together = np.concatenate(drawn)  # as the devices hold it: three batches of four, from place 20 on
    cut = [keras.ops.convert_to_numpy(batch) for batch in distributed.cut(keras.ops.array(together), 3)]
    assert np.concatenate(cut).tolist() == list(range(20, 32))


def test_only_the_first_process_keeps_its_run_folder(among, tmp_path):
    among(0, 2)
    assert distributed.run_folder(tmp_path / "run") == tmp_path / "run"
    among(1, 2)
    assert tmp_path not in distributed.run_folder(tmp_path / "run").parents


def test_an_unknown_way_to_share_is_refused():
    with pytest.raises(ValueError, match="choose 'per_device' or 'global'"):
        distributed.start("all")


# On paper ----------------------------------------------------------------------------------------------------------


def test_two_devices_exchange_all_bytes_once():
    assert ring_seconds(1000, 2, bandwidth=100, latency=0) == 10


def test_a_dense_layer_takes_two_operations_a_weight():
    network = keras.Sequential([keras.layers.Input((10,)), keras.layers.Dense(4)])
    assert counted(network) == (44, 80)


# Trainings ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """`alone(backend)`: the folder of a training by one process on one device."""
    folders = {}

    def train(backend):
        if backend not in folders:
            folders[backend] = tmp_path_factory.mktemp(backend)
            ((status, said, _),) = launch(folders[backend], steps=STEPS, backend=backend)
            assert status == 0, said
        return folders[backend]

    return train


@pytest.mark.thorough
@needs_tensorflow
def test_two_mirrored_devices_give_the_losses_of_one(alone, tmp_path):
    ((status, said, _),) = launch(tmp_path, steps=STEPS, backend="tensorflow", devices=2)
    assert status == 0, said
    assert_alike(tmp_path, alone("tensorflow"))


@pytest.mark.slow
@needs_jax
@pytest.mark.parametrize(("processes", "devices"), [(1, 2), (2, 1), (4, 1), (2, 2)])
def test_several_jax_processes_give_the_losses_of_one(alone, tmp_path, processes, devices):
    results = launch(tmp_path, processes, STEPS, devices=devices)
    assert [status for status, _, _ in results] == [0] * processes, results
    assert_alike(tmp_path, alone("jax"))


@pytest.mark.slow
@needs_jax
@pytest.mark.parametrize("killed", [0, 1])
def test_the_others_stop_when_one_is_killed(tmp_path, killed):
    results = launch(tmp_path, 2, 10_000, dies=(killed, 2 * EVERY + 2))
    died = float(results[killed][1].split("killed at ")[1].split()[0])
    status, said, ended = results[1 - killed]
    assert status != 0
    ours = f"of 2 has stopped, so process {1 - killed} stops too" in said
    # process 0 keeps the store: without it JAX ends the others, mostly before we can, and says so itself
    assert ours or (killed == 0 and "This most likely indicates that another task died" in said)
    assert ended - died < 60


@pytest.mark.slow
@needs_jax
def test_a_run_that_lost_a_process_goes_on_with_fewer_or_more(alone, tmp_path):
    two, one, four = (tmp_path / name for name in ("two", "one", "four"))
    launch(two, 2, STEPS, dies=(1, 2 * EVERY + 2))
    for folder, processes in ((one, 1), (four, 4)):
        shutil.copytree(two, folder)
        results = launch(folder, processes, STEPS, resume=True)
        assert [status for status, _, _ in results] == [0] * processes, results
        assert_alike(folder, alone("jax"))
