"""Tables of trials: the generated table in LOG.md, and rows for LEADERBOARD.md.

    python -m benchmarks.log                        writes the table in LOG.md anew
    python -m benchmarks.log --row NAME NAME NAME   prints the leaderboard's row of trials
    python -m benchmarks.log --close NAME           writes it with a trial that was killed, and will not go on

The table has all ended trials, the newest first. A row of the leaderboard has the medians of trials that differ in
their seed only.
"""

import argparse
import itertools
import json
import math
import os
import re
import shlex
import statistics
import sys
from pathlib import Path

from benchmarks.trial import (
    POSITIONS,
    TRIALS,
    all_trials,
    close,
    differing,
    figures_of,
    is_open,
    minutes_to_half,
    path_of,
)
from utils import files

BEGIN, END = "<!-- written by python -m benchmarks.log, from here -->", "<!-- to here -->"
STEPS, HALF, KEPT, MINUTES = "minutes, steps", "minutes to 50 %", "keep the rules in the end", "minutes in the end"
DIVERGENCE = "divergence x, y1, y2"
SHARES = {"adherence": KEPT, "one_vertical": "one vertical", "two_horizontals": "two horizontals", "palette": "palette"}
LOG_COLUMNS = (
    *("date", "trial", "what", STEPS, HALF, *SHARES.values(), "different", DIVERGENCE),
    *("taught", "commit, machine"),
)
ROW_COLUMNS = (
    *("date", "recipe", "seeds", HALF, KEPT, MINUTES, "different", DIVERGENCE),
    *("commit", "machine", "trials", "command"),
)
SECTIONS = {"pixels": "Generators of pixels", "strokes": "Generators that paint strokes"}  # of LEADERBOARD.md
NOT_REACHED = "not reached"
FLAGS = {"amx_bf16": "AMX", "avx512_bf16": "AVX512-BF16"}
OWN = ("--name", "--seed", "--out")  # options of a command in which the trials of a row may differ


# The table of the log ------------------------------------------------------------------------------------------------


def table(records) -> str:
    """A Markdown table of the ended trials among `records`, in the given order."""
    rows = [_log_row(record) for record in records if not is_open(record)]
    lines = [LOG_COLUMNS, ["---"] * len(LOG_COLUMNS), *([row.get(name, "-") for name in LOG_COLUMNS] for row in rows)]
    return "\n".join(map(_line, lines))


def _log_row(record):
    """The cells of a trial, {column: text}; without measures, their columns are missing."""
    cells = {
        "date": record["started"][:10],
        "trial": _link(record),
        "what": f"{_begun(record)}{_recipe(record)}, seed {record['training']['seed']}",
        "taught": ". ".join(filter(None, [record["outcome"], record["taught"]])),
        "commit, machine": ", ".join([_commit(record), _machine(record), *_load(record)]),
    }
    if not (figures := figures_of(record)):
        return cells
    shares = {head: _percent(figures[name], 1 if name == "adherence" else 0) for name, head in SHARES.items()}
    half = minutes_to_half(record)
    return {
        **cells,
        **shares,
        STEPS: f"{figures['minutes']:.1f}, {figures['step']:,}",
        HALF: NOT_REACHED if math.isinf(half) else f"{half:.1f}",
        "different": _percent(figures["different"]),
        DIVERGENCE: ", ".join(f"{figures[f'divergence_{name}']:.2f}" for name in POSITIONS),
    }


def with_table(page: str, records) -> str:
    """The text of LOG.md with the table of trials between its two marks.

    Raises:
        ValueError: a mark is missing, or occurs more than once.
    """
    parts = re.split(f"({re.escape(BEGIN)}|{re.escape(END)})", page)
    if parts[1::2] != [BEGIN, END]:
        raise ValueError(f"LOG.md wants the lines {BEGIN} and {END} once each, the table between them: put them back.")
    return "".join([*parts[:2], f"\n\n{table(records)}\n\n", *parts[3:]])


