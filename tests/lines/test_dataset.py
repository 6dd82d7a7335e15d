"""The folder, the archive and the command that writes them."""

import csv
import os
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import lines
from lines import dataset
from lines.__main__ import main
from utils.files import in_progress
from utils.loaders import extract_archive, load_dataset


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def write(folder, count=5, seed=1, **arguments) -> Path:
    return lines.write_dataset(folder, count, seed, progress=False, **arguments)


def failure(capsys, *arguments) -> str:
    """Run the command, which must end with status 2, and give what it said."""
    with pytest.raises(SystemExit) as stop:
        main([str(argument) for argument in arguments])
    assert stop.value.code == 2
    return capsys.readouterr().err


def test_writes_numbered_images_and_their_table(tmp_path):
    write(tmp_path / "new" / "folder", count=3)
    assert sorted(contents(tmp_path / "new" / "folder")) == [
        "lines-000001.jpg",
        "lines-000002.jpg",
        "lines-000003.jpg",
        "parameters.csv",
    ]


def test_the_table_says_what_each_image_shows(tmp_path):
    write(tmp_path, count=150, file_format="png")  # more images than are drawn at once
    with open(tmp_path / "parameters.csv", newline="") as table:
        rows = list(csv.DictReader(table))
    assert list(rows[0]) == ["file", "x", "y1", "y2", "color_x", "color_y1", "color_y2"]
    images = lines.draw({name: np.array([int(row[name]) for row in rows]) for name in lines.PARAMETERS})
    for row, image in zip(rows, images, strict=True):
        assert np.array_equal(np.array(Image.open(tmp_path / row["file"])), image)


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    write(tmp_path / "a", archive=tmp_path / "a.zip")
    write(tmp_path / "b", archive=tmp_path / "b.zip")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_the_bytes_do_not_depend_on_how_many_are_drawn_at_once(tmp_path, monkeypatch):
    write(tmp_path / "a")
    monkeypatch.setattr(dataset, "_BLOCK", 2)
    write(tmp_path / "b")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_the_archive_holds_the_files_of_the_folder_in_a_folder_lines(tmp_path):
    write(tmp_path / "out", archive=tmp_path / "data.zip")
    with zipfile.ZipFile(tmp_path / "data.zip") as archive:
        stored = {name: archive.read(name) for name in archive.namelist()}
        assert {member.compress_type for member in archive.infolist()} == {zipfile.ZIP_STORED}
    assert stored == {f"lines/{name}": content for name, content in contents(tmp_path / "out").items()}


def test_the_archive_does_not_tell_when_it_was_written(tmp_path):
    write(tmp_path / "out", archive=tmp_path / "data.zip")
    with zipfile.ZipFile(tmp_path / "data.zip") as archive:
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_images_have_the_size_asked_for(tmp_path):
    write(tmp_path, count=1, size=64)
    assert Image.open(tmp_path / "lines-000001.jpg").size == (64, 64)


def test_a_smaller_data_set_replaces_a_larger_one_and_leaves_other_files(tmp_path):
    write(tmp_path / "again", count=5, file_format="png")
    (tmp_path / "again" / "notes.txt").write_text("mine")
    write(tmp_path / "again", count=2, seed=2)
    write(tmp_path / "fresh", count=2, seed=2)
    assert contents(tmp_path / "again") == contents(tmp_path / "fresh") | {"notes.txt": b"mine"}


def test_images_that_were_not_written_here_are_left_alone(tmp_path):
    (tmp_path / "lines-000001.jpg").write_bytes(b"drawn by Processing")
    with pytest.raises(FileExistsError, match=r"1 lines-<number> images without a parameters\.csv"):
        write(tmp_path)
    assert contents(tmp_path) == {"lines-000001.jpg": b"drawn by Processing"}


def test_a_set_that_came_in_an_archive_is_left_alone(tmp_path):
    write(tmp_path / "drawn", archive=tmp_path / "mine.zip")
    extract_archive(tmp_path / "mine.zip", tmp_path / "data")
    with pytest.raises(FileExistsError, match=r"data holds the images of an archive, mine\.zip; choose another folder"):
        write(tmp_path / "data")


