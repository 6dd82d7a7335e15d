"""A generator with a learnt palette in place of tanh, which reproduces flat colours only approximately.

The published convolutions end in one channel per palette colour; a softmax of `inverse temperature * logits` divides
each pixel among the colours, almost all of it to one.
"""

import itertools

import numpy as np
from keras import layers

from models.generators.published import convolutions
from utils.latent.temperature import SHARED_TEMPERATURE, TEMPERATURE

INVERSE_TEMPERATURE = 10.0  # of the softmax during training; benchmarks/LOG.md, "Inverse temperatures"
SHARPER = 100.0  # factor in the moving average, which needs no gradients: nearly every pixel is of one colour
KEYWORDS = {"inks": None, "ink_certainty": INVERSE_TEMPERATURE, "ink_sharpening": SHARPER, "ink_rate": 1.0}


def wanted(style):
    """Whether the keywords choose this family."""
    return style["inks"] is not None


def check(style, channels):
    """Refuse keywords that describe no palette.

    Args:
        style: dict, the keywords of all families.
        channels: number of channels of the images.

    Raises:
        ValueError: `inks` is neither a number from 2 on nor a list of colours, or one of `ink_certainty`,
            `ink_sharpening` and `ink_rate` is not above 0.
    """
    inks = style["inks"]
    number = _count_colors(inks, channels) if isinstance(inks, list | tuple) else inks
    if number is not None and (not isinstance(number, int) or number < 2):
        raise ValueError(f"inks is {number!r}; it is a whole number from 2 on.")
    for name in ("ink_certainty", "ink_sharpening", "ink_rate"):
        value = style[name]
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
            raise ValueError(f"{name} is {value!r}; it is a number above 0, such as {KEYWORDS[name]}.")


def _count_colors(inks, channels):
    """The number of colours in a list; raises ValueError unless each has `channels` values from 0 to 255."""
    colors = np.array(inks, dtype=object)
    if colors.shape[1:] != (channels,) or not all(
        isinstance(value, int | float) and 0 <= value <= 255 for value in colors.flat
    ):
        raise ValueError(f"inks is {inks!r}; as a list it holds colours, {channels} numbers from 0 to 255 each.")
    return len(inks)


def build(make, z, shape, style):
    """Build the image of a latent vector, as `published.build` does; learnt colours may exceed [-1, 1] by a little."""
    colors = initial_palette(style["inks"], shape.channels)
    x = convolutions(make, z, shape, style["modulation"], len(colors))  # (n, height, width, colours)
    palette = palette_layer(make, colors, style["ink_rate"])
    image = palette(softmax_shares(make, x, style["ink_certainty"]))
    return layers.Activation("linear", dtype="float32")(image)


def initial_palette(inks, channels):
    """The initial colours of a palette.

    Args:
        inks: a list of colours from 0 to 255; or their number, for corners of the colour cube: black, blue, green ...
            white, eight of them for RGB. For strokes the first colour is the background's.
        channels: 3 for RGB.

    Returns:
        Float array (colours, channels) in [-1, 1].
    """
    if isinstance(inks, int):
        corners = np.array(list(itertools.product((-1.0, 1.0), repeat=channels)))
        return np.resize(corners, (inks, channels))
    return np.array(inks) / 127.5 - 1


def palette_layer(make, colors, rate=1.0):
    """The layer that holds the learnt palette: shares (n, height, width, colours) -> (n, height, width, channels).

    Args:
        make: `LayerMaker`.
        colors: float array (colours, channels), the initial palette.
        rate: factor of the palette's learning rate (with Adam, whose updates do not depend on the gradient's scale).

    Returns:
        A layer, or a function of the same use.
    """
    count, channels = colors.shape
    layer = layers.Conv2D(channels, 1, use_bias=False, dtype=make.dtype, name="generator_inks")
    layer.build((None, 1, 1, count))
    layer.set_weights([colors[None, None] / rate])
    if rate == 1:
        return layer
    scaled = layers.Rescaling(rate, dtype=make.dtype)
    return lambda shares: scaled(layer(shares))


def softmax_shares(make, x, inverse_temperature, name=None, shared=False):
    """The softmax of inverse_temperature * x along the last axis.

    Args:
        make: `LayerMaker`.
        x: logits, tensor (..., choices).
        inverse_temperature: float.
        name: suffix of the layers' names.
        shared: whether the choice is one for all images, independent of the latent vector.

    Returns:
        A tensor shaped like x, from 0 to 1, with sum 1 along the last axis.
    """
    prefix = SHARED_TEMPERATURE if shared else TEMPERATURE
    names = [prefix, "generator_shares"] if name is None else [f"{prefix}_{name}", f"generator_shares_{name}"]
    x = layers.Rescaling(inverse_temperature, dtype=make.dtype, name=names[0])(x)
    return layers.Softmax(dtype=make.dtype, name=names[1])(x)


def sigmoid_share(make, x, inverse_temperature, name):
    """The sigmoid of inverse_temperature * x, for a choice that is one for all images: from 0 to 1, shaped like x."""
    x = layers.Rescaling(inverse_temperature, dtype=make.dtype, name=f"{SHARED_TEMPERATURE}_{name}")(x)
    return layers.Activation("sigmoid", dtype=make.dtype)(x)
