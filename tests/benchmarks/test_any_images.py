"""Recipes side by side on any images: each gets the same processor time, a row and a sheet."""

import re

import numpy as np
import pytest
from PIL import Image

from benchmarks import any_images


@pytest.mark.thorough
def test_each_recipe_gets_a_row_and_a_sheet(tmp_path, capsys):
    rng = np.random.default_rng(0)
    (tmp_path / "data" / "noise").mkdir(parents=True)
    for i in range(40):
        Image.fromarray(rng.integers(0, 256, (28, 28), np.uint8)).save(tmp_path / "data" / "noise" / f"{i}.png")
    words = ["--data", "noise", "--data-folder", str(tmp_path / "data"), "--size", "28", "--minutes", "0.01"]
    any_images.main([*words, "--recipes", "CVAE", "plain_gan+augment", "--out", str(tmp_path / "out")])
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| noise")]
    assert [row.split("|")[2].strip() for row in rows] == ["CVAE", "plain_gan+augment"]
    assert all(re.search(r"\| \d+\.\d% \(\d+\.\d%\) \|", row) for row in rows)
    assert {path.name for path in (tmp_path / "out").glob("*.png")} == {"noise_CVAE.png", "noise_plain_gan+augment.png"}


def test_a_training_stops_when_its_processor_time_is_spent():
    class Model:
        stop_training = False

    clock = any_images.ProcessorTime(minutes=0)
    clock.set_model(Model())
    for step in range(3):
        sum(range(10**5))
        clock.on_train_batch_end(step)
    assert clock.model.stop_training and len(clock.at) == 3
