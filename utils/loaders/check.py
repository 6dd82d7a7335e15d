"""What to know of a data set before a training of hours: how many images, how large, which twice, which unreadable."""

import hashlib
import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from utils.loaders.decoding import look_at

FEW, ADVISED = 1_000, 10_000  # 10,000 is what the original advises for 128 x 128
COLUMNS, ROWS = 12, 6  # of the contact sheet
PIECE = 256  # images looked at together
SHOWN = 3  # examples in a line of the summary


def check_dataset(x_train, path: str | os.PathLike | None = None, show: bool = True) -> dict:
    """Look a data set over before training on it, and print what was found.

    Args:
        x_train: what `load_dataset` gave.
        path: where to save the contact sheet, 72 images evenly taken from the set, as PNG; None for nowhere.
        show: show the contact sheet in the notebook.

    Returns:
        Dict of plain values: `count`; `shape` of the images in memory; `classes`, {name: images}; `sizes` of the files,
        {"width x height": files}, the most frequent first; `enlarged`, files smaller than the images; `duplicates`,
        groups of images that are equal pixel by pixel; `unreadable`; `grey`, images without colour; `grey_files`, files
        that are grey by their format; `contact_sheet`, its path; `advice`, sentences.

    Example:
        >>> found = check_dataset(load_dataset("sprites", 64, 16), "run/sprites.png")
        819 images of 64 x 64, 3 channels, 1 class.
        Files: 512 of 96 x 96, 204 of 80 x 80, 103 of 32 other sizes; 40 smaller than 64 x 64 and enlarged.
        Repeated: 2 images: 007.png = 008.png, 011.png = 215.png.
        Advice: ...
    """
    names = [str(file) for file in x_train.files] or [str(i) for i in range(len(x_train.images))]
    looks = _look_at_all(x_train.files)
    duplicates, grey = _compare(x_train, names)
    height, width, channels = x_train.images.shape[1:]
    sizes = Counter(f"{look[0]} x {look[1]}" for look in looks)
    labels = Counter(np.asarray(x_train.labels).tolist())
    found = {
        "count": len(x_train.images),
        "shape": [int(height), int(width), int(channels)],
        "classes": {name: labels[i] for i, name in enumerate(x_train.classes)},
        "sizes": dict(sizes.most_common()),
        "enlarged": sum(look[0] < width or look[1] < height for look in looks),
        "duplicates": duplicates,
        "unreadable": [str(file) for file in x_train.skipped],
        "grey": grey,
        "grey_files": sum(look[2] for look in looks),
        "contact_sheet": None if path is None else str(path),
    }
    found["advice"] = _advice(found)
    print(_summary(found))
    if path is not None or show:
        from utils.figures import show_images

        chosen = np.linspace(0, len(x_train.images) - 1, min(ROWS * COLUMNS, len(x_train.images))).astype(int)
        show_images(x_train.take(chosen), ROWS, COLUMNS, path=path, show=show)
    return found


def _look_at_all(files):
    """(width, height, grey) of each file."""
    from utils.progress import tqdm

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(tqdm(pool.map(look_at, files), total=len(files), desc="Looking at files", delay=2))


def _compare(x_train, names):
    """Groups of names whose images are equal byte by byte, and how many images have no colour."""
    from utils.progress import tqdm

    groups, grey = {}, 0
    with tqdm(total=len(names), desc="Comparing images", unit=" images", delay=2) as bar:
        for start in range(0, len(names), PIECE):
            piece = x_train.take(range(start, min(start + PIECE, len(names))))
            for name, image in zip(names[start:], piece, strict=False):
                groups.setdefault(hashlib.blake2b(image, digest_size=16).digest(), []).append(name)
            channels = np.moveaxis(piece, -1, 0)
            grey += int((channels == channels[0]).all(axis=(0, 2, 3)).sum())
            bar.update(len(piece))
    return [group for group in groups.values() if len(group) > 1], grey


def _advice(found):
    count, (height, width, channels) = found["count"], found["shape"]
    advice = []
    if count < FEW:
        advice.append(
            f"{count:,} images are few: the critic soon knows them by heart, and the generator repeats them or stalls. "
            f'Add images ({ADVISED:,} are advised), or give augment=("mirror", "shift") if the pictures allow it.'
        )
    elif count < ADVISED:
        advice.append(f"{count:,} images can do; {ADVISED:,} are advised for 128 x 128.")
    repeated = sum(len(group) - 1 for group in found["duplicates"])
    if repeated > count / 20:
        advice.append(
            f"{repeated / count:.0%} of the images repeat another: they weigh more than the rest. Remove them."
        )
    if found["enlarged"] > count / 2:
        advice.append(
            f"{found['enlarged'] / count:.0%} of the files are smaller than {width} x {height}: a smaller image_size "
            "shows the same and trains quicker."
        )
    if channels == 3 and found["grey"] == count:
        advice.append(
            "All images are grey, saved with three equal channels: channels=1 spares the network two of them."
        )
    elif channels == 3 and found["grey_files"] > count / 100:
        advice.append(f"{found['grey_files']:,} files are grey, the others have colours. Is that meant?")
    return advice


def _summary(found):
    height, width, channels = found["shape"]
    classes = len(found["classes"])
    parts = [f"{found['count']:,} images of {width} x {height}, {_many(channels, 'channel')}"]
    lines = [", ".join(parts + ([_many(classes, "class")] if classes else [])) + "."]
    if found["sizes"]:
        sizes = list(found["sizes"].items())
        files = ", ".join(f"{count:,} of {size}" for size, count in sizes[:SHOWN])
        if len(sizes) > SHOWN:
            rest = sum(count for _, count in sizes[SHOWN:])
            files += f", {rest:,} of {_many(len(sizes) - SHOWN, 'other size')}"
        if found["enlarged"]:
            files += f"; {found['enlarged']:,} smaller than {width} x {height} and enlarged"
        lines.append(f"Files: {files}.")
    groups, unreadable = found["duplicates"], found["unreadable"]
    repeated = sum(len(group) - 1 for group in groups)
    pairs = _some([" = ".join(os.path.basename(name) for name in group[:2]) for group in groups])
    lines.append(f"Repeated: {_many(repeated, 'image')}: {pairs}" if groups else "Repeated: none.")
    if unreadable:
        lines.append(f"Unreadable: {_many(len(unreadable), 'file')}: {_some(map(os.path.basename, unreadable))}")
    lines += [f"Advice: {sentence}" for sentence in found["advice"]]
    return "\n".join(lines)


def _some(names):
    names = list(names)
    return ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else ".")


def _many(count, what):
    plural = what + ("es" if what.endswith("s") else "s")
    return f"{count:,} {what if count == 1 else plural}"
