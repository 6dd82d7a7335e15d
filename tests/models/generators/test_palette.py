"""A generator of flat colours has these alone, and is as sure of them as it is told to be."""

import numpy as np
import pytest
from keras import ops

from models.engine.saving import with_weights_of
from models.generators import build_generator
from utils.latent.temperature import inverse_temperature_of, set_inverse_temperature


@pytest.mark.parametrize("channels", [1, 3])
def test_inks_are_the_only_colours_and_start_at_the_corners(channels):
    generator = build_generator(8, (2, 2, 4), [1, 1], [4, channels], [4, 4], [2, 2], inks=2**channels, seed=1)
    assert generator.output_shape == (None, 8, 8, channels)
    (colors,) = generator.get_layer("generator_inks").get_weights()
    assert len(np.unique(colors[0, 0], axis=0)) == 2**channels and set(np.unique(colors)) == {-1, 1}
    last = generator.get_layer("generator_conv_1")
    last.set_weights([1e6 * weights for weights in last.get_weights()])  # sure of every pixel
    images = ops.convert_to_numpy(generator(np.random.default_rng(0).normal(size=(9, 8)).astype("float32")))
    assert (np.abs(np.abs(images) - 1) < 0.01).mean() > 0.9 and len(np.unique(np.sign(images))) == 2


def test_a_surer_choice_leaves_fewer_mixed_pixels():
    generator = build_generator(8, (2, 2, 4), [1, 1], [4, 3], [4, 4], [2, 2], inks=8, seed=1)
    z = np.random.default_rng(0).normal(size=(9, 8)).astype("float32")
    mixed = [
        (np.abs(ops.convert_to_numpy(set_inverse_temperature(generator, certainty)(z))) < 0.9).mean()
        for certainty in (1e3, 1e5, 1e7)  # fresh weights hardly choose
    ]
    assert mixed[0] > mixed[1] > mixed[2]
    copy = build_generator(8, (2, 2, 4), [1, 1], [4, 3], [4, 4], [2, 2], inks=8)
    assert inverse_temperature_of(with_weights_of(generator, copy)) == 1e7
