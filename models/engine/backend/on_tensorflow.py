"""What is TensorFlow's own: gradients by tapes, and what processors do faster (benchmarks/LOG.md, "Training step")."""

import keras
import numpy as np
import tensorflow as tf

from models.engine.precision import has_accelerator


def loss_and_gradients(function, variables):
    """Differentiate a loss.

    Args:
        function: function without arguments that returns `(loss, report)`: a scalar, and a structure of tensors
            that is passed through.
        variables: list of `keras.Variable` to differentiate with respect to.

    Returns:
        `(report, gradients)`: the structure, and one tensor per variable, shaped like it (zeros where the loss does
        not depend on it).
    """
    with tf.GradientTape() as tape:
        loss, report = function()
        loss /= tf.distribute.get_strategy().num_replicas_in_sync  # optimisers sum the devices' gradients
    values = [variable.value for variable in variables]
    return report, tape.gradient(loss, values, unconnected_gradients=tf.UnconnectedGradients.ZERO)


def input_gradient(function, inputs):
    """Gradient of `sum(function(inputs))` with respect to `inputs`, itself differentiable.

    Args:
        function: function of a tensor (n, ...) that returns one score per element, (n, 1).
        inputs: tensor (n, ...).

    Returns:
        A tensor shaped like `inputs`.
    """
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        scores = function(inputs)
    return tape.gradient(scores, inputs)


@keras.saving.register_keras_serializable(package="trois_lignes")
class Adam(keras.optimizers.Adam):
    """Keras' Adam as one fused operation: the same formula, one pass over the memory instead of a dozen."""

    def update_step(self, gradient, variable, learning_rate):
        index = self._get_variable_index(variable)
        steps = tf.cast(self.iterations.value + 1, tf.float32)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=self.beta_1**steps,
            beta2_power=self.beta_2**steps,
            lr=tf.cast(learning_rate, tf.float32),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=gradient,
        )


def batches_for_fit(stream):  # as on_any
    # Keras makes a new `Dataset.from_generator` of a generator in each `fit`, and TensorFlow never frees it nor the
    # batches that it has prefetched. With one data set for all calls, only its iterators come and go.
    (first,) = next(stream())
    rows = tf.TensorSpec((None, *first.shape[1:]), first.dtype)
    batches = tf.data.Dataset.from_generator(stream, output_signature=(rows,)).prefetch(tf.data.AUTOTUNE)
    return lambda: batches


def leaky_relu(inputs, slope):  # as on_any
    # One pass over the memory where the formula takes three. The gradient needs the outputs only, which have the
    # sign of the inputs, so the inputs need not be kept.
    @tf.custom_gradient
    def forward(inputs):
        outputs = tf.nn.leaky_relu(inputs, slope)

        @tf.custom_gradient
        def backward(gradient):
            """Linear in the gradient, and so its own derivative."""
            return tf.raw_ops.LeakyReluGrad(gradients=gradient, features=outputs, alpha=slope), backward

        return outputs, backward

    return forward(inputs)


def normalise(inputs, scale, offset, epsilon):  # as on_any
    # Three passes over the memory where the formula takes a dozen; benchmarks/LOG.md, "Training step".
    outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
        x=inputs, scale=scale, offset=offset, mean=[], variance=[], epsilon=epsilon, is_training=True
    )
    count = tf.cast(tf.size(inputs) / inputs.shape[-1], tf.float32)
    return outputs, mean, variance * ((count - 1) / count)  # from the unbiased estimate to the batch's own variance


WEIGHTS_PER_PIXEL = 2**12  # kernel weights per output pixel, above which a matrix product is faster


def convolve(inputs, kernel, strides):  # as on_any
    # The time of oneDNN's kernel gradient grows with the number of weights, however few pixels there are. For small
    # feature maps and large kernels a matrix product is faster on CPUs; benchmarks/LOG.md, "Training step".
    pixels = -(-inputs.shape[1] // strides) * -(-inputs.shape[2] // strides)
    small = int(np.prod(kernel.shape)) >= WEIGHTS_PER_PIXEL * pixels
    if small and not has_accelerator():
        return _matmul_convolve(inputs, tf.convert_to_tensor(kernel), strides)
    return tf.nn.conv2d(inputs, kernel, strides, "SAME")


def _matmul_convolve(inputs, kernel, strides):
    """A convolution whose kernel gradient is a matrix product; differentiable any number of times."""
    size, _, channels, filters = kernel.shape
    strides_4d = [1, strides, strides, 1]

    @tf.custom_gradient
    def forward(inputs, kernel):
        return (
            tf.nn.conv2d(inputs, kernel, strides, "SAME"),
            lambda gradient: (backward(gradient, kernel), kernel_gradient(inputs, gradient)),
        )

    @tf.custom_gradient
    def backward(gradient, kernel):
        """The gradient with respect to the inputs, linear in both arguments."""
        return (
            tf.nn.conv2d_transpose(gradient, kernel, shape_of_inputs, strides, "SAME"),
            lambda direction: (forward(direction, kernel), kernel_gradient(direction, gradient)),
        )

    def kernel_gradient(inputs, gradient):
        patches = tf.image.extract_patches(inputs, [1, size, size, 1], strides_4d, [1, 1, 1, 1], "SAME")
        rows, gradients = (
            tf.reshape(patches, (-1, size * size * channels)),
            tf.reshape(gradient, (-1, filters)),
        )
        return tf.reshape(tf.matmul(rows, gradients, transpose_a=True), kernel.shape)

    shape_of_inputs = tf.shape(inputs)
    return forward(inputs, kernel)
