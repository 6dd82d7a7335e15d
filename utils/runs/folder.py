"""The run folder: creating, describing and listing it."""

import datetime
import os
import platform
from importlib import metadata
from pathlib import Path

from utils import files
from utils.files import in_progress
from utils.files.json_files import read_json
from utils.quiet import keras
from utils.runs.checkpoints import CHECKPOINT, DATA, see_free

PACKAGES = ("keras", "tensorflow", "jax", "torch", "numpy", "pillow")
MODES = ("build", "load")


def new_run(section="gan", run_id="0001", data_name="lines", root="run", mode=None, replace=False):
    """Create a run folder, named as the original's: <root>/<section>/<run_id>_<data_name>/{viz,images,weights}.

    Args:
        section: of what kind, a folder's name.
        run_id: the run's number, text; a whole number is written with four digits.
        data_name: of the data set.
        root: where runs lie.
        mode: "build" for a training from its start, "load" for one that goes on: the folder is held from now on, until
            this process has trained there. None holds nothing.
        replace: whether "build" may replace a training that is there; that happens in `save(folder, replace=True)`.

    Returns:
        The run folder's `Path`. Existing files in it are left as they are.

    Raises:
        ValueError: a name that is no folder's name, or another mode.
        FolderInUse: another process holds the folder.
        FileExistsError: "build", and a training is there.
    """
    if mode not in (None, *MODES):
        raise ValueError(f"MODE is {mode!r}; choose 'build' for a training from its start, 'load' for one that goes on")
    run_id = f"{run_id:04d}" if type(run_id) is int and run_id >= 0 else run_id
    data_name = str(data_name) if type(data_name) is int else data_name
    for name, value in (("SECTION", section), ("RUN_ID", run_id), ("DATA_NAME", data_name)):
        if not isinstance(value, str) or value in ("", ".", "..") or any(sign in value for sign in '/\\:*?"<>|\0'):
            raise ValueError(f"{name} is {value!r}, which names no folder: give letters and digits, such as '0001'")
    folder = Path(root) / section / f"{run_id}_{data_name}"
    if mode:
        try:
            held = in_progress.reserve(folder, "training")
        except in_progress.FolderInUse as error:
            raise in_progress.FolderInUse(f"{error} (another RUN_ID)") from None
        if mode == "build" and not replace:
            try:
                see_free(folder)
            except FileExistsError:
                held.give_back()
                raise
    for name in ("viz", "images", "weights"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    return folder


def sample_sheet(folder, step):
    """The path of a run's sample sheet at `step`, whether it exists or not."""
    return Path(folder) / "images" / f"sample_{step}.png"


def sample_sheets(folder):
    """The existing sample sheets of a run, as a list of (step, path) in the order of steps."""
    found = [(path.stem.removeprefix("sample_"), path) for path in (Path(folder) / "images").glob("sample_*.png")]
    return sorted((int(step), path) for step, path in found if step.isdigit())


def sheets_alike(folder):
    """The sample sheets that are as large as the last one, as `sample_sheets` gives them.

    A training that went on with other rows and columns has sheets of two sizes, which no film can hold.
    """
    sheets = sample_sheets(folder)
    sizes = {step: _pixels_of(path) for step, path in sheets}
    return [(step, path) for step, path in sheets if sizes[step] == sizes[sheets[-1][0]]]


def _pixels_of(path):
    from PIL import Image

    with Image.open(path) as picture:
        return picture.size


def files_to_share(folder):
    """The files of a run for download, a list of paths: all but hidden files, those that only resuming needs, and the
    generators of earlier sheets."""
    folder = Path(folder)
    found = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith(".")]
    return [
        path for path in found if path not in (folder / CHECKPOINT, folder / DATA) and path.parent.name != "generators"
    ]


def record_of(folder, name="run.json"):
    """What run.json, or params.json by its name, says of a run: a dict, an empty one where there is none."""
    path = Path(folder) / name
    return read_json(path) if path.is_file() else {}


def describe(folder, resumed=False, **facts):
    """Write run.json: the given facts, the date, the versions and the machine.

    Args:
        folder: the run folder.
        resumed: whether this call continues an earlier training: "started" then keeps its date, "resumed" is now.
        **facts: values that JSON can hold, e.g. `data_name="lines"`, `images=10000`, `seed=1`.

    Returns:
        The file's path.

    Raises:
        FolderInUse: another process holds the folder.
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
    with in_progress.writing(folder, "describing"):
        if resumed and (before := record_of(folder)):
            dates = {"started": before.get("started", now), "resumed": now}
        record = {**facts, **dates, "backend": keras.backend.backend(), "versions": versions, "machine": machine}
        return files.write_json(path, record)


def processor_name():
    """The processor's name as the operating system reports it."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
