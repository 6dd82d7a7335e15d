"""Reading along a training: what is measured, when, and that nothing is lost on the way."""

import numpy as np
import pytest

import lines
from tests.conftest import build_tiny
from utils import runs
from utils.loaders import ImageBatches
from utils.runs import learning
from utils.runs.data_set import Sample


def train(model, images, folder, epochs, **options):
    batches = ImageBatches.from_array(images, 4, seed=5)
    watch = learning.ReadAlong(folder, every=2, count=10)
    model.train(2, 2, batches, 4, epochs, folder, print_every_n_batches=2, verbose=0, callbacks=[watch], **options)


@pytest.fixture(scope="module")
def run(images, tmp_path_factory):
    """A tiny run of four steps that was read along, interrupted, and resumed for two more: (folder, model)."""
    folder = tmp_path_factory.mktemp("run")
    train(build_tiny(), images, folder, 4)
    model = build_tiny()
    train(model, images, folder, 6, resume=True)
    return folder, model


def test_drawn_images_keep_the_rules_and_grey_ones_do_not():
    drawn = learning.measure_rules(lines.draw(lines.sample(200, seed=3)))
    assert drawn["adherence"] > 0.85 and drawn["lines_3"] > 0.85 and drawn["one_vertical"] == 1
    assert drawn["divergence_x"] < 0.15 and drawn["different"] > 0.9
    grey = learning.measure_rules(np.full((20, 128, 128, 3), 40, np.uint8))
    assert grey["adherence"] == 0 and grey["lines_0"] == 1 and grey["different"] == 1 / 20


def test_the_shares_of_the_census_add_up():
    numbers = learning.measure_rules(lines.draw(lines.sample(50, seed=4)))
    assert sum(numbers[f"lines_{count}"] for count in range(7)) == pytest.approx(1)


@pytest.mark.slow
def test_it_reads_every_second_step_and_goes_on_after_an_interruption(run):
    folder, _ = run
    readings = learning.read_readings(folder)
    assert readings["step"].tolist() == [0, 2, 4]
    assert (np.diff(readings["minutes"]) > 0).all() and set(readings) >= {"adherence", "lines_3", "different"}


@pytest.mark.slow
def test_adherence_and_census_are_drawn_beside_the_losses(run, tmp_path):
    folder, model = run
    path = learning.plot_learning(folder, model.losses_of, tmp_path / "Learning.png", show=False)
    assert path == tmp_path / "Learning.png" and path.stat().st_size > 10_000


def test_a_run_that_was_not_read_says_how_to(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"ReadAlong"):
        learning.read_readings(tmp_path)


class Autoencoder:
    """Stands in for one: each number of a vector is the brightness of a half of the image."""

    parts, z_dim = ("encoder", "generator"), 2

    def encode(self, images):
        halves = images.reshape(len(images), 2, -1).mean(axis=2)
        return (halves / 64 - 2).astype(np.float32), None

    def decode(self, z):
        return np.repeat(np.tanh(np.asarray(z)), 8, axis=1).reshape(-1, 4, 4, 1)


@pytest.mark.parametrize("z_dim, said", [(2, "whole latent space"), (3, "spread most")])
def test_an_autoencoders_latent_space_is_shown_as_a_square_and_as_a_map(tmp_path, capsys, z_dim, said):
    images = np.random.default_rng(0).integers(0, 256, (30, 4, 4, 1), np.uint8)

    class Data(runs.DataSet):
        def real(self, count, seed=None):
            return Sample(images, {"class": np.arange(30) % 2}, {"class": ["a", "b"]})

    model = Autoencoder()
    if z_dim == 3:
        model.z_dim = 3
        model.encode = lambda images: (np.random.default_rng(1).normal(size=(len(images), 3)).astype("float32"), None)
        model.decode = lambda z: np.tanh(z[:, :1, None, None]) * np.ones((1, 4, 4, 1), np.float32)
    learning.show_latent(model, Data("mine", (4, 4, 1)), tmp_path, side=4)
    assert {path.name for path in tmp_path.iterdir()} == {"manifold.png", "map.png"}
    assert said in capsys.readouterr().out


def test_the_bound_on_images_never_seen_is_measured_on_the_way_and_drawn(tmp_path, capsys):
    from tests.models.test_cvae import bars, tiny

    model, x_train = tiny(compiled=False), ImageBatches.from_array(bars(40), 4, seed=5)
    watch = learning.HeldOut(tmp_path, bars(6), 40, every=2)
    model.train(2, 2, x_train, 4, 5, tmp_path, print_every_n_batches=2, verbose=0, callbacks=[watch])
    rows = list(learning._rows(tmp_path / "held_out.csv"))
    assert [row["step"] for row in rows] == [0, 2, 4]
    assert [row["passes"] for row in rows] == pytest.approx([0.1, 0.3, 0.5])
    assert all(row["bound"] < 0 for row in rows)
    learning.show_learning(runs.DataSet("mine", (16, 16, 3)), tmp_path, model.losses_of)
    assert (tmp_path / "images" / "Held_out.png").exists() and "lower bound" in capsys.readouterr().out


def test_only_data_with_images_never_seen_are_held_out(tmp_path):
    assert runs.DataSet("lines", (16, 16, 3)).unseen(3).shape == (3, 16, 16, 3)
    assert runs.DataSet("mine", (16, 16, 3), folder=tmp_path).unseen(3) is None


@pytest.mark.parametrize(("side", "count"), [(28, 2000), (128, 200)])
def test_of_larger_images_fewer_are_held_out_so_that_a_sheet_stays_quick(tmp_path, side, count):
    x_train = ImageBatches.from_array(np.zeros((4, side, side, 3), np.uint8), 2)
    data = runs.DataSet("lines", (side, side, 3))
    data.__dict__["x_train"] = x_train
    (held_out,) = [one for one in learning.watching(data, tmp_path, 1, 9, 0, encoder=True) if hasattr(one, "images")]
    assert len(held_out.images) == count
    assert not any(hasattr(one, "images") for one in learning.watching(data, tmp_path, 1, 9, 0))
