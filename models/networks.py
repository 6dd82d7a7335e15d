"""The two networks of the published WGAN-GP: a critic that judges images, a generator that makes them.

Both are functional Keras models of stock layers, so that a saved one opens with `keras.models.load_model` alone.
While they train, two things differ from what is saved, and `stock=True` leaves both out: the arithmetic (a dtype policy
such as `mixed_bfloat16`), and four layers that give the numbers of their stock twins in less time: `QuickConv2D` for
Conv2D, `PhasedConv2DTranspose` for Conv2DTranspose, `PiecewiseLinear` for LeakyReLU and `QuickBatchNormalization`.

Names of layers are the original's: critic_input, critic_conv_0 ..., generator_input, generator_conv_0 ...
"""

import itertools

import keras
import numpy as np
from keras import layers, ops

from models.gradients import convolve, leaky_relu, normalise
from models.strokes import Strokes

LEAKY_SLOPE = 0.2  # the original's
WEIGHT_DEVIATION = 0.02  # weights start from N(0, 0.02), as in the original
INK_CERTAINTY = 10.0  # multiplies what chooses among inks; half-trained, 45 % of images keep the rules by 3, 51 % by 12
SURER = 100.0  # how much more surely a moving average chooses, which is not taught: nearly every pixel is of one ink
CERTAINTY, DECISION = "generator_certainty", "generator_decision"  # layers that multiply, their names or beginnings


@keras.saving.register_keras_serializable(package="trois_lignes")
class PiecewiseLinear(layers.LeakyReLU):
    """LeakyReLU by `models.gradients.leaky_relu`, which is not differentiated twice in vain."""

    def call(self, inputs):
        return leaky_relu(inputs, self.negative_slope)


@keras.saving.register_keras_serializable(package="trois_lignes")
class PhasedConv2DTranspose(layers.Conv2DTranspose):
    """Conv2DTranspose as one plain convolution, where the kernel is an odd multiple of the stride; padding `same`.

    With a stride of 2, for kernels of 2, 6, 10 ..., every second row and column of the output sees every second row and
    column of the kernel. The four phases are therefore four convolutions of half the kernel's size over the small
    input; computed as one with four times the filters, whose channels are then laid out as 2 x 2 pixels. Other strides
    likewise. The numbers, weights and files are Conv2DTranspose's; processors are quicker at it, several times so where
    the output has few channels.
    """

    @staticmethod
    def fits(kernel_size, strides):
        return strides > 1 and kernel_size % strides == 0 and kernel_size // strides % 2 == 1

    def call(self, inputs):
        step = self.strides[0]
        size = self.kernel_size[0] // step
        _, height, width, channels = inputs.shape
        # (rows, row phase, columns, column phase, filters, channels)
        kernel = ops.reshape(self.kernel, (size, step, size, step, self.filters, channels))
        kernel = ops.flip(ops.flip(kernel, axis=0), axis=2)  # one by one: Keras 3.8 takes no tuple here
        kernel = ops.transpose(kernel, (0, 2, 5, 1, 3, 4))
        kernel = ops.reshape(kernel, (size, size, channels, step * step * self.filters))
        outputs = convolve(inputs, kernel, strides=1)  # (n, height, width, step * step * filters)
        outputs = ops.reshape(outputs, (-1, height, width, step, step, self.filters))
        outputs = ops.transpose(outputs, (0, 1, 3, 2, 4, 5))
        return ops.reshape(outputs, (-1, step * height, step * width, self.filters)) + self.bias


@keras.saving.register_keras_serializable(package="trois_lignes")
class QuickConv2D(layers.Conv2D):
    """Conv2D by `models.gradients.convolve`, whose way back is quicker on some processors; padding `same`."""

    def call(self, inputs):
        return convolve(inputs, self.kernel, self.strides[0]) + self.bias


@keras.saving.register_keras_serializable(package="trois_lignes")
class QuickBatchNormalization(layers.BatchNormalization):
    """BatchNormalization of pictures by `models.gradients.normalise` while it trains on one device; else as it is."""

    def call(self, inputs, training=None, mask=None):
        if not training or self.synchronized or len(inputs.shape) != 4:
            return super().call(inputs, training=training, mask=mask)
        outputs, mean, variance = normalise(inputs, self.gamma, self.beta, self.epsilon)
        self.moving_mean.assign(self.momentum * self.moving_mean + (1 - self.momentum) * mean)
        self.moving_variance.assign(self.momentum * self.moving_variance + (1 - self.momentum) * variance)
        return outputs


