import json

import numpy as np
import pytest

from models import SuperResolution
from utils.images import to_float
from utils.quiet import keras
from utils.super_resolution.degradation import pairs


@pytest.fixture
def small():
    return SuperResolution.build(channels=8, blocks=1, seed=1)


@pytest.mark.parametrize("size", [(8, 8), (5, 9)])
def test_an_untrained_network_repeats_every_pixel(small, size):
    images = np.random.default_rng(0).uniform(-1, 1, (2, *size, 3)).astype(np.float32)
    assert np.array_equal(keras.ops.convert_to_numpy(small(images)), images.repeat(4, axis=1).repeat(4, axis=2))


def test_batches_are_pairs_in_minus_one_to_one_and_follow_from_the_seed():
    (first, large), (again, _), (other, _) = (next(SuperResolution.batches(3, 16, seed=seed)) for seed in (1, 1, 2))
    assert first.shape == (3, 16, 16, 3)
    assert large.shape == (3, 64, 64, 3)
    assert first.dtype == np.float32
    assert first.min() >= -1
    assert large.max() <= 1
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_decibels_are_those_of_the_formula():
    large = np.zeros((1, 4, 4, 3), np.float32)
    assert float(SuperResolution.decibels(large, large + 0.2)[0]) == pytest.approx(20)  # 2 / 0.2 is ten times


@pytest.mark.slow
def test_training_learns_and_leaves_a_network_that_keras_opens(small, tmp_path):
    held_out = [to_float(pictures) for pictures in pairs(12, "degraded", 24, seed=9)]
    before = float(keras.ops.mean(SuperResolution.decibels(held_out[1], small(held_out[0]))))
    steps = SuperResolution.train(small, tmp_path / "net.keras", steps=60, batch_size=4, size=24, seed=1, every=30)
    model = keras.models.load_model(tmp_path / "net.keras", safe_mode=True)
    after = float(keras.ops.mean(SuperResolution.decibels(held_out[1], model(held_out[0]))))
    assert steps == 60
    assert after > before
    assert [path.name for path in tmp_path.iterdir()] == ["net.keras"]


def test_a_training_ends_with_its_time(small, tmp_path):
    steps = SuperResolution.train(small, tmp_path / "net.h5", 10**6, minutes=0.02, batch_size=1, size=8, every=50)
    assert 0 < steps < 10**4
    assert keras.models.load_model(tmp_path / "net.h5", compile=False).count_params() == small.count_params()


def test_a_card_says_what_the_network_is_and_how_good(small, tmp_path, monkeypatch):
    monkeypatch.setattr(SuperResolution, "HELD_OUT", 1)
    small.save(tmp_path / "net.keras")
    card = json.loads(SuperResolution.card(small, tmp_path / "net.keras", {"steps": 7}).read_text(encoding="utf-8"))
    assert card["steps"] == 7
    assert card["held_out"]["scores"]["lines_x4"]["clean"]["psnr"] == 99  # untrained, it repeats the pixels
