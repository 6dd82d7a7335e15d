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
        "Curves over {steps} steps: {names}. They end near {ends}.",
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
        "Heat map of {n} numbers, blue below 0 and red above, beside the image that it gives{times}.",
        "Carte de {n} nombres, en bleu sous 0, en rouge au-dessus, près de l’image qu’elle donne{times}.",
    ),
    "vectors caption": (
        "Left, the numbers from {low} (blue) to {high} (red), number 0 top left; right, the image that they give.",
        "À gauche les nombres, de {low} (bleu) à {high} (rouge), le numéro 0 en haut à gauche ; à droite l’image.",
    ),
    "own limits alt": (
        "Heat map of {n} numbers from its smallest, blue, to its largest, red, beside the image that it gives{times}.",
        "Carte de {n} nombres, du plus petit en bleu au plus grand en rouge, près de l’image qu’elle donne{times}.",
    ),
    "own limits caption": (
        "Left, the numbers, each map on a scale of its own from blue to red, number 0 top left; right, the image that "
        "they give.",
        "À gauche les nombres, chaque carte à sa propre échelle du bleu au rouge, le numéro 0 en haut à gauche ; à "
        "droite l’image.",
    ),
    "weights": ("{count} weights", "{count} poids"),
    "layers alt": (
        "Diagram of {name}: {cards} cards, {weights} weights; the larger a layer's output, the larger its block.",
        "Schéma, {name} : {cards} cartes, {weights} poids ; plus sa sortie est grande, plus un bloc l’est.",
    ),
    "layers caption": (
        "From left to right, {name}: each card is a layer with what follows it, its kernel, its stride and the shape "
        "that it hands on.",
        "De gauche à droite, {name} : chaque carte est une couche et ce qui la suit, avec son noyau, son pas et la "
        "forme qu’elle transmet.",
    ),
    "the critic": ("the critic", "le critique"),
    "the generator": ("the generator", "le générateur"),
    "the encoder": ("the encoder", "l’encodeur"),
    "the network": ("the network {name}", "le réseau {name}"),
    "critic": ("critic", "critique"),
    "encoder": ("encoder", "encodeur"),
    "generator": ("generator", "générateur"),
    "Input": ("Input", "Entrée"),
    "kernel": ("kernel {size}", "noyau {size}"),
    "stride": ("stride {size}", "pas {size}"),
    "unit": ("{count} unit", "{count} unité"),
    "units": ("{count} units", "{count} unités"),
    "after layer": ("after {name}", "après {name}"),
    "and layer": ("and {name}", "et {name}"),
    "times": ("; {count} such pairs", " ; {count} paires comme celle-ci"),
    "film alt": ("Film: {name}.", "Film : {name}."),
    "film caption": ("{name}", "{name}"),
}
