"""Figures that compare two models: rows of images, grids of images over latent planes, maps of encoded images.

`utils.reading.side_by_side` compares their numbers.
"""

import os
from dataclasses import dataclass

import numpy as np

from lines import PALETTE
from utils.figures.style import FAINT, INK, LINE, draw_image, finish, in_own_style
from utils.latent.directions import measure_pictures, principal_directions
from utils.latent.generating import generate_images
from utils.latent.paths import generate_latent_points
from utils.reading.distances import distances_between, small_vectors

REACH = 2.0  # extent of a grid to each side, in standard deviations
LINES_SHOWN = {  # of what the rule of the three lines draws
    "color_y2": "couleur de la 2e horizontale · the 2nd horizontal's colour",
    "color_x": "couleur de la verticale · the vertical's colour",
    "x": "place de la verticale · where the vertical stands",
}
CLASSES = "classe · class"
TOLD = {  # of `measure_pictures`
    "brighter": "clarté · brightness",
    "fuller": "surface occupée · how full",
    "redder": "rouge ou bleu · red or blue",
    "to the right": "à gauche, à droite · left, right",
}
MOST_NAMES = 12  # classes in a legend


@dataclass(frozen=True, eq=False)
class Plane:
    """A plane in a latent space.

    Attributes:
        middle: float32 (latent_dim,), a point of the plane.
        axes: float32 (2, latent_dim), two orthogonal directions, each one standard deviation long.
        shares: float (latent_dim,), the share of the variance on each principal axis, the largest first.
    """

    middle: np.ndarray
    axes: np.ndarray
    shares: np.ndarray

    def coordinates(self, vectors: np.ndarray) -> np.ndarray:
        """The projections of vectors (n, latent_dim) onto the plane, in standard deviations: float (n, 2)."""
        return (vectors - self.middle) @ (self.axes / np.sum(self.axes**2, axis=1, keepdims=True)).T

    def points(self, coordinates: np.ndarray) -> np.ndarray:
        """The vectors at coordinates (n, 2): float32 (n, latent_dim)."""
        return (self.middle + np.asarray(coordinates) @ self.axes).astype(np.float32)


def principal_plane(vectors: np.ndarray) -> Plane:
    """The plane of the first two principal components of vectors.

    Args:
        vectors: float (n, latent_dim), n of 3 or more.

    Returns:
        A `Plane` through their mean.
    """
    vectors = np.asarray(vectors, np.float64)
    middle = vectors.mean(axis=0)
    _, lengths, axes = np.linalg.svd(vectors - middle, full_matrices=False)
    deviations = lengths / np.sqrt(len(vectors) - 1)
    scaled = (axes * deviations[:, None])[:2]
    return Plane(middle.astype(np.float32), scaled.astype(np.float32), deviations**2 / np.sum(deviations**2))


def whole_plane() -> Plane:
    """The whole of a latent space of two numbers, as a plane."""
    return Plane(np.zeros(2, np.float32), np.eye(2, dtype=np.float32), np.full(2, 0.5))


def plane_of_directions(first: np.ndarray, second: np.ndarray) -> Plane:
    """The plane through the origin of two directions (latent_dim,), the first of length 1, orthogonalised."""
    second = second - (second @ first) * first
    axes = np.stack([first, second / np.linalg.norm(second)]).astype(np.float32)
    return Plane(np.zeros_like(axes[0]), axes, np.full(len(first), 1 / len(first)))


@in_own_style
def show_rows(rows: dict[str, np.ndarray], path: str | os.PathLike | None = None, show: bool = True):
    """Draw rows of images, each under its name, with corresponding images in one column.

    Args:
        rows: dict, name -> images (n, h, w, c), uint8 or float in [-1, 1].
        path: where to save the figure as PNG.
        show: whether to show it in a notebook.

    Returns:
        The path, or the Matplotlib figure where there is none.

    Example:
        >>> show_rows({"drawn by the rules": images, "reconstructed": vae.reconstruct(images)})
    """
    from matplotlib.figure import Figure

    columns = max(len(images) for images in rows.values())
    inches = min(1.5, 12 / columns)
    figure = Figure(figsize=(inches * columns, (inches + 0.25) * len(rows)), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.03, wspace=0, hspace=0)
    for r, (name, images) in enumerate(rows.items()):
        for c, image in enumerate(images):
            axes = figure.add_subplot(len(rows), columns, r * columns + c + 1)
            draw_image(axes, image)
            if c == 0:
                axes.set_title(name, fontsize=10, color=INK, loc="left", pad=3)
    return finish(figure, path, show, dpi=110)


