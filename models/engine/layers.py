"""The layers of critics, encoders and generators, and `LayerMaker`, which makes them.

Networks in training differ from saved ones in two respects: the dtype policy, such as `mixed_bfloat16`, and four layers
that compute the same numbers as their stock counterparts in less time: `QuickConv2D` for Conv2D,
`PhasedConv2DTranspose` for Conv2DTranspose, `PiecewiseLinear` for LeakyReLU and `QuickBatchNormalization`.
`stock=True` makes the stock layers.
"""

import keras
import numpy as np
from keras import layers, ops

from models.engine.backend import convolve, leaky_relu, normalise

LEAKY_SLOPE = 0.2  # the original's
WEIGHT_DEVIATION = 0.02  # weights start from N(0, 0.02), as in the original


@keras.saving.register_keras_serializable(package="trois_lignes")
class PiecewiseLinear(layers.LeakyReLU):
    """LeakyReLU by `models.engine.backend.leaky_relu`, whose second derivative costs nothing."""

    def call(self, inputs):
        return leaky_relu(inputs, self.negative_slope)


@keras.saving.register_keras_serializable(package="trois_lignes")
class PhasedConv2DTranspose(layers.Conv2DTranspose):
    """Conv2DTranspose as one plain convolution, where the kernel is an odd multiple of the stride; padding `same`.

    With a stride of 2, for kernels of 2, 6, 10 ..., every second row and column of the output uses every second row and
    column of the kernel. The four phases are therefore four convolutions of half the kernel's size over the small
    input, computed as one with four times the filters, whose channels are then rearranged into 2 x 2 pixels. Other
    strides work alike. Results, weights and files are Conv2DTranspose's. CPUs compute it faster, most of all where the
    output has few channels (benchmarks/LOG.md, "Training step").
    """

    @staticmethod
    def fits(kernel_size, strides):
        """Whether a kernel of `kernel_size` x `kernel_size` with this stride is an odd multiple of it."""
        return strides > 1 and kernel_size % strides == 0 and kernel_size // strides % 2 == 1

    def call(self, inputs):
        step = self.strides[0]
        size = self.kernel_size[0] // step
        _, height, width, channels = inputs.shape
        # (rows, row phase, columns, column phase, filters, channels)
        kernel = ops.reshape(self.kernel, (size, step, size, step, self.filters, channels))
        kernel = ops.flip(ops.flip(kernel, axis=0), axis=2)  # one axis at a time: Keras 3.8 refuses a tuple
        kernel = ops.transpose(kernel, (0, 2, 5, 1, 3, 4))
        kernel = ops.reshape(kernel, (size, size, channels, step * step * self.filters))
        outputs = convolve(inputs, kernel, strides=1)  # (n, height, width, step * step * filters)
        outputs = ops.reshape(outputs, (-1, height, width, step, step, self.filters))
        outputs = ops.transpose(outputs, (0, 1, 3, 2, 4, 5))
        return ops.reshape(outputs, (-1, step * height, step * width, self.filters)) + self.bias


@keras.saving.register_keras_serializable(package="trois_lignes")
class QuickConv2D(layers.Conv2D):
    """Conv2D by `models.engine.backend.convolve`, whose gradient is faster on some CPUs; padding `same`."""

    def call(self, inputs):
        return convolve(inputs, self.kernel, self.strides[0]) + self.bias


@keras.saving.register_keras_serializable(package="trois_lignes")
class QuickBatchNormalization(layers.BatchNormalization):
    """BatchNormalization by `models.engine.backend.normalise`.

    Only for feature maps, in training, on one device; otherwise Keras' own.
    """

    def call(self, inputs, training=None, mask=None):
        if not training or self.synchronized or len(inputs.shape) != 4:
            return super().call(inputs, training=training, mask=mask)
        outputs, mean, variance = normalise(inputs, self.gamma, self.beta, self.epsilon)
        for moving, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(self.momentum * moving.value + (1 - self.momentum) * value)
        return outputs


