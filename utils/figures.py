"""The pictures of the notebooks: grids, sample sheets, the convergence graph, saved images; heat maps of Z, animations
and drawings of layers stand in files of their own and are at hand here too.
"""

import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from utils.animations import animate
from utils.drawing import FAINT, INK, LINE, draw_image, finish, in_notebook, show_film
from utils.files import write_whole
from utils.heatmaps import HeatMapFrames, heatmap_beside_image, printZ
from utils.images import to_uint8
from utils.layer_drawing import plot_layers
from utils.provenance import save_image

__all__ = [
    "HeatMapFrames",
    "animate",
    "heatmap_beside_image",
    "plot_generated",
    "plot_layers",
    "plot_losses",
    "printZ",
    "sample_grid",
    "show_film",
    "show_images",
]

MARGIN = 4  # pixels between the images of a sheet
CURVE_COLORS = ("black", "#1f9d55", "#c5221f", "#f29100", "#7b61a8")  # the original's: D, real, fake, generator
PAPER = 225  # light grey: white lines that run to the edge of an image stay apart from the margin


def show_images(
    images: np.ndarray,
    r: int,
    c: int,
    titles: Sequence[str] | None = None,
    path: str | os.PathLike | None = None,
    show: bool = True,
):
    """Show images in a grid, row by row.

    Args:
        images: (n, h, w), (n, h, w, 1) or (n, h, w, 3), uint8 or float in [-1, 1]. The first r x c are shown.
        r: rows.
        c: columns.
        titles: a line of text under each image.
        path: where to save the figure as PNG.
        show: show it in the notebook.

    Returns:
        The path, or the Matplotlib figure where there is none.

    Example:
        >>> show_images(x_train[0][0], 1, 5)
    """
    from matplotlib.figure import Figure

    images = list(images)[: r * c]
    r = min(r, math.ceil(len(images) / c))  # no empty rows
    inches = min(1.9, 12 / c)
    figure = Figure(figsize=(inches * c, (inches + 0.25 * bool(titles)) * r), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.04, h_pad=0.04, wspace=0, hspace=0)
    for i, image in enumerate(images):
        axes = figure.add_subplot(r, c, i + 1)
        draw_image(axes, image)
        if titles is not None and i < len(titles):
            axes.set_xlabel(titles[i], fontsize=9, color=INK, labelpad=3)
    return finish(figure, path, show, dpi=110)


def sample_grid(images: np.ndarray, r: int, c: int, path: str | os.PathLike) -> Path:
    """Write images as one PNG sheet, pixel for pixel: the grid that training leaves as images/sample_<epoch>.png.

    Args:
        images: (n, h, w), (n, h, w, 1) or (n, h, w, 3), uint8 or float in [-1, 1]. The first r x c are used; where
            there are fewer, the rest of the sheet stays light grey.
        r: rows.
        c: columns.
        path: the file.

    Returns:
        The path.
    """
    from PIL import Image

    images = to_uint8(np.asarray(images)[: r * c])
    if images.ndim == 3:
        images = images[..., None]
    n, h, w, channels = images.shape
    sheet = np.full((MARGIN + r * (h + MARGIN), MARGIN + c * (w + MARGIN), channels), PAPER, np.uint8)
    for i in range(n):
        top, left = MARGIN + i // c * (h + MARGIN), MARGIN + i % c * (w + MARGIN)
        sheet[top : top + h, left : left + w] = images[i]
    with write_whole(path) as temporary:  # level 3: a third of the time of Pillow's 6, a seventh more bytes
        Image.fromarray(sheet[..., 0] if channels == 1 else sheet).save(temporary, format="PNG", compress_level=3)
    return Path(path)


def plot_losses(
    d_losses: Sequence[Sequence[float]],
    g_losses: Sequence[float],
    path: str | os.PathLike | None = None,
    show: bool = True,
):
    """Draw the convergence graph: how the losses of critic and generator go, step by step.

    The first steps may run into the thousands before the two networks find their scale. The vertical axis follows the
    rest; what lies beyond is cut off, and a line under the title says how far it went.

    Args:
        d_losses: a list of [total, real, fake, penalty], one entry a step (`gan.d_losses`).
        g_losses: the generator's loss, one float a step (`gan.g_losses`).
        path: where to save the figure, images/Converge.png by custom.
        show: show it in the notebook.

    Returns:
        The path, or the Matplotlib figure where there is none.

    Raises:
        ValueError: there is no step yet.

    Example:
        >>> plot_losses(gan.d_losses, gan.g_losses, "images/Converge.png")
    """
    d_losses, g_losses = np.asarray(d_losses, float), np.asarray(g_losses, float)
    if d_losses.ndim != 2 or d_losses.shape[1] < 3 or len(g_losses) == 0:
        raise ValueError("there are no losses to draw yet; d_losses holds [total, real, fake, penalty] for each step")
    curves = {
        "D, critic: total": d_losses[:, 0],
        "R, real images": d_losses[:, 1],
        "F, generated images": d_losses[:, 2],
        "G, generator": g_losses,
    }
    return plot_curves(curves, "Convergence of the losses", path, show)


