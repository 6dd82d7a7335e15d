"""The pages made of trials: the log's table is never stale, names are unique, and the leaderboard claims nothing."""

import re
import shutil
from collections import Counter
from pathlib import Path

import pytest

from benchmarks import log, trial
from tests.benchmarks.trials import record, three_seeds

ROOT = Path(__file__).resolve().parents[2]
LOG, LEADERBOARD = (ROOT / "benchmarks" / name for name in ("LOG.md", "LEADERBOARD.md"))
CODE = [path for room in ("models", "utils", "lines", "benchmarks") for path in sorted((ROOT / room).rglob("*.py"))]


@pytest.fixture
def folder(tmp_path):
    """A folder of trials beside a copy of LOG.md."""
    (tmp_path / "trials").mkdir()
    shutil.copy(LOG, tmp_path / "LOG.md")
    return tmp_path / "trials"


# The log -------------------------------------------------------------------------------------------------------------


def test_the_log_s_table_is_that_of_the_files():
    page = LOG.read_text("utf-8")
    assert log.with_table(page, trial.all_trials()) == page, "run python -m benchmarks.log"


def test_every_trial_of_the_log_has_a_name_of_its_own():
    names = log.names_in(LOG.read_text("utf-8"))
    assert len(names) > 100 and [name for name, times in Counter(names).items() if times > 1] == []


def test_names_are_read_from_tables_of_trials_alone():
    page = """
| what | trial |
|---|---|
| c | **a1**, b-2 |
| none | - |
| | [d](trials/d.json) |

| search | nearness |
|---|---|
| x | y |
"""
    assert log.names_in(page) == ["a1", "b-2", "d"]


def test_days_of_the_log_stand_the_newest_first():
    days = re.findall(r"^## (\d{4}-\d\d-\d\d)$", LOG.read_text("utf-8"), re.M)
    assert days == sorted(days, reverse=True) and len(days) > 2


def test_a_trial_that_has_ended_stands_in_the_table_and_an_open_one_does_not(folder):
    log.write(folder)  # the table of a page without trials
    no_trial = log.page_of(folder).read_text("utf-8")
    trial.write(record("older", started="2026-11-24T10:00:00+00:00", taught="Nothing."), folder)
    trial.write(record("newer", training={"changed": {"grad_weight": 2.5, "loss": "hinge"}}), folder)
    trial.write(record("running", ended=None), folder)
    log.write(folder)
    before, page = no_trial, log.page_of(folder).read_text("utf-8")
    added = [line for line in page.splitlines() if line not in before.splitlines()]
    assert [line.split(" | ")[1] for line in added] == [
        "[newer](trials/2026-11-25-newer.json)",
        "[older](trials/2026-11-24-older.json)",
    ]
    assert "`three_lines`, `grad_weight=2.5`, `loss=hinge`, seed 1 | 6.0, 4,001 | 1.0 | 92.0 %" in added[0]
    assert "all steps done. Nothing. | `0123456`, 2 cores, AMD EPYC, AVX512-BF16, load 0.1" in added[1]
    assert [line for line in before.splitlines() if line not in page.splitlines()] == []


def test_a_trial_without_a_single_reading_stands_in_the_table_too(folder):
    trial.write(record("blown", readings=[], final=None, outcome="blew up: Step 0"), folder)
    assert "| - | - | - | - | - | - | - | - | blew up: Step 0 |" in log.table(trial.all_trials(folder))


@pytest.mark.parametrize("mark", [log.BEGIN, log.END])
def test_a_log_without_its_marks_is_refused_and_stays_as_it_is(folder, mark):
    page = log.page_of(folder)
    page.write_text(page.read_text("utf-8").replace(mark, ""), "utf-8")
    before = page.read_bytes()
    with pytest.raises(ValueError, match="put them back"):
        log.write(folder)
    assert page.read_bytes() == before


