"""Files appear whole or not at all."""

import json

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


def test_what_a_killed_writer_left_is_overwritten_by_the_next(tmp_path):
    (tmp_path / ".file.txt.part").write_text("left over")
    files.write_text(tmp_path / "file.txt", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["file.txt"]


def test_text_keeps_its_line_ends_and_json_its_accents(tmp_path):
    assert files.write_text(tmp_path / "a.txt", "é\r\n").read_bytes() == "é\r\n".encode()
    path = files.write_json(tmp_path / "a.json", {"été": [1, 2]})
    assert "été" in path.read_text(encoding="utf-8") and json.loads(path.read_text(encoding="utf-8")) == {"été": [1, 2]}
