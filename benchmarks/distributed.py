"""Distributed training on one machine: agreement of losses, cost of communication, time to stop after a lost process.

    python -m benchmarks.distributed [--processes 1 2 4] [--steps 50]    JAX must be installed
    python -m benchmarks.distributed --paper                              estimates of the cost of communication on GPUs

Every process trains on the CPU and communicates over 127.0.0.1, as machines do over a network. The trained networks are
small; the seconds measure the cost of communication, not the speed of a training.
"""

import argparse
import contextlib
import itertools
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
BATCH, N_CRITIC, EVERY = 8, 3, 5
SMALL = {  # changes to the published networks; larger ones amplify rounding errors within 50 steps
    "input_dim": [16, 16, 3],
    "critic_conv_filters": [4, 8],
    "generator_initial_dense_layer_size": [4, 4, 8],
    "generator_conv_filters": [8, 3],
    "generator_conv_kernel_size": [4, 4],
    "z_dim": 10,
}


def launch(folder, processes=1, steps=50, backend="jax", devices=1, resume=False, dies=None, nudge=False, seconds=600):
    """Train the small networks and wait until all processes have ended.

    Args:
        folder: where losses.npz and the run folder go.
        processes: number of processes.
        steps: number of steps, counted from step 0.
        backend: `jax`, or `tensorflow` for one process.
        devices: number of devices of each process.
        resume: continue from the last snapshot in `folder`.
        dies: (process, step): that process is killed after that step.
        nudge: change the initial weights by a ten-millionth, as rounding errors do.
        seconds: time limit, after which all processes are killed.

    Returns:
        List of (status, output, time of its end), one per process.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [sys.executable, "-m", "benchmarks.distributed", "--worker", folder, "--steps", steps]
    command += ["--devices", devices] + (["--resume"] if resume else []) + (["--dies", *dies] if dies else [])
    command += ["--nudge"] if nudge else []
    ended = {}
    with contextlib.ExitStack() as files:
        outputs = [files.enter_context(tempfile.TemporaryFile("w+")) for _ in range(processes)]
        workers = [
            subprocess.Popen(
                list(map(str, command)),
                cwd=ROOT,
                env=_environment(backend, devices, address, process, processes),
                stdout=output,
                stderr=output,
            )
            for process, output in enumerate(outputs)
        ]
        end = time.time() + seconds
        while len(ended) < processes:
            for process, worker in enumerate(workers):
                if worker.poll() is not None:
                    ended.setdefault(process, time.time())
                elif time.time() > end:
                    worker.kill()
            time.sleep(0.05)
        for output in outputs:
            output.seek(0)
        statuses = [worker.returncode for worker in workers]
        return list(
            zip(statuses, [output.read() for output in outputs], [ended[i] for i in range(processes)], strict=True)
        )


def _environment(backend, devices, address, process, processes):
    place = {"JOB_ADDRESSES": address, "NUM_PROCESSES": processes, "PROCESS_ID": process}
    place = {f"KERAS_DISTRIBUTION_{name}": str(value) for name, value in place.items() if processes > 1}
    settings = {
        "KERAS_BACKEND": backend,
        "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "OMP_NUM_THREADS": "1",
    }
    return {**os.environ, **settings, **place}


def work(folder, steps, devices, resume, dies, nudge):
    """The work of each process: train one model on all devices; process 0 writes losses.npz."""
    import utils.quiet  # noqa: F401, I001  (chooses the backend, and does not initialise its devices)
    import keras

    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        cpu = tf.config.list_physical_devices("CPU")[0]
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * devices)
    from models.engine import distributed
    from models.recipes import published
    from models.WGANGP import WGANGP

    several = devices > 1 or "KERAS_DISTRIBUTION_NUM_PROCESSES" in os.environ
    distributed.start("global" if several else None)
    model = WGANGP(**{**published("notebook", image_size=32), **SMALL}, precision="float32", seed=1)
    if nudge:
        nudge_weights(model)
    images = np.random.default_rng(0).integers(0, 256, (64, 16, 16, 3), dtype=np.uint8)
    number = int(os.environ.get("KERAS_DISTRIBUTION_PROCESS_ID", 0))

    class Dies(keras.callbacks.Callback):
        on_every_process = True

        def on_train_batch_end(self, batch, logs=None):
            if dies and dies == [number, self.model.epoch]:
                print(f"killed at {time.time()}", flush=True)
                os.kill(os.getpid(), signal.SIGKILL)

    model.train(2, 2, images, BATCH, steps, folder, EVERY, N_CRITIC, verbose=0, callbacks=[Dies()], resume=resume)
    if distributed.is_first():
        seconds = np.median(model.step_seconds[-20:])
        np.savez(Path(folder) / "losses.npz", seconds=seconds, **model.losses_of)
    distributed.finish()


def nudge_weights(model):
    """Change a model's weights by a ten-millionth, as rounding errors do."""
    rng = np.random.default_rng(0)
    for network in (model.critic, model.generator):
        weights = network.get_weights()
        network.set_weights([weight * (1 + 1e-7 * rng.normal(size=weight.shape)) for weight in weights])


