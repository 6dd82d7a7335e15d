"""Training from the command line, and the files of a shipped generator.

    python -m models.train --data lines --recipe three_lines --minutes 10
    python -m models.train --data molnar --recipe any_rule --steps 6000 --out run/gan/molnar
    python -m models.train --data faces --image-size 64 --model CVAE --seed 3
    python -m models.train --recipe three_lines --set grad_weight=2.5 --out run/gan/0002_lines --resume --steps 8001
    python -m models.train --recipe three_lines --out run/gan/0002_lines --resume --ship data/generators/mine.h5

The data set is the folder data/<name>; those of the rule sets in `lines` are drawn if missing. The run folder is that
of the Training notebook (`utils.runs`), so that either can continue the other's trainings.
"""

import argparse
import ast
import shlex
import sys
from pathlib import Path

import lines
from models import recipes
from models.losses import LOSSES
from models.plan import MODELS, plan_training
from utils import files, loaders, runs
from utils.files.json_files import read_json
from utils.runs.learning import watching
from utils.runs.shipping import measure_generator

DATA_COUNT, DATA_SEED = 10_000, 1
MEASURED = 1000  # images of the full report in the card of a generator of lines
CARD = (  # the parts of the report in the card
    *("read", "images", "adherence", "census", "profile", "divergence", "palette", "diversity"),
    *("class_distance", "memory", "coverage", "sliced_wasserstein", "together"),
)


def value_of(text):
    """Parse an argument `NAME=VALUE` of the command line; values are Python literals, or strings without quotes.

    Returns:
        `(name, value)`.

    Raises:
        argparse.ArgumentTypeError: it has no `=`.

    Example:
        >>> value_of("grad_weight=2.5"), value_of("loss=hinge")
        (('grad_weight', 2.5), ('loss', 'hinge'))
    """
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE, such as grad_weight=2.5")
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return name, value


def changed_keywords(pairs):
    """The pairs of `--set` as a dict, later ones replacing earlier ones, with lists in place of tuples."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in pairs}


def load(data_name, image_size, batch_size, seed):
    """Load a data set by its name, as `ImageBatches`; that of a rule set is drawn first if missing or incomplete."""
    folder = Path("data") / data_name
    if data_name in lines.rule_names():
        lines.write_missing_dataset(folder, DATA_COUNT, seed=DATA_SEED, rules=data_name)
    return loaders.load_dataset(data_name, image_size, batch_size, seed=seed)


def free_run(section, data_name, root="run"):
    """The run folder with the next free number of a section: run/<section>/<number>_<data_name>."""
    taken = [path.name.partition("_")[0] for path in (Path(root) / section).glob("*_*") if path.is_dir()]
    number = 1 + max((int(name) for name in taken if name.isdecimal()), default=0)
    return Path(root) / section / f"{number:04d}_{data_name}"


def train(a):
    """Train by the options of the command line, an `argparse.Namespace`; returns `(model, run folder)`."""
    x_train = load(a.data, a.image_size, a.batch_size, a.seed)
    data = runs.DataSet.of(x_train)
    folder = Path(a.out) if a.out else free_run("gan" if a.model == "WGANGP" else "vae", a.data)
    plan = plan_training(
        x_train,
        a.model,
        a.recipe,
        loss=a.loss,
        network=a.network,
        divide=a.divide,
        batch_size=a.batch_size,
        steps=a.steps,
        minutes=a.minutes,
        every=a.every,
        n_critic=a.n_critic,
        changes=changed_keywords(a.set),
        precision=a.precision,
        resume=folder if a.resume else None,
    )
    model = plan.model_class(**plan.parameters, precision=a.precision, seed=a.seed)
    model.save(folder)
    facts = {**x_train.facts, **plan.facts, "seed": a.seed, "precision": model.precision}
    runs.describe(folder, resumed=a.resume, **facts, command=command_of(a))
    model.train(
        5,
        5,
        x_train,
        plan.batch_size,
        plan.steps,
        folder,
        print_every_n_batches=plan.every,
        verbose=1,
        minutes=a.minutes,
        resume=a.resume,
        callbacks=watching(data, folder, plan.every, plan.steps, a.keep_generators, "encoder" in model.parts),
        **plan.options,
    )
    return model, folder


def command_of(a):
    """The given command, as one line for a shell."""
    return shlex.join(["python", "-m", "models.train", *a.words])


def ship(folder, path, data_name, command):
    """Copy a run's generator to `path` with its card, which has a report for generators of lines.

    Returns:
        A message, one line.
    """
    card = runs.ship(folder, path, command=command)  # first, so that the shipped file itself is measured
    if data_name != "lines":
        return f"{path} and {card.name} are written."
    reference = lines.draw(lines.sample(DATA_COUNT, seed=DATA_SEED))
    _, numbers = measure_generator(path, MEASURED, reference)
    files.write_json(card, read_json(card) | {"report": {name: numbers[name] for name in CARD}})
    read = numbers["read"]
    return f"{path} and {card.name}: of {read['images']} images, {read['adherence']['all']:.1%} keep all the rules."


def parser():
    """The parser of the command line."""
    p = argparse.ArgumentParser(prog="python -m models.train", description=__doc__.splitlines()[0])
    p.add_argument("--data", default="lines", help="name of the data set, a folder below data/; lines if not given")
    p.add_argument("--image-size", type=int, help="side in pixels; what the images fill, up to 128, if not given")
    p.add_argument("--model", choices=tuple(MODELS), default="WGANGP")
    p.add_argument("--recipe", choices=recipes.RECIPES, default="published")
    p.add_argument("--loss", choices=tuple(LOSSES), help="the recipe's if not given")
    p.add_argument("--network", choices=tuple(recipes.KERNELS), default="readme", help="of the published recipe")
    p.add_argument("--divide", type=int, help="divides the filters; 4 for the published recipe without a GPU, else 1")
    p.add_argument("--set", nargs="+", default=[], type=value_of, metavar="NAME=VALUE", help="other arguments")
    p.add_argument("--n-critic", type=int, help="critic updates a step; the recipe's if not given")
    p.add_argument("--batch-size", type=int, help="the recipe's if not given")
    p.add_argument("--steps", type=int, help=", ".join(f"{name} {steps}" for name, steps in recipes.STEPS.items()))
    p.add_argument("--minutes", type=float, help="time limit; a schedule ends with it")
    p.add_argument("--every", type=int, help="steps between two sample sheets, and two readings of images by rules")
    p.add_argument(
        "--keep-generators", type=int, default=0, help="how many of the sheets' generators stay in the run; 0"
    )
    p.add_argument("--precision", default="auto", help="auto, float32, mixed_bfloat16 or mixed_float16")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--out", help="the run folder; run/gan/<next number>_<data> if not given")
    p.add_argument("--resume", action="store_true", help="go on from the last checkpoint of --out")
    p.add_argument("--ship", type=Path, metavar="PATH", help="copy the generator there in the end, with a card")
    return p


def main(words=None):
    """Train, and print the run folder."""
    words = sys.argv[1:] if words is None else words
    p = parser()
    a = p.parse_args(words)
    a.words = words
    if a.resume and not a.out:
        p.error("--resume goes on with a run: say which by --out")
    model, folder = train(a)
    print(f"{model.epoch} steps, {sum(model.step_seconds) / 60:.1f} minutes: {folder}")
    if a.ship:
        print(ship(folder, a.ship, a.data, command_of(a)))


if __name__ == "__main__":
    main()