class LayerMaker:
    """Makes the layers that both networks are built of, with one dtype policy and one row of random seeds."""

    def __init__(self, dtype="float32", stock=True, seed=None):
        self.dtype = dtype
        self.stock = stock
        self.seeds = np.random.default_rng(seed) if seed is not None else None

    def seed(self):
        return None if self.seeds is None else int(self.seeds.integers(2**31))

    def initializer(self):
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
        quick = not self.stock and isinstance(kernel_size, int)  # as high as wide
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
        """Dense layers from the latent vector to what `modulated` looks at; (n, z_dim) -> (n, 1, 1, widths[-1])."""
        for i, width in enumerate(widths):
            kernel = keras.initializers.HeNormal(seed=self.seed())  # so that it has a say from the first step on
            z = self.dense(width, name=f"generator_style_{i}", kernel_initializer=kernel)(z)
            z = self.activation(activation)(z)
        return layers.Reshape((1, 1, widths[-1]), dtype=self.dtype, name="generator_style")(z)

    def painted(self, x, inks, certainty):
        """The image (n, height, width, channels) that inks give; x (n, height, width, inks) says how much of each.

        The softmax of x shares every pixel out among the inks, most of it to one of them. `certainty` multiplies x.
        """
        return self.palette(inks)(self.chosen(x, certainty))

    def palette(self, inks, slowly=1.0):
        """A function that mixes inks: shares (n, height, width, inks) -> (n, height, width, channels).

        Each ink is a colour that is learnt, and starts from `inks`, (inks, channels). `slowly` multiplies how far a
        step moves it.
        """
        count, channels = inks.shape
        layer = layers.Conv2D(channels, 1, use_bias=False, dtype=self.dtype, name="generator_inks")
        layer.build((None, 1, 1, count))
        layer.set_weights([inks[None, None] / slowly])
        if slowly == 1:
            return layer
        scaled = layers.Rescaling(slowly, dtype=self.dtype)
        return lambda shares: scaled(layer(shares))

    def chosen(self, x, certainty, name=None, alike=False):
        """Shares that add up to 1 along the last axis, most of them at one place: the softmax of certainty * x.

        `alike` says that the choice is learnt for all images alike, and none of the latent vector's.
        """
        beginning = DECISION if alike else CERTAINTY
        names = [beginning, "generator_shares"] if name is None else [f"{beginning}_{name}", f"generator_shares_{name}"]
        x = layers.Rescaling(certainty, dtype=self.dtype, name=names[0])(x)
        return layers.Softmax(dtype=self.dtype, name=names[1])(x)

    def decided(self, x, certainty, name):
        """Numbers from 0 to 1, most of them nearly one or the other: the sigmoid of certainty * x."""
        x = layers.Rescaling(certainty, dtype=self.dtype, name=f"{DECISION}_{name}")(x)
        return layers.Activation("sigmoid", dtype=self.dtype)(x)

    def modulated(self, x, style, name):
        """Pictures (n, height, width, channels) whose channels `style` scales and shifts.

        This is the self-modulation of Chen et al., "On Self Modulation for Generative Adversarial Networks", 2019.
        """
        channels = x.shape[-1]
        scale = self.dense(channels, name=f"generator_scale_{name}", bias_initializer="ones")(style)
        shift = self.dense(channels, name=f"generator_shift_{name}")(style)  # (n, 1, 1, channels)
        x = layers.Multiply(dtype=self.dtype)([x, scale])
        return layers.Add(dtype=self.dtype)([x, shift])


def first_inks(inks, channels):
    """The colours that inks start from, in [-1, 1]: (inks, channels).

    Args:
        inks: a list of colours from 0 to 255; or how many, which are then the corners of the colour cube: black, blue,
            green ... white, eight of them for RGB. The first of a list of strokes' inks is the ground's.
        channels: 3 for RGB.
    """
    if isinstance(inks, int):
        corners = np.array(list(itertools.product((-1.0, 1.0), repeat=channels)))
        return np.resize(corners, (inks, channels))
    return np.array(inks) / 127.5 - 1


