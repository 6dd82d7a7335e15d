"""The directions that a page offers: found ones, named ones, or those of the generator's first layer."""

from collections.abc import Iterable, Mapping

import numpy as np

from utils.latent.directions import Direction, closed_form_directions

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
