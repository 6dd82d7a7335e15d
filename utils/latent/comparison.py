"""Figures that compare two models: rows of images, grids of images over latent planes, maps of encoded images.

`utils.reading.side_by_side` compares their numbers.
"""

import os
from dataclasses import dataclass

import numpy as np

from lines import PALETTE, SIZE
from utils.figures.grids import sheet_of
from utils.figures.style import INK, LINE, TEXT_SIZE, draw_image, finish, in_own_style
from utils.images import to_float
from utils.latent.directions import measure_pictures, principal_directions
from utils.latent.generating import generate_images
from utils.latent.paths import generate_latent_points, interpolate_points
from utils.latent.projection import project
from utils.latent.texts import TEXTS
from utils.reading.distances import distances_between, small_vectors
from utils.speech import listed, number, say
from utils.speech import seen as said

SHEET = 4.5  # inches of a square of images
GAP, GAP_GREY = 1 / 32, 128  # between its images, of an image
GROUND = "#eceef1"  # on which white points are seen
REACH = 2.0  # extent of a grid to each side, in standard deviations
LINES_SHOWN = ("color_y2", "color_x", "x")  # of what the rule of the three lines draws
TOLD = ("brighter", "fuller", "redder", "to the right")  # of `measure_pictures`
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
def show_rows(
    rows: dict[str, np.ndarray],
    path: str | os.PathLike | None = None,
    show: bool = True,
    seen: tuple[str, str] | None = None,
    inches: float | None = None,
):
    """Draw rows of images, each under its name, with corresponding images in one column.

    Args:
        rows: dict, name -> images (n, h, w, c), uint8 or float in [-1, 1]. "data", "VAE, redrawn" and "cross-fade" are
            named in the chosen language.
        path: where to save the figure as PNG.
        show: whether to show it in a notebook.
        seen: what is said of it there, (alternative text, caption); None for the names of the rows.
        inches: side of an image; None for what fits a page.

    Returns:
        The path, or the Matplotlib figure where there is none.

    Example:
        >>> show_rows({"drawn by the rules": images, "reconstructed": vae.reconstruct(images)})
    """
    from matplotlib.figure import Figure

    columns = max(len(images) for images in rows.values())
    inches = inches or min(1.5, 9 / columns)
    figure = Figure(figsize=(inches * columns, (inches + 0.27) * len(rows)), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.03, wspace=0, hspace=0)
    for r, (name, images) in enumerate(rows.items()):
        for c, image in enumerate(images):
            axes = figure.add_subplot(len(rows), columns, r * columns + c + 1)
            draw_image(axes, image)
            if c == 0:
                axes.set_title(named(name), fontsize=TEXT_SIZE, color=INK, loc="left", pad=3)
    names = listed(map(named, rows))
    return finish(figure, path, show, seen=seen or said(TEXTS, "rows", columns=columns, names=names))


def show_ways(
    gan,
    vae,
    pair: np.ndarray,
    n_steps: int = 9,
    search_steps: int = 150,
    path: str | os.PathLike | None = None,
    show: bool = True,
):
    """Draw three ways from one real image to another: a cross-fade, the GAN's, and the autoencoder's.

    Args:
        gan: a generator, whose vectors are searched for.
        vae: an autoencoder with `encode` and `decode`.
        pair: the two images, uint8 (2, h, w, c).
        n_steps: images of a way, both ends included.
        search_steps: as in `projection.project`.
        path, show: as in `show_rows`.

    Returns:
        As `show_rows`.
    """
    start, end = to_float(pair)
    found, history = project(gan, pair, steps=search_steps)
    decibels = say(TEXTS, "and").join(number(value, ".0f") for value in history.psnr)
    ways = {
        "cross-fade": np.stack([start + t * (end - start) for t in np.linspace(0, 1, n_steps)]),
        say(TEXTS, "GAN found", decibels=decibels): generate_images(gan, interpolate_points(*found, n_steps)),
        "VAE": vae.decode(interpolate_points(*vae.encode(pair)[0], n_steps)),
    }
    return show_rows(ways, path, show)


def named(name: str) -> str:
    """What a row or column of a comparison is called, in the chosen language where it has a word for it."""
    return say(TEXTS, name) if name in TEXTS else name


