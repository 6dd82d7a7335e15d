"""The steps of the Training notebook, one after the other, on a few small images."""

import json

import numpy as np
import pytest
from PIL import Image

from models import session
from models.plan import plan_training
from utils import runs
from utils.runs import learning


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "data" / "squares"
    folder.mkdir(parents=True)
    for i in range(12):
        image = np.zeros((28, 28), np.uint8)
        image[i % 5 : i % 5 + 9, 2:15] = 200
        Image.fromarray(image).save(folder / f"{i}.png")
    return tmp_path


@pytest.mark.slow
def test_the_steps_of_a_training_leave_a_run_that_goes_on_and_its_archives(here, capsys):
    x_train = session.open_data("squares", image_size=28, batch_size=4, seed=1)
    data = runs.DataSet.of(x_train)
    folder = session.open_run("gan", "0007", data, "build")
    assert folder.as_posix() == "run/gan/0007_squares"
    plan = plan_training(x_train, "WGANGP", "published", steps=2, divide=64, every=1, batch_size=4)
    model = session.open_model(plan, x_train, folder, "build", network="readme")
    session.train(model, plan, x_train, folder, "build", 1, 2, keep_generators=0)
    assert "2 steps done" in capsys.readouterr().out
    record = json.loads((folder / "run.json").read_text())
    assert (record["data_name"], record["network"], record["steps"]) == ("squares", "readme", 2)
    learning.show_sheets(folder, 1, 2)
    assert {"Sheets.png", "Row.gif"} <= {path.name for path in (folder / "images").iterdir()}
    session.hand_out(folder)
    assert (here / "output.zip").exists() and (here / "resume.zip").exists()
    more = plan_training(x_train, steps=3, resume=folder, every=1)
    again = session.open_model(more, x_train, session.open_run("gan", "0007", data, "load"), "load")
    session.train(again, more, x_train, folder, "load", 1, 2, keep_generators=0)
    assert "3 steps done" in capsys.readouterr().out


@pytest.mark.slow
def test_what_was_trained_is_not_trained_over_and_a_cell_run_again_adds_nothing(here, capsys):
    x_train = session.open_data("squares", image_size=28, batch_size=4, seed=1)
    data = runs.DataSet.of(x_train)
    folder = session.open_run("gan", "0001", data, "build")
    small = {"divide": 64, "every": 1, "batch_size": 4, "n_critic": 1}
    plan = plan_training(x_train, "WGANGP", "published", steps=2, precision="float32", **small)
    model = session.open_model(plan, x_train, folder, "build", precision="float32")
    for _ in range(2):
        session.train(model, plan, x_train, folder, "build", 1, 2, keep_generators=0)
    assert model.epoch == 2 and (folder / "history.csv").read_text().count("\n") == 3
    with pytest.raises(FileExistsError, match="holds a training of 2 steps"):
        session.open_model(plan, x_train, folder, "build", seed=2)
    with pytest.raises(ValueError, match="RUN_ARCHIVE"):
        session.open_run("gan", "0002", data, "build", archive="resume.zip")
    more = plan_training(x_train, steps=3, resume=folder, every=1, changes={"critic_learning_rate": 1e-5})
    assert more.batch_size == 4 and more.options == {"n_critic": 1}
    again = session.open_model(more, x_train, folder, "load")
    assert again.precision == "float32" and again.parameters()["critic_learning_rate"] == 1e-5
    session.train(again, more, x_train, folder, "load", 1, 2, keep_generators=0)
    assert again.epoch == 3


def test_what_needs_a_training_says_so(here):
    (here / "run" / "gan" / "0001_squares" / "images").mkdir(parents=True)
    for needs in (session.hand_out, lambda folder: learning.show_sheets(folder, 2, 2)):
        with pytest.raises(FileNotFoundError, match="run the cell that trains first"):
            needs(here / "run" / "gan" / "0001_squares")


def test_a_rule_that_is_not_there_is_drawn(here):
    x_train = session.open_data("lines", count=6, image_size=16, batch_size=2, seed=1)
    assert x_train.images.shape == (6, 16, 16, 3)
    assert len(list((here / "data" / "lines").rglob("*.jpg"))) == 6
