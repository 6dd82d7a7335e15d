"""Projection: the search for the latent vector whose image is nearest to a given image.

The search minimises a loss over latent vectors with Adam (Kingma and Ba, 2015), from several starts at once, keeps the
best start for each image and refines it. Two images of thin lines side by side share no pixel, so that a difference of
pixels has no useful gradient; therefore images are also compared at coarser scales, where the lines overlap. During the
search the palette's inverse temperature is low and the bandwidth of strokes wide, and the bandwidth narrows from stage
to stage. A prior keeps the vectors at the distance from the origin that they have in training.

The vectors are the only weights of a small Keras model with a stock `train_step`, so that the search runs on
TensorFlow, JAX and PyTorch.
"""

import os
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from utils.images import psnr_each, to_float, to_uint8
from utils.latent.generating import generate_images
from utils.latent.paths import generate_latent_points
from utils.latent.temperature import has_strokes, inverse_temperature_of, set_bandwidth, set_inverse_temperature
from utils.latent.texts import TEXTS
from utils.speech import listed, number, say, seen

SCALES = (1, 2, 4, 8, 16, 32)  # scales of the comparison: pixels over which images are averaged
PRIOR = 0.01  # weight of the prior on the norm, relative to squared differences of values in [-1, 1]
BETAS = (0.8, 0.9)  # Adam's, lower than the usual ones; benchmarks/LOG.md, "From an image to its vector"
SEARCH_INVERSE_TEMPERATURE = 1.0  # of the palette during a search; same section
# Stages of a search: the fraction of the steps at which each ends, and the bandwidth of strokes in pixels. A wide one
# gives a gradient towards distant positions; same section.
PIXEL_STAGES = ((1 / 5, None), (1, None))
STROKE_STAGES = ((1 / 3, 4.0), (2 / 3, 2.0), (1, 0.5))
# steps whose vectors are recorded, denser at the start, where they change most
RECORDED_STEPS = (0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048)


@dataclass
class History:
    """The history of a search for the vectors of n images.

    Attributes:
        loss: float32 (steps, n), the loss at each step, of the best start of each image.
        steps: list of int, the recorded steps, 0 for the start.
        Z: float32 (len(steps), n, latent_dim), the vectors at those steps.
        psnr: float (n,), peak signal-to-noise ratio of the image found and the target, in decibels: above 30 they are
            hard to tell apart, 99 stands for identical.
    """

    loss: np.ndarray
    steps: list[int]
    Z: np.ndarray
    psnr: np.ndarray


def project(
    generator,
    images: np.ndarray,
    steps: int = 150,
    starts: int = 6,
    candidates: int = 1000,
    learning_rate: float = 0.03,
    prior: float = PRIOR,
    seed: int | np.random.Generator | None = 0,
) -> tuple[np.ndarray, History]:
    """Find for each image the latent vector whose image is nearest.

    Args:
        generator: a Keras model, latent vectors (n, z_dim) -> images (n, h, w, c) in [-1, 1].
        images: (n, h, w, c) or one image (h, w, c) of the generator's size, uint8 or float in [-1, 1].
        steps: number of Adam steps. All starts take part in the first fifth of them, or the first two thirds for a
            generator of strokes; the best start of each image takes the rest.
        starts: number of starting points for each image.
        candidates: number of random points, the nearest of which become the starting points.
        learning_rate: Adam's initial learning rate.
        prior: weight of the prior on the norm of the vectors; 0 for none.
        seed: of the random points: int, None or a `numpy.random.Generator`.

    Returns:
        `(Z, history)`: the vectors, float32 (n, z_dim), and a `History`.

    Raises:
        ValueError: the images do not have the generator's size, or steps, starts or candidates are below 1.

    Example:
        >>> Z, history = project(generator, images)
        >>> plot_projection(generator, images, history)
    """
    images = _as_targets(generator, images)
    if min(steps, starts, candidates) < 1:
        raise ValueError(f"steps, starts and candidates are 1 or more, not {steps}, {starts} and {candidates}")
    n, latent_dim = len(images), generator.input_shape[-1]
    stages = _stages(generator, steps)
    starts = min(starts, candidates) if len(stages) > 1 else 1
    Z = _nearest_starts(generator, images, generate_latent_points(latent_dim, candidates, seed), starts)
    targets = images.repeat(starts, axis=0)  # (n * starts, h, w, c), the starts of one image are consecutive
    losses, kept = np.empty((0, n * starts), np.float32), {0: Z}
    with _frozen(generator), _progress(steps) as progress:
        for first, last, bandwidth in stages:
            if last == steps and starts > 1:  # the last stage refines the best start of each image
                best = np.arange(n) * starts + losses[-1].reshape(n, starts).argmin(axis=1)
                losses, kept = losses[:, best], {step: vectors[best] for step, vectors in kept.items()}
                targets = images
            with _soft_choices(generator, bandwidth):
                stage = _minimise(generator, targets, kept[first], first, last, steps, learning_rate, prior, progress)
            losses, kept = np.concatenate([losses, stage[0]]), kept | stage[1]
    Z = kept[steps]
    trajectory = np.stack([kept[step] for step in sorted(kept)])
    psnr = psnr_each(generate_images(generator, Z), to_uint8(images))
    return Z, History(losses, sorted(kept), trajectory, psnr)


