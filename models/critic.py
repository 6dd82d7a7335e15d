"""The critic, which scores images, and the encoder, which has the same convolutions.

Both are functional Keras models of stock layers, so that `keras.models.load_model` alone opens a saved one. Layer names
are the original's: critic_input, critic_conv_0 ...
"""

import keras
from keras import layers

from models.engine.layers import LayerMaker


def build_critic(
    input_dim,
    conv_filters,
    conv_kernel_size,
    conv_strides,
    batch_norm_momentum=None,
    activation="leaky_relu",
    dropout_rate=None,
    **layer_options,
):
    """Build the critic: strided convolutions down to a vector, then one score.

    Args:
        input_dim: (height, width, channels) of an image in [-1, 1].
        conv_filters, conv_kernel_size, conv_strides: lists of int, one per layer.
        batch_norm_momentum: None for no batch normalisation, as published (the gradient penalty is defined for scores
            that depend on a single image).
        activation: `leaky_relu`, or any name that Keras knows.
        dropout_rate: None for none.
        **layer_options: `dtype`, `stock`, `seed` of `LayerMaker`.

    Returns:
        A functional Keras model (n, height, width, channels) -> float32 (n, 1), unbounded.
    """
    make = LayerMaker(**layer_options)
    image = layers.Input(tuple(input_dim), name="critic_input")
    rows = zip(conv_filters, conv_kernel_size, conv_strides, strict=True)
    x = _convolutions(make, image, "critic", rows, batch_norm_momentum, activation, dropout_rate)
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
    **layer_options,
):
    """Build the encoder of an autoencoder: the critic's convolutions, then a normal distribution over latent vectors.

    Args:
        input_dim: (height, width, channels) of an image in [-1, 1].
        z_dim: length of the latent vector.
        conv_filters, conv_kernel_size, conv_strides: lists of int, one per layer.
        batch_norm_momentum, activation, dropout_rate, **layer_options: as in `build_critic`.

    Returns:
        A functional Keras model (n, height, width, channels) -> [mean, log-variance], each float32 (n, z_dim).
    """
    make = LayerMaker(**layer_options)
    image = layers.Input(tuple(input_dim), name="encoder_input")
    rows = zip(conv_filters, conv_kernel_size, conv_strides, strict=True)
    x = _convolutions(make, image, "encoder", rows, batch_norm_momentum, activation, dropout_rate)
    outputs = [make.dense(z_dim, dtype="float32", name=f"encoder_{name}")(x) for name in ("mean", "log_variance")]
    return keras.Model(image, outputs, name="encoder")


def _convolutions(make, x, network, rows, batch_norm_momentum, activation, dropout_rate):
    """Strided convolutions from images to vectors; `rows` holds (filters, kernel size, stride) of each layer."""
    for i, (filters, kernel_size, strides) in enumerate(rows):
        # (n, height, width, channels) -> (n, height / stride, width / stride, filters)
        x = make.conv(filters, kernel_size, strides, f"{network}_conv_{i}")(x)
        if batch_norm_momentum and i > 0:
            x = make.batch_normalization(batch_norm_momentum)(x)
        x = make.activation(activation)(x)
        if dropout_rate:
            x = layers.Dropout(dropout_rate, seed=make.seed(), dtype=make.dtype)(x)
    return layers.Flatten(dtype=make.dtype)(x)
