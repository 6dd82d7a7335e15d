"""What Python does for the page, without a browser."""

import asyncio
import io
import json
import re
import subprocess
import sys
from pathlib import Path

import ipywidgets
import numpy as np
import pytest
from PIL import Image

from lines import draw, sample
from tests.utils.explorer.conftest import Bars, N
from utils.explorer import page as page_module
from utils.explorer.osc import Moves
from utils.explorer.page import MAX_GENERATOR, Page, short_name
from utils.explorer.shelf import Shelf
from utils.files.provenance import from_image


@pytest.fixture
def page():
    made = Page(Shelf(Bars(), {}), "en")
    made.sent = []
    made.send = lambda content, buffers=(): made.sent.append((content, list(buffers)))
    yield made
    ipywidgets.Widget.close_all()


def ask(page, what, *buffers, **values):
    """Ask as the browser does: the answer, and its buffers."""
    page._on_message(page, {"id": "1", "ask": what, **values}, [memoryview(buffer) for buffer in buffers])
    answer, contents = page.sent[-1]
    assert answer.pop("id") == "1"
    return answer, contents


def floats(values):
    return np.asarray(values, "<f4").tobytes()


def test_an_image_is_drawn_as_a_png(page):
    z = np.linspace(-2, 2, N)
    _, (content,) = ask(page, "draw", floats(z))
    with Image.open(io.BytesIO(content)) as picture:
        assert np.array_equal(np.asarray(picture), page.drawing.draw(z[None])[0])


@pytest.mark.parametrize("z", [np.full(N, np.nan), np.full(N, np.inf), np.full(N, 1e30), np.zeros(N + 1)])
def test_what_cannot_be_drawn_is_refused_in_words(page, z):
    answer, contents = ask(page, "draw", floats(z))
    assert answer == {"refused": "not_drawn", "values": {"name": "Z"}} and contents == []


def test_the_page_outlives_a_defect(page, monkeypatch, capsys):
    monkeypatch.setattr(page.drawing, "draw", lambda z: 1 / 0)
    answer, _ = ask(page, "draw", floats(np.zeros(N)))
    assert answer["refused"] == "not_done" and "ZeroDivisionError" in capsys.readouterr().err


@pytest.mark.parametrize("question", [{"ask": "nonsense"}, {}, {"ask": "film"}, {"ask": "keep", "kind": "../evil"}])
def test_a_question_of_nonsense_has_an_answer_too(page, question, capsys):
    page._on_message(page, {"id": "7"} | question, [b""])
    assert page.sent[-1][0]["id"] == "7" and page.sent[-1][0]["refused"]


def test_a_page_whose_layers_the_browser_does_not_know_is_drawn_here(page):
    answer, contents = ask(page, "begin")
    assert "odd_one" in answer["facts"]["drawn_here"] and contents == [] and "network" not in answer["facts"]
    assert answer["facts"]["directions"]["redder"][1] == 1 and answer["facts"]["reads"]


def test_the_network_travels_to_the_browser(page, monkeypatch):
    monkeypatch.setattr(page.drawing, "network", lambda: ({"operations": []}, b"weights"))
    answer, contents = ask(page, "begin")
    assert answer["facts"]["network"] == {"operations": []} and len(contents) == 4


def test_a_seed_gives_the_same_first_vector(tiny):
    from utils.explorer.rendering import Drawing

    shelf = Shelf(Drawing(tiny().generator), {})
    first, second = (Page(shelf, seed=3)._begin()[0]["facts"]["start"] for _ in range(2))
    assert first == second and len(first) == 10
    assert "start" not in Page(shelf)._begin()[0]["facts"]


# Reading --------------------------------------------------------------------------------------------------------------


def read(parameters):
    return page_module.read_image(draw(parameters)[0])


def test_an_image_that_keeps_the_rules_is_read_as_such():
    found = read(sample(1, seed=1))
    assert (found["verticals"], found["horizontals"], found["rules"], found["broken"]) == (1, 2, 9, [])


def test_a_broken_rule_is_named():
    parameters = sample(1, seed=1)
    parameters["y2"][:] = 100
    assert read(parameters)["broken"] == ["y2"]


def test_every_rule_has_words():
    from utils.explorer.texts import TEXTS
    from utils.reading import THREE_LINES, rules_kept

    assert all(f"broken_{rule}" in TEXTS["fr"] for rule in rules_kept([], THREE_LINES))


def test_the_lines_that_were_read_are_outlined():
    parameters = sample(1, seed=1)
    boxes = read(parameters)["boxes"]
    assert [parameters["x"][0] - 2, 0, 5, 128] in boxes and len(boxes) == 3


def test_an_image_is_read_from_its_pixels(page, monkeypatch):
    monkeypatch.setattr(page.drawing, "shape", (128, 128, 3))
    answer, _ = ask(page, "read", draw(sample(1, seed=1))[0].tobytes())
    assert answer["verticals"] == 1
    assert ask(page, "read", b"too short")[0]["refused"] == "not_done"


