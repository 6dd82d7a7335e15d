"""A run that is taken home goes on elsewhere."""

import zipfile

import numpy as np
import pytest

from utils import runs
from utils.files.archives import write_archive

ALL = ("params.json", "weights/checkpoint.weights.h5", "weights/weights.h5", "history.csv", "images/sample_0.png")


def packed(path, names=ALL, below=""):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(below + name, "step,seconds\n0,1\n" if name.endswith("history.csv") else name)
    return path


@pytest.mark.slow
def test_a_training_goes_on_from_its_archive_as_if_nothing_had_been(tiny, images, tmp_path):
    from utils.loaders import ImageBatches, load_model

    def train(gan, steps, folder, **options):
        gan.compile(run_eagerly=True)
        data = ImageBatches.from_array(images, 4, seed=5)
        gan.train(1, 1, data, 4, steps, folder, n_critic=1, verbose=0, **options)
        return gan

    here, there = tmp_path / "here", tmp_path / "there"
    whole = train(tiny(), 4, tmp_path / "whole")
    gan = tiny()
    gan.save(here)
    train(gan, 2, here)
    archive = write_archive(tmp_path / "resume.zip", runs.files_to_go_on(here), root=here)
    runs.unpack_run(archive, there)
    again = train(load_model(type(gan), there, precision="float32"), 4, there, resume=True)
    assert again.d_losses[2:] == whole.d_losses[2:] and np.array_equal(
        again.generator.get_weights()[0], whole.generator.get_weights()[0]
    )


@pytest.mark.parametrize("below", ["", "0001_lines/", "run/gan/0001_lines/"])
def test_a_run_is_unpacked_wherever_it_lies_in_the_archive(tmp_path, below, capsys):
    runs.unpack_run(packed(tmp_path / "resume.zip", below=below), tmp_path / "run")
    found = {path.relative_to(tmp_path / "run").as_posix() for path in (tmp_path / "run").rglob("*") if path.is_file()}
    assert found == set(ALL) and "a training of 1 steps was unpacked" in capsys.readouterr().out


def test_nothing_but_a_runs_own_files_is_written(tmp_path):
    strange = (
        "../outside.json",
        "/etc/x",
        "images/sample_0.png/../../../y.png",
        "images/sample_x.png",
        "x.py",
        "images/../z",
    )
    runs.unpack_run(packed(tmp_path / "resume.zip", (*ALL, *strange)), tmp_path / "inner" / "run")
    written = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert written == {"resume.zip", *(f"inner/run/{name}" for name in ALL)}


def test_the_archive_without_a_checkpoint_says_which_has_it(tmp_path):
    archive = packed(tmp_path / "output.zip", [name for name in ALL if "checkpoint" not in name])
    with pytest.raises(FileNotFoundError, match=r"holds no weights/checkpoint.weights.h5.*take resume\.zip"):
        runs.unpack_run(archive, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_training_that_is_there_is_not_written_over(tmp_path, capsys):
    runs.unpack_run(packed(tmp_path / "resume.zip"), tmp_path / "run")
    (tmp_path / "run" / "params.json").write_text("mine")
    runs.unpack_run(tmp_path / "resume.zip", tmp_path / "run")
    assert (tmp_path / "run" / "params.json").read_text() == "mine" and "is left aside" in capsys.readouterr().out


def test_an_archive_that_unpacks_to_far_too_much_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr("utils.runs.going_on.SPARE", 0)
    monkeypatch.setattr("utils.runs.going_on.INFLATION", 0)
    with pytest.raises(ValueError, match="unpacks to far more than it is"):
        runs.unpack_run(packed(tmp_path / "resume.zip"), tmp_path / "run")
    assert runs.checkpoints.steps_in(tmp_path / "run") is None


def test_an_archive_that_was_damaged_on_its_way_is_named_and_nothing_is_trained(tmp_path):
    content = bytearray(packed(tmp_path / "resume.zip").read_bytes())
    start = content.index(b"history.csv") + len("history.csv")
    content[start : start + 8] = b"\xff" * 8
    (tmp_path / "resume.zip").write_bytes(content)
    with pytest.raises(ValueError, match=r"resume\.zip is damaged"):
        runs.unpack_run(tmp_path / "resume.zip", tmp_path / "run")
    assert runs.checkpoints.steps_in(tmp_path / "run") is None


def test_what_is_no_zip_is_named(tmp_path):
    (tmp_path / "resume.zip").write_bytes(b"no zip")
    with pytest.raises(ValueError, match=r"resume\.zip is damaged, or no zip"):
        runs.unpack_run(tmp_path / "resume.zip", tmp_path / "run")
