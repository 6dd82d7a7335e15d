"""The explorer without a browser: the walk, its files, the page's widgets, the process that draws for all pages."""

import io
import json
import pickle
import struct
import zlib

import ipywidgets
import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from utils.explorer import walk as walk_module
from utils.explorer.page import Page
from utils.explorer.rendering import DistantDrawing, Drawing, serve_drawing
from utils.explorer.server import _options, all_directions, is_local, write_directions
from utils.explorer.texts import DIRECTION_NAMES, TEXTS, nearest_language, say, say_lines
from utils.explorer.walk import MAX_PINS, MAX_UPLOAD, Refused, Walk, short_name
from utils.files.provenance import from_image
from utils.latent import vectors_to_text

N = 16


class Bars:
    """Stands in for a drawing: 16 grey bars, each as bright as a value of the vector."""

    latent_dim, shape, fingerprint = N, (N, N, 3), "0123456789abcdef"

    def __init__(self):
        self.directions = {"1": np.eye(N, dtype=np.float32)[0], "redder": np.eye(N, dtype=np.float32)[1]}

    def draw(self, Z):
        if np.abs(Z).max() > 1e6:
            raise ValueError("infinity")
        bars = np.clip(np.asarray(Z) * 30 + 128, 0, 255).astype(np.uint8)
        return np.broadcast_to(bars[:, None, :, None], (len(Z), N, N, 3))


@pytest.fixture
def walk():
    return Walk(Bars(), seed=1)


@pytest.fixture
def page(walk):
    made = Page(walk, "en")
    yield made
    ipywidgets.Widget.close_all()


# Moves


def test_undo_gives_the_vector_and_its_image_back(walk):
    z, image = walk.z, walk.image
    walk.random()
    assert not np.array_equal(walk.z, z)
    assert walk.undo()
    assert np.array_equal(walk.z, z) and np.array_equal(walk.image, image)


def test_there_is_nothing_to_undo_at_the_start(walk):
    assert not walk.can_undo
    assert not walk.undo()


def test_one_gesture_is_undone_at_once(walk):
    z = walk.z
    for value in range(5):
        walk.go_to(np.full(N, value), gesture=("grid", 1))
    walk.undo()
    assert np.array_equal(walk.z, z)


def test_two_gestures_are_undone_one_by_one(walk):
    walk.go_to(np.ones(N), gesture=("grid", 1))
    walk.go_to(np.zeros(N), gesture=("grid", 2))
    walk.undo()
    assert np.array_equal(walk.z, np.ones(N))


def test_undo_is_bounded(walk):
    for _ in range(walk_module.UNDO_STEPS + 50):
        walk.random()
    assert sum(iter(walk.undo, False)) == walk_module.UNDO_STEPS


def test_the_mirror_turns_every_sign(walk):
    z = walk.z
    walk.mirror()
    assert np.array_equal(walk.z, -z)


def test_truncation_scales_the_vector_from_where_it_was(walk):
    z = walk.z
    walk.truncate(0.5)
    walk.truncate(0.1)
    walk.truncate(1.0)
    assert np.allclose(walk.z, z, atol=1e-6)


def test_random_vectors_keep_to_the_truncation():
    near, far = Walk(Bars(), seed=1), Walk(Bars(), seed=1)
    near.truncate(0.5)
    near.random()
    far.random()
    assert np.allclose(near.z, far.z / 2)


def test_undo_takes_the_truncation_back_too(walk):
    walk.truncate(0.5)
    walk.undo()
    assert walk.truncation == 1


def test_a_direction_leads_to_its_position_and_leaves_the_others(walk):
    before = walk.along("redder")
    walk.turn("1", 2.5)
    assert walk.along("1") == pytest.approx(2.5)
    assert walk.along("redder") == before


def test_the_slider_between_reaches_both_pins(walk):
    walk.a = walk.z
    walk.random()
    walk.b = walk.z
    walk.between(0)
    assert np.array_equal(walk.z, walk.a)
    walk.between(1)
    assert np.array_equal(walk.z, walk.b)


def test_the_slider_between_wants_both_pins(walk):
    with pytest.raises(Refused, match="no_ends"):
        walk.between(0.5)


@pytest.mark.parametrize("z", [np.full(N, np.nan), np.full(N, np.inf), np.full(N, 1e30), np.zeros(N + 1)])
def test_what_cannot_be_drawn_moves_nothing(walk, z):
    before = walk.z
    with pytest.raises(Refused):
        walk.go_to(z)
    assert np.array_equal(walk.z, before) and not walk.can_undo


# Films


def test_a_film_goes_through_all_pins_and_loops(walk):
    walk.pin()
    walk.random()
    walk.pin()
    film, n = walk.film(".gif", 0.5)
    with Image.open(io.BytesIO(film)) as picture:
        assert n == 20 and 1 < picture.n_frames <= n and picture.info["loop"] == 0


def test_a_film_tells_how_far_it_is(walk):
    walk.pin()
    walk.random()
    walk.pin()
    told = []
    walk.film(".gif", 2, lambda done, total: told.append((done, total)))
    assert told == [(0, 80), (32, 80), (64, 80)]


