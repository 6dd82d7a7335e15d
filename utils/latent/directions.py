"""Directions of the latent space along which one attribute of the image changes, and figures of the change.

Three methods find directions:

- `principal_directions`: those of the largest response of the generator's first layer, by a principal component
  analysis of its responses to many vectors (Härkönen et al., 2020, "GANSpace");
- `closed_form_directions`: those that the first layer's weights stretch most, without generating anything (Shen and
  Zhou, 2021, "Closed-Form Factorization of Latent Semantics in GANs", SeFa). Before batch normalisation and activation
  the response is linear and both methods agree, so `principal_directions` takes the response after them;
- `reading_directions`: those along which a measure of the images grows, by regression: "move the vertical right",
  "redder", "more lines". Each has an R squared on held-out images.

A direction has length 1; a move by 3 along it is as far as a change of a single value by 3.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

import numpy as np

import lines
from lines.registry import parameter_names, value_names
from utils.figures.style import FAINT, INK, TEXT_SIZE, draw_image, finish, in_own_style
from utils.files.json_files import read_json
from utils.files.provenance import fingerprint
from utils.images import to_uint8
from utils.latent.generating import generate_images
from utils.latent.paths import generate_latent_points
from utils.latent.texts import DIRECTION_ENDS, TEXTS
from utils.speech import LANGUAGES, listed, number, percent, say, seen, spoken

REACH = 4.0  # extent of strips and sliders to either side; normal points lie within 3 along any one direction
FEWEST = 40  # images from which a direction is told
SAME_NUMBER = 0.9  # share of images with one number of lines, above which that number has no direction
STRIP = 7  # images of a strip
MIN_SCORE = 0.1  # smallest R² of a direction that is shown: below it, the images do not do what it says
HELD_OUT = 0.25  # share of the vectors on which R squared is measured
SPREAD = 0.25  # standard deviation of each value in a neighbourhood
MOST_DIRECTIONS = 100  # in a file
FAINTEST = 0.002  # mean difference from the border, of full brightness, below which an image shows nothing
PENALTIES = np.logspace(-1, 5, 25)  # candidates for the ridge regression; cross-validation chooses


@dataclass(frozen=True, eq=False)
class Direction:
    """A direction of the latent space.

    Attributes:
        name: what changes along it, or its origin: "redder", "response 1".
        vector: float32 (latent_dim,), of length 1.
        score: for a measure, the R squared on held-out vectors, at most 1 (below 0 where it is worse than the mean);
            for the other kinds, the share of the first layer's response that it explains, 0 to 1.
        kind: "response", "weights" or "reading".
        samples: number of images on which its measure is defined; 0 for the other kinds.
    """

    name: str
    vector: np.ndarray
    score: float
    kind: str
    samples: int = 0


# ---------------------------------------------------------------------------------------------------------------------
# Finding directions


def closed_form_directions(generator, n: int = 8) -> list[Direction]:
    """Find the directions that the weights of the generator's first layer stretch most.

    Args:
        generator: a Keras model whose first layer with weights is a dense one.
        n: number of directions.

    Returns:
        List of `Direction`, the most stretched first: eigenvectors of the kernel's product with its transpose.

    Raises:
        ValueError: the generator does not begin with a dense layer.
    """
    kernel = _first_kernel(generator)  # (latent_dim, units)
    values, vectors = np.linalg.eigh(kernel @ kernel.T)  # ascending
    shares = values / values.sum()
    return [
        Direction(f"weights {i + 1}", _unit(vectors[:, -1 - i]), float(shares[-1 - i]), "weights")
        for i in range(min(n, len(values)))
    ]


def principal_directions(
    generator, n: int = 8, samples: int = 1000, seed: int | np.random.Generator | None = 0
) -> list[Direction]:
    """Find the directions to which the first layer of a generator responds most.

    Args:
        generator: a functional or sequential Keras model: dense, optional batch normalisation and activation, reshape.
        n: number of directions.
        samples: number of random latent points, at least `n`.
        seed: of the points: int, None or a `numpy.random.Generator`.

    Returns:
        List of `Direction`, the largest response first. The response is the output of the activation, before the
        reshape to a feature map.

    Raises:
        ValueError: the generator does not begin with a dense layer.
    """
    from scipy.linalg import eigh

    Z = generate_latent_points(generator.input_shape[-1], samples, seed)
    response = _first_response(generator, Z)  # (samples, units)
    response -= response.mean(axis=0)
    n = min(n, Z.shape[1])
    # principal coordinates from the Gram matrix of the samples, which are fewer than the units
    products = response @ response.T
    values, coordinates = eigh(products, subset_by_index=(samples - n, samples - 1))  # ascending
    shares = values / np.trace(products)
    # each coordinate is mapped back to latent vectors by regression, as in GANSpace; coordinates are uncorrelated
    return [
        Direction(f"response {i + 1}", _unit(Z.T @ coordinates[:, -1 - i]), float(shares[-1 - i]), "response")
        for i in range(n)
    ]


def measure_lines(images: np.ndarray) -> dict[str, np.ndarray]:
    """Measure the lines of each image, for `reading_directions`.

    Args:
        images: (n, h, w, 3), uint8 or float in [-1, 1], light lines on a dark background.

    Returns:
        Dict, name of the direction -> float (n,), NaN where the measure is undefined (no vertical, no line).
    """
    from utils.reading import read_lines

    found_lines = read_lines(images)
    verticals = [[line for line in found if line.direction == "vertical"] for found in found_lines]
    horizontals = [[line for line in found if line.direction == "horizontal"] for found in found_lines]

    def clearness(line) -> float:  # a faint or partial line weighs less, so that measures change continuously
        return line.inked * line.brightness

    def mean(groups, measure) -> np.ndarray:
        """The mean over the lines of each image, weighted by their clearness."""
        return np.array(
            [
                np.average([measure(x) for x in group], weights=[clearness(x) for x in group]) if group else np.nan
                for group in groups
            ]
        )

    def total(groups) -> np.ndarray:
        """The number of lines of each image, faint ones less; undefined where nearly all of many have as many."""
        _, times = np.unique([len(group) for group in groups], return_counts=True)
        if len(groups) >= FEWEST and times.max() > SAME_NUMBER * len(groups):
            return np.full(len(groups), np.nan)
        return np.array([sum(clearness(line) for line in group) for group in groups], float)

    return {
        "move the vertical right": mean(verticals, lambda line: line.position),
        "move the horizontals down": mean(horizontals, lambda line: line.position),
        "more lines": total(found_lines),
        "more verticals": total(verticals),
        "more horizontals": total(horizontals),
        "redder": mean(found_lines, lambda line: (line.color[0] - line.color[2]) / 255),  # red against blue
        "brighter": mean(found_lines, lambda line: line.brightness),
    }


def measure_by(rules: str | os.PathLike | ModuleType, language: str = "en") -> Callable:
    """The measure of any rule set's images, for `reading_directions`: what its reader reads, in the rule's own words.

    Args:
        rules: a rule set, its name, or its file.
        language: "en" or "fr", of the directions' names.

    Returns:
        A function of images (n, h, w, c), which returns a dict, name of the direction -> float (n,). Amounts are
        expected values and are called "more ..."; of kinds, such as pens, each has its probability.

    Example:
        >>> found = reading_directions(generator, measure=measure_by("molnar"))
    """
    from utils.reading.readers import reader_of  # Keras

    rules = rules if isinstance(rules, ModuleType) else lines.rules(rules)
    reader, names = reader_of(rules), parameter_names(rules, language)
    more = {"en": "more {}", "fr": "plus : {}"}[language]

    def measure(images: np.ndarray) -> dict[str, np.ndarray]:
        reading = reader.read(images)
        found = {}
        for parameter, values in reading.values.items():
            name, kinds = names[parameter], value_names(rules, parameter, language)
            shares = reading.probabilities.get(parameter)
            if shares is None:
                found[more.format(name)] = values.astype(float)
            elif kinds is None:
                found[more.format(name)] = shares @ np.asarray(reader.values_of(parameter), float)
            else:
                for value, share in zip(reader.values_of(parameter), shares.T, strict=True):
                    found[f"{name}: {kinds[value]}"] = share.astype(float)
        return found

    return measure


def measure_pictures(images: np.ndarray) -> dict[str, np.ndarray]:
    """Measure images of any kind, for `reading_directions`.

    Args:
        images: (n, h, w, c), c 1 or 3, uint8 or float in [-1, 1].

    Returns:
        Dict, name of the direction -> float (n,), NaN where the measure is undefined. What an image shows is what
        differs from the median colour of its border: "fuller" is how much of it there is, "to the right" and "down"
        are where it lies on the mean.
    """
    values = to_uint8(images).astype(np.float32) / 255  # (n, h, w, c)
    height, width, channels = values.shape[1:]
    border = np.concatenate([values[:, 0], values[:, -1], values[:, :, 0], values[:, :, -1]], axis=1)
    shown = np.abs(values - np.median(border, axis=1)[:, None, None]).max(axis=-1)  # (n, h, w)
    amount = shown.mean(axis=(1, 2))
    total = np.where(amount > FAINTEST, amount * height * width, np.nan)
    measures = {
        "brighter": values.mean(axis=(1, 2, 3)),
        "more contrast": values.std(axis=(1, 2, 3)),
        "fuller": amount,
        "to the right": (shown.sum(axis=1) @ np.arange(width)) / total,
        "down": (shown.sum(axis=2) @ np.arange(height)) / total,
    }
    if channels == 3:
        red, green, blue = np.moveaxis(values.mean(axis=(1, 2)), -1, 0)
        measures |= {"redder": red - blue, "greener": green - (red + blue) / 2}
    return measures


def reading_directions(
    generator,
    samples: int = 1000,
    seed: int | np.random.Generator | None = 0,
    measure: Callable[[np.ndarray], dict[str, np.ndarray]] = measure_lines,
    around: np.ndarray | None = None,
    spread: float = SPREAD,
) -> list[Direction]:
    """Find directions along which measures of the images grow, by regression.

    Over the whole space few measures are linear, and the scores say so; around one vector, most are.

    Args:
        generator: a Keras model.
        samples: number of images to generate and measure; more of them give better directions.
        seed: of the points: int, None or a `numpy.random.Generator`.
        measure: function of images, uint8 (n, h, w, c), that returns a dict, name -> float (n,), NaN where the measure
            is undefined. `measure_lines` is for images of lines, `measure_pictures` for any.
        around: a vector (latent_dim,) or (1, latent_dim) to whose neighbourhood the search is limited; 300 samples are
            enough then. None for the whole space.
        spread: standard deviation of each value around `around`.

    Returns:
        List of `Direction`, one for each measure, the highest R squared first. A measure that is constant, or defined
        on fewer than 40 images, is left out.

    Example:
        >>> for direction in reading_directions(generator):
        ...     print(f"{direction.name}: R² {direction.score:.2f}")
    """
    Z = generate_latent_points(generator.input_shape[-1], samples, seed)
    if around is not None:
        Z = np.asarray(around, np.float32).reshape(1, -1) + np.float32(spread) * Z
    measures = measure(generate_images(generator, Z))
    found = [regress(name, Z, values) for name, values in measures.items()]
    return sorted((direction for direction in found if direction is not None), key=lambda direction: -direction.score)


def clear_directions(
    generator,
    path: str | os.PathLike,
    samples: int = 300,
    seed: int | np.random.Generator | None = 0,
    measure: Callable[[np.ndarray], dict[str, np.ndarray]] = measure_lines,
    around: np.ndarray | None = None,
) -> list[Direction]:
    """The directions along which the images clearly do what they say: an R squared of `MIN_SCORE` at least.

    Those that ship beside the generator's file come first; what they do not cover is looked for.

    Args:
        generator: a Keras model.
        path: its file; its directions lie beside it, in <name>.directions.json.
        samples, seed, measure, around: as in `reading_directions`.

    Returns:
        List of `Direction`, the highest R squared first, each name once. Empty where nothing is clear.
    """
    beside = Path(path).with_suffix(".directions.json")
    shipped = read_directions(beside, generator) if beside.exists() else {}
    Z = generate_latent_points(generator.input_shape[-1], samples, seed)
    if around is not None:
        Z = np.asarray(around, np.float32).reshape(1, -1) + np.float32(SPREAD) * Z
    best = {}
    for name, values in measure(generate_images(generator, Z)).items():
        tried = [regress(name, Z, values)]
        if name in shipped and tried[0]:
            vector, score = _unit(shipped[name], True), _explained(Z, values, shipped[name])
            tried.insert(0, replace(tried[0], vector=vector, score=score))
        best[name] = next((one for one in tried if one and one.score >= MIN_SCORE), None)
    return sorted(filter(None, best.values()), key=lambda direction: -direction.score)


def seen_along(
    generator, found: Sequence[Direction], measure: Callable, samples: int = 300, seed: int | None = 1
) -> list[Direction]:
    """Those of some directions that a generator's own images show, an R squared of `MIN_SCORE` at least.

    What is found where a generator decides softly may never be seen where it decides: a second vertical, say.

    Args:
        generator: a Keras model.
        found: the directions.
        measure, samples, seed: as in `reading_directions`.

    Returns:
        List of `Direction`, in the same order.
    """
    Z = generate_latent_points(generator.input_shape[-1], samples, seed)
    measured = measure(generate_images(generator, Z))
    return [one for one in found if _explained(Z, measured[one.name], one.vector) >= MIN_SCORE]


def _explained(Z: np.ndarray, values: np.ndarray, vector: np.ndarray) -> float:
    """The R squared of a line through values over the way along a given vector; 0 where they fall along it, or stay."""
    known = np.isfinite(values)
    if known.sum() < 3 or np.ptp(values[known]) == 0:
        return 0.0
    correlation = np.corrcoef(Z[known] @ vector, values[known])[0, 1]
    return float(max(correlation, 0) ** 2)


def regress(name: str, Z: np.ndarray, values: np.ndarray) -> Direction | None:
    """Find the direction along which a value grows, by ridge regression.

    Args:
        name: its name.
        Z: latent points, float (n, latent_dim), in random order.
        values: float (n,), NaN where unknown.

    Returns:
        A `Direction` with its R squared on the last quarter of the points, which are held out; None where fewer than 40
        values are known or all are equal.

    Raises:
        ValueError: the number of values is not the number of points.
    """
    Z, values = np.asarray(Z, float), np.asarray(values, float)
    if values.shape != (len(Z),):
        raise ValueError(f"{name}: there are {len(Z)} points and values of shape {values.shape}, not one for each")
    known = np.isfinite(values)
    Z, values = Z[known], values[known]
    learn = len(Z) - int(HELD_OUT * len(Z))
    if len(Z) < FEWEST or np.ptp(values[:learn]) == 0 or np.ptp(values[learn:]) == 0:
        return None
    weights, intercept = _ridge(Z[:learn], values[:learn])
    if not weights.any():
        return None
    errors = values[learn:] - (Z[learn:] @ weights + intercept)
    score = 1 - (errors**2).sum() / ((values[learn:] - values[learn:].mean()) ** 2).sum()
    return Direction(name, _unit(weights, keep_sign=True), float(score), "reading", len(Z))


def _ridge(Z: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, float]:
    """Ridge regression; the penalty is the one with the least generalised cross-validation error."""
    mean_Z, mean = Z.mean(axis=0), values.mean()
    u, s, vt = np.linalg.svd(Z - mean_Z, full_matrices=False)
    projected = u.T @ (values - mean)
    errors = []
    for penalty in PENALTIES:
        shrink = s**2 / (s**2 + penalty)
        residual = ((values - mean - u @ (shrink * projected)) ** 2).sum()
        errors.append(residual / (len(values) - 1 - shrink.sum()) ** 2)
    penalty = PENALTIES[int(np.argmin(errors))]
    weights = vt.T @ (s / (s**2 + penalty) * projected)
    return weights, float(mean - mean_Z @ weights)


def _first_kernel(generator) -> np.ndarray:
    """The kernel of a generator's first layer, a dense one: float (latent_dim, units)."""
    weighted = [layer for layer in getattr(generator, "layers", []) if layer.weights]
    kernel = weighted[0].get_weights()[0] if weighted else np.zeros(0)
    if kernel.ndim != 2 or kernel.shape[0] != generator.input_shape[-1]:
        raise ValueError("the generator does not begin with a dense layer, so its first weights tell no directions")
    return kernel.astype(float)


