"""What the measurements share: memory, a process of its own for each, the machine in one line. Nothing starts Keras.

A process inherits the peak of the one that starts it: whoever measures a peak in another process stays small itself.
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
    """The machine in one line: cores, how busy it was, and the versions that count."""
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
    """What this process holds of the memory now, in MiB; None where the system does not tell as simply as Linux."""
    return _status("VmRSS")


def peak_memory() -> float | None:
    """The most memory that this process held, in MiB; None where the system does not tell."""
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
    """Let `python -m module --only <request>` measure, and give what it says in its last line.

    Args:
        module: such as "benchmarks.pipeline".
        request: what it is asked, as JSON can hold it; its answer likewise.
        **environment: variables to set or change.
    """
    command = [sys.executable, "-m", module, "--only", json.dumps(request)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | environment)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def take_turn(worker: subprocess.Popen, what: str) -> str:
    """Let a process that waits in `wait_for_turn` go on; gives the line that it says when its turn is over.

    Processes that take turns are slowed alike by whatever else the machine does.

    Args:
        worker: the process, with text pipes to and from it.
        what: it does, for the message that ends this program where it has ended too early.
    """
    worker.stdin.write("go\n")
    worker.stdin.flush()
    return worker.stdout.readline() or sys.exit(f"{what} ended too early")


def wait_for_turn():
    """In the process: wait until it is its turn; end where there are no more."""
    if not sys.stdin.readline():
        os._exit(0)


def slope(x, y) -> tuple[float, float]:
    """The slope of the straight line nearest to the points (least squares), and its standard error.

    The error takes the points for independent of each other, which memory is not: it is the least that it can be.

    Args:
        x, y: arrays of equal length, at least 3.
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    from_middle = x - x.mean()
    spread = from_middle @ from_middle
    gradient = from_middle @ y / spread
    rest = y - y.mean() - gradient * from_middle
    return gradient, float(np.sqrt(rest @ rest / (len(x) - 2) / spread))


def held_by(process) -> dict[str, float]:
    """What the system says that a process of psutil's holds: "memory" in MiB, "files" open, "threads"."""
    return {
        "memory": process.memory_info().rss / MIB,
        "files": process.num_handles() if sys.platform == "win32" else process.num_fds(),
        "threads": process.num_threads(),
    }


def what_is_held() -> dict[str, float]:
    """What this process holds once the garbage is collected.

    Returns:
        "memory" in MiB, "files" open, "threads", "objects" that Python keeps track of, "figures" of Matplotlib.
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