def plot_projection(
    generator,
    images: np.ndarray,
    history: History,
    path: str | os.PathLike | None = None,
    show: bool = True,
):
    """Draw one row per search: the target, images at recorded steps, and the image found with its PSNR.

    Args:
        generator: the generator of the search.
        images: the target images, as given to `project`.
        history: the `History` of `project`.
        path: where to save the figure as PNG.
        show: whether to show it in a notebook.

    Returns:
        The path, or the Matplotlib figure where there is none.
    """
    from utils.figures import show_images

    images = to_uint8(_as_targets(generator, images))
    columns = [*range(0, len(history.steps) - 1, 3), len(history.steps) - 1]
    pictures, titles = [], []
    for i, image in enumerate(images):
        pictures += [image, *generate_images(generator, history.Z[columns, i])]
        on_the_way = [say(TEXTS, "at step", step=history.steps[column]) for column in columns[:-1]]
        found = say(TEXTS, "found", decibels=number(history.psnr[i], ".1f"))
        titles += [say(TEXTS, "sought"), *on_the_way, found]
    decibels = listed(number(value, ".1f") for value in history.psnr)
    said = seen(TEXTS, "projection", count=len(images), decibels=decibels)
    return show_images(pictures, len(images), 2 + len(columns) - 1, titles, path, show, said)


def _stages(generator, steps: int) -> list[tuple[int, int, float | None]]:
    """The stages of a search: (first step, last step, bandwidth of strokes in pixels or None) of each."""
    stages, first = [], 0
    for share, bandwidth in STROKE_STAGES if has_strokes(generator) else PIXEL_STAGES:
        last = max(1, int(share * steps))
        if last > first:
            stages.append((first, last, bandwidth))
        first = last
    return stages


def _as_targets(generator, images) -> np.ndarray:
    """Images as float32 (n, h, w, c); raises ValueError unless they have the generator's size."""
    images = np.asarray(images)
    images = images[None] if images.ndim == 3 else images
    shape = tuple(generator.output_shape[1:])
    if len(images) == 0 or images.shape[1:] != shape:
        raise ValueError(f"the images have shape {images.shape}; this generator draws images of {shape}: resize them")
    return to_float(to_uint8(images))


def _nearest_starts(generator, images: np.ndarray, Z: np.ndarray, starts: int) -> np.ndarray:
    """For each image the random points whose images are nearest, (n * starts, latent_dim).

    The comparison of averages favours equal positions of lines over equal details.
    """
    drawn = _blurred(to_float(generate_images(generator, Z)))  # (candidates, values)
    sought = _blurred(images)
    distances = ((sought[:, None] - drawn) ** 2).mean(axis=2)  # (n, candidates)
    return Z[distances.argsort(axis=1)[:, :starts]].reshape(-1, Z.shape[1])


