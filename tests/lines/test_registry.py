"""Rules by name and by path, and a rule set of the user's own from end to end."""

import errno
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import lines
from lines import registry
from lines.__main__ import main

ROOT = Path(lines.__file__).parents[1]
OWN = """
import numpy as np

def sample(n, seed=None):
    return {"grey": np.random.default_rng(seed).integers(256, size=n)}

def draw(parameters, size=128):
    grey = parameters["grey"].astype(np.uint8)[:, None, None, None]
    return np.broadcast_to(grey, (len(grey), size, size, 3)).copy()
"""


@pytest.fixture
def own(tmp_path) -> Path:
    path = tmp_path / "greys.py"
    path.write_text(OWN)
    return path


def changed(own: Path, old: str, new: str) -> Path:
    assert old in OWN
    own.write_text(OWN.replace(old, new))
    return own


def test_rules_are_modules_by_name():
    from lines import molnar

    assert lines.rules("molnar") is molnar
    assert lines.rules("lines").draw is lines.draw


def test_helpers_of_the_folder_are_no_rules():
    assert not {"dataset", "strokes", "chance", "registry", "__main__", "__init__"} & set(lines.rule_names())


def test_a_file_laid_into_the_folder_is_found_without_running_it(tmp_path, monkeypatch):
    (tmp_path / "greys.py").write_text(OWN + "raise RuntimeError")
    (tmp_path / "helper.py").write_text("def sample(n): pass")
    monkeypatch.setattr(registry, "_FOLDER", tmp_path)
    assert lines.rule_names() == ["greys"]


@pytest.mark.parametrize("name", ["molnár", "dataset", "../lines/molnar", "os", ""])
def test_an_unknown_name_tells_the_known_ones(name):
    with pytest.raises(ValueError, match=r"there are no rules named .*lines, mohr, molnar, nake, nees"):
        lines.rules(name)


def test_rules_of_ones_own_come_by_their_path(own):
    rules = lines.rules(own)
    assert rules.draw(rules.sample(3, seed=1), 16).shape == (3, 16, 16, 3)


def test_ones_own_rules_do_not_stay_among_the_modules(own):
    lines.rules(own)
    assert "greys" not in sys.modules


def test_ones_own_rules_write_a_data_set(own, tmp_path):
    lines.write_dataset(tmp_path / "out", 3, seed=1, file_format="png", progress=False, rules=own)
    grey = lines.rules(own).sample(3, seed=1)["grey"]
    table = (tmp_path / "out" / "parameters.csv").read_text().splitlines()
    assert table == ["file,grey", *(f"greys-{i:06d}.png,{grey[i - 1]}" for i in (1, 2, 3))]
    assert np.array(Image.open(tmp_path / "out" / "greys-000002.png")).max() == grey[1]


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no file .*mine\.py"):
        lines.rules(tmp_path / "mine.py")


def test_a_name_that_no_folder_should_have_is_refused(own):
    with pytest.raises(ValueError, match="'My rules'; rename the file"):
        lines.rules(own.rename(own.with_name("My rules.py")))


def test_a_missing_function_is_named(own):
    with pytest.raises(ValueError, match=r"greys\.py lacks draw; a rule set has"):
        lines.rules(changed(own, "def draw", "def paint"))


def test_a_parameter_that_is_no_column_is_named(own):
    with pytest.raises(ValueError, match=r"gives grey the shape \(4, 2\) for 4 images"):
        lines.write_dataset(own.parent / "out", 4, rules=changed(own, "size=n)", "size=(n, 2))"))
    assert not (own.parent / "out").exists()


def test_images_of_another_kind_are_named(own):
    with pytest.raises(ValueError, match=r"gives int64 \(4, 128, 128, 3\); an array uint8 \(4, 128, 128, 3\)"):
        lines.write_dataset(own.parent / "out", 4, progress=False, rules=changed(own, ".astype(np.uint8)", ""))


def test_the_command_draws_the_gallery(tmp_path):
    command = [sys.executable, "-m", "lines", "--rules", "nees", "--count", "3", "--seed", "2"]
    command += ["--out", str(tmp_path / "nees"), "--zip", str(tmp_path / "nees.zip")]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    assert len(list((tmp_path / "nees").glob("nees-00000?.jpg"))) == 3
    assert (tmp_path / "nees.zip").stat().st_size > 3000


def test_the_archive_unpacks_to_the_name_of_the_rules(tmp_path):
    import zipfile

    lines.write_dataset(tmp_path / "out", 1, seed=1, archive=tmp_path / "a.zip", progress=False, rules="mohr")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.namelist() == ["mohr/parameters.csv", "mohr/mohr-000001.jpg"]


def test_the_folder_takes_the_name_of_the_rules(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    main(["--rules", "nake", "--count", "1"])
    assert (tmp_path / "data" / "nake" / "nake-000001.jpg").is_file()


def test_the_command_draws_a_sheet_and_nothing_else(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    main(["--rules", "molnar", "--sheet", "sheet.png", "--seed", "1", "--size", "50"])
    assert [path.name for path in tmp_path.iterdir()] == ["sheet.png"]
    assert Image.open("sheet.png").size == (4 * 54 + 4, 3 * 54 + 4)


def test_the_command_names_unknown_rules(tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--rules", "klee", "--out", str(tmp_path)])
    assert stop.value.code == 2
    assert "no rules named 'klee'; choose lines, mohr" in capsys.readouterr().err


def test_two_data_sets_never_share_a_folder(tmp_path):
    lines.write_dataset(tmp_path, 2, seed=1, progress=False)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(FileExistsError, match="another data set"):
        lines.write_dataset(tmp_path, 2, seed=1, progress=False, rules="mohr")
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_table_of_the_users_is_not_written_over(tmp_path):
    (tmp_path / "parameters.csv").write_text("my,numbers\n1,2\n")
    with pytest.raises(FileExistsError, match="does not begin with a lines-<number> image"):
        lines.write_dataset(tmp_path, 2, progress=False)


def test_y2_belongs_to_the_lines(tmp_path):
    with pytest.raises(ValueError, match="the rules nees know no y2"):
        lines.write_dataset(tmp_path / "out", 2, y2="uniform", rules="nees")


def test_a_sheet_that_cannot_be_written_is_named_and_the_way_out_is_its_own(capsys, monkeypatch):
    from lines import __main__ as command

    def full(path, **_):
        raise OSError(errno.ENODEV, "No such device", f"{path}.1.part")

    monkeypatch.setattr(command, "write_sheet", full)
    with pytest.raises(SystemExit) as ended:
        command.main(["--sheet", "away/sheet.png"])
    said = capsys.readouterr().err
    assert ended.value.code == 2 and "away/sheet.png cannot be written (No such device)" in said
    assert "--sheet" in said and "--out" not in said and ".part" not in said


def test_images_too_large_for_the_memory_end_with_one_line(tmp_path, capsys, monkeypatch):
    from lines import __main__ as command

    def full(*_, **__):
        raise MemoryError

    monkeypatch.setattr(command, "write_dataset", full)
    with pytest.raises(SystemExit):
        command.main(["--size", "200000", "--out", str(tmp_path)])
    assert "--size 200000 do not fit into memory" in capsys.readouterr().err
