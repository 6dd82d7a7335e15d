"""The data set of a generator: which it is, its real images, its rules where it has some, and its report.

The facts travel with the generator: in run.json of its run folder, in the card that ships with it, and in an attribute
of generator.h5 itself, so that a file that was downloaded alone still knows. `data_of` finds them; a name that the
caller gives comes first.
"""

import os
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

import lines
from lines.registry import sampled
from utils import reading
from utils.files.errors import one_line
from utils.files.hdf5 import open_h5
from utils.files.json_files import parse_json, read_json
from utils.files.names import shown
from utils.files.typed import colour
from utils.latent.directions import measure_by, measure_lines, measure_pictures
from utils.latent.generating import generate_images
from utils.latent.paths import generate_latent_points
from utils.loaders import load_dataset
from utils.loaders.decoding import FITS, fit_picture
from utils.loaders.sources import KERAS_SETS, find_source
from utils.reading import THREE_LINES
from utils.runs.checkpoints import FACTS, MOST_FACTS

MEASURED_LINES = "lines"  # the rule set whose images `utils.reading` reads line by line
GENERATORS = Path(__file__).resolve().parents[2] / "data" / "generators"  # those that ship
MANY_TRIES = 4  # files looked at for each real image that is wanted, since some may be unreadable
CARD_PARTS = ("run", "data_set")  # where a card or a run.json keeps the facts; at its top otherwise


@dataclass(frozen=True)
class Sample:
    """Real images of a data set.

    Attributes:
        images: uint8 (n, h, w, c), of the generator's size.
        known: {what: one value per image}: what the rule drew for each, or its class; empty if nothing is known.
        names: {what: names of the values 0, 1 ...}, where values are classes.
        unseen: whether training has not seen them: freshly drawn ones, or the test images of a set of Keras.
    """

    images: np.ndarray
    known: dict = field(default_factory=dict)
    names: dict = field(default_factory=dict)
    unseen: bool = False


@dataclass(frozen=True)
class DataSet:
    """What is known of the images that a generator was trained on.

    Attributes:
        name: its folder in data/, a rule set, or a set of Keras; None if unknown.
        shape: (height, width, channels) of the generator's images.
        background, fit: as `load_dataset` takes them.
        folder: where data sets lie.
        ships: name of the generator, where it is one of those in data/generators/, whose images texts may describe.
    """

    name: str | None
    shape: tuple[int, int, int]
    background: tuple[int, int, int] = (0, 0, 0)
    fit: str = "cover"
    folder: str | os.PathLike = "data"
    ships: str | None = None

    @classmethod
    def of(cls, x_train, folder: str | os.PathLike = "data") -> "DataSet":
        """The data set of loaded images, `ImageBatches`, which are then not loaded again."""
        facts = _checked(x_train.facts)
        shape = tuple(map(int, x_train.images.shape[1:]))
        made = cls(facts.get("data_name"), shape, facts.get("background", (0, 0, 0)), facts.get("fit", "cover"), folder)
        made.__dict__["x_train"] = x_train
        return made

    @property
    def rules(self) -> str | None:
        """The rule set that draws the images, if one of lines/ does; None for all others."""
        return self.name if self.name in lines.rule_names() else None

    @property
    def of_keras(self) -> bool:
        """Whether it is a set that Keras keeps, with test images, and no folder of that name takes its place."""
        return self.name in KERAS_SETS and not (Path(self.folder) / self.name).exists()

    @property
    def of_lines(self) -> bool:
        """Whether its images are the three lines, whose rules `utils.reading` reads."""
        return self.rules == MEASURED_LINES

    def __str__(self) -> str:
        return "unknown" if self.name is None else shown(self.name)

    @cached_property
    def x_train(self):
        """The training images at the generator's size, `ImageBatches`, loaded once.

        Raises:
            FileNotFoundError: they are not on this machine, or the data set is unknown.
        """
        self._see_known()
        options = {"background": self.background, "fit": self.fit, "channels": self.shape[2]}
        return load_dataset(self.name, self.shape[:2], 1, data_folder=self.folder, seed=0, **options)

    def real(self, count: int, seed: int | None = None) -> Sample:
        """Real images: freshly drawn by the rules, else test images, else images of the folder.

        Args:
            count: how many; fewer where there are not so many.
            seed: which; None for others each time.

        Returns:
            A `Sample`.

        Raises:
            FileNotFoundError: they are not on this machine, or the data set is unknown.
        """
        self._see_known()
        if self.rules:
            return self._drawn(count, seed)
        rng = np.random.default_rng(seed)
        unseen = self.of_keras
        source = find_source(self.name, self.folder, "test" if unseen else "train")
        images, chosen = [], []
        for name in rng.permutation(source.names)[: MANY_TRIES * count]:
            try:
                images.append(source.decode(str(name), self.shape, self.background, self.fit))
                chosen.append(str(name))
            except Exception:  # a damaged image can fail in any way; training has named it
                continue
            if len(images) == count:
                break
        if not images:
            raise FileNotFoundError(f"data/{self} holds no image that can be read: put the images there again")
        index = {name: i for i, name in enumerate(source.classes)}
        labels = np.array([index[source.class_of(name)] for name in chosen])
        known = {"class": labels} if len(source.classes) > 1 else {}
        return Sample(np.stack(images), known, {"class": list(map(shown, source.classes))} if known else {}, unseen)

    def unseen(self, count: int, seed: int = 0) -> np.ndarray | None:
        """Images of the same source that training does not see, uint8 (n, h, w, c); None where there are none."""
        if not (self.rules or self.of_keras):
            return None
        return self.real(count, seed).images

    def targets(self, generator, count: int, seed: int | None = None) -> np.ndarray:
        """Images to search latent vectors for: real ones, else the generator's own, which is said.

        Returns:
            uint8 (n, h, w, c).
        """
        try:
            return self.real(count, seed).images
        except FileNotFoundError as error:
            print(f"{one_line(error)}. Images of the generator's own take their place.")
            rng = np.random.default_rng(None if seed is None else [seed, count])
            return generate_images(generator, generate_latent_points(generator.input_shape[-1], count, rng))

    @property
    def measure(self):
        """The measures of an image whose directions `utils.latent.directions.reading_directions` looks for."""
        if self.rules and not self.of_lines:
            return measure_by(self.rules)
        return measure_lines if self.of_lines else measure_pictures

    def report(self, images: np.ndarray, seed: int = 0) -> dict:
        """The report of images, `utils.reading.report`: with the rules where there are some.

        The images are held against the training images too; where those are not on this machine, that is said, and the
        report keeps to the rules, or to what the images alone tell.
        """
        if self.of_lines:
            return reading.report(images, rules=THREE_LINES, seed=seed)
        try:
            return reading.report(images, self.x_train, rules=self.rules, seed=seed)
        except FileNotFoundError as error:
            print(f"{one_line(error)}. The report keeps to the {'rules' if self.rules else 'images themselves'}.")
            return reading.report(images, rules=self.rules, seed=seed)

    def _drawn(self, count, seed):
        from PIL import Image

        module = lines.rules(self.rules)
        parameters = sampled(module, count, seed)
        height, width, channels = self.shape
        images = module.draw(parameters, height)
        if (width, channels) != (height, 3):
            images = np.stack([fit_picture(Image.fromarray(image), (height, width), channels) for image in images])
        return Sample(images, parameters, {}, True)

    def _see_known(self):
        if self.name is None:
            raise FileNotFoundError(
                "what this generator was trained on is not known: neither its file nor a run.json beside it says so, "
                'DATA_NAME can, e.g. "lines" or the name of a folder in data/'
            )


