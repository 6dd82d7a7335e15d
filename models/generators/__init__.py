"""Generators: from a latent vector to an image, one file per family.

| family | file | chosen by | the image is |
|---|---|---|---|
| published | `published` | default | the output of convolutions, through tanh |
| palette | `palette` | `inks` | a softmax over a learnt palette, pixel by pixel |
| strokes | `strokes` | `strokes` | bars from edge to edge, composited |

A family is a module with `KEYWORDS` (its keywords of `WGANGP` and their published values), `wanted(style)`,
`check(style, channels)` and `build(make, z, shape, style)`; `style` is a dict of all families' keywords. To add a
family, write its file and insert it into `FAMILIES` before the more general ones.

All are functional Keras models of stock layers, so that `keras.models.load_model` alone opens a saved one.
"""

import keras
from keras import layers

from models.engine.layers import LayerMaker
from models.generators import palette, published, strokes
from models.generators.published import Shape

FAMILIES = (strokes, palette, published)  # the first whose `wanted` is true builds the generator
KEYWORDS = {name: value for family in reversed(FAMILIES) for name, value in family.KEYWORDS.items()}


def check(style, channels):
    """Refuse keywords that describe no generator.

    Args:
        style: dict, all of `KEYWORDS`.
        channels: number of channels of the images, 3 for RGB.

    Raises:
        ValueError: a value out of range; the message names the keyword, its value and the way out.
    """
    for family in reversed(FAMILIES):
        family.check(style, channels)


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
    *,
    dtype="float32",
    stock=True,
    seed=None,
    **style,
):
    """Build a generator of the family that its keywords choose; the published one without any.

    Args:
        z_dim: length of the latent vector.
        initial_dense_layer_size, upsample, conv_filters, conv_kernel_size, conv_strides, batch_norm_momentum,
            activation, dropout_rate: see `Shape`.
        dtype, stock, seed: of `LayerMaker`.
        **style: any of `KEYWORDS`; `models.recipes.Recipe` documents them.

    Returns:
        A functional Keras model (n, z_dim) -> float32 (n, height, width, channels) in [-1, 1]. The learnt colours of a
        palette may exceed that range by a little.

    Raises:
        TypeError: an unknown keyword.
    """
    if unknown := set(style) - set(KEYWORDS):
        raise TypeError(f"No generator knows {', '.join(sorted(unknown))}; there are {', '.join(KEYWORDS)}.")
    style = {**KEYWORDS, **style}
    shape = Shape(
        initial_dense_layer_size,
        upsample,
        conv_filters,
        conv_kernel_size,
        conv_strides,
        batch_norm_momentum,
        activation,
        dropout_rate,
    )
    z = layers.Input((z_dim,), name="generator_input")
    family = next(family for family in FAMILIES if family.wanted(style))
    image = family.build(LayerMaker(dtype, stock, seed), z, shape, style)
    return keras.Model(z, image, name="generator")


def generator_of(model, **layer_options):
    """Build the generator that a model's attributes describe.

    Args:
        model: object with `z_dim`, `seed` and the attributes `generator_...`, the arguments of `WGANGP`.
        **layer_options: `dtype`, `stock` and the family keywords of `build_generator`.

    Returns:
        A functional Keras model, as `build_generator` returns it.
    """
    return build_generator(
        model.z_dim,
        model.generator_initial_dense_layer_size,
        model.generator_upsample,
        model.generator_conv_filters,
        model.generator_conv_kernel_size,
        model.generator_conv_strides,
        model.generator_batch_norm_momentum,
        model.generator_activation,
        model.generator_dropout_rate,
        seed=None if model.seed is None else model.seed + 1,
        **layer_options,
    )


def check_images(generator, input_dim):
    """Raise ValueError unless a generator's images have the shape `input_dim`, (height, width, channels)."""
    if generator.output_shape[1:] != tuple(input_dim):
        raise ValueError(
            f"The generator's layers lead to images of {generator.output_shape[1:]}, but input_dim is "
            f"{tuple(input_dim)}. Change generator_initial_dense_layer_size, generator_conv_strides, "
            f"generator_upsample or the last of generator_conv_filters."
        )
