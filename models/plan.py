"""The plan of a training before it starts: model, recipe, and steps that fit into the minutes at hand.

A schedule (a warm-up, learning rates that fall to 0) belongs to a number of steps. So that a short training is a whole
one, the steps are counted before it starts: a few of them are timed on a network that is thrown away, and as many as
fit make the schedule. `plan_training` does what the Training notebook and the command line ask.
"""

import time
from dataclasses import dataclass, field

import keras
import numpy as np

from models import recipes
from models.augmentation import CHANGES
from models.CVAE import CVAE
from models.engine import distributed
from models.engine.backend import batches_for_fit
from models.engine.precision import has_accelerator, kept_precision
from models.WGANGP import WGANGP
from utils.files.typed import time_limit, whole_number
from utils.loaders import load_model
from utils.runs import telling
from utils.runs.checkpoints import OF_TRAINING
from utils.runs.data_set import DataSet
from utils.runs.folder import record_of
from utils.runs.learning import reading_along
from utils.speech import number, roughly

MODELS = {"WGANGP": WGANGP, "CVAE": CVAE}
ALONE_MINUTES = 10  # of a training on processors for which neither steps nor minutes were asked
SPENT = 0.93  # share of the minutes for the steps; the rest is for sheets and saved networks
TIMED = 8  # steps, after those that compile
SCHEDULES = ("decay_steps", "warm_up_steps")
FEW, BY_HEART = 3000, 100  # images, and passes over them, from which a critic is thought to know them by heart
SHEETS = 20  # in a training, if their number is not asked
PUBLISHED_EVERY = 50  # steps from one sheet to the next, twice as often as published: most happens at the start


@dataclass(frozen=True)
class Plan:
    """What will be trained, and for how long.

    Attributes:
        model, recipe: names, as in `models.recipes.choose`; the recipe None for a CVAE.
        parameters: the model's arguments.
        steps: their number; the schedule, where the recipe has one, ends with them.
        every: steps from one sheet to the next.
        asked: arguments of a training, by name, that were given here and win over those of a run that goes on.
        precision: what was asked, or what the run that goes on had, see `kept_precision`.
        step_seconds: measured duration of a step; None if it was not measured.
    """

    model: str
    recipe: str | None
    parameters: dict
    steps: int
    every: int
    step_seconds: float | None = None
    facts: dict = field(default_factory=dict)
    asked: dict = field(default_factory=dict)
    precision: str = "auto"

    @property
    def model_class(self):
        return MODELS[self.model]

    def load(self, folder, seed=1):
        """The model of a run that goes on by this plan."""
        return load_model(self.model_class, folder, self.schedule | self.asked, precision=self.precision, seed=seed)

    @property
    def batch_size(self) -> int:
        return self.parameters["batch_size"]

    @property
    def schedule(self) -> dict:
        """The arguments that depend on the number of steps; a training that goes on to another needs new ones."""
        return {name: self.parameters[name] for name in SCHEDULES if name in self.parameters}

    @property
    def options(self) -> dict:
        """What `train` takes beside the arguments that both models share."""
        return {"n_critic": self.facts["n_critic"]} if self.model == "WGANGP" and self.facts.get("n_critic") else {}


