"""Where a data set's images come from: a folder of files, or the sets that Keras keeps (Fashion-MNIST, MNIST).

A source has `.names`, one an image, `.classes`, `.class_of(name)`, `.files(names)`, `.decode(name, shape, background,
fit)`; what suits its images, `.natural_size(fit)`, `.natural_channels()`, `.natural_fit()`, `.natural_background()`;
and `.facts()`, which say whether a cache of it is still good; `.first_facts` are those of when its names were listed.
`.left_aside` counts what lay beside the images, `.remarks` says what was found in decoding, `{name: [kind]}`; kinds are
those of `utils.files.names`.
"""

import os
import stat
from contextlib import suppress
from functools import cached_property
from pathlib import Path

import numpy as np

from utils.files.archives import MARK
from utils.files.image_files import is_image_file
from utils.files.in_progress import NAME as IN_PROGRESS
from utils.files.names import LeftAside, is_system_folder, on_disk, one_form, shown
from utils.files.whole import UNFINISHED
from utils.loaders.decoding import decode_image, fit_picture, look_at, outline_of

NATURAL_SIZES = (28, 32, 64, 128)  # what the networks scale to; 256 only on request
LOOKED_AT = 200  # files whose size is asked before a natural size is chosen
HELD = 0.9  # share of the images that a size for "contain" holds as they are
BACKGROUNDS = ((0, 0, 0), (255, 255, 255), (128, 128, 128), (0, 160, 160), (200, 0, 200))  # to choose from, in order
LIKE = 60  # largest distance of an outline's colour that is like a background, of values from 0 to 255
OURS = ("parameters.csv", MARK, IN_PROGRESS)  # what stands beside images that are drawn or unpacked here
PARTS = ("train", "test")
KERAS_ADDRESS = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
KERAS_SETS = {  # {name: (folder of the files in <Keras folder>/datasets, their names, classes)}
    "fashion_mnist": (
        "fashion-mnist",
        [f"{part}-{kind}-ubyte.gz" for part in ("train", "t10k") for kind in ("labels-idx1", "images-idx3")],
        ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"],
    ),
    "mnist": (".", ["mnist.npz"], [str(digit) for digit in range(10)]),
}


