"""Networks and losses that people pick for small images, rebuilt in plain PyTorch and Keras for `benchmarks.rivals`.

Each function trains without end: it calls `done(draw)` after each step, where `draw(Z)` gives uint8 images
(n, 128, 128, 3) of latent vectors (n, 100). All have 3.8 to 4.6 million weights, most the published networks with their
filters divided by 4, and batches of 16. In PyTorch convolutions compute in bfloat16 (autocast), channels last. What is
rebuilt is the architecture and the loss that the papers describe; no line is theirs, and no weight.
"""

import copy
import itertools
import os
from functools import partial

import numpy as np

from benchmarks.training_step import BATCH, descend, keras_updates, slopes, torch_wgangp
from models.recipes import published
from utils.images import to_uint8
from utils.loaders import ImageBatches

Z_DIM = 100


def batches(images):
    """Batches of uint8 images without end, float32 from -1 to 1."""
    stream = ImageBatches.from_array(images, BATCH, seed=1)
    while True:
        yield next(stream)[0]


def keras_example(images, done):
    """WGAN-GP as Keras' own example has it (A. K. Nain, "WGAN-GP overriding Model.train_step", 2020), at 128 x 128.

    Kernels of 5 in the critic, nearest neighbours and kernels of 3 in the generator, dropout in the critic, three
    critic updates per step, Adam with 2e-4, 0.5 and 0.9. The critic has half of the example's filters.
    """
    from utils.quiet import keras

    import tensorflow as tf  # isort: skip  (after utils.quiet)

    layers = keras.layers
    critic = keras.Sequential([keras.Input((128, 128, 3))])
    for filters, dropout in ((32, 0), (64, 0.3), (128, 0.3), (256, 0)):
        critic.add(layers.Conv2D(filters, 5, 2, "same"))
        critic.add(layers.LeakyReLU(0.2))
        critic.add(layers.Dropout(dropout))
    critic.add(layers.Flatten())
    critic.add(layers.Dropout(0.2))
    critic.add(layers.Dense(1))
    start = 256
    generator = keras.Sequential([keras.Input((Z_DIM,)), layers.Dense(8 * 8 * start, use_bias=False)])
    generator.add(layers.BatchNormalization())
    generator.add(layers.LeakyReLU(0.2))
    generator.add(layers.Reshape((8, 8, start)))
    for filters in (256, 128, 64, 3):
        generator.add(layers.UpSampling2D())
        generator.add(layers.Conv2D(filters, 3, padding="same", use_bias=False))
        generator.add(layers.BatchNormalization())
        generator.add(layers.Activation("tanh") if filters == 3 else layers.LeakyReLU(0.2))
    optimizers = [keras.optimizers.Adam(2e-4, beta_1=0.5, beta_2=0.9) for _ in range(2)]
    critic_update, generator_update = keras_updates(
        critic, generator, optimizers, Z_DIM, lambda shape: 1 - tf.random.normal(shape)
    )

    @tf.function
    def step(real):
        for _ in range(3):
            critic_update(real)
        generator_update()

    def draw(Z):
        return to_uint8(generator.predict(Z, batch_size=BATCH, verbose=0))

    for batch in batches(images):
        step(batch)
        done(draw, generator.count_params() + critic.count_params())


# PyTorch -------------------------------------------------------------------------------------------------------------