# Films ----------------------------------------------------------------------------------------------------------------

FILM = {"suffix": ".gif", "seconds": 0.5, "side": 384, "easing": "smooth"}


def test_a_film_goes_through_all_pins_and_loops(page):
    pins = np.random.default_rng(1).standard_normal((2, N))
    answer, (film,) = ask(page, "film", floats(pins), **FILM)
    assert answer == {"n": 20, "name": "film_00.gif"}
    with Image.open(io.BytesIO(film)) as picture:
        assert 1 < picture.n_frames <= 20 and picture.info["loop"] == 0 and picture.size == (384, 384)


def test_a_film_tells_how_far_it_is(page):
    ask(page, "film", floats(np.random.default_rng(1).standard_normal((2, N))), **FILM | {"seconds": 2})
    told = [content["progress"] for content, _ in page.sent if "progress" in content]
    assert told == [[0, 80], [32, 80], [64, 80]]


@pytest.mark.parametrize(
    "pins, changed, key",
    [
        (1, {}, "too_few_pins"),
        (2, {"suffix": ".exe"}, "not_filmed"),
        (2, {"seconds": 1e9}, "not_filmed"),
        (2, {"seconds": float("nan")}, "not_filmed"),
        (2, {"seconds": 0}, "not_filmed"),
    ],
)
def test_a_film_that_cannot_be_is_refused(page, pins, changed, key):
    assert ask(page, "film", floats(np.ones((pins, N))), **FILM | changed)[0]["refused"] == key


def test_a_film_has_at_most_1080_pixels(page):
    _, (film,) = ask(page, "film", floats(np.eye(2, N)), **FILM | {"side": 10**6})
    with Image.open(io.BytesIO(film)) as picture:
        assert picture.size == (1072, 1072)  # 67 times 16 pixels


# Files ----------------------------------------------------------------------------------------------------------------


def test_what_is_kept_goes_to_the_folder_and_over_no_other_file(tmp_path):
    for content in (b"one", b"two"):
        page = Page(Shelf(Bars(), {}), folder=tmp_path)
        answer, _ = page._on_keep({"kind": "image"}, [content])
    assert answer["name"] == (tmp_path / "image_01.png").as_posix()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        "image_00.png": b"one",
        "image_01.png": b"two",
    }


def test_the_page_in_one_file_is_handed_over(page):
    page.drawing.page = lambda language: b"<!doctype html>" + language.encode()
    assert ask(page, "page", language="fr") == ({"name": "walk_00.html"}, [b"<!doctype html>fr"])


def test_a_network_that_the_browser_does_not_know_is_named(page):
    page.drawing.page = lambda language: page.drawing.network()
    answer, _ = ask(page, "page")
    assert answer["refused"] == "not_exported" and "odd_one" in answer["values"]["reason"]


@pytest.mark.slow
def test_an_image_is_enlarged_by_the_network_and_carries_its_vector(tmp_path):
    from utils.explorer.shelf import load_drawing
    from utils.runs.shipping import SHIPPED_GENERATORS

    drawing = load_drawing(SHIPPED_GENERATORS[0])
    z = np.linspace(-1, 1, 100, dtype=np.float32)
    image = drawing.draw(z[None])[0]
    (tmp_path / "image.png").write_bytes(drawing.enlarge(image.tobytes(), 4, z.tolist()))
    assert np.array_equal(from_image(tmp_path / "image.png")[0][0], z)
    with Image.open(tmp_path / "image.png") as picture:
        enlarged = np.asarray(picture)
    assert enlarged.shape == (512, 512, 3) and np.abs(enlarged[2::4, 2::4].astype(int) - image).mean() < 5
    with pytest.raises(ValueError, match="4 or 16"):
        drawing.enlarge(image.tobytes(), 400, z.tolist())


def test_a_shown_name_is_short_and_has_no_folder():
    assert short_name("../../etc/passwd") == "passwd"
    assert short_name("C:\\Users\\x\\z.png") == "z.png"
    assert short_name("a\x00\n\u202eb.png") == "ab.png"
    assert short_name("\n") == "?"
    assert len(short_name("x" * 5000 + ".png")) == 40


# Generators -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def others(page, tiny, tmp_path):
    """A page whose menu has another generator, tiny."""
    tiny().generator.save(tmp_path / "other.keras")
    page._shelf._others = {"other": tmp_path / "other.keras"}
    return page


def test_the_page_goes_on_with_another_generator(others):
    assert ask(others, "begin")[0]["facts"]["generators"] == ["bars", "other"]
    facts = ask(others, "begin", name="other")[0]["facts"]
    assert (facts["name"], facts["latent_dim"], facts["generators"]) == ("other", 10, ["bars", "other"])
    assert ask(others, "draw", floats(np.zeros(10)))[1]


