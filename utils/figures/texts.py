"""The words in the figures of this room, and what is said of its pictures: key -> (English, French)."""

TEXTS = {
    "convergence": ("Convergence of the losses", "Convergence des pertes"),
    "losses": ("Losses", "Pertes"),
    "loss": ("loss", "perte"),
    "step": ("step", "pas"),
    "cut": (
        "step (values beyond the scale are cut off: they reach {low} and {high})",
        "pas (les valeurs hors de l’échelle sont coupées : elles vont de {low} à {high})",
    ),
    "d_loss": ("D, critic: total", "D, critique : total"),
    "d_real": ("R, real images", "R, vraies images"),
    "d_fake": ("F, generated images", "F, images générées"),
    "d_penalty": ("G, penalty", "G, pénalité"),
    "g_loss": ("generator", "générateur"),
    "curves alt": (
        "Curves over {steps} steps: {names}. Each ends near {ends}.",
        "Courbes sur {steps} pas : {names}. Elles finissent près de {ends}.",
    ),
    "curves caption": (
        "The losses, step by step: thin as they came, thick their running mean.",
        "Les pertes, pas à pas : en trait fin telles quelles, en trait épais leur moyenne glissante.",
    ),
    "grid alt": ("{count} images in {rows} rows of {columns}{titles}.", "{count} images, {rows} × {columns}{titles}."),
    "grid caption": ("{count} images, each in its frame.", "{count} images, chacune dans son cadre."),
    "vector": ("Z[{i}], its {n} numbers", "Z[{i}], ses {n} nombres"),
    "vector image": ("its image", "son image"),
    "vectors alt": (
        "{count} heat maps of {n} numbers, blue below 0 and red above, each beside the image that it gives.",
        "{count} cartes de {n} nombres, en bleu sous 0, en rouge au-dessus, chacune près de l’image qu’elle donne.",
    ),
    "vectors caption": (
        "Left, the numbers from {low} (blue) to {high} (red), number 0 top left; right, the image that they give.",
        "À gauche les nombres, de {low} (bleu) à {high} (rouge), le numéro 0 en haut à gauche ; à droite l’image.",
    ),
    "weights": ("{count} weights", "{count} poids"),
    "layers alt": (
        "Diagram of the {name}: {layers} layers with {weights} weights, the shapes of their outputs drawn to scale.",
        "Schéma du réseau {name} : {layers} couches, {weights} poids, les formes de leurs sorties à l’échelle.",
    ),
    "layers caption": (
        "The {name}, from left to right: each card is a layer, with its kernel, its stride and the shape that it hands "
        "on.",
        "Le réseau {name}, de gauche à droite : chaque carte est une couche, avec son noyau, son pas et la forme "
        "qu’elle transmet.",
    ),
    "film alt": ("Film: {name}.", "Film : {name}."),
    "film caption": ("{name}", "{name}"),
}
