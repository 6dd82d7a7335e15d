"""The walk: moves, films, and the files that it writes and opens."""

import io
import json
import pickle
import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.utils.explorer.conftest import Bars, N
from utils.explorer import walk as walk_module
from utils.explorer.texts import say
from utils.explorer.walk import MAX_PINS, MAX_UPLOAD, Refused, Walk, short_name
from utils.files.provenance import from_image
from utils.latent import vectors_to_text


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


@pytest.mark.parametrize("separator", [" ", "\n"])
def test_a_plain_list_of_numbers_is_opened(walk, separator):
    walk.open("mine.txt", separator.join(["0.5"] * N).encode())
    assert np.array_equal(walk.z, np.full(N, 0.5))


def test_a_vector_in_rows_as_the_grid_shows_it_is_opened(walk):
    walk.open("mine.txt", "\n".join([" ".join(["0.5"] * 4)] * 4).encode())
    assert np.array_equal(walk.z, np.full(N, 0.5))


def test_what_a_browser_remembers_comes_back():
    walk, other = Walk(Bars(), seed=1), Walk(Bars(), seed=2)
    walk.pin()
    walk.set_end("b")
    walk.random()
    walk.truncate(0.5)
    other.restore(walk.kept())
    assert np.array_equal(other.z, walk.z) and other.truncation == 0.5
    assert other.a is None and np.array_equal(other.b, walk.b) and np.array_equal(other.pins, walk.pins)
    assert not other.can_undo


@pytest.mark.parametrize(
    "kept",
    [
        "",
        "[]",
        "{",
        '{"z": 1}',
        '{"z": "AAAA", "truncation": 1, "ends": [null, null], "pins": []}',
        json.dumps({"z": "AACAfw==" * N, "truncation": 1, "ends": [None, None], "pins": []}),
        json.dumps({"z": "AAAA" * (4 * N // 3) + "AA==", "truncation": "nan", "ends": [None, None], "pins": []}),
        "[" * 100_000,
    ],
)
def test_a_browser_that_remembers_nonsense_changes_nothing(walk, kept):
    z = walk.z
    walk.restore(kept)
    assert np.array_equal(walk.z, z) and walk.pins == []
