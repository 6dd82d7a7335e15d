"""A folder that is being filled belongs to one process, and says to which."""

import json
import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from utils.files import in_progress
from utils.files.in_progress import NAME, FolderInUse, folder_lock, reserve, writing

ROOT = Path(in_progress.__file__).parents[2]
HOLDS = (
    "import sys, time; from utils.files.in_progress import folder_lock\n"
    "with folder_lock(sys.argv[1], 'training', steps=7): print('held', flush=True); time.sleep(60)"
)


@pytest.fixture
def holder(tmp_path):
    """Another process, that holds a folder."""
    command = [sys.executable, "-c", HOLDS, str(tmp_path / "run")]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


def left_by(folder, **facts):
    """Write what another process would have written."""
    folder.mkdir(exist_ok=True)
    content = {"what": "training", "process": 7, "machine": "elsewhere", "since": "2026-01-01 12:00", **facts}
    (folder / NAME).write_text(json.dumps(content))


def test_the_second_is_refused_and_told_who_the_first_is(holder, tmp_path):
    with pytest.raises(FolderInUse) as refusal, folder_lock(tmp_path / "run", "training"):
        pass
    said = str(refusal.value)
    since = json.loads((tmp_path / "run" / NAME).read_text())["since"]
    assert f"training by process {holder.pid} on {platform.node()} since {since}" in said and "another folder" in said


def test_a_process_that_was_killed_holds_nothing_and_leaves_what_it_did(holder, tmp_path):
    holder.kill()
    holder.wait()
    with folder_lock(tmp_path / "run", "training") as held:
        assert held.earlier["process"] == holder.pid and held.earlier["steps"] == 7 and "ended" not in held.earlier


def test_work_that_is_done_leaves_nothing_and_work_that_failed_says_so(tmp_path):
    with pytest.raises(RuntimeError), folder_lock(tmp_path, "drawing", seed=3):
        raise RuntimeError
    assert in_progress.left_in(tmp_path)["ended"] is True
    with folder_lock(tmp_path, "drawing") as held:
        assert held.earlier["ended"] is True and held.earlier["seed"] == 3
        assert "ended" not in in_progress.left_in(tmp_path)
    assert list(tmp_path.iterdir()) == [] and in_progress.left_in(tmp_path) is None


def test_one_killed_before_it_could_write_is_one_killed(tmp_path):
    (tmp_path / NAME).touch()
    with folder_lock(tmp_path, "drawing") as held:
        assert held.earlier == {}


def test_another_machine_is_believed_for_a_quarter_of_an_hour_and_the_way_out_is_named(tmp_path):
    left_by(tmp_path)
    with pytest.raises(FolderInUse) as refusal, folder_lock(tmp_path, "training"):
        pass
    said = str(refusal.value)
    assert "process 7 on elsewhere since 2026-01-01 12:00" in said and f"remove {tmp_path / NAME}" in said
    long_ago = time.time() - in_progress.SILENCE - 5
    os.utime(tmp_path / NAME, (long_ago, long_ago))
    with folder_lock(tmp_path, "training") as held:
        assert held.earlier["machine"] == "elsewhere"


def test_another_machine_that_said_it_had_ended_is_not_waited_for(tmp_path):
    left_by(tmp_path, ended=True)
    with folder_lock(tmp_path, "training"):
        pass


def test_where_a_drive_knows_no_locks_the_age_decides(tmp_path, monkeypatch):
    monkeypatch.setattr(in_progress, "_lock", lambda file: None)
    left_by(tmp_path, machine=platform.node())
    with pytest.raises(FolderInUse, match="remove"), folder_lock(tmp_path, "training"):
        pass


def test_the_age_is_read_from_the_folders_clock_and_not_from_this_machines(tmp_path, monkeypatch):
    left_by(tmp_path)
    monkeypatch.setattr(time, "time", lambda: 1e12)
    with pytest.raises(FolderInUse), folder_lock(tmp_path, "training"):
        pass


