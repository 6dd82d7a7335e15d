"""The animations of Z-anim: patterns of Z beside the generated images, made by `python -m utils.z_anim`.

Each is a GIF of 880 x 416 pixels, 200 ms per frame as the original's: on the left the heat map of the vector with its
values, on a colour scale fixed from -3 to 3, on the right the image, three times its size. README.md beside them
describes each in French, README_EN.md in English.
"""

import argparse
import os
from pathlib import Path

import numpy as np

from utils.figures.heatmaps import HEIGHT, WIDTH
from utils.files import write_text
from utils.files.command_line import on_one_line
from utils.files.provenance import fingerprint
from utils.latent.generating import film, generate_images
from utils.latent.paths import closed_loop, generate_latent_points, interpolate_spherical, noise_walk, there_and_back
from utils.latent.patterns import grid_shape, pattern
from utils.speech import number, say

TITLES = {
    "rows": ("Rows", "Rangées"),
    "blocks": ("Blocks", "Blocs"),
    "constants": ("Constants", "Constantes"),
    "constants_relative": ("Constants on a scale of their own", "Constantes à l’échelle relative"),
    "upper_half": ("Upper half", "Moitié haute"),
    "lower_half": ("Lower half", "Moitié basse"),
    "coordinate": ("A single value", "Une seule valeur"),
    "chessboard": ("Chessboard", "Damier"),
    "loop": ("A way around", "Un tour"),
    "noise_walk": ("Noise", "Bruit"),
}
TEXTS = {
    "frames": ("{count} frames.", "{count} images."),
    "rows": ("A row of 3 on zeros moves down the rows.", "Une rangée de 3 sur des zéros descend."),
    "blocks": (
        "A block in one quadrant after the other, 5 × 5 values on zeros, rising 1, 2, 3 in each.",
        "Un bloc dans un quart après l’autre, 5 × 5 valeurs sur des zéros, qui monte dans chacun : 1, 2, 3.",
    ),
    "constants": (
        "All values alike, from −3 to 3 and back. At 0 stands the image of the origin, the mean of all points.",
        "Toutes les valeurs égales, de −3 à 3 et retour. À 0, l’image de l’origine, la moyenne de tous les points.",
    ),
    "constants_relative": (
        "The same with a scale of its own for each frame, as the original had it. The colours do not change, although "
        "the vector does: only the numbers in the cells tell. Hence the fixed scale everywhere else.",
        "Les mêmes, avec une échelle propre à chaque image, comme dans l’original. Les couleurs ne changent pas, alors "
        "que le vecteur change : seuls les nombres le disent. D’où l’échelle fixe partout ailleurs.",
    ),
    "upper_half": (
        "The upper half of the grid from −3 to 3 and back, the lower half 0.",
        "La moitié haute de la grille de −3 à 3 et retour, la moitié basse à 0.",
    ),
    "lower_half": (
        "The lower half from −3 to 3 and back, the upper half 0.",
        "La moitié basse de −3 à 3 et retour, la moitié haute à 0.",
    ),
    "coordinate": (
        "A single value of a random vector, number 0, top left, from −3 to 3 and back. One of many changes little.",
        "Une seule valeur d’un vecteur tiré au hasard, la numéro 0, en haut à gauche, de −3 à 3 et retour. Une parmi "
        "tant d’autres change peu de chose.",
    ),
    "chessboard": (
        "A mask of one's own: a chessboard. Half of its cells go from −3 to 3, the others from 3 to −3, and back.",
        "Un masque à soi : un damier. La moitié des cases va de −3 à 3, les autres de 3 à −3, et retour.",
    ),
    "loop": (
        "Not a pattern but a way: around through three random points along arcs, starting and stopping gently.",
        "Non pas un motif mais un chemin : un tour par trois points tirés au hasard, en arcs, départs et arrêts en "
        "douceur.",
    ),
    "noise_walk": (
        "All values drift at once, smoothly and at random, and come back to where they began.",
        "Toutes les valeurs dérivent à la fois, doucement et au hasard, et reviennent à leur départ.",
    ),
    "page": (
        """# Z-anim

*En français : [README.md](README.md)*

What does a latent vector look like, and what becomes of the image when it changes? Each film shows the {n} values of Z
as a grid, number 0 top left, the last one bottom right, and beside it the image that the generator draws from them.
Blue is below 0, red above; the scale is fixed from −3 to 3 unless the film says otherwise.

200 ms a frame, {width} × {height} pixels. Drawn by `{name}` (fingerprint `{drawn_by}`). Made anew, also from a
generator of your own, by

    python -m utils.z_anim --generator path/to/generator.h5 --out Z-anim

Most of these vectors are far from what the generator was trained on: points whose values are all alike, or whose one
half is 0, never come by chance. That is the point of looking at them: they show what the generator does where nobody
asked it to draw lines.

{sections}
## Examples

Stills: in the first row all values are alike (Z), then the upper half alone (½↑), then the lower half alone (½↓), each
from −3 to 3; in the last row seven random points.

![Four rows of seven images: constants, upper half, lower half, random points](examples.png)
""",
        """# Z-anim

*In English: [README_EN.md](README_EN.md)*

À quoi ressemble un vecteur latent, et que devient l’image quand il change ? Chaque film montre les {n} valeurs de Z en
grille, la numéro 0 en haut à gauche, la dernière en bas à droite, et à côté l’image que le générateur en dessine. Le
bleu est sous 0, le rouge au-dessus ; l’échelle est fixe, de −3 à 3, sauf si le film dit autre chose.

200 ms par image, {width} × {height} pixels. Dessiné par `{name}` (empreinte `{drawn_by}`). À refaire, aussi avec votre
propre générateur :

    python -m utils.z_anim --generator chemin/vers/generator.h5 --out Z-anim

La plupart de ces vecteurs sont loin de ce que le générateur a connu : des points dont toutes les valeurs sont égales,
ou dont une moitié vaut 0, ne viennent jamais au hasard. C’est pour cela qu’on les regarde : ils montrent ce que fait le
générateur là où personne ne lui a demandé de lignes.

{sections}
## Exemples

Des images fixes : dans la première rangée toutes les valeurs sont égales (Z), puis seule la moitié haute (½↑), puis la
moitié basse (½↓), de −3 à 3 ; dans la dernière, sept points tirés au hasard.

![Quatre rangées de sept images : constantes, moitié haute, moitié basse, points au hasard](examples.png)
""",
    ),
}
FPS = 5  # 200 ms per frame
SEED = 1  # of random points
STEPS = 7  # from -3 to 3 in steps of one; smaller steps would make the folder large
ROUND = 10  # frames of a way around
SHORT = ("Z", "½↑", "½↓")  # all values, the upper half, the lower half: titles that need no language


