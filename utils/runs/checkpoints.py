"""Checkpoints: saved models and weights, resuming, and the data set's digest.

The messages about a run that is resumed, replaced or interrupted are printed here too.
"""

import hashlib
import json
import logging
import warnings
from pathlib import Path

import numpy as np

from utils import files
from utils.figures.style import in_notebook
from utils.files.hdf5 import open_h5, without_locks
from utils.files.json_files import read_json
from utils.files.keras_files import check_h5, read_params
from utils.files.portable import make_portable
from utils.runs import telling
from utils.runs.history import HISTORY, read_history
from utils.speech import number

CHECKPOINT = Path("weights") / "checkpoint.weights.h5"
DATA = Path("weights") / "data.json"
OF_TRAINING = {  # parameters that say how a network is trained: those of a training may change, and it still loads
    *("batch_size", "optimiser", "learning_rate", "critic_learning_rate", "generator_learning_rate", "grad_weight"),
    *("beta_1", "beta_2", "decay_steps", "warm_up_steps", "n_critic", "n_critic_every_100th", "generator_steps"),
    *("loss", "penalty", "critic_augment"),
    *("critic_dropout_rate", "generator_dropout_rate"),
}
REPLACED = (  # what a training leaves, but for its pictures; `make_way` removes it where another one is to begin
    *("params.json", "params.pkl", "run.json", HISTORY, "readings.csv", DATA, CHECKPOINT, "weights/weights.h5"),
    *(f"{name}.h5" for name in ("model", "generator", "generator_ema", "critic", "encoder")),
    *("images/Converge.png", "images/Learning.png"),
)
FACTS, MOST_FACTS = "data_set", 4096  # attribute of a generator's file with what it was trained on; its characters
MAX_DIGEST_BYTES = 2**30  # bytes of a data set that enter its digest, about a second's work


def save_keras_model(model, path, facts=None):
    """Save a Keras model whole, without its optimiser, for any Keras from 3.8 on.

    Args:
        model: Keras model.
        path: the file, .h5 or .keras.
        facts: what it was trained on, a dict of plain values (`ImageBatches.facts`), for a .h5 file only: it stands
            there as an attribute, which Keras passes over.

    Returns:
        The file's `Path`.
    """
    path = Path(path)
    size = _bytes_of(model.weights)
    with files.write_whole(path, suffix=path.suffix, size=size) as temporary, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras calls HDF5 a legacy format; the original's files have it
        with without_locks():
            _quietly(model.save, temporary, include_optimizer=False)
        make_portable(temporary)
        if facts and path.suffix == ".h5" and len(text := json.dumps(facts)) <= MOST_FACTS:
            with open_h5(temporary, "r+") as file:
                file.attrs[FACTS] = text
    return path


def save_weights(model, path):
    """Save a Keras model's weights whole, in the format .weights.h5 whatever the name of `path`; returns the path."""
    with files.write_whole(path, suffix=".weights.h5", size=_bytes_of(model.variables)) as temporary, without_locks():
        model.save_weights(temporary)
    return Path(path)


def _bytes_of(variables):
    """An upper bound of the bytes that HDF5 writes: values, kilobytes per array, and the model's config."""
    return sum(4 * int(np.prod(variable.shape)) + 2**13 for variable in variables) + 2**17


def _quietly(call, *arguments, **keywords):
    """Call without Keras' advice on file formats, which its absl logger prints."""
    logger = logging.getLogger("absl")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        return call(*arguments, **keywords)
    finally:
        logger.setLevel(level)


def restore(model, folder, earlier=None):
    """Restore a model from its run folder's last checkpoint: weights, optimisers, seeds, losses and step.

    Args:
        model: a `models.engine.loop.TrainingLoop`.
        folder: the run folder.
        earlier: dict of the folder lock of a training that was killed there (`utils.files.in_progress`), or None. If it
            was killed before its first checkpoint, the model remains at step 0.

    Raises:
        FileNotFoundError: there is no checkpoint, and no training that was killed.
    """
    path = Path(folder) / CHECKPOINT
    if not path.exists():
        if earlier is not None:
            return
        raise FileNotFoundError(
            f"{path} does not exist, so there is nothing to resume in {folder}. Train it from the start first, or take "
            "resume.zip, which has it, where output.zip was unpacked."
        )
    check_h5(path)
    model.load_weights(path)
    model.restore_history(read_history(folder))


def sweep(folder):
    """Remove the temporary files of killed processes from a run folder."""
    for place in (".", "viz", "images", "weights"):
        files.sweep(Path(folder) / place)


def progress_line(model, folder, last, earlier=None):
    """The line printed at a resume: the steps done, and how the last training ended.

    Args:
        model: the restored model.
        folder: the run folder.
        last: number of steps at which the training ends.
        earlier: as in `restore`.
    """
    before = ""
    if earlier:
        before = telling.text("stopped" if earlier.get("ended") else "cut off", since=earlier["since"])
    minutes = number(sum(model.step_seconds) / 60, ".1f")
    found = telling.text("resumed", folder=folder, done=model.epoch, last=last, minutes=minutes, before=before)
    return f"{found} " + telling.text("going on" if model.epoch < last else "nothing left", step=model.epoch)


