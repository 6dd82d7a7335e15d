"""Seconds per training step: this project against the loops of tutorials, step by step in turns.

    python -m benchmarks.training_step [--network notebook] [--divide 1] [--batch-size 16] [--steps 5]
        [--steps-a-turn 1] [--only ours textbook ...]

Every contestant trains the same two networks on random images of 128 x 128, with five critic updates and one generator
update per step. Each has a process of its own and takes turns with the others, so that other load on the machine
affects all of them equally; the table has the medians and their ratio to the textbook loop, or to PyTorch's where
TensorFlow is not installed. On a GPU, `--steps-a-turn 20` lets the device run ahead as in a training: a loss is read at
the end of a turn.

- `ours`: `WGANGP.train` as the notebooks call it, in the fastest precision of the machine;
- `ours float32`: the same in single precision;
- `ours torch`: the same on PyTorch, if it is installed, in both precisions; `ours jax` on JAX, where `--only` names it,
  for on a processor it takes minutes to compile;
- `textbook`: Keras on TensorFlow as in tutorials, one `tf.function` per critic update, LeakyReLU, float32;
- `pytorch`, `pytorch bfloat16`: the same networks in plain PyTorch, channels last, if PyTorch is installed;
- `product`, `product bfloat16`: matrix products and nothing else, in PyTorch or TensorFlow. What they give is the most
  that this machine gives; the table says which share of it each contestant reaches (`step_flops`).
"""

import argparse
import importlib.util
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.measuring import begin_turn, end_turn, machine, take_turn, wait_for_turn

ROOT = Path(__file__).parents[1]
BATCH, N_CRITIC = 16, 5
SIDES = 3072, 8192  # rows and columns of the matrices of `product`, on a processor and on a GPU
ROUNDED_TO = {"float32": "float32", "mixed_bfloat16": "bfloat16", "mixed_float16": "float16"}


def ours(parameters, steps, precision="auto"):
    from models.WGANGP import WGANGP
    from utils.quiet import keras

    gan = WGANGP(**parameters, precision=precision, seed=1)
    flops = steps * step_flops(parameters)

    class Turns(keras.callbacks.Callback):
        """Waits for its turn before the first of its steps, and prints a line after the last."""

        def due(self, step):
            return (step + 1) % steps == 0

        def on_train_batch_begin(self, batch, logs=None):
            if batch % steps == 0:
                wait_for_turn()

        def on_train_batch_end(self, batch, logs=None):
            if self.due(self.model.epoch):
                done(flops, ROUNDED_TO[gan.precision])

    gan.train(1, 1, random_images(1000), gan.batch_size, 10**6, "run", 10**9, N_CRITIC, verbose=0, callbacks=[Turns()])


def textbook(parameters, steps):
    from models.critic import build_critic
    from models.generators import build_generator
    from utils.quiet import keras

    import tensorflow as tf  # isort: skip  (after utils.quiet)

    batch = parameters["batch_size"]
    critic, generator = stock_networks(parameters, build_critic, build_generator)
    optimizers = [keras.optimizers.Adam(2e-4, beta_1=0.5) for _ in range(2)]
    critic_update, generator_update = map(
        tf.function, keras_updates(critic, generator, optimizers, parameters["z_dim"], tf.random.uniform, batch)
    )
    images = tf.constant(random_images(batch), tf.float32) / 127.5 - 1
    while True:
        wait_for_turn()
        for _ in range(steps):
            for _ in range(N_CRITIC):
                critic_update(images).numpy()
            generator_update().numpy()
        done(steps * step_flops(parameters))


def keras_updates(critic, generator, optimizers, z_dim, mix, batch=BATCH):
    """The updates of a WGAN-GP on TensorFlow, as tutorials have them, for `tf.function`.

    Args:
        critic, generator: Keras models.
        optimizers: of the two, which are built here.
        z_dim: length of a latent vector.
        mix: function of a shape, the share of the real image in each mixture at which the slope is penalised.
        batch: images in the batch of one update.

    Returns:
        `(critic_update, generator_update)`, functions of a batch from -1 to 1 and of nothing, which give the loss.
    """
    import tensorflow as tf

    def noise():
        return tf.random.normal((batch, z_dim))

    def critic_update(real):
        fake = generator(noise(), training=True)
        with tf.GradientTape() as tape:
            share = mix((batch, 1, 1, 1))
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


