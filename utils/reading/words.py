"""What the numbers of a report mean, in sentences: for images of any kind, beside the table."""

from utils.speech import number, spoken, typeset

WORDS = {
    "en": {
        "kept": (
            (
                0.8,
                "**{share} of {count} images keep the rules** (of drawn images {drawn}): hardly to be told from drawn.",
            ),
            (0.2, "**{share} of {count} images keep the rules** (of drawn images {drawn}): others come near, or not."),
            (
                0.0,
                "**{share} of {count} images keep the rules** (of drawn images {drawn}): they look like them, no more.",
            ),
        ),
        "different": (
            (0.9, "**{share} of {count} images are clearly different**: the generator hardly repeats itself."),
            (0.5, "**{share} of {count} images are clearly different**: the generator repeats itself."),
            (0.0, "**Only {share} of {count} images are clearly different**: the generator draws the same few images."),
        ),
        "covered": (
            (
                0.8,
                "**{share} of the real images have a generated one nearby** ({expected} would, if the images were as "
                "the real ones): nearly all kinds are there.",
            ),
            (
                0.4,
                "**{share} of the real images have a generated one nearby** ({expected} would, if the images were as "
                "the real ones): some kinds are missing, or drawn in another way.",
            ),
            (
                0.0,
                "**Only {share} of the real images have a generated one nearby** ({expected} would, if the images were "
                "as the real ones): most kinds are missing, or all are too blurred, too smooth or too rough.",
            ),
        ),
        "near": (
            (0.5, ""),
            (0.0, "Most of the images lie outside of what the real ones span (density {density}, 1.00 expected)."),
        ),
        "copies": (
            (
                1.0,
                "**{share} repeat a training image** (among training images, {expected} repeat another): some are "
                "known by heart. More images, `AUGMENT`, or fewer steps help.",
            ),
            (-99.0, "Hardly any repeats a training image ({share}; among training images, {expected} repeat another)."),
        ),
        "distances": (
            (
                0.0,
                "The distances compare generators: of two trained on the same images, the one with the smaller "
                "*kernel distance* ({kernel}) draws more of what they have; *texture* ({texture}) is about grain "
                "and edges, *layout* ({layout}) about where the large areas lie. For two halves of one set all are "
                "about 0, sometimes just below.",
            ),
        ),
    },
    "fr": {
        "kept": (
            (
                0.8,
                "**{share} des {count} images gardent les règles** ({drawn} des dessinées) : à peine distinctes.",
            ),
            (
                0.2,
                "**{share} des {count} images gardent les règles** ({drawn} des dessinées) : d’autres approchent.",
            ),
            (
                0.0,
                "**{share} des {count} images gardent les règles** ({drawn} des dessinées) : l’air, pas la règle.",
            ),
        ),
        "different": (
            (0.9, "**{share} des {count} images diffèrent nettement** : le générateur ne se répète guère."),
            (0.5, "**{share} des {count} images diffèrent nettement** : le générateur se répète."),
            (0.0, "**{share} seulement des {count} images diffèrent nettement** : il dessine toujours les mêmes."),
        ),
        "covered": (
            (
                0.8,
                "**{share} des vraies images en ont une générée tout près** ({expected} si les images valaient les "
                "vraies) : presque toutes les sortes y sont.",
            ),
            (
                0.4,
                "**{share} des vraies images en ont une générée tout près** ({expected} si les images valaient les "
                "vraies) : il manque des sortes, ou elles sont dessinées autrement.",
            ),
            (
                0.0,
                "**{share} seulement des vraies images en ont une générée tout près** ({expected} si les images "
                "valaient les vraies) : la plupart des sortes manquent, ou tout est trop flou, trop lisse, trop rude.",
            ),
        ),
        "near": (
            (0.5, ""),
            (0.0, "La plupart des images sont hors de ce que couvrent les vraies (densité {density}, 1,00 attendu)."),
        ),
        "copies": (
            (
                1.0,
                "**{share} répètent une image d’entraînement** (entre elles, {expected}) : certaines sont sues par "
                "cœur. Plus d’images, `AUGMENT`, ou moins de pas y aident.",
            ),
            (-99.0, "Presque aucune ne répète une image d’entraînement ({share} ; entre elles, {expected})."),
        ),
        "distances": (
            (
                0.0,
                "Les distances comparent des générateurs : de deux qui ont appris les mêmes images, celui dont la "
                "*distance à noyau* ({kernel}) est la plus petite dessine davantage de ce qu’elles ont ; *texture* "
                "({texture}) parle du grain et des bords, *disposition* ({layout}) de la place des grandes "
                "surfaces. Pour deux moitiés d’un même jeu, toutes sont près de 0, parfois juste en dessous.",
            ),
        ),
    },
}


def in_words(numbers: dict, language: str | None = None) -> str:
    """Say what the numbers of a report mean.

    Args:
        numbers: the result of `utils.reading.report`, with or without rules.
        language: "en" or "fr"; None for the chosen one.

    Returns:
        Markdown: a list with one sentence or two for each measure that the report has.

    Example:
        >>> print(in_words(report(images, x_train, rules=None)))
        - **98 % of 500 images are clearly different**: the generator hardly repeats itself.
        ...
    """
    language = spoken(language)
    words = WORDS[language]
    spread, covered, memory = numbers["diversity"], numbers["coverage"], numbers["memory"]
    different = spread["different"] / spread["images"]
    said = []
    if "parameters" in numbers:
        kept = numbers["adherence"]
        values = {"share": _percent(kept["all"]), "drawn": _percent(kept["drawn"]), "count": numbers["images"]}
        said.append(_said(words["kept"], kept["all"], **values))
    said.append(_said(words["different"], different, share=_percent(different), count=spread["images"]))
    if covered is not None:
        ratio = covered["share"] / max(covered["expected"], 1e-9)
        values = {"share": _percent(covered["share"]), "expected": _percent(covered["expected"])}
        said.append(_said(words["covered"], ratio, **values))
        said.append(_said(words["near"], covered["density"], density=number(covered["density"], ".2f", language)))
    if memory is not None:
        n, expected = numbers["images"], memory["copies_expected"]
        likely = (n * expected + 1) / (n + 2)  # so that a share of 0 has a standard error too
        chance = 0.02 + 3 * (likely * (1 - likely) / n) ** 0.5
        excess = (memory["copies"] - expected) / chance
        values = {"share": _percent(memory["copies"]), "expected": _percent(memory["copies_expected"])}
        said.append(_said(words["copies"], excess, **values))
    if numbers["sliced_wasserstein"] is not None:
        values = {name: number(value, ".3f", language) for name, value in numbers["sliced_wasserstein"].items()}
        kernel = number(numbers["kernel_distance"], ".2f", language)
        said.append(_said(words["distances"], 0.0, kernel=kernel, **values))
    written = typeset if language == "fr" else str
    return "\n".join(f"- {written(sentence)}" for sentence in said if sentence)


def _said(thresholds: tuple, value: float, **values) -> str:
    """The sentence of the first threshold that a value reaches."""
    return next(sentence for least, sentence in thresholds if value >= least).format(**values)


def _percent(share: float) -> str:
    return f"{share:.0%}".replace("%", " %")
