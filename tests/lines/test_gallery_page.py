"""The gallery, docs/fr/gallery.md and docs/en/gallery.md: every rule has its picture, and the rule set taught works."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import lines
from lines import registry

ROOT = Path(lines.__file__).parents[1]
PAGES = {language: (ROOT / "docs" / language / "gallery.md").read_text(encoding="utf-8") for language in ("fr", "en")}
PAGE = PAGES["fr"]  # the other holds the same code: tests/test_readmes.py
RULES, TEST = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
GALLERY = sorted(set(lines.rule_names()) - {"lines"})


@pytest.fixture
def waves(tmp_path):
    (tmp_path / "waves.py").write_text(RULES, encoding="utf-8")
    return lines.rules(tmp_path / "waves.py")


@pytest.mark.parametrize("name", GALLERY)
@pytest.mark.parametrize("language", PAGES)
def test_every_rule_is_told_and_shown(language, name):
    assert f"`lines/{name}.py`" in PAGES[language]
    assert f"(../gallery_{name}.png)" in PAGES[language]


@pytest.mark.parametrize("picture", re.findall(r"\(\.\./(gallery_\w+\.png)\)", PAGE))
def test_every_picture_is_there_and_small(picture):
    path = ROOT / "docs" / picture
    assert path.stat().st_size < 300_000
    assert Image.open(path).size == (980, 736)


@pytest.mark.parametrize("name", GALLERY)
def test_the_command_of_the_page_draws_the_picture_again(name, tmp_path):
    lines.write_sheet(tmp_path / "sheet.png", name, seed=1)
    shown = np.array(Image.open(ROOT / "docs" / f"gallery_{name}.png").convert("RGB")).astype(int)
    drawn = np.array(Image.open(tmp_path / "sheet.png").convert("RGB")).astype(int)
    assert np.abs(shown - drawn).mean() < 1  # colours are chosen by Pillow, whose versions may differ


def test_the_rules_that_the_page_teaches_draw_the_same_picture_at_any_size(waves):
    parameters = waves.sample(4, seed=1)
    small, large = waves.draw(parameters), waves.draw(parameters, 256)
    assert np.abs(large.reshape(4, 128, 2, 128, 2, 3).mean(axis=(2, 4)) - small).mean() < 2


def test_the_test_that_the_page_teaches_passes(waves, monkeypatch):
    monkeypatch.setattr(lines, "rules", lambda name: waves)
    test = {}
    exec(TEST, test)
    test["test_as_many_lines_are_drawn_as_there_are_rows"]()


def test_the_rules_that_the_page_teaches_are_found_in_the_folder(tmp_path, monkeypatch):
    (tmp_path / "waves.py").write_text(RULES, encoding="utf-8")
    monkeypatch.setattr(registry, "_FOLDER", tmp_path)
    assert lines.rule_names() == ["waves"]


def test_the_commands_of_the_page_work(tmp_path):
    (tmp_path / "waves.py").write_text(RULES, encoding="utf-8")
    commands = re.findall(r"^python (-m lines .*)$", PAGE, re.MULTILINE)
    assert len(commands) == 4
    for command in commands:
        words = command.replace("10000", "2").replace("docs/", "").split()
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        subprocess.run([sys.executable, *words], cwd=tmp_path, env=environment, check=True, capture_output=True)
    assert {path.name for path in tmp_path.rglob("*.png")} > {"waves.png", "gallery_molnar.png", "molnar-000002.png"}
    assert (tmp_path / "data" / "waves" / "waves-000002.jpg").is_file()