def _first_response(generator, Z: np.ndarray) -> np.ndarray:
    """The output of a generator's layers before the first reshape to a feature map, float32 (n, units)."""
    from utils.quiet import keras

    _first_kernel(generator)  # raises ValueError for other generators
    flat = next((layer.input for layer in generator.layers if len(layer.output.shape) != 2), generator.outputs[0])
    head = keras.Model(generator.inputs[0], flat)
    parts = [np.asarray(head.predict_on_batch(Z[i : i + 256]), np.float32) for i in range(0, len(Z), 256)]
    return np.concatenate(parts)


def _unit(vector: np.ndarray, keep_sign: bool = False) -> np.ndarray:
    """The vector scaled to length 1. The sign of eigenvectors is arbitrary: their largest value is made positive."""
    if not keep_sign and vector[np.abs(vector).argmax()] < 0:
        vector = -vector
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def read_directions(path: str | os.PathLike, generator) -> dict[str, np.ndarray]:
    """Read a generator's directions from a file.

    Args:
        path: a JSON file, `{"generator": fingerprint, "directions": {name: [number, ...]}}`.
        generator: the Keras model that they belong to.

    Returns:
        Dict, name -> float32 (latent_dim,); empty where the file belongs to another generator.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file has another content; the message names it.
    """
    card = read_json(path)
    if card.get("generator") != fingerprint(generator):
        return {}
    found, length = card.get("directions"), generator.input_shape[-1]
    if not isinstance(found, dict) or len(found) > MOST_DIRECTIONS:
        raise ValueError(f"{path} holds no directions, or more than {MOST_DIRECTIONS}: remove it, or find them again")
    for name, vector in found.items():
        if not (isinstance(vector, list) and len(vector) == length and all(type(v) in (int, float) for v in vector)):
            raise ValueError(
                f"{path}: the direction {name[:40]!r} is no list of {length} numbers; remove the file, or find the "
                "directions again"
            )
    return {name: np.float32(vector) for name, vector in found.items()}


