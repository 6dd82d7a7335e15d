"""Resources of a long training over its steps: memory, files, threads, figures, logs and seconds per step.

    python -m benchmarks.flat_over_time [--network tiny] [--steps 20000] [--every 100] [--n-critic 5] [--folder FOLDER]

The training is the notebook's: a run folder with history, sample sheets and saved networks every 100 steps, a progress
bar, `ReadAlong`, and the live view (its figures are drawn but not displayed). Networks:

- `tiny`: the notebook's parameters at 32 x 32 with the filters divided by 128; 20,000 steps take some minutes;
- `narrow`: the README's parameters with the filters divided by 4; 2,000 steps take most of an hour on two cores.

Without leaks the slope of the memory is that of the history of losses: 0.3 MiB in 1,000 steps. --n-critic 1 has the
schedule of the recipe `three_lines`, which calls `fit` twice in 100 steps.
"""

import argparse
import contextlib
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.measuring import MIB, machine, resources_held, slope

COUNT = 1_000  # images of the data set
SAMPLES = 100  # largest number of samples of the resources
ROWS = 20  # rows of the table
NETWORKS = {"tiny": ("notebook", 128, 32), "narrow": ("readme", 4, 128)}  # parameter set, divide, image size
WARM_UP = 20  # steps that compile and fill caches


def train(network, steps, every, n_critic, folder):
    """Train; returns the samples, a dict of arrays, and the seconds of each step."""
    import lines
    from models.recipes import published
    from models.WGANGP import WGANGP
    from utils import runs
    from utils.quiet import keras
    from utils.runs import learning, watching

    class Watch(keras.callbacks.Callback):
        """Samples the resources at regular steps, after all other callbacks of the step."""

        def __init__(self, between):
            super().__init__()
            self.between, self.samples, self.since = between, [], time.perf_counter()

        def on_train_batch_end(self, batch, logs=None):
            if self.model.epoch % self.between == 0 or self.model.epoch + 1 == steps:
                wall = time.perf_counter() - self.since
                self.samples.append({"step": self.model.epoch, **resources_held(), **sizes(folder), "wall": wall})
                self.since = time.perf_counter()

    name, divide, size = NETWORKS[network]
    gan = WGANGP(**published(name, divide, size), seed=1)
    gan.save(folder)
    runs.describe(folder, data_name="lines", images=COUNT, seed=1, precision=gan.precision)
    images = lines.draw(lines.sample(COUNT, seed=1), size)
    watch = Watch(max(1, steps // SAMPLES))
    with silent_notebook():
        gan.train(
            5,
            5,
            images,
            batch_size=16,
            epochs=steps,
            run_folder=folder,
            print_every_n_batches=every,
            n_critic=n_critic,
            verbose=1,
            callbacks=[learning.ReadAlong(folder, every), watching.LiveView(folder), watch],
        )
    samples = {name: np.array([sample[name] for sample in watch.samples]) for name in watch.samples[0]}
    return samples, np.array(gan.step_seconds)


@contextlib.contextmanager
def silent_notebook():
    """Context manager in which IPython displays nothing; outside of a notebook it would print the figures' names."""
    from IPython.core.displaypub import DisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell

    class Silent(DisplayPublisher):
        def publish(self, data, *arguments, **named):
            pass

    shell = InteractiveShell.instance()
    kept, shell.display_pub = shell.display_pub, Silent()
    try:
        yield
    finally:
        shell.display_pub = kept


def sizes(folder):
    """MiB on disk: "history", readings included, and "rest", all files but these and the sample sheets."""
    history = rest = 0
    for path in Path(folder).rglob("*"):
        with contextlib.suppress(OSError):
            if path.suffix == ".csv":
                history += path.stat().st_size
            elif path.is_file() and not path.name.startswith("sample_"):
                rest += path.stat().st_size
    return {"history": history / MIB, "rest": rest / MIB}


def report(samples, seconds):
    """Print the table and a summary."""
    print("| step | memory (MiB) | open files | threads | figures | objects | history, rest (MiB) | a step (ms) |")
    print("|---:|---:|---:|---:|---:|---:|---:|---:|")
    count = len(samples["step"])
    for i in np.unique(np.linspace(0, count - 1, min(ROWS, count)).astype(int)):
        s = {name: values[i] for name, values in samples.items()}
        first = int(samples["step"][i - 1]) + 1 if i else 0
        step = 1000 * np.median(seconds[first : int(s["step"]) + 1])
        print(
            f"| {s['step']:.0f} | {s['memory']:.1f} | {s['files']:.0f} | {s['threads']:.0f} | {s['figures']:.0f} "
            f"| {s['objects']:,.0f} | {s['history']:.2f}, {s['rest']:.2f} | {step:.1f} |"
        )
    print()
    half = count // 2
    for name, unit in (("memory", "MiB"), ("objects", "objects")):
        gradient, error = slope(samples["step"][half:], samples[name][half:])
        print(f"{name}, second half: {1000 * gradient:+.2f} ± {1000 * error:.2f} {unit} in 1,000 steps")
    for name in ("files", "threads", "figures"):
        values = samples[name][half:].astype(int)
        print(f"{name}, second half: {values.min()} to {values.max()}")
    warm = seconds[min(WARM_UP, len(seconds) // 10) :]
    tenth = max(1, len(warm) // 10)
    first, last = np.median(warm[:tenth]), np.median(warm[-tenth:])
    print(
        f"time a step (median): first tenth {1000 * first:.1f} ms, last tenth {1000 * last:.1f} ms, "
        f"ratio {last / first:.3f}"
    )
    first, last = samples["wall"][1 : half + 1].mean(), samples["wall"][half:-1].mean()
    print(f"all between two samples: first half {first:.2f} s, second half {last:.2f} s, ratio {last / first:.3f}")


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.flat_over_time", description=__doc__.splitlines()[0])
    parser.add_argument("--network", choices=NETWORKS, default="tiny")
    parser.add_argument("--steps", type=int, help="default: 20,000 for tiny, 2,000 for narrow; at least 100")
    parser.add_argument("--every", type=int, default=100, help="steps between two snapshots")
    parser.add_argument("--n-critic", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where the run stays; default: a temporary folder")
    a = parser.parse_args()
    steps = a.steps or {"tiny": 20_000, "narrow": 2_000}[a.network]
    print(f"{machine()}; {a.network}, {steps:,} steps, n_critic {a.n_critic}, snapshots every {a.every}\n", flush=True)
    with contextlib.ExitStack() as stack:
        folder = a.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        report(*train(a.network, steps, a.every, a.n_critic, folder))


if __name__ == "__main__":
    main()
