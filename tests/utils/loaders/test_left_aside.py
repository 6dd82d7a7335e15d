"""What lies beside the images, as disks, servers and other programs leave it, is counted and never silently dropped."""

import json
import os
import shutil
import unicodedata

import numpy as np
import pytest
from PIL import Image

from utils.files import image_files
from utils.loaders import check_dataset, load_dataset


@pytest.fixture
def folder(tmp_path):
    """A data set called set: two images in a class a, one in a class b."""
    for i, name in enumerate(("a/1.png", "a/2.png", "b/3.png")):
        draw(tmp_path / "set" / name, 20 * i)
    return tmp_path / "set"


def draw(path, shade=200, format=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8), (shade, shade, shade)).save(path, format)


def link(path, target):
    try:
        path.symlink_to(target)
    except OSError:
        pytest.skip("this system lets nobody make links")


def load(folder, **options):
    return load_dataset(folder.name, 8, 1, data_folder=folder.parent, **options)


def names(x_train, folder):
    return [file.relative_to(folder).as_posix() for file in x_train.files]


def said(capsys, images, classes):
    """What follows the count, which stays as Keras printed it."""
    first, *rest = capsys.readouterr().out.splitlines()
    assert first == f"Found {images} images belonging to {classes} classes."
    return "\n".join(rest)


# ------------------------------------------------------------------------------------------------------- suffixes


@pytest.mark.parametrize("suffix", ["jpe", "jfif", "jif", "pjpeg", "JFIF"])
def test_jpeg_has_many_suffixes(folder, suffix):
    draw(folder / f"a/4.{suffix}", format="JPEG")
    assert f"a/4.{suffix}" in names(load(folder), folder)


def test_a_tga_is_read(folder):
    draw(folder / "a/4.tga")
    x_train = load(folder)
    assert x_train.images[names(x_train, folder).index("a/4.tga")].max() == 200


def test_a_tga_under_another_name_is_not_guessed_at(folder):
    draw(folder / "a/4.tga")
    (folder / "a/4.tga").rename(folder / "a/4.png")
    with pytest.warns(UserWarning, match=r"skipped 1 unreadable of 4 images: a/4\.png"):
        load(folder)


@pytest.mark.parametrize("name", ["4", "photo.jpg (1)", "image.png?width=300", "4.001", "photo.jpg_large"])
def test_without_a_usual_suffix_the_content_decides(folder, capsys, name):
    if os.name == "nt" and "?" in name:
        pytest.skip("Windows has no such names")
    draw(folder / "a" / name, format="JPEG")
    (folder / "LICENSE").write_text("no image")
    assert f"a/{name}" in names(load(folder), folder)
    assert said(capsys, 4, 2) == "Left aside: 1 without a usual suffix (LICENSE)."


@pytest.mark.skipif("AVIF" not in image_files._readable_here(), reason="this Pillow reads no AVIF")
def test_avif_is_read_where_pillow_reads_it(folder):
    draw(folder / "a/4.avif")
    assert abs(int(load(folder).images[2].max()) - 200) < 3


def test_avif_and_heic_are_named_where_nothing_reads_them(folder, capsys, monkeypatch):
    monkeypatch.setattr(image_files, "_readable_here", lambda: ())
    image_files.image_suffixes.cache_clear()
    for name in ("a/1.heic", "a/2.HEIC", "b/1.avif"):
        (folder / name).write_bytes(b"x")
    load(folder)
    image_files.image_suffixes.cache_clear()
    assert said(capsys, 3, 2) == (
        "Left aside: 2 .heic (pip install pillow-heif reads them), 1 .avif (Pillow from 11.3 on reads them)."
    )


def test_heic_under_the_name_of_a_jpeg_is_named(folder, monkeypatch):
    monkeypatch.setattr(image_files, "_readable_here", lambda: ())
    (folder / "a/4.jpg").write_bytes(b"\0\0\0\x18ftypheic" + bytes(100))
    with pytest.warns(UserWarning, match=r"a/4\.jpg \(ValueError: it is \.heic inside, .*pillow-heif"):
        load(folder)


