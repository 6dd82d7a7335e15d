"""What somebody's own settings of Keras, Matplotlib and the account say does not reach our work, and stays as it is."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import matplotlib
import numpy as np
import pytest

from utils import figures, quiet
from utils.figures.heatmaps import HeatMapFrames
from utils.loaders import sources

ROOT = Path(quiet.__file__).parents[1]


@pytest.fixture
def their_keras():
    """Keras as somebody's keras.json would have it, and as it was afterwards."""
    names = ("image_data_format", "floatx", "epsilon")
    before = {name: getattr(keras.config, name)() for name in names}
    keras.config.set_image_data_format("channels_first")
    keras.config.set_floatx("float16")
    keras.config.set_epsilon(1e-3)
    yield
    for name, value in before.items():
        getattr(keras.config, f"set_{name}")(value)


def test_keras_is_set_to_what_our_networks_are_made_for(their_keras):
    quiet.settle(keras)
    assert keras.config.image_data_format() == "channels_last"
    assert (keras.config.floatx(), keras.config.epsilon()) == ("float32", 1e-7)


@pytest.mark.slow
def test_a_keras_json_changes_no_image_and_is_not_changed(tmp_path):
    script = """
import hashlib
import numpy as np
from utils import latent, loaders
from utils.latent import projection
generator = loaders.load_generator("data/generators/three_lines_128_published.h5")
images = latent.generate_images(generator, latent.generate_latent_points(generator.input_shape[-1], 2, seed=1))
blurred = np.asarray(projection._blurred(images / 127.5 - 1))
print(hashlib.sha256(images.tobytes()).hexdigest(), blurred.shape, round(float(np.abs(blurred).sum()), 1))
"""
    theirs = {"image_data_format": "channels_first", "floatx": "float16", "epsilon": 0.1}
    said = []
    for name in ("ours", "theirs"):
        (tmp_path / name).mkdir()
        if name == "theirs":
            (tmp_path / name / "keras.json").write_text(json.dumps(theirs))
        environment = {**os.environ, "KERAS_HOME": str(tmp_path / name), "TF_CPP_MIN_LOG_LEVEL": "3"}
        done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-1000:]
        said.append(done.stdout)
    assert said[0] == said[1]
    assert json.loads((tmp_path / "theirs" / "keras.json").read_text()) == theirs


def test_a_backend_that_keras_does_not_know_is_named_with_the_way_out(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "theano")
    said = str(quiet.known_backend(ValueError("Unable to import backend : theano")))
    assert "theano" in said and "KERAS_BACKEND" in said and "tensorflow, torch or jax" in said
    other = ValueError("something else")
    assert quiet.known_backend(other) is other


THEIRS = {
    "text.usetex": True,
    "savefig.bbox": "tight",
    "figure.dpi": 300,
    "font.size": 20,
    "font.family": ["A font that is nowhere"],
    "image.origin": "lower",
    "axes.grid": True,
    "axes.facecolor": "black",
}


def drawn(folder):
    """What a handful of figures look like."""
    Z = np.random.default_rng(0).standard_normal((2, 100))
    images = np.random.default_rng(0).integers(0, 255, (2, 16, 16, 3), dtype=np.uint8)
    paths = [
        figures.printZ(Z, 0, 0, folder=folder),
        figures.plot_losses([[1, 2, 3, 4]] * 5, [1] * 5, folder / "Converge.png"),
        figures.show_images(images, 1, 2, titles=["a", "b"], path=folder / "shown.png"),
        figures.plot_layers(
            keras.Sequential([keras.Input((4,), name="z"), keras.layers.Dense(3, name="first")], name="net"),
            folder / "net.png",
        ),
    ]
    frame = HeatMapFrames(100).draw(Z[0], images[0])
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths] + [frame.tobytes()]


def test_a_matplotlibrc_changes_no_figure_and_holds_again_afterwards(tmp_path):
    ours = drawn(tmp_path)
    with matplotlib.rc_context(THEIRS):
        assert drawn(tmp_path) == ours
        assert {name: matplotlib.rcParams[name] for name in THEIRS} == THEIRS


def test_every_function_that_makes_a_figure_does_so_in_our_style():
    made = [path for path in (ROOT / "utils").rglob("*.py") if "= Figure(" in path.read_text("utf-8")]
    assert len(made) > 5
    for path in made:
        text = path.read_text("utf-8")
        assert text.count("@in_own_style") == text.count("= Figure("), path


@pytest.mark.parametrize("home", ["missing", "~"])
def test_an_account_without_a_home_is_told_where_keras_keeps_its_sets(monkeypatch, home):
    monkeypatch.delenv("KERAS_HOME", raising=False)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path.replace("~", home))
    assert str(Path("/tmp/.keras/datasets")) in sources._what_to_put_where("mnist", OSError("no network"))
    monkeypatch.setenv("KERAS_HOME", "/their/keras")
    assert str(Path("/their/keras/datasets")) in sources._what_to_put_where("mnist", OSError("no network"))
