"""The texts of the page, in English and French, with `{...}` for values; none of them is HTML."""

LANGUAGES = ("en", "fr")

TEXTS = {
    "en": {
        "title": "A walk in the latent space",
        "random": "Random",
        "random_hint": "Another vector, drawn at random",
        "undo": "Undo",
        "undo_hint": "Take the last change back",
        "mirror": "Mirror",
        "mirror_hint": "Every number changes its sign: z becomes −z",
        "save_image": "Save image",
        "save_image_hint": "A PNG that carries its vector: drop it here later to go on from it",
        "save_vector": "Save vector",
        "save_vector_hint": "The numbers as text, to be read and edited",
        "image": "The generated image",
        "grid": "The latent vector: {n} numbers to click and drag",
        "cell": "row {row}, column {column}: {value}",
        "help": "Drag a cell up or down, or click it: +1, with Shift −1. Keys: arrows, + − and 0.",
        "directions": "Directions",
        "direction": "Direction {name}",
        "truncation": "Truncation",
        "between": "From A to B",
        "between_slider": "A to B",
        "set_a": "Pin the image as A",
        "set_b": "Pin the image as B",
        "timeline": "Timeline",
        "pin": "Pin image",
        "pin_hint": "Add the image to the timeline",
        "go": "Go to pin {i}",
        "unpin": "Remove pin {i}",
        "pinned": "Pin {i}",
        "pinned_a": "Pin A",
        "pinned_b": "Pin B",
        "seconds": "Seconds between pins",
        "format": "Format",
        "film": "Export film",
        "film_hint": "A film through all pins and back to the first",
        "filming": "Drawing {n} images …",
        "filmed": "{name}: {n} images, {seconds} seconds, a loop.",
        "drop": "Drop a saved image or vector here, or choose a file",
        "drop_hint": "PNG with its vector, .txt, .npy or .json; at most {limit} MiB",
        "saved": "{name} is saved.",
        "opened": "{name} is opened.",
        "opened_pair": "{name} holds {n} vectors: the first is A, the second B.",
        "opened_stranger": "{name} is opened. Another generator drew it: the same vector gives another image here.",
        "too_large": "{name} is larger than {limit} MiB, too large for an image or vector of this page.",
        "no_vector": "{name} carries no vector: it takes a PNG saved here as it is, or vectors as .txt, .npy or .json.",
        "wrong_length": "{name} holds vectors of {n} numbers; this generator reads {latent_dim}.",
        "not_drawn": "{name} holds numbers that are too large to be drawn.",
        "too_few_pins": "A film needs two pins or more: find an image, press “Pin image”, find another.",
        "too_many_pins": "The timeline holds {n} pins, that is full: remove one first.",
        "no_ends": "Pin an image as A and another as B first.",
        "not_filmed": "The film could not be made: {reason}",
        "lines": "lines: {verticals} vertical, {horizontals} horizontal",
        "rules": "{kept} of {n} rules kept",
    },
    "fr": {
        "title": "Promenade dans l’espace latent",
        "random": "Hasard",
        "random_hint": "Un autre vecteur, tiré au hasard",
        "undo": "Annuler",
        "undo_hint": "Revenir sur le dernier changement",
        "mirror": "Miroir",
        "mirror_hint": "Chaque nombre change de signe : z devient −z",
        "save_image": "Garder l’image",
        "save_image_hint": "Un PNG qui porte son vecteur : déposez-le ici plus tard pour en repartir",
        "save_vector": "Garder le vecteur",
        "save_vector_hint": "Les nombres en texte, à lire et à modifier",
        "image": "L’image générée",
        "grid": "Le vecteur latent : {n} nombres à cliquer et à faire glisser",
        "cell": "ligne {row}, colonne {column} : {value}",
        "help": "Glissez une case vers le haut ou le bas, ou cliquez : +1, avec Maj −1. Clavier : flèches, + − et 0.",
        "directions": "Directions",
        "direction": "Direction {name}",
        "truncation": "Troncature",
        "between": "De A à B",
        "between_slider": "A vers B",
        "set_a": "Épingler l’image en A",
        "set_b": "Épingler l’image en B",
        "timeline": "Fil du temps",
        "pin": "Épingler",
        "pin_hint": "Ajouter l’image au fil du temps",
        "go": "Aller à l’épingle {i}",
        "unpin": "Retirer l’épingle {i}",
        "pinned": "Épingle {i}",
        "pinned_a": "Épingle A",
        "pinned_b": "Épingle B",
        "seconds": "Secondes entre épingles",
        "format": "Format",
        "film": "Exporter le film",
        "film_hint": "Un film par toutes les épingles, puis retour à la première",
        "filming": "{n} images se dessinent …",
        "filmed": "{name} : {n} images, {seconds} secondes, en boucle.",
        "drop": "Déposez ici une image ou un vecteur gardés, ou choisissez un fichier",
        "drop_hint": "PNG avec son vecteur, .txt, .npy ou .json ; {limit} Mio au plus",
        "saved": "{name} est enregistré.",
        "opened": "{name} est ouvert.",
        "opened_pair": "{name} contient {n} vecteurs : le premier est A, le deuxième B.",
        "opened_stranger": "{name} est ouvert. Un autre générateur l’a dessiné : "
        "le même vecteur donne ici une autre image.",
        "too_large": "{name} dépasse {limit} Mio : c’est trop pour une image ou un vecteur de cette page.",
        "no_vector": "{name} ne porte pas de vecteur : il faut un PNG gardé ici, tel quel, "
        "ou des vecteurs en .txt, .npy ou .json.",
        "wrong_length": "{name} contient des vecteurs de {n} nombres ; ce générateur en lit {latent_dim}.",
        "not_drawn": "{name} contient des nombres trop grands pour être dessinés.",
        "too_few_pins": "Un film demande au moins deux épingles : trouvez une image, « Épingler », puis une autre.",
        "too_many_pins": "Le fil du temps tient {n} épingles, il est plein : retirez-en une d’abord.",
        "no_ends": "Épinglez d’abord une image en A et une autre en B.",
        "not_filmed": "Le film n’a pas pu être fait : {reason}",
        "lines": "lignes : {verticals} verticale{s_verticals}, {horizontals} horizontale{s_horizontals}",
        "rules": "{kept} règles sur {n} respectées",
    },
}

