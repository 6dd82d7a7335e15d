"""Images per second that the input pipeline delivers and a training consumes, and their memory.

    python -m benchmarks.pipeline [--count 10000] [--mapped 20000] [--folder FOLDER] [--network readme] [--divide 4]

Three lines of 128 x 128, drawn by `python -m lines`, in batches of 80, the images of one training step. The larger set
is read from a memory-mapped file, like any set beyond `memory_limit`. Each row is a process of its own that draws the
whole set, every image once. --folder keeps the images for another run.

Last, the command measures the training itself: the images per second that the critic of the given network consumes.
"""

import argparse
import contextlib
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.measuring import in_a_process, machine, resident_memory

BATCH, DRAWS = 80, 400
GOAL = 20  # delivered images for each consumed one
ROWS = (  # title, mapped, augmentation
    ("in memory", False, ()),
    ("in memory, mirror", False, ("mirror",)),
    ("in memory, shift", False, ("shift",)),
    ("in memory, color", False, ("color",)),
    ("in memory, all three", False, ("mirror", "shift", "color")),
    ("mapped", True, ()),
    ("mapped, all three", True, ("mirror", "shift", "color")),
)


def measure_draws(folder: str, name: str, augment: list[str], mapped: bool) -> dict:
    """The images per second of `draw`, and the process' memory before and after, in MiB."""
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


def consumed(network: str, divide: int, steps: int) -> float:
    """The images per second that the critic consumes in a training: five batches of 16 in a median step."""
    from models.recipes import published
    from models.WGANGP import WGANGP

    gan = WGANGP(**published(network, divide), seed=1)
    images = np.random.default_rng(0).integers(0, 256, (BATCH, 128, 128, 3), dtype=np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        gan.train(1, 1, images, 16, steps + 2, folder, print_every_n_batches=10**9, verbose=0)
    return BATCH / float(np.median(gan.step_seconds[2:]))  # the first two compile and warm up


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--count", type=int, default=10_000, help="images of the set in memory")
    parser.add_argument("--mapped", type=int, default=20_000, help="images of the set in a mapped file")
    parser.add_argument("--folder", type=Path, help="where the drawn images go and stay; default: a temporary folder")
    parser.add_argument("--network", choices=("readme", "notebook"), default="readme")
    parser.add_argument("--divide", type=int, default=4, help="divides the filters; 4 is the quickest network in use")
    parser.add_argument("--steps", type=int, default=10, help="timed training steps, after two that are not")
    parser.add_argument("--only", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only:
        request = json.loads(arguments.only)
        print(json.dumps(consumed(*request) if len(request) == 3 else measure_draws(*request)))
        return

    import lines

    with contextlib.ExitStack() as stack:
        folder = arguments.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for count in {arguments.count, arguments.mapped}:
            if not (folder / f"lines-{count}").exists():
                with contextlib.redirect_stdout(sys.stderr):
                    lines.write_dataset(folder / f"lines-{count}", count, seed=1)
        print(f"{machine()}; batches of {BATCH}; images of 128 x 128 x 3\n")
        print(
            "| set | images | images a second (median) | a second of one core | slowest draw of 100 (ms) "
            "| memory (MiB): loaded | drawn |"
        )
        print("|---|---:|---:|---:|---:|---:|---:|")
        delivered = {}
        for title, mapped, augment in ROWS:
            count = arguments.mapped if mapped else arguments.count
            row = in_a_process("benchmarks.pipeline", [str(folder), f"lines-{count}", augment, mapped])
            delivered[title] = row["a second"]
            memory = " | ".join("" if row[key] is None else f"{row[key]:,.0f}" for key in ("loaded", "drawn"))
            speed = f"{row['a second']:,.0f} | {row['a core']:,.0f} | {row['slow']:.1f}"
            print(f"| {title} | {row['images']:,} | {speed} | {memory} |", flush=True)
    used = in_a_process("benchmarks.pipeline", [arguments.network, arguments.divide, arguments.steps])
    network = f"{arguments.network}, filters divided by {arguments.divide}"
    print(f"\nTraining ({network}) consumes {used:,.1f} images a second. Delivered for each of them (goal {GOAL}):\n")
    print("| set | images delivered for each consumed |\n|---|---:|")
    for title, images in delivered.items():
        print(f"| {title} | {images / used:,.0f} |")


if __name__ == "__main__":
    main()