def test_a_film_wants_two_pins(walk):
    walk.pin()
    with pytest.raises(Refused, match="too_few_pins"):
        walk.film(".gif", 1)


def test_the_timeline_is_bounded(walk):
    for _ in range(MAX_PINS):
        walk.pin()
    with pytest.raises(Refused, match="too_many_pins"):
        walk.pin()


# Files


def test_a_saved_image_brings_its_vector_back(walk, tmp_path):
    content, z = walk.saved_image(), walk.z
    walk.random()
    assert walk.open("image.png", content) == ("opened", {"name": "image.png"})
    assert np.array_equal(walk.z, z)
    (tmp_path / "image.png").write_bytes(content)
    assert np.array_equal(from_image(tmp_path / "image.png")[0][0], z)


def test_a_saved_vector_is_read_back(walk):
    content, z = walk.saved_vector(), walk.z
    walk.random()
    walk.open("Vec_0.txt", content)
    assert np.array_equal(walk.z, z)


def test_npy_and_json_are_read(walk):
    z = np.linspace(-1, 1, N, dtype=np.float32)
    buffer = io.BytesIO()
    np.save(buffer, z[None])
    for name, content in (("z.npy", buffer.getvalue()), ("z.json", json.dumps([z.tolist()]).encode())):
        walk.random()
        walk.open(name, content)
        assert np.array_equal(walk.z, z), name


def test_of_two_vectors_the_first_is_a_and_the_second_b(walk):
    Z = np.float32([np.zeros(N), np.ones(N)])
    assert walk.open("Vec_0.txt", vectors_to_text(Z).encode())[0] == "opened_pair"
    assert np.array_equal([walk.z, walk.a, walk.b], [Z[0], Z[0], Z[1]])


def test_an_image_of_another_generator_is_opened_and_said_to_be(walk):
    content = walk.saved_image()
    other = Walk(Bars(), seed=2)
    other.fingerprint = "another"
    assert other.open("image.png", content)[0] == "opened_stranger"


class Trap:
    """Bites whoever unpickles it."""

    def __reduce__(self):
        return pytest.fail, ("a pickle was executed",)


def png(size=(4, 4), **texts):
    info = PngInfo()
    for key, text in texts.items():
        info.add_text(key, text)
    buffer = io.BytesIO()
    Image.new("RGB", size).save(buffer, format="PNG", pnginfo=info)
    return buffer.getvalue()


