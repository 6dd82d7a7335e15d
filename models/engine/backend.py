"""All that depends on the backend: how TensorFlow, JAX and PyTorch differentiate, and how each runs a step.

Everything else in `models` is written once, with `keras.ops` and `keras.random`. Nine things differ by backend:

- the gradients of a loss with respect to variables, `loss_and_gradients`;
- the gradient of the critic's scores with respect to images, itself differentiable, `input_gradient` (for the penalty
  of Gulrajani et al., 2017, "Improved Training of Wasserstein GANs");
- how an optimiser changes its variables, `apply_gradients`, and a fused `Adam`;
- a faster gradient of a convolution with respect to its kernel, `convolve`;
- LeakyReLU with a second derivative that costs nothing, `leaky_relu`;
- fused batch normalisation, `normalise`;
- the signature of Keras' `train_step`: on JAX it receives the state and returns the new one, elsewhere it assigns
  variables. `TrainStep` provides the right one around a model's `step(data)`;
- the argument of repeated calls of `fit`, `batches_for_fit`.
"""

from contextlib import contextmanager
from functools import wraps

import keras
import numpy as np

from models.engine.distributed import gather
from models.engine.precision import has_accelerator

__all__ = [
    "Adam",
    "TrainStep",
    "apply_gradients",
    "batches_for_fit",
    "convolve",
    "descend",
    "input_gradient",
    "leaky_relu",
    "loss_and_gradients",
    "normalise",
]


def apply_gradients(optimizer, gradients, variables):
    """One update of a Keras optimiser.

    Args:
        optimizer: `keras.optimizers.Optimizer`.
        gradients: list of tensors, of `loss_and_gradients`.
        variables: list of `keras.Variable`, in the same order.
    """
    optimizer.apply(gradients, variables)


Adam = keras.optimizers.Adam