# The directions of `utils.latent.directions`, `measure_lines` and `measure_pictures`; others keep their own name.
DIRECTION_NAMES = {
    "move the vertical right": ("vertical to the right", "verticale à droite"),
    "move the horizontals down": ("horizontals down", "horizontales en bas"),
    "more lines": ("more lines", "plus de lignes"),
    "more verticals": ("more verticals", "plus de verticales"),
    "more horizontals": ("more horizontals", "plus d’horizontales"),
    "redder": ("redder", "plus rouge"),
    "brighter": ("brighter", "plus clair"),
    "greener": ("greener", "plus vert"),
    "more contrast": ("more contrast", "plus de contraste"),
    "fuller": ("fuller", "plus rempli"),
    "to the right": ("to the right", "à droite"),
    "down": ("down", "en bas"),
}


def direction_name(language: str, name: str) -> str:
    """The label of a direction's slider in a language."""
    return DIRECTION_NAMES[name][LANGUAGES.index(language)] if name in DIRECTION_NAMES else name


def say(language: str, key: str, **values) -> str:
    """The text of `key` in a language, with its values filled in."""
    return TEXTS[language][key].format(**values)


def say_lines(language: str, verticals: int, horizontals: int) -> str:
    """The numbers of lines of an image as a text, with the French plural."""
    return say(
        language,
        "lines",
        verticals=verticals,
        horizontals=horizontals,
        **(
            {"s_verticals": "s" * (verticals > 1), "s_horizontals": "s" * (horizontals > 1)} if language == "fr" else {}
        ),
    )


def nearest_language(wanted: str | None) -> str:
    """The page's language for a browser's ("fr-CA" -> "fr"); English for any other."""
    short = (wanted or "").lower().replace("_", "-").split("-")[0]
    return short if short in LANGUAGES else LANGUAGES[0]
