"""A reader for any rule, taught on a rule of a few lines: what it reads, what it refuses to, and whom it lets pass."""

import types

import numpy as np
import pytest

from utils.reading import adherence, reader, teaching
from utils.reading.spoiling import WAYS, spoil


def bars_sample(n, seed=None):
    rng = np.random.default_rng(seed)
    return {"at": rng.uniform(20, 108, n), "kind": rng.integers(0, 3, n), "hand": rng.integers(0, 2**31, n)}


def bars_draw(parameters, size=128):
    images = np.zeros((len(parameters["at"]), size, size, 3), np.uint8)
    for image, at, kind in zip(images, parameters["at"], parameters["kind"], strict=True):
        image[:, int(at) - 6 : int(at) + 6, kind] = 255
    return images


bars = types.ModuleType("bars")
bars.sample, bars.draw = bars_sample, bars_draw


@pytest.fixture(scope="module")
def taught():
    """A calibrated reader of bars, after 80 short steps."""
    patch = pytest.MonkeyPatch()
    patch.setattr(teaching, "HELD_OUT", 200)
    patch.setattr(adherence, "CALIBRATED", 300)
    found = teaching.teach(bars, steps=80, drawn=600)
    adherence.calibrate(found, bars)
    patch.undo()
    return found


def test_kinds_of_parameters_are_told_apart():
    kinds = {one.name: one.kind for one in teaching.look_at_parameters(bars)}
    assert kinds == {"at": "number", "kind": "class", "hand": "chance"}


def test_each_way_of_spoiling_changes_the_image_and_keeps_its_shape():
    images = bars.draw(bars.sample(2, seed=1))
    for way in WAYS:
        spoilt = [way(images[0].astype(np.float32), np.random.default_rng(seed), images) for seed in range(5)]
        assert all(one.shape == images[0].shape for one in spoilt)
        assert max(np.abs(np.clip(one, 0, 255) - images[0]).max() for one in spoilt) > 1
    spoilt, ways = spoil(images, seed=1)
    assert spoilt.dtype == np.uint8 and ways.shape == (2, len(WAYS)) and ways.any(axis=1).all()


@pytest.mark.thorough
def test_what_can_be_read_is_read_and_pure_chance_is_left_out(taught):
    scores = {one.name: one.score for one in taught.parameters if one.readable}
    assert set(scores) == {"at", "kind"} and min(scores.values()) > 0.8
    drawn = bars.sample(50, seed=9)
    reading = taught.read(bars.draw(drawn))
    assert np.mean(reading.values["kind"] == drawn["kind"]) > 0.9
    assert np.corrcoef(reading.values["at"], drawn["at"])[0, 1] > 0.9


@pytest.mark.thorough
def test_a_saved_reader_reads_the_same(taught, tmp_path):
    again = reader.load(taught.save(tmp_path / "bars.npz"))
    images = bars.draw(bars.sample(20, seed=4))
    assert np.array_equal(again.read(images).values["kind"], taught.read(images).values["kind"])
    assert np.allclose(again.read(images).values["at"], taught.read(images).values["at"], atol=2.0)  # 8 bits on disk
    assert again.calibration["threshold"] == taught.calibration["threshold"]
    (tmp_path / "bars.npz").write_bytes(b"PK")
    with pytest.raises(ValueError, match="no reader of ours"):
        reader.load(tmp_path / "bars.npz")


@pytest.mark.thorough
def test_drawn_images_keep_the_rules_and_wrong_ones_do_not(taught):
    drawn = bars.draw(bars.sample(150, seed=11))
    share = {"drawn": drawn, "blank": np.zeros_like(drawn), "lying": drawn.swapaxes(1, 2).copy()}
    share = {name: adherence.against_reader(images, bars, taught) for name, images in share.items()}
    assert share["drawn"]["adherence"]["all"] > 0.85
    assert share["blank"]["adherence"]["all"] < 0.1 and share["lying"]["adherence"]["all"] < 0.3
    assert share["drawn"]["parameters"]["at"]["divergence"] < 0.15 < share["blank"]["parameters"]["at"]["divergence"]


@pytest.mark.thorough
def test_two_parameters_that_are_tied_are_told(taught):
    parameters = bars.sample(300, seed=12)
    tied = parameters | {"kind": np.digitize(parameters["at"], [50, 80])}
    free, told = (adherence.against_reader(bars.draw(one), bars, taught)["together"] for one in (parameters, tied))
    assert free["bits"] < 0.2 < told["bits"] and set(told["names"]) == {"at", "kind"}
