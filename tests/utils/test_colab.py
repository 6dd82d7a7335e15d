"""The repository's address stands in one place; files come and go by path outside Colab."""

import sys
import types
from pathlib import Path

import pytest

from utils import colab

ROOT = Path(__file__).resolve().parents[2]
TEXT = """[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/someone/old/blob/master/notebooks/Inference+.ipynb)
!git clone --quiet --depth 1 https://github.com/someone/old trois-lignes
repository-code: https://github.com/someone/old
A link to https://github.com/someone/old stays."""


def test_badges_and_clone_lines_follow_the_repository():
    text = colab.addressed(TEXT, "https://github.com/new/home", "main")
    assert "colab.research.google.com/github/new/home/blob/main/notebooks/Inference+.ipynb" in text
    assert "git clone --quiet --depth 1 https://github.com/new/home trois-lignes" in text
    assert "\nrepository-code: https://github.com/new/home\n" in text
    assert "A link to https://github.com/someone/old stays." in text
    assert colab.addressed(text, "https://github.com/new/home", "main") == text


def test_the_command_changes_only_what_points_elsewhere(tmp_path):
    for name in ("CITATION.cff", "README.md"):
        (tmp_path / name).write_text(TEXT)
    assert colab.write_addresses(tmp_path) == [tmp_path / "CITATION.cff", tmp_path / "README.md"]
    assert colab.write_addresses(tmp_path) == []


def test_this_project_points_to_its_own_repository():
    for path in (
        "README.md",
        "README_EN.md",
        *(f"notebooks/{name}.ipynb" for name in ("Training", "Inference", "Inference+")),
    ):
        text = (ROOT / path).read_text(encoding="utf-8")
        assert colab.addressed(text) == text


def test_outside_colab_a_file_is_found_or_missed_by_its_path(tmp_path, capsys):
    path = tmp_path / "generator.h5"
    with pytest.raises(FileNotFoundError, match=r"generator\.h5 does not exist"):
        colab.upload(path)
    path.touch()
    assert colab.upload(path) == path
    colab.download(path)
    assert f"{path} is ready." in capsys.readouterr().out


@pytest.fixture
def button(tmp_path, monkeypatch):
    """`button(saved, told)`: Colab's upload button, which saves files and tells names; both are {name: content}."""
    monkeypatch.chdir(tmp_path)

    def press(saved, told=None):
        def upload():
            for name, content in saved.items():
                Path(name).write_bytes(content)
            return saved if told is None else told

        files = types.SimpleNamespace(upload=upload)
        monkeypatch.setitem(sys.modules, "google.colab", types.SimpleNamespace(files=files))
        monkeypatch.setitem(sys.modules, "google.colab.files", files)

    return press


@pytest.mark.parametrize(
    ("saved", "told"),
    [
        ({"generator.h5": b"g"}, None),
        ({"generator (1).h5": b"g"}, None),
        ({"generator (1).h5": b"g"}, {"generator.h5": b"g"}),
        ({"generator.h5": b"g"}, {"generator (2).h5": b"g"}),
        ({"mine.h5": b"g"}, None),
        ({"Generator.H5": b"g"}, {"C:\\fake\\Generator.H5": b"g"}),
    ],
)
def test_in_colab_the_file_comes_under_its_name_whatever_the_button_saved_and_told(button, tmp_path, saved, told):
    button(saved, told)
    assert colab.upload("generator.h5").read_bytes() == b"g"
    assert [path.name for path in tmp_path.iterdir()] == ["generator.h5"]


def test_of_several_files_the_wanted_one_is_taken_and_the_others_stay(button, tmp_path, capsys):
    button({"critic.h5": b"c", "generator (1).h5": b"g", "model.h5": b"m"})
    assert colab.upload("generator.h5").read_bytes() == b"g"
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        "critic.h5": b"c",
        "generator.h5": b"g",
        "model.h5": b"m",
    }
    assert "besides: critic.h5, model.h5" in capsys.readouterr().out


def test_several_files_of_other_names_are_named_and_none_is_renamed(button, tmp_path):
    button({"critic.h5": b"c", "model.h5": b"m"})
    with pytest.raises(ValueError, match=r"2 files were uploaded \(critic\.h5, model\.h5\).*generator\.h5"):
        colab.upload("generator.h5")
    assert {path.name for path in tmp_path.iterdir()} == {"critic.h5", "model.h5"}


def test_a_file_goes_into_the_folder_that_its_name_says(button, tmp_path):
    button({"generator.h5": b"g"})
    assert colab.upload("nets/mine/generator.h5").read_bytes() == b"g"
    assert not (tmp_path / "generator.h5").exists()


@pytest.mark.parametrize("told", [{}, {"generator.h5": b""}])
def test_an_upload_that_brought_nothing_is_said(button, told):
    button({}, told)
    with pytest.raises(FileNotFoundError, match="No file was uploaded"):
        colab.upload("generator.h5")


def test_a_file_that_is_there_already_is_taken_and_that_is_said(button, tmp_path, capsys):
    button({})
    (tmp_path / "generator.h5").write_bytes(b"old")
    assert colab.upload("generator.h5").read_bytes() == b"old"
    assert "is there already and is taken" in capsys.readouterr().out