def pytorch(parameters, steps, bfloat16=False):
    import torch

    torch.set_num_threads(os.cpu_count())
    device = "cuda" if torch.cuda.is_available() else "cpu"
    _, _, step = torch_wgangp(parameters, bfloat16, device)
    images = random_images(parameters["batch_size"])
    real = torch.tensor(images, dtype=torch.float32, device=device).permute(0, 3, 1, 2) / 127.5 - 1
    while True:
        wait_for_turn()
        for _ in range(steps):
            loss = step(real)
        loss.item()
        done(steps * step_flops(parameters), "bfloat16" if bfloat16 else "float32")


def torch_wgangp(parameters, bfloat16=False, device="cpu"):
    """The published networks in plain PyTorch, channels last, and the step of tutorials.

    Returns:
        `(critic, generator, step)`: two modules, and a function of a batch (batch_size, 3, 128, 128) from -1 to 1 that
        returns the generator's loss, a tensor.
    """
    import torch

    critic, generator = (net.to(device, memory_format=torch.channels_last) for net in torch_networks(parameters))
    optimizers = [torch.optim.Adam(net.parameters(), 2e-4, betas=(0.5, 0.999)) for net in (critic, generator)]
    half = torch.autocast(device, torch.bfloat16, enabled=bfloat16)
    batch = parameters["batch_size"]

    def noise():
        return torch.randn(batch, parameters["z_dim"], device=device)

    def step(real):
        for _ in range(N_CRITIC):
            with half:
                with torch.no_grad():
                    fake = generator(noise())
                mix = torch.rand(batch, 1, 1, 1, device=device)
                norms = (slopes(critic, mix * real + (1 - mix) * fake)[1] + 1e-12).sqrt()
                loss = critic(fake).mean() - critic(real).mean() + 10 * ((norms - 1) ** 2).mean()
            descend(optimizers[0], loss)
        with half:
            loss = -critic(generator(noise())).mean()
        descend(optimizers[1], loss)
        return loss.detach()

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


def product(parameters, steps, dtype="float32"):
    """Matrix products of about as many operations as the steps of the others, or of ten seconds."""
    make, on_gpu = _matrices(dtype)
    side = SIDES[on_gpu] if _seconds(make(512)) < 0.05 else 1024  # a processor that knows no bfloat16 takes seconds
    matrix = make(side)
    flops = 2 * side**3
    times = max(1, min(round(steps * step_flops(parameters) / flops), int(10 / _seconds(matrix))))
    while True:
        wait_for_turn()
        for _ in range(times):
            result = matrix @ matrix
        float(result[0, 0])
        done(times * flops, dtype)


def _matrices(dtype):
    """A function of a side that makes a square matrix, and whether it lies on a GPU."""
    if PRODUCTS == "torch":
        import torch

        torch.set_num_threads(os.cpu_count())
        device = "cuda" if torch.cuda.is_available() else "cpu"
        torch.set_float32_matmul_precision("high" if device == "cuda" else "highest")  # TF32, as cuDNN's convolutions
        return lambda side: torch.randn(side, side, device=device).to(getattr(torch, dtype)), device == "cuda"
    import tensorflow as tf

    return lambda side: tf.cast(tf.random.normal((side, side)), dtype), False


def _seconds(matrix):
    """How long its product with itself takes, the second time."""
    for _ in range(2):
        started = time.perf_counter()
        float((matrix @ matrix)[0, 0])
    return time.perf_counter() - started


