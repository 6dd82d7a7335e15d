"""The objective of WGAN-GP, in the order of the paper's equations.

Source: Gulrajani, Ahmed, Arjovsky, Dumoulin, Courville, "Improved Training of Wasserstein GANs", 2017, algorithm 1.
Scores are float32 tensors (n, 1), unbounded; every function gives a float32 scalar.
"""

from keras import ops

from models.gradients import input_gradient


def critic_on_real(scores):
    """What the critic loses on real images: minus its mean score."""
    return -ops.mean(scores)


def critic_on_fake(scores):
    """What the critic loses on generated images: its mean score."""
    return ops.mean(scores)


def generator_on_fake(scores):
    """What the generator loses: minus the critic's mean score of its images."""
    return -ops.mean(scores)


def gradient_penalty(critic, real, fake, mix):
    """Mean squared distance from 1 of the norm of the critic's gradient, on the way from real to generated images.

    Args:
        critic: takes images (n, height, width, channels), gives scores (n, 1).
        real, fake: float tensors (n, height, width, channels).
        mix: float tensor (n, 1, 1, 1) in [0, 1]: how near to `real` each point lies.

    Returns:
        The penalty, unweighted (the original multiplies it by `grad_weight`, 10).
    """
    between = mix * real + (1 - mix) * fake
    gradient = ops.cast(input_gradient(critic, between), "float32")
    squared_norm = ops.sum(ops.square(gradient), axis=(1, 2, 3))
    # The square root has no derivative at 0, where a critic that ignores its input would land.
    return ops.mean(ops.square(ops.sqrt(squared_norm + 1e-12) - 1))