def difference(folder, other):
    """The largest relative difference between the losses of two trainings, over all steps and losses."""
    ours, theirs = (np.load(Path(place) / "losses.npz") for place in (folder, other))
    names = [name for name in ours if name != "seconds"]
    return max(np.max(np.abs(ours[name] - theirs[name]) / np.abs(theirs[name])) for name in names)


# Estimates -----------------------------------------------------------------------------------------------------------

LINKS = {  # {name: (bytes per second, seconds per message)}, assumed
    "NVLink, within a machine": (230e9, 5e-6),
    "InfiniBand 200 Gbit/s": (22e9, 10e-6),
    "Ethernet 25 Gbit/s": (2.8e9, 40e-6),
}
THROUGHPUT = 100e12  # FLOP/s of a GPU in bfloat16, assumed: a third of an A100's peak
BUCKET = 30 * 2**20  # largest number of bytes in one all-reduce, up to which XLA combines gradients


def ring_seconds(count, devices, bandwidth, latency):
    """The duration of a ring all-reduce of `count` bytes: each device sends and receives 2 (n - 1) / n of them."""
    rounds = 2 * (devices - 1)
    return rounds / devices * count / bandwidth + rounds * latency * -(-count // BUCKET)


def counted(network):
    """The number of trainable weights, and the FLOP of a forward pass per image."""
    flop = 0
    for layer in network.layers:
        kernel = getattr(layer, "kernel", None)
        if kernel is not None:
            places = layer.input.shape if "Transpose" in type(layer).__name__ else layer.output.shape
            flop += 2 * int(np.prod(kernel.shape)) * int(np.prod(places[1:-1]))
    return sum(int(np.prod(variable.shape)) for variable in network.trainable_variables), flop


def print_estimates():
    from models.recipes import published
    from models.WGANGP import WGANGP

    facts, rows = [], []
    for name in ("readme", "notebook"):
        model = WGANGP(**published(name), precision="float32")
        critic, critic_flop = counted(model.stock_part("critic"))
        generator, generator_flop = counted(model.stock_part("generator"))
        flop = 16 * (5 * (12 * critic_flop + generator_flop) + 3 * generator_flop + 2 * critic_flop)
        facts.append((name, critic, critic_flop / 1e9, generator, generator_flop / 1e9, flop / 1e12))
        for devices, (link, speed) in itertools.product((8, 64), LINKS.items()):
            if devices == 8 or "NVLink" not in link:
                parts = [1e3 * ring_seconds(4 * count, devices, *speed) for count in (critic, generator)]
                talk, compute = 5 * parts[0] + parts[1], 1e3 * flop / THROUGHPUT
                rows.append((name, devices, link, compute, *parts, talk, talk / (talk + compute)))
    print("| network | critic's weights | GFLOP an image | generator's weights | GFLOP an image | TFLOP a step |")
    print("|---|---|---|---|---|---|")
    for row in facts:
        print("| {} | {:,} | {:.2f} | {:,} | {:.2f} | {:.2f} |".format(*row))
    print("\n| network | GPUs | link | compute, ms | critic's gradients, ms | generator's, ms | a step's, ms | share |")
    print("|---|---|---|---|---|---|---|---|")
    for row in rows:
        print("| {} | {} | {} | {:.0f} | {:.2f} | {:.2f} | {:.1f} | {:.0%} |".format(*row))


def measure_processes(processes, steps):
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        one = folder / "one"
        launch(one, 1, steps)
        print("| JAX processes | largest relative difference of losses | seconds a step (median) |\n|---|---|---|")
        for count in processes:
            launch(folder / str(count), count, steps)
            seconds = float(np.load(folder / str(count) / "losses.npz")["seconds"])
            print(f"| {count} | {difference(folder / str(count), one):.1e} | {seconds:.3f} |", flush=True)
        launch(folder / "nudged", 1, steps, nudge=True)
        print(f"1 process, its first weights changed by a ten-millionth: {difference(folder / 'nudged', one):.1e}")
        alone = folder / "tensorflow"
        launch(alone, 1, steps, "tensorflow")
        launch(folder / "mirrored", 1, steps, "tensorflow", devices=2)
        seconds = [float(np.load(place / "losses.npz")["seconds"]) for place in (alone, folder / "mirrored")]
        print(f"TensorFlow, 2 devices against 1: {difference(folder / 'mirrored', alone):.1e}; {seconds} s a step")
        for killed in (1, 0):
            results = launch(folder / f"killed {killed}", 2, 10_000, dies=(killed, 12))
            when = float(results[killed][1].split("killed at ")[1].split()[0])
            status, output, ended = results[1 - killed]
            sentence = next(line for line in output.splitlines() if "has stopped, so" in line)
            print(f"process {killed} killed: the other ended after {ended - when:.1f} s, status {status}: {sentence}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--processes", nargs="+", type=int, default=[1, 2, 4])
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--paper", action="store_true", help="calculate what communication costs on GPUs")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--devices", type=int, default=1, help=argparse.SUPPRESS)
    parser.add_argument("--resume", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--nudge", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--dies", nargs=2, type=int, help=argparse.SUPPRESS)
    a = parser.parse_args()
    if a.worker:
        work(a.worker, a.steps, a.devices, a.resume, a.dies, a.nudge)
    elif a.paper:
        print_estimates()
    else:
        measure_processes(a.processes, a.steps)


if __name__ == "__main__":
    main()
