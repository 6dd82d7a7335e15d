"""The two networks of the published WGAN-GP: a critic that judges images, a generator that makes them.

Both are functional Keras models of stock layers, so that a saved one opens with `keras.models.load_model` alone.
While they train, two things differ from what is saved, and `stock=True` leaves both out: the arithmetic (a dtype policy
such as `mixed_bfloat16`), and two layers that give the numbers of their stock twins in less time, `PiecewiseLinear` for
LeakyReLU and `PhasedConv2DTranspose` for Conv2DTranspose.

Names of layers are the original's: critic_input, critic_conv_0 ..., generator_input, generator_conv_0 ...
"""

import keras
import numpy as np
from keras import layers, ops

LEAKY_SLOPE = 0.2  # the original's
WEIGHT_DEVIATION = 0.02  # weights start from N(0, 0.02), as in the original


@keras.saving.register_keras_serializable(package="trois_lignes")
class PiecewiseLinear(layers.LeakyReLU):
    """LeakyReLU whose slope is a constant to the derivative.

    The gradient penalty differentiates twice. LeakyReLU's second derivative is zero, but TensorFlow does not know it:
    it multiplies by zeros, back through the whole critic. With the slope stopped, that walk is never taken.
    """

    def call(self, inputs):
        slope = ops.where(inputs > 0, ops.cast(1, inputs.dtype), ops.cast(self.negative_slope, inputs.dtype))
        return inputs * ops.stop_gradient(slope)


@keras.saving.register_keras_serializable(package="trois_lignes")
class PhasedConv2DTranspose(layers.Conv2DTranspose):
    """Conv2DTranspose of stride 2 as one plain convolution, for kernels of 2, 6, 10 ... and padding `same`.

    Every second row and column of the output sees every second row and column of the kernel. The four phases are
    therefore four convolutions of half the kernel's size over the small input; computed as one with four times the
    filters, whose channels are then laid out as 2 x 2 pixels. The numbers, weights and files are Conv2DTranspose's;
    processors are quicker at it, several times so where the output has few channels.
    """

    @staticmethod
    def fits(kernel_size, strides):
        return strides == 2 and kernel_size % 4 == 2

    def call(self, inputs):
        size = self.kernel_size[0] // 2
        _, height, width, channels = inputs.shape
        kernel = ops.reshape(self.kernel, (size, 2, size, 2, self.filters, channels))  # rows, row phase, columns, ...
        kernel = ops.flip(ops.flip(kernel, axis=0), axis=2)  # one by one: Keras 3.8 takes no tuple here
        kernel = ops.transpose(kernel, (0, 2, 5, 1, 3, 4))
        kernel = ops.reshape(kernel, (size, size, channels, 4 * self.filters))
        outputs = ops.conv(inputs, kernel, strides=1, padding="same")  # (n, height, width, 2 * 2 * filters)
        outputs = ops.reshape(outputs, (-1, height, width, 2, 2, self.filters))
        outputs = ops.transpose(outputs, (0, 1, 3, 2, 4, 5))
        return ops.reshape(outputs, (-1, 2 * height, 2 * width, self.filters)) + self.bias


class LayerMaker:
    """Makes the layers that both networks are built of, with one dtype policy and one row of random seeds."""

    def __init__(self, dtype="float32", stock=True, seed=None):
        self.dtype = dtype
        self.stock = stock
        self.seeds = np.random.default_rng(seed) if seed is not None else None

    def initializer(self):
        seed = None if self.seeds is None else int(self.seeds.integers(2**31))
        return keras.initializers.RandomNormal(0.0, WEIGHT_DEVIATION, seed=seed)

    def activation(self, name):
        if name == "leaky_relu":
            kind = layers.LeakyReLU if self.stock else PiecewiseLinear
            return kind(negative_slope=LEAKY_SLOPE, dtype=self.dtype)
        return layers.Activation(name, dtype=self.dtype)

    def batch_normalization(self, momentum):
        return layers.BatchNormalization(momentum=momentum, dtype=self.dtype)

    def conv(self, filters, kernel_size, strides, name, transpose=False):
        kind = layers.Conv2D
        if transpose:
            phased = not self.stock and PhasedConv2DTranspose.fits(kernel_size, strides)
            kind = PhasedConv2DTranspose if phased else layers.Conv2DTranspose
        return kind(
            filters,
            kernel_size,
            strides=strides,
            padding="same",
            kernel_initializer=self.initializer(),
            dtype=self.dtype,
            name=name,
        )

    def dense(self, units, dtype=None):
        return layers.Dense(units, kernel_initializer=self.initializer(), dtype=dtype or self.dtype)


