"""Seconds per training step: this project against the loops of tutorials, step by step in turns.

    python -m benchmarks.training_step [--network notebook] [--divide 1] [--steps 5] [--only ours textbook ...]

Every contestant trains the same two networks on random images of 128 x 128 in batches of 16, with five critic updates
and one generator update per step. Each has a process of its own and takes turns with the others, so that other load on
the machine affects all of them equally; the table has the medians and their ratio to the textbook loop.

- `ours`: `WGANGP` as the notebooks build it, in the fastest precision of the machine;
- `ours float32`: the same in single precision;
- `ours jax`, `ours torch`: the same on Keras' other backends, if they are installed;
- `textbook`: Keras on TensorFlow as in tutorials, one `tf.function` per critic update, LeakyReLU, float32;
- `pytorch`, `pytorch bfloat16`: the same networks in plain PyTorch, channels last, if PyTorch is installed.
"""

import argparse
import importlib.util
import os
import statistics
import subprocess
import sys
import time

import numpy as np

from benchmarks.measuring import take_turn, wait_for_turn

BATCH, N_CRITIC = 16, 5


def ours(parameters, precision="auto"):
    from models.WGANGP import WGANGP

    gan = WGANGP(**parameters, precision=precision, seed=1)
    print(f"precision {gan.precision}", file=sys.stderr)
    images = random_images(BATCH * N_CRITIC)

    def stream():
        while True:
            yield (images,)

    from utils.quiet import keras

    class Turns(keras.callbacks.Callback):
        """Waits for its turn before each step, and prints a line after it."""

        def on_train_batch_begin(self, batch, logs=None):
            wait_for_turn()

        def on_train_batch_end(self, batch, logs=None):
            done()

    gan.fit(stream(), steps_per_epoch=10**6, verbose=0, shuffle=False, callbacks=[Turns()])


def textbook(parameters):
    from models.critic import build_critic
    from models.generators import build_generator
    from utils.quiet import keras

    import tensorflow as tf  # isort: skip  (after utils.quiet)

    critic, generator = stock_networks(parameters, build_critic, build_generator)
    optimizers = [keras.optimizers.Adam(2e-4, beta_1=0.5) for _ in range(2)]
    critic_update, generator_update = map(
        tf.function, keras_updates(critic, generator, optimizers, parameters["z_dim"], tf.random.uniform)
    )
    images = tf.constant(random_images(BATCH), tf.float32) / 127.5 - 1
    while True:
        wait_for_turn()
        for _ in range(N_CRITIC):
            critic_update(images).numpy()
        generator_update().numpy()
        done()


def keras_updates(critic, generator, optimizers, z_dim, mix):
    """The updates of a WGAN-GP on TensorFlow, as tutorials have them, for `tf.function`.

    Args:
        critic, generator: Keras models.
        optimizers: of the two, which are built here.
        z_dim: length of a latent vector.
        mix: function of a shape, the share of the real image in each mixture at which the slope is penalised.

    Returns:
        `(critic_update, generator_update)`, functions of a batch from -1 to 1 and of nothing, which give the loss.
    """
    import tensorflow as tf

    def noise():
        return tf.random.normal((BATCH, z_dim))

    def critic_update(real):
        fake = generator(noise(), training=True)
        with tf.GradientTape() as tape:
            share = mix((BATCH, 1, 1, 1))
            between = share * real + (1 - share) * fake
            with tf.GradientTape() as inner:
                inner.watch(between)
                score = critic(between, training=True)
            norms = tf.sqrt(tf.reduce_sum(inner.gradient(score, between) ** 2, axis=[1, 2, 3]) + 1e-12)
            loss = tf.reduce_mean(critic(fake, training=True)) - tf.reduce_mean(critic(real, training=True))
            loss += 10 * tf.reduce_mean((norms - 1) ** 2)
        optimizers[0].apply(tape.gradient(loss, critic.trainable_variables), critic.trainable_variables)
        return loss

    def generator_update():
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(critic(generator(noise(), training=True), training=True))
        optimizers[1].apply(tape.gradient(loss, generator.trainable_variables), generator.trainable_variables)
        return loss

    for optimizer, network in zip(optimizers, (critic, generator), strict=True):
        optimizer.build(network.trainable_variables)
    return critic_update, generator_update


def stock_networks(parameters, build_critic, build_generator):
    p = parameters
    critic = build_critic(
        p["input_dim"], p["critic_conv_filters"], p["critic_conv_kernel_size"], p["critic_conv_strides"]
    )
    generator = build_generator(
        p["z_dim"],
        p["generator_initial_dense_layer_size"],
        p["generator_upsample"],
        p["generator_conv_filters"],
        p["generator_conv_kernel_size"],
        p["generator_conv_strides"],
    )
    return critic, generator


