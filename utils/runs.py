"""What a training leaves behind: the run folder, and the Keras callbacks that fill it while `fit` goes on.

    run/gan/0001_lines/
        run.json            what was trained on what, with which versions, on which machine
        params.json .pkl    the network's 21 arguments
        history.csv         one line a step: step, d_loss, d_real, d_fake, d_penalty, g_loss, seconds
        generator.h5 critic.h5 model.h5, and generator_ema.h5 where a moving average was asked for; an autoencoder
                            leaves encoder.h5 in the critic's place, and its decoder as generator.h5
        weights/            weights.h5, and to go on from checkpoint.weights.h5 and data.json, the data set's digest
        .in_progress.json   while a training goes on, or after one was cut off: which process, since when
        images/             sample_0.png, sample_100.png ..., Converge.png
        viz/                drawings of the networks

Every file is written whole or not at all (`utils.files`).
"""

import csv
import datetime
import hashlib
import io
import logging
import os
import platform
import time
import warnings
from importlib import metadata
from pathlib import Path

import numpy as np

from models.fetching import Listener
from utils import files
from utils.drawing import in_notebook
from utils.errors import one_line
from utils.json_files import read_json
from utils.old_files import check_h5
from utils.portable import make_portable
from utils.progress import tqdm
from utils.quiet import keras

HISTORY = "history.csv"
LARGEST_HISTORY = 64 * 2**20  # bytes; 20,000 steps take 2 million
CHECKPOINT = Path("weights") / "checkpoint.weights.h5"
DATA = Path("weights") / "data.json"
LOOKED_AT = 2**30  # bytes of a data set that are looked at to know it again: a second or so
SHIPPED_BITS, WHOLE_BYTES = 12, 2**20
SHIPPED_GENERATORS = [Path("data/generators") / f"three_lines_128{recipe}.h5" for recipe in ("", "_faithful")]
SHIPPED_DECODER = Path("data/generators/cvae_128.h5")  # of an autoencoder; its encoder lies beside it
PACKAGES = ("keras", "tensorflow", "jax", "torch", "numpy", "pillow")


