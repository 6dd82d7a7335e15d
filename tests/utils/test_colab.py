"""The repository's address stands in one place; files come and go by path outside Colab."""

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
