"""Heat maps of the latent vector: its values as a grid of colours, alone (`printZ`) or beside the generated image.

The colour scale runs from blue over white to red, the blue and red of the data set's palette, and is fixed from -3 to 3
by default, so that a colour has the same value in every picture. Values beyond (0.3 % of a standard normal
distribution) have the colour of the end.
"""

import math
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from utils.figures.style import FAINT, INK, TEXT_SIZE, draw_image, finish, in_own_style
from utils.figures.texts import TEXTS
from utils.files.typed import numbers
from utils.images import as_picture
from utils.speech import number, roughly, say, seen

BLUE, WHITE, RED = (54, 79, 179), (247, 246, 243), (185, 33, 19)
WIDTH, HEIGHT = 880, 416  # pixels of a frame
MAP = (26, 24, 392, 384)  # left, top, width and height of its heat map, in pixels
BAR = (426, 54, 12, 324)  # of the colour bar
IMAGE = (488, 24, 384)  # left, top and side of the image: three times an image of 128 pixels
DPI = 100
MIN_CELL_WIDTH = 34  # smallest width of a cell with its value as text, in pixels


@in_own_style
def printZ(
    Z: np.ndarray,
    i: int,
    j: int,
    folder: str | os.PathLike = ".",
    show: bool = True,
    limits: tuple[float, float] | None = (-3, 3),
) -> Path:
    """Draw latent vector `Z[i]` as a heat map with its values, and save it as Vec_<j>_<i>.png.

    Args:
        Z: latent vectors, float (n, latent_dim). 100 values make a grid of 10 x 10, other numbers the grid nearest to a
            square, with blank cells at its end. Value k is in row k // columns, column k % columns.
        i: index of the vector in Z.
        j: index of the pair, for the file's name.
        folder: where the file goes.
        show: whether to show it in a notebook.
        limits: the values at both ends of the colour scale; None for the vector's minimum and maximum, as in the
            original.

    Returns:
        The path, Vec_3_00.png for `j` 3 and `i` 0.

    Example:
        >>> printZ(generate_latent_points(100, 2, seed=1), 0, 0)
    """
    from matplotlib.figure import Figure

    z = np.asarray(Z, float)[i]
    grid = _grid(z)
    rows, columns = grid.shape
    figure = Figure(figsize=(0.56 * columns + 1.4, 0.56 * rows + 0.65), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.12, h_pad=0.12)
    axes, image = _draw_map(figure, grid, _limits(limits) or _data_limits(z), label_size=9)
    for k, value in enumerate(z):
        color = "white" if sum(image.to_rgba(value)[:3]) < 1.7 else INK
        axes.text(
            k % columns,
            k // columns,
            number(value),
            ha="center",
            va="center",
            fontsize=9,
            color=color,
        )
    low, high = image.get_clim()
    values = {"times": "", "n": len(z), "low": roughly(low, 3), "high": roughly(high, 3)}
    return finish(figure, Path(folder) / f"Vec_{j}_{i:02d}.png", show, seen=seen(TEXTS, "vectors", **values))


@in_own_style
def show_vectors(
    Z: np.ndarray,
    images: np.ndarray,
    columns: int = 2,
    values: bool = False,
    titles: Sequence[str] | None = None,
    path: str | os.PathLike | None = None,
    limits: tuple[float, float] | None = (-3, 3),
    show: bool = True,
):
    """Draw vectors as heat maps, each beside its image, in one figure.

    Args:
        Z: latent vectors, float (n, latent_dim).
        images: theirs, (n, h, w, c), uint8 or float in [-1, 1].
        columns: how many stand side by side.
        values: whether the numbers are written into the cells.
        titles: one for each vector; None for Z[0], Z[1] and so on.
        path: where to save the figure as PNG.
        limits: the values at both ends of the colour scale, of all; None for each vector's own.
        show: whether to show it in a notebook.

    Returns:
        The path, or the Matplotlib figure where there is none.
    """
    from matplotlib.figure import Figure

    Z = np.atleast_2d(np.asarray(Z, float))
    columns, fixed = min(columns, len(Z)), _limits(limits)
    rows, side = math.ceil(len(Z) / columns), 4.1 if values else 2.1
    figure = Figure(figsize=(2.1 * side * columns, (side + 0.45) * rows), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.05, h_pad=0.09, wspace=0.02, hspace=0.02)
    for i, (z, image) in enumerate(zip(Z, images, strict=True)):
        grid = _grid(z)
        axes = figure.add_subplot(rows, 2 * columns, 2 * i + 1)
        low, high = fixed or _data_limits(z)
        shown = _draw_cells(axes, grid, (low, high))
        title = titles[i] if titles else say(TEXTS, "vector", i=i, n=len(z))
        axes.set_title(title, loc="left", fontsize=TEXT_SIZE, color=INK)
        axes.set_xticks([])
        axes.set_yticks([])
        for k, value in enumerate(z if values else ()):
            color = "white" if sum(shown.to_rgba(value)[:3]) < 1.7 else INK
            place = divmod(k, grid.shape[1])[::-1]
            axes.text(*place, number(value), ha="center", va="center", fontsize=9, color=color)
        beside = figure.add_subplot(rows, 2 * columns, 2 * i + 2)
        draw_image(beside, image)
        beside.set_title(say(TEXTS, "vector image"), loc="left", fontsize=TEXT_SIZE, color=INK)
    times = say(TEXTS, "times", count=len(Z)) if len(Z) > 1 else ""
    if fixed is None and len(Z) > 1:
        return finish(figure, path, show, seen=seen(TEXTS, "own limits", times=times, n=Z.shape[1]))
    facts = {"times": times, "n": Z.shape[1], "low": roughly(low, 3), "high": roughly(high, 3)}
    return finish(figure, path, show, seen=seen(TEXTS, "vectors", **facts))