def new_run(section="gan", run_id="0001", data_name="lines", root="run"):
    """Make a run's folders, named as the original's: <root>/<section>/<run_id>_<data_name>/{viz,images,weights}.

    Returns:
        The run folder's path. Nothing that it holds already is touched.
    """
    folder = Path(root) / section / f"{run_id}_{data_name}"
    for name in ("viz", "images", "weights"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    return folder


def latest_generator(root="run"):
    """The generator.h5 below `root` written last, or the moving average beside it; None where there is none."""
    there = filter(Path.is_file, Path(root).glob("**/generator.h5"))
    found = max(there, key=lambda path: path.stat().st_mtime, default=None)
    averaged = found and found.with_name("generator_ema.h5")
    return averaged if averaged and averaged.exists() else found


def any_generator(root="run"):
    """The generator to open when a visitor names none: the one trained here last, else the best of those that ship.

    Raises:
        FileNotFoundError: there is neither.
    """
    found = latest_generator(root)
    for path in filter(None, [found, *SHIPPED_GENERATORS]):
        if path.exists():
            return path
    raise FileNotFoundError(
        f"There is no generator.h5 in {root}/ and none in {SHIPPED_GENERATORS[0].parent}/. Train one with "
        f"notebooks/Training.ipynb, or give the path of yours."
    )


def shipped_generator():
    """The best GAN generator of those that ship.

    Raises:
        FileNotFoundError: none is there.
    """
    for path in SHIPPED_GENERATORS:
        if path.exists():
            return path
    raise FileNotFoundError(f"There is no {SHIPPED_GENERATORS[-1]}: take it from the project again.")


def encoder_beside(path):
    """Where the encoder of an autoencoder lies whose decoder is `path`: cvae_128_encoder.h5 beside cvae_128.h5."""
    path = Path(path)
    return path.with_name(f"{path.stem}_encoder{path.suffix}")


def ship(folder, path, **facts):
    """Copy a run's generator to `path`, smaller, and write its card beside it: how it was trained, as JSON.

    It is the moving average generator_ema.h5 where there is one, else generator.h5. An autoencoder's encoder.h5 goes
    beside it, see `encoder_beside`.

    The weights stay float32. Those of a file above `WHOLE_BYTES` keep only `SHIPPED_BITS` bits after the leading one,
    so that HDF5's own compression finds something to save. Convolutions on 16 bits, as the training's, keep 7 or 10.

    Args:
        folder: the run folder.
        path: e.g. `data/generators/three_lines_128_faithful.h5`; the card takes its name, with .json.
        **facts: what else the card says, e.g. `command`, which trains it again, or `report`.

    Returns:
        The card's path.
    """
    folder, path = Path(folder), Path(path)
    averaged = folder / "generator_ema.h5"
    source = averaged if averaged.exists() else folder / "generator.h5"
    history = read_history(folder)
    card = {
        "name": path.stem,
        "made_of": source.name,
        "steps": len(history["step"]),
        "training_minutes": round(sum(history["seconds"]) / 60, 1),
        "last_losses": {name: values[-1] for name, values in history.items() if name not in ("step", "seconds")},
        "parameters": read_json(folder / "params.json"),
        "run": read_json(folder / "run.json"),
        "weights": _weights_of(source),
        **facts,
    }
    with files.write_whole(path) as temporary:
        _write_compressed(source, temporary)
    if (folder / "encoder.h5").exists():
        with files.write_whole(encoder_beside(path)) as temporary:
            _write_compressed(folder / "encoder.h5", temporary)
    return files.write_json(path.with_suffix(".json"), card)


def _is_rounded(source):
    return source.stat().st_size > WHOLE_BYTES


def _weights_of(source):
    rounded = f" rounded to {SHIPPED_BITS} bits after the leading one" if _is_rounded(source) else ""
    return f"float32{rounded}, compressed"


def _write_compressed(source, target):
    import h5py

    rounded = _is_rounded(source)

    def copy(name, item):
        if isinstance(item, h5py.Dataset):
            values = item[()]
            packed = {}
            if values.dtype == np.float32 and values.ndim:
                values = _rounded(values, SHIPPED_BITS) if rounded else values
                packed = {"compression": "gzip", "compression_opts": 9, "shuffle": True}
            written = small.create_dataset(name, data=values, **packed)
        else:
            written = small.require_group(name)
        written.attrs.update(item.attrs)

    with h5py.File(source, "r") as whole, h5py.File(target, "w") as small:
        small.attrs.update(whole.attrs)
        whole.visititems(copy)


def _rounded(values, bits):
    """float32 values rounded to so many bits after the leading one: the rest of the mantissa becomes zero."""
    spare = 23 - bits
    integers = values.view(np.uint32)
    return ((integers + np.uint32(1 << (spare - 1))) & np.uint32((0xFFFFFFFF << spare) & 0xFFFFFFFF)).view(np.float32)


def sample_sheet(folder, step):
    """The path of a run's sample sheet after `step`, there or not."""
    return Path(folder) / "images" / f"sample_{step}.png"


def sample_sheets(folder):
    """The sample sheets of a run in the order of their steps, as a list of (step, path)."""
    found = [(path.stem.removeprefix("sample_"), path) for path in (Path(folder) / "images").glob("sample_*.png")]
    return sorted((int(step), path) for step, path in found if step.isdigit())


def files_to_share(folder):
    """What a visitor takes home from a run: everything but hidden files and what only resuming needs."""
    folder = Path(folder)
    found = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith(".")]
    return [path for path in found if path not in (folder / CHECKPOINT, folder / DATA)]