def names_in(page: str) -> list[str]:
    """The names of trials in the tables of a page; a row may name several, and `-` is no name."""
    names, column = [], None
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]] if line.startswith("|") else []
        if not cells:
            column = None
        elif "trial" in cells:
            column = cells.index("trial")
        elif column is not None and set(cells[column]) - set("-: "):
            names += [re.sub(r"\(.*\)|[*\[\]]", "", name).strip() for name in cells[column].split(",")]
    return names


def page_of(folder: str | os.PathLike = TRIALS) -> Path:
    """The LOG.md beside a folder of trials."""
    return Path(folder).parent / "LOG.md"


def names_without_file(folder: str | os.PathLike = TRIALS) -> set[str]:
    """The names in LOG.md of trials without a file."""
    page = page_of(folder)
    named = names_in(page.read_text("utf-8")) if page.exists() else []
    return set(named) - {record["name"] for record in all_trials(folder)}


def write(folder: str | os.PathLike = TRIALS) -> Path | None:
    """Update the table in LOG.md beside a folder of trials; returns its path, or None if there is no LOG.md."""
    page = page_of(folder)
    if not page.exists():
        return None
    text = page.read_text("utf-8")
    new = with_table(text, all_trials(folder))
    return page if new == text else files.write_text(page, new)


# A row of the leaderboard --------------------------------------------------------------------------------------------


def row(names, folder: str | os.PathLike = TRIALS) -> tuple[str, str]:
    """The leaderboard's row of trials that differ in their seed only.

    Args:
        names: names of the trials, one per seed.
        folder: folder of their files.

    Returns:
        `(heading, row)`: the heading of the table that it belongs to, and the row in Markdown.

    Raises:
        ValueError: a trial is missing, has not ended with measures, or ran on uncommitted code; or two differ in more
            than their seed.
    """
    known = {record["name"]: record for record in all_trials(folder)}
    if missing := [name for name in names if name not in known]:
        raise ValueError(f"No trial is called {missing[0]}: {folder} holds {', '.join(known) or 'none'}.")
    records = sorted((known[name] for name in names), key=lambda record: record["training"]["seed"])
    chains = [_chain(record, known) for record in records]
    for record in itertools.chain(*chains):
        _refuse_unfit(record)
    first, commands = records[0], list(map(_command, chains[0]))
    seeds = [record["training"]["seed"] for record in records]
    for other, chain in zip(records, chains, strict=True):
        unlike = [
            *differing(first["training"] | {"seed": None}, other["training"] | {"seed": None}),
            *differing(first["machine"] | {"load": None}, other["machine"] | {"load": None}),
            *differing(first["versions"], other["versions"]),
            *(["commit"] if {one["commit"] for one in chain} != {first["commit"]} else []),
            *(["command"] if list(map(_command, chain)) != commands else []),
        ]
        if unlike:
            raise ValueError(
                f"{first['name']} and {other['name']} differ in {', '.join(unlike)}: a row is of trials that differ "
                "in nothing but their seed."
            )
    if len(set(seeds)) < len(seeds):
        raise ValueError(f"The seeds are {', '.join(map(str, seeds))}: a row wants each once.")
    final = [record["final"] for record in records]

    def medians(write, *names):
        return ", ".join(write(statistics.median(one[name] for one in final)) for name in names)

    cells = {
        "date": max(record["started"] for record in records)[:10],
        "recipe": f"{_recipe(first)}, {first['training']['steps']:,} steps",
        "seeds": ", ".join(map(str, seeds)) + (" (one seed)" if len(seeds) == 1 else ""),
        HALF: _median([minutes_to_half(record) for record in records], lambda x: f"{x:.1f}"),
        KEPT: _median([one["adherence"] for one in final], lambda x: _percent(x, 1)) + f" of {final[0]['images']:,}",
        MINUTES: _median([one["minutes"] for one in final], lambda x: f"{x:.1f}"),
        "different": medians(_percent, "different"),
        DIVERGENCE: medians(lambda x: f"{x:.2f}", *(f"divergence_{name}" for name in POSITIONS)),
        "commit": _commit(first),
        "machine": _machine(first),
        "trials": ", ".join(map(_link, records)),
        "command": ", then ".join(f"`{command}`" for command in commands),
    }
    return SECTIONS[first["training"]["paints"]], _line(cells[name] for name in ROW_COLUMNS)