@in_own_style
def show_manifolds(
    generators: dict, planes: dict[str, Plane], side: int = 9, path: str | os.PathLike | None = None, show: bool = True
):
    """Draw for each generator a grid of the images over a plane in its latent space, with thin grey gaps.

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
    figure = Figure(figsize=(SHEET * len(generators), SHEET + 0.25), layout="constrained")
    for i, (name, generator) in enumerate(generators.items()):
        images = generate_images(generator, planes[name].points(grid))
        gap = max(1, round(images.shape[1] * GAP))
        sheet = sheet_of(images, side, side, gap, GAP_GREY)[gap:-gap, gap:-gap]
        axes = figure.add_subplot(1, len(generators), i + 1)
        draw_image(axes, sheet)
        axes.set_title(name, loc="left", fontsize=TEXT_SIZE, color=INK)
    names = listed(filter(None, generators))
    about = said(TEXTS, "manifolds", side=side, names=names and say(TEXTS, "colon") + names)
    return finish(figure, path, show, seen=about)


@dataclass(frozen=True, eq=False)
class Attribute:
    """What is known of each image of a map.

    Attributes:
        title: what it is.
        values: one value per image, (n,).
        names: names of the values 0, 1 ..., where they are classes.
        palette: whether the values are indices of the palette of the lines.
        unit: of values that are numbers.
    """

    title: str
    values: np.ndarray
    names: tuple[str, ...] = ()
    palette: bool = False
    unit: str = ""


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
        *colors, place = LINES_SHOWN
        shown = [Attribute(say(TEXTS, what), known[what], palette=True) for what in colors]
        return [*shown, Attribute(say(TEXTS, place), known[place], unit=say(TEXTS, "column", size=SIZE))]
    found = [
        Attribute(say(TEXTS, "class") if what in names else what, values, tuple(names.get(what, ())))
        for what, values in known.items()
    ]
    told = [Attribute(say(TEXTS, what), values) for what, values in measure_pictures(images).items() if what in TOLD]
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

    figure = Figure(figsize=(3.2 * len(known), 3.3 * len(vectors)), layout="constrained")
    grid = figure.subplots(len(vectors), len(known), squeeze=False)
    for row, (name, placed) in zip(grid, vectors.items(), strict=True):
        coordinates = planes[name].coordinates(placed)
        for axes, attribute in zip(row, known, strict=True):
            _draw_map(figure, axes, coordinates, attribute)
            title = say(TEXTS, "colon").join(filter(None, (name, attribute.title)))
            axes.set_title(title, loc="left", fontsize=TEXT_SIZE, color=INK)
    titles = listed(attribute.title for attribute in known)
    return finish(figure, path, show, seen=said(TEXTS, "maps", count=len(known) * len(vectors), names=titles))


def _draw_map(figure, axes, coordinates, attribute):
    values = np.asarray(attribute.values)
    if attribute.palette:
        colors = {"c": PALETTE[values] / 255, "edgecolors": INK, "linewidths": 0.3}
        axes.scatter(*coordinates.T, s=12, **colors)
    elif attribute.names:
        points = axes.scatter(*coordinates.T, s=12, c=values, cmap="tab20" if len(attribute.names) > 10 else "tab10")
        there = [int(value) for value in np.unique(values)][:MOST_NAMES]
        handles = [axes.scatter([], [], s=12, color=points.cmap(points.norm(value))) for value in there]
        labels = [attribute.names[value] for value in there]
        beside = {"loc": "upper left", "bbox_to_anchor": (1.01, 1), "borderpad": 0, "borderaxespad": 0}
        axes.legend(handles, labels, fontsize=8, frameon=False, labelcolor=INK, handletextpad=0, **beside)
    else:
        points = axes.scatter(*coordinates.T, s=12, c=values, cmap="Greys_r", edgecolors=INK, linewidths=0.3)
        bar = figure.colorbar(points, ax=axes, shrink=0.7)
        bar.set_label(attribute.unit, color=INK, fontsize=TEXT_SIZE - 1)
    axes.set_aspect("equal")
    reach = max(3, np.ceil(np.abs(coordinates).max() + 0.1))
    axes.set_xlim(-reach, reach)
    axes.set_ylim(-reach, reach)
    axes.spines[:].set_color(LINE)
    axes.tick_params(colors=INK, labelsize=TEXT_SIZE - 1)
    axes.set_facecolor(GROUND)
