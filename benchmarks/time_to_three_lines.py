"""Time to three lines: trains a recipe and says, every so often, how many of its images keep the rules.

    python -m benchmarks.time_to_three_lines
    python -m benchmarks.time_to_three_lines --name hinge --set loss=hinge grad_weight=1.0 --minutes 10
    for seed in 1 2 3; do python -m benchmarks.time_to_three_lines --seed $seed; done
    python -m benchmarks.time_to_three_lines --name weak --resume --steps 8001 --set decay_steps=8000 grad_weight=1.0

Each line gives the minutes of training so far (the readings themselves not counted), the share of images that keep all
the rules, and beside it what must not collapse: how many images are clearly different, and how far positions and
colours are from the rules' distribution. All of it is kept as it comes in benchmarks/trials/<date>-<name>.json, with
the commit, the machine, the command and, in the end, the figures of 10,000 images (see `benchmarks.trial`), and stands
in LOG.md once the trial has ended.

A trial that was killed goes on by --resume under its name; one that has ended is closed, and its training goes on as a
trial of another name. What ships is made by `python -m models.train --ship`.
"""

import argparse
import itertools
import os
import shlex
import sys
from pathlib import Path

import lines
from benchmarks import log
from benchmarks.trial import TRIALS, Trial, TrialRefused, all_trials, is_open, path_of
from models import recipes
from models.engine.precision import cpu_flags
from models.train import DATA_COUNT, DATA_SEED, add_changes, changed_keywords
from models.WGANGP import WGANGP
from utils import runs
from utils.files.errors import one_line
from utils.files.json_files import read_json
from utils.latent import generate_images, generate_latent_points
from utils.latent.temperature import has_strokes
from utils.loaders import ImageBatches
from utils.quiet import keras
from utils.reading.colors import flat_colors
from utils.runs.learning import ReadAlong, measure_rules
from utils.runs.shipping import READ, SEED

BATCH_SIZE = 16  # as published
READINGS = 200  # images a reading
FLAGS = {"amx_bf16", "avx512_bf16"}  # of a processor that is quick at half precision


class Tell(ReadAlong):
    """Reads along, keeps the readings in the trial's file, and prints a line each time.

    Args:
        folder: the run folder.
        every: steps between two readings.
        trial: `Trial`, which begins with the training.
        **begun: arguments of `Trial.begin`.
    """

    def __init__(self, folder, every, trial, **begun):
        super().__init__(folder, every, READINGS)
        self.trial, self.begun = trial, begun

    def on_train_begin(self, logs=None):
        first = self.rows is None  # of several calls of `fit`
        super().on_train_begin(logs)
        if first:
            self.trial.begin(**self.begun, first_step=self.model.epoch, readings=self.rows)

    def on_train_batch_end(self, batch, logs=None):
        before = len(self.rows)
        super().on_train_batch_end(batch, logs)
        if len(self.rows) > before:
            self._tell(self.rows[-1])

    def _tell(self, row):
        self.trial.read(row)
        divergences = ", ".join(f"{name} {row[f'divergence_{name}']:.2f}" for name in ("x", "y1", "y2", "colors"))
        print(
            f"{row['minutes']:6.1f} min, step {row['step']:6.0f}: {row['adherence']:6.1%} keep the rules "
            f"(one vertical {row['one_vertical']:.0%}, two horizontals {row['two_horizontals']:.0%}, palette "
            f"{row['palette']:.0%}); {row['different']:.0%} clearly different; divergence {divergences}",
            flush=True,
        )


def network(a, images):
    """The WGANGP that the command line asks for; `three_lines` starts from the colours of the images."""
    recipe = getattr(recipes, a.recipe)(divide=a.divide) | {"batch_size": a.batch_size}
    recipe |= {"inks": flat_colors(images)} if a.recipe == "three_lines" else {}
    return WGANGP(**(recipe | changed_keywords(a.set)), precision=a.precision, seed=a.seed)


def about(a, gan, n_critic):
    """What is trained, as the trial's file says it; "changed" is what is not as in the recipe."""
    options = {"divide": (a.divide, 1), "batch_size": (a.batch_size, BATCH_SIZE), "n_critic": (a.n_critic, None)}
    changed = {name: value for name, (value, usual) in options.items() if value != usual}
    return {
        **{name: getattr(a, name) for name in ("recipe", "seed", "steps", "minutes")},
        "changed": changed | changed_keywords(a.set),
        "n_critic": n_critic,
        "paints": "strokes" if has_strokes(gan.generator) else "pixels",
        "images": DATA_COUNT,
        "data_seed": DATA_SEED,
        "measured": a.measured,
        "precision": gan.precision,
        "backend": keras.backend.backend(),
    }


def machine_of(run):
    """The machine of a run.json, with what decides how quick a step is (`models.engine.precision`)."""
    load = {"load": round(os.getloadavg()[0], 1)} if hasattr(os, "getloadavg") else {}
    return run["machine"] | {"flags": sorted(cpu_flags() & FLAGS)} | load


