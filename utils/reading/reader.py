"""A reader for any rule: a small network from an image to the parameters that drew it.

A rule set is `sample(n, seed)` and `draw(parameters, size)`: enough to make any number of pairs of image and
parameters. The network learns from them, on images that are also blurred, noisy, compressed and partly broken, so
that it degrades sensibly on what generators draw. What is notable:

- whole numbers with few values are told as classes, others as numbers with a deviation, by maximum likelihood;
- what is pure chance (a `hand`) is left out; what cannot be read (no better than a guess on held-out images) is said;
- mean and deviation of each layer's feature maps, and the layout of the deepest, are the features by which
  `utils.reading.adherence` compares an image with redraws.

A reader is an .npz of arrays, read without pickle, and a card as JSON beside it.
"""

import io
import os
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from lines.registry import drawn as draw_checked
from lines.registry import sampled
from utils import files
from utils.files.json_files import read_json
from utils.progress import tqdm
from utils.quiet import keras
from utils.reading.shrinking import as_rgb, shrink
from utils.reading.spoiling import WAYS

SIDE = 128  # pixels a side of the images that a reader sees
FILTERS = ((5, 16, 2), (3, 32, 2), (3, 48, 1), (3, 64, 2), (3, 64, 2))  # kernel size, filters, stride of each layer
PROFILE = 8  # channels whose means along rows and columns are read
WIDTH = 64  # units between feature maps and parameters
BETTER = 0.1  # share of a guess's error that a reading must take away to count as one
INKED = 0.4  # of the way from the ground's colour to the ink's, from which a pixel counts as ink
MANY = 1000  # values, up to which an array of a reader's file is stored as it is
TYPED = 1000  # sampled parameters by which the type of each is told
LARGEST = 2**22  # bytes of a reader's file; those that ship have less than one MiB


@dataclass(frozen=True)
class Parameter:
    """What a reader knows of one parameter.

    Attributes:
        name: of the rule set's parameter.
        kind: "class" (whole numbers with few values), "number" or "chance" (not read).
        values: the classes' values; empty for the other kinds.
        whole: whether numbers are whole.
        low, high: the least and the greatest value that `sample` gave.
        mean, deviation: of the values that `sample` gave.
        score: on held-out images; of numbers R squared, of classes the share of a guess's errors that is avoided
            (Cohen's kappa against the commonest value): 1 is perfect, 0 a guess.
        accuracy: of classes, the share that is read right; of numbers the root mean square error.
    """

    name: str
    kind: str
    values: tuple = ()
    whole: bool = False
    low: float = 0.0
    high: float = 0.0
    mean: float = 0.0
    deviation: float = 1.0
    score: float = 0.0
    accuracy: float = 0.0

    @property
    def readable(self):
        """Whether a reading says more than a guess."""
        return self.kind != "chance" and self.score >= BETTER

    @property
    def width(self):
        """How many of the network's outputs tell of it: a logit a class, or a mean and the logarithm of a variance."""
        return len(self.values) if self.kind == "class" else 2 if self.kind == "number" else 0


@dataclass(frozen=True, eq=False)
class Reading:
    """What was read from a batch of images.

    Attributes:
        values: dict, name -> (n,), the most likely value of each readable parameter, in the type that `sample` gives.
        deviations: dict, name -> float (n,), the standard deviation of numbers as the reader sees it.
        probabilities: dict, name -> float (n, classes), of classes.
        features: float32 (n, features), see `Reader`.
        colors: float32 (n, 2 * channels), see `ground_and_ink`.
        strokes: float32 (n, 1024), see `stroke_patterns`.
    """

    values: dict
    deviations: dict
    probabilities: dict
    features: np.ndarray
    colors: np.ndarray
    strokes: np.ndarray


# The network ---------------------------------------------------------------------------------------------------------


