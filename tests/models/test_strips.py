"""A generator of strips: lines run from edge to edge, each is somewhere, and the latent vector moves it."""

import keras
import numpy as np
import pytest
from keras import ops

from models.networks import build_generator

OPTIONS = {"modulation": [4], "places": 2, "seed": 1}


def latent(n):
    return np.random.default_rng(0).normal(size=(n, 8)).astype("float32")


def silence(generator, *names):
    for layer in (generator.get_layer(f"generator_{name}") for name in names):
        layer.set_weights([np.zeros_like(weights) for weights in layer.get_weights()])


@pytest.mark.parametrize(
    "upsample, strides, filters",
    [([1, 1], [4, 2], [4, 3]), ([2, 1], [1, 3], [4, 3]), ([1, 2], [2, 1], [4, 1]), ([1], [4], [3])],
)
def test_images_are_as_large_as_those_of_the_generator_of_pictures(upsample, strides, filters):
    arguments = (8, (2, 3, 4), upsample, filters, [6] * len(filters), strides)
    strips, pictures = build_generator(*arguments, **OPTIONS), build_generator(*arguments)
    assert strips.output_shape == pictures.output_shape
    images = ops.convert_to_numpy(strips(latent(3)))
    assert images.shape == (3, *pictures.output_shape[1:]) and np.abs(images).max() <= 1


def test_what_runs_down_and_what_runs_across_is_all_that_there_is():
    generator = build_generator(8, (2, 3, 4), [1, 1], [4, 3], [6, 6], [4, 2], **OPTIONS)

    def spans():
        """How far the images change down and across."""
        images = ops.convert_to_numpy(generator(latent(2)))
        return [np.ptp(images, axis=axis).max() for axis in (1, 2)]

    down, across = spans()
    assert down > 0 and across > 0
    silence(generator, "across_spread")
    down, across = spans()
    assert down > 0 and across == 0
    silence(generator, "down_spread")
    assert spans() == [0, 0]


def test_every_place_is_somewhere_on_its_strip_and_nothing_else_is_marked():
    generator = build_generator(8, (4, 4, 4), [1, 1], [4, 3], [6, 2], [4, 2], **OPTIONS)
    silence(generator, "across_spread")  # nothing is left but the marks on strips that run down
    generator.get_layer("generator_down_certainty").scale = 1e9  # fresh weights hardly choose
    shares = keras.Model(generator.input, generator.get_layer("generator_down_place").output)(latent(20))
    shares = ops.convert_to_numpy(shares)
    assert shares.shape == (20, 32, 1, 2) and np.allclose(shares.sum(axis=1), 1, atol=1e-5)
    assert len(set(shares[..., 0, 0].argmax(axis=1))) > 3  # the latent vector moves them
    for name in ("down_mark", "down_marks", "down_spread", "pixels", "pixels_last"):  # fresh weights hardly draw
        layer = generator.get_layer(f"generator_{name}")
        layer.set_weights([30 * weights for weights in layer.get_weights()])
    images = ops.convert_to_numpy(generator(latent(20)))
    for image, marked in zip(images[:, :, 0], shares[:, :, 0].max(axis=2) > 1e-3, strict=True):
        away = ~(marked | np.roll(marked, 1) | np.roll(marked, -1))  # the kernel reaches one pixel further
        assert np.ptp(image[away], axis=0).max() < 1e-4 < np.ptp(image, axis=0).max()


def test_hills_stand_where_the_latent_vector_puts_them_and_are_not_taught():
    generator = build_generator(8, (4, 4, 4), [1, 1], [4, 3], [6, 2], [4, 2], **OPTIONS)
    silence(generator, "across_places")  # the strip says nothing, hills alone choose
    names = ("across_top", "across_place")
    tops, shares = keras.Model(generator.input, [generator.get_layer(f"generator_{name}").output for name in names])(
        latent(50)
    )
    tops, shares = (ops.convert_to_numpy(x) for x in (tops[:, 0, 0], shares[:, 0]))  # (50, 2), (50, 32, 2)
    expected = np.abs(np.linspace(-1.7, 1.7, 32)[None, :, None] - tops[:, None]).argmin(axis=1)
    assert np.array_equal(shares.argmax(axis=1), expected) and np.ptp(expected) > 8
    assert not generator.get_layer("generator_across_hills").trainable_variables
