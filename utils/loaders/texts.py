"""What loading and checking a data set say: key -> (English, French)."""

TEXTS = {
    "found": (  # as Keras said it in the original
        "Found {images} belonging to {classes}.",
        "Trouvé : {images}, {classes}.",
    ),
    "left aside": ("Left aside: {files}.", "Laissés de côté : {files}."),
    "natural fit": (
        'Half of the images or more are transparent: FIT = "contain".',
        'La moitié des images au moins est transparente : FIT = "contain".',
    ),
    "natural background": (
        "BACKGROUND = {background}, which their outlines do not have.",
        "BACKGROUND = {background}, une couleur que leurs contours n’ont pas.",
    ),
    "contact alt": (
        "Contact sheet of {count} of the {total} training images, evenly spaced.",
        "Planche-contact de {count} des {total} images d’entraînement, à intervalles égaux.",
    ),
    "contact caption": (
        "{count} of {total} images, at the size that the network sees.",
        "{count} images sur {total}, à la taille que voit le réseau.",
    ),
    "images": ("{count} images of {size}, {channels}", "{count} images de {size}, {channels}"),
    "channel": ("{count} channel", "{count} canal"),
    "channels": ("{count} channels", "{count} canaux"),
    "class": ("{count} class", "{count} classe"),
    "classes": ("{count} classes", "{count} classes"),
    "image": ("{count} image", "{count} image"),
    "images repeated": ("{count} images", "{count} images"),
    "files": ("Files: {files}.", "Fichiers : {files}."),
    "of size": ("{count} of {size}", "{count} de {size}"),
    "other size": ("{count} of 1 other size", "{count} d’une autre taille"),
    "other sizes": ("{count} of {sizes} other sizes", "{count} de {sizes} autres tailles"),
    "enlarged": ("; {count} smaller than {size} and enlarged", " ; {count} plus petites que {size}, agrandies"),
    "shrunk": ("; {count} larger and shrunk", " ; {count} plus grandes, réduites"),
    "transparent": (
        "Transparent: {count} are transparent somewhere, laid on {ground}.",
        "Transparence : {count} ont des parties transparentes, posées sur {ground}.",
    ),
    "transparent one": (
        "Transparent: {count} is transparent somewhere, laid on {ground}.",
        "Transparence : {count} a des parties transparentes, posées sur {ground}.",
    ),
    "repeated": ("Repeated: {count}: {pairs}", "En double : {count} : {pairs}"),
    "none repeated": ("Repeated: none.", "En double : aucune."),
    "unreadable": ("Unreadable: {count}: {names}", "Illisibles : {count} : {names}"),
    "file": ("{count} file", "{count} fichier"),
    "files counted": ("{count} files", "{count} fichiers"),
    "advice": ("Advice: {sentence}", "Conseil : {sentence}"),
    "few": (
        "{count} images are few: the critic soon knows them by heart, and the generator repeats them or stalls. "
        'Add images ({advised} are advised), or give augment=("mirror", "shift") if the pictures allow it.',
        "{count} images, c’est peu : le critique les sait vite par cœur, et le générateur les répète ou s’arrête "
        'd’apprendre. Ajoutez-en ({advised} sont conseillées), ou donnez augment=("mirror", "shift") si elles s’y '
        "prêtent.",
    ),
    "not many": (
        "{count} images can do; {advised} are advised for 128 x 128.",
        "{count} images peuvent suffire ; {advised} sont conseillées pour 128 x 128.",
    ),
    "many repeated": (
        "{share} of the images repeat another: they weigh more than the rest. Remove them.",
        "{share} des images en répètent une autre : elles pèsent plus que le reste. Retirez-les.",
    ),
    "many enlarged": (
        "{share} of the files are smaller than {size}: a smaller image_size shows the same and trains quicker.",
        "{share} des fichiers sont plus petits que {size} : un image_size plus petit montre la même chose et "
        "s’entraîne plus vite.",
    ),
    "all grey": (
        "All images are grey, saved with three equal channels: channels=1 spares the network two of them.",
        "Toutes les images sont grises, enregistrées en trois canaux égaux : channels=1 en épargne deux au réseau.",
    ),
    "some grey": (
        "{count} files are grey, the others have colours. Is that meant?",
        "{count} fichiers sont gris, les autres ont des couleurs. Est-ce voulu ?",
    ),
    "much cut": (
        'fit="cover" cuts {share} of the area off; fit="contain" cuts nothing.',
        'fit="cover" coupe {share} de la surface ; fit="contain" ne coupe rien.',
    ),
    "many shrunk": (
        "{count} of {total} are larger than {size} and were shrunk, which blurs what was drawn pixel by pixel; a "
        "larger image_size keeps them as they are.",
        "{count} sur {total} sont plus grandes que {size} et ont été réduites, ce qui rend flou ce qui fut dessiné "
        "pixel par pixel ; un image_size plus grand les garde telles quelles.",
    ),
    "outlines lost": (
        "{count} of the transparent ones have outlines like their background {ground}, and lose them in it: "
        "background={better} sets them off.",
        "{count} des images transparentes ont des contours de la couleur de leur fond {ground}, et s’y perdent : "
        "background={better} les en détache.",
    ),
}