def test_the_command_says_which_trials_have_not_ended_and_closes_one(folder, capsys):
    trial.write(record("killed", ended=None, final=None), folder)
    log.main(["--trials", str(folder)])
    assert "0 trials" in capsys.readouterr().out and "killed" not in log.names_in(
        log.page_of(folder).read_text("utf-8")
    )
    log.main(["--trials", str(folder), "--close", "killed"])
    assert "1 trials" in capsys.readouterr().out and "killed" in log.names_in(log.page_of(folder).read_text("utf-8"))


# What the code points to ---------------------------------------------------------------------------------------------


def pointers(text):
    """The headings of LOG.md that a text names, also over the end of a line."""
    return re.findall(r'benchmarks/LOG\.md,[\s#]+"([^"]+)"', text)


def test_headings_of_the_log_that_the_code_names_are_there():
    headings = re.findall(r"^#+ (.+)$", LOG.read_text("utf-8"), re.M)
    named = {(path.name, " ".join(name.split())) for path in CODE for name in pointers(path.read_text("utf-8"))}
    assert named and {(path, name) for path, name in named if name not in headings} == set()


def test_a_heading_that_is_named_over_the_end_of_a_line_is_found():
    assert pointers('# see benchmarks/LOG.md,\n# "Inverse temperatures".') == ["Inverse temperatures"]


def test_measurements_of_the_log_name_files_that_are_there():
    measured = LOG.read_text("utf-8").split("\n## Measurements that the code points to\n")[1]
    named = re.findall(r"`((?:models|utils|lines)/[\w/.]*)`", measured)
    assert len(named) > 10 and [name for name in named if not (ROOT / name).exists()] == []


# The leaderboard -----------------------------------------------------------------------------------------------------


def claims(page):
    """The rows of a leaderboard that name files of trials: (heading, names, row)."""
    heading, found = None, []
    for line in page.splitlines():
        if line.startswith("## "):
            heading = line.removeprefix("## ")
        elif names := re.findall(r"\[([^\]]+)\]\(trials/", line):
            found.append((heading, names, line))
    return found


def unfounded(page, folder):
    """The claims of a page that the files of trials do not bear out."""
    return [claim for claim in claims(page) if log.row(claim[1], folder) != (claim[0], claim[2])]


def test_rows_of_the_leaderboard_are_what_the_files_of_their_trials_say():
    assert unfounded(LEADERBOARD.read_text("utf-8"), trial.TRIALS) == []


def test_a_row_with_another_figure_or_in_the_other_table_is_noticed(tmp_path):
    section, line = log.row(three_seeds(tmp_path), tmp_path)
    assert unfounded(f"## {section}\n\n{line}\n", tmp_path) == []
    assert len(unfounded(f"## {section}\n\n{line.replace('92.0 %', '92.1 %')}\n", tmp_path)) == 1
    assert len(unfounded(f"## {log.SECTIONS['pixels']}\n\n{line}\n", tmp_path)) == 1


def test_a_row_without_its_files_is_noticed(tmp_path):
    section, line = log.row(three_seeds(tmp_path), tmp_path)
    with pytest.raises(ValueError, match="No trial is called"):
        unfounded(f"## {section}\n\n{line}\n", tmp_path / "empty")


def test_both_tables_of_the_leaderboard_have_the_columns_of_a_row():
    page = LEADERBOARD.read_text("utf-8")
    tables = {part.split("\n")[0]: part for part in page.split("\n## ")[1:]}
    assert set(tables) == set(log.SECTIONS.values())
    for table in tables.values():
        heads, _, *rows = [line for line in table.splitlines() if line.startswith("|")]
        assert tuple(cell.strip() for cell in heads.strip("|").split("|")) == log.ROW_COLUMNS
        assert len(rows) > 2 and all(line.count(" | ") == len(log.ROW_COLUMNS) - 1 for line in rows)