def data_of(
    path: str | os.PathLike,
    generator=None,
    data_name: str | None = None,
    folder: str | os.PathLike = "data",
) -> DataSet:
    """Find out what a generator was trained on.

    Args:
        path: its file, or its run folder.
        generator: the loaded Keras model, whose images say the size; None takes the size that the facts give.
        data_name: the data set's name, if the caller knows it; what is known of another one does not count then.
        folder: where data sets lie.

    Returns:
        A `DataSet`; its name is None where nothing is known.

    Example:
        >>> data = data_of("data/generators/three_lines_128.h5", generator)
        >>> data.name, data.real(2, seed=1).images.shape
        ('lines', (2, 128, 128, 3))
    """
    facts = known_facts(path)
    name = facts.get("data_name")
    if data_name is not None and str(data_name) != name:
        facts, name = {}, str(data_name)
    if generator is not None:
        shape = tuple(generator.output_shape[1:])
    else:
        shape = (*facts.get("image_size", (128, 128)), facts.get("channels", 3))
    ships = Path(path).stem if Path(path).resolve().parent == GENERATORS else None
    return DataSet(name, shape, facts.get("background", (0, 0, 0)), facts.get("fit", "cover"), folder, ships)


def known_facts(path: str | os.PathLike) -> dict:
    """What is known of the data set of a generator, checked: any of data_name, image_size, channels, background, fit.

    Args:
        path: a generator's file, or a run folder.

    Returns:
        Dict of plain values, empty where nothing is known or what is written there is no such thing.
    """
    path = Path(path)
    if path.is_dir():
        places = [path / "run.json", path / "generator.h5"]
    else:
        beside = [path.with_name("run.json")] if path.stem in ("generator", "generator_ema") else []
        places = [path, path.with_suffix(".json"), *beside]
    for place in places:
        if facts := _checked(_facts_in(place)):
            return facts
    return {}


def _facts_in(place: Path):
    """The raw facts in a file, a dict of whatever is there."""
    try:
        if place.suffix == ".json":
            card = read_json(place)
            return next((card[part] for part in CARD_PARTS if isinstance(card.get(part), dict)), card)
        if place.suffix == ".h5":
            with open_h5(place) as file:
                text = file.attrs.get(FACTS, "{}")
                return parse_json(text) if isinstance(text, str) and len(text) <= MOST_FACTS else {}
    except (OSError, ValueError, KeyError):  # no such file, or not one of ours: then it says nothing
        pass
    return {}


def _checked(facts) -> dict:
    """The facts that are what they should be; the others are left out."""
    facts = facts if isinstance(facts, dict) else {}
    name, size, channels = (facts.get(key) for key in ("data_name", "image_size", "channels"))
    good = {}
    if isinstance(name, str) and name and not any(sign in name for sign in "/\\\0") and name not in (".", ".."):
        good["data_name"] = name
    if isinstance(size, list) and len(size) == 2 and all(type(side) is int and 0 < side <= 4096 for side in size):
        good["image_size"] = tuple(size)
    if channels in (1, 3):
        good["channels"] = channels
    if facts.get("fit") in FITS:
        good["fit"] = facts["fit"]
    with suppress(KeyError, ValueError):
        good["background"] = colour(facts["background"])
    return good if "data_name" in good else {}
