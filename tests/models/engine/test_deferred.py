"""Losses that are fetched several steps at a time: everything is as if they had been fetched one by one."""

import keras
import numpy as np
import pytest

from models.engine import loop
from tests.conftest import build_tiny
from utils import runs
from utils.loaders import ImageBatches

EVERY = 4  # steps between two snapshots
pytestmark = pytest.mark.slow


def train(folder, images, epochs=11, compiled=False, **options):
    model = build_tiny(seed=3, compiled=compiled, n_critic_every_100th=2)
    batches = ImageBatches.from_array(images, 4, seed=5)
    model.train(2, 2, batches, 4, epochs, folder, EVERY, n_critic=1, **{"verbose": 0, **options})
    return model


class Now(keras.callbacks.Callback):
    """Notes step, loss and a weight whenever it is told of a step; without `due` it may look at any."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def on_train_batch_end(self, batch, logs=None):
        self.model.synchronise()
        weight = float(keras.ops.convert_to_numpy(self.model.generator.trainable_variables[0]).sum())
        self.seen.append((self.model.epoch, float(logs["d_loss"]), weight))


class Listening(Now):
    """Looks at some steps alone."""

    def due(self, step):
        return step in (3, 7)

    def on_train_batch_end(self, batch, logs=None):
        if self.due(self.model.epoch):
            super().on_train_batch_end(batch, logs)


@pytest.fixture(scope="module")
def whole(images, tmp_path_factory):
    """A training that nobody stopped, its losses fetched one by one, and what a `Now` saw of it: (model, seen)."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(loop, "has_accelerator", lambda: False)
        return train(tmp_path_factory.mktemp("whole"), images, callbacks=[now := Now()]), now.seen


def went_on_alike(resumed, whole, step):
    whole, _ = whole
    assert resumed.d_losses[step:] == whole.d_losses[step:] and len(resumed.d_losses) == len(whole.d_losses)
    for ours, theirs in zip(resumed.generator.get_weights(), whole.generator.get_weights(), strict=True):
        assert np.array_equal(ours, theirs)


@pytest.fixture
def few(monkeypatch):
    """Says how many steps a training fetches together, as if this machine had a GPU."""

    def fetch(count):
        monkeypatch.setattr(loop, "has_accelerator", lambda: count > 1)
        monkeypatch.setattr(loop, "FEW", count)

    return fetch


def test_the_training_and_its_files_are_the_same(few, images, tmp_path):
    few(1)
    alone = train(tmp_path / "alone", images, compiled=True)  # what waits is what a compiled call gave
    few(3)
    together = train(tmp_path / "together", images, compiled=True)
    assert together.losses_of == alone.losses_of and together.epoch == alone.epoch == 11
    files = {
        name: {path.relative_to(tmp_path / name) for path in (tmp_path / name).rglob("*")}
        for name in ("alone", "together")
    }
    assert files["alone"] == files["together"]
    for sheet in (tmp_path / "alone" / "images").iterdir():
        assert sheet.read_bytes() == (tmp_path / "together" / "images" / sheet.name).read_bytes()


def test_the_time_a_step_is_the_mean_of_those_fetched_together(few, images, tmp_path):
    few(3)
    seconds = train(tmp_path, images).step_seconds
    assert len(seconds) == 11 and min(seconds) > 0
    assert seconds[1] == seconds[2] == seconds[3]  # step 0 ends a call of fit, step 4 takes a snapshot
    assert len(runs.read_history(tmp_path)["seconds"]) == 11


@pytest.mark.parametrize("kind", [Now, Listening])
def test_who_looks_at_the_weights_finds_them_as_they_are_at_that_step(few, whole, images, tmp_path, kind):
    few(5)
    train(tmp_path, images, callbacks=[together := kind()])
    expected = [seen for seen in whole[1] if kind is Now or kind().due(seen[0])]
    assert [step for step, *_ in together.seen] == [step for step, *_ in expected] and len(whole[1]) == 11
    # On a crowded machine TensorFlow may add up in another order: 1e-5 was seen. The weight differs by 1e-3 a step.
    np.testing.assert_allclose(together.seen, expected, rtol=0, atol=1e-4)


def test_a_training_that_is_stopped_is_saved_as_it_is_and_goes_on(few, whole, images, tmp_path):
    few(3)
    stopped = train(tmp_path, images, minutes=0)  # told after steps 1 to 3; step 0 is a call of its own
    assert 1 <= stopped.epoch < 11
    went_on_alike(train(tmp_path, images, resume=True), whole, stopped.epoch)


def test_a_stop_within_those_fetched_together_comes_after_the_last_of_them(few, whole, images, tmp_path):
    class Stop(Listening):
        def due(self, step):
            return False

        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training |= self.model.epoch == 5

    few(3)
    stopped = train(tmp_path, images, callbacks=[Stop()])  # 5, 6 and 7 are fetched together
    assert stopped.epoch == 8
    few(1)
    went_on_alike(train(tmp_path, images, resume=True), whole, stopped.epoch)


def test_a_stop_asked_for_before_a_step_that_is_fetched_alone_is_kept(few, images, tmp_path):
    class Asking(Now):
        def on_train_batch_begin(self, batch, logs=None):
            self.model.stop_training |= self.model.epoch == 5

    few(3)
    assert train(tmp_path, images, callbacks=[Asking()]).epoch == 6


def test_losses_that_are_no_numbers_stop_it_all_the_same(few, images, tmp_path):
    few(3)
    model = build_tiny(seed=3, critic_learning_rate=1e30)
    with pytest.raises(FloatingPointError, match="blown up"):
        model.train(2, 2, ImageBatches.from_array(images, 4, seed=5), 4, 11, tmp_path, 100, n_critic=1, verbose=0)
