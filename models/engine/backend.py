"""The one room that knows the backend: how TensorFlow, JAX and PyTorch differentiate, and how each runs a step.

Everything else in `models` is written once, with `keras.ops` and `keras.random`. Nine things differ by backend:

- the gradients of a loss with respect to variables, `loss_and_gradients`;
- the gradient of the critic's scores with respect to the images it looks at, itself differentiable once more,
  `input_gradient` (the penalty of Gulrajani et al., 2017, "Improved Training of Wasserstein GANs", needs it);
- how an optimiser changes its variables, `apply_gradients`, and how quickly, `Adam`;
- the gradient of a convolution with respect to its kernel, where another way to it is quicker, `convolve`;
- LeakyReLU, whose derivative is not worth differentiating, `leaky_relu`;
- batch normalisation, where it can be had in one piece, `normalise`;
- the shape of Keras' `train_step`: JAX hands it the state and wants the new one back, the others let it assign.
  `TrainStep` gives a model the right one around its own `step(data)`;
- what `fit` is best handed where it is called again and again, `batches_for_fit`.
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
    """Let a Keras optimiser move its variables by the gradients that `loss_and_gradients` gave."""
    optimizer.apply(gradients, variables)


Adam = keras.optimizers.Adam


def convolve(inputs, kernel, strides):
    """Convolution with padding `same`: `keras.ops.conv`, with a quicker way back where there is one.

    Args:
        inputs: tensor (n, height, width, channels).
        kernel: tensor (size, size, channels, filters) of the same dtype.
        strides: int.

    Returns:
        A tensor (n, height / strides, width / strides, filters), rounded up, differentiable as often as one likes.
    """
    return keras.ops.conv(inputs, kernel, strides=strides, padding="same")


def leaky_relu(inputs, slope):
    """LeakyReLU whose slope is a constant to the derivative.

    The gradient penalty differentiates twice. LeakyReLU's second derivative is zero, but TensorFlow does not know it:
    it multiplies by zeros, back through the whole critic. With the slope stopped, that walk is never taken.

    Args:
        inputs: tensor of any shape.
        slope: float from 0, that of negative inputs.

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
    single = keras.ops.cast(inputs, "float32")  # halves are too coarse for sums over so many pixels
    mean, variance = keras.ops.moments(single, (0, 1, 2))
    outputs = keras.ops.batch_normalization(single, mean, variance, 3, offset, scale, epsilon)
    return keras.ops.cast(outputs, inputs.dtype), mean, variance


def batches_for_fit(stream):
    """What to hand to one call of `fit` after the other, for batches that a generator makes.

    Args:
        stream: takes nothing, gives a generator of `(batch,)`, arrays that differ in their number of rows at most. It
            is called at the start of each `fit`, where the batches go on from there.

    Returns:
        A function that takes nothing and gives the argument `x` of `fit`.
    """
    return stream


