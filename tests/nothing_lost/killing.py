"""Starts a task in a process of its own, kills it at some moment, looks at what it left, and starts it again.

The process is a fork of this one, which has imported TensorFlow but let it do nothing yet: that saves each start ten
seconds, and the rest is as if it had been started from a terminal. Half of the kills come at a moment drawn from the
whole duration, half right after a file began to be written or to be renamed, drawn from all such moments.
"""

import csv
import importlib
import json
import os
import pickle
import re
import select
import shutil
import signal
import sys
import time
import traceback
import zipfile
from collections import Counter
from contextlib import suppress

import numpy as np

from tests.nothing_lost.tasks import source_of

LONGEST = 300  # seconds that a task may take before it counts as stuck


def warm_up():
    """Import what the tasks need, and start nothing of it."""
    for name in (
        "utils.quiet",
        "keras",
        "models.WGANGP",
        "utils.figures",
        "utils.loaders",
        "utils.super_resolution",
        "utils.runs.watching",
    ):
        importlib.import_module(name)  # Keras itself: `quiet` would let it look for devices


def run(task, folder, kill=None):
    """Start a task, and kill it.

    Args:
        task: of `tests.nothing_lost.tasks`.
        folder: that it fills.
        kill: None to let it end; ("seconds", s) after its start; ("writes", n, s) so many seconds after its nth write.

    Returns:
        dict of "killed" (bool), "failed" (bool), "seconds", "writes" (so far) and "output" (what it printed).
    """
    output = folder.with_name(f"{folder.name} output")
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    process = os.fork()
    if process == 0:
        os.close(reading)
        _be_the_task(task, folder, output, writing)
    os.close(writing)
    try:
        seconds, writes = _watch(process, reading, kill)
    finally:
        os.close(reading)
    _, status = os.waitpid(process, 0)
    was_killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    return {
        "killed": was_killed,
        "failed": not was_killed and status != 0,
        "seconds": seconds,
        "writes": writes,
        "output": output.read_text(errors="replace"),
    }


def _be_the_task(task, folder, output, writing):
    """In the new process: never comes back."""
    status = 1
    try:
        told = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(told, 1)
        os.dup2(told, 2)
        sys.addaudithook(lambda event, args: _tell(event, args, writing))
        task.start(folder)
        status = 0
    except SystemExit as end:
        status = int(bool(end.code))
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _tell(event, args, writing):
    """One byte through the pipe whenever a temporary file is opened, and before it takes its final name."""
    if event in ("open", "os.rename") and ".part" in str(args[0]):
        os.write(writing, b"w")


def _watch(process, reading, kill):
    started, writes = time.monotonic(), 0
    while True:
        passed = time.monotonic() - started
        left = LONGEST - passed if not kill or kill[0] == "writes" else kill[1] - passed
        ready = left > 0 and select.select([reading], [], [], left)[0]
        if not ready:  # the moment has come, or it is stuck
            os.kill(process, signal.SIGKILL)
            return time.monotonic() - started, writes
        told = os.read(reading, 1 if kill else 4096)
        if not told:  # it has ended
            return time.monotonic() - started, writes
        writes += len(told)
        if kill and kill[0] == "writes" and writes == kill[1]:
            time.sleep(kill[2])
            os.kill(process, signal.SIGKILL)
            return time.monotonic() - started, writes


def round_of(task, kills, folder, seed, report=lambda line: None):
    """Kill a task so many times, and start it again each time, in as many folders as it takes.

    Args:
        task: of `tests.nothing_lost.tasks`.
        kills: how many.
        folder: for everything.
        seed: of the moments.
        report: is handed a line about each start.

    Returns:
        dict of "task", "kills", "resumed" (starts after a kill that went on and said so), "restarts" (how many had to),
        "broken" (files), "left" (temporary files after the end), "finished" and "equal" (to an uninterrupted one), and
        "problems", a list of sentences.
    """
    rng = np.random.default_rng(seed)
    reference = folder / "uninterrupted"
    task.prepare(reference)
    whole = run(task, reference)
    found = Counter()
    problems = [f"uninterrupted: {whole['output'][-2000:]}"] if whole["failed"] or whole["killed"] else []
    problems += [f"uninterrupted: {path} does not open" for path in broken_files(reference)]
    place, number = None, 0
    while not problems and (found["kills"] < kills or place):
        if place is None:
            place, number, there = folder / f"life {number}", number + 1, False
            _copy_sources(reference, place)
        moment = None
        if found["kills"] < kills:
            at_write = rng.random() < 0.5
            seconds = rng.uniform(0, whole["seconds"])
            count, after = int(rng.integers(1, whole["writes"] + 1)), float(rng.exponential(0.002))
            moment = ("writes", count, after) if at_write else ("seconds", seconds)
        start = run(task, place, moment)
        report(f"{task.name}, {place.name}: {moment}, {'killed' if start['killed'] else 'ended'}")
        if start["killed"]:
            found["kills"] += 1
        bad = broken_files(place)
        found["broken"] += len(bad)
        problems += [f"{place.name}: {path} does not open" for path in bad]
        if start["failed"] or (start["killed"] and not moment):
            problems.append(f"{place.name}: it did not go on: {start['output'][-3000:]}")
        spoke = re.search(task.says, start["output"])
        if there and not start["killed"]:  # what was killed early may not have come to speak
            found["restarts"] += 1
            found["resumed"] += bool(spoke)
            if not spoke:
                problems.append(f"{place.name}: it did not say where it stands: {start['output'][:1000]}")
        there = task.there(place)
        if not start["killed"]:
            found["finished"] += 1
            left = [path for path in place.rglob(".*") if path.is_file()]
            found["left"] += len(left)
            problems += [f"{place.name}: {path} was left" for path in left]
            equal = not problems and task.same(place, reference)
            found["equal"] += equal
            if not equal:
                problems.append(f"{place.name}: the end differs from that of an uninterrupted one")
            else:
                shutil.rmtree(place)
            place = None
    counts = {name: found[name] for name in ("kills", "restarts", "resumed", "finished", "equal", "broken", "left")}
    return {"task": task.name, **counts, "problems": problems}


def _copy_sources(reference, place):
    source, target = source_of(reference), source_of(place)
    if source.exists():
        target.unlink(missing_ok=True)
        target.symlink_to(source.resolve(), target_is_directory=True)


# What is there ------------------------------------------------------------------------------------------------------


def broken_files(folder):
    """The files of a folder, hidden ones left out, that cannot be read to their end."""
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name[0] != "." and not opens(path)]


def opens(path):
    """Whether a file is whole: decoded to its last pixel, parsed to its last byte."""
    with suppress(Exception):
        return OPENERS[path.suffix](path) is not False
    return False


def _picture(path):
    from PIL import Image

    with Image.open(path) as picture:
        picture.load()


def _h5(path):
    import h5py

    with h5py.File(path, "r") as file:
        found = []
        file.visititems(lambda name, item: found.append(item[()]) if isinstance(item, h5py.Dataset) else None)
        return bool(found)


def _table(path):
    with open(path, newline="") as lines:
        return len({len(row) for row in csv.reader(lines)}) == 1 and path.read_bytes().endswith(b"\n")


def _zip(path):
    with zipfile.ZipFile(path) as packed:
        return packed.testzip() is None


OPENERS = {
    ".png": _picture,
    ".jpg": _picture,
    ".h5": _h5,
    ".json": lambda path: json.loads(path.read_text("utf-8")) is not None,
    ".csv": _table,
    ".zip": _zip,
    ".pkl": lambda path: bool(pickle.loads(path.read_bytes())),
}