@in_own_style
def show_manifolds(
    generators: dict, planes: dict[str, Plane], side: int = 9, path: str | os.PathLike | None = None, show: bool = True
):
    """Draw for each generator a grid of the images over a plane in its latent space, edge to edge.

    Args:
        generators: dict, name -> Keras model or function, vectors -> images.
        planes: dict, the same names -> `Plane`.
        side: images per row and column, from -`REACH` to `REACH` standard deviations.
        path, show: as in `show_rows`.

    Returns:
        The path, or the Matplotlib figure where there is none.
    """
    from matplotlib.figure import Figure

    steps = np.linspace(-REACH, REACH, side)
    grid = np.stack([[x, -y] for y in steps for x in steps])  # row by row, the second coordinate upwards
    figure = Figure(figsize=(6 * len(generators), 6.2), layout="constrained")
    for i, (name, generator) in enumerate(generators.items()):
        images = generate_images(generator, planes[name].points(grid))
        _, h, w, channels = images.shape
        sheet = images.reshape(side, side, h, w, channels).swapaxes(1, 2).reshape(side * h, side * w, channels)
        axes = figure.add_subplot(1, len(generators), i + 1)
        draw_image(axes, sheet)
        axes.set_title(name, loc="left", fontsize=11, color=INK)
    return finish(figure, path, show, dpi=110)


@dataclass(frozen=True, eq=False)
class Attribute:
    """What is known of each image of a map.

    Attributes:
        title: what it is.
        values: one value per image, (n,).
        names: names of the values 0, 1 ..., where they are classes.
        palette: whether the values are indices of the palette of the lines.
    """

    title: str
    values: np.ndarray
    names: tuple[str, ...] = ()
    palette: bool = False


def attributes(images: np.ndarray, known: dict, names: dict, most: int = 3) -> list[Attribute]:
    """The attributes that a map shows: what the rule drew, else classes, else what the images themselves tell.

    Args:
        images: real images, uint8 (n, h, w, c).
        known: {what: one value per image}, of a `utils.runs.Sample`.
        names: {what: names of its values 0, 1 ...}, for classes.
        most: largest number of them.

    Returns:
        List of `Attribute`.
    """
    if set(LINES_SHOWN) <= set(known):
        return [Attribute(title, known[what], palette=what.startswith("color")) for what, title in LINES_SHOWN.items()]
    found = [
        Attribute(CLASSES if what in names else what, values, tuple(names.get(what, ())))
        for what, values in known.items()
    ]
    told = [Attribute(TOLD[what], values) for what, values in measure_pictures(images).items() if what in TOLD]
    return [*found, *told][:most]


def nearest_vectors(generator, images: np.ndarray, candidates: int = 1000, seed: int | None = 0) -> np.ndarray:
    """The place that images have in the latent space of a generator without an encoder.

    Args:
        generator: a Keras model.
        images: uint8 (n, h, w, c).
        candidates: number of random vectors.
        seed: of these vectors.

    Returns:
        float32 (n, latent_dim): for each image, the random vector whose image is nearest.
    """
    Z = generate_latent_points(generator.input_shape[-1], candidates, seed)
    drawn, real = small_vectors(generate_images(generator, Z)), small_vectors(images)
    return Z[distances_between(real, drawn).argmin(axis=1)]


def response_plane(generator) -> Plane:
    """The plane of the two directions to which a generator's first layer responds most."""
    first, second = principal_directions(generator, 2)
    return plane_of_directions(first.vector, second.vector)


@in_own_style
def show_maps(
    vectors: dict[str, np.ndarray],
    planes: dict[str, Plane],
    known: list[Attribute],
    path: str | os.PathLike | None = None,
    show: bool = True,
):
    """Draw where each model places the same images: a row of maps per model, one map for each attribute.

    Args:
        vectors: dict, name of the model -> the images' vectors, float (n, latent_dim).
        planes: dict, the same names -> `Plane`.
        known: the attributes.
        path, show: as in `show_rows`.

    Returns:
        The path, or the Matplotlib figure where there is none.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.4 * len(known), 4.4 * len(vectors)), layout="constrained")
    grid = figure.subplots(len(vectors), len(known), squeeze=False)
    for row, (name, placed) in zip(grid, vectors.items(), strict=True):
        coordinates = planes[name].coordinates(placed)
        for axes, attribute in zip(row, known, strict=True):
            _draw_map(figure, axes, coordinates, attribute)
            axes.set_title(f"{name}: {attribute.title}".removeprefix(": "), loc="left", fontsize=9, color=INK)
    return finish(figure, path, show, dpi=110)


def _draw_map(figure, axes, coordinates, attribute):
    values = np.asarray(attribute.values)
    if attribute.palette:
        colors = {"c": PALETTE[values] / 255, "edgecolors": FAINT, "linewidths": 0.3}
        axes.scatter(*coordinates.T, s=14, **colors)
    elif attribute.names:
        points = axes.scatter(*coordinates.T, s=14, c=values, cmap="tab20" if len(attribute.names) > 10 else "tab10")
        there = [int(value) for value in np.unique(values)][:MOST_NAMES]
        handles = [axes.scatter([], [], s=14, color=points.cmap(points.norm(value))) for value in there]
        labels = [attribute.names[value] for value in there]
        axes.legend(handles, labels, fontsize=6, frameon=False, labelcolor=INK, loc="upper right", borderpad=0)
    else:
        points = axes.scatter(*coordinates.T, s=14, c=values, cmap="viridis")
        figure.colorbar(points, ax=axes, shrink=0.7)
    axes.set_aspect("equal")
    axes.set_xlim(-3, 3)
    axes.set_ylim(-3, 3)
    axes.spines[:].set_color(LINE)
    axes.tick_params(colors=FAINT, labelsize=8)