def build_critic(
    input_dim,
    conv_filters,
    conv_kernel_size,
    conv_strides,
    batch_norm_momentum=None,
    activation="leaky_relu",
    dropout_rate=None,
    **making,
):
    """The critic: strided convolutions down to a vector, then one score.

    Args:
        input_dim: (height, width, channels) of an image in [-1, 1].
        conv_filters, conv_kernel_size, conv_strides: one number a layer.
        batch_norm_momentum: None for no batch normalisation, as published (the penalty wants scores of single images).
        activation: `leaky_relu`, or any name that Keras knows.
        dropout_rate: None for none.
        **making: `dtype`, `stock`, `seed` of `LayerMaker`.

    Returns:
        A functional Keras model (n, height, width, channels) -> float32 (n, 1), unbounded.
    """
    make = LayerMaker(**making)
    x = image = layers.Input(tuple(input_dim), name="critic_input")
    for i, (filters, kernel_size, strides) in enumerate(zip(conv_filters, conv_kernel_size, conv_strides, strict=True)):
        # (n, height, width, channels) -> (n, height / stride, width / stride, filters)
        x = make.conv(filters, kernel_size, strides, f"critic_conv_{i}")(x)
        if batch_norm_momentum and i > 0:
            x = make.batch_normalization(batch_norm_momentum)(x)
        x = make.activation(activation)(x)
        if dropout_rate:
            x = layers.Dropout(dropout_rate, dtype=make.dtype)(x)
    x = layers.Flatten(dtype=make.dtype)(x)
    return keras.Model(image, make.dense(1, dtype="float32")(x), name="critic")


def build_generator(
    z_dim,
    initial_dense_layer_size,
    upsample,
    conv_filters,
    conv_kernel_size,
    conv_strides,
    batch_norm_momentum=0.9,
    activation="leaky_relu",
    dropout_rate=None,
    **making,
):
    """The generator: one dense layer to a small picture, then convolutions that enlarge it.

    Args:
        z_dim: length of the latent vector.
        initial_dense_layer_size: (height, width, channels) of the small picture.
        upsample: one number a layer; 2 means UpSampling2D and Conv2D, anything else Conv2DTranspose with the stride.
        conv_filters, conv_kernel_size, conv_strides: one number a layer; the last filters are the image's channels.
        batch_norm_momentum: None for no batch normalisation.
        activation: `leaky_relu`, or any name that Keras knows; the image itself comes out of tanh.
        dropout_rate: None for none.
        **making: `dtype`, `stock`, `seed` of `LayerMaker`.

    Returns:
        A functional Keras model (n, z_dim) -> float32 (n, height, width, channels) in [-1, 1].
    """
    make = LayerMaker(**making)

    def normalised_and_activated(x):
        if batch_norm_momentum:
            x = make.batch_normalization(batch_norm_momentum)(x)
        return make.activation(activation)(x)

    z = layers.Input((z_dim,), name="generator_input")
    x = make.dense(int(np.prod(initial_dense_layer_size)))(z)
    x = normalised_and_activated(x)
    # (n, height * width * channels) -> (n, height, width, channels): (n, 8, 8, 512) as published
    x = layers.Reshape(tuple(initial_dense_layer_size), dtype=make.dtype, name="generator_reshape")(x)
    if dropout_rate:
        x = layers.Dropout(dropout_rate, dtype=make.dtype)(x)
    rows = list(zip(upsample, conv_filters, conv_kernel_size, conv_strides, strict=True))
    for i, (enlarge, filters, kernel_size, strides) in enumerate(rows):
        if enlarge == 2:
            x = layers.UpSampling2D(dtype=make.dtype)(x)
            x = make.conv(filters, kernel_size, 1, f"generator_conv_{i}")(x)
        else:
            x = make.conv(filters, kernel_size, strides, f"generator_conv_{i}", transpose=True)(x)
        if i < len(rows) - 1:
            x = normalised_and_activated(x)  # (n, 2 * height, 2 * width, filters)
    return keras.Model(z, layers.Activation("tanh", dtype="float32")(x), name="generator")