if keras.backend.backend() == "tensorflow":
    import tensorflow as tf

    def loss_and_gradients(function, variables):
        """Differentiate a loss.

        Args:
            function: takes nothing, gives `(loss, report)`: a scalar, and a structure of tensors to hand through.
            variables: list of `keras.Variable` to differentiate by.

        Returns:
            `(report, gradients)`: the structure as it came, and one tensor for each variable, shaped like it (zeros
            where the loss does not depend on it).
        """
        with tf.GradientTape() as tape:
            loss, report = function()
            loss /= tf.distribute.get_strategy().num_replicas_in_sync  # optimisers add up the devices' gradients
        values = [variable.value for variable in variables]
        return report, tape.gradient(loss, values, unconnected_gradients=tf.UnconnectedGradients.ZERO)

    def input_gradient(function, inputs):
        """Gradient of `sum(function(inputs))` with respect to `inputs`, differentiable in its turn.

        Args:
            function: takes a tensor (n, ...), gives one score an element, (n, 1).
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
        """Keras' Adam in one pass over the memory instead of a dozen: the same formula, a third of the time."""

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
        # Of a generator Keras makes a new `Dataset.from_generator` in each `fit`, and TensorFlow forgets none of them,
        # nor the batches that it was still holding. One for all calls is let go of with its iterators.
        (first,) = next(stream())
        rows = tf.TensorSpec((None, *first.shape[1:]), first.dtype)
        batches = tf.data.Dataset.from_generator(stream, output_signature=(rows,)).prefetch(tf.data.AUTOTUNE)
        return lambda: batches

    def leaky_relu(inputs, slope):  # the docstring is above
        # One pass over the memory where the formula takes three. The way back asks for the outputs alone, which have
        # the sign of the inputs, so that these need not be kept.
        @tf.custom_gradient
        def forward(inputs):
            outputs = tf.nn.leaky_relu(inputs, slope)

            @tf.custom_gradient
            def backward(by_outputs):
                """Linear in the gradient, and so its own derivative."""
                return tf.raw_ops.LeakyReluGrad(gradients=by_outputs, features=outputs, alpha=slope), backward

            return outputs, backward

        return forward(inputs)

    def normalise(inputs, scale, offset, epsilon):  # the docstring is above
        # In three passes over the memory where the formula takes a dozen: three to five times as quick on processors.
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs, scale=scale, offset=offset, mean=[], variance=[], epsilon=epsilon, is_training=True
        )
        count = tf.cast(tf.size(inputs) / inputs.shape[-1], tf.float32)
        return outputs, mean, variance * ((count - 1) / count)  # TensorFlow's is that of a sample, Keras' of the batch

    SMALL_PICTURE = 2**12  # weights of the kernel for each pixel of the output; measured, see `convolve`

    def convolve(inputs, kernel, strides):  # the docstring is above
        # oneDNN's gradient by the kernel takes a time for each weight, however few pixels it looks at. Where pictures
        # are small and kernels large, a product of matrices is quicker: two to four times in bfloat16 (AVX512-BF16),
        # one and a half times in float32. On a GPU there is no such case.
        pixels = -(-inputs.shape[1] // strides) * -(-inputs.shape[2] // strides)
        small = int(np.prod(kernel.shape)) >= SMALL_PICTURE * pixels
        if small and not has_accelerator():
            return _product_convolve(inputs, tf.convert_to_tensor(kernel), strides)
        return tf.nn.conv2d(inputs, kernel, strides, "SAME")

    def _product_convolve(inputs, kernel, strides):
        """A convolution and its gradients, differentiable again; the one by the kernel is a product of matrices."""
        size, _, channels, filters = kernel.shape
        steps = [1, strides, strides, 1]

        @tf.custom_gradient
        def forward(inputs, kernel):
            return (
                tf.nn.conv2d(inputs, kernel, strides, "SAME"),
                lambda slope: (backward(slope, kernel), by_kernel(inputs, slope)),
            )

        @tf.custom_gradient
        def backward(slope, kernel):
            """The gradient by the inputs, linear in both."""
            return (
                tf.nn.conv2d_transpose(slope, kernel, shape_of_inputs, strides, "SAME"),
                lambda second: (forward(second, kernel), by_kernel(second, slope)),
            )

        def by_kernel(inputs, slope):
            patches = tf.image.extract_patches(inputs, [1, size, size, 1], steps, [1, 1, 1, 1], "SAME")
            rows, slopes = tf.reshape(patches, (-1, size * size * channels)), tf.reshape(slope, (-1, filters))
            return tf.reshape(tf.matmul(rows, slopes, transpose_a=True), kernel.shape)

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

    _scopes = []  # the scopes entered here, outermost first

    @contextmanager
    def _scope(values):
        """A scope in which variables have the given values, {id(variable): array}, and assignments stay inside."""
        with keras.StatelessScope() as scope:
            scope.state_mapping.update(values)
            _scopes.append(scope)
            try:
                yield scope
            finally:
                _scopes.pop()

    def _pure(function, variables=(), values=()):
        """Run `function` with `values` for `variables`; give its result and what it assigned, {id(variable): array}.

        JAX follows values, not assignments. What is assigned inside (batch-normalisation statistics, random seeds)
        therefore leaves as a result.
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
        # Loss scaling decides between two updates with `cond`, which must not assign on its way.
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
    """One update: differentiate a loss, scaled where the precision needs it, and let the optimiser move the variables.

    Args:
        optimizer: Keras optimiser, with or without loss scaling.
        loss: takes nothing, gives `(loss, report)`: a scalar, and a structure of tensors to hand through.
        variables: list of `keras.Variable`.

    Returns:
        The report.
    """

    def scaled_loss():
        value, report = loss()
        return optimizer.scale_loss(value), report

    report, gradients = loss_and_gradients(scaled_loss, variables)
    apply_gradients(optimizer, gradients, variables)
    return report


class TrainStep:
    """Mixin of a `keras.Model`: `train_step` as this backend's `fit` calls it, around `step(images)`.

    The model gives `step(images) -> dict of scalar tensors`, which assigns its variables as TensorFlow and PyTorch do,
    and lists in `non_trainable_variables` whatever else the step changes beside the weights and `self.optimizer`'s
    variables: on JAX the state that `fit` carries from step to step is exactly these lists.
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
            """Bring the variables up to date in the middle of `fit`, before a callback reads them."""
            self.jax_state_sync()
            gather(self)

    else:

        def train_step(self, data):
            return self.step(_images(data))

        def synchronise(self):
            """Nothing to do on one device: the variables are up to date after each step."""
            gather(self)

    if keras.backend.backend() == "torch":

        def __init_subclass__(cls, **kwargs):
            """Let a model have a `train` of its own beside PyTorch's `Module.train(mode=True)`, which Keras calls."""
            super().__init_subclass__(**kwargs)
            own = cls.train

            @wraps(own)
            def train(self, *args, **kwargs):
                switches_mode = not kwargs and len(args) < 2
                return torch.nn.Module.train(self, *args) if switches_mode else own(self, *args, **kwargs)

            cls.train = train


def _images(data):
    """The images of what `fit` hands on: `images` or a tuple that begins with them."""
    return data[0] if isinstance(data, (tuple, list)) else data
