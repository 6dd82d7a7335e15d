"""The sentences of the notebooks that depend on what is there: on the data set, the networks, the loss.

A notebook's cells hold what is true of any data; these functions show the rest as Markdown below a call, in the
language that `utils.speech` was told to speak, or the one that is given.
"""

from utils.speech import number, say, seen

DESCRIBED = {  # texts about lines that describe what is seen of one generator
    "search": "three_lines_128",
    **{f"compare {what}": "three_lines_128_published" for what in ("samples", "redrawn", "ways", "numbers")},
}
TEXTS = {
    "data lines": (
        "A program with random variables makes the data: in the tradition of computer art, the images are "
        "*calculated*, not collected. Each has one vertical line and two horizontal ones, five pixels thick on "
        "a sheet of 128 × 128, drawn in this order, so that a later line covers an earlier one:\n\n"
        "| line | where | colour |\n"
        "|---|---|---|\n"
        "| vertical | anywhere from column 10 to 117 | white, yellow, red or blue |\n"
        "| first horizontal | anywhere from row 10 to 117 | white, yellow, red or blue |\n"
        "| second horizontal | near row 48, normally distributed, almost always 44 to 51 | white, yellow, "
        "red or blue |\n\n"
        "The sketch `lines/lines.pde` draws them in [Processing](https://processing.org); its twin in Python "
        "draws all of them in a few seconds. **Change the rule and you change what there is to learn.**",
        "Un programme fait les données, avec des variables aléatoires : dans la tradition de l’art par "
        "ordinateur, les images sont *calculées*, pas recueillies. Chacune a une ligne verticale et deux "
        "horizontales, de cinq pixels sur une feuille de 128 × 128, tracées dans cet "
        "ordre ; une ligne couvre celles d’avant :\n\n"
        "| ligne | où | couleur |\n"
        "|---|---|---|\n"
        "| verticale | n’importe où de la colonne 10 à 117 | blanc, jaune, rouge ou bleu |\n"
        "| première horizontale | n’importe où de la rangée 10 à 117 | blanc, jaune, rouge ou bleu |\n"
        "| deuxième horizontale | près de la rangée 48, loi normale, presque toujours de 44 à 51 | blanc, "
        "jaune, rouge ou bleu |\n\n"
        "Le croquis `lines/lines.pde` les trace dans [Processing](https://processing.org) ; son jumeau en "
        "Python les trace toutes en quelques secondes. **Changez la règle, et il y a autre chose à "
        "apprendre.**",
    ),
    "data rules": (
        "A program with random variables makes the data: the images are *calculated*, not collected. The "
        "rules of `{name}` stand in `lines/{name}.py`: what is drawn by chance, and what never changes. "
        "**Change the rule and you change what there is to learn.**",
        "Un programme fait les données, avec des variables aléatoires : les images sont *calculées*, pas "
        "recueillies. Les règles de `{name}` sont dans `lines/{name}.py` : ce que le hasard tire, et ce qui "
        "ne change jamais. **Changez la règle, et il y a autre chose à apprendre.**",
    ),
    "data keras": (
        "`{name}` is a set that others collected and labelled: 60,000 small grey images to learn from, and "
        "10,000 more that no training sees, on which what was learnt can be tried. The labels are not used "
        "in training.",
        "`{name}` est un jeu que d’autres ont recueilli et étiqueté : 60 000 petites images grises pour "
        "apprendre, et 10 000 autres qu’aucun entraînement ne voit, sur lesquelles on peut essayer ce qui a "
        "été appris. Les étiquettes ne servent pas à l’entraînement.",
    ),
    "data own": (
        "The images of `data/{name}/` were collected, not calculated: nobody wrote down their rule. Whatever "
        "they have in common, a frame, a background, an outline, is what there is to learn; what only one of "
        "them has is hard to learn and easy to know by heart.",
        "Les images de `data/{name}/` ont été recueillies, pas calculées : personne n’en a écrit la règle. "
        "Ce qu’elles ont en commun, un cadre, un fond, un contour, voilà ce qu’il y a à apprendre ; ce "
        "qu’une seule possède s’apprend mal, et se retient par cœur.",
    ),
    "generator": (
        "`{path}`: {numbers} numbers in, an image of {size} out, {weights} weights. Trained on: {data}.",
        "`{path}` : {numbers} nombres entrent, une image de {size} sort, {weights} poids. Données : {data}.",
    ),
    "pair": (
        "Data: {data}.\n\n| | numbers in | image out | weights | file |\n|---|---:|---|---:|---|\n{rows}",
        "Données : {data}.\n\n"
        "| | nombres entrants | image sortante | poids | fichier |\n|---|---:|---|---:|---|\n{rows}",
    ),
    "resumed": (
        "{folder}: {done} of {last} steps are done, in {minutes} minutes{before}.",
        "{folder} : {done} pas sur {last} sont faits, en {minutes} minutes{before}.",
    ),
    "stopped": (
        "; a training that began {since} was stopped",
        " ; un entraînement commencé {since} a été arrêté",
    ),
    "cut off": (
        "; a training that began {since} was cut off",
        " ; un entraînement commencé {since} a été coupé",
    ),
    "going on": ("Going on from step {step}.", "On continue à partir du pas {step}."),
    "nothing left": ("Nothing is left to do.", "Il n’y a plus rien à faire."),
    "done": ("{steps} steps done, {minutes} minutes.", "{steps} pas faits, {minutes} minutes."),
    "keep": (
        "To go on another day, keep {path} too ({size} MiB).",
        "Pour continuer un autre jour, gardez aussi {path} ({size} Mio).",
    ),
    "sheets alt": (
        "{rows} rows of {columns} generated images, after {steps} steps; each column is one latent vector.",
        "{rows} rangées de {columns} images générées, après {steps} pas ; chaque colonne est un même vecteur latent.",
    ),
    "sheets caption": (
        "Each column is one latent vector, each row one moment: after {steps} steps.",
        "Chaque colonne est un vecteur latent, chaque rangée un moment : après {steps} pas.",
    ),
    "after": ("{step} steps", "{step} pas"),
    "live alt": (
        "The sample sheet after {step} steps, beside the losses until then.",
        "La planche après {step} pas, à côté des pertes jusque-là.",
    ),
    "live caption": (
        "After {step} steps.",
        "Après {step} pas.",
    ),
    "training film alt": (
        "Film: the first {count} images of each sheet, from step {first} to step {last}.",
        "Film : les {count} premières images de chaque planche, du pas {first} au pas {last}.",
    ),
    "training film caption": (
        "The whole training as a film: the first {count} images of each sheet, from step {first} to step {last}.",
        "L’entraînement entier en film : les {count} premières images de chaque planche, du pas {first} au pas {last}.",
    ),
    "walk alt": (
        "{count} images on the way from one latent vector to another, numbered in order.",
        "{count} images sur le chemin d’un vecteur latent à un autre, numérotées dans l’ordre.",
    ),
    "walk caption": (
        "The walk, from number 00, the first point, to the last.",
        "La promenade, du numéro 00, le premier point, au dernier.",
    ),
    "straight film alt": (
        "Film: there and back along a straight line between two points.",
        "Film : aller et retour en ligne droite entre deux points.",
    ),
    "straight film caption": (
        "The straight way, there and back.",
        "Le chemin droit, aller et retour.",
    ),
    "loop film alt": (
        "Film: around through four points along arcs, and back to the first.",
        "Film : un tour par quatre points, en arcs, et retour au premier.",
    ),
    "loop film caption": (
        "Around through four points, starting and stopping gently at each.",
        "Un tour par quatre points, départ et arrêt en douceur à chacun.",
    ),
    "large film alt": (
        "Film of the same way, each image enlarged four times.",
        "Film du même chemin, chaque image quatre fois plus grande.",
    ),
    "large film caption": (
        "The same way, enlarged four times.",
        "Le même chemin, quatre fois plus grand.",
    ),
    "vector film alt": (
        "Film: the heat map of a vector on the left, the image that it gives on the right, both changing together.",
        "Film : à gauche la carte d’un vecteur, à droite l’image qu’il donne ; les deux changent ensemble.",
    ),
    "vector film caption": (
        "On the left the numbers change, on the right the image answers.",
        "À gauche les nombres changent, à droite l’image répond.",
    ),
    "read back alt": (
        "The images of the {count} vectors that were read from the file.",
        "Les images des {count} vecteurs lus dans le fichier.",
    ),
    "read back caption": (
        "Read from {path}: the same images as above, from the numbers alone.",
        "Lus dans {path} : les mêmes images que plus haut, à partir des seuls nombres.",
    ),
    "carried alt": (
        "The image that the vector carried by a PNG gives again.",
        "L’image que redonne le vecteur porté par un PNG.",
    ),
    "carried caption": (
        "Drawn again from the vector in {path}.",
        "Redessinée à partir du vecteur contenu dans {path}.",
    ),
    "page alt": (
        "Picture of the page: the generated image on its stage, and beside it the panel with buttons, a timeline and "
        "sliders for directions.",
        "Image de la page : l’image générée sur sa scène, et à côté le panneau avec des boutons, un fil du temps et "
        "des curseurs de directions.",
    ),
    "page caption": (
        "What the page looks like; further down it has a pad for two directions at once, and all the numbers. It "
        "lives while the notebook runs.",
        "À quoi ressemble la page ; plus bas, elle a un pavé pour deux directions à la fois, et tous les nombres. "
        "Elle vit tant que le carnet tourne.",
    ),
    "typed": ("0 above, 1.5 below", "0 en haut, 1,5 en bas"),
    "by hand": ("the first three rows are 2", "les trois premières rangées valent 2"),
    "held out alt": (
        "Two curves over {steps} steps: the bound on images never seen ends at {bound} nats an image.",
        "Deux courbes sur {steps} pas : la borne sur des images jamais vues finit à {bound} nats par image.",
    ),
    "held out caption": (
        "Black, images that no step has seen; grey, the training images, as a running mean.",
        "En noir, des images qu’aucun pas n’a vues ; en gris, celles de l’entraînement, en moyenne glissante.",
    ),
    "held out title": (
        "Evidence lower bound, nats an image",
        "Borne inférieure de l’évidence, nats par image",
    ),
    "never seen": ("images never seen", "images jamais vues"),
    "training mean": ("training images, mean", "images d’entraînement, moyenne"),
    "passes": ("passes over the data (epochs)", "passages sur les données (époques)"),
    "step": ("step", "pas"),
    "keeps generators": (
        "Sheets keep their generators: {count} of {size} MiB each, in {folder}.",
        "Les planches gardent leurs générateurs : {count}, de {size} Mio chacun, dans {folder}.",
    ),
    "learning alt": (
        "Three charts over {steps} steps: the share of images that keep the rules ends at {kept}; below it what the "
        "images hold, and the losses.",
        "Trois graphiques sur {steps} pas : la part des images qui gardent les règles finit à {kept} ; dessous, ce que "
        "contiennent les images, et les pertes.",
    ),
    "learning caption": (
        "From top to bottom: rules kept, what the images hold, and the losses, on one scale of steps.",
        "De haut en bas : règles gardées, ce que contiennent les images, et les pertes, sur une même échelle de pas.",
    ),
    "rules kept": ("Images that keep the rules, %", "Images qui gardent les règles, %"),
    "one_vertical": ("one vertical", "une verticale"),
    "two_horizontals": ("two horizontals", "deux horizontales"),
    "palette": ("palette", "palette"),
    "all the rules": ("all the rules", "toutes"),
    "census": ("Lines in an image, % of the images", "Lignes dans une image, % des images"),
    "or more": ("{count} or more", "{count} ou plus"),
    "divergences": (
        "Divergence of each parameter from the rules, bits",
        "Divergence de chaque paramètre d’avec les règles, bits",
    ),
    "networks gan": (
        "- The **generator** starts from a *latent vector*: {z_dim} random numbers. A dense layer turns them "
        "into a small picture of {start} with many channels; {layers} transposed convolutions double its "
        "size until it is an image of {size}.\n"
        "- The **critic** goes the other way: {critic_layers} convolutions halve an image until a single "
        'number is left, a score. High means "this looks like the data set".\n\n'
        "{kernels}The critic learns to score real images higher than generated ones, the generator to raise "
        "its own score. {loss}",
        "- Le **générateur** part d’un *vecteur latent* : {z_dim} nombres au hasard. Une couche dense en "
        "fait une petite image de {start} à beaucoup de canaux ; {layers} convolutions transposées doublent "
        "son côté, jusqu’à une image de {size}.\n"
        "- Le **critique** va dans l’autre sens : {critic_layers} convolutions réduisent une image de "
        "moitié, jusqu’à un seul nombre, une note. Haute, elle dit « cela ressemble aux données ».\n\n"
        "{kernels}Le critique apprend à noter les vraies images plus haut que les images générées, le "
        "générateur à faire monter sa note. {loss}",
    ),
    "kernels": (
        "The generator's kernels are larger than the critic's on purpose: it composes globally, the critic "
        "judges locally.\n\n",
        "Les noyaux du générateur sont plus grands que ceux du critique, exprès : il compose l’ensemble, le "
        "critique juge de près.\n\n",
    ),
    "loss wasserstein": (
        "This is a *Wasserstein GAN with gradient penalty* ([Gulrajani et al., "
        "2017](https://arxiv.org/abs/1704.00028)); the penalty keeps the critic's slope near one, so that "
        "its advice stays useful. The code follows David Foster's book *Generative Deep Learning*.",
        "C’est un *GAN de Wasserstein avec pénalité de gradient* ([Gulrajani et al., "
        "2017](https://arxiv.org/abs/1704.00028)) ; la pénalité garde la pente du critique près de un, pour "
        "que ses avis restent utiles. Le code suit le livre de David Foster, *Generative Deep Learning*.",
    ),
    "loss gan": (
        "Its score is turned into a probability, and both networks descend the cross-entropy: the GAN of "
        "[Goodfellow et al., 2014](https://arxiv.org/abs/1406.2661).",
        "Sa note devient une probabilité, et les deux réseaux descendent l’entropie croisée : c’est le GAN "
        "de [Goodfellow et al., 2014](https://arxiv.org/abs/1406.2661).",
    ),
    "loss relativistic": (
        "It scores real and generated images in pairs, and only the difference counts: a *relativistic* GAN "
        "([Jolicoeur-Martineau, 2020](https://arxiv.org/abs/1901.02474)).",
        "Il note les images vraies et générées par paires, et seule la différence compte : c’est un GAN "
        "*relativiste* ([Jolicoeur-Martineau, 2020](https://arxiv.org/abs/1901.02474)).",
    ),
    "loss hinge": (
        "Scores beyond 1 on the right side win nothing more: the *hinge* loss ([Miyato et al., "
        "2018](https://arxiv.org/abs/1802.05957)).",
        "Une note au-delà de 1 du bon côté ne gagne plus rien : c’est la perte *hinge* ([Miyato et al., "
        "2018](https://arxiv.org/abs/1802.05957)).",
    ),
    "networks vae": (
        "- The **encoder** boils an image of {size} down to {z_dim} numbers: {critic_layers} convolutions, "
        "then for each number a mean and a spread.\n"
        "- The **decoder** draws the image again from {z_dim} numbers, taken at random within that spread. "
        "It is the generator that remains: `generator.h5`.\n\n"
        "Nobody judges here: the drawn image is held against the one that came in, pixel by pixel. A second "
        "term of the loss, the *divergence*, asks that the vectors of all images together spread like "
        "numbers drawn at random, so that later such numbers give images. This is a *variational "
        "autoencoder* ([Kingma and Welling, 2014](https://arxiv.org/abs/1312.6114)).",
        "- L’**encodeur** réduit une image de {size} à {z_dim} nombres : {critic_layers} convolutions, puis "
        "pour chaque nombre une moyenne et un écart.\n"
        "- Le **décodeur** redessine l’image à partir de {z_dim} nombres, tirés au hasard dans cet écart. "
        "C’est le générateur qui reste : `generator.h5`.\n\n"
        "Personne ne juge ici : l’image dessinée est comparée à celle qui est entrée, pixel par pixel. Un "
        "second terme de la perte, la *divergence*, demande que les vecteurs de toutes les images se "
        "répartissent comme des nombres tirés au hasard, pour que de tels nombres donnent ensuite des "
        "images. C’est un *auto-encodeur variationnel* ([Kingma et Welling, "
        "2014](https://arxiv.org/abs/1312.6114)).",
    ),
    "first choice lines": (
        "These are the three lines. The notebook takes the published recipe, for the look that the artist published; "
        '`RECIPE = "three_lines"` keeps the rules.',
        "Ce sont les trois lignes. Le carnet prend la recette publiée, pour l’aspect que l’artiste a publié ; "
        '`RECIPE = "three_lines"` garde les règles.',
    ),
    "first choice rules": (
        "A program drew these images. The notebook takes `any_rule`, a GAN that paints with the pens that it finds in "
        "them, and whose critic sees two images at once; `MODEL` and `RECIPE` say otherwise.",
        "Un programme a dessiné ces images. Le carnet prend `any_rule`, un GAN qui peint avec les stylos qu’il y "
        "trouve, et dont le critique voit deux images à la fois ; `MODEL` et `RECIPE` disent autre chose.",
    ),
    "first choice flat": (
        "These images are drawn in few flat colours. The notebook takes `inked_pictures`, a GAN that paints "
        "with their "
        "own colours; `MODEL` and `RECIPE` say otherwise.",
        "Ces images sont en quelques aplats. Le carnet prend `inked_pictures`, un GAN qui peint avec leurs propres "
        "couleurs ; `MODEL` et `RECIPE` disent autre chose.",
    ),
    "first choice short": (
        "These images are neither lines nor flat colours. In {minutes:g} minutes without a GPU an autoencoder gives "
        'most of them, whole if soft; for sharper ones take an hour or a GPU, with `RECIPE = "pictures"`.',
        "Ces images ne sont ni des lignes ni des aplats. En {minutes:g} minutes sans carte graphique, un "
        "auto-encodeur "
        "en donne le plus, entières mais douces ; pour plus de netteté, une heure ou une carte, et "
        '`RECIPE = "pictures"`.',
    ),
    "first choice long": (
        "These images are neither lines nor flat colours, and there is time. The notebook takes `pictures`, "
        "a GAN that "
        'sees the whole image at once; `MODEL = "CVAE"` gives softer ones in a tenth of the time.',
        "Ces images ne sont ni des lignes ni des aplats, et il y a du temps. Le carnet prend `pictures`, un GAN qui "
        'voit l’image entière d’un coup ; `MODEL = "CVAE"` en donne de plus douces en un dixième du temps.',
    ),
    "few images": (
        "{count} images, each seen {passes} times, are few for a critic, which would learn them by heart: "
        "what it sees, real and "
        "generated alike, "
        "is shifted, tinted and cut into at random. That does not leak into what the generator draws; "
        "`CRITIC_AUGMENT = ()` turns it off.",
        "{count} images, vues chacune {passes} fois, c’est peu pour un critique, qui les saurait par cœur : "
        "ce qu’il voit, vrai ou généré, est "
        "déplacé, teinté et entamé au hasard. Cela ne passe pas dans ce que dessine le générateur ; "
        "`CRITIC_AUGMENT = ()` l’arrête.",
    ),
    "steps": (
        "{steps} steps of {seconds} seconds: about {minutes} minutes on this machine, in which each image is seen "
        "{passes} times.",
        "{steps} pas de {seconds} secondes : environ {minutes} minutes sur cette machine, où chaque image est vue "
        "{passes} fois.",
    ),
    "drawn before": (
        "data/{name}/ holds {there} images that were drawn before, and they stay: DATA_COUNT = {count} draws others "
        "once the folder is moved away.",
        "data/{name}/ contient {there} images tracées auparavant, et elles restent : DATA_COUNT = {count} en trace "
        "d’autres une fois le dossier déplacé.",
    ),
    "steps as begun": (
        "This run goes on as it began: `{recipe}`, {steps} steps in all, in which each image is seen {passes} times.",
        "Cet entraînement continue comme il a commencé : `{recipe}`, {steps} pas en tout, où chaque image est vue "
        "{passes} fois.",
    ),
    "training gan": (
        "One *step* (the original calls it an epoch) is {updates} of the critic, by {batch} real and {batch} "
        "generated images each, and one of the generator. The first losses may run into the hundreds before "
        "both networks find their scale; that is normal.\n\n"
        "The bar shows the critic's total loss **D**, its parts on real (**R**) and generated images "
        "(**F**), the penalty (**G**), and the generator's loss.",
        "Un *pas* (l’original dit époque), c’est {updates} du critique, par {batch} images vraies et {batch} "
        "générées chacune, et une du générateur. Les premières pertes peuvent monter à des centaines avant "
        "que les deux réseaux trouvent leur échelle ; c’est normal.\n\n"
        "La barre montre la perte totale du critique **D**, ses parts sur les images vraies (**R**) et "
        "générées (**F**), la pénalité (**G**), et la perte du générateur.",
    ),
    "training vae": (
        "One *step* is one update of both networks together, by {batch} images. The bar shows the loss and "
        "its two terms, in nats an image: how far the drawn images are from those that came in "
        "(*reconstruction*), and how far their vectors are from numbers drawn at random (*divergence*). The "
        "weight of the divergence, beta, grows in the first steps: first copy, then tidy up.",
        "Un *pas*, c’est une mise à jour des deux réseaux ensemble, par {batch} images. La barre montre la "
        "perte et ses deux termes, en nats par image : l’écart entre les images dessinées et celles qui sont "
        "entrées (*reconstruction*), et l’écart entre leurs vecteurs et des nombres tirés au hasard "
        "(*divergence*). Le poids de la divergence, bêta, grandit dans les premiers pas : d’abord copier, "
        "puis ranger.",
    ),
    "training reading": (
        "At every sheet, a program reads 200 of the generator's images: how many lines, where, in which "
        "colours. What it finds is drawn below.",
        "À chaque planche, un programme lit 200 images du générateur : combien de lignes, où, de quelles "
        "couleurs. Ce qu’il trouve est dessiné plus bas.",
    ),
    "convergence gan": (
        "Black is the critic's total loss, green its part on real images, red on generated ones, orange the "
        "generator's loss. While green and red drift apart, the critic still tells the two kinds of image "
        "apart easily. The losses do not say whether the images are good: look at the sheets.",
        "En noir la perte totale du critique, en vert sa part sur les vraies images, en rouge sur les images "
        "générées, en orange la perte du générateur. Tant que le vert et le rouge s’écartent, le critique "
        "distingue encore facilement les deux sortes d’images. Les pertes ne disent pas si les images sont "
        "bonnes : regardez les planches.",
    ),
    "convergence vae": (
        "The reconstruction falls and then lies flat: what {z_dim} numbers can hold is held. The divergence "
        "is what the vectors know of their image, in nats: at 0 they would know nothing. Their sum, the "
        "divergence weighted, is the loss.",
        "La reconstruction descend, puis reste à plat : ce que {z_dim} nombres peuvent retenir est retenu. "
        "La divergence est ce que les vecteurs savent de leur image, en nats : à 0, ils n’en sauraient rien. "
        "Leur somme, la divergence pondérée, est la perte.",
    ),
    "learnt rules": (
        "The losses cannot say what became of the rules. A small network, taught on what they draw, *reads* the "
        "images. At the top, the share that keeps the rules, on a scale where drawn images get 95 %; below "
        "it, how far "
        "each parameter is spread from what the rules draw, 0 bits where it is spread alike. Losses at the bottom, "
        "step by step beside them.",
        "Les pertes ne disent pas ce que sont devenues les règles. Un petit réseau, formé sur ce qu’elles dessinent, "
        "*lit* les images. En haut, la part qui garde les règles, sur une échelle où les images dessinées ont 95 % ; "
        "au-dessous, ce qui sépare chaque paramètre de ce que tirent les règles, 0 bit s’il se répartit de même. Les "
        "pertes sont en bas, pas à pas.",
    ),
    "learnt lines": (
        "The losses cannot say whether there are three lines. But the data were made by known rules, so the images "
        "can be *measured*. At the top, the share of images that keep a rule: one vertical line, two horizontal "
        "ones, the palette's four colours, and all the rules at once (black; of the drawn images themselves, 94 % "
        "pass, since in the rest one line hides another). Below it the census: how many lines an image has. Losses "
        "at the bottom, step by step beside them.\n\nThe published recipe draws mostly three to five lines, in a "
        "quarter of the images six or more, and invents colours; that is its charm, and hardly an image keeps all "
        'the rules. `RECIPE = "three_lines"` keeps them, at a price: it draws three lines and invents nothing.',
        "Les pertes ne disent pas s’il y a trois lignes. Mais les données viennent de règles connues, donc les "
        "images se *mesurent*. En haut, la part des images qui gardent une règle : une verticale, deux "
        "horizontales, les quatre couleurs de la palette, et toutes les règles à la fois (en noir ; des images "
        "tracées elles-mêmes, 94 % passent, car dans les autres une ligne en cache une autre). Dessous, le "
        "recensement : combien de lignes a une image. Les pertes en bas, pas à pas.\n\nLa recette publiée dessine "
        "surtout de trois à cinq lignes, dans un quart des images six ou plus, et invente des couleurs ; c’est son "
        'charme, et presque aucune image ne garde toutes les règles. `RECIPE = "three_lines"` les garde, à un prix '
        ": elle dessine trois lignes et n’invente rien.",
    ),
    "report any": (
        "The losses cannot say whether the images are like the data. So {count} generated images are held against "
        "the real ones: how different they are from each other, how many of the real ones have one of them nearby, "
        "and whether some only repeat a real one.",
        "Les pertes ne disent pas si les images ressemblent aux données. Alors {count} images générées sont "
        "comparées aux vraies : combien elles diffèrent entre elles, combien de vraies en ont une tout près, et si "
        "certaines n’en répètent qu’une.",
    ),
    "report lines": (
        "The rules of the data set are known, so what the generator draws can be held against them. A "
        "program reads the lines of {count} images: how many there are, in which direction, where, how wide "
        "and in which colour; how much of the ink has a hue that was never shown; how far each image is from "
        "the nearest one that the rules could have drawn. In the lower row, grey is where the generator "
        "puts its lines, red where the rules put theirs.",
        "Les règles des données sont connues, donc ce que le générateur dessine peut leur être confronté. Un "
        "programme lit les lignes de {count} images : combien, dans quelle direction, où, de quelle "
        "épaisseur et de quelle couleur ; quelle part de l’encre a une teinte jamais montrée ; à quelle "
        "distance est l’image la plus proche que la règle aurait pu tracer. Dans la rangée du bas, en gris "
        "la place des lignes du générateur, en rouge celle des règles.",
    ),
    "held out": (
        "The autoencoder's loss with its sign turned is a lower bound of the evidence: how probable the "
        "model finds an "
        "image. In black that of images which no step has seen, in grey that of the training images. While both rise, "
        "what is learnt holds for other images too; where only the grey one rises, images are learnt by heart.",
        "La perte de l’auto-encodeur, changée de signe, est une borne inférieure de l’évidence : la "
        "probabilité que le "
        "modèle donne à une image. En noir celle d’images qu’aucun pas n’a vues, en gris celle des images "
        "d’entraînement. Tant que les deux montent, ce qui est appris vaut aussi pour d’autres images ; là "
        "où seule la "
        "grise monte, des images s’apprennent par cœur.",
    ),
    "latent square": (
        "Two numbers say everything about an image here, so the whole latent space fits on a sheet: {side} × {side} "
        "images, from two standard deviations to one side to two to the other.",
        "Deux nombres disent ici tout d’une image : l’espace latent entier tient sur une planche, {side} × "
        "{side} images, "
        "de deux écarts-types d’un côté à deux de l’autre.",
    ),
    "latent plane": (
        "A plane through the latent space, {side} × {side} images: the two directions, of {z_dim}, in which "
        "real images "
        "spread most. `Z_DIM = 2` makes the plane the whole space.",
        "Un plan à travers l’espace latent, {side} × {side} images : les deux directions, sur {z_dim}, où les vraies "
        "images s’étalent le plus. Avec `Z_DIM = 2`, le plan est tout l’espace.",
    ),
    "latent map": (
        "The same plane, seen by the encoder: each point is a real image where the encoder puts it. Colours "
        "say what is "
        "known of it, which the training was not told.",
        "Le même plan, vu par l’encodeur : chaque point est une vraie image, là où l’encodeur la met. Les "
        "couleurs disent "
        "ce qu’on en sait, et que l’entraînement n’a pas su.",
    ),
    "search lines": (
        "Of drawn lines, which the generator never made, the search comes that near for about one image in two; of the "
        "others it meets two lines, the third lies elsewhere or is of another colour (18 to 23 dB).",
        "Parmi des lignes tracées, que le générateur n’a jamais faites, la recherche retrouve ainsi une image sur "
        "deux environ ; des autres elle retrouve deux lignes, la troisième est ailleurs ou d’une autre couleur "
        "(18 à 23 dB).",
    ),
    "search any": (
        "How near the search comes says what the generator can draw: what no vector gives, it has not learnt.",
        "Jusqu’où la recherche s’approche dit ce que le générateur sait dessiner : ce qu’aucun vecteur ne "
        "donne, il ne l’a pas appris.",
    ),
    "compare samples lines": (
        "The two lower rows come from random vectors. The GAN decides: bright lines that crackle, but often "
        "two verticals, or a line that changes colour on its way. The VAE hesitates: lines that are straight "
        "and whole, but pale, with others showing through. That blur is an average: where the vector does "
        "not clearly say where a line runs, the decoder puts a little of it everywhere.",
        "Les deux rangées du bas viennent de vecteurs tirés au hasard. Le GAN tranche : des lignes vives, "
        "qui grésillent, mais souvent deux verticales, ou une ligne qui change de couleur en route. Le VAE "
        "hésite : des lignes droites et entières, mais pâles, avec d’autres en filigrane. Ce flou est une "
        "moyenne : là où le vecteur ne dit pas nettement où passe une ligne, le décodeur en met un peu "
        "partout.",
    ),
    "compare samples any": (
        "The two lower rows come from random vectors. A GAN decides: its edges are sharp, even where they "
        "are wrong. A VAE hesitates: its outlines are right and soft. That blur is an average: where the "
        "vector does not clearly say what belongs in a place, the decoder draws the mean of all that it "
        "might be.",
        "Les deux rangées du bas viennent de vecteurs tirés au hasard. Un GAN tranche : ses bords sont nets, "
        "même là où ils sont faux. Un VAE hésite : ses contours sont justes et mous. Ce flou est une moyenne "
        ": là où le vecteur ne dit pas nettement ce qu’il faut à un endroit, le décodeur dessine la moyenne "
        "de tout ce qui serait possible.",
    ),
    "compare redrawn lines": (
        "The three lines are in their places, nearly always. Colours are learnt last: white comes through, and "
        "blue where the second horizontal lies; yellow turns to orange or brown, red to brown, and a blue line "
        "elsewhere nearly fades away.",
        "Les trois lignes sont presque toujours à leur place. Les couleurs s’apprennent en dernier : le blanc "
        "passe bien, et le bleu là où est la deuxième horizontale ; le jaune tourne à l’orange ou au brun, le "
        "rouge au brun, et une ligne bleue placée ailleurs s’efface presque.",
    ),
    "compare redrawn any": (
        "What comes back is what {z_dim} numbers could hold: first the outline and the large areas, last the "
        "details. {seen}",
        "Ce qui revient est ce que {z_dim} nombres ont pu retenir : d’abord le contour et les grandes "
        "surfaces, en dernier les détails. {seen}",
    ),
    "unseen": (
        "The network has never seen these images.",
        "Le réseau n’a jamais vu ces images.",
    ),
    "seen": (
        "The network has trained on these images: to see what it makes of others, keep some apart in a "
        "folder of their own.",
        "Le réseau s’est entraîné sur ces images : pour voir ce qu’il fait d’autres, gardez-en à part, dans "
        "un dossier à elles.",
    ),
    "compare map lines": (
        "On the VAE's first map the colours follow each other from dark to light: blue, red, yellow, white. "
        "It is the line that nearly always comes back at the same height, the easiest to learn. The other "
        "two are less orderly: 32 numbers share what the rule draws by chance, and two axes show only a part "
        "of it. The GAN's maps are mixed: nobody asked it for order, and most of its {gan_dim} numbers lie "
        "across these two axes.",
        "Sur la première carte du VAE, les couleurs se suivent de la plus sombre à la plus claire : bleu, "
        "rouge, jaune, blanc. C’est la ligne qui revient presque toujours à la même hauteur, la plus facile "
        "à apprendre. Les deux autres sont moins bien rangées : 32 nombres se partagent ce que la règle tire "
        "au hasard, et deux axes n’en montrent qu’une part. Les cartes du GAN sont mêlées : personne ne lui "
        "a demandé d’ordre, et la plupart de ses {gan_dim} nombres sont en travers de ces deux axes.",
    ),
    "compare map any": (
        "Where colours fall into order, the network has found out what makes the images vary, and nobody "
        "told it. The VAE was asked for order, by the divergence; the GAN was not, and most of its {gan_dim} "
        "numbers lie across these two axes.",
        "Là où les couleurs se rangent, le réseau a trouvé ce qui fait varier les images, sans qu’on le lui "
        "dise. Au VAE on a demandé de l’ordre, par la divergence ; au GAN non, et la plupart de ses "
        "{gan_dim} nombres sont en travers de ces deux axes.",
    ),
    "compare ways lines": (
        "The cross-fade lays one over the other: half-way, the lines of both are there. The decibels beside the "
        "GAN say how near its search came (more is nearer; at 20 a line is missing, or lies elsewhere); on its way "
        "it passes through images of its own. The VAE moves the horizontals a little and changes their colours; "
        "but the vertical fades on the right while another appears on the left: between two places far apart it "
        "mixes rather than slides. Nobody told it that a line can *move*.",
        "Le fondu superpose : à mi-chemin, les lignes des deux images sont là. Les décibels du GAN disent à quelle "
        "distance sa recherche est arrivée (plus, c’est plus près ; à 20, une ligne manque ou est ailleurs) ; en "
        "chemin il passe par des images de son cru. Le VAE déplace un peu les horizontales et change leurs "
        "couleurs ; mais la verticale s’efface à droite pendant qu’une autre paraît à gauche : entre deux places "
        "éloignées, il mélange plutôt qu’il ne fait glisser. Personne ne lui a dit qu’une ligne peut *bouger*.",
    ),
    "compare ways any": (
        "The cross-fade lays one over the other: half-way both are there, and neither. The GAN passes "
        "through images of its own, each of which could stand alone. The VAE changes what it drew step by "
        "step, where it can; where it cannot, it mixes.",
        "Le fondu superpose : à mi-chemin les deux sont là, et aucune. Le GAN passe par des images de son "
        "cru, dont chacune tiendrait seule. Le VAE change pas à pas ce qu’il a dessiné, là où il le peut ; "
        "ailleurs il mélange.",
    ),
    "compare numbers lines": (
        "How to read this table: hardly any image keeps *all* the rules, with either; they differ rule by "
        "rule. The VAE more often has a single vertical, its lines are straighter and more whole, and its "
        "images come nearer to what the rule draws. The GAN has purer colours and more variety, and its "
        "images as a whole are more like the data as a whole (the three distances at the bottom: smaller is "
        "better). What lies between the two columns of the VAE is the price of a vector drawn at random "
        "instead of encoded. Both networks are small and briefly trained: the `.json` card beside each, in "
        "`data/generators/`, says how.",
        "Comment lire ce tableau : presque aucune image ne garde *toutes* les règles, ni chez l’un ni chez "
        "l’autre ; c’est ligne par ligne qu’ils diffèrent. Le VAE a plus souvent une seule verticale, des "
        "lignes plus droites et plus entières, et des images plus proches de ce que la règle dessine. Le GAN "
        "a des couleurs plus franches, plus de variété, et l’ensemble de ses images ressemble davantage à "
        "l’ensemble des données (les trois distances du bas : plus petit est mieux). L’écart entre les deux "
        "colonnes du VAE est ce que coûte un vecteur tiré au hasard plutôt qu’encodé. Les deux réseaux sont "
        "petits et peu entraînés : la fiche `.json` à côté de chacun, dans `data/generators/`, dit comment.",
    ),
    "compare numbers any": (
        "How to read this table: the last column says what real images give, as a perfect generator would, up to "
        "chance. *Covered* is the share of real images that have a generated one nearby; *copies* are generated "
        "images that repeat a real one (real images that were trained on repeat themselves); of the three "
        "distances at the bottom, smaller is better. What lies between the two columns of the VAE is the price of "
        "a vector drawn at random instead of encoded.",
        "Comment lire ce tableau : la dernière colonne dit ce que donnent de vraies images, comme le ferait un "
        "générateur parfait, au hasard près. Les images *couvertes* sont les vraies qui en ont une générée tout "
        "près ; les *copies*, les images générées qui en répètent une vraie (de vraies images sur lesquelles on "
        "s’est entraîné se répètent elles-mêmes) ; des trois distances du bas, la plus petite est la meilleure. "
        "L’écart entre les deux colonnes du VAE est ce que coûte un vecteur tiré au hasard plutôt qu’encodé.",
    ),
}


