"""Check of a data set before training: number and sizes of images, duplicates, unreadable files, and advice."""

import hashlib
import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from utils.files.names import shown
from utils.loaders.decoding import look_at, outline_of
from utils.loaders.sources import HELD, alike, unlike
from utils.loaders.texts import TEXTS
from utils.speech import number, percent, say, seen

FEW, ADVISED = 1_000, 10_000  # the original advises 10,000 images for 128 x 128
COLUMNS, ROWS = 12, 6  # of the contact sheet
CHUNK = 256  # images compared at once
COLORS = {
    (0, 0, 0): ("black", "du noir"),
    (255, 255, 255): ("white", "du blanc"),
    (128, 128, 128): ("grey", "du gris"),
}
EXAMPLES = 3  # examples in a line of the summary


def check_dataset(x_train, path: str | os.PathLike | None = None, show: bool = True) -> dict:
    """Check a data set before training, and print a summary with advice.

    Args:
        x_train: the result of `load_dataset`.
        path: where to save the contact sheet, 72 evenly spaced images of the set, as PNG; None for nowhere.
        show: whether to show the contact sheet in a notebook.

    Returns:
        Dict of plain values: `count`; `shape` of the images in memory; `classes`, {name: number of images}; `sizes` of
        the files, {"width x height": number of files}, the most frequent first; `enlarged`, number of files that were
        enlarged, `shrunk`, number of those that were shrunk, and `cut`, the mean share of their area that was cut off;
        `fit` and `background`, as the images were loaded; `transparent`, number of files that are transparent
        somewhere, `lost`, number of those whose outlines are mostly like the background, and `better`, a background
        that sets them off; `duplicates`, groups of names of equal images; `unreadable`, names of files; `left_aside`,
        {kind: number} of what lay beside the images and was not taken; `grey`, number of images without colour;
        `grey_files`, number of files in a grey format, `grey_transparent`, number of those with transparency;
        `contact_sheet`, its path; `advice`, a list of sentences.

    Example:
        >>> found = check_dataset(load_dataset("sprites", 64, 16), "run/sprites.png")
        819 images of 64 x 64, 3 channels, 1 class.
        Files: 512 of 96 x 96, 204 of 80 x 80, 103 of 32 other sizes; 40 smaller than 64 x 64 and enlarged.
        Repeated: 2 images: 007.png = 008.png, 011.png = 215.png.
        Advice: ...
    """
    names = [shown(file) for file in x_train.files] or [str(i) for i in range(len(x_train.images))]
    file_facts, outlines = _read_file_facts(x_train.files)
    fit, background = x_train.source.get("fit", "cover"), tuple(x_train.source.get("background", (0, 0, 0)))
    duplicates, grey = _find_duplicates(x_train, names)
    height, width, channels = x_train.images.shape[1:]
    sizes = Counter(f"{facts[0]} x {facts[1]}" for facts in file_facts)
    labels = Counter(np.asarray(x_train.labels).tolist())
    found = {
        "count": len(x_train.images),
        "shape": [int(height), int(width), int(channels)],
        "classes": {shown(name): labels[i] for i, name in enumerate(x_train.classes)},
        "sizes": dict(sizes.most_common()),
        **_fitted(file_facts, (height, width), fit),
        "fit": fit,
        "background": list(background),
        "transparent": len(outlines),
        "lost": int((alike(outlines, background) > 0.5).sum()),
        "better": list(unlike(outlines)),
        "duplicates": duplicates,
        "unreadable": [shown(file) for file in x_train.skipped],
        "left_aside": dict(x_train.left_aside),
        "grey": grey,
        "grey_files": sum(facts[2] for facts in file_facts),
        "grey_transparent": sum(facts[2] and facts[3] for facts in file_facts),
        "contact_sheet": None if path is None else str(path),
    }
    found["advice"] = _advice(found)
    print(_summary(found))
    if path is not None or show:
        from utils.figures import show_images

        chosen = np.linspace(0, len(x_train.images) - 1, min(ROWS * COLUMNS, len(x_train.images))).astype(int)
        said = seen(TEXTS, "contact", count=len(chosen), total=number(len(x_train.images), ",d"))
        show_images(x_train.take(chosen), ROWS, COLUMNS, path=path, show=show, seen=said)
    return found


def _read_file_facts(files):
    """(width, height, grey, transparent somewhere) of each file, and the outlines of the transparent ones."""
    from utils.progress import tqdm

    def look(file):
        return look_at(file), outline_of(file)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        looks = list(tqdm(pool.map(look, files), total=len(files), desc="Looking at files", delay=2))
    facts = [(*looked, outline is not None) for looked, outline in looks]
    return facts, [outline for _, outline in looks if outline is not None]


def _fitted(file_facts, size, fit):
    """How many files were enlarged or shrunk to the size (height, width), and what share of their area was cut off."""
    if not file_facts:
        return {"enlarged": 0, "shrunk": 0, "cut": 0.0}
    rooms = np.array([(size[1] / facts[0], size[0] / facts[1]) for facts in file_facts])  # (n, 2): across, down
    factors = rooms.max(axis=1) if fit == "cover" else rooms.min(axis=1)
    if fit == "contain":  # small ones are enlarged by whole pixels, all by one factor
        whole = max(1, int(np.quantile(factors, 1 - HELD)))
        factors = np.where(factors < 1, factors, np.minimum(np.floor(factors), whole))
    kept = np.minimum(rooms / factors[:, None], 1).prod(axis=1)
    return {"enlarged": int((factors > 1).sum()), "shrunk": int((factors < 1).sum()), "cut": float(1 - kept.mean())}


