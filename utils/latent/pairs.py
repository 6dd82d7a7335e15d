"""Vectors, their heat maps and their images, written side by side: image_<j>_00.png, Vec_<j>_00.png, Vec_<j>.txt."""

import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from utils import figures
from utils.files.provenance import fingerprint
from utils.files.vectors import write_vectors
from utils.latent.generating import generate_images
from utils.latent.texts import TEXTS
from utils.speech import say


@dataclass
class Written:
    """The files of vectors, lists of paths in the order of the vectors.

    Attributes:
        images, heatmaps: one for each vector.
        vectors: one text file for each group.
    """

    images: list[Path] = field(default_factory=list)
    heatmaps: list[Path] = field(default_factory=list)
    vectors: list[Path] = field(default_factory=list)

    def __add__(self, other: "Written") -> "Written":
        return Written(self.images + other.images, self.heatmaps + other.heatmaps, self.vectors + other.vectors)


def write_pairs(
    generator,
    groups: np.ndarray,
    folder: str | os.PathLike,
    first: int = 0,
    seed: int | None = None,
    limits: tuple[float, float] | None = (-3, 3),
    values: bool = False,
    show: bool = True,
) -> Written:
    """Write each vector's image and heat map, and each group's numbers as text; show all of them in one figure.

    Args:
        generator: a Keras model.
        groups: latent vectors, float (groups, vectors in a group, latent_dim).
        folder: where the files go.
        first: number of the first group, in the files' names.
        seed: of the vectors, for the images' metadata.
        limits: the values at both ends of the heat maps' colours; None for each map's own.
        values: whether the figure has the numbers in its cells.
        show: whether to show it in a notebook.

    Returns:
        The files, a `Written`.

    Raises:
        ValueError: there is no group.

    Example:
        >>> write_pairs(generator, generate_latent_points(100, 6, seed=1).reshape(3, 2, 100), "run/pairs").vectors
        [PosixPath('run/pairs/Vec_0.txt'), PosixPath('run/pairs/Vec_1.txt'), PosixPath('run/pairs/Vec_2.txt')]
    """
    if not len(groups):
        raise ValueError("there is no group of vectors to write: ask for one at least (NB_INF = 1)")
    drawn_by, written, titles = fingerprint(generator), Written(), []
    images = [generate_images(generator, Z) for Z in groups]
    for j, (Z, of_group) in enumerate(zip(groups, images, strict=True), start=first):
        facts = {"folder": folder, "show": False, "z": Z, "generator_fingerprint": drawn_by, "seed": seed}
        written.images += figures.plot_generated(of_group, len(Z), j, **facts)
        written.heatmaps += [figures.printZ(Z, i, j, folder, False, limits) for i in range(len(Z))]
        written.vectors.append(write_vectors(Path(folder) / f"Vec_{j}.txt", Z))
        titles += [say(TEXTS, "pair" if len(groups) > 1 else "alone", j=j, i=i) for i in range(len(Z))]
    Z, images = np.concatenate(groups), np.concatenate(images)
    figures.show_vectors(Z, images, values=values, titles=titles, limits=limits, show=show)
    return written