def text(key: str, language: str | None = None, **values) -> str:
    """A text of `TEXTS`, Markdown; arguments as in `utils.speech.say`."""
    return say(TEXTS, key, language, **values)


def picture(key: str, **values) -> tuple[str, str]:
    """What is said of a notebook's picture, (alternative text, caption): `<key> alt` and `<key> caption` of `TEXTS`."""
    return seen(TEXTS, key, **values)


def tell(key: str, language: str | None = None, **values) -> None:
    """Show a text below the cell; arguments as in `text`."""
    show(text(key, language, **values))


def show(words: str) -> None:
    """Show Markdown below the cell; outside a notebook it is printed."""
    from IPython.display import Markdown, display

    from utils.figures.style import in_notebook

    display(Markdown(words)) if in_notebook() else print(words)


def data_set(data, language: str | None = None) -> None:
    """What the training images are, a `utils.runs.DataSet`."""
    kind = "lines" if data.of_lines else "rules" if data.rules else "keras" if data.of_keras else "own"
    tell(f"data {kind}", language, name=str(data))


def generator(path, generator, data, language: str | None = None) -> None:
    """Which generator a notebook walks through, what it takes and gives, and what it was trained on."""
    height, width, _ = generator.output_shape[1:]
    facts = {"path": path, "numbers": generator.input_shape[-1], "size": f"{width} × {height}"}
    weights = number(generator.count_params(), ",d", language)
    tell("generator", language, **facts, weights=weights, data=str(data))