def plan_training(
    x_train,
    model: str | None = None,
    recipe: str | None = None,
    *,
    loss: str | None = None,
    network: str = "readme",
    divide: int | None = None,
    z_dim: int | None = None,
    batch_size: int | None = None,
    steps: int | None = None,
    minutes: float | None = None,
    every: int | None = None,
    n_critic: int | None = None,
    critic_augment: list | tuple | None = None,
    changes: dict | None = None,
    precision: str = "auto",
    resume=None,
    language: str | None = None,
) -> Plan:
    """Choose what was left open, and print what will be trained and how long it takes.

    Args:
        x_train: the result of `load_dataset`.
        model: `WGANGP` or `CVAE`; None for what `models.recipes.propose` finds, which is explained.
        recipe: of a WGANGP; None for the one that `propose` finds.
        loss, network, divide: as in `models.recipes.choose`.
        z_dim: length of the latent vector; None for the recipe's.
        batch_size: images per batch; None for the recipe's.
        steps: None for as many as fit into `minutes`, or the published number for `published`; without minutes, the
            usual number on a GPU, and at most what ten minutes hold without.
        minutes: how long the training may last. A schedule ends with it; a training without one, as `published`, is
            cut off, and can go on another time.
        every: steps from one sheet to the next; None for 50 of `published`, a twentieth of the steps of others.
        n_critic: critic updates per step; None for the recipe's.
        critic_augment: changes of what a critic sees, see `models.augmentation`; () for none, None for all of them if
            fewer than `FEW` images that no rules drew are seen more than `BY_HEART` times, unless the recipe is
            `published`. In a shorter training they cost more than they give (benchmarks/LOG.md, "Any images").
        changes: other arguments of the model, by name.
        precision: as in the model's constructor.
        resume: run folder of a training that goes on, whose model, recipe and steps are kept where none is given.
        language: "en" or "fr"; None for the chosen one.

    Returns:
        A `Plan`.

    Raises:
        ValueError: an unknown name, or a combination that cannot be trained; nothing was trained yet.
    """
    if n_critic is not None:
        n_critic = whole_number(n_critic, "n_critic (N_CRITIC)", 1)
    if every is not None:
        every = whole_number(every, "PRINT_EVERY_N_BATCHES", 1)
    minutes = time_limit(minutes)
    before = {} if resume is None else record_of(resume)
    precision = kept_precision(precision, before.get("precision"))
    model, recipe = model or before.get("model"), recipe or before.get("recipe")
    steps = steps if steps is not None else before.get("steps")
    given = {"batch_size": batch_size, "loss": loss, "critic_augment": critic_augment, **(changes or {})}
    of_training = {name: value for name, value in given.items() if value is not None and name in OF_TRAINING}
    if before:
        n_critic = n_critic if n_critic is not None else before.get("n_critic")
        batch_size = batch_size or record_of(resume, "params.json").get("batch_size")
    if model is None and recipe is None:
        model, recipe, why = recipes.propose(x_train.images, DataSet.of(x_train).rules, minutes)
        telling.tell(f"first choice {why}", language, minutes=minutes or ALONE_MINUTES)
    model = model or "WGANGP"
    if model == "CVAE":
        recipe = None
    elif recipe is None:
        _, recipe, _ = recipes.propose(x_train.images, DataSet.of(x_train).rules, float("inf"))

    def arguments(steps):
        chosen = recipes.choose(model, recipe, x_train.images, network, divide, steps, loss)
        if critic_augment and model == "WGANGP":
            chosen["critic_augment"] = list(critic_augment)
        given = {"batch_size": batch_size, "z_dim": z_dim}
        return chosen | {name: value for name, value in given.items() if value is not None} | (changes or {})

    if steps is not None:
        steps = whole_number(steps, "epochs (EPOCHS)", 0)
    usual, seconds, fitting = recipes.STEPS[recipe or model], None, None
    hurried = minutes is None and steps is None and recipe != "published" and not has_accelerator()
    limit = ALONE_MINUTES if hurried else minutes
    asked = steps is not None and (minutes is None or steps <= TIMED)
    parameters = arguments(usual if steps is None else steps)
    if not (asked or before or distributed.active()):
        paced = pace(MODELS[model](**parameters, precision=precision, seed=1), x_train, n_critic)
        seconds = paced.step
        fitting = None if limit is None else paced.steps_in(limit)
    if steps is None:
        open_ended = fitting is not None and minutes is not None and recipe != "published"
        steps = fitting if open_ended else usual
    if recipe != "published" and (hurried or set(SCHEDULES) & set(parameters)):  # else the minutes cut it off
        steps = min(steps, fitting or steps)
    batches = n_critic or parameters.get("n_critic", recipes.N_CRITIC if model == "WGANGP" else 1)
    passes = steps * parameters["batch_size"] * batches / len(x_train.images)
    by_heart = passes > BY_HEART and len(x_train.images) < FEW and not DataSet.of(x_train).rules
    if critic_augment is None and by_heart and recipe not in (None, "published"):
        critic_augment = list(CHANGES)
        telling.tell("few images", language, count=number(len(x_train.images), ",d"), passes=number(passes, ".0f"))
    if every is None:
        every = PUBLISHED_EVERY if recipe == "published" else max(1, steps // SHEETS)
    if seconds is not None:
        lasts = min(steps * seconds / 60, minutes or float("inf"))
        values = {"steps": number(steps, ",d"), "seconds": roughly(seconds), "minutes": roughly(lasts)}
        telling.tell("steps", language, passes=roughly(passes), **values)
    elif before:
        values = {"recipe": recipe or model, "steps": number(steps, ",d"), "passes": roughly(passes)}
        telling.tell("steps as begun", language, **values)
    facts = {"model": model, "recipe": recipe, "steps": steps, "loss": loss, "n_critic": n_critic}
    return Plan(model, recipe, arguments(steps), steps, every, seconds, facts, of_training, precision)


@dataclass(frozen=True)
class Pace:
    """What a training takes on this machine, in seconds.

    Attributes:
        first: the first step, which compiles.
        step: each further one.
        reading: the images that are read on the way, once.
    """

    first: float
    step: float
    reading: float = 0.0

    def steps_in(self, minutes: float, readings: int = SHEETS) -> int:
        """How many steps fit, beside so many readings; these take at most half of the time."""
        left = 60 * SPENT * minutes - self.first - readings * self.reading
        return max(1, int(max(left, 60 * SPENT * minutes / 2) / self.step))


def pace(model, x_train, n_critic: int | None = None) -> Pace:
    """Measure the pace of a training with a model that is not used afterwards.

    Args:
        model: a WGANGP or a CVAE, which takes a few steps.
        x_train: `ImageBatches`.
        n_critic: critic updates per step; None for the model's own.

    Returns:
        `Pace`; its step is the median of a few after the first ones.
    """

    class Times(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.ends = []

        def on_train_batch_end(self, batch, logs=None):
            float(next(iter(logs.values())))  # waits for the step on a GPU
            self.ends.append(time.perf_counter())

    batches = 1 if "critic" not in model.parts else n_critic or model.recipe.n_critic
    model.take_batches(batches)
    count, times = batches * model.batch_size, Times()
    stream = batches_for_fit(lambda: ((x_train.draw(i * count, count),) for i in range(10**9)))
    started = time.perf_counter()
    model.fit(stream(), steps_per_epoch=TIMED + 2, epochs=1, verbose=0, shuffle=False, callbacks=[times])
    return Pace(times.ends[0] - started, float(np.median(np.diff(times.ends)[1:])), reading_seconds(x_train))


def reading_seconds(x_train) -> float:
    """How long it takes to read, once, the images that a training reads on the way; 0 where it reads none."""
    read = reading_along(DataSet.of(x_train))
    if read is None:
        return 0.0
    measure, count = read
    images = x_train.images[:count]
    measure(images[:2])  # what it loads and compiles
    started = time.perf_counter()
    measure(images)
    return time.perf_counter() - started
