"""The words in the figures of this room, and what is said of its pictures: key -> (English, French)."""

TEXTS = {
    "original": ("original", "originale"),
    "enlarged": ("enlarged", "agrandie"),
    "detail": ("detail", "détail"),
    "compare alt": (
        "An image of {before} pixels, its enlargement of {after}, and the same detail of both.",
        "Une image de {before} pixels, son agrandissement de {after}, et le même détail des deux.",
    ),
    "compare caption": (
        "Left, the image and its enlargement; right, what lies in the white square of each.",
        "À gauche l’image et son agrandissement ; à droite, ce qui est dans le carré blanc de chacune.",
    ),
}
