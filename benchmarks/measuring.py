"""Tools of all benchmarks: memory, measurements in processes of their own, the machine in one line. Without Keras.

A process inherits the peak memory of its parent, so a program that measures peaks in other processes must stay small.
"""

import gc
import json
import os
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import numpy as np

PACKAGES = ("keras", "tensorflow", "jax", "torch")
MIB = 2**20


def machine() -> str:
    """The machine in one line: cores, load, and the versions of Python and the packages."""
    load = f", load {os.getloadavg()[0]:.1f} before" if hasattr(os, "getloadavg") else ""
    versions = [f"Python {platform.python_version()}"]
    for package in PACKAGES:
        try:
            versions.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            continue
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    return f"{os.cpu_count()} cores{load}; {', '.join(versions)}; backend {backend}"


def resident_memory() -> float | None:
    """The resident memory of this process, in MiB; None on systems other than Linux."""
    return _status("VmRSS")


def peak_memory() -> float | None:
    """The peak resident memory of this process, in MiB; None where it is unknown."""
    peak = _status("VmHWM")
    if peak is not None:
        return peak
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / MIB if sys.platform == "darwin" else peak / 1024


def _status(name):
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(name)), None)


def in_a_process(module: str, request, **environment: str):
    """Measure in a process of its own, `python -m module --only <request>`.

    Args:
        module: such as "benchmarks.pipeline".
        request: a value that JSON can hold.
        **environment: environment variables to set or change.

    Returns:
        The last line of its output, decoded from JSON.
    """
    command = [sys.executable, "-m", module, "--only", json.dumps(request)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | environment)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def take_turn(worker: subprocess.Popen, what: str) -> str:
    """Let a process that waits in `wait_for_turn` continue, until it prints a line.

    Other load on the machine affects processes that take turns equally.

    Args:
        worker: the process, with text pipes to and from it.
        what: description of the process, for the message if it has ended too early.

    Returns:
        The printed line.
    """
    begin_turn(worker)
    return end_turn(worker, what)


def begin_turn(worker: subprocess.Popen):
    """Let a process that waits in `wait_for_turn` continue."""
    worker.stdin.write("go\n")
    worker.stdin.flush()


def end_turn(worker: subprocess.Popen, what: str) -> str:
    """Wait until a process prints the line that ends its turn; gives the line."""
    return worker.stdout.readline() or sys.exit(f"{what} ended too early")


def wait_for_turn():
    """In the process, wait for the next turn; exit when there are no more."""
    if not sys.stdin.readline():
        os._exit(0)


def slope(x, y) -> tuple[float, float]:
    """The slope of a straight line by least squares, and its standard error.

    The error assumes independent points; samples of memory are not, so it is a lower bound.

    Args:
        x, y: arrays of equal length, at least 3.

    Returns:
        `(slope, error)`.
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    from_middle = x - x.mean()
    spread = from_middle @ from_middle
    gradient = from_middle @ y / spread
    rest = y - y.mean() - gradient * from_middle
    return gradient, float(np.sqrt(rest @ rest / (len(x) - 2) / spread))


def held_by(process) -> dict[str, float]:
    """The resources of a `psutil.Process`: dict of "memory" in MiB, open "files", "threads"."""
    return {
        "memory": process.memory_info().rss / MIB,
        "files": process.num_handles() if sys.platform == "win32" else process.num_fds(),
        "threads": process.num_threads(),
    }


def resources_held() -> dict[str, float]:
    """The resources of this process after a garbage collection.

    Returns:
        Dict: "memory" in MiB, open "files", "threads", "objects" tracked by Python, "figures" of Matplotlib.
    """
    import psutil

    gc.collect()
    process, objects = psutil.Process(), gc.get_objects()
    figure = getattr(sys.modules.get("matplotlib.figure"), "Figure", None)
    return {
        **held_by(process),
        "objects": len(objects),
        "figures": sum(type(one) is figure for one in objects) if figure else 0,
    }
