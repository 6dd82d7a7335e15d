"""The critic that judges images, and the encoder that shares its convolutions.

Both are functional Keras models of stock layers, so that a saved one opens with `keras.models.load_model` alone. Names
of layers are the original's: critic_input, critic_conv_0 ...
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
