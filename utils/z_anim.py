"""The animations of Z-anim: patterns of Z beside the generated images, made by `python -m utils.z_anim`.

Each is a GIF of 716 x 332 pixels, 200 ms per frame, like the original's: on the left the heat map of the vector with
its values, on a colour scale fixed from -3 to 3, on the right the image. README.md beside them describes each.
"""

import argparse
import os
from pathlib import Path

import numpy as np

from utils.files import write_text
from utils.files.provenance import fingerprint
from utils.latent.generating import film, generate_images
from utils.latent.paths import closed_loop, generate_latent_points, interpolate_spherical, noise_walk, there_and_back
from utils.latent.patterns import grid_shape, pattern

FPS = 5  # 200 ms per frame
SEED = 1  # of random points
STEPS = 9  # from -3 to 3 in steps of three quarters; smaller steps would make the folder large


def films(latent_dim: int) -> dict[str, tuple[str, np.ndarray, tuple[float, float] | None]]:
    """The animations of Z-anim.

    Args:
        latent_dim: length of the generator's vectors.

    Returns:
        Dict, file name without .gif -> (description, vectors float32 (n, latent_dim), limits of the heat map's scale or
        None for the limits of each frame).
    """
    fixed = (-3.0, 3.0)

    def sweep(name: str, **options) -> np.ndarray:
        return there_and_back(pattern(name, latent_dim, n_steps=STEPS, **options))

    start = generate_latent_points(latent_dim, 1, SEED)[0]
    points = generate_latent_points(latent_dim, 3, SEED)
    _, columns = grid_shape(latent_dim)
    checks = (np.add(*np.divmod(np.arange(latent_dim), columns)) % 2) * 2 - 1  # 1 and -1 like a chessboard
    return {
        "rows": ("A row of 3 on zeros moves down the rows.", pattern("row", latent_dim), fixed),
        "blocks": (
            "A block in one quadrant after the other, 5 x 5 values on zeros, rising 1, 2, 3 in each.",
            pattern("quadrants", latent_dim),
            fixed,
        ),
        "constants": (
            "All values alike, from -3 to 3 and back. At 0 stands the image of the origin, the mean of all points.",
            sweep("constants"),
            fixed,
        ),
        "constants_relative": (
            "The same with a scale of its own for each frame, as the original had it. The colours do not change, "
            "although the vector does: only the numbers in the cells tell. Hence the fixed scale everywhere else.",
            pattern("constants", latent_dim, n_steps=STEPS),
            None,
        ),
        "upper_half": ("The upper half of the grid from -3 to 3 and back, the lower half 0.", sweep("upper"), fixed),
        "lower_half": ("The lower half from -3 to 3 and back, the upper half 0.", sweep("lower"), fixed),
        "coordinate": (
            "A single value of a random vector, number 0, top left, from -3 to 3 and back. One of many changes little.",
            sweep("coordinate", index=0, start=start),
            fixed,
        ),
        "chessboard": (
            "A mask of one's own: a chessboard. Half of its cells go from -3 to 3, the others from 3 to -3, and back.",
            sweep("mask", mask=checks),
            fixed,
        ),
        "loop": (
            "Not a pattern but a way: around through three random points along arcs, starting and stopping gently.",
            closed_loop(points, 24, interpolate_spherical, ease="smooth"),
            fixed,
        ),
        "noise_walk": (
            "All values drift at once, smoothly and at random, and come back to where they began.",
            noise_walk(latent_dim, 24, SEED, turns=2),
            fixed,
        ),
    }


def make_films(generator, folder: str | os.PathLike = "Z-anim", name: str = "the generator") -> Path:
    """Make the animations and their page.

    Args:
        generator: a Keras model.
        folder: where the files go.
        name: name of the generator on the page, e.g. its file's name.

    Returns:
        The path of the page, README.md.
    """
    from utils.progress import tqdm

    folder = Path(folder)
    entries = films(generator.input_shape[-1])
    for stem, (_, vectors, limits) in tqdm(entries.items(), desc="Films", unit="film"):
        film(generator, vectors, folder / f"{stem}.gif", fps=FPS, heatmap=True, limits=limits)
    _draw_examples(generator, folder / "examples.png")
    return write_text(folder / "README.md", _page(entries, name, fingerprint(generator), generator.input_shape[-1]))


def _draw_examples(generator, path: Path) -> None:
    """Draw a sheet of examples, like the original's PDF: constants, halves, and random points."""
    from utils.figures import show_images

    latent_dim = generator.input_shape[-1]
    levels = np.arange(-3, 4)
    constants, upper, lower = (
        pattern(name, latent_dim, n_steps=len(levels)) for name in ("constants", "upper", "lower")
    )
    points = generate_latent_points(latent_dim, len(levels), SEED)
    signed = [f"{level:+d}".replace("-", "−") if level else "0" for level in levels]
    titles = [f"{name} {level}" for name in ("all", "upper", "lower") for level in signed]
    titles += [f"random {i}" for i in range(len(points))]
    images = generate_images(generator, np.concatenate([constants, upper, lower, points]))
    show_images(images, 4, len(levels), titles, path, show=False)


def _page(entries: dict, name: str, drawn_by: str, latent_dim: int) -> str:
    sections = "\n".join(
        f"## {stem.replace('_', ' ').capitalize()}\n\n{says} {len(vectors)} frames.\n\n![{stem}]({stem}.gif)\n"
        for stem, (says, vectors, _) in entries.items()
    )
    return f"""# Z-anim

What does a latent vector look like, and what becomes of the image when it changes? Each film shows the
{latent_dim} values of Z as a grid, number 0 top left, number {latent_dim - 1} bottom right, and beside it the image
that the generator draws from them. Blue is below 0, red above; the scale is fixed from −3 to 3 unless the film says
otherwise.

200 ms a frame, 716 × 332 pixels. Drawn by `{name}` (fingerprint `{drawn_by}`). Made anew,
also from a generator of your own, by

    python -m utils.z_anim --generator path/to/generator.h5 --out Z-anim

Most of these vectors are far from what the generator was trained on: points whose values are all alike, or whose one
half is 0, never come by chance. That is the point of looking at them: they show what the generator does where nobody
asked it to draw lines.

{sections}
## Examples

Constants, halves, and seven random points, as stills.

![examples](examples.png)
"""


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    from utils.loaders import load_generator
    from utils.runs import shipped_generator

    description = "Film patterns of Z beside their images."
    parser = argparse.ArgumentParser(prog="python -m utils.z_anim", description=description)
    parser.add_argument("--generator", help="a .h5 or .keras file (default: the one that ships)")
    parser.add_argument("--out", default="Z-anim", help="the folder (default: %(default)s)")
    given = parser.parse_args(arguments)
    path = given.generator or shipped_generator()
    page = make_films(load_generator(path), given.out, Path(path).name)
    size = sum(file.stat().st_size for file in page.parent.iterdir() if file.is_file())
    print(f"{page}: {len(list(page.parent.glob('*.gif')))} films, {size / 2**20:.1f} MiB in all")


if __name__ == "__main__":
    main()
