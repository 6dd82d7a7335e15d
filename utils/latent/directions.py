"""Directions of the latent space along which one thing changes, and pictures of what changes.

Three ways to find some:

- `principal_directions`: those to which the generator's first layer responds most, by a principal component analysis of
  its responses to many vectors (Härkönen et al., 2020, "GANSpace");
- `closed_form_directions`: those that the first layer's weights stretch most, without drawing anything (Shen and Zhou,
  2021, "Closed-Form Factorization of Latent Semantics in GANs", SeFa). Before batch normalisation and activation the
  response is linear and the two are the same, so `principal_directions` looks behind them;
- `reading_directions`: those along which something that can be measured on the images grows, by regression: "move the
  vertical right", "redder", "more lines". Each says on images that it was not made from how much of the measure it
  explains (R squared).

A direction has length 1; to move by 3 along it is as much as to move a single value by 3.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from utils.files.json_files import read_json
from utils.files.provenance import fingerprint
from utils.latent.generating import generate_images
from utils.latent.paths import generate_latent_points

REACH = 4.0  # how far strips and sliders go to either side; normal points lie within 3 along any one direction
HELD_OUT = 0.25  # share of the vectors on which R squared is measured
MOST_DIRECTIONS = 100  # in a file
PENALTIES = np.logspace(-1, 5, 25)  # of the ridge regression; cross-validation chooses


@dataclass(frozen=True, eq=False)
class Direction:
    """A direction of the latent space.

    Attributes:
        name: what it does or where it comes from, "redder" or "response 1".
        vector: float32 (latent_dim,), of length 1.
        score: how well it works, 0 to 1: for a measure the R squared on vectors held out (below 0 where it is worse
            than a guess), for the others the share of the first layer's response that it explains.
        kind: "response", "weights" or "reading".
        samples: how many images its measure could be read on, 0 for the other kinds.
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
        n: how many.

    Returns:
        The directions, the most stretched first: eigenvectors of the kernel's product with its transpose.

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
        generator: a functional or sequential Keras model: dense, perhaps batch normalisation and activation, reshape.
        n: how many.
        samples: how many latent points to look at, at least `n`.
        seed: which points.

    Returns:
        The directions, those with the largest response first. The response is what leaves the activation, before it is
        shaped into a picture.

    Raises:
        ValueError: the generator does not begin with a dense layer.
    """
    from scipy.linalg import eigh

    Z = generate_latent_points(generator.input_shape[-1], samples, seed)
    response = _first_response(generator, Z)  # (samples, units)
    response -= response.mean(axis=0)
    n = min(n, Z.shape[1])
    # the principal coordinates of the samples, from the products of samples: there are fewer of them than units
    products = response @ response.T
    values, coordinates = eigh(products, subset_by_index=(samples - n, samples - 1))  # ascending
    shares = values / np.trace(products)
    # each coordinate mapped back to the latent vectors by regression, as GANSpace does; they are uncorrelated
    return [
        Direction(f"response {i + 1}", _unit(Z.T @ coordinates[:, -1 - i]), float(shares[-1 - i]), "response")
        for i in range(n)
    ]


def measure_lines(images: np.ndarray) -> dict[str, np.ndarray]:
    """Measure on the lines of each image what `reading_directions` looks for.

    Args:
        images: (n, h, w, 3), uint8 or float in [-1, 1], light lines on a dark ground.

    Returns:
        For each direction's name a float array (n,), NaN where an image does not tell (no vertical, no line).
    """
    from utils.reading import read_lines

    lines = read_lines(images)
    verticals = [[line for line in found if line.direction == "vertical"] for found in lines]
    horizontals = [[line for line in found if line.direction == "horizontal"] for found in lines]

    def clearness(line) -> float:  # a faint line, or half a one, counts for less: measures then change without jumps
        return line.inked * line.brightness

    def mean(groups, measure) -> np.ndarray:
        """The mean over the lines of each image, weighed by how clear they are."""
        return np.array(
            [
                np.average([measure(x) for x in group], weights=[clearness(x) for x in group]) if group else np.nan
                for group in groups
            ]
        )

    def total(groups) -> np.ndarray:
        return np.array([sum(clearness(line) for line in group) for group in groups], float)

    return {
        "move the vertical right": mean(verticals, lambda line: line.position),
        "move the horizontals down": mean(horizontals, lambda line: line.position),
        "more lines": total(lines),
        "more verticals": total(verticals),
        "more horizontals": total(horizontals),
        "redder": mean(lines, lambda line: (line.color[0] - line.color[2]) / 255),  # red against blue
        "brighter": mean(lines, lambda line: line.brightness),
    }


def reading_directions(
    generator,
    samples: int = 1000,
    seed: int | np.random.Generator | None = 0,
    measure: Callable[[np.ndarray], dict[str, np.ndarray]] = measure_lines,
    around: np.ndarray | None = None,
    spread: float = 0.25,
) -> list[Direction]:
    """Find directions along which something that can be read from the images grows.

    Over the whole space few things grow along a straight line, and the scores say so; around one vector, most do.

    Args:
        generator: a Keras model.
        samples: how many images to draw and measure. 1,000 of the narrow generator take about half a minute on two
            cores; the more, the better the directions.
        seed: which points.
        measure: gives for images uint8 (n, h, w, c) a dict of names and float arrays (n,), NaN where an image does not
            tell. `measure_lines` for images of lines; write your own for others.
        around: a vector (latent_dim,) or (1, latent_dim) in whose neighbourhood to look; 300 samples are enough
            then. None for the whole space.
        spread: how far the neighbourhood reaches: the standard deviation of each value around `around`.

    Returns:
        A direction for each measure, the best explained first. A measure that is the same on all images, or can be read
        on fewer than 40, is left out.

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


