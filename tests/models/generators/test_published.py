"""The published generator and its critic have the published shapes; a latent vector may modulate its layers."""

import keras
import numpy as np
import pytest
from keras import ops

from models.critic import build_critic
from models.generators import build_generator
from models.recipes import published
from models.WGANGP import WGANGP


@pytest.mark.parametrize("name", ["readme", "notebook"])
def test_published_parameters_give_the_published_shapes(name):
    kernels = {"readme": (5, 10), "notebook": (3, 6)}[name]
    parameters = published(name, divide=8)
    assert parameters["critic_conv_filters"] == [16, 32, 64, 128]
    model = WGANGP(**parameters, precision="float32")
    critic, generator = model.critic, model.generator
    assert critic.input_shape == generator.output_shape == (None, 128, 128, 3)
    assert generator.input_shape == (None, 100) and critic.output_shape == (None, 1)
    assert generator.get_layer("generator_reshape").output.shape == (None, 8, 8, 64)
    assert {critic.get_layer(f"critic_conv_{i}").kernel_size for i in range(4)} == {(kernels[0],) * 2}
    assert {generator.get_layer(f"generator_conv_{i}").kernel_size for i in range(4)} == {(kernels[1],) * 2}
    assert [critic.get_layer(f"critic_conv_{i}").output.shape[1] for i in range(4)] == [64, 32, 16, 8]


def test_published_parameters_are_complete():
    parameters = published("readme")
    assert parameters["critic_conv_filters"] == [128, 256, 512, 1024]
    assert parameters["generator_conv_filters"] == [512, 256, 128, 3]
    assert parameters["generator_initial_dense_layer_size"] == [8, 8, 512]


def test_unknown_parameter_set_is_refused_by_name():
    with pytest.raises(ValueError, match="'paper'"):
        published("paper")
    with pytest.raises(ValueError, match="divide is 3"):
        published("readme", divide=3)


def test_upsampling_layers_and_grey_images_of_28_pixels():
    generator = build_generator(8, (7, 7, 4), [2, 2], [4, 1], [3, 3], [1, 1])
    critic = build_critic((28, 28, 1), [4, 8], [3, 3], [2, 2])
    assert generator.output_shape == critic.input_shape == (None, 28, 28, 1)
    kinds = [type(layer).__name__ for layer in generator.layers]
    assert kinds.count("UpSampling2D") == 2 and "Conv2DTranspose" not in kinds


def test_the_latent_vector_scales_and_shifts_the_channels_of_each_layer():
    generator = build_generator(8, (2, 2, 4), [1, 1], [4, 3], [4, 4], [2, 2], modulation=[6, 5], seed=1)
    assert [generator.get_layer(f"generator_style_{i}").units for i in range(2)] == [6, 5]
    names = [layer.name for layer in generator.layers]
    assert sum(name.startswith("generator_scale") for name in names) == 1  # the last layer's are the image itself
    head = keras.Model(generator.input, [generator.get_layer(f"generator_{x}_0").output for x in ("scale", "shift")])
    scale, shift = head(np.random.default_rng(0).normal(size=(200, 8)).astype("float32"))
    assert scale.shape == shift.shape == (200, 1, 1, 4)
    assert np.abs(ops.convert_to_numpy(scale) - 1).max() < 0.5 > np.abs(ops.convert_to_numpy(shift)).max()
    z = np.random.default_rng(1).normal(size=(2, 8)).astype("float32")
    before = ops.convert_to_numpy(generator(z))
    zeros = [np.zeros(shape, "float32") for shape in ((5, 4), (4,))]
    for name in ("scale", "shift"):
        generator.get_layer(f"generator_{name}_0").set_weights(zeros)
    after = ops.convert_to_numpy(generator(z))
    assert np.ptp(after) == 0 < np.ptp(before)  # nothing of the picture is left