def test_other_files_are_counted_by_suffix_the_most_frequent_first(folder, capsys):
    for name in ("a.txt", "a/b.TXT", "c.svg", "film.mp4", ".photo.jpg", "a/.DS_Store", "Thumbs.db", "a/._1.png"):
        (folder / name).write_bytes(b"x")
    x_train = load(folder)
    assert said(capsys, 3, 2) == (
        "Left aside: 2 .txt, 1 .mp4, 1 .svg, 3 files of a system (Thumbs.db, .DS_Store, ._1.png), "
        "1 hidden file (.photo.jpg)."
    )
    assert x_train.left_aside[".txt"] == 2
    assert check_dataset(x_train, show=False)["left_aside"]["files of a system"] == 3


def test_many_kinds_make_no_long_line(folder, capsys):
    for i in range(30):
        (folder / f"x.k{i}").write_bytes(b"x")
    load(folder)
    assert said(capsys, 3, 2).endswith("1 .k13, 1 .k14, 23 of 23 other kinds.")


def test_the_table_of_a_drawn_set_is_ours_and_not_counted(folder, capsys):
    (folder / "parameters.csv").write_text("file\n")
    load(folder)
    assert said(capsys, 3, 2) == ""


# ---------------------------------------------------------------------------------------------------- no classes


SYSTEMS = (
    "@eaDir,__MACOSX,$RECYCLE.BIN,System Volume Information,.Trash-1000,lost+found,.ipynb_checkpoints,.git,#recycle,"
    ".thumbnails,@Recycle,$Recycle.Bin,RECYCLER,found.000,LOST.DIR,.@__thumb,#snapshot,@tmp,__pycache__"
)


@pytest.mark.parametrize("name", SYSTEMS.split(","))
@pytest.mark.parametrize("place", ["", "a/"])
def test_folders_that_systems_leave_behind_are_no_classes(folder, capsys, name, place):
    draw(folder / f"{place}{name}/5.png")
    assert load(folder).classes == ["a", "b"]
    assert said(capsys, 3, 2) == f"Left aside: 1 folder of a system ({name})."


@pytest.mark.parametrize("name", ["trash", "recycle", "git", "lost and found", "@home", "#1"])
def test_a_class_may_be_called_almost_anything(folder, name):
    draw(folder / f"{name}/5.png")
    assert name in load(folder).classes


# --------------------------------------------------------------------------------------------------------- links


def test_a_linked_folder_is_a_class_like_any_other(folder, tmp_path, capsys):
    draw(tmp_path / "elsewhere/deep/5.png")
    link(folder / "c", tmp_path / "elsewhere")
    x_train = load(folder)
    assert said(capsys, 4, 3) == ""
    assert "c/deep/5.png" in names(x_train, folder)


def test_a_folder_that_is_linked_twice_is_read_once(folder, tmp_path, capsys):
    draw(tmp_path / "elsewhere/5.png")
    link(folder / "c", tmp_path / "elsewhere")
    link(folder / "d", tmp_path / "elsewhere")
    assert load(folder).classes == ["a", "b", "c"]
    assert said(capsys, 4, 3) == "Left aside: 1 linked folder that is read already (d/)."


def test_a_second_name_within_the_set_yields_to_the_first(folder, capsys):
    link(folder / "0", folder / "b")  # sorts before b
    assert load(folder).classes == ["a", "b"]
    assert said(capsys, 3, 2) == "Left aside: 1 linked folder that is read already (0/)."


@pytest.mark.parametrize("target", [".", "..", "../..", "a"])
def test_a_link_back_is_noticed(folder, capsys, target):
    link(folder / "a/loop", folder / "a" / target if target != "a" else folder / "a")
    assert len(load(folder).images) == 3
    assert said(capsys, 3, 2) == "Left aside: 1 link back to a folder around it (a/loop/)."


