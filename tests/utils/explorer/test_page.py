"""The page's widgets, without a browser."""

import asyncio
import io

import ipywidgets
import numpy as np
import pytest
from PIL import Image

from tests.utils.explorer.conftest import Bars, N
from utils.explorer import page as page_module
from utils.explorer.osc import Moves
from utils.explorer.page import Page
from utils.explorer.walk import Walk


@pytest.fixture
def page(walk):
    made = Page(walk, "en")
    yield made
    ipywidgets.Widget.close_all()


def shown(page):
    with Image.open(io.BytesIO(page.image.value)) as picture:
        return np.asarray(picture)


def test_a_change_in_the_grid_changes_the_image(page):
    page.grid.values = [3.0, *page.grid.values[1:]]
    assert page.walk.z[0] == 3
    assert np.array_equal(shown(page), page.walk.image)


def test_the_page_shows_the_very_values_of_the_vector(page):
    page.random.click()
    assert np.array_equal(np.float32(page.grid.values), page.walk.z)


@pytest.mark.parametrize("values", [[1.0], [float("nan")] * N, [1e300] * N])
def test_a_grid_that_sends_nonsense_is_set_right_again(page, values):
    before = page.walk.z
    with np.errstate(over="ignore"):
        page.grid.values = values
    assert np.array_equal(page.walk.z, before)
    assert np.array_equal(np.float32(page.grid.values), before)


def test_sliders_stand_where_the_vector_stands(page):
    page.grid.values = [2.5, -1.0] + [0.0] * (N - 2)
    assert page.directions["1"].value == 2.5
    assert page.directions["redder"].value == -1
    page.directions["1"].value = -2
    assert page.grid.values[0] == -2
    page.grid.values = [9.0, *page.grid.values[1:]]  # beyond the slider's end, where it stops
    assert page.directions["1"].value == 4
    assert page.walk.z[0] == 9


def test_a_slider_rounded_by_the_browser_moves_nothing(page):
    page.grid.values = [0.52, *page.grid.values[1:]]
    page.directions["1"].value += 1e-9
    assert page.walk.z[0] == np.float32(0.52)


def test_buttons_do_what_they_say(page):
    z = page.walk.z
    page.mirror.click()
    assert np.array_equal(page.walk.z, -z)
    page.undo.click()
    assert np.array_equal(page.walk.z, z)
    assert page.undo.disabled


def test_a_saved_file_goes_to_the_browser_and_to_the_folder(walk, tmp_path, monkeypatch):
    page = Page(walk, "en", folder=tmp_path)
    sent = []
    monkeypatch.setattr(page.files, "send", lambda message, buffers: sent.append((message["name"], buffers[0])))
    page.save_image.click()
    page.save_vector.click()
    assert {name: (tmp_path / name).read_bytes() for name, _ in sent} == dict(sent)
    assert [name for name, _ in sent] == ["image_00.png", "Vec_1.txt"]


def test_a_saved_file_never_overwrites_another(walk, tmp_path):
    for _ in range(2):
        Page(walk, "en", folder=tmp_path).save_image.click()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["image_00.png", "image_01.png"]


def test_a_file_is_opened_from_the_page(page):
    content, z = page.walk.saved_image(), page.walk.z
    page.random.click()
    page._on_message(page.files, {"name": "image.png"}, [memoryview(content)])
    assert np.array_equal(page.walk.z, z)
    assert "image.png is opened" in page.status.value


def test_a_file_too_large_to_be_sent_is_said_to_be(page):
    page._on_message(page.files, {"name": "film.png"}, [])
    assert "4 MiB" in page.status.value


def test_a_name_is_text_and_never_markup(page):
    page._on_message(page.files, {"name": "<img src=x onerror=alert(1)>.txt"}, [b"?"])
    assert "<img" not in page.status.value and "&lt;img" in page.status.value


def test_the_page_outlives_a_defect(page, monkeypatch, capsys):
    monkeypatch.setattr(page.walk, "draw", lambda z: 1 / 0)
    page.random.click()
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_pins_are_added_visited_and_removed(page):
    z = page.walk.z
    page.pin.click()
    page.random.click()
    page.pin.click()
    first, second = page._pins
    first.button.click()
    assert np.array_equal(page.walk.z, z)
    first._remove.click()
    assert len(page.walk.pins) == 1 and page._pins == [second] and second.button.description == "1"