def test_a_row_says_the_median_of_three_seeds_their_commit_and_their_command(tmp_path):
    section, line = log.row(three_seeds(tmp_path)[::-1], tmp_path)
    cells = dict(zip(log.ROW_COLUMNS, line.strip("| ").split(" | "), strict=True))
    assert section == "Generators that paint strokes"
    assert cells["recipe"] == "`three_lines`, 4,001 steps" and cells["seeds"] == "1, 2, 3"
    assert cells["minutes to 50 %"] == "**1.0** (1.0, 0.8, 1.3)"
    assert cells["keep the rules in the end"] == "**92.0 %** (92.0 %, 90.0 %, 93.0 %) of 10,000"
    assert cells["commit"] == "`0123456`" and cells["command"] == "`python -m benchmarks.time_to_three_lines`"


def test_a_row_of_one_seed_says_so(tmp_path):
    _, line = log.row(three_seeds(tmp_path)[:1], tmp_path)
    assert "| 1 (one seed) | **1.0** |" in line


def test_where_most_seeds_do_not_reach_half_nor_does_the_median(tmp_path):
    for seed, readings in ((1, []), (2, []), (3, record()["readings"])):
        trial.write(record(f"s{seed}", seed, readings=readings), tmp_path)
    assert "| **not reached** (not reached, not reached, 1.0) |" in log.row(["s1", "s2", "s3"], tmp_path)[1]


def test_the_commands_of_a_trial_in_stages_stand_one_after_the_other(tmp_path):
    for seed in (1, 2):
        trial.write(record(f"a{seed}", seed), tmp_path)
        later = f"python -m benchmarks.time_to_three_lines --name=b{seed} --resume --seed {seed} --steps 8001"
        trial.write(record(f"b{seed}", seed, continues=f"a{seed}", first_step=4001, command=later), tmp_path)
    _, line = log.row(["b1", "b2"], tmp_path)
    first = "`python -m benchmarks.time_to_three_lines`"
    assert f"| {first}, then `python -m benchmarks.time_to_three_lines --resume --steps 8001` |" in line


def test_a_first_stage_of_code_in_no_commit_or_in_another_makes_no_row(tmp_path):
    trial.write(record("b", continues="a", first_step=4001), tmp_path)
    for changed, why in (({"uncommitted": ["x.py"]}, "a was run on code"), ({"commit": "f" * 40}, "differ in commit")):
        trial.write(record("a", **changed), tmp_path)
        with pytest.raises(ValueError, match=why):
            log.row(["b"], tmp_path)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"commit": "f" * 40}, "differ in commit"),
        ({"training": {"steps": 8001}}, "differ in steps"),
        ({"training": {"changed": {"loss": "hinge"}}}, "differ in changed"),
        ({"versions": {"python": "3.12.1", "keras": "3.15.1"}}, "differ in python"),
        ({"machine": {"processor": "AMD EPYC", "cores": 4, "flags": ["avx512_bf16"]}}, "differ in cores"),
        ({"command": "python -m benchmarks.time_to_three_lines --every 50"}, "differ in command"),
        ({"training": {"seed": 1}}, "a row wants each once"),
        ({"ended": None}, "let it end"),
        ({"final": None}, "let it end"),
        ({"uncommitted": ["models/losses.py"]}, r"models/losses\.py\): commit it"),
        ({"commit": None, "uncommitted": None}, "no commit is known"),
        ({"first_step": 100}, "a training that is no trial"),
        ({"continues": "gone", "first_step": 100}, "goes on from gone"),
    ],
)
def test_trials_that_differ_in_more_than_their_seed_make_no_row(tmp_path, changed, why):
    trial.write(record("a", 1), tmp_path)
    trial.write(record("b", 2, **changed), tmp_path)
    with pytest.raises(ValueError, match=why):
        log.row(["a", "b"], tmp_path)


def test_the_row_s_command_prints_it_under_its_table_s_name(tmp_path, capsys):
    names = three_seeds(tmp_path)
    log.main(["--trials", str(tmp_path), "--row", *names])
    assert capsys.readouterr().out == "LEADERBOARD.md, {}:\n\n{}\n".format(*log.row(names, tmp_path))
    with pytest.raises(SystemExit, match="No trial is called x"):
        log.main(["--trials", str(tmp_path), "--row", "x"])
