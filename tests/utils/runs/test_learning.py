"""Reading along a training: what is measured, when, and that nothing is lost on the way."""

import numpy as np
import pytest

import lines
from tests.conftest import build_tiny
from utils.loaders import ImageBatches
from utils.runs import learning


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
