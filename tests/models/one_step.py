"""One step of a small WGANGP on the backend of KERAS_BACKEND, its losses and gradients written to a file.

    KERAS_BACKEND=jax python -m tests.models.one_step given.npz found.npz

`given.npz` holds weights, images, noise and mixes, so that every backend starts from the same and draws nothing.
"""

import sys

import numpy as np

from tests.conftest import tiny_parameters

N, Z_DIM, SIZE = 4, 10, 16


def network():
    """The parameters of the network compared: wide kernels in the generator, as published."""
    return tiny_parameters(SIZE, generator_conv_kernel_size=[10, 6], critic_conv_kernel_size=[5, 3])


def given(path, seed=0):
    """Write what every backend starts from: the weights of both networks, images, and what chance would have given."""
    from models.WGANGP import WGANGP

    rng = np.random.default_rng(seed)
    model = WGANGP(**network(), precision="float32", seed=seed)
    weights = {
        f"{name}_{i}": weight + rng.normal(0, 0.1, weight.shape).astype("float32") * (weight.ndim > 1)
        for name in ("critic", "generator")
        for i, weight in enumerate(getattr(model, name).get_weights())
    }
    chance = {
        "images": rng.integers(0, 256, (N, SIZE, SIZE, 3), dtype=np.uint8),
        "noise": rng.normal(size=(N, Z_DIM)).astype("float32"),
        "mix": rng.uniform(size=(N, 1, 1, 1)).astype("float32"),
    }
    np.savez(path, **weights, **chance)


def step(start, found):
    """Do one step, of one critic batch, and write each loss, each gradient and each weight after it."""
    from models.engine import backend
    from models.WGANGP import WGANGP
    from utils.quiet import keras

    values = np.load(start)
    model = WGANGP(**network(), precision="float32", seed=1)
    for name in ("critic", "generator"):
        part = getattr(model, name)
        part.set_weights([values[f"{name}_{i}"] for i in range(len(part.get_weights()))])
    model._noise = lambda n: keras.ops.convert_to_tensor(values["noise"])
    model._mix = lambda n: keras.ops.convert_to_tensor(values["mix"])
    model.n_critic = 1
    results = {}

    def note_and_apply(optimizer, gradients, variables):
        for gradient, variable in zip(gradients, variables, strict=True):
            results[f"gradient {len(results)} of {variable.path}"] = keras.ops.convert_to_numpy(gradient)
        applied(optimizer, gradients, variables)

    applied, backend.apply_gradients = backend.apply_gradients, note_and_apply
    logs = model.step(keras.ops.convert_to_tensor(values["images"]))
    results |= {f"loss {name}": keras.ops.convert_to_numpy(value) for name, value in logs.items()}
    np.savez(found, **results)


if __name__ == "__main__":
    step(*sys.argv[1:])