def test_the_ends_light_the_slider_between(page):
    assert page.between.disabled
    page.set_ends["a"].click()
    page.random.click()
    page.set_ends["b"].click()
    assert not page.between.disabled


def test_a_click_on_an_end_goes_there_and_never_overwrites_it(page):
    first = page.walk.z
    page.ends["a"].button.click()  # the first click sets it
    page.random.click()
    page.ends["a"].button.click()
    assert np.array_equal(page.walk.z, first) and np.array_equal(page.walk.a, first)


def test_undo_brings_the_ends_back_too(page):
    page.set_ends["a"].click()
    first = page.walk.a
    page.random.click()
    page.set_ends["a"].click()
    page.grid.undone += 1  # Ctrl Z
    assert np.array_equal(page.walk.a, first)
    page.undo.click()
    page.undo.click()
    assert page.walk.a is None and page.ends["a"].image not in page.ends["a"].box.children


def test_the_slider_between_returns_when_the_image_moves_on(page):
    page.set_ends["a"].click()
    page.random.click()
    page.set_ends["b"].click()
    page.between.value = 0.5
    assert page.between.value == 0.5
    page.random.click()
    assert page.between.value == 0


def test_the_page_says_which_rules_an_image_breaks(page, monkeypatch):
    from lines import draw, sample

    parameters = sample(1, seed=1)
    monkeypatch.setattr(page.walk, "draw", lambda z: draw(parameters)[0])
    page.random.click()
    assert "all 9 rules kept" in page.reading.value
    parameters["y2"][:] = 100
    page.random.click()
    assert "8 of 9 rules kept" in page.reading.value
    assert "the second horizontal does not lie near row 48" in page.reading.value


def test_the_lines_that_were_read_are_outlined(page, monkeypatch):
    from lines import draw, sample

    parameters = sample(1, seed=1)
    monkeypatch.setattr(page.walk, "draw", lambda z: draw(parameters)[0])
    page.random.click()
    assert page.outlines.value.count("z-read") == 3
    assert f'x="{parameters["x"][0] - 2:.1f}"' in page.outlines.value


def test_the_image_moves_by_itself_until_it_is_told_to_stop(page, monkeypatch):
    monkeypatch.setattr(page_module, "FRAME_SECONDS", 0.001)

    async def play():
        before = page.walk.z
        page.play.click()
        await asyncio.sleep(0.2)
        assert page.play.description == "Pause" and not np.array_equal(page.walk.z, before)
        page.play.click()
        there = page.walk.z
        await asyncio.sleep(0.05)
        assert np.array_equal(page.walk.z, there)
        page.undo.click()
        assert np.array_equal(page.walk.z, before)  # the whole of it is one step back

    asyncio.run(play())


def test_what_the_hand_changes_stays_while_the_image_moves(page, monkeypatch):
    monkeypatch.setattr(page_module, "FRAME_SECONDS", 0.001)

    async def play():
        page.play.click()
        await asyncio.sleep(0.05)
        before = page.walk.z[0]
        page.grid.values = [float(before) + 50, *page.grid.values[1:]]
        await asyncio.sleep(0.05)
        assert page.walk.z[0] > before + 40
        page.play.click()

    asyncio.run(play())


def test_a_loop_without_pins_is_refused_in_words(page):
    page.kind.value = "loop"
    page.play.click()
    assert "two pins" in page.status.value and page.play.description == "Play"


def test_other_programs_move_the_page(page):
    page.obey({"z/3": 2.5, "direction/redder": -1.0})
    assert page.walk.z[3] == 2.5 and page.walk.z[1] == -1
    page._do(lambda: page.obey({"truncation": 0.5}))
    assert page.truncation.value == 0.5
    page._do(lambda: page.obey({"between": 0.5}))
    assert "Pin an image as A" in page.status.value


def test_a_page_follows_what_comes_after_it(walk):
    walk.drawing.follows, moves = True, Moves(N, walk.directions)
    walk.drawing.moves = moves.since
    moves.take("/z/3", 1.5)

    async def follow():
        page = Page(walk, "en")
        before = walk.z[3]
        await asyncio.sleep(0.2)
        assert walk.z[3] == before != 1.5
        moves.take("/z/3", 2.5)
        await asyncio.sleep(0.2)
        assert walk.z[3] == 2.5 and np.float32(page.grid.values[3]) == 2.5

    asyncio.run(follow())


