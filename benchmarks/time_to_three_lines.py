"""Time to three lines: trains a recipe and says, every so often, how many of its images keep the rules.

    python -m benchmarks.time_to_three_lines --out run/gan/0002_lines
    python -m benchmarks.time_to_three_lines --set loss=hinge grad_weight=1.0 --minutes 10
    python -m benchmarks.time_to_three_lines --resume --ship data/generators/three_lines_128.h5

Each line gives the minutes of training so far (the readings themselves not counted), the share of images that keep all
the rules, and beside it what must not collapse: how many images are clearly different, and how far positions and
colours are from the rules' distribution. What was tried is kept in LOG.md, progress in LEADERBOARD.md. --ship copies
the generator once it is trained, with a card that holds this command and the figures of its images: how many of 10,000
keep the rules, and what 1,000 are like.
"""

import argparse
import ast
import shlex
from pathlib import Path

import lines
from benchmarks.results import measure_generator
from models import recipes
from models.WGANGP import WGANGP
from utils import files, runs
from utils.files.json_files import read_json
from utils.loaders import ImageBatches
from utils.reading.colors import flat_colors
from utils.runs.learning import ReadAlong

COUNT, DATA_SEED = 10_000, 1
IMAGES = 1000  # that a generator which ships is measured on; how many keep the rules, on more
TOLD = (  # what its card says of them
    *("read", "images", "adherence", "census", "divergence", "palette", "diversity"),
    *("class_distance", "memory", "coverage", "sliced_wasserstein", "together"),
)


class Tell(ReadAlong):
    """Reads along, and prints a line each time."""

    def _read(self):
        super()._read()
        row = self.rows[-1]
        divergences = ", ".join(f"{name} {row[f'divergence_{name}']:.2f}" for name in ("x", "y1", "y2", "colors"))
        print(
            f"{row['minutes']:6.1f} min, step {row['step']:6.0f}: {row['adherence']:6.1%} keep the rules "
            f"(one vertical {row['one_vertical']:.0%}, two horizontals {row['two_horizontals']:.0%}, palette "
            f"{row['palette']:.0%}); {row['different']:.0%} clearly different; divergence {divergences}",
            flush=True,
        )


def value_of(text):
    """`name=value` as a pair; values as Python writes them, words without quotes."""
    name, _, value = text.partition("=")
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return name, value


def main():
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.time_to_three_lines", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--recipe", choices=("three_lines", "inked_pictures", "published"), default="three_lines")
    parser.add_argument("--divide", type=int, default=1, help="divides the filters; the published recipe is wide: 4")
    parser.add_argument("--set", nargs="+", default=[], type=value_of, metavar="NAME=VALUE", help="other arguments")
    parser.add_argument("--n-critic", type=int, help="critic batches a step; 1, published 5")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--steps", type=int, default=4001)
    parser.add_argument("--minutes", type=float, help="time limit")
    parser.add_argument("--every", type=int, default=200, help="steps between two readings")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", default="run/gan/0002_lines", help="the run folder")
    parser.add_argument("--resume", action="store_true", help="go on from the folder's last checkpoint")
    parser.add_argument("--ship", type=Path, metavar="PATH", help="copy the generator there in the end, with a card")
    a = parser.parse_args()
    images = lines.draw(lines.sample(COUNT, seed=DATA_SEED))
    recipe = getattr(recipes, a.recipe)(divide=a.divide) | {"batch_size": a.batch_size}
    recipe |= {"inks": flat_colors(images)} if a.recipe == "three_lines" else {}
    gan = WGANGP(**(recipe | dict(a.set)), seed=a.seed)
    gan.save(a.out)
    n_critic = a.n_critic or gan.recipe.n_critic
    facts = {"data_name": "lines", "images": COUNT, "data_seed": DATA_SEED, "seed": a.seed, "n_critic": n_critic}
    runs.describe(a.out, resumed=a.resume, **facts, precision=gan.precision, options=gan.recipe.keywords())
    x_train = ImageBatches.from_array(images, a.batch_size, seed=a.seed)
    gan.train(
        5,
        5,
        x_train,
        a.batch_size,
        a.steps,
        a.out,
        print_every_n_batches=max(1000, a.every),
        n_critic=n_critic,
        verbose=0,
        minutes=a.minutes,
        resume=a.resume,
        callbacks=[Tell(a.out, a.every)],
    )
    if a.ship:
        ship(a, dict(a.set), images)


def ship(a, changed, images):
    """Copy the generator of a run, and hold its images against the rules for its card."""
    options = {"--steps": a.steps, "--seed": a.seed, "--batch-size": a.batch_size, "--divide": a.divide}
    changes = ["--set", *(f"{name}={value}" for name, value in changed.items())] if changed else []
    command = ["python", "-m", "benchmarks.time_to_three_lines", "--recipe", a.recipe, *changes]
    command += [str(word) for option in options.items() for word in option]
    card = runs.ship(a.out, a.ship, command=shlex.join(command))  # first, so that what is measured is what ships
    _, numbers = measure_generator(a.ship, IMAGES, images)
    told = {name: numbers[name] for name in TOLD}
    files.write_json(card, read_json(card) | {"report": told})
    read = numbers["read"]
    print(f"{a.ship} and {card.name}: of {read['images']} images, {read['adherence']['all']:.1%} keep all the rules.")


if __name__ == "__main__":
    main()