def build(outputs: int, channels: int = 3, seed: int = 0):
    """The network: a Keras model float32 (n, 128, 128, channels) in [-1, 1] -> [(n, outputs + ways), (n, features)].

    Args:
        outputs: how many numbers tell of all parameters. As many more as there are `WAYS` tell how an image was spoilt.
        channels: of the images.
        seed: of the first weights.
    """
    layers, ops = keras.layers, keras.ops
    rng = np.random.default_rng(seed)

    def started():
        return keras.initializers.HeNormal(seed=int(rng.integers(2**31)))

    x = image = layers.Input((SIDE, SIDE, channels), name="reader_input")
    features = []
    for i, (size, filters, stride) in enumerate(FILTERS):
        x = layers.Conv2D(
            filters, size, stride, "same", use_bias=False, kernel_initializer=started(), name=f"reader_conv_{i}"
        )(x)
        x = layers.BatchNormalization(momentum=0.9, name=f"reader_norm_{i}")(x)
        x = layers.LeakyReLU(negative_slope=0.1)(x)
        features += [Spatial(ops.mean)(x), Spatial(ops.std)(x)]
        if i == 2:  # (n, 32, 32, 48): thin things at their places
            thin = layers.Conv2D(PROFILE, 1, kernel_initializer=started(), name="reader_thin")(x)
            profiles = [layers.Flatten()(Along(axis)(thin)) for axis in (1, 2)]
    layout = layers.Flatten()(layers.AveragePooling2D(4)(x))  # (n, 2 * 2 * 64)
    deep = layers.Conv2D(32, 3, 2, "same", kernel_initializer=started(), name="reader_deep")(x)  # (n, 4, 4, 32)
    deep = layers.Flatten()(layers.LeakyReLU(negative_slope=0.1)(deep))
    seen = layers.Concatenate()([deep, *profiles, *features])
    seen = layers.Dense(WIDTH, kernel_initializer=started(), name="reader_dense")(seen)
    seen = layers.LeakyReLU(negative_slope=0.1)(layers.BatchNormalization(momentum=0.9, name="reader_norm")(seen))
    # How an image was spoilt is told by the same feature maps, which thereby see what no drawn image has.
    maps = layers.Concatenate()(features)
    spoilt = layers.Dense(len(WAYS), kernel_initializer=started(), name="reader_spoilt")(maps)
    read = layers.Dense(outputs, kernel_initializer=started(), name="reader_read")(seen)
    read = layers.Concatenate()([read, spoilt])
    return keras.Model(image, [read, layers.Concatenate()([*features, layout])], name="reader")


class Spatial(keras.layers.Layer):
    """A statistic of feature maps over their places: (n, height, width, channels) -> (n, channels)."""

    def __init__(self, statistic, **options):
        super().__init__(**options)
        self.statistic = statistic

    def call(self, x):
        return self.statistic(x, axis=(1, 2))


class Along(keras.layers.Layer):
    """Means of feature maps along one axis: (n, height, width, channels) -> (n, side, channels)."""

    def __init__(self, axis, **options):
        super().__init__(**options)
        self.axis = axis

    def call(self, x):
        return keras.ops.mean(x, axis=self.axis)


# The reader ----------------------------------------------------------------------------------------------------------


