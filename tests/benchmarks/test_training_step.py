"""The benchmark of a training step: its count of operations, its turns on a device that runs ahead, and its table."""

import os
import subprocess
import sys
from pathlib import Path

from benchmarks.training_step import N_CRITIC, step_flops, table
from models.recipes import published

ROOT = Path(__file__).parents[2]
TWO_TURNS = """
import models.engine.loop
models.engine.loop.has_accelerator = lambda: True  # so that losses are fetched several steps at a time
from benchmarks.training_step import ours
from models.recipes import published
ours(published("notebook", 64) | {"batch_size": 2}, 3, precision="float32")
"""


def test_operations_of_a_step_are_those_counted_layer_by_layer():
    """With one image: the critic's maps are 64, 32, 16 and 8 pixels wide, the generator's inputs 8, 16, 32 and 64."""
    filters = [3, 128, 256, 512, 1024]
    critic = sum((64 // 2**i) ** 2 * 9 * filters[i] * filters[i + 1] for i in range(4)) + 8 * 8 * 1024
    maps = [512, 512, 256, 128, 3]
    generator = 100 * 8 * 8 * 512 + sum((8 * 2**i) ** 2 * 36 * maps[i] * maps[i + 1] for i in range(4))
    updates = N_CRITIC * (10 * critic + generator) + 2 * critic + 3 * generator
    assert step_flops(published("notebook") | {"batch_size": 1}) == 2 * updates
    assert step_flops(published("notebook")) == 2 * 16 * updates


def test_a_turn_has_its_steps_where_losses_are_fetched_together(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", TWO_TURNS],
        input="go\ngo\n",
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    flops = 3 * step_flops(published("notebook", 64) | {"batch_size": 2})
    assert done.stdout.splitlines() == [f"done {flops} float32"] * 2, done.stderr[-2000:]


def test_table_says_ratio_rate_and_share_of_the_product():
    turns = {
        "ours": [(2.0, "4000000000", "bfloat16"), (4.0, "4000000000", "bfloat16"), (1.0, "4000000000", "bfloat16")],
        "textbook": [(8.0, "4000000000", "float32")],
        "product bfloat16": [(0.5, "4000000000", "bfloat16")],
    }
    rows = table(turns, steps=2).splitlines()
    assert rows[0].startswith("| | seconds a step (median) | least, most | of textbook |")
    assert rows[2] == "| ours | 1 | 0.5, 2 | 0.25 | 2 | 25% |"
    assert rows[3] == "| textbook | 4 | 4, 4 | 1.00 | 0 |  |"
    assert rows[4] == "| product bfloat16 |  |  |  | 8 | 100% |"
