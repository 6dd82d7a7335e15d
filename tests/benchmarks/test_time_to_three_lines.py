"""A tiny trial from the command line to its file and the log: run, gone on with, killed, refused."""

import json
import shutil
from types import SimpleNamespace

import pytest

from benchmarks import log, time_to_three_lines, trial
from models.WGANGP import WGANGP
from tests.benchmarks.trials import record

pytestmark = pytest.mark.slow

TINY = [
    *("--recipe", "published", "--divide", "64", "--n-critic", "1", "--batch-size", "2", "--precision", "float32"),
    *("--every", "1", "--measured", "30", "--seed", "3", "--set", "z_dim=5", "loss=gan"),
]


class Project:
    """A folder with a log, where few images are trained on by a network that nothing compiles or draws."""

    def __init__(self, folder, patch):
        self.folder, self.trials = folder, folder / "benchmarks" / "trials"
        self.trials.mkdir(parents=True)
        shutil.copy(log.page_of(), log.page_of(self.trials))
        patch.setattr(time_to_three_lines, "WGANGP", self.network)
        patch.setattr(time_to_three_lines, "DATA_COUNT", 16)
        patch.setattr(time_to_three_lines, "READINGS", 20)

    def network(self, **keywords):
        gan = WGANGP(**keywords)
        gan.compile(run_eagerly=True)
        gan.plot_model = lambda folder: None
        return gan

    def run(self, *words):
        time_to_three_lines.main([*TINY, *words, "--out", str(self.folder / "run"), "--trials", str(self.trials)])

    def record(self, name):
        return next(one for one in trial.all_trials(self.trials) if one["name"] == name)

    def logged(self):
        return log.names_in(log.page_of(self.trials).read_text("utf-8"))


@pytest.fixture
def project(tmp_path, monkeypatch):
    return Project(tmp_path, monkeypatch)


@pytest.fixture(scope="module")
def two_stages(tmp_path_factory):
    """A project with a trial of one step, and another of one more step that goes on from it."""
    with pytest.MonkeyPatch.context() as patch:
        project = Project(tmp_path_factory.mktemp("two stages"), patch)
        project.run("--steps", "1")
        project.run("--steps", "2", "--name", "later", "--resume")
        yield project


def test_a_trial_leaves_a_file_that_says_all(two_stages):
    one = two_stages.record("published_seed3")
    training = one["training"]
    assert training["seed"] == 3 and training["recipe"] == "published" and training["paints"] == "pixels"
    assert training["changed"] == {"divide": 64, "batch_size": 2, "n_critic": 1, "z_dim": 5, "loss": "gan"}
    assert training["precision"] == "float32" and training["backend"] in one["versions"]
    assert one["command"].startswith("python -m benchmarks.time_to_three_lines --recipe published --divide 64")
    assert one["machine"]["cores"] and isinstance(one["machine"]["flags"], list)
    assert [row["step"] for row in one["readings"]] == [0]
    assert {"minutes", "adherence", "different", "divergence_y2"} <= set(one["readings"][0])
    assert one["final"]["images"] == 30 and one["outcome"] == "all steps done" and one["first_step"] == 0


def test_a_trial_that_goes_on_from_another_names_it_and_has_its_readings_too(two_stages):
    one = two_stages.record("later")
    assert one["continues"] == "published_seed3" and one["first_step"] == 1
    assert [row["step"] for row in one["readings"]] == [0, 1]
    assert json.loads((two_stages.folder / "run" / "run.json").read_text())["trial"] == "later"


def test_trials_that_have_ended_stand_in_the_log(two_stages):
    assert {"published_seed3", "later"} <= set(two_stages.logged())


def test_a_trial_that_has_no_step_left_to_do_is_refused_and_leaves_no_file(two_stages):
    with pytest.raises(SystemExit, match="has done 2 steps: ask for more by --steps"):
        two_stages.run("--steps", "2", "--name", "idle", "--resume")
    assert not list(two_stages.trials.glob("*idle*"))
    assert json.loads((two_stages.folder / "run" / "run.json").read_text())["trial"] == "later"


def test_a_killed_trial_leaves_its_readings_and_goes_on_in_its_own_file(project, monkeypatch):
    class Killed(BaseException):
        pass

    read = trial.Trial.read

    def read_and_die(self, row):
        read(self, row)
        if row["step"] == 1:
            raise Killed

    trial.write(record("published_seed3"), project.trials)  # so that a trial without a name takes the next one
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(trial.Trial, "read", read_and_die)
        project.run("--steps", "3")
    left = project.record("published_seed3-2")
    assert trial.is_open(left) and [row["step"] for row in left["readings"]] == [0, 1]
    assert "published_seed3-2" not in project.logged()
    project.run("--steps", "3", "--resume")
    whole = project.record("published_seed3-2")
    assert [row["step"] for row in whole["readings"]] == [0, 1, 2] and whole["outcome"] == "all steps done"
    assert whole["started"] == left["started"] and "published_seed3-2" in project.logged()


def test_a_double_name_is_refused_before_anything_is_written(project):
    trial.write(earlier := record("tiny"), project.trials)
    with pytest.raises(SystemExit, match=r"called tiny already \(.*\): choose another --name"):
        project.run("--name", "tiny", "--steps", "1")
    assert trial.all_trials(project.trials) == [earlier] and not (project.folder / "run").exists()


def test_a_name_that_the_log_has_is_refused(project):
    with pytest.raises(SystemExit, match=r"called k1 already \(LOG\.md\)"):
        project.run("--name", "k1", "--steps", "1")


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(KeyboardInterrupt(), "stopped by hand"), (FloatingPointError("Step 1:\nnan"), "blew up: Step 1: nan")],
)
def test_a_trial_that_is_stopped_by_hand_or_blows_up_says_so_in_the_log(project, monkeypatch, error, outcome):
    def train(*words, callbacks, **options):
        callbacks[0].set_model(SimpleNamespace(epoch=0))
        callbacks[0].on_train_begin()
        raise error

    def network(**keywords):
        recipe = SimpleNamespace(n_critic=1, keywords=dict)
        generator = SimpleNamespace(layers=[])
        return SimpleNamespace(
            recipe=recipe, generator=generator, precision="float32", train=train, save=lambda folder: None
        )

    monkeypatch.setattr(time_to_three_lines, "WGANGP", network)
    with pytest.raises(type(error)):
        project.run("--name", "ended", "--steps", "2")
    one = project.record("ended")
    assert one["outcome"] == outcome and one["final"] is None and "ended" in project.logged()
