"""What a training goes on from: weights written whole, the checkpoint, and the digest of the data set.

What is said of a run that goes on, is replaced or was interrupted stands here too.
"""

import hashlib
import logging
import warnings
from pathlib import Path

import numpy as np

from utils import files
from utils.figures.style import in_notebook
from utils.files.json_files import read_json
from utils.files.keras_files import check_h5
from utils.files.portable import make_portable
from utils.runs.history import HISTORY, read_history

CHECKPOINT = Path("weights") / "checkpoint.weights.h5"
DATA = Path("weights") / "data.json"
LOOKED_AT = 2**30  # bytes of a data set that are looked at to know it again: a second or so


def save_keras_model(model, path):
    """Write a Keras model whole, as .h5 or .keras by its suffix, without its optimiser, for any Keras from 3.8 on."""
    path = Path(path)
    room = _bytes_of(model.weights)
    with files.write_whole(path, suffix=path.suffix, size=room) as temporary, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # HDF5 is an old format, and the one that the original's users hold
        _quietly(model.save, temporary, include_optimizer=False)
        make_portable(temporary)
    return path


def save_weights(model, path):
    """Write a Keras model's weights whole, in the format of .weights.h5, whatever the name of `path`."""
    with files.write_whole(path, suffix=".weights.h5", size=_bytes_of(model.variables)) as temporary:
        model.save_weights(temporary)
    return Path(path)


def _bytes_of(variables):
    """How much HDF5 will write at most: the numbers, some kilobytes around each array, and a model's description."""
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
    """Bring a model back to where its run folder's last checkpoint stands: weights, optimisers, seeds, losses, step.

    Args:
        folder: the run folder.
        earlier: what a training left there that was cut off (`utils.files.in_progress`). Without a checkpoint, it was
            cut off before its first one, and the model stays as it is, at step 0.

    Raises:
        FileNotFoundError: there is no checkpoint, and no training that was cut off.
    """
    path = Path(folder) / CHECKPOINT
    if not path.exists():
        if earlier is not None:
            return
        raise FileNotFoundError(
            f"{path} does not exist, so there is nothing to resume in {folder}. Train it from the start first."
        )
    check_h5(path)
    model.load_weights(path)
    model.restore_history(read_history(folder))


def sweep(folder):
    """Remove what killed processes left half-written anywhere in a run folder."""
    for place in (".", "viz", "images", "weights"):
        files.sweep(Path(folder) / place)


def standing(model, folder, last, earlier=None):
    """Say where a training stands that is about to go on, and how the last one ended, in one line."""
    before = ""
    if earlier:
        before = f"; a training that began {earlier['since']} was {'stopped' if earlier.get('ended') else 'cut off'}"
    found = f"{folder}: {model.epoch} of {last} steps are done, in {sum(model.step_seconds) / 60:.1f} minutes{before}."
    return f"{found} " + (f"Going on from step {model.epoch}." if model.epoch < last else "Nothing is left to do.")


def say_replaced(folder):
    """Say so where a training from step 0 is about to replace another one."""
    path = Path(folder) / HISTORY
    if path.exists():
        with open(path, "rb") as lines:
            steps = sum(1 for _ in lines) - 1
        print(
            f"{folder}: a training of {steps} steps is there, which this one replaces from step 0 on. To go on with "
            'it, stop now and give resume=True (in the notebook MODE = "load"); to keep both, choose another folder.'
        )


def say_interrupted(model, folder, last):
    """Say how to go on after an interrupt, once all is written; outside of a notebook the program ends with it."""
    said = (
        f"Stopped after {model.epoch} of {last} steps, and all is written to {folder}. resume=True goes on from here "
        'with the next start (in the notebook MODE = "load").'
    )
    if not in_notebook():
        raise KeyboardInterrupt(said)
    print(said)


def fingerprint_of(images):
    """What a run remembers of its data set, to know it again: the number of images, their shape, and a digest.

    The digest is of all images up to a gigabyte, else of as many as make one, evenly chosen.

    Args:
        images: `ImageBatches`.

    Returns:
        dict of values that JSON can hold.
    """
    count, shape = len(images.images), images.images.shape[1:]
    chosen = np.linspace(0, count - 1, min(count, max(1, LOOKED_AT // int(np.prod(shape))))).astype(int)
    digest = hashlib.blake2b(digest_size=8)
    for part in np.array_split(chosen, 1 + len(chosen) // 1000):
        digest.update(np.ascontiguousarray(images.take(part)))
    return {"images": count, "shape": list(shape), "digest": digest.hexdigest()}


def compare_data(folder, images, resume):
    """Remember in a run folder what it is trained on; warn where a training goes on with something else.

    Args:
        folder: the run folder.
        images: `ImageBatches`.
        resume: whether a training goes on.

    Returns:
        What `fingerprint_of` gives of it.
    """
    path, now = Path(folder) / DATA, fingerprint_of(images)
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
