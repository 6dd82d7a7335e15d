"""All that depends on the backend: how TensorFlow, JAX and PyTorch differentiate, and how each runs a step.

Everything else in `models` is written once, with `keras.ops` and `keras.random`. Ten things differ by backend:

- the gradients of a loss with respect to variables, `loss_and_gradients`;
- the gradient of the critic's scores with respect to images, itself differentiable, `input_gradient` (for the penalty
  of Gulrajani et al., 2017, "Improved Training of Wasserstein GANs");
- how an optimiser changes its variables, `apply_gradients`, and a fused `Adam`;
- a convolution with faster derivatives, `convolve`;
- LeakyReLU with a second derivative that costs nothing, `leaky_relu`;
- fused batch normalisation, `normalise`;
- where the counter of random numbers lies, `SeedGenerator`;
- the signature of Keras' `train_step`: on JAX it receives the state and returns the new one, elsewhere it assigns
  variables. `TrainStep` provides the right one around a model's `step(data)`;
- the argument of repeated calls of `fit`, `batches_for_fit`.

`on_any` says what they do, and how Keras does it; `on_tensorflow` says it of the gradients, which Keras leaves to its
backends. `on_tensorflow`, `on_torch` and `on_jax` hold their own; what one of them has not got is taken from `on_any`.
"""

import keras

from models.engine.backend import on_any

if keras.backend.backend() == "tensorflow":
    from models.engine.backend import on_tensorflow as own
elif keras.backend.backend() == "torch":
    from models.engine.backend import on_torch as own
elif keras.backend.backend() == "jax":
    from models.engine.backend import on_jax as own
else:
    raise ImportError(
        f"Training needs KERAS_BACKEND=tensorflow, jax or torch; this Keras runs on {keras.backend.backend()!r}."
    )

__all__ = [
    "Adam",
    "SeedGenerator",
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


def _taken(name):
    return getattr(own if hasattr(own, name) else on_any, name)


Adam, SeedGenerator, TrainStep = map(_taken, ("Adam", "SeedGenerator", "TrainStep"))
loss_and_gradients, input_gradient = own.loss_and_gradients, own.input_gradient
convolve, leaky_relu, normalise = map(_taken, ("convolve", "leaky_relu", "normalise"))
apply_gradients, batches_for_fit = map(_taken, ("apply_gradients", "batches_for_fit"))


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
    leaves_out = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
    count = optimizer.iterations + 1 if leaves_out else None
    apply_gradients(optimizer, gradients, variables)
    if leaves_out:
        optimizer.iterations.assign(count)
    return report