def _refuse_unfit(record):
    reason = None
    if is_open(record) or record["final"] is None:
        reason = "has no figures of its last images: let it end"
    elif record["commit"] is None or record["uncommitted"]:
        changed = ", ".join(record["uncommitted"] or ["no commit is known"])
        reason = f"was run on code that is in no commit ({changed}): commit it, and run it again"
    elif record["first_step"] and not record["continues"]:
        reason = f"goes on from step {record['first_step']} of a training that is no trial: run that as one"
    if reason:
        raise ValueError(f"{record['name']} {reason}.")


def _chain(record, known):
    """A trial and all trials that it continues, the first one first."""
    if not record["continues"]:
        return [record]
    if record["continues"] not in known:
        raise ValueError(
            f"{record['name']} goes on from {record['continues']}, whose file is not there: bring it back."
        )
    return [*_chain(known[record["continues"]], known), record]


def _command(record):
    """The command of a trial without the options in `OWN`."""
    words, kept = iter(shlex.split(record["command"])), []
    for word in words:
        option, equals, _ = word.partition("=")
        if option not in OWN:
            kept.append(word)
        elif not equals:
            next(words)
    return shlex.join(kept)


def _median(values, write):
    """The median as a text, followed by the single values in brackets if there are several."""
    said = [NOT_REACHED if math.isinf(value) else write(value) for value in [statistics.median(values), *values]]
    return f"**{said[0]}**" + (f" ({', '.join(said[1:])})" if len(values) > 1 else "")


# Texts of cells ------------------------------------------------------------------------------------------------------


def _link(record):
    return f"[{record['name']}](trials/{path_of(record).name})"


def _begun(record):
    """The trial and step that a trial continues from; empty for a new training."""
    if not record["first_step"]:
        return ""
    return f"{record['continues'] or 'a training'} from step {record['first_step']:,} on, "


def _recipe(record):
    """A recipe and its changed keywords."""
    training = record["training"]
    changed = [f"{name}={_value(value)}" for name, value in training["changed"].items()]
    return ", ".join(f"`{one}`" for one in [training["recipe"], *changed])


def _value(value):
    return value if isinstance(value, str) else json.dumps(value)


def _commit(record):
    if record["commit"] is None:
        return "unknown"
    return f"`{record['commit'][:7]}`" + (" and changes" if record["uncommitted"] else "")


def _machine(record):
    """Cores, processor, and its instruction sets for half precision."""
    machine = record["machine"]
    flags = [FLAGS.get(flag, flag) for flag in machine["flags"]]
    return ", ".join([f"{machine['cores']} cores", machine["processor"], *flags])


def _load(record):
    """The load of the machine before the trial, a list of one text; empty if unknown."""
    load = record["machine"].get("load")
    return [] if load is None else [f"load {load}"]


def _percent(share, digits=0):
    return f"{100 * share:.{digits}f} %"


def _line(cells):
    return f"| {' | '.join(' '.join(cell.replace('|', '&#124;').split()) for cell in cells)} |"


def main(words=None):
    parser = argparse.ArgumentParser(prog="python -m benchmarks.log", description=__doc__.splitlines()[0])
    parser.add_argument("--row", nargs="+", metavar="NAME", help="print the leaderboard's row of these trials")
    parser.add_argument("--close", metavar="NAME", help="a trial that was killed, and will not go on")
    parser.add_argument("--trials", type=Path, default=TRIALS, help="the folder of their files; LOG.md lies beside it")
    a = parser.parse_args(words)
    try:
        if a.row:
            section, line = row(a.row, a.trials)
            print(f"LEADERBOARD.md, {section}:\n\n{line}")
            return
        if a.close:
            close(a.close, a.trials)
        print(f"{write(a.trials)}: {sum(not is_open(one) for one in all_trials(a.trials))} trials.")
    except ValueError as error:
        sys.exit(str(error))
    for record in filter(is_open, all_trials(a.trials)):
        name = record["name"]
        print(f"{name} has not ended. If it was killed and will not go on, --close {name} puts it in as it is.")


if __name__ == "__main__":
    main()
