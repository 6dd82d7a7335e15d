"""A run is a folder that explains itself."""

import json
import os
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from utils import runs
from utils.files import in_progress
from utils.runs import shipping

ROOT = Path(__file__).resolve().parents[3]
WEIGHTS = np.random.default_rng(1).normal(0, 0.02, (500, 100)).astype("float32")


def write_run(folder, steps=3):
    losses = {"d_loss": 1.5, "d_real": 2.0, "d_fake": 3.0, "d_penalty": 0.25, "g_loss": 0.5, "seconds": 2.0}
    history = {"step": list(range(steps)), **{name: [value] * steps for name, value in losses.items()}}
    runs.write_history(folder, history)
    runs.describe(folder, data_name="lines", seed=4)
    (folder / "params.json").write_text('{"z_dim": 100}')
    with h5py.File(folder / "generator.h5", "w") as file:
        file.attrs["model_config"] = "{}"
        file["model_weights/dense/kernel"] = WEIGHTS
        file["model_weights/dense"].attrs["weight_names"] = ["kernel"]


def test_a_new_run_has_the_originals_folders(tmp_path):
    folder = runs.new_run("gan", "0007", "lines", root=tmp_path)
    assert folder == tmp_path / "gan" / "0007_lines"
    assert {path.name for path in folder.iterdir()} == {"viz", "images", "weights"}
    (folder / "images" / "kept.png").touch()
    runs.new_run("gan", "0007", "lines", root=tmp_path)
    assert (folder / "images" / "kept.png").exists()


@pytest.mark.parametrize("run_id, name", [("0064", "0064_lines"), (64, "0064_lines"), ("essai 2", "essai 2_lines")])
def test_a_run_id_that_became_a_number_on_its_way_names_the_same_folder(tmp_path, run_id, name):
    assert runs.new_run("gan", run_id, "lines", root=tmp_path).name == name


@pytest.mark.parametrize("run_id", ["", "../x", "a/b", "a:b", None, 1.5, -1, True])
def test_what_names_no_folder_is_no_run_id(tmp_path, run_id):
    with pytest.raises(ValueError, match=r"RUN_ID is .*names no folder"):
        runs.new_run("gan", run_id, "lines", root=tmp_path)
    assert not list(tmp_path.iterdir())


def test_another_mode_is_refused(tmp_path):
    with pytest.raises(ValueError, match="MODE is 'resume'; choose 'build'"):
        runs.new_run("gan", "0001", "lines", root=tmp_path, mode="resume")


def test_a_training_is_not_built_over_without_an_explicit_word(tmp_path):
    folder = runs.new_run(root=tmp_path)
    write_run(folder)
    with pytest.raises(FileExistsError, match=r"training of 3 steps.*MODE = 'load'.*another RUN_ID.*REPLACE = True"):
        runs.new_run(root=tmp_path, mode="build")
    assert not (folder / in_progress.NAME).exists()
    runs.new_run(root=tmp_path, mode="load")
    runs.new_run(root=tmp_path, mode="build", replace=True)
    assert runs.read_history(folder)["step"] == [0, 1, 2]
    with pytest.raises(in_progress.FolderInUse):  # a lock is of an open file: a second one stands for another process
        in_progress.FolderLock(folder, "training", {})
    in_progress.reserve(tmp_path / "elsewhere", "training").give_back()


def test_a_run_that_another_process_holds_is_not_described_anew(tmp_path):
    folder = runs.new_run(root=tmp_path)
    before = runs.describe(folder, data_name="lines").read_bytes()
    holder = "import sys, time; from utils.files.in_progress import folder_lock\n"
    holder += "with folder_lock(sys.argv[1], 'training'): print('held', flush=True); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", holder, str(folder)], stdout=subprocess.PIPE, cwd=ROOT)
    try:
        assert process.stdout.readline()
        with pytest.raises(in_progress.FolderInUse):
            runs.describe(folder, data_name="nees")
        with pytest.raises(in_progress.FolderInUse, match="another RUN_ID"):
            runs.new_run(root=tmp_path, mode="load")
        assert (folder / "run.json").read_bytes() == before
    finally:
        process.kill()
        process.wait()


def test_history_comes_back_as_it_was_written(tmp_path):
    losses = np.random.default_rng(0).normal(size=5).astype("float32")
    written = {"step": [0, 1, 2, 3, 4], "d_real": losses.tolist(), "seconds": [0.125] * 5}
    runs.write_history(tmp_path, written)
    history = runs.read_history(tmp_path)
    assert list(history) == list(written) and history["step"] == [0, 1, 2, 3, 4] and history["seconds"] == [0.125] * 5
    assert np.array_equal(np.float32(history["d_real"]), losses)


def test_a_folder_without_history_says_that_nothing_was_trained(tmp_path):
    with pytest.raises(FileNotFoundError, match="nothing was trained"):
        runs.read_history(tmp_path)


def test_the_description_names_versions_machine_and_what_it_was_told(tmp_path):
    record = json.loads(runs.describe(tmp_path, data_name="lines", seed=4).read_text())
    assert record["data_name"] == "lines" and record["seed"] == 4
    assert {"keras", "numpy", "python"} <= set(record["versions"]) and record["machine"]["cores"] == os.cpu_count()


