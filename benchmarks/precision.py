"""Quality of half precision: two trainings from the same seeds, with curves and sample grids side by side.

    python -m benchmarks.precision [--steps 600] [--divide 4] [--folder run/precision] [--emulate]

The README's networks with their filters divided by 4 are trained in float32, then in mixed_bfloat16, on the same images
in the same order, from the same weights and with the same noise. An interrupted run is resumed. The command prints a
table, and writes benchmarks/precision.png.

`--emulate` trains in mixed_float16 in place of mixed_bfloat16, for cards that know no bfloat16 (NVIDIA's T4). Few
processors multiply 16-bit floats, so the sums are float32's, as in such a card's tensor cores, and what goes into a
layer and comes out of it is rounded to float16 and back, in derivatives too: too large becomes infinite, too small
zero. Losses are scaled as there. TensorFlow only.
"""

import argparse
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import keras
import numpy as np
from matplotlib.figure import Figure

import lines
from models.recipes import published
from models.WGANGP import WGANGP
from utils import reading, runs
from utils.figures import draw_curves
from utils.figures.style import draw_image, finish
from utils.latent.generating import generate_images
from utils.latent.paths import generate_latent_points
from utils.loaders import ImageBatches
from utils.runs import learning

EMULATED = "mixed_float16, emulated"
SEED, BATCH, GRID = 1, 16, 4
COUNT = 500  # images of the table's shares
SMOOTH = 25  # steps of the running median of the curves


@contextmanager
def float16_emulated():
    """Meanwhile, networks built in float32 compute as in mixed_float16, with loss scaling."""
    import tensorflow as tf

    from models.engine import layers, optimizers, precision

    @tf.custom_gradient
    def rounded(values):
        return tf.cast(tf.cast(values, tf.float16), tf.float32), rounded

    def dense(layer, inputs, training=None):
        outputs = rounded(keras.ops.matmul(rounded(inputs), rounded(layer.kernel)))
        return rounded(layer.activation(outputs + layer.bias if layer.use_bias else outputs))

    def of_layer(function, rounds_kernel=False):
        def call(inputs, *rest, **options):
            rest = (rounded(rest[0]), *rest[1:]) if rounds_kernel else rest
            done = function(rounded(inputs), *rest, **options)
            return (rounded(done[0]), *done[1:]) if isinstance(done, tuple) else rounded(done)

        return call

    scaled = precision.scaled
    with (
        mock.patch.object(layers, "convolve", of_layer(layers.convolve, rounds_kernel=True)),
        mock.patch.object(layers, "leaky_relu", of_layer(layers.leaky_relu)),
        mock.patch.object(layers, "normalise", of_layer(layers.normalise)),
        mock.patch.object(keras.layers.Dense, "call", dense),
        mock.patch.object(optimizers, "scaled", lambda optimizer, _: scaled(optimizer, "mixed_float16")),
    ):
        yield


class Scales(keras.callbacks.Callback):
    """Follows by what the losses are multiplied: half as much after each update whose gradient was infinite.

    Attributes:
        scales: a row a step, (critic's, generator's).
    """

    def __init__(self):
        super().__init__()
        self.scales = []

    def on_train_batch_end(self, batch, logs=None):
        optimizers = (self.model.optimizer, self.model.generator_optimizer)
        self.scales.append(tuple(float(one.dynamic_scale.numpy()) for one in optimizers))

    def told(self):
        """The sentence under the table."""
        optimizers = (self.model.optimizer, self.model.generator_optimizer)
        counts = [(int(one.iterations.numpy()), int(one.step_counter.numpy())) for one in optimizers]
        last = " and ".join(f"{updates - since:,} of {updates:,}" for updates, since in counts)
        rows = np.array(self.scales)
        return (
            f"Losses multiplied by (critic's, generator's): {rows[0]} at first, {rows[len(rows) // 2]} half-way, "
            f"{rows[-1]} at the end, {rows.min(axis=0)} at least; that changed last at updates {last}."
        )


