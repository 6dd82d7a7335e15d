"""A generator as a list of operations."""

import numpy as np
import pytest

from utils.explorer.network import UnknownLayer, keeps_its_images_in_halves, network_of, pack
from utils.quiet import keras

layers = keras.layers


def model(*middle, name="generator"):
    z = keras.Input((10,))
    x = layers.Reshape((4, 4, 3))(layers.Dense(48)(z))
    for layer in middle:
        x = layer(x)
    return keras.Model(z, x, name=name)


def operations(generator):
    return [operation["op"] for operation in network_of(generator).operations]


def test_layers_are_listed_in_order_and_training_s_are_left_out():
    generator = model(layers.Dropout(0.5), layers.Conv2DTranspose(3, 4, 2, "same", activation="tanh"))
    assert operations(generator) == ["dense", "reshape", "conv2d_transpose", "activation"]


def test_a_model_inside_a_model_is_opened():
    inner = keras.Sequential([layers.Input((4, 4, 3)), layers.Conv2D(3, 3, padding="same"), layers.LeakyReLU()])
    assert operations(model(inner)) == ["dense", "reshape", "conv2d", "activation"]


def test_a_sequential_model_is_the_same_list():
    stack = [layers.Input((10,)), layers.Dense(48), layers.Reshape((4, 4, 3)), layers.UpSampling2D()]
    assert operations(keras.Sequential(stack)) == ["dense", "reshape", "upsample"]


@pytest.mark.parametrize(
    "layer",
    [
        layers.DepthwiseConv2D(3, name="odd_one"),
        layers.Conv2D(3, 3, padding="same", groups=3, name="odd_one"),
        layers.Conv2DTranspose(3, 4, 2, "valid", name="odd_one"),
        layers.UpSampling2D(interpolation="bicubic", name="odd_one"),
        layers.ReLU(max_value=3, name="odd_one"),
        layers.Softmax(axis=[1, 2], name="odd_one"),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_what_the_browser_does_not_know_is_refused_by_name(layer):
    with pytest.raises(UnknownLayer, match=r"odd_one.*make explore"):
        network_of(model(layer))


def test_an_unknown_activation_is_refused_by_name():
    with pytest.raises(UnknownLayer, match="mish"):
        network_of(model(layers.Activation("mish")))


def test_a_model_of_a_class_of_its_own_is_refused_by_name():
    class Mine(keras.Model):
        def call(self, z):
            return z

    with pytest.raises(UnknownLayer, match="Mine"):
        network_of(Mine())


def test_small_networks_travel_whole():
    description, weights = pack(model())
    kernel = description["weights"][0]
    assert kernel["type"] == "float32"
    values = np.frombuffer(weights, "<f4", 480, kernel["offset"]).reshape(kernel["shape"])
    assert values.shape == (10, 48) and np.abs(values).max() > 0


def large(scale):
    z = keras.Input((100,))
    initial = keras.initializers.RandomNormal(stddev=scale, seed=1)
    x = layers.Dense(64 * 64 * 3, activation="tanh", kernel_initializer=initial)(z)
    return keras.Model(z, layers.Reshape((64, 64, 3))(x))


def test_large_kernels_travel_in_halves_where_the_images_stay_the_same():
    generator = large(0.02)
    before = generator.get_weights()[0]
    description, weights = pack(generator)
    assert [weight["type"] for weight in description["weights"]] == ["float16", "float16"]
    assert len(weights) < before.nbytes * 0.51
    assert (generator.get_weights()[0] == before).all()  # the generator itself is as it was


@pytest.mark.parametrize("scale", [5.0, 1e5])  # differences beyond a grey level, and beyond the range of halves
def test_kernels_travel_whole_where_halves_would_change_the_images(scale):
    assert not keeps_its_images_in_halves(large(scale))
