"""A small network that enlarges drawn lines four times, and the command that trains it.

    python -m models.SuperResolution --out data/upscalers/lines_x4.keras

The network works at the size of the small image: residual blocks (after EDSR, Lim et al. 2017) and one sub-pixel
convolution (after ESPCN, Shi et al. 2016), which is a transposed convolution whose kernel is as wide as its stride.
Its output is a residual on the image with repeated pixels: for undegraded lines of the data set, repeated pixels are
the exact answer, and the residual is close to 0.

It trains on endless pairs drawn by `utils.super_resolution.degradation`. All layers are stock ones:
`keras.models.load_model` alone opens the file, in safe mode. Float32 (n, h, w, 3) in [-1, 1] becomes (n, 4 h, 4 w, 3),
about [-1, 1].
"""

import argparse
import os
import time
from importlib import metadata
from pathlib import Path

import numpy as np

from utils import files, runs, super_resolution
from utils.files.command_line import from_on
from utils.files.provenance import fingerprint
from utils.images import to_float
from utils.progress import tqdm
from utils.quiet import keras
from utils.super_resolution import degradation, measuring

CHANNELS, BLOCKS = 32, 6
PATCH = 64  # side of the small images in training pairs, in pixels
BATCH = 8
STEPS = 12_000
LEARNING_RATE = 1e-3
SHARES = {"clean": 0.15, "jpeg": 0.15, "degraded": 0.7}  # of the kinds of training pairs
HELD_OUT = 32  # pairs of each kind for the card's scores


def build(channels=CHANNELS, blocks=BLOCKS, seed=None, initializer=None):
    """Build the network; untrained, it repeats every pixel 4 x 4 times.

    Args:
        channels: number of channels of the hidden layers.
        blocks: number of residual blocks, of two convolutions each.
        seed: int, None or a `numpy.random.Generator`.
        initializer: of the kernels; None for the normal distribution of He et al. (2015).

    Returns:
        A functional Keras model, float32 (n, h, w, 3) -> (n, 4 h, 4 w, 3), both about [-1, 1], for any h and w.

    Example:
        >>> build()(np.zeros((1, 128, 128, 3))).shape
        TensorShape([1, 512, 512, 3])
    """
    rng = np.random.default_rng(seed)
    layers = keras.layers

    def convolution(size, name, **options):
        kernel = initializer or keras.initializers.HeNormal(seed=int(rng.integers(2**31)))
        return layers.Conv2D(channels, size, padding="same", kernel_initializer=kernel, name=name, **options)

    image = layers.Input((None, None, 3), name="image")
    x = convolution(5, "head")(image)  # (n, h, w, channels), and so until the last layer
    for i in range(blocks):
        y = convolution(3, f"block_{i}_first", activation="relu")(x)
        y = convolution(3, f"block_{i}_second")(y)
        x = layers.Add(name=f"block_{i}")([x, y])
    detail = layers.Conv2DTranspose(3, 4, strides=4, kernel_initializer="zeros", name="sub_pixels")(x)
    repeated = layers.UpSampling2D(4, interpolation="nearest", name="repeated")(image)
    return keras.Model(image, layers.Add(name="enlarged")([repeated, detail]), name="lines_x4")


def batches(batch_size=BATCH, size=PATCH, seed=0):
    """Draw an endless sequence of batches of pairs.

    Args:
        batch_size: pairs per batch.
        size: side of the small images, in pixels.
        seed: int; the same batches for the same seed.

    Yields:
        `(small, large)`: float32 (n, size, size, 3) and (n, 4 size, 4 size, 3), in [-1, 1].
    """
    rng = np.random.default_rng(seed)
    while True:
        kinds = rng.choice(list(SHARES), batch_size, p=list(SHARES.values()))
        drawn = [degradation.pairs(1, kind, size, rng) for kind in kinds]
        yield tuple(to_float(np.concatenate(side)) for side in zip(*drawn, strict=True))


def decibels(large, enlarged):
    """The mean peak signal-to-noise ratio of a batch in decibels, as a metric for `compile`.

    Args:
        large, enlarged: tensors or arrays (n, height, width, channels), in [-1, 1] and about so.

    Returns:
        Scalar tensor.
    """
    difference = keras.ops.subtract(keras.ops.clip(enlarged, -1, 1), large)
    error = keras.ops.mean(keras.ops.square(difference), axis=(1, 2, 3))
    return 10 * keras.ops.log(4 / keras.ops.maximum(error, 1e-10)) / np.log(10)


