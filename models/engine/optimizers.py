"""What the optimisers of two networks share: made by name, made ready, their learning rates, a moving average,
counts."""

import keras
import numpy as np
from keras import ops

from models.engine.backend import Adam
from models.engine.precision import scaled

OPTIMISERS = ("adam", "rmsprop")


def make_optimizer(name, learning_rate, beta_1, beta_2):
    """An optimiser by the name that parameters use: `adam`, or `rmsprop`, which knows no betas."""
    if name not in OPTIMISERS:
        raise ValueError(f"optimiser is {name!r}; choose {' or '.join(map(repr, OPTIMISERS))}.")
    if name == "rmsprop":
        return keras.optimizers.RMSprop(learning_rate)
    return Adam(learning_rate, beta_1=beta_1, beta_2=beta_2, name="adam")


def half_cosine(steps, decay_steps):
    """The factor of learning rates that fall from 1 to 0 along half a cosine in `decay_steps`, and stay there.

    Args:
        steps: steps done, a tensor or variable of whole numbers.
        decay_steps: float or int.
    """
    done = ops.cast(steps, "float32") / decay_steps
    return (1 + ops.cos(np.pi * ops.minimum(done, 1.0))) / 2


def ready(optimizer, variables, precision):
    """An optimiser with loss scaling where the precision needs it, and all its own variables made.

    Args:
        optimizer: `keras.optimizers.Optimizer`.
        variables: list of `keras.Variable` that it will move.
        precision: a policy, see `models.engine.precision`.
    """
    optimizer = scaled(optimizer, precision)
    optimizer.build(variables)
    return optimizer


def set_learning_rates(rates, steps, decay_steps):
    """Let learning rates fall from what they are at first to 0 along half a cosine.

    Args:
        rates: list of (optimizer, float), each with its first learning rate.
        steps: steps done, a tensor or variable of whole numbers.
        decay_steps: in how many steps; None leaves the rates as they are.
    """
    if decay_steps is not None:
        factor = half_cosine(steps, decay_steps)
        for optimizer, rate in rates:
            optimizer.learning_rate = rate * factor


def move_average(average, network, decay, updates):
    """Move an exponential moving average towards a network, weights and statistics alike.

    Args:
        average, network: Keras models of the same shapes.
        decay: float below 1. In the first updates it forgets faster: (1 + updates) / (10 + updates) where that is less.
        updates: of the network so far, a tensor or variable of whole numbers.
    """
    updates = ops.cast(updates, "float32")
    decay = ops.minimum(decay, (1 + updates) / (10 + updates))
    for mean, weight in zip(average.weights, network.weights, strict=True):
        mean.assign(weight + decay * (mean - weight))


class StepCount:
    """Steps, told by an optimiser's updates where a step has one or more of them.

    A training may go on with another number of updates a step; what was done before counts as it was done.

    Args:
        updates_a_step: int.
    """

    def __init__(self, updates_a_step=1):
        self.updates_a_step = updates_a_step
        self.start = (0, 0)  # steps and updates up to the checkpoint that this training goes on from

    def at(self, updates):
        """The step after so many updates, an int or a variable."""
        steps, before = self.start
        return steps + (updates - before) // self.updates_a_step