def test_a_run_that_goes_on_keeps_the_date_of_its_start(tmp_path):
    path = runs.describe(tmp_path, resumed=True)  # nothing to keep yet
    first = json.loads(path.read_text())
    assert "resumed" not in first
    path.write_text(json.dumps(first | {"started": "2022-05-01T12:00:00+00:00"}))
    again = json.loads(runs.describe(tmp_path, resumed=True).read_text())
    assert again["started"] == "2022-05-01T12:00:00+00:00" < again["resumed"]
    assert json.loads(runs.describe(tmp_path).read_text())["started"] > "2022-05-01"


def test_the_generator_trained_last_is_found_and_else_the_one_that_ships(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(shipping, "PROJECT", tmp_path / "project")
    with pytest.raises(FileNotFoundError, match=r"Training\.ipynb"):
        runs.any_generator()
    shipped = runs.SHIPPED_GENERATORS[1]
    shipped.parent.mkdir(parents=True)
    shipped.touch()
    assert runs.any_generator() == shipped
    for age, name in ((20, "old"), (10, "new")):
        path = runs.new_run("gan", name, "lines") / "generator.h5"
        path.touch()
        os.utime(path, (path.stat().st_mtime - age,) * 2)
    (runs.new_run("gan", "folder", "lines") / "generator.h5").mkdir()
    assert "new_lines" in str(runs.any_generator())


def test_from_another_folder_the_projects_generators_are_found(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(shipping, "PROJECT", tmp_path / "project")
    shipped = tmp_path / "project" / runs.SHIPPED_GENERATORS[0]
    shipped.parent.mkdir(parents=True)
    shipped.touch()
    assert runs.any_generator() == runs.shipped_generator() == shipped
    trained = runs.new_run(root=tmp_path / "project" / "run") / "generator.h5"
    trained.touch()
    assert runs.any_generator() == trained


def test_the_menu_names_what_ships_and_the_newest_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(shipping, "PROJECT", tmp_path / "project")
    folder = tmp_path / "project" / runs.SHIPPED_GENERATORS[0].parent
    folder.mkdir(parents=True)
    for name in ("cvae_128", "cvae_128_encoder"):
        (folder / f"{name}.h5").touch()
    for age, name in ((20, "old"), (10, "new")):
        path = runs.new_run("gan", name, "lines") / "generator.h5"
        path.touch()
        os.utime(path, (path.stat().st_mtime - age,) * 2)
    path.with_name("generator_ema.h5").touch()
    known = runs.known_generators()
    assert [*known] == ["cvae_128", "run/gan/new_lines", "run/gan/old_lines"]
    assert known["run/gan/new_lines"].name == "generator_ema.h5"
    assert [*runs.known_generators(most=1)] == ["cvae_128", "run/gan/new_lines"]


@pytest.mark.parametrize("command", ["lines", "utils/explorer"])
def test_a_command_is_started_by_its_path_from_any_folder(tmp_path, command):
    called = [sys.executable, str(ROOT / command), "--help"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(called, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and f"python -m {command.replace('/', '.')}" in done.stdout, done.stderr[-500:]


def test_a_small_generator_ships_to_the_bit(tmp_path):
    write_run(tmp_path / "run")
    card = json.loads(runs.ship(tmp_path / "run", tmp_path / "mine.h5").read_text())
    with h5py.File(tmp_path / "mine.h5") as file:
        assert np.array_equal(file["model_weights/dense/kernel"][()], WEIGHTS)
    assert card["weights"] == "float32, compressed"


def test_a_shipped_generator_has_a_card_that_tells_how_it_was_trained(tmp_path, monkeypatch):
    monkeypatch.setattr(shipping, "WHOLE_BYTES", 0)
    monkeypatch.setattr(shipping, "FEW_VALUES", 0)
    write_run(tmp_path / "run")
    card = json.loads(runs.ship(tmp_path / "run", tmp_path / "generators" / "mine.h5").read_text())
    with h5py.File(tmp_path / "generators" / "mine.h5") as file:
        assert file.attrs["model_config"] == "{}" and list(file["model_weights/dense"].attrs["weight_names"]) == [
            "kernel"
        ]
        shipped = file["model_weights/dense/kernel"][()]
    assert np.abs(shipped - WEIGHTS).max() <= WEIGHTS.std() / 50 and shipped.dtype == np.float32
    sizes = [(tmp_path / name).stat().st_size for name in ("run/generator.h5", "generators/mine.h5")]
    assert sizes[1] < 0.8 * sizes[0]
    assert card["weights"] == "float32, compressed, those of large kernels on a grid of a 25th of their deviation"
    assert card["steps"] == 3 and card["training_minutes"] == 0.1 and card["parameters"] == {"z_dim": 100}
    assert card["run"]["seed"] == 4 and card["last_losses"]["d_penalty"] == 0.25


def test_sample_sheets_come_in_the_order_of_their_steps(tmp_path):
    images = tmp_path / "images"
    images.mkdir()
    for name in ("sample_100", "sample_9", "sample_0", "Converge", "sample_x"):
        (images / f"{name}.png").touch()
    assert [step for step, _ in runs.sample_sheets(tmp_path)] == [0, 9, 100]


def test_what_only_resuming_needs_is_not_shared(tmp_path):
    write_run(tmp_path)
    (tmp_path / "weights").mkdir()
    for name in (runs.CHECKPOINT, "weights/weights.h5", ".hidden"):
        (tmp_path / name).touch()
    names = {path.name for path in runs.files_to_share(tmp_path)}
    assert names == {"weights.h5", "history.csv", "run.json", "params.json", "generator.h5"}