def torch_training(images, done, generator, step, average=None):
    """The loop that all contestants in PyTorch share.

    Args:
        images: uint8 (n, 128, 128, 3).
        done: called after each step.
        generator: module, latent vectors (n, 100) to images.
        step: function of a batch, float (16, 3, 128, 128) from -1 to 1.
        average: decay of a moving average of the generator, which then draws; None for none.
    """
    import torch

    shown = copy.deepcopy(generator) if average else generator

    @torch.no_grad()
    def draw(Z):
        shown.eval()
        with torch.autocast("cpu", torch.bfloat16):
            drawn = [shown(torch.tensor(part)).float() for part in np.array_split(Z, max(1, len(Z) // BATCH))]
        shown.train()
        return to_uint8(torch.cat(drawn).permute(0, 2, 3, 1).numpy())

    for batch in batches(images):
        step(torch.tensor(batch).permute(0, 3, 1, 2))  # which is channels last
        if average:
            with torch.no_grad():
                for old, new in zip(shown.state_dict().values(), generator.state_dict().values(), strict=True):
                    old.lerp_(new, 1 - average) if old.is_floating_point() else old.copy_(new)
        done(draw)


def weights_of(*networks):
    return sum(one.numel() for network in networks for one in network.parameters())


def on_torch(build):
    """A contestant of a function that makes `(generator, critic, step, moving average's decay)`."""

    def contestant(images, done):
        import torch

        torch.set_num_threads(os.cpu_count())
        torch.manual_seed(1)
        generator, critic, step, average = build(torch)
        torch_training(images, partial(done, weights=weights_of(generator, critic)), generator, step, average)

    return contestant


def ready(torch, *networks):
    return [network.to(memory_format=torch.channels_last) for network in networks]


def noise(torch):
    return torch.randn(BATCH, Z_DIM)


@on_torch
def plain_wgangp(torch):
    """The published networks, divided by 4, in the loop that tutorials of PyTorch have."""
    critic, generator, step = torch_wgangp(published("readme", divide=4), bfloat16=True)
    return generator, critic, step, None


@on_torch
def lightweight_gan(torch):
    """After Liu et al., "Towards Faster and Stabilized GAN Training for High-fidelity Few-shot Image Synthesis" (2021).

    The generator doubles its side with gated convolutions, and coarse maps gate fine ones (skip-layer excitation); the
    critic has to redraw real images from its features. Hinge loss, a gradient penalty on every fourth step, Adam with
    2e-4, 0.5 and 0.9, a moving average of 0.995.
    """
    from torch import nn

    def up(channels, filters):
        return nn.Sequential(
            nn.Upsample(scale_factor=2),
            nn.Conv2d(channels, 2 * filters, 3, 1, 1),
            nn.BatchNorm2d(2 * filters),
            nn.GLU(1),
        )

    class Gate(nn.Sequential):
        def __init__(self, coarse, fine):
            super().__init__(
                nn.AdaptiveAvgPool2d(4), nn.Conv2d(coarse, fine, 4), nn.LeakyReLU(0.1), nn.Conv2d(fine, fine, 1),
                nn.Sigmoid(),
            )  # fmt: skip

    class Generator(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Sequential(nn.ConvTranspose2d(Z_DIM, 576, 4), nn.BatchNorm2d(576), nn.GLU(1))
            widths = (288, 224, 128, 80, 48, 32)  # at 4, 8, 16, 32, 64, 128
            self.blocks = nn.ModuleList(up(a, b) for a, b in itertools.pairwise(widths))
            self.gates = nn.ModuleList(Gate(widths[i], widths[i + 3]) for i in range(3))
            self.last = nn.Conv2d(widths[-1], 3, 3, 1, 1)

        def forward(self, z):
            maps = [self.first(z[:, :, None, None])]
            for block in self.blocks:
                maps.append(block(maps[-1]))
                if len(maps) > 3:
                    maps[-1] = maps[-1] * self.gates[len(maps) - 4](maps[len(maps) - 4])
            return torch.tanh(self.last(maps[-1]))

    class Down(nn.Module):
        def __init__(self, channels, filters):
            super().__init__()
            self.way = nn.Sequential(
                nn.Conv2d(channels, filters, 4, 2, 1), nn.LeakyReLU(0.1), nn.Conv2d(filters, filters, 3, 1, 1),
                nn.LeakyReLU(0.1),
            )  # fmt: skip
            self.short = nn.Sequential(nn.AvgPool2d(2), nn.Conv2d(channels, filters, 1), nn.LeakyReLU(0.1))

        def forward(self, x):
            return (self.way(x) + self.short(x)) / 2

    class Critic(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Sequential(nn.Conv2d(3, 24, 4, 2, 1), nn.LeakyReLU(0.1))
            self.downs = nn.Sequential(Down(24, 48), Down(48, 96), Down(96, 160))  # 64 to 8
            self.score = nn.Sequential(nn.Conv2d(160, 160, 1), nn.LeakyReLU(0.1), nn.Conv2d(160, 1, 4))
            self.redraw = nn.Sequential(up(160, 64), up(64, 32), up(32, 16), nn.Conv2d(16, 3, 3, 1, 1), nn.Tanh())

        def forward(self, x, redrawn=False):
            features = self.downs(self.first(x))
            score = self.score(features)
            return (score, self.redraw(features)) if redrawn else score

    generator, critic = ready(torch, Generator(), Critic())
    for_critic, for_generator = (torch.optim.Adam(net.parameters(), 2e-4, (0.5, 0.9)) for net in (critic, generator))
    steps = 0

    def step(real):
        nonlocal steps
        with torch.autocast("cpu", torch.bfloat16):
            with torch.no_grad():
                fake = generator(noise(torch))
            score, redrawn = critic(real, redrawn=True)
            small = nn.functional.interpolate(real, size=redrawn.shape[-1], mode="area")
            loss = (
                torch.relu(1 - score).mean() + torch.relu(1 + critic(fake)).mean() + (redrawn - small).square().mean()
            )
            if steps % 4 == 0:
                norms = (slopes(critic, real)[1] + 1e-12).sqrt()
                loss = loss + 10 * ((norms - 1) ** 2).mean()
        descend(for_critic, loss)
        with torch.autocast("cpu", torch.bfloat16):
            loss = -critic(generator(noise(torch))).mean()
        descend(for_generator, loss)
        steps += 1

    return generator, critic, step, 0.995


@on_torch
def r3gan(torch):
    """After Huang et al., "The GAN is dead; long live the GAN! A Modern GAN Baseline" (2024).

    Residual blocks of 1 x 1, grouped 3 x 3 and 1 x 1 whose last convolution begins at zero, bilinear resampling, no
    normalisation. The relativistic loss with R1 and R2, Adam with 2e-4, 0 and 0.9, a moving average of 0.999.
    """
    from torch import nn

    GAMMA, GROUP = 2.0, 16  # weight of the penalties (halved); channels of a group
    widths = (256, 224, 176, 136, 88, 48)  # at 4, 8, 16, 32, 64, 128

    class Block(nn.Module):
        def __init__(self, width):
            super().__init__()
            inner = 2 * width
            self.way = nn.Sequential(
                nn.Conv2d(width, inner, 1), nn.LeakyReLU(0.2),
                nn.Conv2d(inner, inner, 3, 1, 1, groups=inner // GROUP), nn.LeakyReLU(0.2),
                nn.Conv2d(inner, width, 1, bias=False),
            )  # fmt: skip
            nn.init.zeros_(self.way[-1].weight)

        def forward(self, x):
            return x + self.way(x)

    def stage(width, blocks=2):
        return nn.Sequential(*(Block(width) for _ in range(blocks)))

    def doubled(channels, filters):
        return nn.Sequential(
            nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False),
            nn.Conv2d(channels, filters, 1, bias=False),
        )

    class Generator(nn.Module):
        def __init__(self):
            super().__init__()
            self.basis = nn.Parameter(torch.randn(1, widths[0], 4, 4))
            self.scale = nn.Linear(Z_DIM, widths[0], bias=False)
            layers = [stage(widths[0])]
            for a, b in itertools.pairwise(widths):
                layers += [doubled(a, b), stage(b)]
            self.rest = nn.Sequential(*layers, nn.Conv2d(widths[-1], 3, 1))

        def forward(self, z):
            return self.rest(self.basis * self.scale(z)[:, :, None, None])

    class Critic(nn.Module):
        def __init__(self):
            super().__init__()
            layers, backwards = [nn.Conv2d(3, widths[-1], 1)], widths[::-1]
            for a, b in itertools.pairwise(backwards):
                layers += [stage(a), nn.AvgPool2d(2), nn.Conv2d(a, b, 1, bias=False)]
            last = widths[0]
            self.all = nn.Sequential(
                *layers,
                stage(last),
                nn.Conv2d(last, last, 4, groups=last, bias=False),
                nn.Flatten(),
                nn.Linear(last, 1),
            )

        def forward(self, x):
            return self.all(x)

    generator, critic = ready(torch, Generator(), Critic())
    for_critic, for_generator = (torch.optim.Adam(net.parameters(), 2e-4, (0.0, 0.9)) for net in (critic, generator))

    def step(real):
        with torch.autocast("cpu", torch.bfloat16):
            with torch.no_grad():
                fake = generator(noise(torch))
            (of_real, steep), (of_fake, steep_too) = slopes(critic, real), slopes(critic, fake)
            loss = nn.functional.softplus(of_fake - of_real).mean() + GAMMA / 2 * (steep + steep_too).mean()
        descend(for_critic, loss)
        with torch.autocast("cpu", torch.bfloat16):
            with torch.no_grad():
                of_real = critic(real)
            loss = nn.functional.softplus(of_real - critic(generator(noise(torch)))).mean()
        descend(for_generator, loss)

    return generator, critic, step, 0.999
