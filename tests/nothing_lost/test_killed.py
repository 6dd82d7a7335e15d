"""Killed at any moment, every task leaves whole files, says where it stands at its next start, and ends as if nothing
had been; a short round of what `python -m tests.nothing_lost` does at length.
"""

import json
import os
import subprocess
import sys

import pytest

from tests.nothing_lost import killing, tasks

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system forks no processes"),
]
KILLS = 1


@pytest.fixture(scope="module")
def results():
    """What came of each task, by its name."""
    command = [sys.executable, "-m", "tests.nothing_lost", "--short", "--json", "--kills", str(KILLS)]
    done = subprocess.run(command, cwd=tasks.ROOT, capture_output=True, text=True)
    assert done.stdout, done.stderr
    return {result["task"]: result for result in json.loads(done.stdout.splitlines()[-1])}


@pytest.mark.parametrize("name", [task.name for task in tasks.SHORT])
def test_a_task_that_is_killed_leaves_whole_files_and_goes_on(results, name):
    result = results[name]
    assert result["problems"] == []
    assert result["kills"] == KILLS and result["finished"] == result["equal"] >= 1
    assert result["restarts"] == result["resumed"] and result["broken"] == result["left"] == 0


class Careless:
    """Writes a file in place, and its last line late."""

    name, says = "careless", "going on"

    def prepare(self, folder):
        """Nothing."""

    def start(self, folder):
        import time

        folder.mkdir(exist_ok=True)
        with open(folder / "half.part.csv", "w") as file:
            print("a,b\n1,", end="", file=file, flush=True)
            time.sleep(0.3)
            print("2", file=file)

    def there(self, folder):
        return folder.exists()

    def same(self, folder, reference):
        return True


def test_who_writes_in_place_and_says_nothing_is_found_out(tmp_path):
    found = killing.round_of(Careless(), 4, tmp_path, seed=1)
    assert found["broken"] > 0
    assert any("half.part.csv does not open" in problem for problem in found["problems"])
