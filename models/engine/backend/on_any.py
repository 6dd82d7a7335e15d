"""What Keras does on any backend: where a backend has nothing quicker or of its own, it takes these."""

import keras

from models.engine.distributed import gather


def apply_gradients(optimizer, gradients, variables):
    """One update of a Keras optimiser.

    Args:
        optimizer: `keras.optimizers.Optimizer`.
        gradients: list of tensors, of `loss_and_gradients`.
        variables: list of `keras.Variable`, in the same order.
    """
    optimizer.apply(gradients, variables)


Adam = keras.optimizers.Adam
SeedGenerator = keras.random.SeedGenerator


def convolve(inputs, kernel, strides):
    """Convolution with padding `same`: `keras.ops.conv`, with faster derivatives where the backend has them.

    Args:
        inputs: tensor (n, height, width, channels).
        kernel: tensor (size, size, channels, filters) of the same dtype.
        strides: int.

    Returns:
        A tensor (n, height / strides, width / strides, filters), rounded up, differentiable any number of times.
    """
    return keras.ops.conv(inputs, kernel, strides=strides, padding="same")


def leaky_relu(inputs, slope):
    """LeakyReLU whose slope is a constant in derivatives.

    The gradient penalty differentiates twice. LeakyReLU's second derivative is zero, but TensorFlow computes it and
    multiplies by zeros, back through the whole critic. A stopped gradient of the slope avoids that pass.

    Args:
        inputs: tensor of any shape.
        slope: float from 0 on, the slope for negative inputs.

    Returns:
        A tensor shaped like `inputs`, of the same dtype.
    """
    slopes = keras.ops.where(inputs > 0, keras.ops.cast(1, inputs.dtype), keras.ops.cast(slope, inputs.dtype))
    return inputs * keras.ops.stop_gradient(slopes)


def normalise(inputs, scale, offset, epsilon):
    """Batch normalisation by the statistics of the batch: (inputs - mean) / sqrt(variance + epsilon) * scale + offset.

    Args:
        inputs: tensor (n, height, width, channels).
        scale, offset: float32 tensors (channels,).
        epsilon: float, from 1e-4.

    Returns:
        `(outputs, mean, variance)`: a tensor shaped like `inputs`, of the same dtype, and two of float32 (channels,).
    """
    single = keras.ops.cast(inputs, "float32")  # 16 bits are too coarse for sums over so many pixels
    mean, variance = keras.ops.moments(single, (0, 1, 2))
    outputs = keras.ops.batch_normalization(single, mean, variance, 3, offset, scale, epsilon)
    return keras.ops.cast(outputs, inputs.dtype), mean, variance


def batches_for_fit(stream):
    """The argument `x` of repeated calls of `fit`, for batches from a generator.

    Args:
        stream: function without arguments that returns a generator of `(batch,)`, arrays that may differ in their
            number of rows only. It is called at the start of each `fit` and continues from the model's current step.

    Returns:
        A function without arguments that returns `x`.
    """
    return stream


class TrainStep:
    """Mixin of a `keras.Model` with the `train_step` that this backend's `fit` calls, around `step(images)`.

    The model provides `step(images) -> dict of scalar tensors`, which assigns variables. Its `non_trainable_variables`
    list every variable that the step changes beside the weights and the variables of `self.optimizer`: on JAX, `fit`
    carries exactly these lists from step to step.
    """

    def train_step(self, data):
        return self.step(images_in(data))

    def synchronise(self):
        """Bring the variables up to date during `fit`; on one device they always are."""
        gather(self)


def images_in(data):
    """The images in the data that `fit` passes: the images themselves, or a tuple that begins with them."""
    return data[0] if isinstance(data, (tuple, list)) else data