class FolderOfImages:
    """Every image below a folder, at any depth; the first sub-folders are the classes.

    Linked folders are read once each, by their own name where that lies within the folder too. What is no image, cannot
    be reached or belongs to a system is counted in `.left_aside`.

    Raises:
        FileNotFoundError: there is no such folder.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        if not folder.is_dir():
            raise FileNotFoundError(_what_is_there(folder))
        self.left_aside, self.remarks, self._times = LeftAside(), {}, {}
        self.first_facts = [str(folder), self._rows(self.left_aside)]
        self.names = [name for name, _, _ in self.first_facts[1]]
        self.classes = sorted({self.class_of(name) for name in self.names})

    def _rows(self, left):
        """[name, bytes, time of change] of each image, by name; what is no image is counted in `left`."""
        rows, seen = [], set()
        above = {_identity(parent) for parent in Path(os.path.realpath(self.folder)).parents}
        real, linked = [("", False)], []  # (name of a folder, whether a link leads there)
        while real or linked:
            prefix, by_link = real.pop() if real else linked.pop(0)  # linked ones last: theirs are the second names
            place = self.folder / prefix
            try:
                identity = _identity(place)
                with os.scandir(place) as listed:
                    entries = sorted(listed, key=lambda entry: entry.name)
            except OSError:
                left.add("no folder", prefix or ".")
                continue
            if by_link and (identity in seen or identity in above):
                left.add("loop" if identity in above or _leads_back(place) else "again", prefix)
                continue
            seen.add(identity)
            for entry in entries:
                name = prefix + entry.name
                link = entry.is_symlink() or getattr(entry, "is_junction", bool)()
                try:
                    state = os.stat(f"{self.folder}/{name}")
                except OSError:
                    if link:
                        left.add("nowhere", name)
                    continue  # else it was removed since
                if stat.S_ISDIR(state.st_mode):
                    if is_system_folder(entry.name):
                        left.add("system folder", entry.name)
                    else:
                        (linked if link else real).append((f"{name}/", link or by_link))
                elif not stat.S_ISREG(state.st_mode):
                    left.add("no file", name)
                elif is_image_file(f"{self.folder}/{name}"):
                    rows.append([name, state.st_size, state.st_mtime_ns])
                elif entry.name not in OURS and not UNFINISHED.match(entry.name):
                    left.add_file(name)
            linked.sort()
        return sorted(rows)

    def class_of(self, name: str) -> str:
        return one_form(name.split("/")[0] if "/" in name else self.folder.name)

    def files(self, names: list[str]) -> list[Path]:
        return [self.folder / name for name in names]

    def decode(self, name: str, shape, background, fit: str) -> np.ndarray:
        remarks = []
        times = self.times(tuple(shape[:2])) if fit == "contain" else None
        image = decode_image(self.folder / name, shape[:2], shape[2], background, fit, remarks, times)
        if remarks:
            self.remarks[name] = remarks
        return image

    def facts(self) -> list:
        """The folder, and each image's name, bytes and time of change, as they are now."""
        return [str(self.folder), self._rows(LeftAside())]

    def natural_size(self, fit: str = "cover") -> int:
        """The size for a fit, by a look at some of the images.

        For "cover" the largest of 28, 32, 64, 128 that half of the images fill; for "contain" the smallest that holds
        nine in ten of them as they are.
        """
        looks = self._some_looks
        if not looks:
            return NATURAL_SIZES[-1]
        if fit == "contain":
            held = np.quantile([max(look[:2]) for look in looks], HELD)
            return min([size for size in NATURAL_SIZES if size >= held], default=NATURAL_SIZES[-1])
        filled = np.median([min(look[:2]) for look in looks])
        return max([size for size in NATURAL_SIZES if size <= filled], default=NATURAL_SIZES[0])

    def times(self, size: tuple[int, int]) -> int:
        """How many times all images are enlarged, by whole pixels, for "contain" at a size (height, width): as often
        as nine in ten of them have room for."""
        if size not in self._times:
            rooms = [min(size[1] / width, size[0] / height) for width, height, _ in self._some_looks] or [1]
            self._times[size] = max(1, int(np.quantile(rooms, 1 - HELD)))
        return self._times[size]

    def natural_fit(self) -> str:
        """Contain if half of the images are transparent somewhere, else "cover"."""
        return "contain" if self._some_names and 2 * len(self._outlines) >= len(self._some_names) else "cover"

    def natural_background(self) -> tuple[int, int, int]:
        """Black; for transparent images the one of `BACKGROUNDS` that fewest of their outlines have."""
        return unlike(self._outlines)

    @cached_property
    def _some_names(self):
        return self.names[:: max(1, -(-len(self.names) // LOOKED_AT))]

    @cached_property
    def _some_looks(self):
        return [look for look in map(self._look, self._some_names) if look]

    @cached_property
    def _outlines(self):
        """The colours of the outlines of those of some images that are transparent somewhere."""
        outlines = []
        for name in self._some_names:
            with suppress(Exception):  # a damaged image can fail in any way
                if (outline := outline_of(self.folder / name)) is not None:
                    outlines.append(outline)
        return outlines

    def natural_channels(self) -> int:
        """1 if all the files are grey by their own format, else 3; the first coloured one settles it."""
        looks = (self._look(name) for name in self.names)
        return 1 if all(grey for _, _, grey in filter(None, looks)) else 3

    def _look(self, name):
        try:
            return look_at(self.folder / name)
        except Exception:  # a damaged image can fail in any way
            return None


class KerasImages:
    """A set that Keras downloads once and keeps: 60,000 training images of 28 x 28, grey, or the 10,000 for tests.

    Raises:
        FileNotFoundError: the set is not in Keras' folder and cannot be downloaded.
    """

    def __init__(self, data_name: str, part: str = "train"):
        from utils.quiet import keras

        self.data_name, self.part = data_name, part
        _, _, self.classes = KERAS_SETS[data_name]
        try:
            both = dict(zip(PARTS, getattr(keras.datasets, data_name).load_data(), strict=True))
        except Exception as error:  # keras.utils.get_file raises a bare Exception
            raise FileNotFoundError(_what_to_put_where(data_name, error)) from error
        self.images, self.labels = both[part]  # (60000 or 10000, 28, 28) uint8
        self.names = [str(i) for i in range(len(self.images))]
        self.left_aside, self.remarks = LeftAside(), {}
        self.first_facts = self.facts()

    def class_of(self, name: str) -> str:
        return self.classes[self.labels[int(name)]]

    def files(self, names: list[str]) -> list[Path]:
        return []

    def decode(self, name: str, shape, background, fit: str) -> np.ndarray:
        from PIL import Image

        return fit_picture(Image.fromarray(self.images[int(name)]), shape[:2], shape[2], background, fit)

    def facts(self) -> list:
        return [f"keras.datasets.{self.data_name}", len(self.images)]  # the number says which part

    def natural_size(self, fit: str = "cover") -> int:
        return self.images.shape[1]

    def natural_fit(self) -> str:
        return "cover"

    def natural_background(self) -> tuple[int, int, int]:
        return BACKGROUNDS[0]

    def natural_channels(self) -> int:
        return 1


def find_source(data_name: str, data_folder: str | os.PathLike, part: str = "train") -> FolderOfImages | KerasImages:
    """The folder <data_folder>/<data_name>, or Keras' set of that name where there is no such folder.

    Raises:
        FileNotFoundError: there is neither.
        ValueError: another part than "train" or "test", or the test images of a folder, which has one part.
    """
    if part not in PARTS:
        raise ValueError(f"part is {part!r}; choose {' or '.join(map(repr, PARTS))}")
    folder = on_disk(Path(data_folder) / data_name)
    if data_name in KERAS_SETS and not folder.exists():
        return KerasImages(data_name, part)
    if part != PARTS[0]:
        raise ValueError(f"{folder} is one set, without test images of its own: put some aside in another folder")
    return FolderOfImages(folder)


def unlike(outlines: list[np.ndarray]) -> tuple[int, int, int]:
    """The background that fewest outlines have, the earlier of `BACKGROUNDS` where several are alike.

    Args:
        outlines: of each image, its colours, uint8 (n, 3), as `utils.loaders.decoding.outline_of` gives them.

    Returns:
        Red, green and blue.
    """
    return min(BACKGROUNDS, key=lambda background: round(float(alike(outlines, background).mean()), 2))


def alike(outlines: list[np.ndarray], background: tuple[int, int, int]) -> np.ndarray:
    """The share of each outline that is like a background: float (max(1, number of outlines),)."""
    shares = [
        np.mean(np.linalg.norm(outline.astype(float) - background, axis=1) <= LIKE)
        for outline in outlines
        if len(outline)
    ]
    return np.array(shares or [0.0])


def _identity(place):
    """What a folder is, under whatever name: its number on its disk, or its path where the disk gives none."""
    state = os.stat(place)
    return (state.st_dev, state.st_ino) if state.st_ino else os.path.realpath(place)


def _leads_back(link):
    """Whether a linked folder is one that the link itself lies in."""
    target, parent = os.path.realpath(link), os.path.realpath(os.path.dirname(os.path.normpath(link)))
    with suppress(ValueError):  # on two drives of Windows
        return os.path.commonpath([target, parent]) == target
    return False


def _what_is_there(folder):
    parent = folder.parent
    there = []
    with suppress(OSError):
        there = sorted(shown(p.name) for p in parent.iterdir() if p.is_dir() and not is_system_folder(p.name))
    return (
        f"there is no folder {folder}; {parent} holds {', '.join(there) or 'no data set'}. Draw the lines with "
        f'`python -m lines --out {parent.as_posix()}/lines`, unpack your images: extract_archive("{folder.name}.zip", '
        f'"{folder.as_posix()}"), or take a set of Keras: {", ".join(KERAS_SETS)}'
    )


def _what_to_put_where(data_name, error):
    folder, files, _ = KERAS_SETS[data_name]
    place = _keras_home() / "datasets" / folder
    reason = " ".join(str(error).split()) or type(error).__name__
    return (
        f"{data_name} could be neither found on this machine nor downloaded ({reason}). Without a connection, fetch "
        f"{', '.join(files)} from {KERAS_ADDRESS} on another machine and put them into {place}; if a file there is "
        "damaged, remove it"
    )


def _keras_home():
    """Where Keras keeps its data sets: also for an account without a home, or with one that it may not write to."""
    if "KERAS_HOME" in os.environ:
        return Path(os.environ["KERAS_HOME"])
    home = os.path.expanduser("~")  # stays "~" where there is none
    return Path(home if os.access(home, os.W_OK) else "/tmp") / ".keras"
