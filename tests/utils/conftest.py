import numpy as np
import pytest


@pytest.fixture(scope="session")
def tiny_generator():
    """A generator of 6 values to images of 16 x 16, built like the big ones, with weights that give it contrast."""
    from utils.quiet import keras

    keras.utils.set_random_seed(1)
    layers = keras.layers
    weights = keras.initializers.RandomNormal(stddev=0.4)
    generator = keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(4 * 4 * 8, kernel_initializer=weights),
            layers.BatchNormalization(),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Reshape((4, 4, 8)),
            layers.Conv2DTranspose(8, 4, strides=2, padding="same", kernel_initializer=weights),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Conv2DTranspose(3, 4, strides=2, padding="same", kernel_initializer=weights),
            layers.Activation("tanh"),
        ]
    )
    generator.predict_on_batch(np.zeros((1, 6), np.float32))
    return generator