def describe(folder, resumed=False, **facts):
    """Write run.json: the facts given, beside the date, the versions and the machine.

    Args:
        folder: the run folder.
        resumed: whether an earlier training goes on there: "started" then stays its own, and "resumed" is now.
        **facts: values that JSON can hold, e.g. `data_name="lines"`, `images=10000`, `seed=1`.
    """
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    machine = {"system": platform.platform(), "processor": processor_name(), "cores": os.cpu_count()}
    path, now = Path(folder) / "run.json", datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    dates = {"started": now}
    if resumed and path.exists():
        dates = {"started": read_json(path).get("started", now), "resumed": now}
    record = {**facts, **dates, "backend": keras.backend.backend(), "versions": versions, "machine": machine}
    return files.write_json(path, record)


def processor_name():
    """The processor's name as the system tells it."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


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


# History -------------------------------------------------------------------------------------------------------------


def write_history(folder, history):
    """Write history.csv, one line a step: `step`, the model's losses, `seconds`.

    Args:
        folder: the run folder.
        history: dict of lists of equal length, the names as columns, what a model's `history_columns()` gives.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(history)
    for step, *losses, seconds in zip(*history.values(), strict=True):
        writer.writerow([step, *(f"{value:.9g}" for value in losses), f"{seconds:.4f}"])
    return files.write_text(Path(folder) / HISTORY, text.getvalue())


def read_history(folder):
    """Read history.csv.

    Returns:
        Dict of lists, one for each column: `step` (int), then floats.

    Raises:
        FileNotFoundError: the folder holds no history.
        ValueError: the file is damaged or something else.
    """
    path = Path(folder) / HISTORY
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist: nothing was trained in {folder} yet.")
    if path.stat().st_size > LARGEST_HISTORY:
        raise ValueError(f"{path} has more than {LARGEST_HISTORY:,} bytes, too many for a history: it was not read.")
    try:
        with path.open(newline="", encoding="utf-8") as lines:
            rows = csv.reader(lines)
            names = next(rows, [])
            if names[:1] != ["step"] or len(names) > 100 or len(set(names)) != len(names):
                raise ValueError("its first line does not name the columns step, ...")
            columns = {name: [] for name in names}
            for row in rows:
                for name, value in zip(names, row, strict=True):
                    columns[name].append(int(value) if name == "step" else float(value))
    except (ValueError, csv.Error) as error:
        raise ValueError(
            f"{path} is no history of a training ({one_line(error)}): take the run folder from its source again, or "
            "remove the file and train from the start."
        ) from None
    return columns


def restore(model, folder, earlier=None):
    """Bring a model back to where its run folder's last checkpoint stands: weights, optimisers, seeds, losses, step.

    Args:
        folder: the run folder.
        earlier: what a training left there that was cut off (`utils.in_progress`). Without a checkpoint, it was cut off
            before its first one, and the model stays as it is, at step 0.

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


# Callbacks -----------------------------------------------------------------------------------------------------------


def callbacks(folder, r, c, every, last, images_a_step, verbose="auto", minutes=None, held=None):
    """The callbacks that `.train` hands to `fit`.

    Args:
        folder: the run folder.
        r, c: rows and columns of the sample grids.
        every: steps between two snapshots.
        last: the step count at which training ends.
        images_a_step: real images that a step looks at, for the bar.
        verbose: 2 for the original's line, 1 for a bar, 0 for silence, `auto` for 1 in a notebook and 2 elsewhere.
        minutes: time limit; None for none.
        held: `utils.in_progress.InProgress` of the folder.
    """
    chosen = [Timing(), *([StaysInPlace(folder, held)] if held else [])]
    if verbose == "auto":
        verbose = 1 if in_notebook() else 2
    if verbose == 2:
        chosen.append(StepLines())
    elif verbose == 1:
        chosen.append(Bar(last, images_a_step))
    if minutes is not None:
        chosen.append(TimeLimit(minutes))
    return [*chosen, Snapshots(folder, r, c, every, last)]


class Timing(Listener):
    """Keeps how long each step took, in `model.step_seconds`."""

    on_every_process = True

    def on_train_batch_begin(self, batch, logs=None):
        self.started = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        self.model.step_seconds.append((logs or {}).get("seconds", time.perf_counter() - self.started))


class StepLines(Listener):
    """Prints a line each step, the GAN's as the original printed it."""

    def on_train_batch_end(self, batch, logs=None):
        print(self.model.line(), flush=True)


