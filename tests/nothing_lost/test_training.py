"""What can befall a training, and what it leaves and says then."""

import shutil
import signal
import time
from functools import partial

import keras
import numpy as np
import pytest

from tests.conftest import build_tiny
from utils import files, runs
from utils.files import in_progress
from utils.files.in_progress import FolderInUse
from utils.files.provenance import save_image
from utils.loaders import ImageBatches, load_dataset, load_model
from utils.runs import checkpoints

pytestmark = pytest.mark.slow


class At(keras.callbacks.Callback):
    """Does something after a step, when the training's own callbacks have seen it."""

    def __init__(self, step, action):
        super().__init__()
        self.step, self.action = step, action

    def on_train_batch_end(self, batch, logs=None):
        if self.model.epoch == self.step:
            self.action()


@pytest.fixture
def network():
    """`network()` builds a small WGANGP that nothing compiles; a step takes one critic batch, and the first one two."""
    return partial(build_tiny, n_critic=1, n_critic_every_100th=2)


@pytest.fixture(autouse=True)
def ctrl_c_is_heard():
    """As in a terminal; what a shell starts in the background is deaf to it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def train(model, images, folder, steps, resume=False, every=2, **options):
    data = images if isinstance(images, ImageBatches) else ImageBatches.from_array(images, 4, seed=5)
    options = {"print_every_n_batches": every, "verbose": 0, "resume": resume, **options}
    return model.train(2, 2, data, 4, steps, folder, **options)


def test_a_resumed_training_says_what_was_found_and_from_where_it_goes_on(network, images, tmp_path, capsys):
    def killed():
        raise SystemExit

    with pytest.raises(SystemExit):
        train(network(), images, tmp_path, 6, callbacks=[At(3, killed)])
    train(network(), images, tmp_path, 4, resume=True, verbose=2)
    said = capsys.readouterr().out.splitlines()[0]
    assert f"{tmp_path}: 3 of 4 steps are done" in said and "Going on from step 3." in said
    assert "a training that began 20" in said
    assert not (tmp_path / in_progress.NAME).exists()
    train(network(), images, tmp_path, 4, resume=True, verbose=2)
    assert "Nothing is left to do." in capsys.readouterr().out


def test_a_training_from_the_start_says_that_it_replaces_another_one(network, images, tmp_path, capsys):
    train(network(), images, tmp_path, 2, verbose=2)
    assert "replaces" not in capsys.readouterr().out
    train(network(), images, tmp_path, 1, verbose=2)
    assert "a training of 2 steps is there, which this one replaces" in capsys.readouterr().out


def test_a_training_killed_before_its_first_checkpoint_begins_again(network, images, tmp_path):
    (tmp_path / in_progress.NAME).touch()
    model = network()
    train(model, images, tmp_path, 1, resume=True)
    assert model.epoch == 1


def test_a_second_training_in_the_same_folder_is_refused_and_the_first_goes_on(network, images, tmp_path):
    refusals = []

    def second():
        with pytest.raises(FolderInUse, match=r"in use: training by process \d+ on") as refusal:
            train(network(), images, tmp_path, 1)
        refusals.append(refusal)

    model = network()
    train(model, images, tmp_path, 2, callbacks=[At(0, second)])
    assert refusals and model.epoch == 2 and runs.read_history(tmp_path)["step"] == [0, 1]


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_other_parameters_are_not_written_over_those_of_a_training(network, images, tmp_path):
    first = network()
    first.save(tmp_path)
    train(first, images, tmp_path, 1)
    before, other = contents(tmp_path), network(z_dim=7)
    with pytest.raises(FileExistsError, match=r"training of 1 steps.*z_dim differ.*another folder.*replace=True"):
        other.save(tmp_path)
    with pytest.raises(FileExistsError, match="z_dim differ"):
        train(other, images, tmp_path, 1)
    (tmp_path / "params.json").unlink()  # the original's run has params.pkl alone
    with pytest.raises(FileExistsError, match="z_dim differ"):
        other.save(tmp_path)
    del before[tmp_path / "params.json"]
    assert contents(tmp_path) == before


def test_the_same_parameters_may_be_written_again_and_those_that_only_training_reads(network, images, tmp_path):
    network().save(tmp_path)
    train(network(), images, tmp_path, 1)
    network().save(tmp_path)
    network(grad_weight=5, critic_learning_rate=1e-5, decay_steps=9).save(tmp_path)
    assert runs.read_history(tmp_path)["step"] == [0]


def test_an_explicit_word_replaces_a_training_whole(network, images, tmp_path):
    train(network(), images, tmp_path, 2, every=1)
    network(z_dim=7).save(tmp_path, replace=True)
    assert not (tmp_path / runs.HISTORY).exists() and runs.sample_sheets(tmp_path) == []
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == {"params.json", "params.pkl"}


def test_nothing_is_saved_into_a_folder_in_which_another_process_trains(network, images, tmp_path):
    model = network()
    model.save(tmp_path)
    before, lock = contents(tmp_path), in_progress.FolderLock(tmp_path, "training", {})
    in_progress._held.clear()  # as in another process
    for write in (network(z_dim=7).save, model.save_model, runs.describe):
        with pytest.raises(FolderInUse):
            write(tmp_path)
    lock.release(done=True)
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    ("options", "named"),
    [({"every": 0}, "PRINT_EVERY_N_BATCHES is 0"), ({"steps": -1}, "EPOCHS"), ({"minutes": -1}, "MINUTES")],
)
def test_a_number_out_of_range_is_named_before_anything_is_written(network, images, tmp_path, options, named):
    with pytest.raises(ValueError, match=named):
        train(network(), images, tmp_path / "run", **{"steps": 1, **options})
    assert not (tmp_path / "run").exists()


def test_ctrl_c_stops_after_the_step_writes_a_checkpoint_and_says_how_to_go_on(network, images, tmp_path):
    whole = network()
    train(whole, images, tmp_path / "whole", 5)
    model = network()
    with pytest.raises(KeyboardInterrupt, match=r"Stopped after 3 of 5 steps.*resume=True"):
        train(
            model,
            images,
            tmp_path / "parts",
            5,
            every=100,
            callbacks=[At(1, lambda: signal.raise_signal(signal.SIGINT))],
        )
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler and model.epoch == 3
    resumed = network()
    train(resumed, images, tmp_path / "parts", 5, resume=True)
    assert resumed.d_losses[3:] == whole.d_losses[3:] and resumed.g_losses[3:] == whole.g_losses[3:]


def test_a_training_that_a_callback_of_ones_own_ends_is_saved_where_it_ended(network, images, tmp_path):
    """Keras' EarlyStopping, say: it comes after the training's own callbacks."""
    whole, model = network(), network()
    train(whole, images, tmp_path / "whole", 5)
    train(
        model,
        images,
        tmp_path / "ended",
        5,
        every=100,
        callbacks=[At(1, lambda: setattr(model, "stop_training", True))],
    )
    assert model.epoch == 2
    resumed = network()
    train(resumed, images, tmp_path / "ended", 5, resume=True)
    assert resumed.d_losses[2:] == whole.d_losses[2:] and resumed.g_losses[2:] == whole.g_losses[2:]


def test_an_interrupt_in_a_notebook_ends_the_cell_without_an_error(network, images, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(checkpoints, "in_notebook", lambda: True)
    train(network(), images, tmp_path, 5, callbacks=[At(1, lambda: signal.raise_signal(signal.SIGINT))])
    assert "Stopped after 3 of 5 steps" in (said := capsys.readouterr().out) and 'MODE = "load"' in said


def test_a_second_interrupt_stops_at_once_and_the_network_in_memory_can_go_on(network, images, tmp_path):
    def twice():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    model = network()
    with pytest.raises(KeyboardInterrupt):
        train(model, images, tmp_path, 5, callbacks=[At(2, twice)])
    assert model.epoch == len(model.d_losses) == len(model.g_losses) == len(model.step_seconds) == 3
    train(model, images, tmp_path, 2)
    assert runs.read_history(tmp_path)["step"] == [0, 1, 2, 3, 4]


def test_a_full_disk_stops_the_training_with_a_sentence_and_whole_files(network, images, small_disk):
    def fill():
        left = shutil.disk_usage(small_disk).free - 20_000
        (small_disk / "film.mp4").write_bytes(bytes(left))

    model = network()
    with pytest.raises(OSError, match="could not be written: the disk is full"):
        train(model, images, small_disk / "run", 9, callbacks=[At(0, fill)])
    assert runs.read_history(small_disk / "run")["step"] == [0]
    (small_disk / "film.mp4").unlink()
    resumed = network()
    train(resumed, images, small_disk / "run", 4, resume=True)
    assert resumed.epoch == 4 and not [path for path in small_disk.rglob(".*") if path.is_file()]


def test_a_read_only_folder_is_said_before_the_first_step(network, images, read_only_folder):
    model = network()
    with pytest.raises(OSError, match="is read-only, or not yours to write to"):
        train(model, images, read_only_folder / "run", 2)
    assert model.epoch == 0


def test_a_run_folder_that_vanishes_is_laid_anew_with_all_that_resuming_needs(network, images, tmp_path):
    model = network()
    files.write_json(tmp_path / "run" / "params.json", model.saved_parameters())
    with pytest.warns(UserWarning, match=r"vanished before step 2 and was laid anew"):
        train(model, images, tmp_path / "run", 4, callbacks=[At(1, lambda: shutil.rmtree(tmp_path / "run"))])
    assert runs.read_history(tmp_path / "run")["step"] == [0, 1, 2, 3]
    from models.WGANGP import WGANGP

    again = load_model(WGANGP, tmp_path / "run")
    again.compile(run_eagerly=True)
    train(again, images, tmp_path / "run", 5, resume=True)
    assert again.epoch == 5


def test_a_network_that_breaks_while_its_losses_look_well_is_not_written_over_the_last_good_one(
    network, images, tmp_path
):
    model, kept = network(), []

    def keep():
        kept.append((tmp_path / "generator.h5").read_bytes())

    def spoil():
        variance = model.generator.non_trainable_variables[0]  # of the batch normalisation: no training step reads it
        variance.assign(np.full(variance.shape, np.nan))

    with pytest.raises(FloatingPointError, match=r"Step 2: .*moving.* not finite.*last good snapshot"):
        train(model, images, tmp_path, 4, callbacks=[At(0, keep), At(1, spoil)])
    assert [(tmp_path / "generator.h5").read_bytes()] == kept


def test_other_images_than_those_it_began_with_are_said_and_the_same_are_not(network, images, tmp_path, recwarn):
    train(network(), images, tmp_path, 1)
    train(network(), images.copy(), tmp_path, 2, resume=True)
    assert not [warning for warning in recwarn if "data set" in str(warning.message)]
    changed = images.copy()
    changed[5] = 255 - changed[5]
    with pytest.warns(UserWarning, match=r"not the one that .* was trained on: 32 images then, 31 now"):
        train(network(), changed[:31], tmp_path, 3, resume=True)
    with pytest.warns(UserWarning, match="31 images then, 32 now"):
        train(network(), changed, tmp_path, 4, resume=True)


def test_images_that_vanish_or_change_while_a_training_reads_them_change_nothing(network, images, tmp_path):
    for i, image in enumerate(images):
        save_image(tmp_path / "data" / "set" / f"{i:02d}.png", image)

    def loaded():
        return load_dataset("set", 16, 4, data_folder=tmp_path / "data", seed=5, memory_limit=0)  # mapped from a file

    def spoil():
        save_image(tmp_path / "data" / "set" / "00.png", images[1])
        loaded()  # lays another cache, and removes the old one
        shutil.rmtree(tmp_path / "data")

    quiet, disturbed = network(), network()
    train(quiet, loaded(), tmp_path / "quiet", 3)
    train(disturbed, loaded(), tmp_path / "disturbed", 3, callbacks=[At(0, spoil)])
    assert disturbed.d_losses == quiet.d_losses


def test_a_clock_that_jumps_changes_neither_time_limit_nor_step_times(network, images, tmp_path, monkeypatch):
    now = time.time
    model = network()

    def jump():
        monkeypatch.setattr(time, "time", lambda: now() + 1e8)

    train(model, images, tmp_path, 4, minutes=30, callbacks=[At(0, jump)])
    assert model.epoch == 4 and max(model.step_seconds) < 1000