def pair(models: dict, data, language: str | None = None) -> None:
    """Which generators are compared: {name: (path, Keras model)}, and what they were trained on."""
    rows = []
    for name, (path, generator) in models.items():
        height, width, _ = generator.output_shape[1:]
        weights = number(generator.count_params(), ",d", language)
        rows.append(f"| {name} | {generator.input_shape[-1]} | {width} × {height} | {weights} | `{path}` |")
    tell("pair", language, data=str(data), rows="\n".join(rows))


def networks(model, language: str | None = None) -> None:
    """What the two networks of a model are, and what each learns from the other."""
    height, width, _ = model.input_dim
    values = {"z_dim": model.z_dim, "size": f"{width} × {height}"}
    if "critic" not in model.parts:
        tell("networks vae", language, critic_layers=len(model.encoder_conv_filters), **values)
        return
    start_height, start_width, _ = model.generator_initial_dense_layer_size
    larger = min(model.generator_conv_kernel_size) > max(model.critic_conv_kernel_size)
    tell(
        "networks gan",
        language,
        start=f"{start_width} × {start_height}",
        layers=len(model.generator_conv_filters),
        critic_layers=len(model.critic_conv_filters),
        kernels=TEXTS["kernels"] if larger else "",
        loss=TEXTS[f"loss {model.recipe.loss}"],
        **values,
    )


