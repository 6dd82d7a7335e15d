"""The pictures of the notebooks: grids, sample sheets, the convergence graph, saved images; heat maps of Z, animations
and drawings of layers stand in files of their own and are at hand here too.
"""

import math
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from utils.figures.style import INK, draw_image, finish, in_notebook
from utils.files import write_whole
from utils.files.provenance import save_image
from utils.images import to_uint8

MARGIN = 4  # pixels between the images of a sheet
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
        z: their latent vectors, (m, latent_dim), kept inside the files (see `utils.files.provenance`).
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