def test_a_sign_of_life_makes_the_file_young_again(tmp_path):
    with folder_lock(tmp_path, "training") as held:
        os.utime(tmp_path / NAME, (0, 0))
        assert held.sign_of_life() and (tmp_path / NAME).stat().st_mtime == 0  # not yet
        assert held.sign_of_life(now=True) and (tmp_path / NAME).stat().st_mtime > 0


@pytest.mark.skipif(os.name == "nt", reason="Windows removes no file that is open")
def test_a_folder_that_vanishes_is_taken_again(tmp_path):
    with folder_lock(tmp_path / "run", "training") as held:
        shutil.rmtree(tmp_path / "run")
        assert not held.sign_of_life(now=True) and held.sign_of_life(now=True)
        with pytest.raises(FolderInUse), folder_lock(tmp_path / "run", "training"):
            pass


@pytest.mark.skipif(os.name == "nt", reason="Windows removes no file that is open")
def test_who_removed_the_file_of_another_takes_the_folder_and_the_other_stops(tmp_path):
    with pytest.raises(FolderInUse), folder_lock(tmp_path, "first") as first:
        (tmp_path / NAME).unlink()
        with folder_lock(tmp_path, "second"):
            first.sign_of_life(now=True)


def test_a_folder_that_cannot_be_written_to_is_said(read_only_folder):
    with pytest.raises(OSError, match="read-only, or not yours"), folder_lock(read_only_folder / "run", "training"):
        pass


def test_a_reserved_folder_is_refused_to_others_until_the_work_is_done(tmp_path):
    reserve(tmp_path, "training")
    others = [sys.executable, "-c", HOLDS, str(tmp_path)]
    refused = subprocess.run(others, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "FolderInUse" in refused.stderr and f"training by process {os.getpid()}" in refused.stderr
    with folder_lock(tmp_path, "training", steps=7):
        assert in_progress.left_in(tmp_path)["steps"] == 7
        with pytest.raises(FolderInUse), folder_lock(tmp_path, "training"):
            pass
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_reserved_once_and_another_one_gives_the_first_back(tmp_path):
    first = reserve(tmp_path / "first", "training")
    assert reserve(tmp_path / "first", "training") is first
    reserve(tmp_path / "second", "training").give_back()
    assert not list((tmp_path / "first").iterdir()) and not list((tmp_path / "second").iterdir())


def test_what_a_killed_process_left_is_found_by_the_work_that_a_folder_was_reserved_for(tmp_path):
    left_by(tmp_path, machine=platform.node(), steps=7)
    reserve(tmp_path, "training")
    with folder_lock(tmp_path, "training") as held:
        assert held.earlier["steps"] == 7


def test_who_ends_without_doing_its_work_leaves_what_it_found(tmp_path):
    left_by(tmp_path, machine=platform.node())
    os.utime(tmp_path / NAME, (1e9, 1e9))
    before = json.loads((tmp_path / NAME).read_text())
    script = "import sys; from utils.files.in_progress import reserve; reserve(sys.argv[1], 'training')"
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, check=True)
    assert json.loads((tmp_path / NAME).read_text()) == before and (tmp_path / NAME).stat().st_mtime == 1e9


def test_a_moment_of_writing_is_refused_while_another_process_works(holder, tmp_path):
    with pytest.raises(FolderInUse, match="in use: training"), writing(tmp_path / "run", "saving"):
        raise AssertionError("nothing is written")


def test_a_moment_of_writing_leaves_what_a_killed_process_left(tmp_path):
    left_by(tmp_path, machine=platform.node())
    with writing(tmp_path, "saving"):
        assert in_progress.left_in(tmp_path)["what"] == "saving"
    assert in_progress.left_in(tmp_path)["what"] == "training"
    with folder_lock(tmp_path, "training"), writing(tmp_path, "saving"):
        assert in_progress.left_in(tmp_path)["what"] == "training"
    with writing(tmp_path, "saving"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_who_was_silent_for_too_long_on_a_drive_without_locks_stops_where_another_began(tmp_path, monkeypatch):
    monkeypatch.setattr(in_progress, "_lock", lambda file: None)
    with pytest.raises(FolderInUse, match="process 7 on elsewhere"), folder_lock(tmp_path, "training") as held:
        left_by(tmp_path)
        held.sign_of_life(now=True)
