"""The whole circle of one rule set: draw, teach a reader, train, read what was learnt, and one page that shows it.

    python -m models.rule molnar --minutes 20
    python -m models.rule waves.py --minutes 20

The rule set is one of the gallery, or a file of your own with `sample(n, seed)` and `draw(parameters, size)`. What it
leaves: data/<name>/ (the images), data/.readers/ (the reader, where none ships), run/<name>/ (the training) and in it
index.html. The command can be stopped at any time; called again, it goes on where it stopped. `make rule
RULES=waves.py MINUTES=20` does the same.
"""

import argparse
import csv
import time
from pathlib import Path

import numpy as np
from PIL import Image

import lines
from lines.dataset import TABLE_NAME
from lines.registry import drawn, name_of, parameter_names, sampled
from models import recipes
from models.plan import pace
from models.WGANGP import WGANGP
from utils import figures, files, latent, loaders, reading, runs, speech
from utils.figures.lighter import lighten
from utils.files.command_line import from_on, on_one_line
from utils.files.json_files import read_json
from utils.files.typed import time_limit
from utils.images import psnr
from utils.latent.directions import measure_by, plot_directions, reading_directions
from utils.reading.readers import digest_of, reader_of
from utils.runs.learning import ReadAlong, plot_learning, rule_measure
from utils.runs.pages import Picture, Section, in_both, share, write_page

COUNT, SEED, BATCH_SIZE = 6_000, 1, 16
MINUTES = 20.0
FEWEST, MOST = 200, 20_000  # steps
SHEETS, READINGS = 30, 15  # along the training
READ, READ_IN_THE_END = 60, 500  # images a reading
WALK = 48  # images of the walk
SAME, COMPARED = 20.0, 4  # decibels from which an image is the one that the rules draw; how many are compared
SMALL = 64  # side of images that are drawn twice
FACTS = "circle.json"  # of the run folder: minutes of each part, and what was measured
SAID = {  # in the terminal; the names of the parts, and what is said of them
    "images": ("the images", "les images"),
    "reader": ("the reader", "le lecteur"),
    "training": ("the training", "l’entraînement"),
    "page": ("the page", "la page"),
    "part": ("{number} of {count}, {part}: {what} ...", "{number} sur {count}, {part} : {what} ..."),
    "draws": ("those of data/{name}/, or {count} drawn into it", "celles de data/{name}/, ou {count} qu’on y dessine"),
    "drawn": ("    {count} images", "    {count} images"),
    "teaches": (
        "taught on what the rule draws, where none is there yet",
        "il apprend sur ce que dessine la règle, s’il n’y en a pas encore",
    ),
    "chance": ("    {name}: left out, it is pure chance", "    {name} : laissé de côté, c’est le pur hasard"),
    "read": ("    {name}: {score} better than a guess", "    {name} : de {score} mieux qu’au hasard"),
    "unread": ("    {name}: cannot be read", "    {name} : ne se lit pas"),
    "trains": ("{minutes} minutes", "{minutes} minutes"),
    "goes on": (
        "    goes on with a training of {steps} steps; the minutes asked now do not change them",
        "    reprend un entraînement de {steps} étapes ; les minutes demandées à présent n’y changent rien",
    ),
    "reads": ("reads what was learnt", "lit ce qui a été appris"),
    "done": ("The page: {page}", "La page : {page}"),
}


def say(key, **values):
    """A line for the terminal."""
    return speech.say(SAID, key, **values)


class Parts:
    """Announces the parts of the circle, and keeps the minutes that each took."""

    NAMES = ("images", "reader", "training", "page")

    def __init__(self, folder):
        self.path, self.started = Path(folder) / FACTS, None
        self.facts = read_json(self.path) if self.path.exists() else {"minutes": {}}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()  # also what was stopped

    def begin(self, number, what):
        self.end()
        self.now, self.started = self.NAMES[number], time.monotonic()
        print(say("part", number=number + 1, count=len(self.NAMES), part=SAID[self.now], what=what), flush=True)

    def end(self):
        if self.started is not None:
            spent = (time.monotonic() - self.started) / 60
            name, _ = SAID[self.now]
            self.facts["minutes"][name] = round(self.facts["minutes"].get(name, 0) + spent, 2)
            self.started = None
            self.keep()

    def keep(self, **facts):
        self.facts |= facts
        files.write_json(self.path, self.facts)