def regress(name: str, Z: np.ndarray, values: np.ndarray) -> Direction | None:
    """Find the direction along which a value grows, by ridge regression.

    Args:
        name: its name.
        Z: latent points, float (n, latent_dim), in random order.
        values: float (n,), NaN where unknown.

    Returns:
        The direction, with its R squared on the last quarter of the points, from which nothing was learnt; None where
        fewer than 40 values are known or all are alike.

    Raises:
        ValueError: there is not one value for each point.
    """
    Z, values = np.asarray(Z, float), np.asarray(values, float)
    if values.shape != (len(Z),):
        raise ValueError(f"{name}: there are {len(Z)} points and values of shape {values.shape}, not one for each")
    known = np.isfinite(values)
    Z, values = Z[known], values[known]
    learn = len(Z) - int(HELD_OUT * len(Z))
    if len(Z) < 40 or np.ptp(values[:learn]) == 0 or np.ptp(values[learn:]) == 0:
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
    """The kernel of the dense layer that a generator begins with, float (latent_dim, units)."""
    weighted = [layer for layer in getattr(generator, "layers", []) if layer.weights]
    kernel = weighted[0].get_weights()[0] if weighted else np.zeros(0)
    if kernel.ndim != 2 or kernel.shape[0] != generator.input_shape[-1]:
        raise ValueError("the generator does not begin with a dense layer, so its first weights tell no directions")
    return kernel.astype(float)


def _first_response(generator, Z: np.ndarray) -> np.ndarray:
    """What the layers of a generator give before the first that shapes a picture, float32 (n, units)."""
    from utils.quiet import keras

    _first_kernel(generator)  # says what is wrong
    flat = next((layer.input for layer in generator.layers if len(layer.output.shape) != 2), generator.outputs[0])
    head = keras.Model(generator.inputs[0], flat)
    parts = [np.asarray(head.predict_on_batch(Z[i : i + 256]), np.float32) for i in range(0, len(Z), 256)]
    return np.concatenate(parts)