# ---------------------------------------------------------------------------------------------------------------------
# Going along them


def move(z: np.ndarray, direction: Direction | np.ndarray, amounts: float | Sequence[float]) -> np.ndarray:
    """Move a vector along a direction.

    Args:
        z: the vector, float (latent_dim,) or (1, latent_dim).
        direction: a `Direction`, or a vector (latent_dim,).
        amounts: distances along the direction, one number or several, negative ones against it.

    Returns:
        float32 (len(amounts), latent_dim), one row for a single number.

    Raises:
        ValueError: vector and direction have different lengths.
    """
    z = np.asarray(z, np.float32).ravel()
    vector = np.asarray(getattr(direction, "vector", direction), np.float32).ravel()
    if len(z) != len(vector):
        raise ValueError(f"the vector has {len(z)} values, the direction {len(vector)}: they are of two generators")
    return z + np.atleast_1d(np.asarray(amounts, np.float32))[:, None] * vector


def truncate(Z: np.ndarray, factor: float) -> np.ndarray:
    """Scale vectors towards the origin (a factor below 1: images nearer to the mean one) or away from it.

    Args:
        Z: float (n, latent_dim) or (latent_dim,).
        factor: float; 0 gives the origin, 1 the vectors themselves.

    Returns:
        float32 of the same shape.
    """
    return np.asarray(Z, np.float32) * np.float32(factor)


