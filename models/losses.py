"""The objectives: what critic and generator minimise, and the penalty on the critic's gradient.

Scores are float32 tensors (n, 1), unbounded; every loss is a float32 scalar. `LOSSES` and `PENALTIES` name them as
`WGANGP(loss=..., penalty=...)` does.

Sources: Gulrajani et al., "Improved Training of Wasserstein GANs", 2017, algorithm 1 (`wasserstein`, `gradient`);
Goodfellow et al., "Generative Adversarial Nets", 2014, in its non-saturating form (`gan`); Miyato et al., "Spectral
Normalization", 2018, equations 16 and 17 (`hinge`); Jolicoeur-Martineau, "On Relativistic GANs", 2020, paired
(`relativistic`); Mescheder, Geiger, Nowozin, "Which Training Methods for GANs do actually Converge?", 2018 (`r1`, and
`r1r2`, which Huang et al., "The GAN is dead; long live the GAN!", 2024, take with the relativistic loss).

Penalties are unweighted: `WGANGP` multiplies them by `grad_weight`. Of `gradient` that is the paper's lambda, 10. Of
`r1` and `r1r2` it is half the papers' gamma, which they write as gamma / 2 times the mean squared norm.
"""

from collections.abc import Callable
from dataclasses import dataclass

from keras import ops

from models.engine.backend import input_gradient


@dataclass(frozen=True)
class Loss:
    """What the two networks lose.

    Attributes:
        critic: (real scores, fake scores) -> what the critic loses on real and on generated images; their sum is its
            loss.
        generator: the same scores -> what the generator loses.
        looks_at_real: whether the generator's loss needs the scores of real images.
    """

    critic: Callable
    generator: Callable
    looks_at_real: bool = False


def _relativistic(scores, others):
    return ops.mean(ops.softplus(others - scores))


def _halves(loss):
    """A loss that real and generated images share, as the two parts of a critic's loss."""
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
    # each score judges the other
    "relativistic": Loss(
        critic=lambda real, fake: _halves(_relativistic(real, fake)),
        generator=lambda real, fake: _relativistic(fake, real),
        looks_at_real=True,
    ),
}


def squared_slopes(critic, images):
    """Squared norm of the critic's gradient at each image (n, height, width, channels): float32 (n,)."""
    gradient = ops.cast(input_gradient(critic, images), "float32")
    return ops.sum(ops.square(gradient), axis=(1, 2, 3))


def gradient_penalty(critic, real, fake, mix):
    """Mean squared distance from 1 of the norm of the critic's gradient, on the way from real to generated images.

    Args:
        critic: takes images (n, height, width, channels), gives scores (n, 1).
        real, fake: float tensors (n, height, width, channels).
        mix: float tensor (n, 1, 1, 1) in [0, 1]: how near to `real` each point lies.

    Returns:
        The penalty, unweighted (the original multiplies it by `grad_weight`, 10).
    """
    slopes = squared_slopes(critic, mix * real + (1 - mix) * fake)
    # The square root has no derivative at 0, where a critic that ignores its input would land.
    return ops.mean(ops.square(ops.sqrt(slopes + 1e-12) - 1))


def r1(critic, real, fake, mix):
    """Mean squared norm of the critic's gradient at real images; 0 is what it pulls towards."""
    return ops.mean(squared_slopes(critic, real))


def r1r2(critic, real, fake, mix):
    """The same at real and at generated images, both means added."""
    return 2 * ops.mean(squared_slopes(critic, ops.concatenate([real, fake])))


def no_penalty(critic, real, fake, mix):
    """Zero."""
    return ops.zeros(())


PENALTIES = {"gradient": gradient_penalty, "r1": r1, "r1r2": r1r2, None: no_penalty}