def _blurred(images: np.ndarray) -> np.ndarray:
    """Averages over squares of at most 8 x 8 pixels, (n, values)."""
    n, h, w, c = images.shape
    side = next(side for side in (8, 4, 2, 1) if h % side == w % side == 0)
    return images.reshape(n, h // side, side, w // side, side, c).mean(axis=(2, 4)).reshape(n, -1)


def _minimise(generator, targets, Z, first: int, last: int, steps: int, learning_rate: float, prior: float, progress):
    """Minimise the loss from step `first` to step `last` of `steps` in all.

    Args:
        generator: the generator.
        targets: float32 (n, h, w, c).
        Z: float32 (n, d), the vectors at step `first`.
        first, last, steps: ints.
        learning_rate, prior: as in `project`.
        progress: the progress bar.

    Returns:
        `(losses, Z)`: float32 (last - first, n), the loss of each vector at each step, and the vectors at recorded
        steps, {step: (n, d)}.
    """
    from utils.quiet import keras

    search = _search_model(generator, Z, prior)
    search.compile(optimizer=keras.optimizers.Adam(learning_rate, beta_1=BETAS[0], beta_2=BETAS[1]))
    losses, kept = [], {first: Z}
    for step in range(first, last):
        # half a cosine, so that the last steps are small
        search.optimizer.learning_rate = learning_rate * (0.02 + 0.98 * (1 + np.cos(np.pi * step / steps)) / 2)
        search.train_on_batch(targets)
        losses.append(np.array(keras.ops.convert_to_numpy(search.current_losses)))
        if step + 1 in RECORDED_STEPS or step + 1 == last:
            kept[step + 1] = np.array(keras.ops.convert_to_numpy(search.z))
        progress.update(1)
        progress.set_postfix_str(f"loss {losses[-1].mean():.4f}", refresh=False)
    return np.stack(losses), kept


def _search_model(generator, Z: np.ndarray, prior: float):
    """A Keras model whose weights are latent vectors: targets (n, h, w, c) -> the loss of each vector, (n,)."""
    from utils.quiet import keras

    ops = keras.ops

    class Search(keras.Model):
        def __init__(self):
            super().__init__()
            self.generator = generator
            self.z = self.add_weight(shape=Z.shape, initializer="zeros", name="z")
            self.current_losses = self.add_weight(shape=(len(Z),), initializer="zeros", trainable=False, name="losses")
            self.z.assign(Z)

        def call(self, targets, training=None):
            difference = self.generator(self.z, training=False) - targets  # (n, h, w, c)
            square = ops.mean(ops.square(self.z), axis=1)  # about 1 for a standard normal point
            loss = prior * ops.square(square - 1)  # (n,)
            for scale in SCALES:
                if scale <= min(targets.shape[1:3]):
                    loss = loss + ops.mean(ops.square(_averaged(difference, scale)), axis=(1, 2, 3))
            self.current_losses.assign(loss)
            return loss

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            return ops.sum(y_pred)

    def _averaged(images, scale):
        if scale == 1:
            return images
        return ops.average_pool(images, 2 * scale, scale, padding="same")  # windows overlap by half

    return Search()


@contextmanager
def _soft_choices(generator, bandwidth: float | None):
    """Context manager with a low inverse temperature and a wide bandwidth, which give useful gradients."""
    before = inverse_temperature_of(generator)
    set_inverse_temperature(generator, before and min(before, SEARCH_INVERSE_TEMPERATURE), shared=False)
    set_bandwidth(generator, bandwidth)
    try:
        yield
    finally:
        set_inverse_temperature(generator, before, shared=False)
        set_bandwidth(generator)


@contextmanager
def _frozen(generator):
    """Context manager in which the generator is not trainable."""
    layers = list(_layers(generator))
    flags = [layer.trainable for layer in layers]
    generator.trainable = False
    try:
        yield
    finally:
        for layer, flag in zip(layers, flags, strict=True):  # outermost first, because a model sets its layers' flags
            layer.trainable = flag


def _layers(model):
    yield model
    for layer in getattr(model, "layers", []):
        yield from _layers(layer)


def _progress(steps: int):
    from utils.progress import tqdm

    return tqdm(total=steps, desc="Projection", unit="step", delay=2)