def plot_directions(
    generator,
    directions: Iterable[Direction],
    z: np.ndarray,
    amounts: Sequence[float] | None = None,
    path: str | os.PathLike | None = None,
    show: bool = True,
):
    """Draw a strip of images along each direction, all through one vector, with the direction's score.

    Args:
        generator: a Keras model.
        directions: iterable of `Direction`, from top to bottom.
        z: the vector in the middle of each strip, float (latent_dim,) or (1, latent_dim).
        amounts: distance of each image of a strip along the direction; seven from -4 to 4 if None.
        path: where to save the figure as PNG.
        show: whether to show it in a notebook.

    Returns:
        The path, or the Matplotlib figure where there is none.
    """
    amounts = np.linspace(-REACH, REACH, STRIP) if amounts is None else np.asarray(amounts, float)
    strips = [(_ends(one), _score_text(one), move(z, one, amounts)) for one in directions]
    titles = [number(amount, "+.3g") if amount else "0" for amount in amounts]
    return _plot_strips(generator, strips, titles, "strips", path, show)


def plot_truncation(
    generator,
    Z: np.ndarray,
    factors: Sequence[float] = (0, 0.25, 0.5, 0.75, 1, 1.5, 2),
    path: str | os.PathLike | None = None,
    show: bool = True,
):
    """Draw a strip of images for each vector, scaled from the origin outwards.

    Args:
        generator: a Keras model.
        Z: the vectors, float (n, latent_dim).
        factors: factor of each image of a strip, as in `truncate`.
        path: where to save the figure as PNG.
        show: whether to show it in a notebook.

    Returns:
        The path, or the Matplotlib figure where there is none.
    """
    Z = np.atleast_2d(Z)
    strips = [(f"Z[{i}]", "", np.stack([truncate(z, factor) for factor in factors])) for i, z in enumerate(Z)]
    return _plot_strips(generator, strips, [f"× {number(factor, 'g')}" for factor in factors], "truncation", path, show)


