"""Recipes side by side on any data set, at equal processor time: what a training in a few minutes gives.

    python -m benchmarks.any_images --data emoji --size 64 --recipes CVAE pictures pictures+augment published

A row per recipe: steps, coverage and density (of 1,000 real images by 1,000 generated ones), kernel distance, copies,
and a sheet of 6 x 12 images. Minutes are those of the processor, of all its cores together (two busy cores spend two a
minute), so that other work on the machine does not count. The schedule of each recipe is fitted into them. "+augment"
changes what the critic sees at random (`models.augmentation`).
"""

import argparse
import time
from pathlib import Path

import keras
import numpy as np

from models import recipes
from models.augmentation import CHANGES
from models.plan import MODELS
from utils import figures, latent, loaders, reading, runs
from utils.runs.callbacks import Listener

COUNT, SEED = 1000, 5  # generated and real images that are compared; of the latent vectors
TIMED = 12  # steps
ROWS, COLUMNS = 6, 12  # of the sheet
HEADER = (
    "| data | recipe | processor minutes | steps | covered (expected) | density | kernel distance | copies |\n"
    "|---|---|---:|---:|---:|---:|---:|---:|"
)


class ProcessorTime(Listener):
    """Records the processor time at the end of each step, and stops a training when it is spent."""

    def __init__(self, minutes=float("inf")):
        super().__init__()
        self.limit, self.at = 60 * minutes, []

    def on_train_batch_end(self, batch, logs=None):
        self.at.append(time.process_time())
        if self.at[-1] - self.at[0] > self.limit:
            self.model.stop_training = True


def build(x_train, name, steps, changes, seed=1):
    """The model of a recipe's name, `CVAE` or one of `models.recipes.RECIPES`, for so many steps."""
    name, _, augment = name.partition("+")
    model, recipe = ("CVAE", None) if name == "CVAE" else ("WGANGP", name)
    changes = {**changes, **({"critic_augment": list(CHANGES)} if augment else {})}
    return MODELS[model](**recipes.choose(model, recipe, x_train.images, steps=steps) | changes, seed=seed)


def trained(x_train, name, minutes, changes, folder):
    """Train a recipe for so many minutes of processor time: `(model, minutes spent)`."""
    clock = ProcessorTime()
    timed = build(x_train, name, 1000, changes)
    options = {"print_every_n_batches": 10**9, "verbose": 0}
    timed.train(1, 1, x_train, timed.batch_size, 3, folder / "timed", **options)
    timed.train(1, 1, x_train, timed.batch_size, TIMED, folder / "timed", callbacks=[clock], **options)
    steps = max(1, int(60 * minutes / np.median(np.diff(clock.at)[1:-1])))
    keras.utils.clear_session()
    model, clock = build(x_train, name, steps, changes), ProcessorTime(1.05 * minutes)
    model.train(2, 2, x_train, model.batch_size, steps, folder / "run", callbacks=[clock], **options)
    return model, (clock.at[-1] - clock.at[0]) / 60


def measured(model, real, x_train):
    """Coverage, density, kernel distance and copies of a trained model's images, and the images."""
    Z = latent.generate_latent_points(model.z_dim, COUNT, SEED)
    images = latent.generate_images(model.ema_generator or model.generator, Z)
    features, others = reading.random_features(images), reading.random_features(real)
    nearest = reading.nearest_distances(images[:300], x_train.images[:20_000])
    return images, {
        **reading.coverage(features, others),
        "kernel_distance": reading.kernel_distance(features, others),
        "copies": float((nearest < reading.distances.CLEAR_DIFFERENCE).mean()),
    }


def main(words=None):
    p = argparse.ArgumentParser(prog="python -m benchmarks.any_images", description=__doc__.splitlines()[0])
    p.add_argument("--data", required=True, help="folder in --data-folder, or a set of Keras")
    p.add_argument("--data-folder", default="data")
    p.add_argument("--size", type=int, help="side in pixels; what suits the images if not given")
    p.add_argument("--recipes", nargs="+", default=["CVAE", "pictures", "published"])
    p.add_argument("--minutes", type=float, default=4, help="of processor time, for each")
    p.add_argument("--beta", type=float, help="of the CVAE")
    p.add_argument("--learning-rate", type=float, help="of the CVAE")
    p.add_argument("--out", type=Path, default=Path("run/any_images"))
    a = p.parse_args(words)
    known = ("CVAE", *recipes.RECIPES)
    for name, _, augment in (name.partition("+") for name in a.recipes):
        if name not in known or augment not in ("", "augment"):
            p.error(f"there is no recipe {name!r}; choose {', '.join(known)}, or one with +augment")
    x_train = loaders.load_dataset(a.data, a.size, None, data_folder=a.data_folder, fit=None, background=None, seed=1)
    data = runs.DataSet.of(x_train, a.data_folder)
    unseen = data.unseen(COUNT)
    real = x_train.take(np.random.default_rng(3).permutation(len(x_train.images))[:COUNT]) if unseen is None else unseen
    print(HEADER)
    for name in a.recipes:
        of_vae = {"beta": a.beta, "learning_rate": a.learning_rate}
        changes = {key: value for key, value in of_vae.items() if value is not None} if name == "CVAE" else {}
        model, minutes = trained(x_train, name, a.minutes, changes, a.out / f"{a.data}_{name}")
        images, found = measured(model, real, x_train)
        figures.sample_grid(images, ROWS, COLUMNS, a.out / f"{a.data}_{name}.png")
        said = f"{name} {changes}" if changes else name
        print(
            f"| {a.data}, {x_train.images.shape[1]} | {said} | {minutes:.1f} | {model.epoch:,} | {found['share']:.1%} "
            f"({found['expected']:.1%}) | {found['density']:.2f} | {found['kernel_distance']:.2f} | "
            f"{found['copies']:.1%} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
