"""Planes in latent spaces are the right ones, and the pictures of a comparison are drawn."""

import numpy as np
import pytest
from PIL import Image

from utils.latent.comparison import (
    Attribute,
    attributes,
    nearest_vectors,
    plane_of_directions,
    principal_plane,
    show_manifolds,
    show_maps,
    show_rows,
)


@pytest.fixture
def vectors():
    """Vectors that spread by 3 along the second axis, by 2 along the first, and little elsewhere."""
    return (np.random.default_rng(0).normal(size=(4000, 5)) * [2, 3, 0.1, 0.1, 0.1] + 7).astype("float32")


def test_the_principal_plane_is_where_vectors_spread_most(vectors):
    plane = principal_plane(vectors)
    assert np.allclose(plane.middle, 7, atol=0.2)
    assert np.allclose(np.abs(plane.axes[:, :2]), [[0, 3], [2, 0]], atol=0.2)
    assert np.allclose(plane.shares[:2], [9 / 13, 4 / 13], atol=0.02)


def test_coordinates_are_in_deviations_and_lead_back_to_points(vectors):
    plane = principal_plane(vectors)
    assert np.allclose(plane.coordinates(vectors).std(axis=0), 1, atol=0.01)
    somewhere = np.array([[0.5, -1.5], [2, 0]])
    assert np.allclose(plane.coordinates(plane.points(somewhere)), somewhere, atol=1e-5)


def test_two_directions_are_made_to_stand_at_right_angles():
    plane = plane_of_directions(np.array([1.0, 0, 0]), np.array([0.6, 0.8, 0]))
    assert np.allclose(plane.axes, [[1, 0, 0], [0, 1, 0]])
    assert np.allclose(plane.middle, 0)


def test_the_pictures_are_drawn(vectors, tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3), dtype=np.uint8)
    plane = principal_plane(vectors)

    def generator(z):
        return np.tanh(z[:, :1, None, None]) * np.ones((1, 8, 8, 3), np.float32)

    known = [
        Attribute("where", np.arange(20)),
        Attribute("colour", np.arange(20) % 4, palette=True),
        Attribute("kind", np.arange(20) % 2, names=("a", "b")),
    ]
    drawn = [
        show_rows({"one": images, "other": images[:2] / 127.5 - 1}, tmp_path / "rows.png", show=False),
        show_maps({"a": vectors[:20]}, {"a": plane}, known, tmp_path / "map.png", show=False),
        show_manifolds({"a": generator, "b": generator}, {"a": plane, "b": plane}, 3, tmp_path / "m.png", show=False),
    ]
    for path in drawn:
        with Image.open(path) as picture:
            assert np.asarray(picture.convert("L")).std() > 1


def test_an_image_lies_at_the_vector_whose_image_is_nearest():
    def generator(z):  # the image is as bright as the first number says
        return np.tanh(z[:, :1, None, None]) * np.ones((1, 8, 8, 1), np.float32)

    generator.input_shape = (None, 3)
    greys = np.uint8([20, 128, 240])
    found = nearest_vectors(generator, greys[:, None, None, None] * np.ones((1, 8, 8, 1), np.uint8), seed=0)
    assert np.allclose(np.tanh(found[:, 0]) * 127.5 + 127.5, greys, atol=3)


def test_a_map_shows_what_is_known_and_else_what_the_images_tell():
    images = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 1), dtype=np.uint8)
    drawn = {"x": np.arange(6), "color_x": np.arange(6) % 4, "color_y2": np.arange(6) % 4}
    assert [one.palette for one in attributes(images, drawn, {})] == [True, True, False]
    named = attributes(images, {"class": np.arange(6) % 2}, {"class": ["hats", "shoes"]})
    assert named[0].names == ("hats", "shoes") and len(named) == 3
    assert [one.names for one in attributes(images, {}, {})] == [(), (), ()]
