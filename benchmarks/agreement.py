"""Does a graphics card train what the processor trains? Losses of both from the same weights, images and noise.

    python -m benchmarks.agreement [--backends jax torch] [--steps 50] [--network small]

Each training has a process of its own: on the processor, on the processor with weights changed by a ten-millionth (what
rounding alone makes of a training), on the card in full float32, and on the card as it is used, where products are
rounded to TF32. JAX draws the same noise everywhere; PyTorch does not, so that NumPy draws it here. The table has the
largest relative difference from the processor's losses in the first 1, 10 and 50 steps.

The small network is that of `benchmarks.distributed`: larger ones amplify rounding errors within 50 steps, as
`--network narrow` shows, the README's with its filters divided by 4.
"""

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from benchmarks.distributed import SMALL, nudge_weights
from benchmarks.measuring import machine

ROOT = Path(__file__).parents[1]
PROCESSOR = {"JAX_PLATFORMS": "cpu", "CUDA_VISIBLE_DEVICES": ""}
FULL = {"NVIDIA_TF32_OVERRIDE": "0", "JAX_DEFAULT_MATMUL_PRECISION": "highest"}
TRAININGS = {  # {name: environment}; the first is what the others are compared with
    "processor": PROCESSOR,
    "processor, weights nudged": PROCESSOR,
    "card, float32": FULL,
    "card, as used (TF32)": {},
}
AFTER = 1, 10, 50  # steps


def work(network, steps, nudge):
    """Train in this process; prints the losses, one JSON line."""
    from models.recipes import published
    from models.WGANGP import WGANGP
    from utils.quiet import keras

    small = {**published("notebook", image_size=32), **SMALL, "batch_size": 8}
    model = WGANGP(**(small if network == "small" else published("readme", 4)), precision="float32", seed=1)
    if nudge:
        nudge_weights(model)
    if keras.backend.backend() == "torch":
        draws = np.random.default_rng(1)
        model._noise = lambda n: keras.ops.convert_to_tensor(draws.normal(size=(n, model.z_dim)), "float32")
        model._mix = lambda n: keras.ops.convert_to_tensor(draws.uniform(size=(n, 1, 1, 1)), "float32")
    images = np.random.default_rng(0).integers(0, 256, (64, *model.input_dim), dtype=np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        model.train(1, 1, images, model.batch_size, steps, folder, 10**9, 5, verbose=0)
    print(json.dumps(model.losses_of))


def train(backend, name, network, steps):
    """The losses of one training in a process of its own: dict of arrays (steps,)."""
    command = [sys.executable, "-m", "benchmarks.agreement", "--worker", "--network", network, "--steps", str(steps)]
    environment = os.environ | {"KERAS_BACKEND": backend, "XLA_PYTHON_CLIENT_PREALLOCATE": "false"} | TRAININGS[name]
    environment["OMP_NUM_THREADS"] = "1"  # so small a network is slower on many cores, the more so beside others
    command += ["--nudge"] if name.endswith("nudged") else []
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{backend}, {name}:\n{done.stderr[-3000:]}")
    return {key: np.asarray(values) for key, values in json.loads(done.stdout.splitlines()[-1]).items()}


def differences(losses, reference):
    """The largest relative difference of any loss in the first steps, for each number of steps in AFTER."""
    errors = [np.abs(losses[name] - reference[name]) / np.abs(reference[name]) for name in reference]
    return [float(np.max([error[:steps] for error in errors])) for steps in AFTER if steps <= len(errors[0])]


def has_card(backend):
    """Whether a backend sees a card; asked in a process of its own, which ends before a training needs it."""
    look = "from models.engine.precision import has_accelerator as found; print(found())"
    done = subprocess.run(
        [sys.executable, "-c", look],
        cwd=ROOT,
        env=os.environ | {"KERAS_BACKEND": backend},
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.stdout.split()[-1:] == ["True"]


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.agreement", description=__doc__.splitlines()[0])
    parser.add_argument("--backends", nargs="+", choices=("jax", "torch", "tensorflow"), default=["jax", "torch"])
    parser.add_argument("--steps", type=int, default=max(AFTER))
    parser.add_argument("--network", choices=("small", "narrow"), default="small")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--nudge", action="store_true", help=argparse.SUPPRESS)
    a = parser.parse_args()
    if a.worker:
        work(a.network, a.steps, a.nudge)
        return
    print(f"{machine()}; {a.network} network\n")
    print(f"| | {' | '.join(f'after {steps}' for steps in AFTER if steps <= a.steps)} |")
    print(f"|---|{'---:|' * sum(steps <= a.steps for steps in AFTER)}")
    for backend in filter(importlib.util.find_spec, a.backends):
        names = list(TRAININGS)[: 4 if has_card(backend) else 2]
        with ThreadPoolExecutor() as pool:
            trained = pool.map(lambda name, of=backend: train(of, name, a.network, a.steps), names)
            losses = dict(zip(names, trained, strict=True))
        for name in names[1:]:
            cells = [f"{value:.1e}" for value in differences(losses[name], losses[names[0]])]
            print(f"| {backend}, {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
