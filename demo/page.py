"""The page of the demonstration: run/demo/index.html, made of what the notebooks left."""

import shutil
from pathlib import Path

from utils import figures, latent, loaders, runs, super_resolution
from utils.figures.lighter import lighten
from utils.runs.history import read_history
from utils.runs.pages import Picture, Section, in_both, share, write_page

READ = 500  # images of the figures
SEED = 3  # of the latent vectors shown
WALK = 40  # images of a walk
GROWN, GROWN_STEPS = "data/generators/three_lines_128_published.h5", 1201


def write(left: Path, strokes: str, published: str, minutes: dict) -> Path:
    """Draw what the page shows beside what the notebooks drew, and write it.

    Args:
        left: the folder of the demonstration.
        strokes, published: the names of its two runs.
        minutes: what each notebook took, by the name of its file.

    Returns:
        The path of the page.
    """
    shown = left / "page"
    shown.mkdir(parents=True, exist_ok=True)
    folder = {"strokes": left / strokes, "published": left / published}
    paths = {name: runs.latest_generator(run) for name, run in folder.items()} | {"grown": Path(GROWN)}
    generator = {name: loaders.load_generator(path) for name, path in paths.items()}
    data = runs.data_of(paths["strokes"], generator["strokes"])
    figures.sample_grid(data.real(25, SEED).images, 5, 5, shown / "drawn.png")
    numbers = {}
    for name, network in generator.items():
        Z = latent.generate_latent_points(network.input_shape[-1], READ, seed=SEED)
        images = latent.generate_images(network, Z)
        numbers[name] = data.report(images)
        figures.sample_grid(images[:25], 5, 5, shown / f"{name}.png")
        around = latent.closed_loop(Z[:4], WALK, latent.interpolate_spherical, ease="smooth")
        latent.film(network, around, shown / f"{name}.gif", fps=12, scale=384 // images.shape[1])
    runs.film_of_sheets(folder["published"], shown / "training.gif")
    shutil.copyfile(folder["published"] / "images" / "Converge.png", shown / "losses.png")
    walked = left / "inference"
    super_resolution.compare(
        walked / "image_00.png", walked / "Super Resolution 0.jpg", shown / "enlarged.png", show=False
    )
    for path in shown.glob("*.png"):
        lighten(path)
    steps = {name: len(read_history(run)["g_loss"]) for name, run in folder.items()}
    return write_page(
        left / "index.html",
        ("Trois lignes dans un espace latent", "Three lines in a latent space"),
        (
            "Ce que la démonstration a fait sur cette machine : des images, deux entraînements, des promenades.",
            "What the demonstration did on this machine: images, two trainings, walks.",
        ),
        sections(numbers, steps, minutes),
    )


def told(steps: int) -> tuple[str, str]:
    """A number of steps, (French, English)."""
    french, english = in_both(steps, ",d")
    return f"{french} pas", f"{english} steps"


def sections(numbers: dict, steps: dict, minutes: dict):
    """The sections of the page, from the report and the steps of each generator, and the minutes of each notebook."""
    kept = {name: one["adherence"]["all"] for name, one in numbers.items()}
    strokes, published, grown = map(told, (steps["strokes"], steps["published"], GROWN_STEPS))
    yield Section(
        ("Une règle", "A rule"),
        (
            "Un programme tire au hasard la place et la couleur de trois lignes, et les trace sur du noir : une "
            "verticale, deux horizontales. Voici 25 des 10 000 images.",
            "A program draws at random where three lines lie and which colours they have: one vertical, two "
            "horizontals, on black. Here are 25 of the 10,000 images.",
        ),
        (Picture("page/drawn.png", ("25 images dessinées par la règle", "25 images drawn by the rule"), exact=True),),
    )
    yield Section(
        ("Des traits", "Strokes"),
        (
            "Ce réseau sait d’avance qu’une ligne va d’un bord à l’autre, d’une seule couleur. Où, laquelle et "
            f"combien, il l’a appris en {strokes[0]}. {kept['strokes']:.0%} de ses images gardent "
            "toutes les règles ; parmi celles du programme, 94 %, puisqu’une ligne peut en cacher une autre.",
            "This network knows beforehand that a line runs from edge to edge in one colour. Where, which and how "
            f"many, it learnt in {strokes[1]}. {kept['strokes']:.0%} of its images keep all "
            "the rules; of the program’s, 94%, since a line can hide another.",
        ),
        (
            Picture(
                "page/strokes.png", ("25 images du réseau, non triées", "25 images by the network, unsorted"), True
            ),
            Picture("page/strokes.gif", ("une boucle par quatre points", "a loop through four points"), exact=True),
        ),
    )
    yield Section(
        ("Le réseau publié apprend", "The published network learns"),
        (
            f"Celui-ci ne sait rien : il peint pixel par pixel. Les mêmes 25 vecteurs, feuille après feuille, pendant "
            f"{published[0]} : le brouillard prend une direction, puis des bandes deviennent des lignes.",
            f"This one knows nothing: it paints pixel by pixel. The same 25 vectors, sheet after sheet, over "
            f"{published[1]}: the fog takes a direction, then bands become lines.",
        ),
        (
            Picture("page/training.gif", ("le film de l’entraînement", "the film of the training"), exact=True),
            Picture(
                "page/losses.png",
                (
                    "les pertes : elles ne disent pas si les images sont belles, mais que les deux réseaux se suivent",
                    "the losses: they do not say whether images are beautiful, but that both networks keep pace",
                ),
            ),
        ),
    )
    yield Section(
        ("Où l’entraînement mène", "Where the training leads"),
        (
            f"À gauche, votre réseau après {published[0]}, en 64 pixels. À droite, le même en 128 pixels, "
            f"après {grown[0]} et une heure : il est livré avec le projet. Aucun ne garde toutes les "
            "règles : leurs lignes se dédoublent, se voilent, se mélangent. C’est leur style.",
            f"On the left, your network after {published[1]}, at 64 pixels. On the right, the same at 128 "
            f"pixels, after {grown[1]} and an hour: it comes with the project. Neither keeps all the rules: "
            "their lines double, veil, blend. That is their style.",
        ),
        (
            Picture("page/published.gif", published, exact=True),
            Picture("page/grown.gif", grown, exact=True),
        ),
    )
    yield Section(
        ("Cent nombres", "A hundred numbers"),
        (
            "Une image, pour le réseau, ce sont cent nombres. Ici ils changent peu à peu, et l’image avec eux : chaque "
            "case de la carte est un nombre, du bleu (−3) au rouge (3).",
            "To the network an image is a hundred numbers. Here they change little by little, and the image with them: "
            "each cell of the map is a number, from blue (−3) to red (3).",
        ),
        (Picture("inference+/Z.gif", ("le vecteur et son image", "the vector and its image")),),
    )
    yield Section(
        ("Quatre fois plus grand", "Four times larger"),
        (
            "Un troisième réseau, entraîné sur des lignes, devine les pixels qui manquent.",
            "A third network, trained on lines, guesses the missing pixels.",
        ),
        (Picture("page/enlarged.png", ("l’image, agrandie, et un détail", "the image, enlarged, and a detail")),),
    )
    yield Section(
        ("Mesuré", "Measured"),
        (
            f"Lu par un programme dans {READ} images de chacun.",
            f"Read by a program in {READ} images of each.",
        ),
        table=tuple(measured(numbers)),
    )
    spent = "".join(f"{name:22}{value:5.1f} min\n" for name, value in minutes.items())
    yield Section(
        ("Et maintenant ?", "What next?"),
        (
            "Les carnets tels qu’ils ont tourné sont dans run/demo/. Pour jouer avec un réseau, pour l’entraîner plus "
            "longtemps, pour d’autres règles :",
            "The notebooks as they ran are in run/demo/. To play with a network, to train it longer, for other rules:",
        ),
        command="make explore\nmake demo DEMO_MINUTES=30\nmake rule RULES=molnar MINUTES=20\nmake lab",
    )
    yield Section(("Les minutes", "The minutes"), ("Sur cette machine.", "On this machine."), command=spent.rstrip())


def measured(numbers: dict):
    """Rows of the table: a measure, the value of each generator, what drawn images give."""
    names = ("strokes", "published", "grown")
    yield (
        ("mesure", "measure"),
        ("les traits", "strokes"),
        ("le vôtre", "yours"),
        told(GROWN_STEPS),
    )

    def row(french, english, value):
        return ((french, english), *(value(numbers[name]) for name in names))

    yield row("gardent toutes les règles", "keep all the rules", lambda one: share(one["adherence"]["all"]))
    yield row("une seule verticale", "one vertical", lambda one: share(one["adherence"]["rules"]["one_vertical"]))
    yield row("deux horizontales", "two horizontals", lambda one: share(one["adherence"]["rules"]["two_horizontals"]))
    yield row(
        "nettement différentes",
        "clearly different",
        lambda one: share(one["diversity"]["different"] / one["diversity"]["images"]),
    )
