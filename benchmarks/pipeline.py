"""Images a second that a training can draw, and the memory that they take, whatever the size of the data set.

    python -m benchmarks.pipeline [--count 10000] [--mapped 20000] [--folder FOLDER]

Three lines of 128 x 128, drawn by `python -m lines`, in batches of 80: what one training step reads. The larger set is
read from a memory-mapped file, as any set beyond `memory_limit` is. Each row is a process of its own that draws the
whole set, every image once. --folder keeps the images for another time.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

BATCH, DRAWS = 80, 400
ROWS = (  # title, mapped, augmentation
    ("in memory", False, ()),
    ("in memory, mirror", False, ("mirror",)),
    ("in memory, shift", False, ("shift",)),
    ("in memory, color", False, ("color",)),
    ("in memory, all three", False, ("mirror", "shift", "color")),
    ("mapped", True, ()),
    ("mapped, all three", True, ("mirror", "shift", "color")),
)


def measure(folder: str, name: str, augment: list[str], mapped: bool) -> dict:
    """Images a second of draw, and the process' memory before and after, in MiB."""
    from utils.loaders import load_dataset

    limit = 0 if mapped else 2**40
    with contextlib.redirect_stdout(sys.stderr):
        x_train = load_dataset(name, 128, 16, data_folder=folder, seed=1, augment=augment, memory_limit=limit)
    n = len(x_train.images)
    loaded = resident_memory()
    seconds, processor = [], time.process_time()
    for start in range(0, max(n, DRAWS * BATCH), BATCH):
        started = time.perf_counter()
        x_train.draw(start, BATCH)
        seconds.append(time.perf_counter() - started)
    return {
        "images": n,
        "a core": BATCH * len(seconds) / (time.process_time() - processor),
        "a second": BATCH / float(np.median(seconds)),
        "slow": float(np.percentile(seconds, 99)) * 1000,
        "loaded": loaded,
        "drawn": resident_memory(),
    }


def resident_memory() -> float | None:
    """What this process holds of the memory now, in MiB; None where the system does not tell as simply as Linux."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def in_a_process(folder: str, name: str, augment: tuple, mapped: bool) -> dict:
    command = [sys.executable, "-m", "benchmarks.pipeline", "--only", json.dumps([folder, name, augment, mapped])]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--count", type=int, default=10_000, help="images of the set in memory")
    parser.add_argument("--mapped", type=int, default=20_000, help="images of the set in a mapped file")
    parser.add_argument("--folder", type=Path, help="where the drawn images go and stay; default: a temporary folder")
    parser.add_argument("--only", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only:
        print(json.dumps(measure(*json.loads(arguments.only))))
        return

    import lines

    with contextlib.ExitStack() as stack:
        folder = arguments.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for count in {arguments.count, arguments.mapped}:
            if not (folder / f"lines-{count}").exists():
                with contextlib.redirect_stdout(sys.stderr):
                    lines.write_dataset(folder / f"lines-{count}", count, seed=1)
        load = f", load {os.getloadavg()[0]:.1f} before" if hasattr(os, "getloadavg") else ""
        print(f"{os.cpu_count()} cores{load}; batches of {BATCH}; images of 128 x 128 x 3\n")
        print(
            "| set | images | images a second (median) | a second of one core | slowest draw of 100 (ms) "
            "| memory (MiB): loaded | drawn |"
        )
        print("|---|---:|---:|---:|---:|---:|---:|")
        for title, mapped, augment in ROWS:
            count = arguments.mapped if mapped else arguments.count
            row = in_a_process(str(folder), f"lines-{count}", augment, mapped)
            memory = " | ".join("" if row[key] is None else f"{row[key]:,.0f}" for key in ("loaded", "drawn"))
            speed = f"{row['a second']:,.0f} | {row['a core']:,.0f} | {row['slow']:.1f}"
            print(f"| {title} | {row['images']:,} | {speed} | {memory} |", flush=True)


if __name__ == "__main__":
    main()