def training(
    model, batch_size: int, n_critic: int | None = None, reading: bool = False, language: str | None = None
) -> None:
    """What a step of a model is, and what its progress bar shows.

    Args:
        model: a WGANGP or a CVAE.
        batch_size: images per batch.
        n_critic: critic updates per step; None for the recipe's.
        reading: whether the lines of sample images are read on the way.
        language: as in `text`.
    """
    if "critic" in model.parts:
        count = n_critic or model.n_critic
        updates = (f"{count} updates", f"{count} mises à jour") if count > 1 else ("one update", "une mise à jour")
        tell("training gan", language, updates=updates, batch=batch_size)
    else:
        tell("training vae", language, batch=batch_size)
    if reading:
        tell("training reading", language)


def convergence(model, language: str | None = None) -> None:
    """How to read the curves of a model's losses."""
    tell("convergence gan" if "critic" in model.parts else "convergence vae", language, z_dim=model.z_dim)


def redrawn(vae, sample, data, language: str | None = None) -> None:
    """How to read the images that an autoencoder drew again; `sample` is the `Sample` of real ones."""
    seen = TEXTS["unseen" if sample.unseen else "seen"]
    tell(f"compare redrawn {_kind('compare redrawn', data)}", language, z_dim=vae.z_dim, seen=seen)


def about(what: str, data, language: str | None = None, **values) -> None:
    """One of the texts that there are for lines and for any other data: `what` is "report", "search", "learnt" ..."""
    tell(f"{what} {_kind(what, data)}", language, **values)


def _kind(what: str, data) -> str:
    """Whether the text about lines fits: some describe the images of a generator that ships, and of no other."""
    fits = what not in DESCRIBED or DESCRIBED[what] == data.ships
    return "lines" if data.of_lines and fits else "any"