def plot_curves(
    curves: Mapping[str, Sequence[float]], title: str, path: str | os.PathLike | None = None, show: bool = True
):
    """Draw curves over the steps, such as the losses of any model (`model.losses_of`), as `plot_losses` draws a GAN's.

    Args:
        curves: a name and one float a step for each.
        title: of the figure.
        path: where to save it.
        show: show it in the notebook.

    Returns:
        The path, or the Matplotlib figure where there is none.

    Raises:
        ValueError: there is no step yet.
    """
    from matplotlib.figure import Figure

    if not curves or not len(next(iter(curves.values()))):
        raise ValueError("there are no steps to draw yet")
    figure = Figure(figsize=(9, 5), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.12, h_pad=0.12)
    draw_curves(figure.add_subplot(), curves, title)
    return finish(figure, path, show, dpi=110)


def draw_curves(axes, curves: Mapping[str, Sequence[float]], title: str) -> None:
    """Draw curves over the steps on Matplotlib axes, cut off where they leave any scale; see `plot_curves`."""
    curves = {name: np.asarray(values, float) for name, values in curves.items()}
    for (name, values), color in zip(curves.items(), CURVE_COLORS, strict=False):
        axes.plot(np.arange(len(values)), values, color=color, linewidth=0.9, label=name)
    everything = np.concatenate(list(curves.values()))
    low, high, cut = _sensible_range(list(curves.values()))
    axes.set_ylim(low, high)
    axes.set_xlim(0, max(len(values) for values in curves.values()) - 1 or 1)
    axes.axhline(0, color=LINE, linewidth=0.8, zorder=0)
    axes.set_title(title, loc="left", fontsize=13, color=INK, pad=22)
    if cut:
        finite = everything[np.isfinite(everything)]
        note = f"values beyond the scale are cut off: they reach {finite.min():,.0f} and {finite.max():,.0f}".replace(
            "-", "−"
        )
        axes.text(0, 1.02, note, transform=axes.transAxes, fontsize=9, color=FAINT)
    axes.set_xlabel("step", color=INK)
    axes.set_ylabel("loss", color=INK)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.grid(color=LINE, linewidth=0.5, alpha=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(LINE)
    axes.tick_params(colors=FAINT, length=0)
    # clear of the curves
    above = {"loc": "lower right", "bbox_to_anchor": (1.01, 1.04), "ncols": len(curves), "borderpad": 0}
    axes.legend(**above, fontsize=9, frameon=False, labelcolor=INK, handlelength=1.4, columnspacing=1.4)


def plot_generated(
    images: np.ndarray,
    n: int,
    j: int | None = None,
    folder: str | os.PathLike = ".",
    show: bool = True,
    z: np.ndarray | None = None,
    generator_fingerprint: str | None = None,
    seed: int | None = None,
) -> list[Path]:
    """Save images one file each, at their own size, and show them in a row or grid.

    Args:
        images: (m, h, w, c) or (m, h, w), uint8 or float in [-1, 1].
        n: how many of them, from the first on.
        j: number of the pair they belong to; puts it into the names.
        folder: where the files go.
        show: show them in the notebook.
        z: their latent vectors, (m, latent_dim), kept inside the files (see `utils.provenance`).
        generator_fingerprint: `fingerprint(generator)`, kept inside the files.
        seed: the seed that gave the points, kept inside the files.

    Returns:
        The paths: image_00.png and so on, or image_<j>_00.png with `j`; three digits and more from 101 images on.

    Raises:
        ValueError: there are fewer than `n` images, or not one vector for each.

    Example:
        >>> plot_generated(generate_images(generator, Z), 20, z=Z, generator_fingerprint=fingerprint(generator))
    """
    if not 1 <= n <= len(images):
        raise ValueError(f"n is {n}, but there are {len(images)} images")
    if z is not None and len(z) != len(images):
        raise ValueError(f"there are {len(images)} images and {len(z)} latent vectors; each image needs its own")
    digits = max(2, len(str(n - 1)))  # so that the names sort in the order of the images
    stem = "image_" if j is None else f"image_{j}_"
    paths = [
        save_image(
            Path(folder) / f"{stem}{i:0{digits}d}.png",
            images[i],
            z=None if z is None else z[i],
            generator_fingerprint=generator_fingerprint,
            seed=seed,
        )
        for i in range(n)
    ]
    if show and in_notebook():
        columns = min(n, 10)
        show_images(images[:n], math.ceil(n / columns), columns, titles=[f"{i:0{digits}d}" for i in range(n)])
    return paths


def _sensible_range(curves: list[np.ndarray]) -> tuple[float, float, bool]:
    """The range of the vertical axis, and whether it leaves values out.

    It spans the bulk of what comes after the first tenth of the steps; if the whole would be less than twice as tall,
    nothing is cut off.
    """
    everything = np.concatenate(curves)
    everything = everything[np.isfinite(everything)]
    if len(everything) == 0:
        return -1, 1, False
    settled = np.concatenate([values[len(values) // 10 :] for values in curves])
    settled = settled[np.isfinite(settled)]
    if len(settled) == 0:
        settled = everything
    low, high = np.percentile(settled, (0.5, 99.5))
    cut = np.ptp(everything) > 2 * (high - low) and high > low
    if not cut:
        low, high = everything.min(), everything.max()
    room = 0.08 * (high - low) or 1
    return low - room, high + room, bool(cut)
