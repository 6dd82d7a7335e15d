"""The file of a trial: named once, whole whenever it is read, honest about the code, and what is told from it."""

import json
import math
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks import trial
from benchmarks.trial import Trial, TrialRefused
from tests.benchmarks.trials import reading, record

ROOT = Path(__file__).resolve().parents[2]
FACTS = {"training": {"recipe": "three_lines", "seed": 1}, "command": "python ...", "versions": {}, "machine": {}}
WRITER = """
import sys
from benchmarks.trial import Trial
one = Trial("killed", sys.argv[1])
one.begin({"recipe": "three_lines"}, "python ...", {}, {}, None)
print("begun", flush=True)
step = 0
while True:
    one.read({"step": step, "minutes": step / 60, "adherence": 0.5})
    step += 1
"""


def only_file(folder):
    (path,) = [path for path in folder.glob("*") if not path.name.startswith(".")]
    return path


def begun(folder, name="a"):
    one = Trial(name, folder)
    one.begin(**FACTS, continues=None)
    return one


def test_a_trial_that_is_killed_leaves_its_readings(tmp_path):
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, env={"PYTHONPATH": str(ROOT)}) as writer:
        writer.stdout.readline()
        time.sleep(0.3)
        writer.kill()
    left = json.loads(only_file(tmp_path).read_text())
    assert left["ended"] is None
    assert [row["step"] for row in left["readings"]] == list(range(len(left["readings"]))) and len(left["readings"]) > 2


def test_a_reading_stands_in_the_file_as_soon_as_it_is_made(tmp_path):
    one = begun(tmp_path)
    one.read(reading(100, 0.5, 1 / 3))
    (row,) = json.loads(only_file(tmp_path).read_text())["readings"]
    assert row["step"] == 100 and row["minutes"] == 0.5 and row["adherence"] == 0.33333


def test_a_file_is_named_after_its_day_and_its_trial_and_a_reading_takes_one_line(tmp_path):
    trial.write(record("three_lines_seed1"), tmp_path)
    path = only_file(tmp_path)
    assert path.name == "2026-11-25-three_lines_seed1.json"
    assert sum('"minutes"' in line and '"step"' in line for line in path.read_text().splitlines()) == 3
    assert trial.all_trials(tmp_path) == [record("three_lines_seed1")]


def test_a_second_trial_of_a_name_is_refused_with_the_way_out_and_the_first_stays(tmp_path):
    trial.write(record("a"), tmp_path)
    before = only_file(tmp_path).read_bytes()
    with pytest.raises(TrialRefused, match=r"called a already \(.*-a\.json\): choose another --name\.$"):
        Trial("a", tmp_path, resume=True)
    assert only_file(tmp_path).read_bytes() == before


def test_a_name_that_the_log_has_of_a_trial_without_a_file_is_refused(tmp_path):
    with pytest.raises(TrialRefused, match=r"called k1 already \(LOG\.md\)"):
        Trial("k1", tmp_path, taken={"k1"})


@pytest.mark.parametrize("name", ["", "a b", "../a", "é", "-a", "a,b"])
def test_a_name_that_makes_no_file_is_refused(tmp_path, name):
    with pytest.raises(TrialRefused, match="choose a --name of letters"):
        Trial(name, tmp_path)


def test_a_killed_trial_goes_on_in_its_file_from_the_readings_that_its_run_folder_kept(tmp_path):
    first = begun(tmp_path)
    for step in (0, 100, 200):
        first.read(reading(step, step / 100, 0.5))
    with pytest.raises(TrialRefused, match="or let it go on by --resume"):
        Trial("a", tmp_path)
    second = Trial("a", tmp_path, resume=True)
    second.check(FACTS["training"], continues="a")
    second.begin(**FACTS, continues="a", first_step=101, readings=first.record["readings"][:2])
    second.read(reading(200, 2.1, 0.6))
    second.end("all steps done")
    (left,) = trial.all_trials(tmp_path)
    assert [row["minutes"] for row in left["readings"]] == [0.0, 1.0, 2.1]
    assert left["first_step"] == 0 and left["continues"] is None and left["started"] == first.record["started"]