def _unit(vector: np.ndarray, keep_sign: bool = False) -> np.ndarray:
    """The vector with length 1. Eigenvectors have no sign of their own: their largest value is made positive."""
    if not keep_sign and vector[np.abs(vector).argmax()] < 0:
        vector = -vector
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def read_directions(path: str | os.PathLike, generator) -> dict[str, np.ndarray]:
    """Read the directions that were kept beside a generator.

    Args:
        path: a JSON file, `{"generator": fingerprint, "directions": {name: [number, ...]}}`.
        generator: the Keras model that they are of.

    Returns:
        {name: float32 (latent_dim,)}; nothing where the file is of another generator.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it holds something else; the message names the file.
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
        amounts: how far, one number or several; below 0 the other way.

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
    """Scale vectors towards the origin (factor below 1: plainer images, nearer to the mean one) or away from it.

    Args:
        Z: float (n, latent_dim) or (latent_dim,).
        factor: 0 gives the origin, 1 the vectors as they are, 2 twice as far out as training ever went.

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
    """Draw a strip of images along each direction, all through one vector, with how well each direction works.

    Args:
        generator: a Keras model.
        directions: what to draw, from the top down.
        z: the vector in the middle of each strip, float (latent_dim,) or (1, latent_dim).
        amounts: how far each image of a strip is moved; seven from -4 to 4 if None.
        path: where to save the figure as PNG.
        show: show it in the notebook.

    Returns:
        The path, or the Matplotlib figure where there is none.
    """
    amounts = np.linspace(-REACH, REACH, 7) if amounts is None else np.asarray(amounts, float)
    directions = list(directions)
    strips = [(direction.name, _says(direction), move(z, direction, amounts)) for direction in directions]
    return _plot_strips(generator, strips, [f"{amount:+.3g}" if amount else "0" for amount in amounts], path, show)


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
        factors: what each image of a strip is scaled by; see `truncate`.
        path: where to save the figure as PNG.
        show: show it in the notebook.

    Returns:
        The path, or the Matplotlib figure where there is none.
    """
    Z = np.atleast_2d(Z)
    strips = [(f"Z[{i}]", "", np.stack([truncate(z, factor) for factor in factors])) for i, z in enumerate(Z)]
    return _plot_strips(generator, strips, [f"× {factor:g}" for factor in factors], path, show)


def _says(direction: Direction) -> str:
    """How well a direction works, in words short enough for a figure."""
    if direction.kind == "reading":
        return f"R² {round(direction.score, 2) + 0.0:.2f} (held out)".replace("-", "−")  # + 0.0: no minus before a zero
    return f"{direction.score:.1%} of the first layer's {'response' if direction.kind == 'response' else 'stretch'}"


def _plot_strips(generator, strips: list[tuple[str, str, np.ndarray]], titles: list[str], path, show: bool):
    """A row of images for each (name, note, vectors), the titles above the first."""
    from matplotlib.figure import Figure

    from utils.figures.style import FAINT, INK, draw_image, finish

    if not strips:
        raise ValueError("there is no direction to draw")
    columns = len(titles)
    images = generate_images(generator, np.concatenate([vectors for _, _, vectors in strips]))
    images = images.reshape(len(strips), columns, *images.shape[1:])
    size, left, top, gap = 1.25, 2.3, 0.35, 0.06  # inches
    width, height = left + columns * (size + gap), top + len(strips) * (size + gap)
    figure = Figure(figsize=(width, height))
    for row, (name, note, _) in enumerate(strips):
        bottom = height - top - (row + 1) * size - row * gap
        middle = (bottom + size / 2) / height
        words = {"transform": figure.transFigure, "ha": "right"}
        figure.text((left - 0.15) / width, middle + 0.02 / height, name, color=INK, fontsize=10, va="bottom", **words)
        figure.text((left - 0.15) / width, middle - 0.04 / height, note, color=FAINT, fontsize=8, va="top", **words)
        for column in range(columns):
            box = ((left + column * (size + gap)) / width, bottom / height, size / width, size / height)
            axes = figure.add_axes(box)
            draw_image(axes, images[row, column])
            if row == 0:
                axes.set_title(titles[column].replace("-", "−"), fontsize=9, color=FAINT, pad=4)
    return finish(figure, path, show, dpi=100)
