"""Trials as data: the training, its code and machine, and the figures of each reading, one JSON file per trial.

    benchmarks/trials/2026-11-25-three_lines_seed1.json
        name, started, ended, outcome   "ended" is null during the trial, and if it was killed
        taught                          the conclusion, a sentence written by hand
        command, commit, uncommitted    the files of code that differ from the commit; [] for a clean working tree
        training                        recipe, changed keywords, seed, steps, backend, precision ...
        continues, first_step           the trial that it resumes, and the step; null and 0 for a new training
        versions, machine               processor, cores, relevant CPU flags, load before the trial
        readings                        one row per reading: step, minutes and the measures of `utils.runs.learning`
        final                           the same measures of more images, at the end

`benchmarks.time_to_three_lines` writes these files, `benchmarks.log` makes tables of them. Keras is not needed here.
"""

import datetime
import json
import math
import os
import re
import subprocess
from pathlib import Path

from utils import files
from utils.files.json_files import read_json

ROOT = Path(__file__).resolve().parents[1]
TRIALS = ROOT / "benchmarks" / "trials"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]*")
CODE = ("*.py", ":(exclude)tests")  # git pathspecs of the code that determines the figures
POSITIONS = ("x", "y1", "y2")
# for `minutes_to_half`: share that keeps the rules, share of clearly different images, largest divergence in bits
HALF, LEAST_DIFFERENT, MOST_DIVERGENT = 0.5, 0.9, 0.1


class TrialRefused(ValueError):
    """A trial that cannot be started or resumed as asked; the message has the reason and a way out."""


class Trial:
    """A trial and its file, which is written whole at each reading, so that a killed trial leaves its readings.

    Args:
        name: letters, digits and `_ . + -`; unique.
        folder: folder of the files of trials.
        taken: names of trials without a file.
        resume: whether to continue a killed trial of this name.

    Attributes:
        record: dict, the content of the file; empty before the first `begin`.

    Raises:
        TrialRefused: the name is invalid or taken.
    """

    def __init__(self, name: str, folder: str | os.PathLike = TRIALS, taken=(), resume: bool = False):
        if not NAME.fullmatch(name):
            raise TrialRefused(
                f"No trial can be called {name!r}: choose a --name of letters, digits and _ . + - alone."
            )
        self.name, self.folder = name, Path(folder)
        self.record = next((record for record in all_trials(folder) if record["name"] == name), {})
        killed = bool(self.record) and is_open(self.record)
        if (self.record or name in taken) and not (killed and resume):
            where = path_of(self.record, folder) if self.record else "LOG.md"
            goes_on = ", or let it go on by --resume if it was killed" if killed else ""
            raise TrialRefused(f"A trial is called {name} already ({where}): choose another --name{goes_on}.")

    def check(self, training: dict, continues: str | None):
        """Check that a resumed trial has the same training, code and run folder as before.

        Args:
            training: dict, the settings of the training.
            continues: the trial of the run folder; None for none.

        Raises:
            TrialRefused: it had another training, other code or another run folder.
        """
        if not self.record:
            return
        commit, uncommitted = code_of(ROOT)
        reason = None
        if continues != self.name:
            reason = f"the run folder holds {f'{continues}' if continues else 'no trial'}"
        elif (commit, uncommitted) != (self.record["commit"], self.record["uncommitted"]):
            reason = f"its code was that of commit {self.record['commit']}, or not committed, and has changed"
        elif changed := differing(self.record["training"], _as_read(training)):
            reason = f"it began with another {', '.join(changed)}"
        if reason:
            raise TrialRefused(f"{self.name} cannot go on: {reason}. Undo that, or choose another --name.")

    def begin(self, training: dict, command: str, versions: dict, machine: dict, continues, first_step=0, readings=()):
        """Write the file before the first step of the trial, or of its continuation.

        Args:
            training, command, versions, machine: see the module's docstring; values that JSON can hold.
            continues: the trial of the run folder that the training resumes; None for none.
            first_step: the next step.
            readings: rows of the earlier readings.
        """
        if not self.record:
            commit, uncommitted = code_of(ROOT)
            self.record = {
                "name": self.name,
                "started": _now(),
                "ended": None,
                "outcome": None,
                "taught": "",
                "command": command,
                "commit": commit,
                "uncommitted": uncommitted,
                "training": _as_read(training),
                "continues": continues,
                "first_step": first_step,
                "versions": versions,
                "machine": machine,
                "readings": [],
                "final": None,
            }
        self.record["readings"] = [_short(row) for row in readings]
        write(self.record, self.folder)

    def read(self, row: dict):
        """Append the measures of a reading, and write the file."""
        self.record["readings"].append(_short(row))
        write(self.record, self.folder)

    def end(self, outcome: str, final: dict | None = None):
        """Close the trial.

        Args:
            outcome: how it ended, as a text.
            final: dict, measures of the last images; None without them.
        """
        self.record |= {"ended": _now(), "outcome": outcome, "final": final and _short(final)}
        write(self.record, self.folder)


