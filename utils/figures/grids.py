"""Images in grids: figures, sample sheets, and images saved with their latent vectors."""

import math
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from utils.figures.style import INK, TEXT_SIZE, draw_image, finish, in_notebook, in_own_style
from utils.figures.texts import TEXTS
from utils.files import write_whole
from utils.files.provenance import save_image
from utils.images import to_uint8
from utils.speech import seen as said

WIDEST = 9.0  # inches of a grid; at 110 dots an inch it fits a notebook's page
MARGIN = 4  # pixels between the images of a sheet
PAPER = 225  # light grey, on which white lines end visibly at the edge of an image


@in_own_style
def show_images(
    images: np.ndarray,
    r: int,
    c: int,
    titles: Sequence[str] | None = None,
    path: str | os.PathLike | None = None,
    show: bool = True,
    seen: tuple[str, str] | None = None,
):
    """Draw images in a grid, row by row.

    Args:
        images: (n, h, w), (n, h, w, 1) or (n, h, w, 3), uint8 or float in [-1, 1]. The first r x c are drawn.
        r: number of rows.
        c: number of columns.
        titles: a line of text under each image.
        path: where to save the figure as PNG.
        show: whether to show it in a notebook.
        seen: what is said of it there, (alternative text, caption); None for how many images there are.

    Returns:
        The path, or the Matplotlib figure where there is none.

    Example:
        >>> show_images(x_train[0][0], 1, 5)
    """
    from matplotlib.figure import Figure

    images = list(images)[: r * c]
    r = min(r, math.ceil(len(images) / c))  # no empty rows
    inches = min(1.9, WIDEST / c)
    figure = Figure(figsize=(inches * c, (inches + 0.28 * bool(titles)) * r), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.03, wspace=0, hspace=0)
    for i, image in enumerate(images):
        axes = figure.add_subplot(r, c, i + 1)
        draw_image(axes, image)
        if titles is not None and i < len(titles):
            axes.set_xlabel(titles[i], fontsize=TEXT_SIZE, color=INK, labelpad=3)
    if seen is None:
        values = {"count": len(images), "rows": r, "columns": c}
        seen = said(TEXTS, "grid", **values, titles=f": {', '.join(titles)}" if titles else "")
    return finish(figure, path, show, seen=seen)


def sample_grid(images: np.ndarray, r: int, c: int, path: str | os.PathLike) -> Path:
    """Write images as one PNG sheet, pixel for pixel, such as images/sample_<epoch>.png of a training.

    Args:
        images: (n, h, w), (n, h, w, 1) or (n, h, w, 3), uint8 or float in [-1, 1]. The first r x c are used; if there
            are fewer, the rest of the sheet is light grey.
        r: number of rows.
        c: number of columns.
        path: the file.

    Returns:
        The path.
    """
    from PIL import Image

    sheet = sheet_of(images, r, c)
    with write_whole(path) as temporary:  # level 3 is faster than Pillow's 6; benchmarks/LOG.md, "Images and files"
        Image.fromarray(sheet[..., 0] if sheet.shape[2] == 1 else sheet).save(temporary, "PNG", compress_level=3)
    return Path(path)


def sheet_of(images: np.ndarray, r: int, c: int, margin: int = MARGIN, paper: int = PAPER) -> np.ndarray:
    """Lay images out as one array, row by row.

    Args:
        images, r, c: as in `sample_grid`.
        margin: pixels around each image.
        paper: grey level of the margins, 0 to 255.

    Returns:
        uint8 (height, width, channels).
    """
    images = to_uint8(np.asarray(images)[: r * c])
    if images.ndim == 3:
        images = images[..., None]
    n, h, w, channels = images.shape
    sheet = np.full((margin + r * (h + margin), margin + c * (w + margin), channels), paper, np.uint8)
    for i in range(n):
        top, left = margin + i // c * (h + margin), margin + i % c * (w + margin)
        sheet[top : top + h, left : left + w] = images[i]
    return sheet


def images_of_sheet(path: str | os.PathLike, r: int, c: int) -> np.ndarray:
    """The images of a sheet that `sample_grid` wrote.

    Args:
        path: its file.
        r, c: its rows and columns.

    Returns:
        uint8 (r * c, h, w, 3), row by row.

    Raises:
        ValueError: the sheet has another number of rows or columns.
    """
    from PIL import Image

    with Image.open(path) as picture:
        sheet = np.asarray(picture.convert("RGB"))
    inside = sheet[MARGIN:, MARGIN:]
    (height, over), (width, across) = divmod(inside.shape[0], r), divmod(inside.shape[1], c)
    gaps = [sheet[:MARGIN], sheet[:, :MARGIN]]  # all of them are paper
    gaps += [inside[i * height - MARGIN : i * height] for i in range(1, r + 1)]
    gaps += [inside[:, i * width - MARGIN : i * width] for i in range(1, c + 1)]
    if over or across or min(height, width) <= MARGIN or any((gap != PAPER).any() for gap in gaps):
        raise ValueError(f"{path} is no sheet of {r} rows and {c} columns: give those that it was written with")
    images = inside[: r * height, : c * width].reshape(r, height, c, width, 3).swapaxes(1, 2)
    return images.reshape(r * c, height, width, 3)[:, :-MARGIN, :-MARGIN]


def plot_generated(
    images: np.ndarray,
    n: int,
    j: int | None = None,
    folder: str | os.PathLike = ".",
    show: bool = True,
    z: np.ndarray | None = None,
    generator_fingerprint: str | None = None,
    seed: int | None = None,
    seen: tuple[str, str] | None = None,
) -> list[Path]:
    """Save images, one file each, at their own size, and show them in a row or grid.

    Args:
        images: (m, h, w, c) or (m, h, w), uint8 or float in [-1, 1].
        n: number of images, from the first on.
        j: index of the pair that they belong to, for the names; None for no pair.
        folder: where the files go.
        show: whether to show them in a notebook.
        z: their latent vectors, (m, latent_dim), for the files' metadata (see `utils.files.provenance`).
        generator_fingerprint: `fingerprint(generator)`, for the metadata.
        seed: the seed of the latent vectors, for the metadata.
        seen: what is said of them in a notebook, as in `show_images`.

    Returns:
        The paths: image_00.png and so on, or image_<j>_00.png with `j`; three digits and more from 101 images on.

    Raises:
        ValueError: fewer than `n` images, or another number of vectors than images.

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
        titles = [f"{i:0{digits}d}" for i in range(n)]
        show_images(images[:n], math.ceil(n / columns), columns, titles, seen=seen)
    return paths