def certainty_of(network):
    """What multiplies the choice among inks in a generator; None in any other network."""
    return next((layer.scale for layer in network.layers if layer.name.startswith(CERTAINTY)), None)


def choose_surely(generator, certainty, decided=True):
    """Let a generator that paints with inks choose among them more surely; any other network stays as it is.

    To be taught, the softmax of the inks must leave some doubt. What was taught need not: with 100 in place of 10, 98 %
    of the images of a generator of pictures were of the palette's colours in place of 92 %; with 1,000 in place of 100,
    99.5 % of those of one of strokes in place of 98 % (benchmarks/LOG.md).

    Args:
        generator: of `build_generator`; it is changed, what was compiled of it before is not.
        certainty: what the softmax's inputs are multiplied by.
        decided: whether what is learnt for all images alike, such as how many strokes show, is as sure.

    Returns:
        The generator.
    """
    for layer in generator.layers:
        if layer.name.startswith((CERTAINTY, DECISION) if decided else CERTAINTY):
            layer.scale = certainty
    return generator


def check_layers(network, filters, kernel_size, strides, upsample=None):
    """Refuse lists that do not describe the same layers; `network` is what their names begin with."""
    if not len(filters) == len(kernel_size) == len(strides) > 0:
        raise ValueError(
            f"{network}_conv_filters, {network}_conv_kernel_size and {network}_conv_strides need one number a layer, "
            f"the same count in each; they have {len(filters)}, {len(kernel_size)} and {len(strides)}."
        )
    if upsample is not None and len(upsample) != len(filters):
        raise ValueError(f"{network}_upsample needs one number a layer: {len(filters)}, not {len(upsample)}.")


def check_images(generator, input_dim):
    """Refuse a generator whose layers lead to images of another shape than `input_dim`."""
    if generator.output_shape[1:] != tuple(input_dim):
        raise ValueError(
            f"The generator's layers lead to images of {generator.output_shape[1:]}, but input_dim is "
            f"{tuple(input_dim)}. Change generator_initial_dense_layer_size, generator_conv_strides, "
            f"generator_upsample or the last of generator_conv_filters."
        )


def with_weights_of(source, copy):
    """Give the network `copy` the weights of `source`, of the same shapes, and its certainty; returns `copy`."""
    copy.set_weights(source.get_weights())
    return choose_surely(copy, certainty_of(source))


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
    image = layers.Input(tuple(input_dim), name="critic_input")
    rows = zip(conv_filters, conv_kernel_size, conv_strides, strict=True)
    x = _down(make, image, "critic", rows, batch_norm_momentum, activation, dropout_rate)
    return keras.Model(image, make.dense(1, dtype="float32")(x), name="critic")


def build_encoder(
    input_dim,
    z_dim,
    conv_filters,
    conv_kernel_size,
    conv_strides,
    batch_norm_momentum=0.9,
    activation="leaky_relu",
    dropout_rate=None,
    **making,
):
    """The encoder of an autoencoder: the critic's convolutions, then a normal distribution over the latent space.

    Args:
        input_dim: (height, width, channels) of an image in [-1, 1].
        z_dim: length of the latent vector.
        conv_filters, conv_kernel_size, conv_strides: one number a layer.
        batch_norm_momentum, activation, dropout_rate, **making: as in `build_critic`.

    Returns:
        A functional Keras model (n, height, width, channels) -> [mean, log-variance], each float32 (n, z_dim).
    """
    make = LayerMaker(**making)
    image = layers.Input(tuple(input_dim), name="encoder_input")
    rows = zip(conv_filters, conv_kernel_size, conv_strides, strict=True)
    x = _down(make, image, "encoder", rows, batch_norm_momentum, activation, dropout_rate)
    outputs = [make.dense(z_dim, dtype="float32", name=f"encoder_{name}")(x) for name in ("mean", "log_variance")]
    return keras.Model(image, outputs, name="encoder")