def films(latent_dim: int) -> dict[str, tuple[str, np.ndarray, tuple[float, float] | None]]:
    """The animations of Z-anim.

    Args:
        latent_dim: length of the generator's vectors.

    Returns:
        Dict, name of the file without .gif, and key of its texts -> (vectors float32 (n, latent_dim), limits of the
        heat map's scale, or None for the limits of each frame).
    """
    fixed = (-3.0, 3.0)

    def sweep(name: str, **options) -> np.ndarray:
        return there_and_back(pattern(name, latent_dim, n_steps=STEPS, **options))

    start = generate_latent_points(latent_dim, 1, SEED)[0]
    points = generate_latent_points(latent_dim, 3, SEED)
    _, columns = grid_shape(latent_dim)
    checks = (np.add(*np.divmod(np.arange(latent_dim), columns)) % 2) * 2 - 1  # 1 and -1 like a chessboard
    return {
        "rows": (pattern("row", latent_dim), fixed),
        "blocks": (pattern("quadrants", latent_dim), fixed),
        "constants": (sweep("constants"), fixed),
        "constants_relative": (pattern("constants", latent_dim, n_steps=STEPS), None),
        "upper_half": (sweep("upper"), fixed),
        "lower_half": (sweep("lower"), fixed),
        "coordinate": (sweep("coordinate", index=0, start=start), fixed),
        "chessboard": (sweep("mask", mask=checks), fixed),
        "loop": (closed_loop(points, ROUND, interpolate_spherical, ease="smooth"), fixed),
        "noise_walk": (noise_walk(latent_dim, ROUND, SEED, turns=2), fixed),
    }


def make_films(generator, folder: str | os.PathLike = "Z-anim", name: str = "the generator") -> Path:
    """Make the animations and their page.

    Args:
        generator: a Keras model.
        folder: where the files go.
        name: name of the generator on the page, e.g. its file's name.

    Returns:
        The path of the page in French, README.md; README_EN.md lies beside it.
    """
    from utils.progress import tqdm

    folder = Path(folder)
    entries = films(generator.input_shape[-1])
    for stem, (vectors, limits) in tqdm(entries.items(), desc="Films", unit="film"):
        film(generator, vectors, folder / f"{stem}.gif", fps=FPS, heatmap=True, limits=limits)
    _draw_examples(generator, folder / "examples.png")
    facts = {"name": name, "drawn_by": fingerprint(generator), "n": generator.input_shape[-1]}
    write_text(folder / "README_EN.md", _page(entries, "en", **facts))
    return write_text(folder / "README.md", _page(entries, "fr", **facts))


def _draw_examples(generator, path: Path) -> None:
    """Draw a sheet of examples, like the original's PDF: constants, halves, and random points."""
    from utils.figures import show_images

    latent_dim = generator.input_shape[-1]
    levels = np.arange(-3, 4)
    constants, upper, lower = (
        pattern(name, latent_dim, n_steps=len(levels)) for name in ("constants", "upper", "lower")
    )
    points = generate_latent_points(latent_dim, len(levels), SEED)
    signed = [number(level, "+d") if level else "0" for level in levels]
    titles = [f"{name} {level}" for name in SHORT for level in signed] + [f"Z[{i}]" for i in range(len(points))]
    images = generate_images(generator, np.concatenate([constants, upper, lower, points]))
    show_images(images, 4, len(levels), titles, path, show=False)


def _page(entries: dict, language: str, **facts) -> str:
    """The page of the films in a language."""
    sections = []
    for stem, (vectors, _) in entries.items():
        title, says = say(TITLES, stem, language), say(TEXTS, stem, language)
        frames = say(TEXTS, "frames", language, count=len(vectors))
        sections.append(f"## {title}\n\n{says} {frames}\n\n![{title}. {says}]({stem}.gif)\n")
    return say(TEXTS, "page", language, width=WIDTH, height=HEIGHT, sections="\n".join(sections), **facts)


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    from utils.loaders import load_generator
    from utils.runs import shipped_generator

    description = "Film patterns of Z beside their images."
    parser = argparse.ArgumentParser(prog="python -m utils.z_anim", description=description)
    parser.add_argument("--generator", help="a .h5 or .keras file (default: the one that ships)")
    parser.add_argument("--out", default="Z-anim", help="the folder (default: %(default)s)")
    given = parser.parse_args(arguments)
    with on_one_line(parser.prog):
        path = given.generator or shipped_generator()
        page = make_films(load_generator(path), given.out, Path(path).name)
        size = sum(file.stat().st_size for file in page.parent.iterdir() if file.is_file())
        print(f"{page}: {len(list(page.parent.glob('*.gif')))} films, {size / 2**20:.1f} MiB in all")


if __name__ == "__main__":
    main()
