"""Time from `python` to the end of the first training step, with narrow networks; and import times of packages.

    python -m benchmarks.first_second [--repeats 5] [--network readme] [--divide 4] [--precision auto]

Each repeat is a process of its own, timed from before its start. Compiled Python files of TensorFlow and Keras
exist on disk from the first repeat on; the median is printed.

- `python`: start of the interpreter;
- `import`: TensorFlow and Keras, with TensorFlow's search for devices;
- `build`: the project's modules, both networks, the optimisers;
- `first step`: drawing images, tracing and compiling the step, and running it once;
- `second step`: for comparison, a compiled step; not in the total.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time

import numpy as np

from benchmarks.measuring import in_a_process, machine

PARTS = ("python", "import", "build", "first step")
GOAL = 15  # seconds
LIGHT = ("lines", "utils.loaders", "utils.latent", "utils.figures", "utils.files", "utils.files.archives")
HEAVY = ("tensorflow", "keras", "torch", "jax")
LOOK = """
import json, sys, time
started = time.perf_counter()
import {module}
seconds = time.perf_counter() - started
print(json.dumps([seconds, [name for name in {heavy} if name in sys.modules]]))
"""


def first_step(network, divide, precision, started):
    """Run two steps; returns the seconds of each part. `started` is the time before the start of this process."""
    clock = [started, time.time()]
    from utils.quiet import keras

    clock.append(time.time())
    from models.recipes import published
    from models.WGANGP import WGANGP

    gan = WGANGP(**published(network, divide), precision=precision, seed=1)
    clock.append(time.time())
    import lines

    class Begin(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            clock.append(time.time())

    with tempfile.TemporaryDirectory() as folder:
        images = lines.draw(lines.sample(1000, seed=1))
        gan.train(1, 1, images, 16, 2, folder, print_every_n_batches=10**9, verbose=0, callbacks=[Begin()])
    first, second = gan.step_seconds  # without figures and files after the step
    seconds = np.diff(clock[: len(PARTS) + 1])
    return {**dict(zip(PARTS, [*seconds[:-1], seconds[-1] + first], strict=True)), "second step": second}


def imports(module):
    """The seconds to import a module in a fresh process, and the heavy packages that this imports."""
    done = subprocess.run(
        [sys.executable, "-c", LOOK.format(module=module, heavy=HEAVY)], stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(done.stdout)


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.first_second", description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--network", choices=("readme", "notebook"), default="readme")
    parser.add_argument("--divide", type=int, default=4)
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--only", help=argparse.SUPPRESS)
    a = parser.parse_args()
    if a.only:
        print(json.dumps(first_step(*json.loads(a.only))))
        return
    print(f"{machine()}; {a.network}, filters divided by {a.divide}, precision {a.precision}, {a.repeats} repeats\n")
    rows = []
    for _ in range(a.repeats):
        request = [a.network, a.divide, a.precision, time.time()]
        rows.append(in_a_process("benchmarks.first_second", request))
    print("| | seconds (median) | least, most |\n|---|---:|---:|")
    columns = {part: [row[part] for row in rows] for part in (*PARTS, "second step")}
    columns["total to the first step"] = [sum(row[part] for part in PARTS) for row in rows]
    for name, values in columns.items():
        print(f"| {name} | {np.median(values):.2f} | {min(values):.2f}, {max(values):.2f} |")
    print(f"\nGoal: at most {GOAL} s.\n\n| import | seconds (median) | starts |\n|---|---:|---|")
    for module in LIGHT:
        found = [imports(module) for _ in range(a.repeats)]
        heavy = ", ".join(sorted({name for _, names in found for name in names})) or "nothing heavy"
        print(f"| {module} | {np.median([seconds for seconds, _ in found]):.2f} | {heavy} |")


if __name__ == "__main__":
    main()