def test_an_archive_is_not_unpacked_over_drawn_images(tmp_path):
    write(tmp_path / "lines", archive=tmp_path / "lines.zip")
    with pytest.raises(ValueError, match="holds 5 images that no archive brought"):
        extract_archive(tmp_path / "lines.zip", tmp_path / "lines")


def test_an_interruption_leaves_whole_files_and_no_archive(tmp_path, monkeypatch):
    whole = dataset.encode
    calls = []

    def stops_at_the_third(image, file_format):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return whole(image, file_format)

    monkeypatch.setattr(dataset, "encode", stops_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "out", archive=tmp_path / "data.zip")
    there = [in_progress.NAME, "lines-000001.jpg", "lines-000002.jpg", "parameters.csv"]
    assert sorted(contents(tmp_path / "out")) == there
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def luminance_table(path) -> list[int]:
    with Image.open(path) as image:
        return image.quantization[0][:8]


def test_the_quality_is_processings_or_the_one_asked_for(tmp_path):
    write(tmp_path / "default", count=1)
    main(["--count", "1", "--seed", "1", "--quality", "75", "--out", str(tmp_path / "asked")])
    assert luminance_table(tmp_path / "default" / "lines-000001.jpg") == [3, 2, 2, 3, 5, 8, 10, 12]
    assert luminance_table(tmp_path / "asked" / "lines-000001.jpg") == [8, 6, 5, 8, 12, 20, 26, 31]