class Reader:
    """Reads the parameters of a rule set from images.

    Args:
        name: of the rule set.
        parameters: list of `Parameter`, in the order of the rule set.
        network: what `build` gives.
        card: dict of what else is known of it.

    Attributes:
        read_parameters: those that the network tells of.
        calibration: arrays by which `utils.reading.adherence` judges; kept with the reader.
    """

    def __init__(self, name, parameters, network, card=None):
        self.name, self.parameters, self.network, self.card = name, list(parameters), network, card or {}
        self.read_parameters = [one for one in self.parameters if one.kind != "chance"]
        self.calibration = {}

    def read(self, images: np.ndarray) -> Reading:
        """Read a batch.

        Args:
            images: (n, h, w, 3), (n, h, w, 1) or (n, h, w), uint8 or float in [-1, 1], of any size.

        Returns:
            `Reading`, of the parameters that can be read.
        """
        outputs, features = self._run(images)
        values, deviations, probabilities, start = {}, {}, {}, 0
        for one in self.read_parameters:
            part = outputs[:, start : start + one.width]
            start += one.width
            if not one.readable:
                continue
            if one.kind == "class":
                weights = np.exp(part - part.max(axis=1, keepdims=True))
                probabilities[one.name] = weights / weights.sum(axis=1, keepdims=True)
                values[one.name] = np.array(one.values)[part.argmax(axis=1)]
            else:
                numbers = part[:, 0].astype(np.float64) * one.deviation + one.mean
                values[one.name] = np.rint(numbers).astype(np.int64) if one.whole else numbers
                deviations[one.name] = np.exp(np.clip(part[:, 1], -8, 4) / 2).astype(np.float64) * one.deviation
        return Reading(values, deviations, probabilities, features, *colors_and_strokes(images))

    def values_of(self, name: str) -> tuple:
        """The values of a parameter that is told as a class, in the order of its probabilities."""
        return next(one.values for one in self.parameters if one.name == name)

    def features(self, images: np.ndarray) -> np.ndarray:
        """The network's features of a batch: float32 (n, features)."""
        return self._run(images)[1]

    def _run(self, images):
        images = as_rgb(images)
        outputs, features = [], []
        for start in range(0, len(images), 256):
            batch = images[start : start + 256]
            if batch.shape[1:3] != (SIDE, SIDE):
                batch = shrink(batch, SIDE)
            pair = self.network.predict_on_batch(batch.astype(np.float32) / 127.5 - 1)
            outputs.append(np.asarray(pair[0]))
            features.append(np.asarray(pair[1]))
        return np.concatenate(outputs), np.concatenate(features)

    def redraws(self, reading: Reading, rules, seed=None) -> np.ndarray:
        """Draw each image again from what was read, by another hand.

        Args:
            reading: of n images.
            rules: the rule set.
            seed: of the hand, of what cannot be read, and of the choice among what is likely: an image in which two
                values are as likely is redrawn with either.

        Returns:
            uint8 (n, h, w, c).
        """
        rng = np.random.default_rng(seed)
        n = len(reading.features)
        drawn = sampled(rules, n, rng)
        for one in self.read_parameters:
            if not one.readable:
                continue
            if one.kind == "class":
                reached = reading.probabilities[one.name].cumsum(axis=1) > rng.random(n)[:, None]
                drawn[one.name] = np.array(one.values)[np.minimum(reached.argmax(axis=1), len(one.values) - 1)]
            else:
                values = reading.values[one.name] + reading.deviations[one.name] * rng.normal(size=n)
                values = np.clip(values, one.low, one.high)
                drawn[one.name] = np.rint(values) if one.whole else values
        return draw_checked(rules, as_sampled(rules, drawn), SIDE)

    # Files ----------------------------------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike) -> Path:
        """Write `path` (.npz) and its card (.json), each whole; gives the path."""
        path, stored = Path(path), io.BytesIO()
        arrays = {}
        for i, weight in enumerate(self.network.get_weights()):
            arrays |= _packed(f"w{i}", weight)
        for name, array in self.calibration.items():
            arrays[f"a_{name}"] = np.float16(array) if array.size > MANY else array
        np.savez_compressed(stored, **arrays)
        files.write_bytes(path, stored.getvalue())
        facts = {"rules": self.name, "parameters": [asdict(one) for one in self.parameters], **self.card}
        files.write_json(path.with_suffix(".json"), facts)
        return path


def _packed(name, weight):
    """A weight as it is stored: a large one as 8-bit multiples of a step for each output, others as they are."""
    if weight.size <= MANY:
        return {name: weight.astype(np.float32)}
    step = np.maximum(np.abs(weight).reshape(-1, weight.shape[-1]).max(axis=0) / 127, 1e-12).astype(np.float32)
    return {name: np.rint(weight / step).astype(np.int8), f"s_{name}": step}


def _unpacked(arrays, name):
    """What `_packed` stored, float32."""
    weight = arrays[name].astype(np.float32)
    return weight * arrays[f"s_{name}"] if f"s_{name}" in arrays.files else weight


def load(path: str | os.PathLike) -> Reader:
    """Read what `Reader.save` wrote.

    Raises:
        FileNotFoundError: there is no such file, or no card beside it.
        ValueError: the two are none of ours, or do not belong together.
    """
    path = Path(path)
    card = read_json(path.with_suffix(".json"))
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError(f"it has more than {LARGEST:,} bytes")
        parameters = [Parameter(**{**one, "values": tuple(one["values"])}) for one in card.pop("parameters")]
        network = build(sum(one.width for one in parameters))
        with np.load(path, allow_pickle=False) as arrays:
            network.set_weights([_unpacked(arrays, f"w{i}") for i in range(len(network.weights))])
            reader = Reader(str(card.pop("rules")), parameters, network, card)
            for name in arrays.files:
                if name.startswith("a_"):
                    array = arrays[name]
                    reader.calibration[name[2:]] = np.float32(array) if array.dtype == np.float16 else array
    except Exception as error:  # a file that somebody else wrote can be wrong in any way
        raise ValueError(
            f"{path} and its card are no reader of ours ({error}): remove both, they are made anew"
        ) from None
    return reader


