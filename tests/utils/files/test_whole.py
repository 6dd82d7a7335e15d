"""Files appear whole or not at all."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from utils import files


def test_a_file_appears_under_its_name_only_once_it_is_whole(tmp_path):
    path = tmp_path / "new" / "file.txt"
    with files.write_whole(path) as temporary:
        temporary.write_text("half")
        assert not path.exists() and temporary.parent == path.parent
    assert path.read_text() == "half" and list(path.parent.iterdir()) == [path]


def test_a_writer_that_fails_leaves_the_old_file_and_nothing_else(tmp_path):
    path = files.write_text(tmp_path / "file.txt", "old")
    with pytest.raises(RuntimeError), files.write_whole(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_two_who_write_the_same_file_never_write_into_each_others(tmp_path):
    path = tmp_path / "file.txt"
    with files.write_whole(path) as first, files.write_whole(path) as second:
        assert first != second
        first.write_text("first")
        second.write_text("second")
    assert path.read_text() == "first" and list(tmp_path.iterdir()) == [path]  # the one that ended last


def ended_process():
    """The number of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_what_a_killed_writer_left_is_swept_away_and_what_others_write_or_own_stays(tmp_path):
    left = tmp_path / f".file.txt.{ended_process()}-0a1b2c.part"
    mine = [tmp_path / name for name in (".file.txt.part", ".hidden", "file.part", f".x.{os.getppid()}-0a1b2c.part")]
    for path in (left, *mine):
        path.touch()
    with files.write_whole(tmp_path / "new.txt") as being_written:
        being_written.write_text("new")
        assert files.sweep(tmp_path, "other.txt") == [] and left.exists()
        assert files.sweep(tmp_path) == ["file.txt"] and files.sweep(tmp_path) == []
    assert sorted(tmp_path.iterdir()) == sorted([*mine, tmp_path / "new.txt"])


def test_a_process_that_runs_is_told_from_one_that_ended():
    assert files.is_running(os.getpid()) and files.is_running(os.getppid())
    assert not files.is_running(ended_process()) and not files.is_running(10**30)


def test_a_full_disk_is_said_with_what_is_free_and_what_was_there_stays(small_disk):
    path = files.write_bytes(small_disk / "file.bin", b"old")
    with pytest.raises(
        OSError, match=r"file\.bin could not be written: the disk is full \(\d\.\d MiB are free.*Make room"
    ):
        files.write_bytes(path, bytes(2**22))
    assert path.read_bytes() == b"old" and list(small_disk.iterdir()) == [path]


def test_a_read_only_folder_is_said(read_only_folder):
    with pytest.raises(
        OSError, match=r"a\.txt could not be written: .* is read-only, or not yours.*Choose another folder"
    ):
        files.write_text(read_only_folder / "a.txt", "a")


def test_a_folder_that_vanishes_meanwhile_is_said(tmp_path):
    path = tmp_path / "folder" / "file.txt"
    with pytest.raises(FileNotFoundError, match=r"the folder .*folder vanished"), files.write_whole(path) as temporary:
        temporary.write_text("new")
        shutil.rmtree(path.parent)


def test_an_error_about_another_file_stays_as_it_is(tmp_path):
    with pytest.raises(FileNotFoundError) as error, files.write_whole(tmp_path / "file.txt"):
        (tmp_path / "source.txt").read_text()
    assert error.value.filename == str(tmp_path / "source.txt")


def test_text_keeps_its_line_ends_and_json_its_accents(tmp_path):
    assert files.write_text(tmp_path / "a.txt", "é\r\n").read_bytes() == "é\r\n".encode()
    path = files.write_json(tmp_path / "a.json", {"été": [1, 2]})
    assert "été" in path.read_text(encoding="utf-8") and json.loads(path.read_text(encoding="utf-8")) == {"été": [1, 2]}
