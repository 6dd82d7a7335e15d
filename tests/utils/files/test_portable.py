"""What a newer Keras saves opens under an older one, and is the same under the newer."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from utils import loaders, runs
from utils.files.portable import portable

ROOT = Path(__file__).parents[3]
NEWER = {
    "quantization_config": None,
    "renorm": False,
    "renorm_clipping": None,
    "renorm_momentum": 0.9,
    "input_axes": None,
}


@pytest.fixture
def network():
    keras = pytest.importorskip("keras")
    x = keras.Input((5,))
    y = keras.layers.BatchNormalization()(keras.layers.Dense(48, kernel_initializer="he_normal")(x))
    return keras.Model(x, keras.layers.Conv2D(3, 3, padding="same")(keras.layers.Reshape((4, 4, 3))(y)))


def written_settings(path):
    """All names of settings in the architecture of a .h5 or .keras file."""
    if path.suffix == ".keras":
        with zipfile.ZipFile(path) as archive:
            text = archive.read("config.json")
    else:
        h5py = pytest.importorskip("h5py")
        with h5py.File(path) as file:
            text = file.attrs["model_config"]
    names = set()
    json.loads(text, object_hook=lambda entries: names.update(entries) or entries)
    return names


def test_settings_that_ask_for_nothing_are_left_out():
    layer = {"class_name": "Dense", "config": {"units": 3, "activation": None, **NEWER}}
    assert portable([layer]) == [{"class_name": "Dense", "config": {"units": 3, "activation": None}}]
    assert layer["config"]["renorm"] is False  # what was passed stays as it was


@pytest.mark.parametrize(
    "asks", [{"quantization_config": {"mode": "int8"}}, {**NEWER, "renorm": True}, {"input_axes": 0}]
)
def test_settings_that_ask_for_something_stay(asks):
    kept = portable(asks)
    assert kept and all(asks[name] == value for name, value in kept.items())
    assert ("renorm_momentum" in kept) == ("renorm" in asks)


@pytest.mark.parametrize("suffix", ["h5", "keras"])
def test_saved_networks_hold_none_and_draw_the_same(network, tmp_path, suffix):
    keras = pytest.importorskip("keras")
    path = runs.save_keras_model(network, tmp_path / f"generator.{suffix}")
    assert "units" in written_settings(path) and not written_settings(path) & set(NEWER)
    z = np.random.default_rng(0).normal(size=(3, 5)).astype("float32")
    drawn = network.predict(z, verbose=0)
    for opened in (keras.models.load_model(path, compile=False), loaders.load_generator(path)):
        np.testing.assert_array_equal(opened.predict(z, verbose=0), drawn)


@pytest.mark.parametrize("folder, pattern", [("generators", "*.h5"), ("upscalers", "*.keras")])
def test_what_ships_holds_none(folder, pattern):
    paths = sorted((ROOT / "data" / folder).glob(pattern))
    assert paths
    for path in paths:
        assert not written_settings(path) & set(NEWER), path