def test_a_way_back_through_a_linked_folder_is_noticed(folder, tmp_path, capsys):
    draw(tmp_path / "elsewhere/5.png")
    link(folder / "c", tmp_path / "elsewhere")
    link(tmp_path / "elsewhere/back", folder)
    link(tmp_path / "elsewhere/above", folder.parent)
    assert len(load(folder).images) == 4
    assert "1 linked folder that is read already (c/back/)" in (told := said(capsys, 4, 3))
    assert "1 link back to a folder around it (c/above/)" in told


def test_links_that_lead_nowhere_are_counted(folder, capsys):
    link(folder / "a/9.png", folder / "moved away.png")
    link(folder / "c", folder / "c")
    load(folder)
    assert said(capsys, 3, 2) == "Left aside: 2 links that lead nowhere (c, a/9.png)."


def test_a_linked_file_is_an_image(folder, tmp_path):
    draw(tmp_path / "elsewhere.png")
    link(folder / "b/4.png", tmp_path / "elsewhere.png")
    assert "b/4.png" in names(load(folder), folder)


def test_a_folder_that_cannot_be_read_is_counted(folder, capsys, monkeypatch):
    listed = os.scandir

    def scandir(place):
        if os.fspath(place) == str(folder / "b"):
            raise PermissionError(13, "Permission denied")
        return listed(place)

    monkeypatch.setattr(os, "scandir", scandir)
    load(folder)
    assert said(capsys, 2, 1) == "Left aside: 1 folder that cannot be read (b/)."


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes")
def test_a_pipe_is_not_waited_for(folder, capsys):
    os.mkfifo(folder / "a/4.png")
    os.mkfifo(folder / "a/5")
    load(folder)
    assert said(capsys, 3, 2) == "Left aside: 2 neither files nor folders (a/4.png, a/5)."


# --------------------------------------------------------------------------------------------------------- names


@pytest.fixture
def latin(folder):
    """An image, a broken image, a text and a class whose names are Latin-1 and no UTF-8."""
    place = os.path.join(os.fsencode(folder), b"\xe9t\xe9")
    try:
        os.mkdir(place)
    except OSError:
        pytest.skip("this disk takes UTF-8 alone")
    shutil.copy(folder / "a/1.png", os.path.join(place, b"\xe0.png"))
    for name in (b"\xe8.png", b"\xe8.", b"\xe8.txt"):
        with open(os.path.join(place, name), "wb") as file:
            file.write(b"x")
    return folder


@pytest.mark.parametrize("memory_limit", [0, 2**30])
def test_names_that_are_no_utf_8_are_shown_and_not_fatal(latin, capsys, memory_limit):
    for _ in range(2):
        with pytest.warns(UserWarning, match=r"skipped 1 unreadable of 5 images: \\xe9t\\xe9/\\xe8\.png"):
            x_train = load(latin, memory_limit=memory_limit)
        assert len(x_train.images) == 4
        told = said(capsys, 5, 3)
        assert told == r"Left aside: 1 .txt, 1 without a usual suffix (\xe9t\xe9/\xe8.)."
        told.encode("utf-8")
        found = check_dataset(x_train, show=False)
        assert found["unreadable"][0].endswith(r"\xe9t\xe9/\xe8.png")
        assert found["classes"][r"\xe9t\xe9"] == 1
        json.dumps(found, ensure_ascii=False).encode("utf-8")
        capsys.readouterr().out.encode("utf-8")


@pytest.mark.parametrize(("typed", "written"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_a_set_is_found_in_another_unicode_form(tmp_path, typed, written):
    draw(tmp_path / unicodedata.normalize(written, "Pokémon") / "1.png")
    assert len(load(tmp_path / unicodedata.normalize(typed, "Pokémon")).images) == 1
    assert len(load(tmp_path / unicodedata.normalize(typed, "Pokémon"), memory_limit=0).images) == 1


def test_one_class_in_two_unicode_forms_is_one_class(folder, capsys):
    for form in ("NFC", "NFD"):
        draw(folder / unicodedata.normalize(form, "été") / f"{form}.png")
    x_train = load(folder)
    assert x_train.classes == ["a", "b", "été"]
    assert np.bincount(x_train.labels).tolist() == [2, 1, 2]
    assert said(capsys, 5, 3) == ""