def steps_in(folder):
    """How many steps were trained in a run folder; 0 where only networks or weights lie there, None where nothing."""
    folder = Path(folder)
    if (folder / HISTORY).is_file():
        with open(folder / HISTORY, "rb") as lines:
            return max(0, sum(1 for _ in lines) - 1)
    trained = (CHECKPOINT, "weights/weights.h5", "generator.h5", "model.h5")
    return 0 if any((folder / name).exists() for name in trained) else None


def see_free(folder, why="MODE = 'build' would replace it"):
    """See that nothing was trained in a run folder.

    Raises:
        FileExistsError: something was; the message says how much, and what can be done.
    """
    steps = steps_in(folder)
    if steps is not None:
        of = f" of {steps} steps" if steps else ""
        raise FileExistsError(
            f"{folder} holds a training{of}, and {why}. To go on with it, MODE = 'load' (resume=True); to keep it, "
            "another RUN_ID (another folder); to replace it, REPLACE = True (save(folder, replace=True))"
        )


def make_way(folder, parameters, replace=False):
    """Before a network's parameters are written into a run folder: see that they are of the training there, if any.

    Args:
        folder: the run folder, held by this process.
        parameters: what params.json will hold.
        replace: remove what an earlier training left there, whatever its parameters.

    Raises:
        FileExistsError: a training with other parameters is there, which could not be loaded any more.
    """
    folder = Path(folder)
    if replace:
        drawn = [
            path for pattern in ("images/sample_*.png", "generators/generator_*.h5") for path in folder.glob(pattern)
        ]
        for name in (*REPLACED, *(path.relative_to(folder) for path in drawn)):
            (folder / name).unlink(missing_ok=True)
    elif steps_in(folder) is not None:
        now = json.loads(json.dumps(parameters))
        if (folder / "params.json").is_file():
            then = read_json(folder / "params.json")
        elif (folder / "params.pkl").is_file():  # the original's, which has no names
            then = dict(zip(now, json.loads(json.dumps(read_params(folder / "params.pkl"))), strict=False))
        else:
            then = now
        other = sorted(name for name in {*then, *now} - OF_TRAINING if then.get(name) != now.get(name))
        if other:
            see_free(folder, f"this network's {', '.join(other[:3])}{' ...' if other[3:] else ''} differ from its own")


def announce_replacement(folder):
    """Print a message if a training from step 0 is about to replace another one."""
    if steps := steps_in(folder):
        print(
            f"{folder}: a training of {steps} steps is there, which this one replaces from step 0 on. To go on with "
            'it, stop now and give resume=True (in the notebook MODE = "load"); to keep both, choose another folder.'
        )


def report_interrupt(model, folder, last):
    """Tell how to resume after an interrupt: printed in a notebook, elsewhere raised as KeyboardInterrupt."""
    said = (
        f"Stopped after {model.epoch} of {last} steps, and all is written to {folder}. resume=True goes on from here "
        'with the next start (in the notebook MODE = "load").'
    )
    if not in_notebook():
        raise KeyboardInterrupt(said)
    print(said)


def dataset_digest(images):
    """The data set's digest, by which a run recognises its data set: number of images, their shape, and a hash.

    The hash covers all images up to `MAX_DIGEST_BYTES`, else an evenly spaced subset of that size.

    Args:
        images: `ImageBatches`.

    Returns:
        Dict of values that JSON can hold: "images", "shape", "digest".
    """
    count, shape = len(images.images), images.images.shape[1:]
    chosen = np.linspace(0, count - 1, min(count, max(1, MAX_DIGEST_BYTES // int(np.prod(shape))))).astype(int)
    digest = hashlib.blake2b(digest_size=8)
    for part in np.array_split(chosen, 1 + len(chosen) // 1000):
        digest.update(np.ascontiguousarray(images.take(part)))
    return {"images": count, "shape": list(shape), "digest": digest.hexdigest()}


def check_dataset(folder, images, resume):
    """Write the data set's digest into a run folder; warn if a resumed training has another data set.

    Args:
        folder: the run folder.
        images: `ImageBatches`.
        resume: whether the training is resumed.

    Returns:
        The `dataset_digest` of `images`.
    """
    path, now = Path(folder) / DATA, dataset_digest(images)
    then = read_json(path) if resume and path.exists() else now
    if then != now:
        warnings.warn(
            f"The data set is not the one that {folder} was trained on: {then.get('images')} images then, "
            f"{now['images']} now, and what they show differs. The training goes on with what is there now; to repeat "
            "the old one, bring the old images back.",
            stacklevel=3,
        )
    if then != now or not path.exists():
        files.write_json(path, now)
    return now