# Files ---------------------------------------------------------------------------------------------------------------


def path_of(record: dict, folder: str | os.PathLike = TRIALS) -> Path:
    """The file of a trial, <date>-<name>.json."""
    return Path(folder) / f"{record['started'][:10]}-{record['name']}.json"


def write(record: dict, folder: str | os.PathLike = TRIALS) -> Path:
    """Write the file of a trial whole, with each reading on a line of its own; returns its path."""
    text = json.dumps(record | {"readings": []}, indent=2, ensure_ascii=False)
    rows = ",\n".join(f"    {json.dumps(row)}" for row in record["readings"])
    if rows:
        text = text.replace('\n  "readings": []', f'\n  "readings": [\n{rows}\n  ]')
    return files.write_text(path_of(record, folder), text + "\n")


def all_trials(folder: str | os.PathLike = TRIALS) -> list[dict]:
    """The records of the trials in a folder, the newest first.

    Raises:
        ValueError: a file is damaged, or its name is not that of its trial.
    """
    records = []
    for path in Path(folder).glob("*.json"):
        record = read_json(path)
        if not {"name", "started", "ended", "training", "readings"} <= set(record) or path_of(record, folder) != path:
            raise ValueError(f"{path} is no trial of that name: take it from its source again, or remove it.")
        records.append(record)
    return sorted(records, key=lambda record: (record["started"], record["name"]), reverse=True)


def close(name: str, folder: str | os.PathLike = TRIALS):
    """End a killed trial that will not be resumed.

    Raises:
        TrialRefused: there is no trial of that name, or it has ended.
    """
    record = next((record for record in all_trials(folder) if record["name"] == name), None)
    if record is None or not is_open(record):
        state = "has ended already" if record else f"is not in {folder}"
        raise TrialRefused(f"{name} {state}: --close takes a trial that was killed.")
    write(record | {"ended": _now(), "outcome": "killed"}, folder)


# Properties of a trial -----------------------------------------------------------------------------------------------


def is_open(record: dict) -> bool:
    """Whether a trial has not ended: it is running, or was killed."""
    return record["ended"] is None


def figures_of(record: dict) -> dict:
    """The measures of a trial's last images, else of its last reading; empty without either."""
    return record["final"] or next(reversed(record["readings"]), {})


def minutes_to_half(record: dict) -> float:
    """Minutes of training until half of the images of a reading keep the rules without a collapse.

    At least 90 % of them must be clearly different, and no divergence of positions may exceed 0.1 bits.

    Returns:
        A float; infinity if there is no such reading.
    """
    for row in record["readings"]:
        divergence = max(row[f"divergence_{name}"] for name in POSITIONS)
        if row["adherence"] >= HALF and row["different"] >= LEAST_DIFFERENT and divergence <= MOST_DIVERGENT:
            return row["minutes"]
    return math.inf


def differing(a: dict, b: dict) -> list[str]:
    """The names whose values differ between two dicts; a missing value counts as None."""
    return [name for name in {**a, **b} if a.get(name) != b.get(name)]


def code_of(root: str | os.PathLike) -> tuple[str | None, list[str] | None]:
    """The commit of a working tree, and the code files that differ from it; `(None, None)` without git's answer."""
    try:
        top, commit = _git(root, "rev-parse", "--show-toplevel", "HEAD").splitlines()
        changed = _git(root, "status", "--porcelain", "--untracked-files=all", "--", *CODE).splitlines()
    except (OSError, subprocess.CalledProcessError):
        return None, None
    if Path(top).resolve() != Path(root).resolve():  # a copy without history, below another working tree
        return None, None
    return commit, [line[3:] for line in changed]


def _git(root, *words):
    return subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=True).stdout


def _short(row):
    """A row with five significant digits, and steps and numbers of images as ints."""
    return {name: int(value) if name in ("step", "images") else float(f"{value:.5g}") for name, value in row.items()}


def _as_read(value):
    """A value after a round trip through JSON, with lists in place of tuples."""
    return json.loads(json.dumps(value))


def _now():
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