def ground_and_ink(images: np.ndarray) -> np.ndarray:
    """The colour of the ground of each image and the mean colour of what is drawn on it.

    Args:
        images: as in `Reader.read`.

    Returns:
        float32 (n, 6), 0 to 255: the median of the pixels, and their mean weighted by the squared distance to it, that
        of the ground itself where there is nothing else.
    """
    pixels = as_rgb(images).reshape(len(images), -1, 3)[:, ::2].astype(np.float32)
    ground = np.median(pixels, axis=1)
    weights = ((pixels - ground[:, None]) ** 2).sum(axis=2)
    total = weights.sum(axis=1, keepdims=True)
    ink = np.einsum("np,npc->nc", weights, pixels) / np.maximum(total, 1e-6)
    return np.concatenate([ground, np.where(total > 0, ink, ground)], axis=1)


def colors_and_strokes(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`ground_and_ink` and `stroke_patterns` of images, as in `Reader.read`; strokes are seen at the reader's side."""
    images = as_rgb(images)
    colors = seen_colors = ground_and_ink(images)
    if images.shape[1:3] != (SIDE, SIDE):
        images = np.rint(shrink(images, SIDE)).astype(np.uint8)
        seen_colors = ground_and_ink(images)
    return colors, stroke_patterns(images, seen_colors)


def stroke_patterns(images: np.ndarray, colors: np.ndarray) -> np.ndarray:
    """How often each pattern of 3 x 3 pixels, ink or ground, is in an image: whole, open, frayed strokes differ in it.

    These are the local binary patterns of Ojala et al., 1996, of neighbours and of every third pixel, with a threshold
    between the colours of ground and ink in place of the middle pixel.

    Args:
        images: uint8 (n, 128, 128, 3).
        colors: float32 (n, 6), their `ground_and_ink`.

    Returns:
        float32 (n, 1024), logarithms of one more than the number of each pattern.
    """
    found = []
    for start in range(0, len(images), 256):
        batch, both = images[start : start + 256].astype(np.float32), colors[start : start + 256]
        ground, way = both[:, None, None, :3], (both[:, 3:] - both[:, :3])[:, None, None]
        along = ((batch - ground) * way).sum(axis=-1) / np.maximum((way**2).sum(axis=-1), 1)
        inked, patterns = np.abs(along) > INKED, []  # (n, height, width)
        for step in (1, 3):
            inside = SIDE - 2 * step
            places = [(top, left) for top in (0, step, 2 * step) for left in (0, step, 2 * step)]
            code = sum(
                inked[:, top : top + inside, left : left + inside].astype(np.int32) << bit
                for bit, (top, left) in enumerate(places)
            )
            patterns.append([np.bincount(one.ravel(), minlength=512) for one in code])
        found.append(np.log1p(np.concatenate(patterns, axis=1)))
    return np.concatenate(found).astype(np.float32)


def as_sampled(rules, values: dict) -> dict:
    """Numbers in the types in which a rule set samples them: booleans stay so, as masks need them.

    Args:
        rules: the rule set.
        values: dict, name -> array, all of its parameters or some.

    Returns:
        The same, each array in the type of a thousand samples; the numbers of a short list may be whole by chance.
    """
    types = _types_of(rules)
    return {name: some.astype(types[name]) for name, some in values.items()}


@lru_cache(maxsize=8)
def _types_of(rules):
    return {name: values.dtype for name, values in sampled(rules, TYPED, 0).items()}


def draw_many(rules, n, rng, desc):
    """Draw n images with a progress bar: (parameters, uint8 (n, 128, 128, 3))."""
    values = sampled(rules, n, rng)
    images = np.empty((n, SIDE, SIDE, 3), np.uint8)
    with tqdm(total=n, desc=desc, unit="image", delay=2, leave=False) as bar:
        for start in range(0, n, 256):
            stop = min(start + 256, n)
            images[start:stop] = draw_checked(rules, {key: array[start:stop] for key, array in values.items()}, SIDE)
            bar.update(stop - start)
    return values, images
