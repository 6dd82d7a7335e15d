"""A generator that paints with a learnt palette in place of tanh, which meets flat colours only nearly.

The published convolutions end in one channel a colour; a softmax of `inverse temperature * logits` shares every pixel
out among the colours, most of it to one.
"""

import itertools

import numpy as np
from keras import layers

from models.generators.published import convolutions
from utils.latent.temperature import SHARED_TEMPERATURE, TEMPERATURE

INVERSE_TEMPERATURE = 10.0  # of the softmax while it is taught; benchmarks/LOG.md, "Inverse temperatures"
SHARPER = 100.0  # times as much in a moving average, which is not taught: nearly every pixel is of one colour
KEYWORDS = {"inks": None, "ink_certainty": INVERSE_TEMPERATURE}


def wanted(style):
    """Whether keywords ask for this family."""
    return style["inks"] is not None


def check(style, channels):
    """Refuse keywords that describe no palette.

    Args:
        style: dict, the keywords of all families.
        channels: of the images.

    Raises:
        ValueError: `inks` is neither a number from 2 on nor a list of colours, or `ink_certainty` not above 0.
    """
    inks, certainty = style["inks"], style["ink_certainty"]
    number = _number_of_colors(inks, channels) if isinstance(inks, list | tuple) else inks
    if number is not None and (not isinstance(number, int) or number < 2):
        raise ValueError(f"inks is {number!r}; it is a whole number from 2 on.")
    if isinstance(certainty, bool) or not isinstance(certainty, int | float) or not 0 < certainty < float("inf"):
        raise ValueError(f"ink_certainty is {certainty!r}; it is a number above 0, such as {INVERSE_TEMPERATURE}.")


def _number_of_colors(inks, channels):
    """Refuse a list that is not one of colours as the images have them; else give their number."""
    colors = np.array(inks, dtype=object)
    if colors.shape[1:] != (channels,) or not all(
        isinstance(value, int | float) and 0 <= value <= 255 for value in colors.flat
    ):
        raise ValueError(f"inks is {inks!r}; as a list it holds colours, {channels} numbers from 0 to 255 each.")
    return len(inks)


def build(make, z, shape, style):
    """The image of a latent vector, as `published.build`: as far beyond [-1, 1] as colours have learnt to be."""
    colors = first_colors(style["inks"], shape.channels)
    x = convolutions(make, z, shape, style["modulation"], len(colors))  # (n, height, width, colours)
    image = mixed(make, colors)(chosen(make, x, style["ink_certainty"]))
    return layers.Activation("linear", dtype="float32")(image)


def first_colors(inks, channels):
    """The colours that a palette starts from, in [-1, 1]: (colours, channels).

    Args:
        inks: a list of colours from 0 to 255; or how many, which are then the corners of the colour cube: black, blue,
            green ... white, eight of them for RGB. The first of a list for strokes is the ground's.
        channels: 3 for RGB.
    """
    if isinstance(inks, int):
        corners = np.array(list(itertools.product((-1.0, 1.0), repeat=channels)))
        return np.resize(corners, (inks, channels))
    return np.array(inks) / 127.5 - 1


def mixed(make, colors, rate=1.0):
    """A function that mixes the palette: shares (n, height, width, colours) -> (n, height, width, channels).

    Args:
        make: `LayerMaker`.
        colors: (colours, channels), which the palette starts from. They are learnt.
        rate: multiplies how far an update moves them.
    """
    count, channels = colors.shape
    layer = layers.Conv2D(channels, 1, use_bias=False, dtype=make.dtype, name="generator_inks")
    layer.build((None, 1, 1, count))
    layer.set_weights([colors[None, None] / rate])
    if rate == 1:
        return layer
    scaled = layers.Rescaling(rate, dtype=make.dtype)
    return lambda shares: scaled(layer(shares))


def chosen(make, x, inverse_temperature, name=None, shared=False):
    """Shares that add up to 1 along the last axis: the softmax of inverse_temperature * x.

    Args:
        make: `LayerMaker`.
        x: logits, tensor (..., choices).
        inverse_temperature: float.
        name: what the names of the layers end in.
        shared: whether the choice is learnt for all images alike, and does not depend on the latent vector.
    """
    beginning = SHARED_TEMPERATURE if shared else TEMPERATURE
    names = [beginning, "generator_shares"] if name is None else [f"{beginning}_{name}", f"generator_shares_{name}"]
    x = layers.Rescaling(inverse_temperature, dtype=make.dtype, name=names[0])(x)
    return layers.Softmax(dtype=make.dtype, name=names[1])(x)


def decided(make, x, inverse_temperature, name):
    """Numbers from 0 to 1, learnt for all images alike: the sigmoid of inverse_temperature * x."""
    x = layers.Rescaling(inverse_temperature, dtype=make.dtype, name=f"{SHARED_TEMPERATURE}_{name}")(x)
    return layers.Activation("sigmoid", dtype=make.dtype)(x)
