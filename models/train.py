"""Training from the command line, and the files of a shipped generator.

    python -m models.train --data lines --recipe three_lines --minutes 10
    python -m models.train --data molnar --recipe any_rule --steps 6000 --out run/gan/molnar
    python -m models.train --data faces --image-size 64 --model CVAE --seed 3
    python -m models.train --out run/gan/0002_lines --resume --steps 8001
    python -m models.train --out run/gan/0002_lines --resume --ship data/generators/mine.h5

The data set is the folder data/<name>; those of the rule sets in `lines` are drawn if missing. The run folder is that
of the Training notebook (`utils.runs`), so that either can continue the other's trainings: what is not given with
--resume is what the run itself says.
"""

import argparse
import ast
import shlex
import sys
from pathlib import Path

import lines
from models import recipes
from models.losses import LOSSES
from models.plan import ALONE_MINUTES, MODELS, plan_training
from utils import files, loaders, runs
from utils.files.command_line import from_on, on_one_line
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


def add_changes(parser):
    """Add `--set` to a parser: any number of `value_of`'s, in one or several goes."""
    parser.add_argument(
        "--set", nargs="+", action="extend", default=[], type=value_of, metavar="NAME=VALUE", help="other arguments"
    )


def changed_keywords(pairs):
    """The pairs of `--set` as a dict, later ones replacing earlier ones, with lists in place of tuples."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in pairs}


def load(data_name, image_size, batch_size, seed, **options):
    """Load a data set by its name, as `ImageBatches`; that of a rule set is drawn first if missing or incomplete.

    Args:
        data_name, image_size, batch_size, seed, **options: as in `load_dataset`.
    """
    folder = Path("data") / data_name
    if data_name in lines.rule_names():
        lines.write_missing_dataset(folder, DATA_COUNT, seed=DATA_SEED, rules=data_name)
    return loaders.load_dataset(data_name, image_size, batch_size, seed=seed, **options)


def completed(a):
    """Fill in what was not given: for --resume what the run says, else the usual; gives more options of `load`.

    Raises:
        FileNotFoundError: the run has no checkpoint to go on from.
        ValueError: options that do not go together.
    """
    record = {}
    if a.resume:
        folder = Path(a.out)
        if not (folder / runs.CHECKPOINT).is_file():
            raise FileNotFoundError(
                f"{folder} has no {runs.CHECKPOINT.as_posix()}, so there is nothing to resume: see the name after --out"
            )
        record = runs.record_of(folder)
        a.batch_size = a.batch_size or runs.record_of(folder, "params.json").get("batch_size")
    a.data = a.data or record.get("data_name") or "lines"
    if a.image_size is None and "image_size" in record:
        a.image_size = tuple(record["image_size"])
    a.seed = record.get("seed", 1) if a.seed is None else a.seed
    a.model = a.model or record.get("model") or "WGANGP"
    if a.model == "CVAE" and (a.recipe or a.n_critic):
        raise ValueError("--recipe and --n-critic are of a GAN: leave them out, or --model CVAE")
    if a.model != "CVAE":
        a.recipe = a.recipe or record.get("recipe") or "published"
    if a.network and a.recipe not in ("published", "plain_gan"):
        raise ValueError(f"--network is of the recipes published and plain_gan, not of {a.recipe or a.model}")
    names = ("background", "fit", "channels", "augment")
    return {name: record[name] for name in names if name in record and a.data == record.get("data_name")}


def free_run(section, data_name, root="run"):
    """The run folder with the next free number of a section: run/<section>/<number>_<data_name>."""
    taken = [path.name.partition("_")[0] for path in (Path(root) / section).glob("*_*") if path.is_dir()]
    number = 1 + max((int(name) for name in taken if name.isdecimal()), default=0)
    return Path(root) / section / f"{number:04d}_{data_name}"


def train(a):
    """Train by the options of the command line, an `argparse.Namespace`; returns `(model, run folder)`."""
    options = completed(a)
    x_train = load(a.data, a.image_size, a.batch_size, a.seed, **options)
    data = runs.DataSet.of(x_train)
    folder = Path(a.out) if a.out else free_run("gan" if a.model == "WGANGP" else "vae", a.data)
    try:
        plan, model = build(a, x_train, folder)
    except TypeError as error:
        if not a.set:
            raise
        raise ValueError(f"--set: {error}") from None
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


def build(a, x_train, folder):
    """The plan, and the model that it asks for, or the one that the run in `folder` holds: `(plan, model)`."""
    plan = plan_training(
        x_train,
        a.model,
        a.recipe,
        loss=a.loss,
        network=a.network or "readme",
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
    if a.resume and not (a.loss or a.network or a.divide or a.set):
        return plan, plan.load(folder, a.seed)
    return plan, plan.model_class(**plan.parameters, precision=plan.precision, seed=a.seed)


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
    p.add_argument("--data", help="name of the data set, a folder below data/; lines if not given")
    whole = from_on(1)
    p.add_argument("--image-size", type=whole, help="side in pixels; what the images fill, up to 128, if not given")
    p.add_argument("--model", choices=tuple(MODELS), help="WGANGP if not given")
    p.add_argument("--recipe", choices=recipes.RECIPES, help="of a WGANGP; published if not given")
    p.add_argument("--loss", choices=tuple(LOSSES), help="the recipe's if not given")
    p.add_argument("--network", choices=tuple(recipes.KERNELS), help="of the published recipe; readme if not given")
    p.add_argument("--divide", type=whole, help="divides the filters; 4 for the published recipe without a GPU, else 1")
    add_changes(p)
    p.add_argument("--n-critic", type=whole, help="critic updates a step; the recipe's if not given")
    p.add_argument("--batch-size", type=whole, help="the recipe's if not given")
    steps = ", ".join(f"{name} {steps}" for name, steps in recipes.STEPS.items())
    alone = f"at most what {ALONE_MINUTES} minutes hold without a GPU, but for published"
    p.add_argument("--steps", type=from_on(0), help=f"{steps}; {alone}, if neither steps nor minutes are given")
    p.add_argument("--minutes", type=from_on(0, float), help="time limit; a schedule ends with it")
    between = "steps between two sample sheets, and two readings of images by rules"
    p.add_argument("--every", type=whole, help=between)
    kept = "how many of the sheets' generators stay in the run; 0"
    p.add_argument("--keep-generators", type=from_on(0), default=0, help=kept)
    p.add_argument("--precision", default="auto", help="auto, float32, mixed_bfloat16 or mixed_float16")
    p.add_argument("--seed", type=from_on(0), help="1 if not given")
    free = "run/gan/<next number>_<data> if not given, run/vae/ of a CVAE"
    p.add_argument("--out", help=f"the run folder; {free}")
    p.add_argument("--resume", action="store_true", help="go on with the training of --out, as it was begun")
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
    on = f"stopped; --resume --out {shlex.quote(a.out)} goes on" if a.out else "stopped; --resume --out FOLDER goes on"
    with on_one_line(p.prog, on):
        model, folder = train(a)
        print(f"{model.epoch} steps, {sum(model.step_seconds) / 60:.1f} minutes: {folder}")
        if a.ship:
            print(ship(folder, a.ship, a.data, command_of(a)))


if __name__ == "__main__":
    main()
