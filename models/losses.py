"""The objectives: the losses of critic and generator, and the penalties on the critic's gradient.

Scores are float32 tensors (n, 1), unbounded; every loss is a float32 scalar. `LOSSES` and `PENALTIES` hold them under
the names that `WGANGP(loss=..., penalty=...)` takes.

Sources: Gulrajani et al., "Improved Training of Wasserstein GANs", 2017, algorithm 1 (`wasserstein`, `gradient`);
Goodfellow et al., "Generative Adversarial Nets", 2014, in its non-saturating form (`gan`); Miyato et al., "Spectral
Normalization", 2018, equations 16 and 17 (`hinge`); Jolicoeur-Martineau, "On Relativistic GANs", 2020, paired
(`relativistic`); Mescheder, Geiger, Nowozin, "Which Training Methods for GANs do actually Converge?", 2018 (`r1`, and
`r1r2`, which Huang et al., "The GAN is dead; long live the GAN!", 2024, combine with the relativistic loss).

Penalties are unweighted: `WGANGP` multiplies them by `grad_weight`. For `gradient`, grad_weight is the paper's lambda,
10. For `r1` and `r1r2` it is half the papers' gamma: they write the penalty as gamma / 2 times the mean squared norm.
"""

from collections.abc import Callable
from dataclasses import dataclass

from keras import ops

from models.engine.backend import input_gradient


@dataclass(frozen=True)
class Loss:
    """The losses of the two networks.

    Attributes:
        critic: (real scores, fake scores) -> the two terms of the critic's loss, on real and on generated images.
        generator: (real scores, fake scores) -> the generator's loss; where `needs_real` is false, real may be None.
        needs_real: whether the generator's loss depends on the scores of real images.
    """

    critic: Callable
    generator: Callable
    needs_real: bool = False


def _relativistic(scores, others):
    return ops.mean(ops.softplus(others - scores))


def _in_halves(loss):
    """Split a loss on pairs of real and generated images into the two terms of a critic's loss."""
    return loss / 2, loss / 2


LOSSES = {
    "wasserstein": Loss(
        critic=lambda real, fake: (-ops.mean(real), ops.mean(fake)),
        generator=lambda real, fake: -ops.mean(fake),
    ),
    # sigmoid cross-entropy on scores: -log sigmoid(s) = softplus(-s)
    "gan": Loss(
        critic=lambda real, fake: (ops.mean(ops.softplus(-real)), ops.mean(ops.softplus(fake))),
        generator=lambda real, fake: ops.mean(ops.softplus(-fake)),
    ),
    "hinge": Loss(
        critic=lambda real, fake: (ops.mean(ops.relu(1 - real)), ops.mean(ops.relu(1 + fake))),
        generator=lambda real, fake: -ops.mean(fake),
    ),
    # each score relative to the other of its pair
    "relativistic": Loss(
        critic=lambda real, fake: _in_halves(_relativistic(real, fake)),
        generator=lambda real, fake: _relativistic(fake, real),
        needs_real=True,
    ),
}


def squared_gradient_norms(critic, images):
    """Squared norm of the critic's gradient at each image: (n, height, width, channels) -> float32 (n,)."""
    gradient = ops.cast(input_gradient(critic, images), "float32")
    return ops.sum(ops.square(gradient), axis=(1, 2, 3))


def gradient_penalty(critic, real, fake, mix):
    """Mean of (gradient norm - 1)^2 at points between real and generated images.

    Args:
        critic: function of images (n, height, width, channels) that returns scores (n, 1).
        real, fake: float tensors (n, height, width, channels).
        mix: float tensor (n, 1, 1, 1) in [0, 1], the weight of `real` in each point.

    Returns:
        float32 scalar, unweighted (the original multiplies it by `grad_weight`, 10).
    """
    squared_norms = squared_gradient_norms(critic, mix * real + (1 - mix) * fake)
    # The square root has no derivative at 0, which is the gradient norm of a critic that ignores its input.
    return ops.mean(ops.square(ops.sqrt(squared_norms + 1e-12) - 1))


def r1(critic, real, fake, mix):
    """Mean squared norm of the critic's gradient at real images; arguments as in `gradient_penalty`."""
    return ops.mean(squared_gradient_norms(critic, real))


def r1r2(critic, real, fake, mix):
    """Sum of the mean squared gradient norms at real and at generated images; arguments as in `gradient_penalty`.

    One batch after the other, so that batch normalisation does not mix their statistics.
    """
    return r1(critic, real, fake, mix) + r1(critic, fake, real, mix)


def no_penalty(critic, real, fake, mix):
    """Zero, for trainings without a penalty."""
    return ops.zeros(())


PENALTIES = {"gradient": gradient_penalty, "r1": r1, "r1r2": r1r2, None: no_penalty}