def measure_end(gan, count):
    """The figures of `count` images of latent vectors that no reading looked at."""
    Z = generate_latent_points(gan.z_dim, count, seed=SEED)
    numbers = measure_rules(generate_images(gan.ema_generator or gan.generator, Z))
    return {"images": count, "step": gan.epoch, "minutes": sum(gan.step_seconds) / 60, **numbers}


def name_for(a, logged):
    """A name for a trial that was given none: that of the killed one that goes on, else a free one."""
    is_killed = {record["name"]: is_open(record) for record in all_trials(a.trials)}
    if a.resume and is_killed.get(left := left_by_trial(a.out)[0]):
        return left
    base = f"{a.recipe}_seed{a.seed}"
    names = (base if number == 1 else f"{base}-{number}" for number in itertools.count(1))
    return next(name for name in names if name not in is_killed and name not in logged)


def left_by_trial(folder):
    """The name of the trial that a run folder is of, None where it is of none, and how many steps it has done."""
    described, history = Path(folder) / "run.json", Path(folder) / runs.HISTORY
    name = read_json(described).get("trial") if described.exists() else None
    return name, len(runs.read_history(folder)["step"]) if history.exists() else 0


def run(a, trial):
    """Train, and close the trial however that ends, unless the process is killed."""
    images = lines.draw(lines.sample(DATA_COUNT, seed=DATA_SEED))
    gan = network(a, images)
    n_critic = a.n_critic or gan.recipe.n_critic
    training = about(a, gan, n_critic)
    continues, done = left_by_trial(a.out) if a.resume else (None, 0)
    if done >= a.steps and not trial.record:
        raise TrialRefused(f"{a.out} has done {done} steps: ask for more by --steps, or leave --resume out.")
    trial.check(training, continues)
    gan.save(a.out)
    facts = {name: training[name] for name in ("images", "data_seed", "seed", "n_critic", "precision")}
    facts |= {"data_name": "lines", "options": gan.recipe.keywords(), "trial": trial.name}
    record = read_json(runs.describe(a.out, resumed=a.resume, **facts))
    command = shlex.join(["python", "-m", "benchmarks.time_to_three_lines", *a.words])
    begun = {"training": training, "command": command, "versions": record["versions"], "machine": machine_of(record)}
    tell = Tell(a.out, a.every, trial, **begun, continues=continues)
    try:
        gan.train(
            5,
            5,
            ImageBatches.from_array(images, a.batch_size, seed=a.seed),
            a.batch_size,
            a.steps,
            a.out,
            print_every_n_batches=max(1000, a.every),
            n_critic=n_critic,
            verbose=0,
            minutes=a.minutes,
            resume=a.resume,
            callbacks=[tell],
        )
    except (FloatingPointError, KeyboardInterrupt) as error:
        if tell.rows is not None:
            trial.end("stopped by hand" if isinstance(error, KeyboardInterrupt) else f"blew up: {one_line(error)}")
        raise
    trial.end("all steps done" if gan.epoch >= a.steps else "stopped by its time limit", measure_end(gan, a.measured))


def parser():
    """The command line."""
    p = argparse.ArgumentParser(
        prog="python -m benchmarks.time_to_three_lines", description=__doc__.splitlines()[0], allow_abbrev=False
    )
    p.add_argument("--name", help="of the trial, like no other's; <recipe>_seed<seed> and a number if not given")
    p.add_argument("--recipe", choices=("three_lines", "inked_pictures", "published"), default="three_lines")
    p.add_argument("--divide", type=int, default=1, help="divides the filters; the published recipe is wide: 4")
    add_changes(p)
    p.add_argument("--n-critic", type=int, help="critic updates a step; the recipe's if not given")
    p.add_argument("--batch-size", type=int, default=BATCH_SIZE)
    p.add_argument("--steps", type=int, default=4001)
    p.add_argument("--minutes", type=float, help="time limit")
    p.add_argument("--every", type=int, default=100, help=f"steps between two readings of {READINGS} images")
    p.add_argument("--measured", type=int, default=READ, help="images that are read in the end")
    p.add_argument("--precision", default="auto", help="auto, float32, mixed_bfloat16 or mixed_float16")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--out", default="run/gan/0002_lines", help="the run folder")
    p.add_argument("--resume", action="store_true", help="go on from the folder's last checkpoint")
    p.add_argument("--trials", type=Path, default=TRIALS, help="the folder of trials; LOG.md lies beside it")
    return p


def main(words=None):
    """Run a trial, and say where its file lies."""
    words = sys.argv[1:] if words is None else words
    a = parser().parse_args(words)
    a.words = words
    try:
        logged = log.names_without_file(a.trials)
        trial = Trial(a.name or name_for(a, logged), a.trials, logged, a.resume)
        try:
            run(a, trial)
        finally:
            log.write(a.trials)
    except TrialRefused as refused:
        sys.exit(str(refused))
    print(f"{path_of(trial.record, a.trials)}: write there what the trial taught, then python -m benchmarks.log.")


if __name__ == "__main__":
    main()
