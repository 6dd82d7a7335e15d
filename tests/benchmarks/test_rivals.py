"""Ours against what people would pick: when a mark counts as reached, and what a row of the table says."""

import pytest

from benchmarks import rivals


def reading(minutes, one_vertical, texture, different=1.0):
    shares = {"one_vertical": one_vertical, "two_horizontals": 0.5, "adherence": 0.25, "different": different}
    return {"minutes": minutes, "steps": int(60 * minutes), "weights": 4_600_000, "texture": texture, **shares}


def test_marks_are_the_first_readings_that_reach_them():
    rows = [reading(1, 0.2, 0.05), reading(2, 0.6, 0.03), reading(3, 0.4, 0.02), reading(4, 0.9, 0.01)]
    assert rivals.marks(rows) == (2, 3)
    assert rivals.marks(rows[:1]) == (None, None)


def test_half_with_one_vertical_does_not_count_where_the_images_are_alike():
    assert rivals.marks([reading(1, 1.0, 0.1, different=0.02)]) == (None, None)


def test_a_row_says_what_was_not_reached():
    row = rivals.row_of("r3gan", [reading(1, 0.2, 0.05), reading(2, 0.6, 0.03)])
    assert row == "| r3gan | 4.6 | 1.00 | 2.0 | not reached | 2.0 | 60% | 50% | 25% | 100% | 0.030 |"
    assert len(row.split("|")) == len(rivals.HEADER.splitlines()[0].split("|"))


@pytest.mark.thorough
def test_contestants_train_until_their_minutes_are_spent(tmp_path, capsys):
    rivals.main(
        ["--only", "three_lines", "keras_example", "--every", "1", "--minutes", "0.03", "--out", str(tmp_path / "out")]
    )
    rows = [line.split("|")[1].strip() for line in capsys.readouterr().out.splitlines()[-2:]]
    assert rows == ["three_lines", "keras_example"]
    assert (tmp_path / "out" / "keras_example.png").exists()
