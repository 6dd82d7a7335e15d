"""The words in the figures of this room, and what is said of its pictures: key -> (English, French)."""

TEXTS = {
    "pair": ("pair {j}, Z[{i}]", "paire {j}, Z[{i}]"),
    "alone": ("Vec_{j}, Z[{i}]", "Vec_{j}, Z[{i}]"),
    "GAN found": ("GAN ({decibels} dB)", "GAN ({decibels} dB)"),
    "sought": ("sought", "cherchée"),
    "at step": ("step {step}", "pas {step}"),
    "found": ("found: {decibels} dB", "trouvée : {decibels} dB"),
    "projection alt": (
        "{count} rows: an image that is sought, images on the way of the search, and the image found ({decibels} dB).",
        "{count} rangées : une image cherchée, des images en chemin, et l’image trouvée ({decibels} dB).",
    ),
    "projection caption": (
        "Left, the image that is sought; then what the search has after so many steps; right, what it finds, in "
        "decibels (more is nearer).",
        "À gauche l’image cherchée ; puis où en est la recherche après tant de pas ; à droite ce qu’elle trouve, en "
        "décibels (plus, c’est plus près).",
    ),
    "score": ("R² {score}", "R² {score}"),
    "response": ("{share} of the first layer's response", "{share} de la réponse de la 1re couche"),
    "weights": ("{share} of the first layer's stretch", "{share} de l’étirement de la 1re couche"),
    "nameless": ("first layer, {i}", "première couche, {i}"),
    "strips alt": (
        "{count} rows of {columns} images along a direction: {names}.",
        "{count} rangées de {columns} images le long d’une direction : {names}.",
    ),
    "strips caption": (
        "Each row goes along one direction, by the distance above it; the middle is always the same image.",
        "Chaque rangée suit une direction, de la distance écrite au-dessus ; au milieu, toujours la même image.",
    ),
    "truncation alt": (
        "{count} rows of {columns} images: vectors scaled by {names}.",
        "{count} rangées de {columns} images : des vecteurs multipliés par {names}.",
    ),
    "truncation caption": (
        "Each row is one vector, multiplied by the number above: × 0 is the origin, × 1 the vector itself.",
        "Chaque rangée est un vecteur, multiplié par le nombre du haut : × 0 est l’origine, × 1 le vecteur lui-même.",
    ),
    "colon": (": ", " : "),
    "and": (" and ", " et "),
    "data": ("data", "données"),
    "VAE, redrawn": ("VAE, redrawn", "VAE, redessinées"),
    "cross-fade": ("cross-fade", "fondu"),
    "rows alt": ("Rows of {columns} images: {names}.", "Rangées de {columns} images : {names}."),
    "rows caption": (
        "From top to bottom: {names}.",
        "De haut en bas : {names}.",
    ),
    "manifolds alt": (
        "Squares of {side} × {side} images over a plane of the latent space{names}.",
        "Carrés de {side} × {side} images sur un plan de l’espace latent{names}.",
    ),
    "manifolds caption": (
        "{side} × {side} images on a plane through the latent space, two standard deviations to each side{names}.",
        "{side} × {side} images sur un plan de l’espace latent, deux écarts-types de chaque côté{names}.",
    ),
    "maps alt": (
        "{count} maps on which each point is a real image, coloured by {names}.",
        "{count} cartes où chaque point est une vraie image, colorée selon : {names}.",
    ),
    "maps caption": (
        "Each point is a real image; both axes count standard deviations. Images at one vector hide each other.",
        "Chaque point est une vraie image ; les deux axes comptent des écarts-types. Des images au même vecteur se "
        "cachent.",
    ),
    "color_y2": ("colour of the 2nd horizontal", "couleur de la 2e horizontale"),
    "color_x": ("colour of the vertical", "couleur de la verticale"),
    "x": ("place of the vertical", "place de la verticale"),
    "column": ("column of {size}", "colonne sur {size}"),
    "class": ("class", "classe"),
    "brighter": ("brightness", "clarté"),
    "fuller": ("how full", "surface occupée"),
    "redder": ("red or blue", "rouge ou bleu"),
    "to the right": ("left, right", "gauche, droite"),
}

# The directions of `measure_lines` and `measure_pictures`; others keep their own name. Both ends, (English, French):
# what grows against the direction, and along it.
DIRECTION_ENDS = {
    "move the vertical right": (
        ("vertical to the left", "vertical to the right"),
        ("verticale à gauche", "verticale à droite"),
    ),
    "move the horizontals down": (
        ("horizontals up", "horizontals down"),
        ("horizontales en haut", "horizontales en bas"),
    ),
    "more lines": (("fewer lines", "more lines"), ("moins de lignes", "plus de lignes")),
    "more verticals": (("fewer verticals", "more verticals"), ("moins de verticales", "plus de verticales")),
    "more horizontals": (("fewer horizontals", "more horizontals"), ("moins d’horizontales", "plus d’horizontales")),
    "redder": (("bluer", "redder"), ("plus bleu", "plus rouge")),
    "brighter": (("darker", "brighter"), ("plus sombre", "plus clair")),
    "greener": (("less green", "greener"), ("moins vert", "plus vert")),
    "more contrast": (("less contrast", "more contrast"), ("moins de contraste", "plus de contraste")),
    "fuller": (("emptier", "fuller"), ("plus vide", "plus rempli")),
    "to the right": (("to the left", "to the right"), ("à gauche", "à droite")),
    "down": (("up", "down"), ("en haut", "en bas")),
}