def draw(rules, module, count):
    """The images of data/<name>/, drawn where there are none: `ImageBatches`.

    Args:
        rules: name of the rule set, or the path of its file.
        module: the rule set itself.
        count: of images to draw.

    Raises:
        ValueError: the folder holds other images than these rules draw, or too few.
    """
    name = name_of(module)
    some = sampled(module, COMPARED, SEED)
    if not np.array_equal(*(drawn(module, some, SMALL) for _ in range(2))):
        raise ValueError(
            f"draw of the rules {name} gives another image of the same numbers each time: let sample give a whole "
            'number by chance, "hand", and draw take its seed from it'
        )
    folder = Path("data") / name
    lines.write_missing_dataset(folder, count, seed=SEED, file_format="png", rules=rules)
    see_drawn(folder, module, name)
    return loaders.load_dataset(name, None, BATCH_SIZE, seed=SEED)


def see_drawn(folder, module, name):
    """See that a folder's first images are those that the rules draw from the folder's table, and enough for a batch.

    Raises:
        ValueError: they are not.
    """
    away = f"move {folder}/ away, or give the rules' file another name"
    if not (folder / TABLE_NAME).is_file():
        if name == "lines":  # those of the sketch in Processing have no table
            return
        raise ValueError(f"{folder}/ holds no {TABLE_NAME}: its images are not those of the rules {name}; {away}")
    with open(folder / TABLE_NAME, newline="", encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    if len(rows) < BATCH_SIZE:
        raise ValueError(f"{folder}/ holds {len(rows)} images; a training needs {BATCH_SIZE} at least: {away}")
    first, *names = rows[0]
    try:
        for row in rows[:COMPARED]:
            with Image.open(folder / row[first]) as picture:
                there = np.asarray(picture.convert("RGB"))
            (drawn,) = module.draw({one: np.array([_number(row[one])]) for one in names}, there.shape[1])
            if drawn.shape[:2] != there.shape[:2] or psnr(there, drawn) < SAME:
                raise ValueError(f"{row[first]} is another image")
    except (KeyError, TypeError, ValueError, FileNotFoundError) as error:
        raise ValueError(f"{folder}/ does not hold what the rules {name} draw ({error}): {away}") from None


def _number(text):
    if text in ("True", "False"):
        return text == "True"
    return int(text) if text.lstrip("-").isdigit() else float(text)


def steps_in(minutes, x_train):
    """How many steps the recipe does in so many minutes on this machine, by the pace of a few of them."""
    paced = pace(WGANGP(**recipes.choose("WGANGP", "any_rule", x_train.images, steps=MOST)), x_train)
    return int(np.clip(paced.steps_in(minutes, READINGS), FEWEST, MOST))


def train(x_train, rules, name, folder, minutes):
    """Train, or go on with what run/<name>/ holds; gives the model."""
    started = folder / "run.json"
    resume = started.exists() and (folder / runs.HISTORY).exists()
    steps = read_json(started)["steps"] if resume else steps_in(minutes, x_train)
    if resume:
        print(say("goes on", steps=speech.number(steps, ",d")))
    parameters = recipes.choose("WGANGP", "any_rule", x_train.images, steps=steps)
    gan = WGANGP(**parameters, seed=SEED)
    gan.save(folder)
    runs.describe(
        folder, resumed=resume, data_name=name, images=len(x_train.images), seed=SEED, recipe="any_rule", steps=steps
    )
    gan.train(
        5,
        5,
        x_train,
        BATCH_SIZE,
        steps + 1,
        folder,
        print_every_n_batches=max(1, steps // SHEETS),
        verbose=1,
        resume=resume,
        callbacks=[ReadAlong(folder, max(1, steps // READINGS), READ, measure=rule_measure(rules))],
    )
    return gan


def show(gan, x_train, rules, name, folder, parts):
    """Measure what was learnt, and write the page with its pictures."""
    generator = gan.ema_generator
    Z = latent.generate_latent_points(gan.z_dim, READ_IN_THE_END, seed=SEED + 1)
    learnt = latent.generate_images(generator, Z)
    numbers = reading.report(learnt, x_train.images, rules=rules)
    parts.keep(report=numbers, steps=gan.epoch, minutes_trained=round(sum(gan.step_seconds) / 60, 2))
    shown = folder / "page"
    figures.sample_grid(x_train.images[:25], 5, 5, shown / "drawn.png")
    figures.sample_grid(learnt[:25], 5, 5, shown / "learnt.png")
    reading.figure(numbers, shown / "parameters.png", show=False)
    plot_learning(folder, gan.losses_of, shown / "learning.png", show=False)
    runs.film_of_sheets(folder, shown / "training.gif")
    walk = latent.closed_loop(Z[:6], WALK // 6)
    latent.film(generator, walk, shown / "walk.gif", fps=12, scale=2)
    found = [one for one in reading_directions(generator, 600, measure=measure_by(rules)) if one.score >= 0.1][:6]
    if found:
        plot_directions(generator, found, Z[0], path=shown / "directions.png", show=False)
    for path in shown.glob("*.png"):
        lighten(path)
    drawn = in_both(len(x_train.images), ",d")
    return write_page(
        folder / "index.html",
        (f"{name} : dessiné, appris", f"{name}: drawn, learnt"),
        (
            f"Un programme a dessiné {drawn[0]} images. Un réseau, qui n’a vu qu’elles, dessine à son tour.",
            f"A program drew {drawn[1]} images. A network that saw nothing else draws in its turn.",
        ),
        sections(numbers, found, rules, gan, parts),
    )


def sections(numbers, found, rules, gan, parts):
    """The sections of the page."""
    kept, parameters = numbers["adherence"]["all"], numbers["parameters"]
    names = {language: parameter_names(rules, language) for language in ("fr", "en")}
    ranked = sorted(parameters, key=lambda name: parameters[name]["divergence"])
    best, least = ranked[0], ranked[-1]
    minutes = sum(gan.step_seconds) / 60
    yield Section(
        ("Dessiné, appris", "Drawn, learnt"),
        (
            "À gauche, vingt-cinq images du programme ; à droite, vingt-cinq du réseau, dans l’ordre du tirage.",
            "On the left, twenty-five images by the program; on the right, twenty-five by the network, unsorted.",
        ),
        (
            Picture("page/drawn.png", ("dessiné par la règle", "drawn by the rule"), exact=True),
            Picture("page/learnt.png", ("appris par le réseau", "learnt by the network"), exact=True),
        ),
    )
    yield Section(
        ("Ce qui a été gardé, ce qui s’est ajouté", "What was kept, what was added"),
        (
            f"{kept:.0%} des images gardent la règle (95 % des images dessinées). Le paramètre le mieux gardé : "
            f"{names['fr'][best]} ; le moins bien : {names['fr'][least]}.",
            f"{kept:.0%} of the images keep the rule (95% of drawn images do). Kept best: {names['en'][best]}; "
            f"kept least: {names['en'][least]}.",
        ),
        (
            Picture(
                "page/parameters.png",
                (
                    "en gris, les valeurs lues dans les images du réseau ; en rouge, celles de la règle",
                    "in grey, the values read in the network's images; in red, those of the rule",
                ),
            ),
        ),
        table=measured(numbers, names),
    )
    steps, lasted = in_both(gan.epoch, ",d"), in_both(minutes, ".1f")
    yield Section(
        ("L’entraînement", "The training"),
        (
            f"{steps[0]} pas en {lasted[0]} minutes. Les mêmes vecteurs, feuille après feuille.",
            f"{steps[1]} steps in {lasted[1]} minutes. The same vectors, sheet after sheet.",
        ),
        (
            Picture("page/training.gif", ("le film de l’entraînement", "the film of the training"), exact=True),
            Picture("page/learning.png", ("ce qui est lu en chemin, et les pertes", "readings on the way, and losses")),
        ),
    )
    yield Section(
        ("Une promenade", "A walk"),
        ("Six points de l’espace latent, en boucle.", "Six points of the latent space, in a loop."),
        (Picture("page/walk.gif", ("une boucle dans l’espace latent", "a loop in the latent space"), exact=True),),
    )
    if found:
        yield Section(
            ("Des directions", "Directions"),
            (
                "Le long de chacune, un mot de la règle change. R² dit combien elle en explique ; sous 0,1, elle n’est "
                "pas montrée.",
                "Along each, a word of the rule changes. R² says how much of it is explained; below 0.1 none is shown.",
            ),
            (Picture("page/directions.png", ("une ligne par direction", "a row for each direction")),),
        )
    spent = parts.facts["minutes"]
    yield Section(
        ("Combien de temps", "How long"),
        ("Les minutes de chaque partie.", "The minutes of each part."),
        table=(
            (("partie", "part"), "minutes"),
            (("les images", "the images"), in_both(spent.get("the images", 0), ".1f")),
            (("le lecteur", "the reader"), in_both(spent.get("the reader", 0), ".1f")),
            (
                ("l’entraînement, lectures comprises", "the training, with its readings"),
                in_both(spent.get("the training", 0), ".1f"),
            ),
        ),
    )


def measured(numbers, names):
    """The rows of the table of what was read: a measure, the network's figure, what drawn images would give."""
    covered, spread, memory = numbers["coverage"], numbers["diversity"], numbers["memory"]
    kept, different = numbers["adherence"], spread["different"] / spread["images"]

    def row(french, english, value, expected=""):
        return ((french, english), value, expected)

    yield row("mesure", "measure", ("réseau", "network"), ("attendu d’images dessinées", "expected of drawn images"))
    yield row("gardent la règle", "keep the rule", share(kept["all"], 1), share(kept["drawn"]))
    for name, one in numbers["parameters"].items():
        labels = (f"divergence, {names[language][name]}" for language in ("fr", "en"))
        yield row(*labels, in_both(one["divergence"], ".2f", " bit"), in_both(0, ".2f", " bit"))
    yield row("nettement différentes", "clearly different", share(different, 1))
    yield row("images du jeu approchées", "images covered", share(covered["share"], 1), share(covered["expected"], 1))
    copies, expected = (share(memory[name], 1) for name in ("copies", "copies_expected"))
    yield row("copies d’une image", "copies of an image", copies, expected)
    if numbers["unread"]:
        yield row("pas lu", "not read", ", ".join(numbers["unread"]))


def circle(rules, minutes=MINUTES, count=COUNT, out=None):
    """Do all parts.

    Args:
        rules: name of a rule set, or the path of its file.
        minutes: of the training; drawing, the reader and the page take up to eight more.
        count: number of images to draw.
        out: the run folder; run/<name> if None.

    Returns:
        The path of the page.

    Raises:
        ValueError: there is no such rule set, nothing of it can be read, its code has changed since this run was begun,
            or data/<name>/ holds other images than it draws; or minutes or count are too few.
    """
    if not time_limit(minutes):
        raise ValueError(f"minutes is {minutes!r}: give the minutes of the training, more than 0")
    if count < BATCH_SIZE:
        raise ValueError(f"count is {count}: a training needs {BATCH_SIZE} images at least")
    module = lines.rules(rules)
    name, digest = name_of(module), digest_of(module)
    folder = Path(out or Path("run") / name)
    parts = Parts(folder)
    if parts.facts.setdefault("rules", digest) != digest:
        raise ValueError(
            f"The rules {name} have changed since {folder}/ was begun: move that folder and data/{name}/ away, or give "
            "the changed file another name."
        )
    with parts:
        page = _circle(parts, rules, module, folder, minutes, count)
    print(say("done", page=page))
    return page


def _circle(parts, rules, module, folder, minutes, count):
    """The parts in turn; gives the page."""
    name = name_of(module)
    parts.begin(0, say("draws", name=name, count=speech.number(count, ",d")))
    x_train = draw(rules, module, count)
    print(say("drawn", count=speech.number(len(x_train.images), ",d")))
    parts.begin(1, say("teaches"))
    parameters = reader_of(module).parameters
    if not any(one.readable for one in parameters):
        raise ValueError(
            f"Nothing of the rules {name} can be read from their images: a page would have nothing to say."
        )
    for one in parameters:
        key = "chance" if one.kind == "chance" else "read" if one.readable else "unread"
        print(say(key, name=one.name, score=speech.percent(max(one.score, 0))))
    parts.begin(2, say("trains", minutes=speech.number(minutes, "g")))
    gan = train(x_train, module, name, folder, minutes)
    parts.begin(3, say("reads"))
    return show(gan, x_train, module, name, folder, parts)


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m models.rule", description=__doc__.splitlines()[0])
    parser.add_argument("rules", help=f"{', '.join(lines.rule_names())}, or a .py file with sample and draw")
    parser.add_argument("--minutes", type=from_on(0.01, float), default=MINUTES, help=f"of the training ({MINUTES:g})")
    parser.add_argument("--count", type=from_on(BATCH_SIZE), default=COUNT, help=f"images to draw ({COUNT})")
    parser.add_argument("--out", help="the run folder; run/<name> if not given")
    a = parser.parse_args(arguments)
    speech.speak(speech.of_system())  # the lines in the terminal, the words in figures; the page has both languages
    with on_one_line(parser.prog, "stopped; the same command goes on where it stopped"):
        circle(a.rules, a.minutes, a.count, a.out)


if __name__ == "__main__":
    main()
