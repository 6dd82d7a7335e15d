"""Random files for every parser: made from nothing, of the words that it knows, or from good ones with a wound.

Derandomised: the same files each time. The guided search, which finds more, is `fuzz_atheris.py`.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from corpus import CASES, READ  # noqa: E402
from fuzz_atheris import read_by_parsers  # noqa: E402
from parsers import PARSERS, ROOMS  # noqa: E402

SLOW = {"generator.h5": 12, "generator.keras": 12}  # Keras builds a model for each
WORDS = {
    "vectors.txt": [*"[](),.-+e019#\n= '", "array(", "np.array(", "dtype=", "float32", "nan", "...", "1e999", "_"],
    "vectors.json": [*'[]{},:-+.e019" \n', "Z", "dtype", "float32", "NaN", "Infinity", "null", "true", "1e999"],
    "card.json": [*'[]{},:-+.e019"\\ ', "z_dim", "NaN", "null", "\\ud800", "1e999"],
    "history.csv": [*'0123456789,."-\n\r', "step", "d_loss", "seconds", "nan", "inf", "step,d_loss\n0,1\n"],
    "params.pkl": [
        *[bytes([i]) for i in range(256)],
        *(b"\x80\x04", b"cos\nsystem\n", b"cnumpy\ndtype\n", b"cnumpy.core.multiarray\nscalar\n", b"X\3\0\0\0abc"),
        *(b"I1\n", b"F1\n", b"V1\n", b"p0\n", b"g0\n", b"r\xff\xff\xff\x7f", b"(", b"t", b"l", b"R", b"b"),
    ],
}


def seeds(name, folder, largest=20_000):
    """Good files of the corpus, to be wounded."""
    room, suffix = ROOMS[name.split(".")[0]], name[name.index(".") :]
    found = []
    for case in CASES:
        fits = room in ("history", "images") or case.file.endswith(suffix) or (suffix == ".tar" and ".tar" in case.file)
        if case.room == room and case.says == READ and fits:
            path = folder / case.file
            case.make(path)
            if path.stat().st_size <= largest:
                found.append(path.read_bytes())
    return found


def wounded(content: bytes, wounds) -> bytes:
    """Bytes replaced, cut out, or put in, each at a share of the length."""
    content = bytearray(content)
    for kind, place, piece in wounds:
        at = int(place * len(content))
        if kind == "replace":
            content[at : at + len(piece)] = piece
        elif kind == "insert":
            content[at:at] = piece
        else:
            del content[at : at + 8 * len(piece)]
    return bytes(content)


WOUND = st.tuples(st.sampled_from(["replace", "insert", "cut"]), st.floats(0, 1), st.binary(min_size=1, max_size=6))


@pytest.mark.parametrize("name", PARSERS)
def test_no_file_brings_more_than_a_sentence(name, tmp_path):
    good, words = seeds(name, tmp_path), WORDS.get(name)
    files = [st.binary(max_size=200)]
    if words:
        files.append(st.lists(st.sampled_from(words), max_size=40).map(_joined))
    if good:
        files += [st.builds(wounded, st.sampled_from(good), st.lists(WOUND, min_size=1, max_size=4))] * 2

    @settings(
        max_examples=SLOW.get(name, 80),
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.one_of(files))
    def feed(content):
        PARSERS[name](content)

    feed()


def test_the_guided_search_follows_modules_that_are_there():
    followed = read_by_parsers()
    assert len(followed) >= 8 and all(find_spec(module) for module in followed)


def _joined(words):
    return b"".join(words) if words and isinstance(words[0], bytes) else "".join(words).encode("utf-8", "surrogatepass")
