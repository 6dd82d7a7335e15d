"""The demonstration runs the notebooks in order and leaves a page; `make demo`, and Windows without make, call it."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

import demo
from demo import page
from utils import speech
from utils.runs import pages

PROJECT = Path(demo.__file__).resolve().parents[1]


@pytest.fixture
def ran(monkeypatch, tmp_path):
    """What papermill is asked to run, in a project of which nothing was trained yet; the page is only named."""
    import papermill  # seconds, which other tests need not spend

    asked = []

    def execute(notebook, left, parameters, stderr_file, **options):
        asked.append(
            (Path(notebook).relative_to(tmp_path).as_posix(), Path(left).relative_to(tmp_path).as_posix(), parameters)
        )
        assert Path(left).parent.is_dir() and options["cwd"] == tmp_path
        subprocess.run([sys.executable, "-c", "import sys; print('WARNING: of a kernel', file=sys.stderr)"], check=True)
        stderr_file.write("Reading: 50%|#####     | 5/10\rReading: 100%|##########| 10/10\nWARNING: of some library\n")

    monkeypatch.setattr(papermill, "execute_notebook", execute)
    monkeypatch.setattr(page, "write", lambda left, *named: left / "index.html")
    monkeypatch.setattr(demo, "ROOT", tmp_path)
    monkeypatch.setattr(demo, "LEFT", tmp_path / "run" / "demo")
    monkeypatch.setenv("PROGRESS_BAR", "")  # what it sets is undone
    monkeypatch.setattr(speech, "_chosen", "en")
    monkeypatch.setenv("LC_ALL", "C")
    return asked


def test_it_trains_strokes_then_the_published_networks_and_walks(ran, capsys):
    demo.main([])
    assert [(notebook, left) for notebook, left, _ in ran] == [
        ("notebooks/Training.ipynb", "run/demo/Training_strokes.ipynb"),
        ("notebooks/Training.ipynb", "run/demo/Training.ipynb"),
        ("notebooks/Inference.ipynb", "run/demo/Inference.ipynb"),
        ("notebooks/Inference+.ipynb", "run/demo/Inference+.ipynb"),
    ]
    strokes, published, *walks = (parameters for _, _, parameters in ran)
    assert {parameters["LANGUAGE"] for _, _, parameters in ran} == {"en"}
    assert (strokes["RECIPE"], strokes["MINUTES"]) == ("three_lines", demo.STROKES_MINUTES)
    assert (strokes["EPOCHS"], strokes["IMAGE_SIZE"]) == (1500, 128)
    assert (published["RECIPE"], published["MINUTES"], published["IMAGE_SIZE"]) == ("published", demo.MINUTES, 64)
    assert {walk["GENERATOR"] for walk in walks} == {"run/demo/0002_lines/generator.h5"}
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "1 of 5, 10,000 images, then a generator of strokes; at most 4 minutes ..."
    assert said[-1] == "The page that shows everything: run/demo/index.html"


def test_to_a_french_system_it_speaks_french(ran, monkeypatch, capsys):
    monkeypatch.setenv("LC_ALL", "fr_FR.UTF-8")
    demo.main([])
    assert {(Path(notebook).parent.as_posix(), told["LANGUAGE"]) for notebook, _, told in ran} == {
        ("notebooks/fr", "fr")
    }
    assert capsys.readouterr().out.startswith("1 sur 5, ")


def test_it_trains_for_as_long_as_it_is_told(ran):
    demo.main(["--minutes", "0.5"])
    assert [parameters.get("MINUTES") for _, _, parameters in ran] == [0.5, 0.5, None, None]


@pytest.mark.parametrize("minutes", ["-5", "nan", "x"])
def test_minutes_that_are_none_are_refused_before_anything_is_drawn(minutes, capsys):
    with pytest.raises(SystemExit):
        demo.main(["--minutes", minutes])
    assert f"'{minutes}' is no number of 0 or more" in capsys.readouterr().err


def test_it_goes_on_with_an_earlier_demonstration(ran, tmp_path):
    for run in (demo.STROKES, demo.PUBLISHED):
        (tmp_path / "run" / "demo" / run).mkdir(parents=True)
        (tmp_path / "run" / "demo" / run / "history.csv").touch()
    demo.main([])
    assert [parameters.get("MODE") for _, _, parameters in ran] == ["load", "load", None, None]


def test_the_terminal_shows_bars_and_the_rest_is_kept_in_a_file(ran, capfd, tmp_path):
    demo.main([])
    shown = capfd.readouterr()
    assert "WARNING" not in shown.err + shown.out and shown.err.count("100%") == 4 and "50%" not in shown.err
    assert (
        tmp_path / "run" / "demo" / "Training.log"
    ).read_text() == "WARNING: of a kernel\nWARNING: of some library\n"


def test_on_a_terminal_a_bar_stays_on_its_line(tmp_path):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    bars = demo.OneLine(terminal, tmp_path / "rest.log")
    bars.write("Reading: 50%|#####     | 5/10\rReading: 100%|##########| 10/10\n")
    bars.finish()
    assert "\n" not in terminal.getvalue() and terminal.getvalue().count("\r") == 4


@pytest.mark.parametrize(
    ("settings", "spoken"),
    [({"LANG": "fr_CA.UTF-8"}, "fr"), ({"LANG": "fr_FR", "LC_ALL": "en_US"}, "en"), ({"LC_ALL": "C"}, "en")],
)
def test_it_speaks_the_language_of_the_system(monkeypatch, settings, spoken):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert speech.of_system() == spoken
    assert demo.say("show") == {"fr": "la page", "en": "the page"}[spoken]


def test_a_browser_opens_only_where_somebody_sits_before_a_screen(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: False)
    assert not demo.has_screen()
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert demo.has_screen()
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert not demo.has_screen()


@pytest.mark.parametrize("notebook", ["Training", "Inference", "Inference+"])
def test_its_parameters_are_the_notebooks(notebook):
    cells = json.loads((PROJECT / "notebooks" / f"{notebook}.ipynb").read_text(encoding="utf-8"))["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    given = {name for part in demo.parts(1) if part.notebook == notebook for name in part.parameters} | {
        name for name in ("MODE",) if notebook == "Training"
    }
    assert given and all(f"\n{name} = " in f"\n{code}" for name in {"LANGUAGE", *given})


def test_the_page_tells_what_was_measured_in_both_languages():
    report = {
        "adherence": {"all": 0.87, "rules": {"one_vertical": 0.9, "two_horizontals": 0.95}},
        "diversity": {"different": 96, "images": 100},
    }
    numbers = dict.fromkeys(("strokes", "published", "grown"), report)
    told = list(page.sections(numbers, {"strokes": 2000, "published": 700}, {"Training": 6.5}))
    texts = [" ".join(section.text[number] for section in told) for number in (0, 1)]
    for text, thousands in zip(texts, ("\u202f", ","), strict=True):
        assert "87%" in text and f"2{thousands}000" in text and "700" in text and f"1{thousands}201" in text
    rows = next(section.table for section in told if section.table)
    assert [row[1:] for row in rows[1:]] == [(pages.share(share),) * 3 for share in (0.87, 0.9, 0.95, 0.96)]
    assert any("6.5 min" in section.command for section in told)


def test_the_grown_generator_has_the_steps_that_the_page_says():
    card = json.loads((PROJECT / page.GROWN).with_suffix(".json").read_text(encoding="utf-8"))
    assert card["steps"] == page.GROWN_STEPS


def test_what_it_does_is_told_without_anything_being_done():
    command = [sys.executable, "-m", "demo", "--help"]
    said = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    assert said.startswith("usage: python -m demo [-h] [--minutes MINUTES]")