def _find_duplicates(x_train, names):
    """The groups of names of equal images, and the number of images without colour."""
    from utils.progress import tqdm

    groups, grey = {}, 0
    with tqdm(total=len(names), desc="Comparing images", unit=" images", delay=2) as bar:
        for start in range(0, len(names), CHUNK):
            chunk = x_train.take(range(start, min(start + CHUNK, len(names))))
            for name, image in zip(names[start:], chunk, strict=False):
                groups.setdefault(hashlib.blake2b(image, digest_size=16).digest(), []).append(name)
            channels = np.moveaxis(chunk, -1, 0)
            grey += int((channels == channels[0]).all(axis=(0, 2, 3)).sum())
            bar.update(len(chunk))
    return [group for group in groups.values() if len(group) > 1], grey


def _advice(found):
    count, (height, width, channels) = found["count"], found["shape"]
    size, advised = f"{width} x {height}", number(ADVISED, ",d")
    advice = []
    if count < ADVISED:
        key = "few" if count < FEW else "not many"
        advice.append(say(TEXTS, key, count=number(count, ",d"), advised=advised))
    repeated = sum(len(group) - 1 for group in found["duplicates"])
    if repeated > count / 20:
        advice.append(say(TEXTS, "many repeated", share=percent(repeated / count)))
    if found["enlarged"] > count / 2:
        advice.append(say(TEXTS, "many enlarged", share=percent(found["enlarged"] / count), size=size))
    advice += _advice_on_sprites(found, size)
    if channels == 3 and found["grey"] == count:
        advice.append(say(TEXTS, "all grey"))
    elif channels == 3 and (alone := found["grey_files"] - found["grey_transparent"]) > count / 100:
        advice.append(say(TEXTS, "some grey", count=number(alone, ",d")))  # not with an alpha
    return advice


def _advice_on_sprites(found, size):
    """What images with transparency, or with much beyond the frame, are told."""
    background, better, advice = tuple(found["background"]), tuple(found["better"]), []
    transparent = found["transparent"] > found["count"] / 2
    if found["fit"] == "cover" and found["cut"] > 0.05 and (transparent or found["cut"] > 0.25):
        advice.append(say(TEXTS, "much cut", share=percent(found["cut"])))
    if found["fit"] == "contain" and found["shrunk"] > 0:
        counted = {"count": number(found["shrunk"], ",d"), "total": number(found["count"], ",d")}
        advice.append(say(TEXTS, "many shrunk", **counted, size=size))
    if found["lost"] > found["transparent"] / 10 and better != background:
        lost = number(found["lost"], ",d")
        advice.append(say(TEXTS, "outlines lost", count=lost, ground=background, better=better))
    return advice


def _summary(found):
    height, width, channels = found["shape"]
    size, classes = f"{width} x {height}", len(found["classes"])
    shape = {"size": size, "channels": counted(channels, "channel", "channels")}
    first = say(TEXTS, "images", count=number(found["count"], ",d"), **shape)
    lines = [", ".join([first, *([counted(classes, "class", "classes")] if classes else [])]) + "."]
    if found["sizes"]:
        lines.append(say(TEXTS, "files", files=_sizes(found, size)))
    if found["transparent"]:
        ground = COLORS.get(tuple(found["background"]), tuple(found["background"]))
        key = "transparent one" if found["transparent"] == 1 else "transparent"
        lines.append(say(TEXTS, key, count=number(found["transparent"], ",d"), ground=ground))
    groups, unreadable = found["duplicates"], found["unreadable"]
    repeated = counted(sum(len(group) - 1 for group in groups), "image", "images repeated")
    pairs = _examples([" = ".join(os.path.basename(name) for name in group[:2]) for group in groups])
    lines.append(say(TEXTS, "repeated", count=repeated, pairs=pairs) if groups else say(TEXTS, "none repeated"))
    if unreadable:
        names = _examples(map(os.path.basename, unreadable))
        lines.append(say(TEXTS, "unreadable", count=counted(len(unreadable), "file", "files counted"), names=names))
    lines += [say(TEXTS, "advice", sentence=sentence) for sentence in found["advice"]]
    return "\n".join(lines)


def _sizes(found, size):
    """The sizes of the files in words, and how many were enlarged or shrunk to `size`."""
    sizes = list(found["sizes"].items())
    said = [say(TEXTS, "of size", count=number(count, ",d"), size=one) for one, count in sizes[:EXAMPLES]]
    if others := sizes[EXAMPLES:]:
        key = "other size" if len(others) == 1 else "other sizes"
        said.append(say(TEXTS, key, count=number(sum(count for _, count in others), ",d"), sizes=len(others)))
    files = ", ".join(said)
    if found["enlarged"]:
        files += say(TEXTS, "enlarged", count=number(found["enlarged"], ",d"), size=size)
    if found["fit"] == "contain" and found["shrunk"]:
        files += say(TEXTS, "shrunk", count=number(found["shrunk"], ",d"))
    return files


def _examples(names):
    names = list(names)
    return ", ".join(names[:EXAMPLES]) + (", ..." if len(names) > EXAMPLES else ".")


def counted(count, one, more):
    """So many things in words; `one` and `more` are the texts' keys of one thing and of others."""
    return say(TEXTS, one if count == 1 else more, count=number(count, ",d"))
