"""The demonstration runs three notebooks in their order; `make demo` and Windows without make call the same."""

import json
import subprocess
import sys
from pathlib import Path

import papermill
import pytest

import demo


@pytest.fixture
def runs(monkeypatch, tmp_path):
    """What papermill is asked to run, in a project of which nothing was trained yet."""
    asked = []

    def execute(notebook, left, parameters, **options):
        asked.append((Path(notebook).name, Path(left).relative_to(tmp_path).as_posix(), parameters))
        assert Path(left).parent.is_dir() and options["cwd"] == tmp_path

    monkeypatch.setattr(papermill, "execute_notebook", execute)
    monkeypatch.setattr(demo, "ROOT", tmp_path)
    monkeypatch.setattr(demo, "LEFT", tmp_path / "run" / "demo")
    monkeypatch.setenv("PROGRESS_BAR", "")  # what it sets is undone
    return asked


def test_it_trains_walks_and_looks(runs, capsys):
    demo.main([])
    assert runs == [
        ("Training.ipynb", "run/demo/Training.ipynb", {"MINUTES": demo.MINUTES}),
        ("Inference.ipynb", "run/demo/Inference.ipynb", {}),
        ("Inference+.ipynb", "run/demo/Inference+.ipynb", {}),
    ]
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "1 of 3, Training.ipynb: draws the data set, trains for 7 minutes ..."
    assert said[-1].startswith("The pictures: run/gan/0001_lines/images/")


def test_it_trains_for_as_long_as_it_is_told(runs, capsys):
    demo.main(["--minutes", "0.5"])
    assert runs[0][2] == {"MINUTES": 0.5}
    assert "trains for 0.5 minutes" in capsys.readouterr().out


def test_it_goes_on_with_an_earlier_demonstration(runs, tmp_path):
    (tmp_path / "run" / "gan" / "0001_lines").mkdir(parents=True)
    (tmp_path / "run" / "gan" / "0001_lines" / "history.csv").touch()
    demo.main([])
    assert [parameters.get("MODE") for _, _, parameters in runs] == ["load", None, None]


def test_its_parameters_are_the_notebooks():
    notebook = Path(demo.__file__).parent / "notebooks" / "Training.ipynb"
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    (tagged,) = ["".join(cell["source"]) for cell in cells if "parameters" in cell["metadata"].get("tags", [])]
    assert "\nMINUTES = " in tagged and "\nMODE = " in tagged


def test_what_it_does_is_told_without_anything_being_done():
    command = [sys.executable, "-m", "demo", "--help"]
    said = subprocess.run(command, cwd=Path(demo.__file__).parent, capture_output=True, text=True, check=True).stdout
    assert said.startswith("usage: python -m demo [-h] [--minutes MINUTES]")
