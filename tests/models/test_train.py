"""Training from the command line: data, recipe, changed arguments, run folder, resuming, and what ships."""

import json

import numpy as np
import pytest

from models import train
from utils.files.provenance import save_image

TINY = {
    "critic_conv_filters": [4, 8],
    "generator_initial_dense_layer_size": [7, 7, 8],
    "generator_conv_filters": [8, 1],
    "generator_conv_kernel_size": [4, 4],
    "z_dim": 6,
}
WORDS = ["--data", "garments", "--seed", "2", "--precision", "float32", "--batch-size", "2", "--every", "2"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder in which two steps were trained by the command line on eight grey images of 28 x 28, and shipped."""
    root = tmp_path_factory.mktemp("project")
    patch = pytest.MonkeyPatch()
    patch.chdir(root)
    for i, image in enumerate(np.random.default_rng(0).integers(0, 256, (8, 28, 28, 1), np.uint8)):
        save_image(root / "data" / "garments" / f"{i}.png", image)
    changes = [f"{name}={value}" for name, value in TINY.items()]
    train.main(
        [*WORDS, "--steps", "2", "--n-critic", "1", "--set", *changes, "loss=hinge", "--ship", "out/garments.h5"]
    )
    yield root
    patch.undo()


@pytest.mark.slow
def test_a_run_lies_under_the_next_number_and_explains_itself(trained):
    folder = trained / "run" / "gan" / "0001_garments"
    record, parameters = (json.loads((folder / name).read_text()) for name in ("run.json", "params.json"))
    assert record["command"].startswith("python -m models.train --data garments") and record["seed"] == 2
    assert parameters["loss"] == "hinge" and parameters["z_dim"] == 6 and parameters["batch_size"] == 2
    assert (folder / "history.csv").read_text().count("\n") == 3 and (folder / "generator.h5").exists()
    assert not (folder / "generators").exists()  # those of the sheets stay on request alone


@pytest.mark.slow
def test_what_ships_has_a_card_with_the_command_that_makes_it_again(trained):
    card = json.loads((trained / "out" / "garments.json").read_text())
    assert card["command"].endswith("--ship out/garments.h5") and card["steps"] == 2 and "report" not in card
    assert (trained / "out" / "garments.h5").exists()


@pytest.mark.slow
def test_a_second_run_takes_a_number_of_its_own_and_a_resumed_one_goes_on(trained, monkeypatch):
    monkeypatch.chdir(trained)
    assert train.free_run("gan", "garments").name == "0002_garments"
    changes = [f"{name}={value}" for name, value in TINY.items()]
    options = ["--n-critic", "1", "--set", *changes, "loss=hinge", "--out", "run/gan/0001_garments", "--resume"]
    train.main([*WORDS, "--steps", "3", *options])
    assert (trained / "run" / "gan" / "0001_garments" / "history.csv").read_text().count("\n") == 4


def test_resuming_without_a_folder_is_refused(capsys):
    with pytest.raises(SystemExit):
        train.main(["--resume"])
    assert "say which by --out" in capsys.readouterr().err


@pytest.mark.slow
def test_what_is_not_given_at_a_resume_is_what_the_run_says(trained, monkeypatch):
    monkeypatch.chdir(trained)
    folder = trained / "run" / "gan" / "0001_garments"
    before = json.loads((folder / "params.json").read_text())
    done = (folder / "history.csv").read_text().count("\n") - 1
    train.main(["--out", "run/gan/0001_garments", "--resume", "--steps", str(done + 1)])
    after, record = json.loads((folder / "params.json").read_text()), json.loads((folder / "run.json").read_text())
    assert (folder / "history.csv").read_text().count("\n") == done + 2
    assert after == before and record["data_name"] == "garments" and record["seed"] == 2 and record["n_critic"] == 1


def test_a_resume_where_nothing_is_makes_nothing_and_says_so_each_time(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        with pytest.raises(SystemExit) as ended:
            train.main(["--out", "run/gan/typo", "--resume"])
        assert ended.value.code == 2 and "there is nothing to resume" in capsys.readouterr().err
    assert not any(tmp_path.iterdir())


def test_changes_may_be_given_one_by_one():
    given = train.parser().parse_args(["--set", "grad_weight=2.5", "--set", "z_dim=50", "ema=0.9"]).set
    assert train.changed_keywords(given) == {"grad_weight": 2.5, "z_dim": 50, "ema": 0.9}
    assert train.parser().parse_args([]).set == []


@pytest.mark.parametrize(
    "words",
    [
        *(["--every", "0"], ["--steps", "-1"], ["--minutes", "-5"], ["--minutes", "nan"], ["--minutes", "inf"]),
        *(["--n-critic", "0"], ["--n-critic", "-2"], ["--divide", "0"], ["--image-size", "0"], ["--seed", "-1"]),
        *(["--keep-generators", "-1"], ["--batch-size", "0"], ["--data", "nothing"], ["--set", "typo=1"]),
        *(["--model", "CVAE", "--recipe", "pictures"], ["--recipe", "pictures", "--network", "notebook"]),
        *(["--model", "CVAE", "--n-critic", "2"], ["--image-size", "100"]),
    ],
    ids=" ".join,
)
def test_what_cannot_be_done_ends_with_one_line_before_a_run_is_there(words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for i, image in enumerate(np.random.default_rng(0).integers(0, 256, (8, 28, 28, 1), np.uint8)):
        save_image(tmp_path / "data" / "garments" / f"{i}.png", image)
    with pytest.raises(SystemExit) as ended:
        train.main(["--data", "garments", "--batch-size", "2", *words])
    said = capsys.readouterr().err.strip().splitlines()
    assert ended.value.code == 2 and said[-1].startswith("python -m models.train: ")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("word", ["loss", "=3", ""])
def test_a_change_that_names_no_value_is_refused(word, capsys):
    with pytest.raises(SystemExit):
        train.main(["--set", word])
    assert "is not NAME=VALUE" in capsys.readouterr().err


def test_values_are_read_as_python_writes_them_and_words_as_words():
    pairs = [
        train.value_of(text) for text in ("loss=hinge", "ema=0.99", "inks=((0, 0, 0), (255, 255, 255))", "ema=None")
    ]
    assert train.changed_keywords(pairs) == {"loss": "hinge", "ema": None, "inks": [(0, 0, 0), (255, 255, 255)]}
