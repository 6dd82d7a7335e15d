"""To the same pictures: our recipes against what people would pick instead, on the same images and machine.

    python -m benchmarks.rivals [--minutes 8] [--only three_lines r3gan ...]

Each contestant has a process of its own, one after the other, on a machine that does nothing else. Every 20 seconds 200
of its images are read, which is not counted. Two marks: half of the images with one vertical line (with 90 % of them
clearly different), and the look of the data set, a sliced Wasserstein distance of their texture below 0.02. Whoever has
reached both, or spent the minutes, ends. The first step counts, compilation included; a process' start does not.

- `published`, `three_lines`, `inked_pictures`: ours, in the fastest precision of the machine;
- the others: those of `benchmarks.rival_networks`; the ones in PyTorch if it is installed.

It prints a table, and writes the last sheet of each to --out.
"""

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import lines
from benchmarks.measuring import machine, take_turn, wait_for_turn

COUNT, SEED = 10_000, 1  # of the data set
READ, DIFFERENT, MARK, TEXTURE = 200, 0.9, 0.5, 0.02  # images a reading; the marks
EVERY = 20  # seconds between two readings
GRID = 6  # rows and columns of the sheets
OURS = {"published": None, "three_lines": 3_000, "inked_pictures": 3_000}  # steps of the schedule, some 8 minutes
DIVIDED = {"published": 4}  # as on any machine without a GPU
RIVALS = {  # backend that each needs
    "keras_example": "tensorflow",
    "plain_wgangp": "torch",
    "lightweight_gan": "torch",
    "r3gan": "torch",
}


class Clock:
    """Counts a contestant's minutes and steps, and reads its images every so often.

    Args:
        name, out: of the contestant, and the folder of its sheet.
        seconds: between two readings.
    """

    def __init__(self, name, out, seconds):
        from utils.latent import generate_latent_points

        self.path, self.seconds = Path(out) / f"{name}.png", seconds
        self.Z = generate_latent_points(100, READ, 7)
        self.reference = lines.draw(lines.sample(1000, seed=SEED + 1))
        self.spent, self.steps = 0.0, 0

    def begin(self):
        wait_for_turn()
        self.started = time.perf_counter()

    def done(self, draw, weights):
        """After a step: `draw` gives the images of latent vectors, `weights` counts those of both networks."""
        self.steps += 1
        now = time.perf_counter() - self.started
        if now < self.seconds:
            return
        self.spent += now
        print(json.dumps({"minutes": self.spent / 60, "steps": self.steps, "weights": weights, **self.read(draw)}))
        sys.stdout.flush()
        self.begin()

    def read(self, draw):
        from utils import figures, reading
        from utils.runs.learning import measure_rules

        images = draw(self.Z)
        figures.sample_grid(images[: GRID**2], GRID, GRID, self.path)
        texture = reading.sliced_wasserstein(images, self.reference)["texture"]
        return {"texture": texture, **{name: float(value) for name, value in measure_rules(images).items()}}


def ours(recipe, images, clock):
    """Train one of our recipes until nobody asks for a further reading."""
    from models import recipes
    from models.WGANGP import WGANGP
    from utils.latent import generate_images
    from utils.loaders import ImageBatches
    from utils.runs.callbacks import Listener

    gan = WGANGP(**recipes.choose("WGANGP", recipe, images, divide=DIVIDED.get(recipe), steps=OURS[recipe]), seed=SEED)
    weights = gan.generator.count_params() + gan.critic.count_params()

    class Ticks(Listener):
        def on_train_batch_end(self, batch, logs=None):
            clock.done(lambda Z: generate_images(gan.ema_generator or gan.generator, Z), weights)

    batches = ImageBatches.from_array(images, gan.batch_size, seed=SEED)
    folder = clock.path.parent / f"run_{recipe}"
    gan.train(2, 2, batches, gan.batch_size, 10**6, folder, 10**9, verbose=0, callbacks=[Ticks()])


def marks(rows):
    """The minutes at which the two marks were first reached, None where they were not, by the readings of a contestant.

    Args:
        rows: list of dicts with `minutes`, `one_vertical`, `different` and `texture`.

    Returns:
        `(minutes to the lines, minutes to the look)`.
    """
    to_lines = (row["minutes"] for row in rows if row["one_vertical"] >= MARK and row["different"] >= DIFFERENT)
    to_look = (row["minutes"] for row in rows if row["texture"] <= TEXTURE)
    return next(to_lines, None), next(to_look, None)


def row_of(name, rows):
    """The contestant's row of the table, by its readings."""
    last = rows[-1]
    said = ["not reached" if minutes is None else f"{minutes:.1f}" for minutes in marks(rows)]
    shares = [f"{last[key]:.0%}" for key in ("one_vertical", "two_horizontals", "adherence", "different")]
    paces = [f"{last['weights'] / 1e6:.1f}", f"{60 * last['minutes'] / last['steps']:.2f}"]
    cells = [name, *paces, *said, f"{last['minutes']:.1f}", *shares, f"{last['texture']:.3f}"]
    return f"| {' | '.join(cells)} |"


HEADER = (
    "| | million weights | seconds a step | minutes to half with one vertical | minutes to the look "
    "| at the end, minutes | one vertical | two horizontals | all rules | clearly different | texture |\n|---|"
    + "---:|"
    * 10
)


def compete(name, minutes, every, out):
    """Train a contestant in a process of its own until it has reached both marks or spent its minutes: its readings."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.rivals",
        "--contestant",
        name,
        "--every",
        str(every),
        "--out",
        str(out),
    ]
    environment = os.environ | {"KERAS_BACKEND": RIVALS.get(name, "tensorflow")}
    worker = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    rows = []
    while not rows or (rows[-1]["minutes"] < minutes and None in marks(rows)):
        rows.append(json.loads(take_turn(worker, f"{name}, at its reading {len(rows) + 1},")))
        row = rows[-1]
        print(
            f"{row['minutes']:5.1f} min, {name}, step {row['steps']:,}: one vertical {row['one_vertical']:.0%}, "
            f"all rules {row['adherence']:.0%}, different {row['different']:.0%}, texture {row['texture']:.3f}",
            file=sys.stderr,
            flush=True,
        )
    worker.stdin.close()
    worker.wait()
    return rows


def main(words=None):
    p = argparse.ArgumentParser(prog="python -m benchmarks.rivals", description=__doc__.splitlines()[0])
    p.add_argument("--minutes", type=float, default=8, help="of training, for each")
    p.add_argument("--every", type=float, default=EVERY, help="seconds between two readings")
    p.add_argument("--only", nargs="+", choices=[*OURS, *RIVALS], default=[*OURS, *RIVALS])
    p.add_argument("--out", type=Path, default=Path("run/rivals"))
    p.add_argument("--contestant", help=argparse.SUPPRESS)
    a = p.parse_args(words)
    a.out.mkdir(parents=True, exist_ok=True)
    if a.contestant:
        images = lines.draw(lines.sample(COUNT, seed=SEED))
        clock = Clock(a.contestant, a.out, a.every)
        clock.begin()
        if a.contestant in OURS:
            ours(a.contestant, images, clock)
        else:
            from benchmarks import rival_networks

            getattr(rival_networks, a.contestant)(images, clock.done)
        return
    names = [name for name in a.only if importlib.util.find_spec(RIVALS.get(name, "tensorflow"))]
    print(machine(), file=sys.stderr)
    print(HEADER)
    for name in names:
        print(row_of(name, compete(name, a.minutes, a.every, a.out)), flush=True)


if __name__ == "__main__":
    main()