def torch_networks(parameters):
    """The published networks in plain PyTorch: `(critic, generator)`."""
    from torch import nn

    class SameConv(nn.Conv2d):
        """Stride 2 with the padding that TensorFlow calls `same`."""

        def forward(self, x):
            before, after = (self.kernel_size[0] - 2) // 2, (self.kernel_size[0] - 1) // 2
            return super().forward(nn.functional.pad(x, (before, after, before, after)))

    def critic():
        layers, channels = [], 3
        for filters, kernel in zip(
            parameters["critic_conv_filters"], parameters["critic_conv_kernel_size"], strict=True
        ):
            layers += [SameConv(channels, filters, kernel, stride=2), nn.LeakyReLU(0.2)]
            channels = filters
        return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels * 64, 1))

    def generator():
        start = parameters["generator_initial_dense_layer_size"][-1]
        layers = [nn.Linear(parameters["z_dim"], 64 * start), nn.BatchNorm1d(64 * start), nn.LeakyReLU(0.2)]
        layers += [nn.Unflatten(1, (start, 8, 8))]
        channels, rows = (
            start,
            list(zip(parameters["generator_conv_filters"], parameters["generator_conv_kernel_size"], strict=True)),
        )
        for i, (filters, kernel) in enumerate(rows):
            layers.append(nn.ConvTranspose2d(channels, filters, kernel, stride=2, padding=(kernel - 2) // 2))
            if i < len(rows) - 1:
                layers += [nn.BatchNorm2d(filters), nn.LeakyReLU(0.2)]
            channels = filters
        return nn.Sequential(*layers, nn.Tanh())

    return critic(), generator()


def pytorch(parameters, bfloat16=False):
    import torch

    torch.set_num_threads(os.cpu_count())
    device = "cuda" if torch.cuda.is_available() else "cpu"
    _, _, step = torch_wgangp(parameters, bfloat16, device)
    real = torch.tensor(random_images(BATCH), dtype=torch.float32, device=device).permute(0, 3, 1, 2) / 127.5 - 1
    while True:
        wait_for_turn()
        step(real)
        done()


def torch_wgangp(parameters, bfloat16=False, device="cpu"):
    """The published networks in plain PyTorch, channels last, and the step of tutorials.

    Returns:
        `(critic, generator, step)`: two modules, and a function of a batch (16, 3, 128, 128) from -1 to 1.
    """
    import torch

    critic, generator = (net.to(device, memory_format=torch.channels_last) for net in torch_networks(parameters))
    optimizers = [torch.optim.Adam(net.parameters(), 2e-4, betas=(0.5, 0.999)) for net in (critic, generator)]
    half = torch.autocast(device, torch.bfloat16, enabled=bfloat16)

    def noise():
        return torch.randn(BATCH, parameters["z_dim"], device=device)

    def step(real):
        for _ in range(N_CRITIC):
            with half:
                with torch.no_grad():
                    fake = generator(noise())
                mix = torch.rand(BATCH, 1, 1, 1, device=device)
                norms = (slopes(critic, mix * real + (1 - mix) * fake)[1] + 1e-12).sqrt()
                loss = critic(fake).mean() - critic(real).mean() + 10 * ((norms - 1) ** 2).mean()
            descend(optimizers[0], loss)
        with half:
            loss = -critic(generator(noise())).mean()
        descend(optimizers[1], loss)
        loss.item()

    return critic, generator, step


def slopes(critic, images):
    """A critic's scores, and the squared norm of its gradient at each image, itself differentiable, in PyTorch."""
    import torch

    images = images.detach().requires_grad_(True)
    scores = critic(images)
    (gradient,) = torch.autograd.grad(scores.sum(), images, create_graph=True)
    return scores, gradient.float().square().sum(dim=(1, 2, 3))


def descend(optimizer, loss):
    """One update in PyTorch."""
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()


CONTESTANTS = {
    "ours": ours,
    "ours float32": lambda parameters: ours(parameters, "float32"),
    "ours jax": ours,
    "ours torch": ours,
    "textbook": textbook,
    "pytorch": pytorch,
    "pytorch bfloat16": lambda parameters: pytorch(parameters, bfloat16=True),
}
NEEDS = {"ours jax": "jax", "ours torch": "torch", "pytorch": "torch", "pytorch bfloat16": "torch"}  # else TensorFlow


def random_images(n):
    return np.random.default_rng(0).integers(0, 256, (n, 128, 128, 3), dtype=np.uint8)


def done():
    print("done", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", choices=("readme", "notebook"), default="notebook")
    parser.add_argument("--divide", type=int, default=1, help="divide the filters of every layer")
    parser.add_argument("--steps", type=int, default=5, help="timed steps of each, after two that are not")
    parser.add_argument("--only", nargs="+", choices=CONTESTANTS, default=list(CONTESTANTS))
    parser.add_argument("--contestant", help=argparse.SUPPRESS)
    a = parser.parse_args()
    if a.contestant:
        from models.recipes import published

        CONTESTANTS[a.contestant](published(a.network, a.divide))
        return
    names = [name for name in a.only if importlib.util.find_spec(NEEDS.get(name, "tensorflow"))]
    command = [sys.executable, "-m", "benchmarks.training_step", "--network", a.network, "--divide", str(a.divide)]
    workers = {
        name: subprocess.Popen(
            [*command, "--contestant", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"KERAS_BACKEND": NEEDS.get(name, "tensorflow")},
        )
        for name in names
    }
    seconds = {name: [] for name in names}
    for step in range(a.steps + 2):
        for name, worker in workers.items():
            start = time.perf_counter()
            if (answer := take_turn(worker, f"{name}, in its step {step},")) != "done\n":
                sys.exit(f"{name} said {answer!r} in its step {step}")
            if step > 1:
                seconds[name].append(time.perf_counter() - start)
    for worker in workers.values():
        worker.stdin.close()
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    print(f"network {a.network}, filters divided by {a.divide}, {a.steps} steps each")
    print("| | seconds a step (median) | least, most | of the textbook loop |\n|---|---|---|---|")
    for name, median in medians.items():
        ratio = f"{median / medians['textbook']:.2f}" if "textbook" in medians else "-"
        print(f"| {name} | {median:.2f} | {min(seconds[name]):.2f}, {max(seconds[name]):.2f} | {ratio} |")


if __name__ == "__main__":
    main()