@pytest.mark.parametrize(
    ("training", "continues", "why"),
    [
        ({"recipe": "three_lines", "seed": 2}, "a", "it began with another seed"),
        (FACTS["training"], "b", "the run folder holds b"),
        (FACTS["training"], None, "the run folder holds no trial"),
    ],
)
def test_a_killed_trial_goes_on_only_as_what_it_was(tmp_path, training, continues, why):
    begun(tmp_path)
    with pytest.raises(TrialRefused, match=f"a cannot go on: {why}.*choose another --name"):
        Trial("a", tmp_path, resume=True).check(training, continues)


def test_a_killed_trial_does_not_go_on_with_other_code(tmp_path, monkeypatch):
    monkeypatch.setattr(trial, "code_of", lambda root: ("0" * 40, []))
    begun(tmp_path)
    monkeypatch.setattr(trial, "code_of", lambda root: ("0" * 40, ["models/losses.py"]))
    with pytest.raises(TrialRefused, match="its code was that of commit 0000"):
        Trial("a", tmp_path, resume=True).check(FACTS["training"], "a")


def test_a_killed_trial_is_closed_by_name_and_one_that_has_ended_is_not(tmp_path):
    begun(tmp_path)
    trial.close("a", tmp_path)
    (left,) = trial.all_trials(tmp_path)
    assert left["outcome"] == "killed" and not trial.is_open(left)
    with pytest.raises(TrialRefused, match="a has ended already"):
        trial.close("a", tmp_path)
    with pytest.raises(TrialRefused, match="b is not in"):
        trial.close("b", tmp_path)


def test_trials_are_read_the_newest_first(tmp_path):
    for name, day in (("a", 24), ("b", 26), ("c", 25)):
        trial.write(record(name, started=f"2026-11-{day}T10:00:00+00:00"), tmp_path)
    assert [one["name"] for one in trial.all_trials(tmp_path)] == ["b", "c", "a"]


@pytest.mark.parametrize("content", ["{}", "[]", '{"name": "a"', json.dumps(record("b"))])
def test_a_file_that_is_no_trial_of_its_name_is_refused_by_its_path(tmp_path, content):
    (tmp_path / "2026-11-25-a.json").write_text(content)
    with pytest.raises(ValueError, match=r"2026-11-25-a\.json"):
        trial.all_trials(tmp_path)


@pytest.mark.parametrize(
    ("rows", "minutes"),
    [
        ([reading(0, 1, 0.49), reading(1, 2, 0.5)], 2),
        ([reading(0, 1, 0.6, different=0.89), reading(1, 2, 0.6)], 2),
        ([reading(0, 1, 0.6, divergence_y2=0.11), reading(1, 2, 0.6)], 2),
        ([reading(0, 1, 0.6), reading(1, 2, 0.7)], 1),
        ([reading(0, 1, 0.4)], math.inf),
        ([], math.inf),
    ],
)
def test_the_time_to_half_is_that_of_the_first_reading_where_nothing_has_collapsed(rows, minutes):
    assert trial.minutes_to_half({"readings": rows}) == minutes


@pytest.fixture
def repository(tmp_path):
    """A working tree of one commit, with a module and a page."""
    (tmp_path / "losses.py").write_text("1\n")
    (tmp_path / "LOG.md").write_text("1\n")
    for words in (["init", "-q"], ["add", "."], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "One"]):
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True)
    return tmp_path


def test_a_clean_tree_is_told_from_one_whose_code_was_changed(repository):
    commit, changed = trial.code_of(repository)
    assert len(commit) == 40 and changed == []
    (repository / "LOG.md").write_text("2\n")
    (repository / "tests").mkdir()
    (repository / "tests" / "test_losses.py").write_text("1\n")
    assert trial.code_of(repository) == (commit, [])
    (repository / "losses.py").write_text("2\n")
    (repository / "new.py").write_text("1\n")
    assert trial.code_of(repository) == (commit, ["losses.py", "new.py"])


def test_a_copy_without_history_has_no_commit_even_below_a_working_tree(repository, tmp_path_factory):
    (repository / "copy").mkdir()
    assert trial.code_of(repository / "copy") == (None, None)
    assert trial.code_of(tmp_path_factory.mktemp("copy")) == (None, None)
