"""What is PyTorch's own: gradients, and steps that do not wait for a card (benchmarks/LOG.md, "Training step")."""

from contextlib import contextmanager
from functools import wraps

import keras
import torch
from torch.nn.grad import conv2d_input, conv2d_weight

from models.engine.backend import on_any


def loss_and_gradients(function, variables):
    loss, report = function()
    values = [variable.value for variable in variables]
    gradients = torch.autograd.grad(loss, values, allow_unused=True, materialize_grads=True)
    return keras.tree.map_structure(lambda tensor: tensor.detach(), report), list(gradients)


def input_gradient(function, inputs):
    inputs = inputs.detach().requires_grad_(True)
    scores = function(inputs).sum()
    with _asked_for_inputs_alone():
        return torch.autograd.grad(scores, inputs, create_graph=True)[0]


class SeedGenerator(keras.random.SeedGenerator):
    """Keras' generator of seeds, with its counter in the processor's memory.

    The processor needs the counter for each draw of noise. Read from a card, it comes when the card has done all
    that it was given before, and the card has nothing to do until the next work arrives.
    """

    def __init__(self, seed=None, **kwargs):
        with keras.device("cpu"):
            super().__init__(seed, **kwargs)

    def next(self, ordered=True):
        with keras.device("cpu"):
            return super().next(ordered)


# Keras sends each number of a formula to the card by itself, and waits until it is there: two hundred times in a step
# (benchmarks/LOG.md, "Training step"). PyTorch's own functions take numbers along with their work.


@keras.saving.register_keras_serializable(package="trois_lignes")
class Adam(keras.optimizers.Adam):
    """Keras' Adam, all variables at once, without waiting for the card."""

    @torch.no_grad()
    def _backend_update_step(self, gradients, variables, learning_rate):
        indices = [self._get_variable_index(variable) for variable in variables]
        values, momentums, velocities = (
            [variable.value for variable in group]
            for group in (
                variables,
                [self._momentums[i] for i in indices],
                [self._velocities[i] for i in indices],
            )
        )
        steps = self.iterations.value + 1
        rate = learning_rate.value if isinstance(learning_rate, keras.Variable) else learning_rate
        rate = rate * torch.sqrt(1 - self.beta_2**steps) / (1 - self.beta_1**steps)
        torch._foreach_lerp_(momentums, gradients, 1 - self.beta_1)
        torch._foreach_mul_(velocities, self.beta_2)
        torch._foreach_addcmul_(velocities, gradients, gradients, 1 - self.beta_2)
        scales = torch._foreach_sqrt(velocities)
        torch._foreach_add_(scales, self.epsilon)
        changes = torch._foreach_div(momentums, scales)
        torch._foreach_mul_(changes, rate)
        torch._foreach_sub_(values, changes)


class _LeakyReLU(torch.autograd.Function):
    @staticmethod
    def forward(context, inputs, slope):
        outputs = torch.nn.functional.leaky_relu(inputs, slope)
        context.save_for_backward(outputs)
        context.slope = slope
        return outputs

    @staticmethod
    def backward(context, gradient):
        (outputs,) = context.saved_tensors
        return _LeakyReLUGradient.apply(gradient, outputs.detach(), context.slope), None


class _LeakyReLUGradient(torch.autograd.Function):
    """Linear in the gradient, and so its own derivative."""

    @staticmethod
    def forward(context, gradient, outputs, slope):
        context.save_for_backward(outputs)
        context.slope = slope
        return torch.ops.aten.leaky_relu_backward(gradient, outputs, slope, True)

    @staticmethod
    def backward(context, direction):
        (outputs,) = context.saved_tensors
        return _LeakyReLUGradient.apply(direction, outputs, context.slope), None, None


def leaky_relu(inputs, slope):  # as on_any
    return _LeakyReLU.apply(inputs, slope)