class LayerMaker:
    """Makes the layers of a network, with one dtype policy and one sequence of random seeds.

    Args:
        dtype: dtype or policy of the layers.
        stock: whether to make stock Keras layers only, as in saved files.
        seed: int for reproducible initial weights; None for random ones.
    """

    def __init__(self, dtype="float32", stock=True, seed=None):
        self.dtype = dtype
        self.stock = stock
        self.seeds = np.random.default_rng(seed) if seed is not None else None

    def seed(self):
        """The seed of the next initializer, an int; None without a seed."""
        return None if self.seeds is None else int(self.seeds.integers(2**31))

    def initializer(self):
        """The published initializer, N(0, 0.02)."""
        return keras.initializers.RandomNormal(0.0, WEIGHT_DEVIATION, seed=self.seed())

    def activation(self, name):
        if name == "leaky_relu":
            kind = layers.LeakyReLU if self.stock else PiecewiseLinear
            return kind(negative_slope=LEAKY_SLOPE, dtype=self.dtype)
        return layers.Activation(name, dtype=self.dtype)

    def batch_normalization(self, momentum):
        kind = layers.BatchNormalization if self.stock else QuickBatchNormalization
        return kind(momentum=momentum, dtype=self.dtype)

    def conv(self, filters, kernel_size, strides, name, transpose=False):
        quick = not self.stock and isinstance(kernel_size, int)  # square kernels only
        kind = QuickConv2D if quick else layers.Conv2D
        if transpose:
            phased = quick and PhasedConv2DTranspose.fits(kernel_size, strides)
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

    def dense(self, units, dtype=None, name=None, **options):
        options = {"kernel_initializer": self.initializer(), "dtype": dtype or self.dtype, **options}
        return layers.Dense(units, name=name, **options)

    def style(self, z, widths, activation):
        """Dense layers from the latent vector to the style of `modulated`: (n, z_dim) -> (n, 1, 1, widths[-1])."""
        for i, width in enumerate(widths):
            kernel = keras.initializers.HeNormal(seed=self.seed())  # large enough to matter from the first step on
            z = self.dense(width, name=f"generator_style_{i}", kernel_initializer=kernel)(z)
            z = self.activation(activation)(z)
        return layers.Reshape((1, 1, widths[-1]), dtype=self.dtype, name="generator_style")(z)

    def modulated(self, x, style, name):
        """Scale and shift the channels of feature maps by a style.

        This is the self-modulation of Chen et al., "On Self Modulation for Generative Adversarial Networks", 2019.

        Args:
            x: tensor (n, height, width, channels).
            style: tensor (n, 1, 1, width), of `LayerMaker.style`.
            name: suffix of the layers' names.

        Returns:
            A tensor shaped like x.
        """
        channels = x.shape[-1]
        scale = self.dense(channels, name=f"generator_scale_{name}", bias_initializer="ones")(style)
        shift = self.dense(channels, name=f"generator_shift_{name}")(style)  # (n, 1, 1, channels)
        x = layers.Multiply(dtype=self.dtype)([x, scale])
        return layers.Add(dtype=self.dtype)([x, shift])


def check_layers(network, filters, kernel_size, strides, upsample=None):
    """Check that the lists of a network's arguments have one number per layer.

    Args:
        network: prefix of the arguments' names, e.g. "critic".
        filters, kernel_size, strides, upsample: lists; upsample may be None.

    Raises:
        ValueError: empty lists, or lists of unequal length.
    """
    if not len(filters) == len(kernel_size) == len(strides) > 0:
        raise ValueError(
            f"{network}_conv_filters, {network}_conv_kernel_size and {network}_conv_strides need one number a layer, "
            f"the same count in each; they have {len(filters)}, {len(kernel_size)} and {len(strides)}."
        )
    if upsample is not None and len(upsample) != len(filters):
        raise ValueError(f"{network}_upsample needs one number a layer: {len(filters)}, not {len(upsample)}.")
