"""What is killed: five tasks as people start them, at a size that takes a second, and what to hold against each.

A task fills a folder of its own. `start` is what the process does that will be killed; `there` says how much a killed
one has left that the next start must speak of, and `says` what it must say.
"""

import csv
import re
import runpy
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
GENERATOR = ROOT / "data" / "generators" / "three_lines_128_published.h5"


class Task:
    """What most tasks have in common: nothing to prepare, and pictures to compare."""

    def prepare(self, folder):
        """Make what the task reads, beside its folder."""

    def same(self, folder, reference):
        """Whether it ended as one that nobody killed."""
        return _same_pictures(folder, reference)


@dataclass
class Training(Task):
    """`WGANGP.train` into a run folder, told to go on wherever something is there."""

    steps: int = 8
    compiled: bool = False
    name: str = "training"
    says: str = field(init=False, default=r"(\d+) of \d+ steps are done.*Going on from step \1\.|Nothing is left to do")

    def start(self, folder):
        from models.WGANGP import WGANGP
        from tests.conftest import tiny_parameters

        begun = folder.is_dir() and any(folder.iterdir())
        images = np.random.default_rng(0).integers(0, 256, (32, 16, 16, 3), dtype=np.uint8)
        gan = WGANGP(**tiny_parameters(), n_critic=1, precision="float32", seed=1)
        if not self.compiled:
            gan.compile(run_eagerly=True)
        if not begun:
            from utils import files

            files.write_json(folder / "params.json", gan.saved_parameters())
        gan.train(2, 2, images, 4, self.steps, folder, print_every_n_batches=2, resume=begun, verbose=2)

    def there(self, folder):
        return (folder / "history.csv").exists()

    def same(self, folder, reference):
        """Whether the losses of every step are those of a training that nobody killed."""
        return _losses(folder) == _losses(reference)


def _losses(folder):
    with open(folder / "history.csv", newline="") as lines:
        return [{name: value for name, value in row.items() if name != "seconds"} for row in csv.DictReader(lines)]


@dataclass
class Frames(Task):
    """A walk through the latent space as numbered images."""

    count: int = 60
    name: str = "frames"
    says: str = field(init=False, default=r"\d+ of \d+ frames are there already")

    def start(self, folder):
        from utils import latent, loaders

        vectors = latent.interpolate_points(*latent.generate_latent_points(100, 2, seed=1), self.count)
        latent.film(loaders.load_generator(GENERATOR), vectors, folder, seed=1, batch_size=16)

    def there(self, folder):
        return any(folder.glob("image_*.png"))


@dataclass
class Upscaling(Task):
    """A folder of images, four times larger, by the network that comes with the project."""

    count: int = 48
    name: str = "upscaling"
    says: str = field(init=False, default=r"\d+ of \d+ enlarged images are there already")

    def prepare(self, folder):
        import lines
        from utils.files.provenance import save_image

        source = source_of(folder)
        drawn = lines.draw(lines.sample(self.count, seed=1), 64)
        for i, image in enumerate(drawn):
            save_image(source / f"small_{i:03d}.png", image, z=np.full(4, i))

    def start(self, folder):
        from utils.super_resolution import upscale

        upscale(source_of(folder), folder=folder, format="png")

    def there(self, folder):
        return any(folder.glob("*.png"))


def source_of(folder):
    """Where what a task reads lies, beside the folder that it fills."""
    return folder.with_name(f"{folder.name} source")


def _same_pictures(folder, reference):
    """Whether two folders hold the same pictures; networks round differently in batches of different sizes."""
    from PIL import Image

    names = sorted(path.name for path in reference.glob("*.png"))
    if names != sorted(path.name for path in folder.glob("*.png")):
        return False
    pairs = [[np.asarray(Image.open(place / name)).astype(int) for place in (folder, reference)] for name in names]
    return all(ours.shape == theirs.shape and abs(ours - theirs).max() <= 1 for ours, theirs in pairs)


@dataclass
class Drawing(Task):
    """`python -m lines`, with an archive."""

    count: int = 400
    name: str = "drawing"
    says: str = field(init=False, default=r"\d+ of \d+ images are there already")

    def start(self, folder):
        out, archive = str(folder / "lines"), str(folder / "data.zip")
        sys.argv = ["lines", "--count", str(self.count), "--seed", "1", "--out", out, "--zip", archive]
        runpy.run_module("lines", run_name="__main__")

    def there(self, folder):
        return (folder / "lines" / ".in_progress.json").exists() and any(folder.glob("lines/*.jpg"))

    def same(self, folder, reference):
        return _bytes(folder) == _bytes(reference)


@dataclass
class Packing(Task):
    """A zip of many files."""

    count: int = 300
    name: str = "packing"
    says: str = field(init=False, default="was not finished")

    def prepare(self, folder):
        from utils import files

        rng = np.random.default_rng(1)
        for i in range(self.count):
            files.write_bytes(source_of(folder) / f"{i:03d}.bin", rng.bytes(10_000) + bytes(10_000))

    def start(self, folder):
        from utils.files.archives import write_archive

        source = source_of(folder)
        write_archive(folder / "output.zip", sorted(source.iterdir()), root=source)

    def there(self, folder):
        return any(re.match(r"\.output\.zip\.\d+-\w+\.part", path.name) for path in folder.glob(".*"))

    def same(self, folder, reference):
        return _members(folder) == _members(reference)


def _members(folder):
    import zipfile

    with zipfile.ZipFile(folder / "output.zip") as packed:
        return {member.filename: member.CRC for member in packed.infolist()}


def _bytes(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


SHORT = [Training(5), Frames(24), Upscaling(24), Drawing(), Packing()]
LONG = [Training(12), Frames(600), Upscaling(200), Drawing(2000), Packing(2000)]