def train(model, out, steps=STEPS, minutes=None, batch_size=BATCH, size=PATCH, seed=0, every=250):
    """Train the network, and save it every `every` steps and at the end.

    Args:
        model: of `build`.
        out: path of the file, .keras or .h5.
        steps: largest number of batches.
        minutes: time limit in minutes; None for none. The learning rate falls to 0 by whichever limit comes first.
        batch_size: pairs per batch.
        size: side of the small images, in pixels.
        seed: int, of the pairs.
        every: steps between two saved files.

    Returns:
        The number of steps done.
    """
    # quadratic up to 0.02, linear beyond: ambiguous edges stay sharp instead of grey
    model.compile(keras.optimizers.Adam(LEARNING_RATE), loss=keras.losses.Huber(delta=0.02), metrics=[decibels])
    pace = Pace(out, steps, minutes, every)
    with pace.bar:
        model.fit(
            batches(batch_size, size, seed),
            steps_per_epoch=every,
            epochs=-(-steps // every),
            callbacks=[pace],
            shuffle=False,  # pairs are random already
            verbose=0,
        )
    return pace.step


def save(model, out):
    """Save a network without its optimiser, in a config that older versions of Keras 3 read too.

    Older versions do not know all arguments of today's random initializers, so those of the saved network are zeros.

    Args:
        model: of `build`.
        out: path of the file, .keras or .h5.

    Returns:
        The path.
    """
    channels, blocks = model.get_layer("head").filters, sum(layer.name.endswith("_first") for layer in model.layers)
    plain = build(channels, blocks, initializer="zeros")
    plain.set_weights(model.get_weights())
    return runs.save_keras_model(plain, out)


class Pace(keras.callbacks.Callback):
    """Updates the progress bar and the learning rate, saves the network, and ends the training at its limit."""

    def __init__(self, out, steps, minutes, every):
        super().__init__()
        self.out, self.steps, self.every = Path(out), steps, every
        self.seconds = None if minutes is None else 60 * minutes
        self.step, self.started = 0, None
        self.bar = tqdm(total=steps, unit="step", desc="Training", mininterval=1)

    def on_train_batch_begin(self, batch, logs=None):
        if self.started is None:  # the time limit counts from the first batch, not from the preparation of `fit`
            self.started = time.monotonic()
        # a warm-up of 100 steps, then half a cosine
        rate = LEARNING_RATE * min(1, (self.step + 1) / 100) * (1 + np.cos(np.pi * self._done())) / 2
        self.model.optimizer.learning_rate.assign(max(rate, 1e-3 * LEARNING_RATE))

    def on_train_batch_end(self, batch, logs=None):
        self.step += 1
        self.bar.update()
        ended = self._done() >= 1
        if ended or self.step % self.every == 0:
            self.bar.set_postfix({name: f"{value:.4g}" for name, value in (logs or {}).items()})
            save(self.model, self.out)
        self.model.stop_training = ended

    def _done(self):
        """The fraction of the training that is done, 0 to 1, by steps or by time."""
        spent = time.monotonic() - self.started
        in_time = 0 if self.seconds is None else 1 if spent >= self.seconds else spent / self.seconds
        return min(1, max(self.step / self.steps, in_time))


def card(model, out, facts):
    """Write a network's card beside its file: what it is, how it was trained and its scores, as JSON.

    Args:
        model: the network.
        out: path of its file; the card has the same name, ending in .json.
        facts: dict of further entries, e.g. the command, seed and steps of the training.

    Returns:
        The card's path.
    """
    scores = {}
    for name in (str(out), "lanczos", "bicubic"):
        upscaler = super_resolution.load_upscaler(name)
        scores[model.name if name == str(out) else name] = {
            kind: {key: round(value, 3) for key, value in measuring.measure_upscaler(upscaler, kind, HELD_OUT).items()}
            for kind in degradation.KINDS
        }
    versions = {package: metadata.version(package) for package in ("keras", "numpy", "scipy", "pillow")}
    content = {
        "name": model.name,
        "what": "enlarges drawn lines four times; a residual network with one sub-pixel convolution",
        "takes": "float32 (n, h, w, 3) in [-1, 1], RGB",
        "gives": "float32 (n, 4 h, 4 w, 3), about [-1, 1]",
        "weights": model.count_params(),
        "fingerprint": fingerprint(model),
        **facts,
        "pairs": "utils.super_resolution.degradation.pairs, "
        f"{', '.join(f'{share:.0%} {kind}' for kind, share in SHARES.items())}",
        "held_out": {
            "pairs": f"{HELD_OUT} of each kind",
            "units": "psnr in dB; ssim; edge_width from 10 to 90 % in pixels",
            "scores": scores,
        },
        "machine": f"{runs.processor_name()}, {os.cpu_count()} cores",
        "backend": keras.backend.backend(),
        "versions": versions,
        "licence": "Apache-2.0",
    }
    return files.write_json(Path(out).with_suffix(".json"), content)


def main():
    """Train the network that enlarges lines four times, and save it with its card."""
    parser = argparse.ArgumentParser(prog="python -m models.SuperResolution", description=main.__doc__)
    parser.add_argument("--out", default="data/upscalers/lines_x4.keras", help="the file, .keras or .h5")
    parser.add_argument("--steps", type=from_on(1), default=STEPS, help=f"batches of {BATCH}; default {STEPS:,}")
    parser.add_argument("--minutes", type=from_on(0, float), help="time limit")
    parser.add_argument("--seed", type=from_on(0), default=0)
    arguments = parser.parse_args()
    model, started = build(seed=arguments.seed), time.monotonic()
    steps = train(model, arguments.out, arguments.steps, arguments.minutes, seed=arguments.seed)
    facts = {
        "command": f"python -m models.SuperResolution --seed {arguments.seed} --steps {arguments.steps}"
        + (f" --minutes {arguments.minutes:g}" if arguments.minutes else ""),
        "steps": steps,
        "minutes": round((time.monotonic() - started) / 60, 1),
    }
    print(f"{arguments.out}\n{card(model, arguments.out, facts)}")


if __name__ == "__main__":
    main()
