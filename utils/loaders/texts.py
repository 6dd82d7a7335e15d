"""What the check of a data set says: key -> (English, French)."""

TEXTS = {
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
    "advice": ("Advice: {sentence}", "Conseil (en anglais) : {sentence}"),
}