def convolve(inputs, kernel, strides):
    """Convolution with padding `same`: `keras.ops.conv`, with a faster gradient where the backend has one.

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


if keras.backend.backend() == "tensorflow":
    import tensorflow as tf

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

    def batches_for_fit(stream):  # the docstring is above
        # Keras makes a new `Dataset.from_generator` of a generator in each `fit`, and TensorFlow never frees it nor the
        # batches that it has prefetched. With one data set for all calls, only its iterators come and go.
        (first,) = next(stream())
        rows = tf.TensorSpec((None, *first.shape[1:]), first.dtype)
        batches = tf.data.Dataset.from_generator(stream, output_signature=(rows,)).prefetch(tf.data.AUTOTUNE)
        return lambda: batches

    def leaky_relu(inputs, slope):  # the docstring is above
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

    def normalise(inputs, scale, offset, epsilon):  # the docstring is above
        # Three passes over the memory where the formula takes a dozen; benchmarks/LOG.md, "Training step".
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs, scale=scale, offset=offset, mean=[], variance=[], epsilon=epsilon, is_training=True
        )
        count = tf.cast(tf.size(inputs) / inputs.shape[-1], tf.float32)
        return outputs, mean, variance * ((count - 1) / count)  # from the unbiased estimate to the batch's own variance

    WEIGHTS_PER_PIXEL = 2**12  # kernel weights per output pixel, above which a matrix product is faster

    def convolve(inputs, kernel, strides):  # the docstring is above
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

elif keras.backend.backend() == "torch":
    import torch

    def loss_and_gradients(function, variables):
        loss, report = function()
        values = [variable.value for variable in variables]
        gradients = torch.autograd.grad(loss, values, allow_unused=True, materialize_grads=True)
        return keras.tree.map_structure(lambda tensor: tensor.detach(), report), list(gradients)

    def input_gradient(function, inputs):
        inputs = inputs.detach().requires_grad_(True)
        return torch.autograd.grad(function(inputs).sum(), inputs, create_graph=True)[0]

elif keras.backend.backend() == "jax":
    import jax

    _scopes = []  # the scopes entered by `_scope`, outermost first

    @contextmanager
    def _scope(values):
        """A scope with the given values of variables, {id(variable): array}; assignments do not leave it."""
        with keras.StatelessScope() as scope:
            scope.state_mapping.update(values)
            _scopes.append(scope)
            try:
                yield scope
            finally:
                _scopes.pop()

    def _pure(function, variables=(), values=()):
        """Run `function` with `values` in place of `variables`, without side effects.

        JAX differentiates pure functions, so assignments inside (batch-normalisation statistics, random seeds) are
        returned.

        Returns:
            `(result, assigned)`: the function's result, and the assigned values {id(variable): array}.
        """
        outer = _scopes[-1].state_mapping if _scopes else {}
        start = outer | {id(variable): value for variable, value in zip(variables, values, strict=True)}
        with _scope(start) as scope:
            result = function()
        return result, {key: value for key, value in scope.state_mapping.items() if value is not start.get(key)}

    def _assign(assigned):
        if _scopes:
            _scopes[-1].state_mapping.update(assigned)

    def loss_and_gradients(function, variables):
        def loss_of(values):
            (loss, report), assigned = _pure(function, variables, values)
            return loss, (report, assigned)

        values = [variable.value for variable in variables]
        (_, (report, assigned)), gradients = jax.value_and_grad(loss_of, has_aux=True)(values)
        _assign(assigned)
        return report, gradients

    def apply_gradients(optimizer, gradients, variables):
        # Loss scaling chooses between two updates with `cond`, whose branches must not assign variables.
        values, state = ([variable.value for variable in group] for group in (variables, optimizer.variables))
        values, state = optimizer.stateless_apply(state, gradients, values)
        for variable, value in zip([*variables, *optimizer.variables], [*values, *state], strict=True):
            variable.assign(value)

    def input_gradient(function, inputs):
        def score_of(values):
            scores, assigned = _pure(lambda: function(values))
            return keras.ops.sum(scores), assigned

        gradient, assigned = jax.grad(score_of, has_aux=True)(inputs)
        _assign(assigned)
        return gradient

else:
    raise ImportError(
        f"Training needs KERAS_BACKEND=tensorflow, jax or torch; this Keras runs on {keras.backend.backend()!r}."
    )


def descend(optimizer, loss, variables):
    """One update: the gradients of a loss, scaled where the precision needs it, applied by the optimiser.

    Loss scaling leaves an update out where a gradient is infinite, and halves its scale. Such an update counts as done:
    steps, schedules and files count by it, and a training of 600 steps has 600.

    Args:
        optimizer: Keras optimiser, with or without loss scaling.
        loss: function without arguments that returns `(loss, report)`: a scalar, and a structure of tensors.
        variables: list of `keras.Variable`.

    Returns:
        The report.
    """

    def scaled_loss():
        value, report = loss()
        return optimizer.scale_loss(value), report

    report, gradients = loss_and_gradients(scaled_loss, variables)
    count = optimizer.iterations + 1
    apply_gradients(optimizer, gradients, variables)
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        optimizer.iterations.assign(count)
    return report


class TrainStep:
    """Mixin of a `keras.Model` with the `train_step` that this backend's `fit` calls, around `step(images)`.

    The model provides `step(images) -> dict of scalar tensors`, which assigns variables. Its `non_trainable_variables`
    list every variable that the step changes beside the weights and the variables of `self.optimizer`: on JAX, `fit`
    carries exactly these lists from step to step.
    """

    if keras.backend.backend() == "jax":

        def train_step(self, state, data):
            groups = (
                self.trainable_variables,
                self.non_trainable_variables,
                self.optimizer.variables,
                self.metrics_variables,
            )
            values = {
                id(variable): value
                for group, group_values in zip(groups, state, strict=True)
                for variable, value in zip(group, group_values, strict=True)
            }
            with _scope(values) as scope:
                logs = self.step(_images(data))
            return logs, tuple([scope.state_mapping[id(variable)] for variable in group] for group in groups)

        def synchronise(self):
            """Bring the variables up to date during `fit`, before a callback reads them."""
            self.jax_state_sync()
            gather(self)

    else:

        def train_step(self, data):
            return self.step(_images(data))

        def synchronise(self):
            """Bring the variables up to date during `fit`; on one device they always are."""
            gather(self)

    if keras.backend.backend() == "torch":

        def __init_subclass__(cls, **kwargs):
            """Combine a model's own `train` with PyTorch's `Module.train(mode=True)`, which Keras calls."""
            super().__init_subclass__(**kwargs)
            own = cls.train

            @wraps(own)
            def train(self, *args, **kwargs):
                switches_mode = not kwargs and len(args) < 2
                return torch.nn.Module.train(self, *args) if switches_mode else own(self, *args, **kwargs)

            cls.train = train


def _images(data):
    """The images in the data that `fit` passes: the images themselves, or a tuple that begins with them."""
    return data[0] if isinstance(data, (tuple, list)) else data