def test_the_page_in_one_file_is_handed_over(page, monkeypatch):
    sent = []
    monkeypatch.setattr(page.files, "send", lambda message, buffers: sent.append((message["name"], buffers[0])))
    page.walk.drawing.page = lambda language: b"<!doctype html>" + language.encode()
    page.one_file.click()
    assert sent == [("walk_00.html", b"<!doctype html>en")]


def test_a_network_that_the_browser_does_not_know_is_named(page):
    def page_in_one_file(language):
        raise ValueError("the browser does not know the layer odd_one")

    page.walk.drawing.page = page_in_one_file
    page.one_file.click()
    assert "odd_one" in page.status.value


def test_a_film_is_handed_over(page, monkeypatch):
    sent = []
    monkeypatch.setattr(page.files, "send", lambda message, buffers: sent.append(message["name"]))
    page.pin.click()
    page.film.click()
    assert "two pins" in page.status.value
    page.random.click()
    page.pin.click()
    page.film.click()
    assert sent == ["film_00.gif"]


def test_a_page_takes_up_what_the_browser_remembers(page):
    page.pin.click()
    page.set_ends["a"].click()
    z, kept = page.walk.z, page.files.kept
    other = Page(Walk(Bars(), seed=9), "en")
    other._on_message(other.files, {"restore": kept}, [])
    assert np.array_equal(other.walk.z, z) and len(other._pins) == 1 and other.ends["a"].image.value
    other.random.click()
    moved = other.walk.z
    other._on_message(other.files, {"restore": kept}, [])  # too late: the visitor has begun
    assert np.array_equal(other.walk.z, moved)


def test_a_page_answers_that_it_is_there(page, monkeypatch):
    sent = []
    monkeypatch.setattr(page.files, "send", sent.append)
    page._on_message(page.files, {"ping": True}, [])
    assert sent == [{"pong": True}]


def test_a_notebook_shows_the_page_of_a_generator(tiny, monkeypatch):
    from IPython import display

    from utils import explorer

    seen = []
    monkeypatch.setattr(display, "display", seen.append)
    explorer.show(tiny().generator, {"mine": np.ones(10)}, language="fr", seed=1, folder=None)
    assert "z-explorer" in seen[0]._dom_classes


def test_the_page_turns_into_another_language(page):
    page.languages["fr"].click()
    assert page.random.description == "Hasard"
    assert page.directions["redder"].description == "plus bleu ↔ plus rouge"
    assert "verticale" in page.reading.value


def test_a_page_of_no_language_follows_the_browser(walk):
    page = Page(walk)
    page.grid.browser_language = "fr-CA"
    assert page.language == "fr"


def test_a_language_asked_for_stays(page):
    page.grid.browser_language = "fr-FR"
    assert page.language == "en"


def test_an_unknown_language_is_refused(walk):
    with pytest.raises(ValueError, match="en and fr"):
        Page(walk, "de")


@pytest.mark.slow
def test_nothing_piles_up_over_200_updates(page):
    page.pin.click()
    alive = getattr(ipywidgets.widgets.widget, "_instances", None)
    if alive is None:  # ipywidgets 7
        alive = ipywidgets.Widget.widgets
    count = len(alive)
    for i in range(200):
        page.grid.values = [i / 100, *page.grid.values[1:]]
        page.pin.click()
        page._pins[-1]._remove.click()
    assert len(alive) == count and len(page._pins) == 1


def test_lines_are_counted_only_where_there_should_be_some(walk):
    walk.rules = None
    page = Page(walk, "en")
    page._read()
    assert page.reading.value == ""


@pytest.mark.parametrize(
    ("value", "there"),
    [  # what noUiSlider makes of them, observed in Chromium
        (-0.35, -0.3500000000000001),
        (0.7, 0.7000000000000002),
        (1.05, 1.0499999999999998),
        (1.35, 1.3499999999999996),
        (0.0, 0.0),
        (-5.0, -4.0),
        (9.0, 4.0),
    ],
)
def test_a_slider_is_set_to_the_very_number_that_the_browser_makes(value, there):
    slider = ipywidgets.FloatSlider(min=-4, max=4, step=0.05)
    assert page_module.in_browser(slider, value) == there
