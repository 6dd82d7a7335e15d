import io
import random
import re
import struct
import tarfile
import zipfile

import pytest

from utils.files import archives, in_progress
from utils.files.archives import archive_of, data_name, extract_archive, write_archive
from utils.loaders import load_dataset


def zip_of(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members:
            file.writestr(name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo(name), content)
    return path


def tar_of(path, members, mode="w"):
    with tarfile.open(path, mode) as file:
        for name, content in members:
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
    return path


def files_in(folder):
    """All files below a folder but what the project itself keeps there."""
    files = [
        path for path in folder.rglob("*") if path.is_file() and path.name not in (archives.MARK, in_progress.NAME)
    ]
    return sorted(path.relative_to(folder).as_posix() for path in files)


IMAGES = [("lines/a.jpg", b"first"), ("lines/deep/B.PNG", b"second")]
OTHERS = [("lines/notes.txt", b"x"), ("__MACOSX/lines/._a.jpg", b"x"), ("lines/.DS_Store", b"x"), ("Thumbs.db", b"x")]


def test_the_images_of_a_zip_are_written_and_nothing_else(tmp_path):
    archive = zip_of(tmp_path / "data.zip", [("lines/", b""), *IMAGES, *OTHERS])
    written = extract_archive(archive, tmp_path / "out")
    assert written == [tmp_path / "out" / name for name, _ in IMAGES]
    assert files_in(tmp_path / "out") == ["lines/a.jpg", "lines/deep/B.PNG"]
    assert written[1].read_bytes() == b"second"


@pytest.mark.parametrize("compression", ["", "gz", "bz2", "xz"])
def test_a_tar_of_any_compression_is_read_whatever_its_name(tmp_path, compression):
    archive = tar_of(tmp_path / "archive", [*IMAGES, *OTHERS], f"w:{compression}")
    extract_archive(archive, tmp_path / "out")
    assert files_in(tmp_path / "out") == ["lines/a.jpg", "lines/deep/B.PNG"]


def link(name, kind=tarfile.SYMTYPE):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, "/etc/passwd"
    return info


def zip_link(name):
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, 0o120777 << 16
    return info


@pytest.mark.parametrize("pack", [zip_of, tar_of])
@pytest.mark.parametrize(
    "name",
    [
        "/x.jpg",
        "C:/x.jpg",
        "c:x.jpg",
        "../x.jpg",
        "a/../../x.jpg",
        "a/..",
        "..\\x.jpg",
        "a\\..\\..\\x.jpg",
        "\\\\host\\x.jpg",
        "__MACOSX/../../x.jpg",
        "../notes.txt",
        "a\nb.jpg",
    ],
)
def test_a_name_that_may_leave_the_folder_is_refused_before_a_byte_is_written(tmp_path, pack, name):
    archive = pack(tmp_path / "evil", [*IMAGES, (name, b"evil")])
    with pytest.raises(ValueError, match=r"evil was not unpacked: its member .*; pack the files again"):
        extract_archive(archive, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_in_a_tar_are_refused(tmp_path, kind):
    archive = tar_of(tmp_path / "x.tar", [*IMAGES, (link("x.jpg", kind), b"")])
    with pytest.raises(ValueError, match=r"its member 'x\.jpg' is a (link|device)"):
        extract_archive(archive, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_link_in_a_zip_is_refused(tmp_path):
    archive = zip_of(tmp_path / "x.zip", [*IMAGES, (zip_link("x.jpg"), b"/etc/passwd")])
    with pytest.raises(ValueError, match=r"'x\.jpg' is a link"):
        extract_archive(archive, tmp_path / "out")


def test_an_encrypted_member_is_refused(tmp_path):
    archive = zip_of(tmp_path / "x.zip", IMAGES)
    content = bytearray(archive.read_bytes())
    at = content.index(b"PK\x01\x02")
    content[at + 8] |= 1
    archive.write_bytes(content)
    with pytest.raises(ValueError, match=r"'lines/a\.jpg' is encrypted"):
        extract_archive(archive, tmp_path / "out")


@pytest.mark.parametrize("pack", [zip_of, tar_of])
def test_more_bytes_than_the_limit_are_refused(tmp_path, pack):
    archive = pack(tmp_path / "bomb", [("a.jpg", bytes(6000)), ("b.jpg", bytes(6000))])
    with pytest.raises(ValueError, match=r"'b\.jpg' it unpacks to more than 10,000 bytes; .*raise limit"):
        extract_archive(archive, tmp_path / "out", limit=10_000)
    assert not (tmp_path / "out").exists()
    assert len(extract_archive(archive, tmp_path / "out", limit=12_000)) == 2


def test_a_zip_that_lies_about_its_sizes_leaves_no_half_file(tmp_path):
    archive = zip_of(tmp_path / "liar.zip", [("a.jpg", b"honest"), ("b.jpg", bytes(100_000))])
    content = bytearray(archive.read_bytes())
    at = content.index(b"PK\x01\x02", content.index(b"PK\x01\x02") + 1)
    struct.pack_into("<L", content, at + 24, 10)  # b.jpg says that it holds 10 bytes
    archive.write_bytes(content)
    with pytest.raises(ValueError, match=r"liar\.zip is damaged"):
        extract_archive(archive, tmp_path / "out")
    assert files_in(tmp_path / "out") == ["a.jpg"]


def test_more_members_than_allowed_are_refused(tmp_path):
    archive = zip_of(tmp_path / "x.zip", [(f"{i}.jpg", b"") for i in range(11)])
    with pytest.raises(ValueError, match="more than 10 members"):
        extract_archive(archive, tmp_path / "out", max_members=10)


@pytest.mark.parametrize("twin", ["lines/./a.jpg", "lines//a.jpg", "lines\\a.jpg", "lines/a.jpg"])
def test_two_members_that_are_one_file_are_refused(tmp_path, twin):
    archive = zip_of(tmp_path / "x.zip", [*IMAGES, (twin, b"")])
    with pytest.raises(ValueError, match="one and the same file"):
        extract_archive(archive, tmp_path / "out")


# --------------------------------------------------------------------------------- what is foreign is passed over


FOREIGN = [
    ("README", "1 without a usual suffix (README)"),
    ("README.md", "1 .md"),
    ("lines/photo.heic.part", "1 .part"),
    ("Icon\r", r"1 file of a system (Icon\r)"),
    ("lines\\Thumbs.db", "1 file of a system (Thumbs.db)"),
    ("__MACOSX/lines/._a.jpg", "1 file of a system (__MACOSX)"),
    ("__MACOSX/a\rb/x.jpg", "1 file of a system (__MACOSX)"),
    ("lines/@eaDir/a.jpg/SYNOPHOTO_THUMB_M.jpg", "1 file of a system (@eaDir)"),
    ("lines/._a.jpg", "1 file of a system (._a.jpg)"),
    ("lines/.hidden.jpg", "1 hidden file (lines/.hidden.jpg)"),
    ("x" * 250 + ".txt", "1 .txt"),
    ("aux.txt", "1 .txt"),
    ("con/nul.cfg", "1 .cfg"),
    ("a\nb.txt", "1 .txt"),
]


@pytest.mark.parametrize("pack", [zip_of, tar_of])
@pytest.mark.parametrize(("name", "said"), FOREIGN)
def test_a_foreign_file_is_passed_over_and_counted(tmp_path, capsys, pack, name, said):
    archive = pack(tmp_path / "data", [(name, b"x"), *IMAGES])
    assert len(extract_archive(archive, tmp_path / "out")) == 2
    assert files_in(tmp_path / "out") == ["lines/a.jpg", "lines/deep/B.PNG"]
    assert capsys.readouterr().out == f"{archive}: 2 images unpacked. Passed over: {said}.\n"


def test_nothing_is_said_where_all_is_images(tmp_path, capsys):
    extract_archive(zip_of(tmp_path / "x.zip", IMAGES), tmp_path / "out")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (tarfile.SYMTYPE, "1 link (latest)"),
        (tarfile.LNKTYPE, "1 link (latest)"),
        (tarfile.CHRTYPE, "1 neither file nor folder (latest)"),
        (tarfile.FIFOTYPE, "1 neither file nor folder (latest)"),
    ],
)
def test_links_and_devices_that_would_not_be_written_are_passed_over(tmp_path, capsys, kind, said):
    extract_archive(tar_of(tmp_path / "x.tar", [(link("latest", kind), b""), *IMAGES]), tmp_path / "out")
    assert files_in(tmp_path / "out") == ["lines/a.jpg", "lines/deep/B.PNG"]
    assert f"Passed over: {said}." in capsys.readouterr().out


def test_an_image_behind_a_link_is_refused(tmp_path):
    archive = tar_of(tmp_path / "x.tar", [(link("out"), b""), ("out/x.jpg", b"x")])
    with pytest.raises(ValueError, match=r"its member 'out', which 'out/x\.jpg' lies in, is a link"):
        extract_archive(archive, tmp_path / "out")


def test_a_link_of_a_zip_that_would_not_be_written_is_passed_over(tmp_path, capsys):
    extract_archive(zip_of(tmp_path / "x.zip", [*IMAGES, (zip_link("latest"), b"lines")]), tmp_path / "out")
    assert "Passed over: 1 link (latest)." in capsys.readouterr().out


def test_an_encrypted_text_is_passed_over(tmp_path):
    archive = zip_of(tmp_path / "x.zip", [("licence.txt", b"x"), *IMAGES])
    content = bytearray(archive.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(content)
    assert len(extract_archive(archive, tmp_path / "out")) == 2


def test_a_large_film_in_a_zip_is_not_unpacked_and_does_not_count(tmp_path):
    archive = zip_of(tmp_path / "x.zip", [("film.mp4", bytes(20_000)), ("a.jpg", bytes(6000))])
    assert len(extract_archive(archive, tmp_path / "out", limit=10_000)) == 1


def test_a_large_film_in_a_tar_must_be_read_and_counts(tmp_path):
    archive = tar_of(tmp_path / "x.tgz", [("film.mp4", bytes(20_000)), ("a.jpg", bytes(6000))], "w:gz")
    with pytest.raises(ValueError, match=r"'film\.mp4' it unpacks to more than 10,000 bytes"):
        extract_archive(archive, tmp_path / "out", limit=10_000)


@pytest.mark.parametrize("pack", [zip_of, tar_of])
def test_backslashes_part_folders_as_powershell_5_writes_them(tmp_path, pack):
    archive = pack(tmp_path / "x", [("lines\\", b""), ("lines\\deep\\a.jpg", b"first"), ("lines\\b.jpg", b"second")])
    assert len(extract_archive(archive, tmp_path / "out")) == 2
    assert files_in(tmp_path / "out") == ["lines/b.jpg", "lines/deep/a.jpg"]


@pytest.mark.parametrize("pack", [zip_of, lambda path, members: tar_of(path, members, "w:gz")])
def test_images_without_a_suffix_are_told_by_their_content(tmp_path, capsys, pack):
    members = [("lines/1", b"\xff\xd8\xff\xe0 and so on"), ("lines/2.jpg", b"x"), ("LICENSE", b"text" * 10_000)]
    assert len(extract_archive(pack(tmp_path / "x", members), tmp_path / "out")) == 2
    assert (tmp_path / "out" / "lines" / "1").read_bytes() == members[0][1]
    assert "1 without a usual suffix (LICENSE)" in capsys.readouterr().out


def test_what_was_passed_over_is_named_where_there_is_no_image(tmp_path):
    with pytest.raises(ValueError, match=r"holds no image; .*passed over: 2 \.heic \(pip install pillow-heif"):
        extract_archive(zip_of(tmp_path / "x.zip", [("a.heic", b""), ("b.HEIC", b"")]), tmp_path / "out")


TWINS = [("a.jpg", "A.jpg"), ("lines/a.jpg", "Lines/a.JPG"), ("é.jpg", "e\u0301.jpg"), ("a.jpg", "A.JPG/b.jpg")]


@pytest.mark.parametrize("twins", TWINS)
def test_names_that_differ_in_case_or_accents_alone_are_both_kept_where_the_disk_can(tmp_path, twins):
    (tmp_path / "a").touch()
    if (tmp_path / "A").exists():
        pytest.skip("this disk does not tell a from A")
    archive = zip_of(tmp_path / "x.zip", [(name, name.encode()) for name in twins])
    assert [path.read_bytes().decode() for path in extract_archive(archive, tmp_path / "out")] == list(twins)
    assert files_in(tmp_path / "out") == sorted(twins)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "out", "x.zip"]


@pytest.mark.parametrize("twins", TWINS)
def test_where_the_disk_cannot_the_first_is_kept_and_the_other_said(tmp_path, capsys, monkeypatch, twins):
    monkeypatch.setattr(archives, "_one_on_disk", lambda place, one, other: True)
    archive = zip_of(tmp_path / "x.zip", [(name, name.encode()) for name in twins])
    (path,) = extract_archive(archive, tmp_path / "out")
    assert path.read_bytes().decode() == twins[0]
    assert "1 image whose name is another's but for case or accents, one file on this disk" in capsys.readouterr().out


def test_the_disk_is_asked_whether_two_names_are_one(tmp_path):
    assert archives._one_on_disk(tmp_path / "1", "x/a.jpg", "x/a.jpg")
    assert archives._one_on_disk(tmp_path / "2", "a.jpg", "a.jpg/b.jpg")
    assert not archives._one_on_disk(tmp_path / "3", "a.jpg", "b.jpg")


# ----------------------------------------------------------------------------------------- two sets do not mix


def one_set(path, *names, content=b"x"):
    return zip_of(path, [(name, content) for name in names])


def with_a_wrong_sum(archive):
    """The last member of a zip has another content than its directory says."""
    content = bytearray(archive.read_bytes())
    content[content.rindex(b"PK\x01\x02") + 16] ^= 1
    archive.write_bytes(content)
    return archive


def test_a_folder_knows_which_archive_filled_it(tmp_path):
    extract_archive(one_set(tmp_path / "a.zip", "1.jpg", "2.jpg"), tmp_path / "out")
    mark = archive_of(tmp_path / "out")
    assert (mark["archive"], mark["images"], mark["whole"], len(mark["digest"])) == ("a.zip", 2, True, 32)
    assert not (tmp_path / "out" / in_progress.NAME).exists()
    assert archive_of(tmp_path) is None


@pytest.mark.parametrize("other", ["1.jpg", "2.jpg", "other/class/1.jpg"])
def test_another_archive_asks_for_another_folder_or_the_word(tmp_path, other):
    extract_archive(one_set(tmp_path / "a.zip", "1.jpg"), tmp_path / "out")
    with pytest.raises(ValueError, match=r"out holds the images of another archive, a\.zip; give .*replace=True"):
        extract_archive(one_set(tmp_path / "b.zip", other, content=b"y"), tmp_path / "out")
    assert (tmp_path / "out" / "1.jpg").read_bytes() == b"x"
    assert files_in(tmp_path / "out") == ["1.jpg"]


def test_the_same_archive_may_be_unpacked_again_under_any_name(tmp_path):
    archive = one_set(tmp_path / "a.zip", "1.jpg", "2.jpg")
    extract_archive(archive, tmp_path / "out")
    (tmp_path / "out" / "2.jpg").unlink()
    (tmp_path / "out" / "mine.jpg").write_bytes(b"mine")
    extract_archive(archive.rename(tmp_path / "b.zip"), tmp_path / "out")
    assert files_in(tmp_path / "out") == ["1.jpg", "2.jpg", "mine.jpg"]


def test_what_is_there_already_is_not_written_again(tmp_path):
    archive = one_set(tmp_path / "a.zip", "1.jpg", "2.jpg")
    first = extract_archive(archive, tmp_path / "out")
    before = [path.stat() for path in first]
    assert extract_archive(archive, tmp_path / "out") == first
    assert [path.stat() for path in first] == before


def test_the_word_replaces_the_old_set_whole_and_nothing_else(tmp_path):
    extract_archive(one_set(tmp_path / "a.zip", "1.jpg", "cats/2.jpg", "cats/3.jpg"), tmp_path / "out")
    (tmp_path / "out" / "notes.txt").write_text("mine")
    written = extract_archive(
        one_set(tmp_path / "b.zip", "1.jpg", "dogs/9.jpg", content=b"y"), tmp_path / "out", replace=True
    )
    assert written == [tmp_path / "out" / "1.jpg", tmp_path / "out" / "dogs" / "9.jpg"]
    assert files_in(tmp_path / "out") == ["1.jpg", "dogs/9.jpg", "notes.txt"]
    assert (tmp_path / "out" / "1.jpg").read_bytes() == b"y"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [".archive.json", "1.jpg", "dogs", "notes.txt"]
    assert archive_of(tmp_path / "out")["archive"] == "b.zip"


def test_a_damaged_archive_replaces_nothing(tmp_path):
    extract_archive(one_set(tmp_path / "a.zip", "1.jpg", "2.jpg"), tmp_path / "out")
    bad = with_a_wrong_sum(one_set(tmp_path / "b.zip", "1.jpg", "3.jpg", content=b"other"))
    with pytest.raises(ValueError, match="is damaged"):
        extract_archive(bad, tmp_path / "out", replace=True)
    assert files_in(tmp_path / "out") == ["1.jpg", "2.jpg"]
    assert (tmp_path / "out" / "1.jpg").read_bytes() == b"x"
    assert archive_of(tmp_path / "out")["archive"] == "a.zip"


def test_images_that_no_archive_brought_are_left_alone(tmp_path):
    (tmp_path / "out" / "cats").mkdir(parents=True)
    (tmp_path / "out" / "cats" / "mine.jpg").write_bytes(b"mine")
    for replace in (False, True):
        with pytest.raises(ValueError, match=r"holds 1 images that no archive brought, .*mine\.jpg among them"):
            extract_archive(one_set(tmp_path / "a.zip", "1.jpg"), tmp_path / "out", replace=replace)
    assert files_in(tmp_path / "out") == ["cats/mine.jpg"]
    assert not (tmp_path / "out" / archives.MARK).exists()


@pytest.mark.parametrize("pack", [zip_of, lambda path, members: tar_of(path, members, "w:gz")])
def test_what_was_unpacked_by_hand_from_the_same_archive_is_taken_for_it(tmp_path, pack):
    (tmp_path / "out" / "lines").mkdir(parents=True)
    (tmp_path / "out" / "lines" / "a.jpg").write_bytes(b"first")
    extract_archive(pack(tmp_path / "x", IMAGES), tmp_path / "out")
    assert files_in(tmp_path / "out") == ["lines/a.jpg", "lines/deep/B.PNG"]
    assert archive_of(tmp_path / "out")["archive"] == "x"


def test_an_image_of_the_same_name_and_size_is_not_taken_for_the_archives(tmp_path):
    (tmp_path / "out" / "lines").mkdir(parents=True)
    (tmp_path / "out" / "lines" / "a.jpg").write_bytes(b"other")
    with pytest.raises(ValueError, match=r"1 images that no archive brought, .*a\.jpg among them"):
        extract_archive(zip_of(tmp_path / "x.zip", IMAGES), tmp_path / "out")
    assert (tmp_path / "out" / "lines" / "a.jpg").read_bytes() == b"other"


def test_images_added_by_hand_are_not_removed_with_the_old_set(tmp_path):
    extract_archive(one_set(tmp_path / "a.zip", "1.jpg"), tmp_path / "out")
    (tmp_path / "out" / "mine.jpg").write_bytes(b"mine")
    with pytest.raises(ValueError, match=r"holds 2 images, and a\.zip brought no more than 1; move the others away"):
        extract_archive(one_set(tmp_path / "b.zip", "2.jpg"), tmp_path / "out", replace=True)
    assert files_in(tmp_path / "out") == ["1.jpg", "mine.jpg"]


def test_a_folder_of_other_files_is_filled(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "notes.txt").write_text("mine")
    assert len(extract_archive(one_set(tmp_path / "a.zip", "1.jpg"), tmp_path / "out")) == 1


def cut_off_at(monkeypatch, name, archive, folder, **options):
    """Unpack as if the process were killed where a function of the module is called."""
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(archives, name, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        extract_archive(archive, folder, **options)


def test_a_set_whose_unpacking_was_cut_off_is_not_trained_on_and_yields_to_a_better_archive(tmp_path):
    names = [f"{i}.jpg" for i in range(5)]
    whole = one_set(tmp_path / "again.zip", *names)
    with pytest.raises(ValueError, match="is damaged"):
        extract_archive(with_a_wrong_sum(one_set(tmp_path / "set.zip", *names)), tmp_path / "set")
    with pytest.raises(ValueError, match=r"set is not whole: unpacking set\.zip began .* with it: extract_archive"):
        load_dataset("set", 8, 1, data_folder=tmp_path)
    extract_archive(whole, tmp_path / "set")
    assert files_in(tmp_path / "set") == names
    assert archive_of(tmp_path / "set")["whole"]
    assert in_progress.left_in(tmp_path / "set") is None


def test_a_replacement_that_was_cut_off_halfway_is_ended_by_the_same_call(tmp_path, monkeypatch):
    extract_archive(one_set(tmp_path / "a.zip", "1.jpg", "2.jpg"), tmp_path / "out")
    new = one_set(tmp_path / "b.zip", "2.jpg", "3.jpg", content=b"y")
    cut_off_at(monkeypatch, "_put_away", new, tmp_path / "out", replace=True)
    assert in_progress.left_in(tmp_path / "out")
    extract_archive(new, tmp_path / "out")
    assert files_in(tmp_path / "out") == ["2.jpg", "3.jpg"]
    assert (tmp_path / "out" / "2.jpg").read_bytes() == b"y"


def test_two_processes_do_not_unpack_into_one_folder(tmp_path):
    with in_progress.folder_lock(tmp_path / "out", "unpacking"), pytest.raises(in_progress.FolderInUse):
        extract_archive(one_set(tmp_path / "a.zip", "1.jpg"), tmp_path / "out")


def test_a_mark_that_somebody_changed_is_taken_for_another_archives(tmp_path):
    archive = one_set(tmp_path / "a.zip", "1.jpg")
    extract_archive(archive, tmp_path / "out")
    (tmp_path / "out" / archives.MARK).write_text("[")
    with pytest.raises(ValueError, match="another archive, an archive unknown"):
        extract_archive(archive, tmp_path / "out")


@pytest.mark.parametrize(
    ("archive", "name"),
    [
        ("pokemon.zip", "pokemon"),
        ("pokemon.v1.zip", "pokemon.v1"),
        ("pokemon.v2.zip", "pokemon.v2"),
        ("a/b/pokemon.tar.gz", "pokemon"),
        ("C:\\Users\\me\\pokemon.TGZ", "pokemon"),
        ("pokemon.tar", "pokemon"),
        ("pokemon (1).zip", "pokemon (1)"),
        (" pokemon .zip", "pokemon"),
        ("pokemon..zip", "pokemon"),
        ("data.2024-05-01", "data.2024-05-01"),
        ("Poke\u0301mon.zip", "Pokémon"),
        ("three lines.zip", "three lines"),
    ],
)
def test_an_archive_names_its_folder(archive, name):
    assert data_name(archive, taken=["lines"]) == name


@pytest.mark.parametrize(
    ("archive", "problem"),
    [
        (".zip", "leaves '' as the name"),
        ("", "leaves '' as the name"),
        ("uploads/.tar.gz", "leaves '' as the name"),
        ("...zip", "leaves '' as the name"),
        (".hidden.zip", "leaves '.hidden' as the name"),
        ("__MACOSX.zip", "none for images"),
        ("lost+found.tar", "none for images"),
        ("lines.zip", "the folder lines, which belongs to what the project brings or draws"),
        ("Lines.ZIP", "the folder Lines, which belongs"),
        ("generators.zip", "belongs to what the project brings"),
        ("nul.zip", "not every system can hold"),
        ("a:b.zip", "not every system can hold"),
        ("a\nb.zip", "not every system can hold"),
        ("x" * 300 + ".zip", "more than 200 bytes"),
    ],
)
def test_what_cannot_be_a_folder_is_refused(archive, problem):
    with pytest.raises(ValueError, match=re.escape(problem)) as refusal:
        data_name(archive, taken=["lines"])
    assert str(refusal.value).isprintable() and "give the archive another name" in str(refusal.value)


# ------------------------------------------------------------------------------------------------- damaged, unsafe


def test_a_member_that_is_a_file_and_a_folder_is_refused(tmp_path):
    archive = zip_of(tmp_path / "x.zip", [("a.jpg", b""), ("a.jpg/b.jpg", b"")])
    with pytest.raises(ValueError, match="a file and a folder"):
        extract_archive(archive, tmp_path / "out")


def test_a_link_that_lies_in_the_folder_leads_nowhere(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "elsewhere").mkdir()
    try:
        (tmp_path / "out" / "lines").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    except OSError:
        pytest.skip("this system lets nobody make links")
    with pytest.raises(ValueError, match="a link that leaves"):
        extract_archive(zip_of(tmp_path / "x.zip", IMAGES), tmp_path / "out")
    assert files_in(tmp_path / "elsewhere") == []


def test_a_missing_archive_says_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no archive .*data\.zip: upload"):
        extract_archive(tmp_path / "data.zip", tmp_path)


@pytest.mark.parametrize("content", [b"", b"PK nonsense", b"no archive at all" * 100, b"\x1f\x8b\x08 half a gzip"])
def test_what_is_no_archive_is_called_damaged(tmp_path, content):
    (tmp_path / "data.zip").write_bytes(content)
    with pytest.raises(ValueError, match=r"data\.zip is damaged, or neither zip nor tar"):
        extract_archive(tmp_path / "data.zip", tmp_path / "out")


@pytest.mark.parametrize("pack", [zip_of, lambda path, members: tar_of(path, members, "w:gz")])
def test_an_archive_cut_short_leaves_only_whole_files(tmp_path, pack):
    noise = random.Random(0).randbytes
    contents = [(f"{i}.jpg", noise(20_000)) for i in range(5)]
    archive = pack(tmp_path / "x", contents)
    archive.write_bytes(archive.read_bytes()[:50_000])
    with pytest.raises(ValueError, match="is damaged"):
        extract_archive(archive, tmp_path / "out")
    assert all((tmp_path / "out" / name).read_bytes() == dict(contents)[name] for name in files_in(tmp_path / "out"))


def test_an_archive_without_an_image_says_so(tmp_path):
    with pytest.raises(ValueError, match="holds no image; put images into it"):
        extract_archive(zip_of(tmp_path / "x.zip", OTHERS), tmp_path / "out")


def test_a_written_archive_unpacks_to_the_same_files(tmp_path):
    names = ["images/a.png", "images/deep/é.jpg", "losses.csv"]
    for name in names:
        (tmp_path / "run" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "run" / name).write_bytes(name.encode() * 100)
    archive = write_archive(tmp_path / "run" / "output.zip", (tmp_path / "run").rglob("*"), root=tmp_path)
    with zipfile.ZipFile(archive) as file:
        kinds = {info.filename: info.compress_type for info in file.infolist()}
        assert sorted(kinds) == sorted(f"run/{name}" for name in names)
        assert file.read("run/images/deep/é.jpg") == names[1].encode() * 100
    assert kinds["run/images/a.png"] == zipfile.ZIP_STORED
    assert kinds["run/losses.csv"] == zipfile.ZIP_DEFLATED


def test_names_are_relative_to_the_deepest_common_folder_by_default(tmp_path):
    for name in ("a/1.png", "b/2.png"):
        (tmp_path / "images" / name).parent.mkdir(parents=True)
        (tmp_path / "images" / name).write_bytes(b"")
    archive = write_archive(tmp_path / "x.zip", sorted((tmp_path / "images").rglob("*.png")))
    assert zipfile.ZipFile(archive).namelist() == ["a/1.png", "b/2.png"]


def test_packing_nothing_is_an_error_and_leaves_no_archive(tmp_path):
    with pytest.raises(ValueError, match="no file to pack"):
        write_archive(tmp_path / "x.zip", [])
    assert not (tmp_path / "x.zip").exists()


def test_a_file_outside_the_root_is_refused(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "out.png").write_bytes(b"")
    with pytest.raises(ValueError, match="lies outside"):
        write_archive(tmp_path / "x.zip", [tmp_path / "out.png"], root=tmp_path / "in")


def test_an_archive_whose_packing_was_cut_off_is_packed_anew_and_nothing_is_left(tmp_path, capsys):
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / f".output.zip.{2**31 - 2}-0a1b2c.part").write_bytes(b"PK")
    write_archive(tmp_path / "output.zip", [tmp_path / "a.txt"])
    assert "output.zip: it was not finished" in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "output.zip"]
    write_archive(tmp_path / "output.zip", [tmp_path / "a.txt"])
    assert capsys.readouterr().out == ""