def _ends(direction: Direction) -> str:
    """A direction's name in a figure: both of its ends, where they are known."""
    if direction.name in DIRECTION_ENDS:
        return "\n↔ ".join(DIRECTION_ENDS[direction.name][LANGUAGES.index(spoken())])
    return say(TEXTS, "nameless", i=direction.name.split()[-1]) if direction.kind != "reading" else direction.name


def _score_text(direction: Direction) -> str:
    """The score of a direction as a short text for a figure."""
    if direction.kind == "reading":
        return say(TEXTS, "score", score=number(direction.score))
    return say(TEXTS, direction.kind, share=percent(direction.score))


@in_own_style
def _plot_strips(generator, strips: list[tuple], titles: list[str], what: str, path, show: bool):
    """Draw a row of images for each (name, note, vectors), with the titles above them; `what` names its caption."""
    from matplotlib.figure import Figure

    if not strips:
        raise ValueError("there is no direction to draw")
    columns = len(titles)
    images = generate_images(generator, np.concatenate([vectors for _, _, vectors in strips]))
    images = images.reshape(len(strips), columns, *images.shape[1:])
    size, left, top, gap = 1.1, 2.1, 0.35, 0.06  # inches
    width, height = left + columns * (size + gap), top + len(strips) * (size + gap)
    figure = Figure(figsize=(width, height))
    for row, (name, note, _) in enumerate(strips):
        bottom = height - top - (row + 1) * size - row * gap
        middle = (bottom + size / 2) / height
        words = {"transform": figure.transFigure, "ha": "right", "fontsize": TEXT_SIZE}
        figure.text((left - 0.12) / width, middle + 0.02 / height, name, color=INK, va="bottom", **words)
        words["fontsize"] = TEXT_SIZE - 1
        figure.text((left - 0.12) / width, middle - 0.04 / height, note, color=FAINT, va="top", wrap=True, **words)
        for column in range(columns):
            box = ((left + column * (size + gap)) / width, bottom / height, size / width, size / height)
            axes = figure.add_axes(box)
            draw_image(axes, images[row, column])
            if row == 0:
                axes.set_title(titles[column], fontsize=TEXT_SIZE, color=INK, pad=4)
    names = titles if what == "truncation" else [name.replace("\n", " ") for name, _, _ in strips]
    said = seen(TEXTS, what, count=len(strips), columns=columns, names=listed(names))
    return finish(figure, path, show, seen=said)
