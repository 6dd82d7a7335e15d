"""A trial as data: what was trained, by which code, on which machine, and its figures at each reading, in one file.

    benchmarks/trials/2026-11-25-three_lines_seed1.json
        name, started, ended, outcome   "ended" is null while the trial goes on, and where it was killed
        taught                          what it taught, a sentence to be written by hand
        command, commit, uncommitted    files of code that were not as in the commit; [] where the tree was clean
        training                        recipe, changed keywords, seed, steps, backend, precision ...
        continues, first_step           the trial that it goes on from, and the step; null and 0 from the start
        versions, machine               processor, cores, its flags that matter, how busy it was before
        readings                        a row a reading: step, minutes and the figures of `utils.runs.learning`
        final                           the same of more images, in the end

`benchmarks.time_to_three_lines` writes such files, `benchmarks.log` makes tables of them. Nothing here starts Keras.
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
CODE = ("*.py", ":(exclude)tests")  # what decides the figures, as git takes it
POSITIONS = ("x", "y1", "y2")
# Half of the images keep the rules, and nothing has collapsed:
HALF, LEAST_DIFFERENT, MOST_DIVERGENT = 0.5, 0.9, 0.1  # shares, and bits


class TrialRefused(ValueError):
    """A trial cannot be what it is asked to be; the message says why, and the way out."""


class Trial:
    """A trial, and its file, which is written whole at each reading, so that a killed one leaves its readings.

    Args:
        name: letters, digits and `_ . + -`; no two trials share one.
        folder: of the files of trials.
        taken: names of trials that left no file.
        resume: whether a trial of this name that was killed is to go on.

    Attributes:
        record: dict, what the file holds; empty before the first `begin`.

    Raises:
        TrialRefused: the name is none, or is taken.
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
        """See that a trial which was killed goes on as what it was; a new one may be anything.

        Args:
            training: dict, what is to be trained.
            continues: the trial that the run folder is of; None for none.

        Raises:
            TrialRefused: it was another training, of other code, or in another run folder.
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
        """Write the file: the first step is about to be done, or the first one after the trial was killed.

        Args:
            training, command, versions, machine: see the module; values that JSON can hold.
            continues: the trial that the run folder is of, where the training goes on; None for none.
            first_step: the step that comes next.
            readings: rows of what was trained before.
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
        """Keep the figures of one more reading."""
        self.record["readings"].append(_short(row))
        write(self.record, self.folder)

    def end(self, outcome: str, final: dict | None = None):
        """Close the trial.

        Args:
            outcome: how it ended, in words.
            final: figures of its last images; None where nobody looked at them.
        """
        self.record |= {"ended": _now(), "outcome": outcome, "final": final and _short(final)}
        write(self.record, self.folder)


# Files ---------------------------------------------------------------------------------------------------------------


def path_of(record: dict, folder: str | os.PathLike = TRIALS) -> Path:
    """The file of a trial, <date>-<name>.json."""
    return Path(folder) / f"{record['started'][:10]}-{record['name']}.json"


def write(record: dict, folder: str | os.PathLike = TRIALS) -> Path:
    """Write the file of a trial whole, each reading on a line of its own, and give its path."""
    text = json.dumps(record | {"readings": []}, indent=2, ensure_ascii=False)
    rows = ",\n".join(f"    {json.dumps(row)}" for row in record["readings"])
    if rows:
        text = text.replace('\n  "readings": []', f'\n  "readings": [\n{rows}\n  ]')
    return files.write_text(path_of(record, folder), text + "\n")


def all_trials(folder: str | os.PathLike = TRIALS) -> list[dict]:
    """The records of the trials in a folder, the newest first.

    Raises:
        ValueError: a file is damaged, or no trial of the name that it has.
    """
    records = []
    for path in Path(folder).glob("*.json"):
        record = read_json(path)
        if not {"name", "started", "ended", "training", "readings"} <= set(record) or path_of(record, folder) != path:
            raise ValueError(f"{path} is no trial of that name: take it from its source again, or remove it.")
        records.append(record)
    return sorted(records, key=lambda record: (record["started"], record["name"]), reverse=True)


def close(name: str, folder: str | os.PathLike = TRIALS):
    """End a trial that was killed and is not to go on.

    Raises:
        TrialRefused: there is none of that name, or it has ended.
    """
    record = next((record for record in all_trials(folder) if record["name"] == name), None)
    if record is None or not is_open(record):
        state = "has ended already" if record else f"is not in {folder}"
        raise TrialRefused(f"{name} {state}: --close takes a trial that was killed.")
    write(record | {"ended": _now(), "outcome": "killed"}, folder)


# What is said of a trial ---------------------------------------------------------------------------------------------


def is_open(record: dict) -> bool:
    """Whether a trial goes on, or was killed."""
    return record["ended"] is None


def figures_of(record: dict) -> dict:
    """The figures of a trial's last images, else of its last reading; empty without either."""
    return record["final"] or next(reversed(record["readings"]), {})


def minutes_to_half(record: dict) -> float:
    """Minutes of training until half of the images of a reading keep the rules, and nothing has collapsed.

    At least 90 % of them are then clearly different, and no positions diverge from the rules' by more than 0.1 bits.

    Returns:
        Infinity where there is no such reading.
    """
    for row in record["readings"]:
        divergence = max(row[f"divergence_{name}"] for name in POSITIONS)
        if row["adherence"] >= HALF and row["different"] >= LEAST_DIFFERENT and divergence <= MOST_DIVERGENT:
            return row["minutes"]
    return math.inf


def differing(a: dict, b: dict) -> list[str]:
    """The names whose values differ in two dicts; one that is missing counts as None."""
    return [name for name in {**a, **b} if a.get(name) != b.get(name)]


def code_of(root: str | os.PathLike) -> tuple[str | None, list[str] | None]:
    """The commit of a working tree and the files of code that are not as in it; two Nones where git does not tell."""
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
    """Figures with five significant digits, steps as whole numbers."""
    return {name: int(value) if name in ("step", "images") else float(f"{value:.5g}") for name, value in row.items()}


def _as_read(value):
    """A value as it comes back from JSON, where tuples are lists."""
    return json.loads(json.dumps(value))


def _now():
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
