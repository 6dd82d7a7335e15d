"""From an image back to its latent vector: the search for the vector whose image is nearest.

The search starts at several points at once, goes downhill with Adam (Kingma and Ba, 2015) on the latent vectors, keeps
the best for each image and refines it. Two images of thin lines that lie side by side have nothing in common pixel by
pixel, and nothing then says which way to go; so images are compared blurred at several scales, where the lines overlap.
A generator that is sure of its inks and of where its strokes lie doubts for the time of the search, of places less and
less. A prior holds the vectors at the distance from the origin at which the generator learnt.

Keras differentiates: the vectors are the only weights of a small model whose `train_step` is that of any Keras model,
so that TensorFlow, JAX and PyTorch all serve.
"""

import os
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from utils.images import psnr_each, to_float, to_uint8
from utils.latent.generating import generate_images
from utils.latent.paths import generate_latent_points
from utils.latent.temperature import has_strokes, inverse_temperature_of, set_bandwidth, set_inverse_temperature

SCALES = (1, 2, 4, 8, 16, 32)  # pixels over which images are averaged before they are compared
PRIOR = 0.01  # weight of the prior on the norm, against a squared difference of values in [-1, 1]
BETAS = (0.8, 0.9)  # of Adam: with the usual (0.9, 0.999) twice as many steps give 3 decibels less
SEARCH_INVERSE_TEMPERATURE = 1.0  # of a palette in a search: 12 drawn images are met to 29.6 dB by it, 26.1 by 3
# How far each stage of a search goes, and the bandwidth of strokes in it, in pixels. With never more than the half
# pixel that they are painted with, they meet 32 drawn images to 21.5 dB; by these stages, to 27.5.
PICTURES = ((1 / 5, None), (1, None))
STROKES = ((1 / 3, 4.0), (2 / 3, 2.0), (1, 0.5))
KEPT = (0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048)  # steps whose vectors are kept: most happens at the start


@dataclass
class History:
    """What a search went through, for n images.

    Attributes:
        loss: float32 (steps, n), of the start that won in the end.
        steps: at which steps the vectors were kept, 0 for the start.
        Z: float32 (len(steps), n, latent_dim), the vectors at those steps.
        psnr: float (n,), how near the image of the vector found is to the image sought, as peak signal-to-noise ratio
            in decibels: above 30 one has to look twice, 99 stands for identical.
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
        steps: how many steps of Adam altogether; the first fifth is spent on all starts, and two thirds where strokes
            have to find their places.
        starts: from how many points the search for each image begins.
        candidates: how many random points are drawn, of which the nearest become the starts.
        learning_rate: of Adam, at its highest.
        prior: weight of the prior on the norm of the vectors; 0 for none.
        seed: which random points.

    Returns:
        `(Z, history)`: the vectors, float32 (n, z_dim), and a `History`.

    Raises:
        ValueError: the images do not have the generator's size, or a number is below 1.

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
    targets = images.repeat(starts, axis=0)  # (n * starts, h, w, c), the starts of one image in a row
    losses, kept = np.empty((0, n * starts), np.float32), {0: Z}
    with _frozen(generator), _progress(steps) as progress:
        for first, last, bandwidth in stages:
            if last == steps and starts > 1:  # the last stage is for the best
                best = np.arange(n) * starts + losses[-1].reshape(n, starts).argmin(axis=1)
                losses, kept = losses[:, best], {step: vectors[best] for step, vectors in kept.items()}
                targets = images
            with _softened(generator, bandwidth):
                more = _descend(generator, targets, kept[first], first, last, steps, learning_rate, prior, progress)
            losses, kept = np.concatenate([losses, more[0]]), kept | more[1]
    Z = kept[steps]
    way = np.stack([kept[step] for step in sorted(kept)])
    near = psnr_each(generate_images(generator, Z), to_uint8(images))
    return Z, History(losses, sorted(kept), way, near)


def plot_projection(
    generator,
    images: np.ndarray,
    history: History,
    path: str | os.PathLike | None = None,
    show: bool = True,
):
    """Draw the way of each search: the image sought, those on the way, and the one found with how near it is.

    Args:
        generator: the generator of the search.
        images: the images sought, as they were given to `project`.
        history: what `project` gave.
        path: where to save the figure as PNG.
        show: show it in the notebook.

    Returns:
        The path, or the Matplotlib figure where there is none.
    """
    from utils.figures import show_images

    images = to_uint8(_as_targets(generator, images))
    columns = [*range(0, len(history.steps) - 1, 2), len(history.steps) - 1]
    pictures, titles = [], []
    for i, image in enumerate(images):
        pictures += [image, *generate_images(generator, history.Z[columns, i])]
        on_the_way = [f"step {history.steps[column]}" for column in columns[:-1]]
        titles += ["sought", *on_the_way, f"found: {history.psnr[i]:.1f} dB"]
    return show_images(pictures, len(images), 2 + len(columns) - 1, titles, path, show)


def _stages(generator, steps: int) -> list[tuple[int, int, float | None]]:
    """The first step, the last and the bandwidth of strokes in pixels of each stage of a search."""
    stages, first = [], 0
    for share, bandwidth in STROKES if has_strokes(generator) else PICTURES:
        last = max(1, int(share * steps))
        if last > first:
            stages.append((first, last, bandwidth))
        first = last
    return stages


def _as_targets(generator, images) -> np.ndarray:
    """Images as float32 (n, h, w, c) of the generator's size, or the reason why they are none."""
    images = np.asarray(images)
    images = images[None] if images.ndim == 3 else images
    shape = tuple(generator.output_shape[1:])
    if len(images) == 0 or images.shape[1:] != shape:
        raise ValueError(f"the images have shape {images.shape}; this generator draws images of {shape}: resize them")
    return to_float(to_uint8(images))


