"""What the repository weighs: a shallow clone stays small, and what makes it heavy is named.

Every version of a picture stays in the history: what is light before it is committed costs once.
"""

import base64
import os
import re
import shutil
import subprocess
from pathlib import Path

import nbformat
import pytest

from utils.figures.lighter import RUN_METADATA
from utils.figures.palettes import NOTEBOOK_BYTES, lighter_png

ROOT = Path(__file__).resolve().parents[1]
CLONE = 20 * 2**20  # bytes that `git clone --depth 1` fetches, at most
FILE = 12 * 2**20  # bytes of one file, at most: DESIGN's limit for a generator that ships
MUCH = 20_000  # bytes that a picture may weigh more than it must
WAY_OUT = "python -m utils.figures.lighter"

needs_git = pytest.mark.skipif(not shutil.which("git"), reason="asks git what belongs to the project")


def git(*arguments, stdin=b"", **environment):
    done = subprocess.run(
        ["git", *arguments], cwd=ROOT, input=stdin, capture_output=True, env={**os.environ, **environment}
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.fixture(scope="module")
def tracked():
    """The files that belong to the project: what git knows of the working tree, and what it would add."""
    listed = git("ls-files", "-z", "--cached", "--others", "--exclude-standard").decode().split("\0")
    return sorted({ROOT / name for name in listed if name and (ROOT / name).is_file()})


def notebooks(tracked):
    return [path for path in tracked if path.suffix == ".ipynb"]


def outputs(path):
    """[(number of the cell, data, metadata)] of everything that a notebook shows."""
    cells = enumerate(nbformat.read(path, as_version=4).cells)
    return [(i, o.data, o.metadata) for i, cell in cells for o in cell.get("outputs", []) if "data" in o]


def films(html):
    """The animated PNGs in what a cell shows."""
    pictures = [base64.b64decode(one) for one in re.findall(r"data:image/png;base64,([^\"]+)", html)]
    return [png for png in pictures if b"acTL" in png[:100]]


def too_heavy(png, width=None):
    return len(png) - len(lighter_png(png, width)) > MUCH


@needs_git
def test_no_notebook_holds_a_picture_that_could_be_much_lighter(tracked):
    heavy = [
        f"{path.relative_to(ROOT)}, cell {i}"
        for path in notebooks(tracked)
        for i, data, _ in outputs(path)
        for png in re.findall(r"data:image/png;base64,([^\"]+)", data.get("text/html", ""))
        if too_heavy(base64.b64decode(png))
    ]
    assert not heavy, f"{WAY_OUT} notebooks: {heavy}"


@needs_git
def test_no_notebook_holds_a_heavy_film(tracked):
    heavy = [
        f"{path.relative_to(ROOT)}, cell {i}"
        for path in notebooks(tracked)
        for i, data, _ in outputs(path)
        for film in films(data.get("text/html", ""))
        if len(film) > NOTEBOOK_BYTES
    ]
    assert not heavy, f"{WAY_OUT} notebooks: {heavy}"


@needs_git
def test_no_notebook_tells_when_it_was_run(tracked):
    for path in notebooks(tracked):
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        marked = [key for part in (notebook, *notebook.cells) for key in RUN_METADATA if key in part.metadata]
        assert not marked, f"{path.name}: {marked}; {WAY_OUT} {path.relative_to(ROOT)}"


@needs_git
def test_no_picture_of_the_docs_could_be_much_lighter(tracked):
    pictures = [path for path in tracked if path.suffix == ".png"]
    heavy = [str(path.relative_to(ROOT)) for path in pictures if too_heavy(path.read_bytes())]
    assert len(pictures) > 10
    assert not heavy, f"{WAY_OUT} {' '.join(heavy)}"


@needs_git
def test_no_file_is_heavier_than_a_generator_that_ships_may_be(tracked):
    heavy = {str(path.relative_to(ROOT)): path.stat().st_size for path in tracked if path.stat().st_size > FILE}
    assert not heavy


@needs_git
def test_a_shallow_clone_of_what_lies_here_stays_within_its_budget(tracked, tmp_path):
    there = {"GIT_DIR": str(tmp_path / "git"), "GIT_WORK_TREE": str(ROOT)}
    git("init", "-q", **there)
    names = "\0".join(path.relative_to(ROOT).as_posix() for path in tracked)
    git(
        "-c",
        "core.autocrlf=false",
        "add",
        "-f",
        "--pathspec-from-file=-",
        "--pathspec-file-nul",
        stdin=names.encode(),
        **there,
    )
    tree = git("write-tree", **there).decode().strip()
    objects = git("rev-list", "--objects", "--no-object-names", tree, **there)
    clone = len(git("pack-objects", "-q", "--stdout", stdin=objects, **there))
    heaviest = sorted((path.stat().st_size, str(path.relative_to(ROOT))) for path in tracked)[:-9:-1]
    assert clone <= CLONE, f"{clone / 2**20:.1f} MiB; the heaviest: {heaviest}"
    assert clone > CLONE / 3, "some of the project was not counted"
