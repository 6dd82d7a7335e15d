"""The generator that a notebook walks through: the one that is named, or else the one trained last, or that ships."""

from pathlib import Path

from utils import colab
from utils.loaders import load_generator
from utils.runs import telling
from utils.runs.data_set import DataSet, data_of
from utils.runs.shipping import any_generator


def open_generator(name: str | None = None, data_name: str | None = None) -> tuple[Path, object, DataSet]:
    """Open a generator, find out what it was trained on, and say both below the cell.

    Args:
        name: its file, which Colab asks to upload; None for the one that was trained last, else the one that ships.
        data_name: the data set's name; None for what the file or its run says.

    Returns:
        `(path, generator, data)`: its file, the Keras model, and a `DataSet`.
    """
    path = colab.upload(name) if name else any_generator()
    generator = load_generator(path)
    data = data_of(path, generator, data_name)
    telling.generator(path, generator, data)
    return Path(path), generator, data