def test_a_quality_that_cannot_be_is_refused(tmp_path, capsys):
    assert "quality is 0; choose 1 to 100" in failure(capsys, "--quality", 0, "--out", tmp_path)
    assert "a png has none" in failure(capsys, "--quality", 75, "--format", "png", "--out", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_format_names_the_known_ones(tmp_path):
    with pytest.raises(ValueError, match="'gif'; choose jpg or png"):
        write(tmp_path, file_format="gif")


def test_the_command_writes_what_the_function_writes(tmp_path):
    root = Path(lines.__file__).parents[1]
    command = [sys.executable, "-m", "lines", "--count", "4", "--seed", "9", "--y2", "uniform", "--format", "png"]
    command += ["--size", "32", "--out", str(tmp_path / "command"), "--zip", str(tmp_path / "command.zip")]
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    write(tmp_path / "call", 4, 9, file_format="png", y2="uniform", size=32, archive=tmp_path / "call.zip")
    assert contents(tmp_path / "command") == contents(tmp_path / "call")
    assert (tmp_path / "command.zip").read_bytes() == (tmp_path / "call.zip").read_bytes()


def test_the_command_shows_a_progress_bar(tmp_path, capsys):
    main(["--count", "2", "--out", str(tmp_path)])
    assert "2/2" in capsys.readouterr().err


def test_the_command_refuses_a_count_below_one(tmp_path, capsys):
    assert "number of images is 0" in failure(capsys, "--count", 0, "--out", tmp_path)


def test_the_command_refuses_an_unknown_format(tmp_path, capsys):
    assert "'gif'" in failure(capsys, "--format", "gif", "--out", tmp_path)


def test_the_command_refuses_a_file_as_folder(tmp_path, capsys):
    (tmp_path / "file").write_text("not a folder")
    assert "file is a file; choose a folder" in failure(capsys, "--count", 1, "--out", tmp_path / "file")


@pytest.mark.skipif(os.name == "nt" or getattr(os, "geteuid", int)() == 0, reason="this user may write anywhere")
def test_the_command_names_a_write_protected_folder(tmp_path, capsys):
    tmp_path.chmod(0o500)
    assert str(tmp_path) in failure(capsys, "--count", 1, "--out", tmp_path / "out")


def test_an_archive_that_cannot_be_written_leaves_the_data_set_as_it_was(tmp_path, capsys):
    before = contents(write(tmp_path / "out"))
    (tmp_path / "file").write_text("not a folder")
    said = failure(capsys, "--count", 1, "--out", tmp_path / "out", "--zip", tmp_path / "file" / "data.zip")
    assert "no folder can be made there" in said and "choose another folder" in said
    assert contents(tmp_path / "out") == before


def test_the_help_says_that_a_data_set_is_replaced(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "replaces the data set" in " ".join(capsys.readouterr().out.split())


def cut_off(folder, monkeypatch, after=3, **arguments):
    """Begin a drawing that ends before image number `after`."""
    whole, calls = dataset.encode, []

    def stops(image, file_format):
        calls.append(1)
        if len(calls) == after:
            raise KeyboardInterrupt
        return whole(image, file_format)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(dataset, "encode", stops)
        write(folder, **arguments)


def test_a_drawing_that_was_cut_off_goes_on_where_it_stopped(tmp_path, monkeypatch, capsys):
    cut_off(tmp_path / "out", monkeypatch, archive=tmp_path / "data.zip")
    first = (tmp_path / "out" / "lines-000001.jpg").stat()
    write(tmp_path / "out", archive=tmp_path / "data.zip")
    write(tmp_path / "whole", archive=tmp_path / "whole.zip")
    assert "2 of 5 images are there already, 3 are drawn" in capsys.readouterr().out
    assert (tmp_path / "out" / "lines-000001.jpg").stat().st_ino == first.st_ino
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")
    assert (tmp_path / "data.zip").read_bytes() == (tmp_path / "whole.zip").read_bytes()


def test_a_drawing_without_a_seed_goes_on_with_the_same_table(tmp_path, monkeypatch):
    cut_off(tmp_path, monkeypatch, seed=None)
    before = contents(tmp_path)
    after = contents(write(tmp_path, seed=None))
    assert {name: after[name] for name in after if name in before} == {
        name: content for name, content in before.items() if name != in_progress.NAME
    }
    assert contents(write(tmp_path, seed=None)) != after  # once it is whole, the next one is another


@pytest.mark.parametrize("other", [{"seed": 2}, {"count": 4}, {"size": 64}, {"y2": "uniform"}, {"quality": 75}])
def test_another_drawing_than_the_one_that_was_cut_off_begins_anew_and_says_so(tmp_path, monkeypatch, capsys, other):
    cut_off(tmp_path / "out", monkeypatch)
    write(tmp_path / "out", **other)
    assert "2 images of another drawing, which was cut off there, are replaced" in capsys.readouterr().out
    assert contents(tmp_path / "out") == contents(write(tmp_path / "whole", **other))


def test_a_data_set_that_is_not_whole_is_not_trained_on_and_the_command_that_ends_it_is_named(tmp_path, monkeypatch):
    cut_off(tmp_path / "lines", monkeypatch, count=9)
    with pytest.raises(ValueError, match=r"drawing 9 images .* has not ended") as refusal:
        load_dataset("lines", 16, 2, data_folder=tmp_path)
    command = str(refusal.value).partition("goes on with it: ")[2]
    main(shlex.split(command)[3:])
    assert len(load_dataset("lines", 16, 2, data_folder=tmp_path).images) == 9


def test_two_drawings_into_one_folder_never_mix(tmp_path, capsys):
    with in_progress.folder_lock(tmp_path, "drawing"):
        assert "is in use: drawing by process" in failure(capsys, "--count", 1, "--out", tmp_path)


def test_a_full_disk_is_said_and_the_same_command_goes_on(small_disk, capsys):
    (small_disk / "film.mp4").write_bytes(bytes(2**20))
    said = failure(capsys, "--count", 1000, "--seed", 1, "--out", small_disk / "lines")
    assert "the disk is full" in said and "MiB are free" in said
    (small_disk / "film.mp4").unlink()
    for path in (small_disk / "lines").glob("*.jpg"):
        Image.open(path).load()
    with pytest.raises(SystemExit):  # still too many, but it went on
        main(["--count", "1000", "--seed", "1", "--out", str(small_disk / "lines")])
    assert "of 1000 images are there already" in capsys.readouterr().out
