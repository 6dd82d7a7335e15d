"""The directions that a page offers: found ones, named ones, or those of the generator's first layer."""

import os
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np

from utils.files import write_json
from utils.files.json_files import read_json
from utils.latent import fingerprint
from utils.latent.directions import Direction, closed_form_directions, read_directions

DIRECTIONS = 6  # largest number of sliders

Directions = Mapping[str, np.ndarray] | Iterable[Direction]


def first_layer_directions(generator) -> dict[str, np.ndarray]:
    """The directions that the first layer's weights stretch most, named "1", "2" ...; empty if it is not dense."""
    try:
        found = closed_form_directions(generator, DIRECTIONS)
    except ValueError:
        return {}
    return {str(i + 1): direction.vector for i, direction in enumerate(found)}


def as_directions(generator, directions: Directions | None) -> dict[str, np.ndarray]:
    """Directions in one form.

    Args:
        generator: the Keras model that they belong to.
        directions: iterable of `Direction`, or a dict, name -> float (latent_dim,); None for those that the weights of
            the first layer stretch most, named "1", "2" ...

    Returns:
        Dict, name -> float32 (latent_dim,), of length 1.

    Raises:
        ValueError: a direction of another length, or without finite values other than 0.
    """
    if directions is None:
        directions = first_layer_directions(generator)
    if not isinstance(directions, Mapping):
        directions = {direction.name: direction.vector for direction in directions}
    latent_dim = int(generator.input_shape[-1])
    return {name: _unit(vector, latent_dim, name) for name, vector in directions.items()}


def _unit(vector, latent_dim: int, name: str) -> np.ndarray:
    vector = np.asarray(vector, np.float32).ravel()
    length = np.linalg.norm(vector)
    if len(vector) != latent_dim or not np.isfinite(length) or length == 0:
        raise ValueError(f"direction {name!r} must hold {latent_dim} finite numbers that are not all 0")
    return vector / length


def all_directions(path: str | os.PathLike, generator) -> dict[str, np.ndarray]:
    """The directions saved by `write_directions` for this generator, at most six.

    Where there are fewer than two, which is little to play with, those of its first layer follow, which nobody named.
    """
    found = {}
    try:
        found = read_directions(_directions_file(path), generator)
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:  # the page works without them
        print(error)
    if len(found) < 2:
        found |= first_layer_directions(generator)
    return dict(list(found.items())[:DIRECTIONS])


def write_directions(path: Path, generator, drawing=None) -> Path:
    """Find directions that change what images show, and save them as JSON beside the generator's file.

    Args:
        path: the generator's file.
        generator: the Keras model.
        drawing: what draws the images in its place, see `InBetween`; None for the generator itself.

    Returns:
        The path of the JSON file.
    """
    from utils import runs
    from utils.latent.directions import MIN_SCORE, reading_directions, seen_along

    measure = runs.data_of(path, generator).measure
    found = [one for one in reading_directions(drawing or generator, measure=measure) if one.score >= MIN_SCORE]
    if drawing is not None:
        found = seen_along(generator, found, measure)
    found = found[:DIRECTIONS]
    for direction in found:
        print(f"  {direction.name}: R² {direction.score:.2f}")
    known = {direction.name: [round(float(value), 4) for value in direction.vector] for direction in found}
    return write_json(_directions_file(path), {"generator": fingerprint(generator), "directions": known})


def find_in_background(path: str | os.PathLike, generator, drawing) -> threading.Thread | None:
    """Find the directions of a generator that nobody searched yet, while its pages are shown; None if it was.

    Args:
        path: the generator's file, beside which they are kept.
        generator: the Keras model.
        drawing: its `Drawing`, which offers them once they are found.
    """
    with suppress(OSError, ValueError, AttributeError):  # no file, or none of ours
        if read_json(_directions_file(path)).get("generator") == drawing.fingerprint:
            return None

    def find():
        try:
            write_directions(path, generator, drawing.in_between())
        except (OSError, ValueError) as error:  # a folder not to be written to, images that show nothing to measure
            print(f"No directions were found: {error}")
            return
        drawing.steer(all_directions(path, generator))
        print("Directions are found, and appear on the page.", flush=True)

    thread = threading.Thread(target=find, daemon=True)
    thread.start()
    return thread


def _directions_file(path: str | os.PathLike) -> Path:
    return Path(path).with_suffix(".directions.json")