def _down(make, x, network, rows, batch_norm_momentum, activation, dropout_rate):
    """Strided convolutions from images to vectors; `rows` gives (filters, kernel size, stride) of each layer."""
    for i, (filters, kernel_size, strides) in enumerate(rows):
        # (n, height, width, channels) -> (n, height / stride, width / stride, filters)
        x = make.conv(filters, kernel_size, strides, f"{network}_conv_{i}")(x)
        if batch_norm_momentum and i > 0:
            x = make.batch_normalization(batch_norm_momentum)(x)
        x = make.activation(activation)(x)
        if dropout_rate:
            x = layers.Dropout(dropout_rate, dtype=make.dtype)(x)
    return layers.Flatten(dtype=make.dtype)(x)


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
    modulation=None,
    strokes=None,
    inks=None,
    ink_certainty=INK_CERTAINTY,
    **making,
):
    """The generator: one dense layer to a small picture, then convolutions that enlarge it.

    Args:
        z_dim: length of the latent vector.
        initial_dense_layer_size: (height, width, channels) of the small picture.
        upsample: one number a layer; 2 means UpSampling2D and Conv2D, anything else Conv2DTranspose with the stride.
        conv_filters, conv_kernel_size, conv_strides: one number a layer; the last filters are the image's channels.
        batch_norm_momentum: None for no batch normalisation.
        activation: `leaky_relu`, or any name that Keras knows; the image itself comes out of tanh, or of `inks`.
        dropout_rate: None for none.
        modulation: widths of dense layers through which the latent vector scales and shifts the channels of each
            layer's pictures, e.g. [64]; None for none, as published.
        strokes: how many strokes of either direction the generator has, some more than are to show, e.g. 3; None for
            none, as published. It then paints strokes from edge to edge, and makes no pictures; see `models.strokes`.
            Of its layers it keeps the size that they lead to, and the last kernel's, the most that a stroke is wide. It
            needs modulation and inks, and is of float32.
        inks: how many learnt colours the last layer shares every pixel out among, e.g. 8 in place of red, green and
            blue by tanh, or a list of colours from 0 to 255 that they start from; None for none, as published.
        ink_certainty: what multiplies the choice among inks; the larger, the surer, and the noisier to be taught.
        **making: `dtype`, `stock`, `seed` of `LayerMaker`.

    Returns:
        A functional Keras model (n, z_dim) -> float32 (n, height, width, channels) in [-1, 1]; with inks as far beyond
        as they have learnt to be, at most a little.
    """
    if strokes:
        making["dtype"] = "float32"  # half precision would move a stroke by half a pixel
    make = LayerMaker(**making)

    z = layers.Input((z_dim,), name="generator_input")
    style = make.style(z, modulation, activation) if modulation else None

    def normalised_and_activated(x, i=None):
        if batch_norm_momentum:
            x = make.batch_normalization(batch_norm_momentum)(x)
        if modulation and i is not None:
            x = make.modulated(x, style, i)
        return make.activation(activation)(x)

    channels = conv_filters[-1]
    inks = first_inks(inks, channels) if inks else None
    drawn = channels if inks is None else len(inks)
    rows = zip(upsample, [*conv_filters[:-1], drawn], conv_kernel_size, conv_strides, strict=True)
    rows = [(enlarge == 2, filters, kernel_size, strides) for enlarge, filters, kernel_size, strides in rows]
    if strokes:
        factor = int(np.prod([2 if enlarge else strides for enlarge, _, _, strides in rows]))
        size = [side * factor for side in initial_dense_layer_size[:2]]
        image = Strokes(make, style, strokes, inks, ink_certainty).painted(size, conv_kernel_size[-1])
    else:
        # (n, height * width * channels) -> (n, height, width, channels): (n, 8, 8, 512) as published
        x = normalised_and_activated(make.dense(int(np.prod(initial_dense_layer_size)))(z))
        x = layers.Reshape(tuple(initial_dense_layer_size), dtype=make.dtype, name="generator_reshape")(x)
        if dropout_rate:
            x = layers.Dropout(dropout_rate, dtype=make.dtype)(x)
        for i, (enlarge, filters, kernel_size, strides) in enumerate(rows):
            if enlarge:
                x = layers.UpSampling2D(dtype=make.dtype)(x)
                x = make.conv(filters, kernel_size, 1, f"generator_conv_{i}")(x)
            else:
                x = make.conv(filters, kernel_size, strides, f"generator_conv_{i}", transpose=True)(x)
            if i < len(rows) - 1:
                x = normalised_and_activated(x, i)  # (n, 2 * height, 2 * width, filters)
        image = x if inks is None else make.painted(x, inks, ink_certainty)
    image = layers.Activation("tanh" if inks is None else "linear", dtype="float32")(image)
    return keras.Model(z, image, name="generator")
