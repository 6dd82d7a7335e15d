"""What a run keeps of the way: the generator of every sheet, and the sheets as a film."""

import os
from pathlib import Path

import numpy as np

from utils import files
from utils.figures import animate
from utils.runs import telling
from utils.runs.callbacks import Listener
from utils.runs.folder import sample_sheet, sheets_alike
from utils.speech import number

GENERATORS = "generators"  # folder in the run folder
KEPT_BYTES = 2**30  # of all generators that are kept, where no number is asked
SHEETS_FPS = 4


class KeepGenerators(Listener):
    """Keeps the generator that drew each sample sheet, as generators/generator_<step>.h5.

    At the first sheet it prints how many there will be and how large. Where only some are kept, they are spread over
    the steps: those at multiples of a power of two of `every`, and the last.

    Args:
        folder: the run folder. The callback must come after the one that draws its sample sheets, as those of
            `.train(callbacks=[...])` do.
        every: steps between two sheets.
        last: number of steps at which the training ends.
        most: largest number of generators; None for as many as a gibibyte holds, 0 for none.
    """

    def __init__(self, folder: str | os.PathLike, every: int, last: int, most: int | None = None):
        super().__init__()
        self.folder, self.every, self.last, self.most = Path(folder), every, last, most
        self.told = False

    def on_train_batch_end(self, batch, logs=None):
        step = self.model.epoch
        if self.most == 0 or not sample_sheet(self.folder, step).exists():
            return
        averaged, plain = (self.folder / f"generator{kind}.h5" for kind in ("_ema", ""))
        source = averaged if self.model.ema_generator and averaged.exists() else plain
        size = source.stat().st_size
        most = max(2, KEPT_BYTES // size) if self.most is None else self.most
        if not self.told:
            self.told = True
            count = len(spread({*range(0, self.last, self.every), self.last - 1}, self.every, most))
            megabytes = number(size / 2**20, ".1f")
            print(telling.text("keeps generators", count=count, size=megabytes, folder=self.folder / GENERATORS))
        files.write_bytes(self.folder / GENERATORS / f"generator_{step:06d}.h5", source.read_bytes())
        there = kept_generators(self.folder)
        for gone in set(there) - set(spread(there, self.every, most)):
            there[gone].unlink()


def spread(steps, every: int, most: int) -> list[int]:
    """Of the steps of sheets, those whose generators are kept: multiples of a power of two of `every`, and the last.

    Args:
        steps: iterable of ints.
        every: steps between two sheets.
        most: their largest number, 1 or more.

    Returns:
        Sorted list of ints.
    """
    kept, stride = sorted(steps), every
    while len(kept) > max(1, most):
        kept = sorted({step for step in kept if step % stride == 0} | {kept[-1]}) if stride <= kept[-1] else kept[-1:]
        stride *= 2
    return kept


def kept_generators(folder: str | os.PathLike) -> dict[int, Path]:
    """The generators that a run has kept: {step: path}, in the order of steps."""
    found = [
        (path.stem.removeprefix("generator_"), path) for path in (Path(folder) / GENERATORS).glob("generator_*.h5")
    ]
    return dict(sorted((int(step), path) for step, path in found if step.isdecimal()))


def film_of_sheets(folder: str | os.PathLike, path: str | os.PathLike | None = None, fps: float = SHEETS_FPS) -> Path:
    """Make a film of a run's sample sheets, from the first that is as large as the last to the last.

    Args:
        folder: the run folder.
        path: the .gif or .mp4; None for images/Training.gif in the run folder.
        fps: sheets per second; the last stays for two seconds.

    Returns:
        The path.

    Raises:
        FileNotFoundError: the run has no sample sheet yet.
    """
    from PIL import Image

    sheets = [sheet for _, sheet in sheets_alike(folder)]
    if not sheets:
        raise FileNotFoundError(f"{folder} has no sample sheet yet: train first, or give the folder of another run")

    def frames():
        for sheet in [*sheets, *sheets[-1:] * round(2 * fps)]:
            with Image.open(sheet) as picture:
                yield np.asarray(picture.convert("RGB"))

    path = Path(folder) / "images" / "Training.gif" if path is None else Path(path)
    return animate(frames(), path, fps=fps, total=len(sheets) + round(2 * fps))
