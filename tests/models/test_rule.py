"""The circle of one rule set, from its file to its page, with a rule of a few lines and a training of a few steps."""

import functools
import json

import pytest

import lines
from models import rule
from utils.reading import adherence, readers, teaching

BARS = '''
"""Bars: one upright bar, of one of two widths."""
import numpy as np

NAMES = {"at": ("place of the bar", "place de la barre"), "wide": ("width", "largeur")}


def sample(n, seed=None):
    rng = np.random.default_rng(seed)
    return {"at": rng.integers(24, 104, n), "wide": rng.integers(0, 2, n), "hand": rng.integers(0, 2**31, n)}


def draw(parameters, size=128):
    images = np.full((len(parameters["at"]), size, size, 3), 240, np.uint8)
    for image, at, wide in zip(images, parameters["at"], parameters["wide"]):
        image[:, at - 4 - 12 * wide : at + 4 + 12 * wide] = 20
    return images
'''


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """(folder, page) after two calls of the circle, the second of which goes on with the first."""
    folder, patch = tmp_path_factory.mktemp("circle"), pytest.MonkeyPatch()
    patch.chdir(folder)
    (folder / "bars.py").write_text(BARS, encoding="utf-8")
    for module, name, value in (
        *((rule, name, value) for name, value in (("FEWEST", 4), ("MOST", 4), ("READ", 12), ("READ_IN_THE_END", 60))),
        *((teaching, name, value) for name, value in (("DRAWN", 400), ("HELD_OUT", 100), ("STEPS", 90))),
        (adherence, "CALIBRATED", 160),
        (rule, "reader_of", functools.partial(readers.reader_of, minutes=1)),
    ):
        patch.setattr(module, name, value)
    patch.setattr(teaching.teach, "__defaults__", (1, 90, 400, 0))
    for _ in range(2):
        page = rule.circle("bars.py", minutes=0.01, count=40)
    yield folder, page
    patch.undo()


@pytest.mark.thorough
def test_one_page_shows_what_was_drawn_learnt_kept_and_walked(made):
    _, page = made
    text = page.read_text("utf-8")
    for picture in ("drawn.png", "learnt.png", "parameters.png", "learning.png", "training.gif", "walk.gif"):
        assert f'src="page/{picture}"' in text and (page.parent / "page" / picture).stat().st_size > 300
    assert "place de la barre" in text and "place of the bar" in text and "keep the rule" in text


@pytest.mark.thorough
def test_each_part_leaves_what_the_next_one_needs_and_is_not_done_twice(made):
    folder, page = made
    assert len(list((folder / "data" / "bars").rglob("*.png"))) == 40
    assert len(list((folder / "data" / ".readers").glob("bars-*.npz"))) == 1
    facts = json.loads((page.parent / rule.FACTS).read_text())
    assert (
        set(facts["minutes"]) == {rule.SAID[name][0] for name in rule.Parts.NAMES} and facts["report"]["images"] == 60
    )
    assert len((page.parent / "history.csv").read_text().splitlines()) == 1 + 5  # four steps and the first sheet's


@pytest.mark.thorough
def test_rules_that_changed_since_are_not_mixed_with_what_was_drawn(made):
    folder, _ = made
    (folder / "bars.py").write_text(BARS.replace("240", "230"), encoding="utf-8")
    with pytest.raises(ValueError, match=r"The rules bars have changed since .* was begun"):
        rule.circle("bars.py", minutes=0.01, count=40)


@pytest.fixture
def drawn(tmp_path, monkeypatch):
    """A folder with the rules bars.py and their data set of 20 images."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bars.py").write_text(BARS, encoding="utf-8")
    lines.write_dataset("data/bars", 20, seed=1, rules="bars.py")
    return tmp_path


@pytest.mark.parametrize("name", ["bars.py", "molnar"])
@pytest.mark.parametrize("options", [{}, {"file_format": "png", "size": 64}])
def test_a_data_set_that_the_rules_drew_is_taken_whatever_its_files(drawn, name, options):
    lines.write_dataset("data/again", 20, seed=2, rules=name, **options)
    module = lines.rules(name)
    rule.see_drawn(drawn / "data" / "again", module, "again")


def test_images_that_other_rules_drew_or_nobody_are_refused_with_the_way_out(drawn):
    folder = drawn / "data" / "bars"
    changed = BARS.replace("at - 4 - 12 * wide", "at - 30")
    (drawn / "bars.py").write_text(changed, encoding="utf-8")
    with pytest.raises(ValueError, match=r"bars-000001.jpg is another image.*move .*bars/ away"):
        rule.draw("bars.py", lines.rules("bars.py"), 20)
    (drawn / "bars.py").write_text(BARS.replace('"at"', '"place"'), encoding="utf-8")
    with pytest.raises(ValueError, match=r"move .*bars/ away"):
        rule.draw("bars.py", lines.rules("bars.py"), 20)
    (folder / "parameters.csv").unlink()
    with pytest.raises(ValueError, match=r"holds no parameters.csv.*move .*bars/ away"):
        rule.draw("bars.py", lines.rules("bars.py"), 20)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["bars.py", "--minutes", "0"], "'0' is no number of 0.01 or more"),
        (["bars.py", "--minutes", "nan"], "'nan' is no number"),
        (["bars.py", "--count", "10"], "'10' is no whole number of 16 or more"),
        (["nosuch"], "nosuch"),
    ],
)
def test_a_command_that_cannot_be_done_ends_with_one_line_before_anything_is_drawn(drawn, capsys, words, said):
    with pytest.raises(SystemExit) as ended:
        rule.main(words)
    err = capsys.readouterr().err
    assert ended.value.code == 2 and said in err and "Traceback" not in err
    assert not (drawn / "run").exists()


def test_minutes_of_a_part_that_was_stopped_count(drawn, monkeypatch):
    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(rule, "draw", stopped)
    with pytest.raises(KeyboardInterrupt):
        rule.circle("bars.py", minutes=1, count=20)
    assert "the images" in json.loads((drawn / "run" / "bars" / "circle.json").read_text())["minutes"]


def test_a_rule_that_draws_another_image_each_time_is_refused_with_the_way_out(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    chancy = BARS.replace("size, size, 3), 240, np.uint8)", "size, size, 3), np.random.randint(0, 240), np.uint8)")
    (tmp_path / "chancy.py").write_text(chancy, encoding="utf-8")
    with pytest.raises(ValueError, match=r"chancy gives another image.*hand"):
        rule.draw("chancy.py", lines.rules("chancy.py"), 40)
    assert not (tmp_path / "data").exists()
