"""Kill training, film, upscaling, drawing and packing at moments drawn by chance, and see that nothing is lost.

    python -m tests.nothing_lost --kills 100              100 kills of a training, 20 of each of the others
    python -m tests.nothing_lost --kills 4 --short training drawing

Prints a table, and ends with status 1 where anything was lost. The same seed gives the same moments, as far as the
machine is equally quick.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")  # so that the same sums give the same digits
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "Agg")

COLUMNS = ("task", "kills", "restarts", "resumed", "finished", "equal", "broken", "left", "minutes")


def main():
    """Run the rounds asked for."""
    from tests.nothing_lost import killing, tasks

    parser = argparse.ArgumentParser(prog="python -m tests.nothing_lost", description=__doc__.split("\n")[0])
    names = [task.name for task in tasks.LONG]
    parser.add_argument("tasks", nargs="*", metavar="TASK", help=f"{', '.join(names)} (default: all)")
    parser.add_argument("--kills", type=int, default=100, help="of the training; the others get a fifth (default: 100)")
    parser.add_argument("--short", action="store_true", help="small tasks, and as many kills of each as --kills says")
    parser.add_argument("--compiled", action="store_true", help="let TensorFlow compile the training step, each time")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print the results as JSON, without the table")
    parser.add_argument("--verbose", action="store_true", help="a line for each start")
    options = parser.parse_args()
    unknown = set(options.tasks) - set(names)
    if unknown:
        parser.error(f"there is no task {', '.join(unknown)}; choose of {', '.join(names)}")
    chosen = [
        task
        for task in (tasks.SHORT if options.short else tasks.LONG)
        if not options.tasks or task.name in options.tasks
    ]
    if {"training", "frames", "upscaling"} & {task.name for task in chosen}:
        killing.warm_up()
    report = (lambda line: print(line, file=sys.stderr, flush=True)) if options.verbose else lambda line: None
    results = []
    if not options.json:
        print("".join(f"{name:>11}" for name in COLUMNS))
    for task in chosen:
        kills = options.kills if options.short or task.name == "training" else -(-options.kills // 5)
        if task.name == "training":
            task.compiled = options.compiled
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            result = killing.round_of(task, kills, Path(folder), options.seed, report)
        result["minutes"] = round((time.monotonic() - started) / 60, 2)
        results.append(result)
        if not options.json:
            print("".join(f"{result[name]:>11}" for name in COLUMNS), flush=True)
            for problem in result["problems"]:
                print(f"    {problem}")
    if options.json:
        print(json.dumps(results))
    sys.exit(any(result["problems"] for result in results))


if __name__ == "__main__":
    main()