def step_flops(parameters):
    """The floating-point operations of one training step, those of convolutions and dense layers.

    A product and a sum are two operations, at every position of a kernel, in the padding too. With C for a pass of a
    batch through the critic and G through the generator, forth or back: a critic update takes G for the images, 6 C for
    the scores of real and generated ones with their gradients, and 4 C for the penalty (forth, back to the inputs, and
    the derivative of that by both its arguments); a generator update takes 3 G and 2 C.

    Args:
        parameters: as `models.recipes.published` gives them.

    Returns:
        An int.
    """
    p = parameters
    side, _, channels = p["input_dim"]
    critic = 0
    for filters, kernel, stride in _layers(p, "critic"):
        side = -(-side // stride)
        critic += side**2 * kernel**2 * channels * filters
        channels = filters
    critic += side**2 * channels
    side, _, channels = p["generator_initial_dense_layer_size"]
    generator = p["z_dim"] * side**2 * channels
    for filters, kernel, stride in _layers(p, "generator"):
        generator += side**2 * kernel**2 * channels * filters
        side, channels = side * stride, filters
    return 2 * p["batch_size"] * (N_CRITIC * (10 * critic + generator) + 2 * critic + 3 * generator)


def _layers(parameters, part):
    names = (f"{part}_conv_{name}" for name in ("filters", "kernel_size", "strides"))
    return zip(*(parameters[name] for name in names), strict=True)


PRODUCTS = "torch" if importlib.util.find_spec("torch") else "tensorflow"
FLOAT32, BFLOAT16 = {"precision": "float32"}, {"bfloat16": True}
CONTESTANTS = {  # {name: (function, its keywords, the package that it needs)}
    "ours": (ours, {}, "tensorflow"),
    "ours float32": (ours, FLOAT32, "tensorflow"),
    "ours jax": (ours, {}, "jax"),
    "ours jax float32": (ours, FLOAT32, "jax"),
    "ours torch": (ours, {}, "torch"),
    "ours torch float32": (ours, FLOAT32, "torch"),
    "textbook": (textbook, {}, "tensorflow"),
    "pytorch": (pytorch, {}, "torch"),
    "pytorch bfloat16": (pytorch, BFLOAT16, "torch"),
    "product": (product, {}, PRODUCTS),
    "product bfloat16": (product, {"dtype": "bfloat16"}, PRODUCTS),
}


def random_images(n):
    return np.random.default_rng(0).integers(0, 256, (n, 128, 128, 3), dtype=np.uint8)


def done(flops, dtype="float32"):
    """Ends a worker's turn, in which it did so many operations in `dtype`."""
    print(f"done {flops} {dtype}", flush=True)


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training_step", description=__doc__.splitlines()[0])
    parser.add_argument("--network", choices=("readme", "notebook"), default="notebook")
    parser.add_argument("--divide", type=int, default=1, help="divide the filters of every layer")
    parser.add_argument("--batch-size", type=int, default=BATCH)
    parser.add_argument("--steps", type=int, default=5, help="timed turns of each, after two that are not")
    parser.add_argument("--steps-a-turn", type=int, default=1)
    usual = [name for name in CONTESTANTS if "jax" not in name]
    parser.add_argument("--only", nargs="+", choices=CONTESTANTS, default=usual)
    parser.add_argument("--contestant", help=argparse.SUPPRESS)
    a = parser.parse_args()
    if a.contestant:
        from models.recipes import published

        function, keywords, _ = CONTESTANTS[a.contestant]
        function(published(a.network, a.divide) | {"batch_size": a.batch_size}, a.steps_a_turn, **keywords)
        return
    turns = {name: [] for name in a.only if importlib.util.find_spec(CONTESTANTS[name][2])}
    print(f"{machine()}; {a.network}, filters divided by {a.divide}, batches of {a.batch_size}", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        workers = {name: _started(name, Path(folder) / name.replace(" ", "_")) for name in turns}
        try:
            for worker in workers.values():  # the first turn, which compiles, all together
                begin_turn(worker)
            for name, worker in workers.items():
                end_turn(worker, name)
            for turn in range(1, a.steps + 2):
                for name, worker in workers.items():
                    start = time.perf_counter()
                    word, *said = take_turn(worker, f"{name}, in its turn {turn},").split() or [""]
                    if word != "done":
                        sys.exit(f"{name} said {word!r} in its turn {turn}")
                    if turn > 1:
                        turns[name].append((time.perf_counter() - start, *said))
        finally:
            for worker in workers.values():
                worker.kill()
                worker.wait()
    print(table(turns, a.steps_a_turn))


def _started(name, folder):
    """The process of a contestant, in a folder of its own, where trainings leave their files."""
    folder.mkdir()
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.training_step", *sys.argv[1:], "--contestant", name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=os.environ
        | {"KERAS_BACKEND": CONTESTANTS[name][2], "PYTHONPATH": path, "XLA_PYTHON_CLIENT_PREALLOCATE": "false"},
    )


def table(turns, steps):
    """The Markdown table of all contestants.

    Args:
        turns: {name: list of (seconds, operations, dtype) of its turns}, the latter two as strings.
        steps: steps a turn.
    """
    seconds = {name: [row[0] / steps for row in rows] for name, rows in turns.items()}
    rates = {name: statistics.median(int(row[1]) / row[0] for row in rows) / 1e9 for name, rows in turns.items()}
    most = {turns[name][0][2]: rates[name] for name in turns if name.startswith("product")}
    other = next((name for name in ("textbook", "pytorch") if name in turns), None)
    lines = [
        f"| | seconds a step (median) | least, most | of {other or 'another'} | GFLOP/s | of the product |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, values in seconds.items():
        median, product = statistics.median(values), most.get(turns[name][0][2])
        cells = [f"{median:.4g}", f"{min(values):.4g}, {max(values):.4g}"]
        cells += [f"{median / statistics.median(seconds[other]):.2f}" if other else ""]
        cells = cells if not name.startswith("product") else ["", "", ""]
        share = f"{rates[name] / product:.0%}" if product else ""
        lines.append(f"| {' | '.join([f'{name}', *cells, f'{rates[name]:,.0f}', share])} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