def train(precision, steps, divide, folder, callbacks=()):
    """Train, or resume; returns the model with its history."""
    gan = WGANGP(**published("readme", divide=divide), precision=precision, seed=SEED)
    x_train = ImageBatches.from_array(lines.draw(lines.sample(10_000, seed=SEED)), BATCH, seed=SEED)
    resume = (folder / "weights" / "checkpoint.weights.h5").exists()
    gan.save(folder)
    gan.train(
        5, 5, x_train, BATCH, steps, folder, print_every_n_batches=100, verbose=0, resume=resume, callbacks=callbacks
    )
    return gan


def smoothed(values):
    """Running medians over `SMOOTH` steps; single losses of the critic vary too much for a comparison by eye."""
    return [float(np.median(values[max(0, i - SMOOTH + 1) : i + 1])) for i in range(len(values))]


def grid_of(images):
    """The first images as a square grid."""
    return np.concatenate([np.concatenate(images[row * GRID : (row + 1) * GRID], axis=1) for row in range(GRID)])


def draw(models, images, path):
    """Draw the losses of both trainings above, and their sample grids below."""
    canvas = Figure(figsize=(11, 10), layout="constrained")
    axes = canvas.subplots(2, 2, height_ratios=[2, 3])
    for place, name, title in zip(axes[0], ("d_loss", "g_loss"), ("Critic's loss", "Generator's loss"), strict=True):
        draw_curves(place, {kind: smoothed(gan.losses_of[name]) for kind, gan in models.items()}, title)
    for place, (kind, pictures) in zip(axes[1], images.items(), strict=True):
        draw_image(place, grid_of(pictures))
        place.set_title(kind, loc="left", fontsize=11)
    return finish(canvas, path, show=False)


def table(models, images):
    """A Markdown table with a row for each number and a column for each precision."""
    reference = lines.draw(lines.sample(COUNT, seed=SEED + 1))
    rows = {}
    for kind, gan in models.items():
        last = slice(-len(gan.g_losses) // 3, None)
        numbers, distance = learning.measure_rules(images[kind]), reading.sliced_wasserstein(images[kind], reference)
        rows[kind] = {
            "seconds a step, median": f"{np.median(gan.step_seconds):.2f}",
            "critic's loss, median of the last third": f"{np.median(gan.losses_of['d_loss'][last]):.2f}",
            "penalty, median of the last third": f"{np.median(gan.losses_of['d_penalty'][last]):.3f}",
            "images with one vertical": f"{numbers['one_vertical']:.0%}",
            "images with two horizontals": f"{numbers['two_horizontals']:.0%}",
            "clearly different": f"{numbers['different']:.0%}",
            "sliced Wasserstein distance to the data, texture": f"{distance['texture']:.4f}",
            "the same, layout": f"{distance['layout']:.4f}",
        }
    heads = list(rows)
    body = [f"| {name} | {' | '.join(rows[kind][name] for kind in heads)} |" for name in rows[heads[0]]]
    return "\n".join([f"| | {' | '.join(heads)} |", f"|---|{'---:|' * len(heads)}", *body])


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.precision", description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--divide", type=int, default=4)
    parser.add_argument("--folder", type=Path, help="run/precision/divided_by_<divide> if not given")
    parser.add_argument("--picture", type=Path, default=Path("benchmarks/precision.png"))
    parser.add_argument("--emulate", action="store_true", help="mixed_float16, emulated, beside float32")
    a = parser.parse_args()
    a.folder = a.folder or Path(f"run/precision/divided_by_{a.divide}")
    models = {"float32": train("float32", a.steps, a.divide, a.folder / "float32")}
    scales = Scales()
    if a.emulate:
        with float16_emulated():
            models[EMULATED] = train("float32", a.steps, a.divide, a.folder / "float16", [scales])
    else:
        models["mixed_bfloat16"] = train("mixed_bfloat16", a.steps, a.divide, a.folder / "mixed_bfloat16")
    Z = generate_latent_points(100, COUNT, seed=SEED)
    images = {kind: generate_images(gan.generator, Z) for kind, gan in models.items()}
    draw(models, images, a.picture)
    print(f"{runs.processor_name()}; README network, filters divided by {a.divide}, {a.steps} steps\n")
    print(table(models, images))
    if scales.scales:
        print("\n" + scales.told())


if __name__ == "__main__":
    main()
