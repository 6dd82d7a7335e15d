"""Optimisers: made by name, built, their learning rates, moving averages, and the count of steps."""

import keras
import numpy as np
from keras import ops

from models.engine.backend import Adam
from models.engine.precision import scaled

OPTIMISERS = ("adam", "rmsprop")


def make_optimizer(name, learning_rate, beta_1, beta_2):
    """Make an optimiser by the name that arguments use.

    Args:
        name: `adam`, or `rmsprop`, which has no betas.
        learning_rate, beta_1, beta_2: floats.

    Returns:
        `keras.optimizers.Optimizer`.

    Raises:
        ValueError: another name.
    """
    if name not in OPTIMISERS:
        raise ValueError(f"optimiser is {name!r}; choose {' or '.join(map(repr, OPTIMISERS))}.")
    if name == "rmsprop":
        return keras.optimizers.RMSprop(learning_rate)
    return Adam(learning_rate, beta_1=beta_1, beta_2=beta_2, name="adam")


def half_cosine(steps, decay_steps):
    """The factor of learning rates, which falls from 1 to 0 along half a cosine in `decay_steps` and stays 0.

    Args:
        steps: steps done, an integer tensor or variable.
        decay_steps: float or int above 0.

    Returns:
        float32 scalar from 0 to 1.
    """
    done = ops.cast(steps, "float32") / decay_steps
    return (1 + ops.cos(np.pi * ops.minimum(done, 1.0))) / 2


def ready(optimizer, variables, precision):
    """Add loss scaling to an optimiser where the precision needs it, and create its variables.

    Args:
        optimizer: `keras.optimizers.Optimizer`.
        variables: list of `keras.Variable` to train.
        precision: a policy, see `models.engine.precision`.

    Returns:
        `keras.optimizers.Optimizer`.
    """
    optimizer = scaled(optimizer, precision)
    optimizer.build(variables)
    return optimizer


def set_learning_rates(rates, steps, decay_steps):
    """Set learning rates that fall from their initial values to 0 along half a cosine.

    Args:
        rates: list of (optimizer, float), each with its initial learning rate.
        steps: steps done, an integer tensor or variable.
        decay_steps: number of steps until 0; None for constant rates.
    """
    if decay_steps is not None:
        factor = half_cosine(steps, decay_steps)
        for optimizer, rate in rates:
            optimizer.learning_rate = rate * factor


def move_average(average, network, decay, updates):
    """Update an exponential moving average of a network, weights and batch-normalisation statistics alike.

    Args:
        average, network: Keras models of the same shapes.
        decay: float below 1; in the first updates (1 + updates) / (10 + updates), where that is smaller.
        updates: updates of the network so far, an integer tensor or variable.
    """
    updates = ops.cast(updates, "float32")
    decay = ops.minimum(decay, (1 + updates) / (10 + updates))
    for mean, weight in zip(average.weights, network.weights, strict=True):
        mean.assign(weight + decay * (mean - weight))


class StepCount:
    """The number of steps, derived from an optimiser's updates.

    A resumed training may have another number of updates per step; earlier steps keep their count.

    Args:
        updates_a_step: updates per step, an int.
    """

    def __init__(self, updates_a_step=1):
        self.updates_a_step = updates_a_step
        self.start = (0, 0)  # steps and updates at the checkpoint that this training resumes from

    def at(self, updates):
        """The number of steps after `updates` updates, an int or an integer tensor."""
        steps, before = self.start
        return steps + (updates - before) // self.updates_a_step