class Bar(Listener):
    """A progress bar over the steps, with the losses of the last one and real images a second."""

    def __init__(self, last, images_a_step):
        super().__init__()
        self.last, self.images_a_step = last, images_a_step
        self.bar = None

    def on_train_begin(self, logs=None):
        if self.bar is None:
            self.bar = tqdm(total=self.last, initial=self.model.epoch, unit="step", desc="Training")

    def on_train_batch_end(self, batch, logs=None):
        model = self.model
        shown = {model.labels.get(name, name): f"{values[-1]:.4g}" for name, values in model.losses_of.items()}
        seconds = np.median(model.step_seconds[-10:])
        self.bar.set_postfix({**shown, "images/s": f"{self.images_a_step / seconds:.0f}"}, refresh=False)
        self.bar.update()
        if model.epoch + 1 >= self.last or model.stop_training:
            self.bar.close()


class TimeLimit(Listener):
    """Stops a training after so many minutes, at the end of a step."""

    def __init__(self, minutes):
        super().__init__()
        self.deadline = time.monotonic() + 60 * minutes

    def on_train_batch_end(self, batch, logs=None):
        if time.monotonic() >= self.deadline:
            self.model.stop_training = True


class StaysInPlace(Listener):
    """Gives a sign of life now and then, and lays a run folder anew that vanished while a training filled it."""

    TOLD = ("run.json", "params.json", "params.pkl", str(DATA))  # what a snapshot does not write again

    def __init__(self, folder, held):
        super().__init__()
        self.folder, self.held = Path(folder), held
        self.kept = None

    def on_train_begin(self, logs=None):
        if self.kept is None:
            there = [self.folder / name for name in self.TOLD if (self.folder / name).is_file()]
            self.kept = {path: path.read_bytes() for path in there}

    def on_train_batch_end(self, batch, logs=None):
        if not self.held.sign_of_life(now=not self.folder.is_dir()):
            lost = [path for path in self.kept if not path.exists()]
            for path in lost:
                files.write_bytes(path, self.kept[path])
            if lost:
                warnings.warn(
                    f"{self.folder} vanished before step {self.model.epoch} and was laid anew. The training goes on, "
                    "and its next snapshot holds the whole history; earlier sample sheets are gone.",
                    stacklevel=2,
                )


class Snapshots(keras.callbacks.Callback):
    """Every so many steps, and at the last: a sample grid, models, weights, history, and a checkpoint to go on from."""

    def __init__(self, folder, r, c, every, last):
        super().__init__()
        self.folder = Path(folder)
        self.r, self.c = r, c
        self.every = every
        self.last = last

    def due(self, step):
        return step % self.every == 0 or step + 1 == self.last

    def on_train_batch_end(self, batch, logs=None):
        model = self.model
        if self.due(model.epoch) or model.stop_training:
            model.synchronise()
            self._check()
            model.sample_images(self.folder, self.r, self.c)
            saved = model.save_model(self.folder)
            save_weights(saved, self.folder / "weights" / "weights.h5")
            write_history(self.folder, model.history_columns())
            save_weights(model, self.folder / CHECKPOINT)

    def _check(self):
        """A step's losses come from the weights before it: these may be none any more, and good files stay."""
        for variable in self.model.variables:
            values = keras.ops.convert_to_numpy(variable)
            if values.dtype.kind == "f" and not np.isfinite(values).all():
                raise FloatingPointError(
                    f"Step {self.model.epoch}: {variable.path} holds numbers that are not finite. The training has "
                    "blown up and was stopped; the files of the last good snapshot are kept. Try smaller learning "
                    "rates or precision='float32'."
                )