def _nearest_starts(generator, images: np.ndarray, Z: np.ndarray, starts: int) -> np.ndarray:
    """For each image those of the random points whose images are nearest, (n * starts, latent_dim).

    Blurred over the middle scale, the nearest tells where lines are rather than how they look.
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


def _descend(generator, targets, Z, first: int, last: int, steps: int, learning_rate: float, prior: float, progress):
    """Go downhill from step `first` to step `last` of `steps` in all.

    Returns:
        float32 (last - first, n), the loss of each vector at each step, and the vectors at some steps, {step: (n, d)}.
    """
    from utils.quiet import keras

    search = _search_model(generator, Z, prior)
    search.compile(optimizer=keras.optimizers.Adam(learning_rate, beta_1=BETAS[0], beta_2=BETAS[1]))
    losses, kept = [], {first: Z}
    for step in range(first, last):
        # down along half a wave of the cosine, so that the last steps are small
        search.optimizer.learning_rate = learning_rate * (0.02 + 0.98 * (1 + np.cos(np.pi * step / steps)) / 2)
        search.train_on_batch(targets)
        losses.append(np.array(keras.ops.convert_to_numpy(search.losses_now)))
        if step + 1 in KEPT or step + 1 == last:
            kept[step + 1] = np.array(keras.ops.convert_to_numpy(search.z))
        progress.update(1)
        progress.set_postfix_str(f"loss {losses[-1].mean():.4f}", refresh=False)
    return np.stack(losses), kept


def _search_model(generator, Z: np.ndarray, prior: float):
    """A Keras model whose weights are latent vectors; it takes the images sought, and gives how far each is."""
    from utils.quiet import keras

    ops = keras.ops

    class Search(keras.Model):
        def __init__(self):
            super().__init__()
            self.generator = generator
            self.z = self.add_weight(shape=Z.shape, initializer="zeros", name="z")
            self.losses_now = self.add_weight(shape=(len(Z),), initializer="zeros", trainable=False, name="losses")
            self.z.assign(Z)

        def call(self, targets, training=None):
            difference = self.generator(self.z, training=False) - targets  # (n, h, w, c)
            square = ops.mean(ops.square(self.z), axis=1)  # 1 for a normal point
            loss = prior * ops.square(square - 1)  # (n,)
            for scale in SCALES:
                if scale <= min(targets.shape[1:3]):
                    loss = loss + ops.mean(ops.square(_averaged(difference, scale)), axis=(1, 2, 3))
            self.losses_now.assign(loss)
            return loss

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            return ops.sum(y_pred)

    def _averaged(images, scale):
        if scale == 1:
            return images
        return ops.average_pool(images, 2 * scale, scale, padding="same")  # windows overlap by half

    return Search()


@contextmanager
def _softened(generator, bandwidth: float | None):
    """Lower the inverse temperature of a palette and widen strokes: where both are sharp, gradients say nothing."""
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
    """Keep the generator's weights out of the search, and leave them afterwards as they were."""
    layers = list(_layers(generator))
    flags = [layer.trainable for layer in layers]
    generator.trainable = False
    try:
        yield
    finally:
        for layer, flag in zip(layers, flags, strict=True):  # from the outside in: a model's flag reaches its layers
            layer.trainable = flag


def _layers(model):
    yield model
    for layer in getattr(model, "layers", []):
        yield from _layers(layer)


def _progress(steps: int):
    from utils.progress import tqdm

    return tqdm(total=steps, desc="Projection", unit="step", delay=2)
