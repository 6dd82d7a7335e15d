"""The published generator: a dense layer to a small feature map, convolutions that enlarge it, and tanh.

Layer names are the original's: generator_input, generator_conv_0 ...
"""

from dataclasses import dataclass

import numpy as np
from keras import layers

KEYWORDS = {"modulation": None}  # with their published values


@dataclass(frozen=True)
class Shape:
    """The layers that the `generator_...` arguments of `WGANGP` describe, for every family.

    Attributes:
        initial_dense_layer_size: (height, width, channels) of the first feature map.
        upsample: one int per layer; 2 means UpSampling2D and Conv2D, anything else Conv2DTranspose with the stride.
        conv_filters, conv_kernel_size, conv_strides: one int per layer; the last of the filters are the image's
            channels.
        batch_norm_momentum: None for no batch normalisation.
        activation: `leaky_relu`, or any name that Keras knows.
        dropout_rate: None for none.
    """

    initial_dense_layer_size: tuple
    upsample: tuple
    conv_filters: tuple
    conv_kernel_size: tuple
    conv_strides: tuple
    batch_norm_momentum: float | None = 0.9
    activation: str = "leaky_relu"
    dropout_rate: float | None = None

    @property
    def channels(self):
        return self.conv_filters[-1]

    @property
    def image_size(self):
        """[height, width] of the generated images."""
        steps = zip(self.upsample, self.conv_strides, strict=True)
        factor = int(np.prod([2 if enlarge == 2 else stride for enlarge, stride in steps]))
        return [side * factor for side in self.initial_dense_layer_size[:2]]


def wanted(style):
    """Whether the keywords choose this family: always, since it is the last in `FAMILIES`."""
    return True


def check(style, channels):
    """Refuse keywords that describe no generator.

    Args:
        style: dict, the keywords of all families.
        channels: number of channels of the images.

    Raises:
        ValueError: `modulation` is no list of widths.
    """
    widths = style["modulation"]
    if widths is not None and not (
        isinstance(widths, list | tuple) and all(isinstance(width, int) and width > 0 for width in widths)
    ):
        raise ValueError(f"modulation is {widths!r}; it is a list of whole numbers, such as [64], or None.")


def build(make, z, shape, style):
    """Build the image of a latent vector.

    Args:
        make: `LayerMaker`.
        z: tensor (n, z_dim).
        shape: `Shape`.
        style: dict, the keywords of all families.

    Returns:
        A float32 tensor (n, height, width, channels) in [-1, 1].
    """
    x = convolutions(make, z, shape, style["modulation"], shape.channels)
    return layers.Activation("tanh", dtype="float32")(x)


def convolutions(make, z, shape, modulation, filters):
    """The published layers up to the last convolution: (n, z_dim) -> (n, height, width, filters), unbounded."""
    style = make.style(z, modulation, shape.activation) if modulation else None

    def normalised_and_activated(x, i=None):
        if shape.batch_norm_momentum:
            x = make.batch_normalization(shape.batch_norm_momentum)(x)
        if style is not None and i is not None:
            x = make.modulated(x, style, i)
        return make.activation(shape.activation)(x)

    # (n, height * width * channels) -> (n, height, width, channels): (n, 8, 8, 512) as published
    x = normalised_and_activated(make.dense(int(np.prod(shape.initial_dense_layer_size)))(z))
    x = layers.Reshape(tuple(shape.initial_dense_layer_size), dtype=make.dtype, name="generator_reshape")(x)
    if shape.dropout_rate:
        x = layers.Dropout(shape.dropout_rate, seed=make.seed(), dtype=make.dtype)(x)
    last = len(shape.conv_filters) - 1
    rows = zip(
        shape.upsample, [*shape.conv_filters[:-1], filters], shape.conv_kernel_size, shape.conv_strides, strict=True
    )
    for i, (enlarge, width, kernel_size, strides) in enumerate(rows):
        if enlarge == 2:
            x = layers.UpSampling2D(dtype=make.dtype)(x)
            x = make.conv(width, kernel_size, 1, f"generator_conv_{i}")(x)
        else:
            x = make.conv(width, kernel_size, strides, f"generator_conv_{i}", transpose=True)(x)
        if i < last:
            x = normalised_and_activated(x, i)  # (n, 2 * height, 2 * width, filters)
    return x
