"""Every file that a visitor can hand in is treated as hostile: one clear sentence, nothing runs, memory stays small.

The files and the sentences: `corpus.py`. The parsers meet them in two processes (`probe.py`), of which one has Keras.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from corpus import CANARY, CASES, ENLARGED, READ  # noqa: E402

MEMORY = 1024  # MiB above idle
SECONDS = 30  # of the processor
ROOMS = {  # what is tried, and which of the corpus' files meet it
    **{room: room for room in dict.fromkeys(case.room for case in CASES)},
    "enlarged": "images",
    "upscalers": "models",
}
WITH_KERAS = ("models", "upscalers", "runs", "history")
SOME = re.compile("lambda|function_of|external|draws|huge_layer|cut_at_100|html")  # enough for a second way in
TABLE = {
    (room, case.file): case
    for room, files in ROOMS.items()
    for case in CASES
    if case.room == files and (room != "upscalers" or SOME.search(case.file))
}
MODELS = sorted({file for room, file in TABLE if room == "models"})
LONG = ("million_members.tar.gz",)  # fourteen seconds


def _marks(room, file):
    """`make test` tries every second model, in one of the two formats, whose checks are the same; `make test-all` all.

    Each .h5 is looked through in a process of its own, half a second each.
    """
    twin = file.endswith(".keras") and file.replace(".keras", ".h5") in MODELS
    left_out = room == "models" and (twin or (MODELS.index(file) % 2 and not SOME.search(file)))
    return [pytest.mark.thorough] if left_out or file in LONG else [pytest.mark.slow]


EVERY = [pytest.param(room, file, id=f"{room}-{file}", marks=_marks(room, file)) for room, file in TABLE]


@pytest.fixture(scope="module")
def answers(request, tmp_path_factory):
    """`answers(room, file)`: what came of it. The two processes work at once, on the cases that this session asks."""
    chosen = [one.callspec.params for one in request.session.items if "answers" in getattr(one, "fixturenames", ())]
    cases = [(one["room"], one["file"]) for one in chosen]
    halves = [[case for case in cases if (case[0] in WITH_KERAS) == with_keras] for with_keras in (True, False)]
    with ThreadPoolExecutor(len(halves)) as both:
        asked = [both.submit(_ask, half, tmp_path_factory.mktemp("hostile")) for half in halves if half]
    found = {case: answer for one in asked for case, answer in one.result().items()}
    return lambda room, file: found[room, file]


def _ask(cases, folder):
    outside = folder / "temporary"
    outside.mkdir()
    places = []
    for number, (room, file) in enumerate(cases):
        places.append(folder / room / str(number))
        places[-1].mkdir(parents=True)
        TABLE[room, file].make(places[-1] / file)
    environment = {**os.environ, "TMPDIR": str(outside), "TEMP": str(outside), "TMP": str(outside)}
    command = [sys.executable, str(HERE / "probe.py"), *map(str, places)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment, timeout=1800)
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"room"')]
    assert len(found) == len(places), f"the process ended at {places[len(found)]}: {done.stderr[-3000:]}"
    assert not list(outside.iterdir()), "something was left in the folder for temporary files"
    shutil.rmtree(folder)
    return {(answer["room"], answer["file"]): answer for answer in found}


@pytest.mark.parametrize(("room", "file"), EVERY)
def test_one_sentence_names_the_file_and_nothing_else_happens(answers, room, file):
    answer, says = answers(room, file), expected(room, file)
    within = {Path(name).parts[0] for name in answer["wrote"]}
    assert len(within) <= 1, f"written outside the folder: {answer['wrote']}"
    assert not any(Path(name).name == CANARY for name in answer["wrote"]), "the file was obeyed"
    assert answer["did"] == [], "something was started"
    assert answer["mebibytes"] is None or answer["mebibytes"] < MEMORY
    assert answer["seconds"] < SECONDS
    if room == "images":
        _check_warning(answer, says)
    elif says == READ:
        assert answer["error"] is None, answer["said"]
        assert room != "enlarged" or re.fullmatch(GIVEN, answer["gave"]), answer["gave"]
    else:
        _check_sentence(answer, says)


GIVEN = r"2 x 2 times as large, in [134] channels"  # grey stays grey, transparency is carried


def expected(room, file):
    """The sentence that must come, as a pattern, or READ."""
    return ENLARGED.get(file, TABLE[room, file].says) if room == "enlarged" else TABLE[room, file].says


def _check_sentence(answer, says):
    assert answer["error"] == "ValueError", f"{answer['error']}: {answer['said'][:500]} {answer['gave']}"
    said = answer["said"]
    name = {"history": "history.csv", "runs": "/run/"}.get(answer["room"], answer["file"])
    assert name in said.replace("\\", "/"), "the sentence names the file"
    assert re.search(says, said), said
    assert "\n" not in said and len(said) < 1000 and said.isprintable(), "the sentence is one line"


def _check_warning(answer, says):
    """A data set goes on without the image, and says so; or with it."""
    assert answer["error"] is None, answer["said"]
    if answer["gave"] == "2 of 2 images":
        assert says == READ, f"expected to be skipped: {says}"
        assert not answer["warned"]
    else:
        assert says != READ, f"expected to be read: {answer['warned']}"
        (warning,) = answer["warned"]
        assert re.search(says, warning) and answer["file"] in warning and "remove them" in warning, warning
        assert "\n" not in warning and len(warning) < 1000


def test_the_corpus_is_small_and_its_names_are_its_own():
    assert (HERE / "corpus.py").stat().st_size < 100_000
    named = [(case.room, case.file) for case in CASES]
    assert len(set(named)) == len(named)
    assert set(ENLARGED) <= {case.file for case in CASES if case.room == "images"}


def test_a_sentence_that_is_asked_for_is_not_any_sentence():
    anything = "a/file.png is not what it should be: no more of it was read. Take another, or save it again with 8 bits"
    for says in {case.says for case in CASES} - {READ}:
        assert not re.search(says, anything) and not re.search(says, ""), says