def normalise(inputs, scale, offset, epsilon):  # as on_any
    if inputs.device.type == "mps":  # Apple's: not tried there
        return on_any.normalise(inputs, scale, offset, epsilon)
    scale, offset = (tensor.value if isinstance(tensor, keras.Variable) else tensor for tensor in (scale, offset))
    outputs, mean, deviation = torch.native_batch_norm(
        inputs.permute(0, 3, 1, 2), scale, offset, None, None, True, 0.0, epsilon
    )
    return outputs.permute(0, 2, 3, 1), mean, deviation**-2 - epsilon  # from 1 / sqrt(variance + epsilon)


class _Convolution(torch.autograd.Function):
    """A convolution whose derivatives, of any order, are the three of cuDNN and oneDNN.

    PyTorch's own second derivative by the kernel is a convolution with kernels as large as the feature map.
    """

    @staticmethod
    def forward(context, inputs, kernel, strides, padding):
        context.save_for_backward(inputs, kernel)
        context.options = strides, padding
        return torch.nn.functional.conv2d(inputs, kernel, stride=strides, padding=padding)

    @staticmethod
    def backward(context, gradient):
        inputs, kernel = context.saved_tensors
        of_inputs, of_kernel = context.needs_input_grad[:2]
        return (
            _InputGradient.apply(gradient, kernel, inputs.shape, *context.options) if of_inputs else None,
            conv2d_weight(inputs, kernel.shape, gradient, *context.options)
            if of_kernel and not _inputs_alone
            else None,
            None,
            None,
        )


_inputs_alone = False  # whether gradients are taken with respect to images alone, which a function of ours is not told


@contextmanager
def _asked_for_inputs_alone():
    """Context manager in which convolutions leave the gradients of their kernels out."""
    global _inputs_alone
    _inputs_alone = True
    try:
        yield
    finally:
        _inputs_alone = False


class _InputGradient(torch.autograd.Function):
    """The gradient of a convolution with respect to its inputs, linear in both arguments."""

    @staticmethod
    def forward(context, gradient, kernel, shape, strides, padding):
        context.save_for_backward(gradient, kernel)
        context.options = strides, padding
        return conv2d_input(shape, kernel, gradient, strides, padding)

    @staticmethod
    def backward(context, direction):
        gradient, kernel = context.saved_tensors
        return (
            _Convolution.apply(direction, kernel, *context.options),
            conv2d_weight(direction, kernel.shape, gradient, *context.options),
            None,
            None,
            None,
        )


def convolve(inputs, kernel, strides):  # as on_any
    if inputs.device.type == "mps":
        return on_any.convolve(inputs, kernel, strides)
    kernel = kernel.value if isinstance(kernel, keras.Variable) else kernel
    rows, columns = (_same_padding(inputs.shape[i], kernel.shape[i - 1], strides) for i in (1, 2))
    inputs, padding = inputs.permute(0, 3, 1, 2), (rows[0], columns[0])
    if rows[0] != rows[1] or columns[0] != columns[1]:
        inputs, padding = torch.nn.functional.pad(inputs, (*columns, *rows)), (0, 0)
    kernel = kernel.permute(3, 2, 0, 1).contiguous(memory_format=torch.channels_last)
    return _Convolution.apply(inputs, kernel, strides, padding).permute(0, 2, 3, 1)


def _same_padding(side, size, strides):
    """The zeros before and after the `side` pixels of a row, as TensorFlow's `same` has them."""
    zeros = max(0, (-(-side // strides) - 1) * strides + size - side)
    return zeros // 2, zeros - zeros // 2


class TrainStep(on_any.TrainStep):
    """As on_any, and `train` serves Keras too."""

    def __init_subclass__(cls, **kwargs):
        """Combine a model's own `train` with PyTorch's `Module.train(mode=True)`, which Keras calls."""
        super().__init_subclass__(**kwargs)
        own = cls.train

        @wraps(own)
        def train(self, *args, **kwargs):
            switches_mode = not kwargs and len(args) < 2
            return torch.nn.Module.train(self, *args) if switches_mode else own(self, *args, **kwargs)

        cls.train = train