def test_a_generator_that_is_not_in_the_menu_is_refused(others):
    for name in ("/etc/passwd", "../other", "else", 5, {"a": 1}):
        assert ask(others, "begin", name=name)[0]["refused"] == "not_done"
    assert others.drawing.name == "bars"


def test_a_generator_comes_in_parts_and_is_shown(others, tmp_path):
    content = (tmp_path / "other.keras").read_bytes()
    half = len(content) // 2
    facts = {"name": "mine.keras", "size": len(content)}
    assert ask(others, "bring", content[:half], first=True, **facts)[0] == {}
    answer, _ = ask(others, "bring", content[half:], first=False, **facts)
    assert answer["facts"]["name"] == "mine" and answer["facts"]["generators"] == ["bars", "other", "mine"]
    ask(others, "begin", name="bars")
    assert ask(others, "begin", name="mine")[0]["facts"]["latent_dim"] == 10


@pytest.mark.parametrize(
    "name, content",
    [("evil.h5", b"\x89HDF\r\n\x1a\n" + bytes(200)), ("evil.keras", b"PK\x03\x04"), ("evil.exe", b"MZ")],
)
def test_a_file_that_is_no_generator_is_refused_by_its_name(page, name, content):
    answer, _ = ask(page, "bring", content, name=f"../{name}", size=len(content), first=True)
    assert answer["refused"] == "no_generator" and answer["values"]["name"] == name
    assert page.drawing.name == "bars" and page._shelf.names == ["bars"]


def test_a_generator_that_is_too_large_is_refused_before_it_comes(page):
    answer, _ = ask(page, "bring", b"", name="huge.h5", size=MAX_GENERATOR + 1, first=True)
    assert answer["refused"] == "too_large"


# What Python says unasked ---------------------------------------------------------------------------------------------


def test_what_other_programs_send_is_passed_on_from_when_the_page_is_there(page, monkeypatch):
    drawing, moves = page.drawing, Moves(N, page.drawing.directions)
    monkeypatch.setattr(drawing, "follows", True)
    drawing.moves = moves.since
    moves.take("/z/3", 1.5)

    async def follow():
        ask(page, "begin")
        await asyncio.sleep(0.2)
        moves.take("/z/4", 2.5)
        await asyncio.sleep(0.2)

    asyncio.run(follow())
    assert [content["moves"] for content, _ in page.sent if "moves" in content] == [{"z/4": 2.5}]


def test_directions_that_are_found_meanwhile_are_passed_on(page, monkeypatch):
    monkeypatch.setattr(page_module, "SEARCH_SECONDS", 0.05)

    async def follow():
        ask(page, "begin")
        await asyncio.sleep(0.1)
        page.drawing.directions = {"brighter": np.eye(N, dtype=np.float32)[2]}
        await asyncio.sleep(0.2)

    asyncio.run(follow())
    found = [content["directions"] for content, _ in page.sent if "directions" in content]
    assert [[*one] for one in found] == [["brighter"]]


# In a notebook --------------------------------------------------------------------------------------------------------


def test_a_notebook_shows_the_page_of_a_generator(tiny, monkeypatch):
    from IPython import display

    from utils import explorer

    seen = []
    monkeypatch.setattr(display, "display", seen.append)
    explorer.show(tiny().generator, {"mine": np.ones(10)}, language="fr", seed=1, folder=None)
    facts = seen[0]._begin()[0]["facts"]
    assert (facts["language"], [*facts["directions"]], facts["saves"]) == ("fr", ["mine"], False)


def test_a_notebook_exports_the_page_in_one_line(tiny, tmp_path):
    from utils import explorer

    assert explorer.export(tiny().generator, tmp_path / "walk.html").stat().st_size > 100_000


def test_a_saved_notebook_holds_no_network(tiny):
    from utils.explorer.rendering import Drawing

    page = Page(Shelf(Drawing(tiny().generator), {}))
    page._begin()
    assert len(str(page.get_state())) < 200_000


def test_an_unknown_language_is_refused():
    with pytest.raises(ValueError, match="en and fr"):
        Page(Shelf(Bars(), {}), "de")


@pytest.mark.slow
def test_the_page_that_a_server_shows_loads_no_keras():
    """Each tab has a kernel of its own; with Keras in it, it would take 690 MB in place of 90."""
    code = "import sys, utils.explorer.page; print([name for name in ('keras', 'tensorflow') if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(page_module.__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_who_opens_its_notebook_on_the_web_sees_a_picture_of_the_page():
    (cell,) = json.loads(Path(page_module.__file__).with_name("Explorer.ipynb").read_text("utf-8"))["cells"]
    (output,) = cell["outputs"]
    shown = "".join(output["data"]["text/html"])
    assert re.search(r'<img src="data:image/png;base64,[^"]+"[^>]* alt="[^"]{20,}"', shown) and "<figcaption>" in shown