class HeatMapFrames:
    """Frames of an animation: the heat map of a vector on the left, its generated image on the right.

    The axes and the colour bar are drawn once; a frame only recolours the cells, writes their values if the cells are
    large enough, and pastes the image.

    Args:
        latent_dim: length of the vectors.
        limits: the values at both ends of the colour scale, the same for all frames.

    Example:
        >>> frames = HeatMapFrames(100)
        >>> animate([frames.draw(z, image) for z, image in zip(Z, images)], "Z-anim/rows.gif", fps=5)
    """

    @in_own_style
    def __init__(self, latent_dim: int, limits: tuple[float, float] = (-3, 3)):
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        limits = _limits(limits)
        self._latent_dim, (self._low, self._high) = latent_dim, limits
        grid = _grid(np.zeros(latent_dim))
        figure = Figure(figsize=(WIDTH / DPI, HEIGHT / DPI), dpi=DPI, facecolor="white")
        canvas = FigureCanvasAgg(figure)
        _draw_map(figure, grid, limits, label_size=8, box=_share(MAP), bar=_share(BAR))
        canvas.draw()
        self._background = np.asarray(canvas.buffer_rgba())[:HEIGHT, :WIDTH, :3].copy()
        # positions of the cells' edges, in pixels from the top left; cells are separated by one pixel
        left, top, width, height = MAP
        self._x = np.rint(np.linspace(left, left + width, grid.shape[1] + 1)).astype(int)
        self._y = np.rint(np.linspace(top, top + height, grid.shape[0] + 1)).astype(int)
        self._background[self._y[0] : self._y[-1], self._x[0] : self._x[-1]] = 255
        cell_width = min(np.diff(self._x).min(), 2 * np.diff(self._y).min())
        self._font = _small_font() if cell_width >= MIN_CELL_WIDTH else None

    def draw(self, z: np.ndarray, image: np.ndarray) -> np.ndarray:
        """Draw one frame.

        Args:
            z: the vector, float (latent_dim,).
            image: its image, (h, w), (h, w, 1) or (h, w, 3), uint8 or float in [-1, 1], of any size.

        Returns:
            uint8 (416, 880, 3).

        Raises:
            ValueError: the vector's length is not `latent_dim`.
        """
        from PIL import Image

        z = np.asarray(z, float).ravel()
        if len(z) != self._latent_dim:
            raise ValueError(f"these frames are for vectors of {self._latent_dim} values, this one has {len(z)}")
        frame = self._background.copy()
        columns = len(self._x) - 1
        for k, color in enumerate(_colors((z - self._low) / (self._high - self._low))):
            row, column = divmod(k, columns)
            frame[self._y[row] : self._y[row + 1] - 1, self._x[column] : self._x[column + 1] - 1] = color
        if self._font is not None:
            frame = self._with_values(frame, z)
        picture = as_picture(image).convert("RGB")
        left, top, side = IMAGE
        ratio = side / max(picture.size)
        if ratio > 1:  # by a whole factor, which keeps edges sharp and GIFs small
            size = [length * int(ratio) for length in picture.size]
            picture = picture.resize(size, Image.Resampling.NEAREST)
        else:
            size = [max(1, round(length * ratio)) for length in picture.size]
            picture = picture.resize(size, Image.Resampling.LANCZOS)
        left, top = left + (side - size[0]) // 2, top + (side - size[1]) // 2
        frame[top : top + size[1], left : left + size[0]] = np.asarray(picture)
        return frame

    def _with_values(self, frame: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Write the value of each cell into it; returns the frame."""
        from PIL import Image, ImageDraw

        picture = Image.fromarray(frame)
        pen = ImageDraw.Draw(picture)
        columns = len(self._x) - 1
        for k, value in enumerate(z):
            row, column = divmod(k, columns)
            middle = (self._x[column] + self._x[column + 1] - 1) / 2, (self._y[row] + self._y[row + 1] - 1) / 2
            ground = frame[self._y[row], self._x[column]]
            color = "white" if ground.sum() < 1.7 * 255 else INK
            pen.text(middle, number(value), fill=color, font=self._font, anchor="mm")
        return np.array(picture)


def heatmap_beside_image(z: np.ndarray, image: np.ndarray, limits: tuple[float, float] | None = (-3, 3)) -> np.ndarray:
    """Draw a single frame; for many, use one `HeatMapFrames`.

    Args:
        z: the vector, float (latent_dim,).
        image: its image, (h, w), (h, w, 1) or (h, w, 3), uint8 or float in [-1, 1].
        limits: the values at both ends of the colour scale; None for the vector's minimum and maximum.

    Returns:
        uint8 (416, 880, 3).
    """
    z = np.asarray(z, float).ravel()
    return HeatMapFrames(len(z), _limits(limits) or _data_limits(z)).draw(z, image)


def _small_font():
    """Matplotlib's default font, small enough for five characters in a cell."""
    from matplotlib.font_manager import findfont
    from PIL import ImageFont

    return ImageFont.truetype(findfont("DejaVu Sans"), 12)


def grid_shape(latent_dim: int) -> tuple[int, int]:
    """The (rows, columns) of a vector's grid: the nearest to a square, whose last row may be incomplete."""
    columns = math.ceil(math.sqrt(latent_dim))
    return math.ceil(latent_dim / columns), columns


def _grid(z: np.ndarray) -> np.ndarray:
    """A vector as the grid nearest to a square, float (rows, columns), with NaN in the remaining cells."""
    rows, columns = grid_shape(len(z))
    grid = np.full(rows * columns, np.nan)
    grid[: len(z)] = z
    return grid.reshape(rows, columns)


def _limits(limits) -> tuple[float, float] | None:
    """The two ends of a colour scale, from a pair or from text such as "(-3, 3)"."""
    if limits is None:
        return None
    low, high = numbers(limits, "limits (LIMITS)", 2)
    if low == high:
        raise ValueError(f"limits (LIMITS) is {limits!r}; give two different numbers, such as (-3, 3)")
    return low, high


def _data_limits(z: np.ndarray) -> tuple[float, float]:
    low, high = float(z.min()), float(z.max())
    return (low, high) if high > low else (low - 1, high + 1)  # a constant vector has the middle colour


def _share(box: tuple[int, int, int, int]) -> tuple[float, float, float, float]:
    """A box of a frame, (left, top, width, height) in pixels, as Matplotlib counts: shares, from the bottom left."""
    left, top, width, height = box
    return left / WIDTH, 1 - (top + height) / HEIGHT, width / WIDTH, height / HEIGHT


def _draw_cells(axes, grid, limits, aspect="equal"):
    """Draw the cells of a grid on axes; returns Matplotlib's image."""
    from matplotlib.colors import ListedColormap

    scale = ListedColormap(_colors(np.linspace(0, 1, 256)) / 255)
    image = axes.imshow(grid, cmap=scale, vmin=limits[0], vmax=limits[1], aspect=aspect)
    axes.set_xticks(np.arange(-0.5, grid.shape[1]), minor=True)
    axes.set_yticks(np.arange(-0.5, grid.shape[0]), minor=True)
    axes.grid(which="minor", color="white", linewidth=1)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_visible(False)
    return image


def _draw_map(figure, grid, limits, label_size, box=None, bar=None):
    """Draw the grid with row and column numbers and a colour bar; returns the axes and Matplotlib's image."""
    rows, columns = grid.shape
    axes = figure.add_axes(box) if box else figure.add_subplot()
    image = _draw_cells(axes, grid, limits, "auto" if box else "equal")
    every = max(1, math.ceil(columns / 16)) if box else 1
    axes.set_xticks(range(0, columns, every))
    axes.set_yticks(range(0, rows, every))
    axes.tick_params(labelsize=label_size, labelcolor=FAINT, labeltop=True, labelbottom=False)
    where = {"cax": figure.add_axes(bar)} if bar else {"ax": axes, "fraction": 0.05, "pad": 0.02, "shrink": 0.9}
    color_bar = figure.colorbar(image, **where)
    color_bar.outline.set_visible(False)
    color_bar.ax.tick_params(length=0, labelsize=label_size, labelcolor=INK, pad=4)
    color_bar.ax.yaxis.set_major_formatter(lambda value, _: number(value, "g"))
    return axes, image


def _colors(positions: np.ndarray) -> np.ndarray:
    """The colours at positions 0 to 1 of the scale, uint8 (n, 3); positions beyond have the colour of the end."""
    stops = np.array([BLUE, WHITE, RED], float)
    channels = [np.interp(positions, (0, 0.5, 1), stops[:, channel]) for channel in range(3)]
    return np.rint(np.stack(channels, axis=-1)).astype(np.uint8)
