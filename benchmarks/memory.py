"""Memory of a training, and its dependence on the size of the data set.

    python -m benchmarks.memory peak [--network notebook] [--divide 1] [--steps 5] [--precision mixed_bfloat16 float32]
    python -m benchmarks.memory data [--counts 1000 10000 200000] [--divide 4] [--rounds 10] [--folder FOLDER]

- `peak`: the peak memory of a process that trains for a few steps with these arguments and writes networks, sample
  sheet and checkpoint as in any training. A row for each precision.
- `data`: three lines of 128 x 128, drawn by `python -m lines`, read from a memory-mapped cache. Each data set has a
  process of its own that trains on it; the processes take turns of a few steps, so that other load on the machine
  affects all of them equally. "beyond" is the peak above that of the process with the smallest set, which is kept in
  memory: the cost of the data beside the model. 200,000 images take about ten minutes to draw, 1 GiB as JPEG and
  9.2 GiB as cache; --folder keeps both for another run.
"""

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.measuring import in_a_process, machine, peak_memory, resident_memory, take_turn, wait_for_turn

GOAL_PEAK, GOAL_BEYOND, GOAL_TIME = 4096, 1536, 0.05  # MiB, MiB, fraction of a step's time
BATCH, N_CRITIC, TURN = 16, 5, 3  # images per batch, critic updates per step, steps per turn


def peak(network, divide, precision, steps):
    """Train; returns the MiB after Keras' start, after building the model, and at the peak; and seconds per step."""
    from models.recipes import published
    from models.WGANGP import WGANGP

    keras_runs = resident_memory()
    gan = WGANGP(**published(network, divide), precision=precision, seed=1)
    built = resident_memory()
    images = np.random.default_rng(0).integers(0, 256, (1000, 128, 128, 3), dtype=np.uint8)  # 47 MiB
    with tempfile.TemporaryDirectory() as folder:
        gan.train(5, 5, images, BATCH, steps, folder, print_every_n_batches=10**9, n_critic=N_CRITIC, verbose=0)
    seconds = float(np.median(gan.step_seconds[1:]))
    return {"start": keras_runs, "built": built, "peak": peak_memory(), "seconds": seconds, "precision": gan.precision}


def print_peaks(a):
    print(f"network {a.network}, filters divided by {a.divide}, batch {BATCH}, n_critic {N_CRITIC}, {a.steps} steps\n")
    print(
        "| precision | Keras started (MiB) | model built | peak of training | a step (s) |\n|---|---:|---:|---:|---:|"
    )
    for precision in a.precision:
        row = in_a_process("benchmarks.memory", ["peak", a.network, a.divide, precision, a.steps])
        numbers = " | ".join(f"{row[key]:,.0f}" for key in ("start", "built", "peak"))
        print(f"| {row['precision']} | {numbers} | {row['seconds']:.2f} |", flush=True)
    print(f"\nGoal: at most {GOAL_PEAK:,} MiB.")


def trainer(network, divide, precision, folder, count):
    """Load a data set, from its cache unless it is small, and train in turns, with a line of output for each turn."""
    from models.recipes import published
    from models.WGANGP import WGANGP
    from utils.loaders import load_dataset
    from utils.quiet import keras

    started = time.perf_counter()
    with contextlib.redirect_stdout(sys.stderr):
        x_train = load_dataset(f"lines-{count}", 128, BATCH, data_folder=folder, seed=1, memory_limit=64 * 2**20)
    gan = WGANGP(**published(network, divide), precision=precision, seed=1)
    facts = {"load": time.perf_counter() - started, "mapped": isinstance(x_train.images, np.memmap)}

    class Turns(keras.callbacks.Callback):
        """Waits for each turn, and prints the seconds of its steps after it."""

        def on_train_batch_begin(self, batch, logs=None):
            if self.model.epoch % TURN == 0:
                wait_for_turn()

        def on_train_batch_end(self, batch, logs=None):
            if self.model.epoch % TURN == TURN - 1:
                turn_facts = {"seconds": self.model.step_seconds[-TURN:], "peak": peak_memory(), **facts}
                print(json.dumps(turn_facts), flush=True)

    with tempfile.TemporaryDirectory() as run:
        endless = {"print_every_n_batches": 10**9, "n_critic": N_CRITIC, "verbose": 0}
        gan.train(2, 2, x_train, BATCH, 10**6, run, callbacks=[Turns()], **endless)


def print_sets(a):
    with contextlib.ExitStack() as stack:
        folder = a.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for count in a.counts:
            if not (folder / f"lines-{count}").exists():
                draw = [sys.executable, "-m", "lines", "--count", str(count), "--out", str(folder / f"lines-{count}")]
                subprocess.run([*draw, "--seed", "1"], stdout=subprocess.DEVNULL, check=True)
        command = [sys.executable, "-m", "benchmarks.memory", "--only"]
        workers, rows = {}, {count: [] for count in a.counts}
        training = "the training on {:,} images (was its set drawn whole?)"
        for count in a.counts:  # one after the other: each fills its cache alone
            request = json.dumps(["data", a.network, a.divide, a.precision[0], str(folder), count])
            worker = workers[count] = subprocess.Popen(
                [*command, request], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            )
            take_turn(worker, training.format(count))  # compiles
        for _ in range(a.rounds):
            for count, worker in workers.items():
                rows[count].append(json.loads(take_turn(worker, training.format(count))))
        for worker in workers.values():
            worker.stdin.close()
    print(
        f"network {a.network}, filters divided by {a.divide}, {a.precision[0]}; {a.rounds} turns of {TURN} steps each\n"
    )
    print("| images | kept | read in (s) | peak (MiB) | beyond (MiB) | a step (s) | of the smallest set's |")
    print("|---:|---|---:|---:|---:|---:|---:|")
    first = a.counts[0]
    seconds = {count: np.array([np.median(row["seconds"]) for row in of]) for count, of in rows.items()}  # of a turn
    for count, of in rows.items():
        last = of[-1]
        kept = "mapped" if last["mapped"] else "in memory"
        memory = f"{last['peak']:,.0f} | {last['peak'] - rows[first][-1]['peak']:+,.0f}"
        step = f"{np.median(seconds[count]):.3f} | {np.median(seconds[count] / seconds[first]):.3f}"
        print(f"| {count:,} | {kept} | {last['load']:.1f} | {memory} | {step} |")
    print(f"\nGoals: at most {GOAL_BEYOND:,} MiB beyond the model, time a step within {GOAL_TIME:.0%}.")


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="?", choices=("peak", "data"), default="peak")
    parser.add_argument("--network", choices=("readme", "notebook"))
    parser.add_argument("--divide", type=int)
    parser.add_argument("--precision", nargs="+", default=["mixed_bfloat16", "float32"])
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--counts", type=int, nargs="+", default=[1_000, 10_000, 200_000])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--folder", type=Path, help="where drawn sets and caches stay; default: a temporary folder")
    parser.add_argument("--only", help=argparse.SUPPRESS)
    a = parser.parse_args()
    if a.only:
        what, *request = json.loads(a.only)
        if what == "peak":
            print(json.dumps(peak(*request)))
        else:
            trainer(*request)
        return
    a.network = a.network or {"peak": "notebook", "data": "readme"}[a.what]
    a.divide = a.divide or {"peak": 1, "data": 4}[a.what]
    print(f"{machine()}\n")
    {"peak": print_peaks, "data": print_sets}[a.what](a)


if __name__ == "__main__":
    main()