def bomb():
    """A PNG of a few bytes that says it has 40,000 x 40,000 pixels."""
    head = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    parts = [struct.pack(">I", len(d)) + t + d + struct.pack(">I", zlib.crc32(t + d)) for t, d in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def npy(array):
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


GOOD = vectors_to_text(np.zeros((1, N), np.float32))
HOSTILE = {
    "empty": ("z.txt", b"", "no_vector"),
    "noise": ("z.png", np.random.default_rng(1).bytes(5000), "no_vector"),
    "too large": ("z.png", bytes(MAX_UPLOAD + 1), "too_large"),
    "no vector": ("z.png", png(), "no_vector"),
    "damaged text": ("z.png", png(Z="array([[1, 2"), "no_vector"),
    "code in a PNG": ("z.png", png(Z="__import__('os').abort()"), "no_vector"),
    "truncated": ("z.png", png(Z=GOOD)[:60], "no_vector"),
    "cut pixels": ("z.png", png((64, 64), Z=GOOD)[:-30], "no_vector"),
    "bomb": ("z.png", bomb(), "no_vector"),
    "large": ("z.png", png((5000, 5000), Z=GOOD), "no_vector"),
    "code": ("z.txt", b"__import__('os').abort()", "no_vector"),
    "deep": ("z.txt", b"[" * 100_000, "no_vector"),
    "deep JSON": ("z.json", b"[" * 100_000, "no_vector"),
    "not UTF-8": ("z.txt", b"\xff\xfe[1]", "no_vector"),
    "infinity": ("z.json", b"[[Infinity]]", "no_vector"),
    "pickle": ("z.npy", npy(np.array([Trap()], object)), "no_vector"),
    "bare pickle": ("z.npy", pickle.dumps(Trap()), "no_vector"),
    "no numbers": ("z.npy", npy(np.array(["a" * 9])), "no_vector"),
    "wrong length": ("z.txt", b"[1, 2, 3]", "wrong_length"),
    "not drawn": ("z.json", json.dumps([1e30] * N).encode(), "not_drawn"),
}


@pytest.mark.parametrize("name, content, key", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_file_is_refused_and_changes_nothing(walk, name, content, key):
    before = walk.z
    with pytest.raises(Refused) as refused:
        walk.open(name, content)
    assert refused.value.key == key
    assert np.array_equal(walk.z, before) and not walk.can_undo
    assert say("fr", refused.value.key, **refused.value.values)  # it has words, with all that they need


def test_a_shown_name_is_short_and_has_no_folder():
    assert short_name("../../etc/passwd") == "passwd"
    assert short_name("C:\\Users\\x\\z.png") == "z.png"
    assert short_name("a\x00\n\u202eb.png") == "ab.png"
    assert short_name("\n") == "?"
    assert len(short_name("x" * 5000 + ".png")) == 40


# The page


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
    page._on_file(page.files, {"name": "image.png"}, [memoryview(content)])
    assert np.array_equal(page.walk.z, z)
    assert "image.png is opened" in page.status.value


def test_a_file_too_large_to_be_sent_is_said_to_be(page):
    page._on_file(page.files, {"name": "film.png"}, [])
    assert "4 MiB" in page.status.value


def test_a_name_is_text_and_never_markup(page):
    page._on_file(page.files, {"name": "<img src=x onerror=alert(1)>.txt"}, [b"?"])
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
    page.set_a.button.click()
    page.random.click()
    page.set_b.button.click()
    page.pin.click()
    assert not page.between.disabled


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
    assert page.directions["redder"].description == "plus rouge"
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


def test_nothing_piles_up_over_200_updates(page):
    page.pin.click()
    alive = ipywidgets.widgets.widget._instances
    count = len(alive)
    for i in range(200):
        page.grid.values = [i / 100, *page.grid.values[1:]]
        page.pin.click()
        page._pins[-1]._remove.click()
    assert len(alive) == count and len(page._pins) == 1


# Words


def test_both_languages_say_the_same_things():
    assert TEXTS["en"].keys() == TEXTS["fr"].keys()


def test_the_words_fill_in_the_same_values():
    from string import Formatter

    for key in TEXTS["en"]:
        fields = [{f for _, f, _, _ in Formatter().parse(TEXTS[code][key]) if f} for code in ("en", "fr")]
        assert fields[0] == {f for f in fields[1] if not f.startswith("s_")}, key


def test_lines_are_counted_in_words():
    assert say_lines("en", 1, 2) == "lines: 1 vertical, 2 horizontal"
    assert say_lines("fr", 1, 2) == "lignes : 1 verticale, 2 horizontales"


def test_every_measure_of_lines_has_a_name():
    from utils.latent.directions import measure_lines

    assert measure_lines(np.zeros((1, 128, 128, 3), np.uint8)).keys() <= DIRECTION_NAMES.keys()


@pytest.mark.parametrize("wanted, language", [("fr-CA", "fr"), ("fr", "fr"), ("en-GB", "en"), ("de", "en"), ("", "en")])
def test_the_nearest_language(wanted, language):
    assert nearest_language(wanted) == language


# Drawing, and the page of its own


def test_the_shared_process_draws_the_same_images(tiny):
    drawing = Drawing(tiny().generator)
    distant = DistantDrawing(serve_drawing(drawing, b"key"), b"key")
    Z = np.random.default_rng(1).standard_normal((3, 10), np.float32)
    assert np.array_equal(distant.draw(Z), drawing.draw(Z))
    assert distant.fingerprint == drawing.fingerprint
    assert [*distant.directions] == ["1", "2", "3", "4", "5", "6"]


def test_the_shared_process_refuses_what_cannot_be_drawn_and_goes_on(tiny):
    distant = DistantDrawing(serve_drawing(Drawing(tiny().generator), b"key"), b"key")
    with pytest.raises(ValueError):
        distant.draw(np.full((1, 10), np.nan, np.float32))
    assert distant.draw(np.zeros((1, 10))).shape == (1, 16, 16, 3)


def test_nobody_draws_without_the_key(tiny):
    from multiprocessing import AuthenticationError

    address = serve_drawing(Drawing(tiny().generator), b"key")
    with pytest.raises(AuthenticationError):
        DistantDrawing(address, b"another")
    assert DistantDrawing(address, b"key").latent_dim == 10  # it goes on for those who have it


def test_directions_have_length_1_and_the_generators_size(tiny):
    generator = tiny().generator
    assert np.allclose(Drawing(generator, {"mine": np.arange(10)}).directions["mine"] ** 2 @ np.ones(10), 1)
    with pytest.raises(ValueError, match="10 finite numbers"):
        Drawing(generator, {"mine": np.zeros(10)})


def test_directions_found_are_kept_beside_the_generator(tiny, tmp_path, monkeypatch):
    from utils.latent import directions

    generator, other = tiny().generator, tiny(seed=2).generator
    found = [
        directions.Direction(n, np.eye(10)[i], s, "reading") for i, (n, s) in enumerate([("redder", 0.5), ("x", 0)])
    ]
    monkeypatch.setattr(directions, "reading_directions", lambda generator: found)
    path = tmp_path / "generator.h5"
    write_directions(path, generator)
    assert [*all_directions(path, generator)] == ["redder", "1", "2", "3", "4", "5"]
    assert [*all_directions(path, other)] == ["1", "2", "3", "4", "5", "6"]  # they are another generator's


@pytest.mark.parametrize("ip, local", [("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False)])
def test_only_this_machine_is_local(ip, local):
    assert is_local(ip) is local


@pytest.mark.parametrize("ip", ["", "example.org", "192.168.1.4", "::"])
def test_what_is_not_known_to_be_this_machine_is_not_local(ip):
    assert not is_local(ip)


def test_the_page_listens_to_this_machine_unless_told_otherwise():
    assert _options([]).ip == "127.0.0.1"
