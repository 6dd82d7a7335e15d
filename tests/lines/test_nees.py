"""Gravel."""

import numpy as np
import pytest

from lines import nees


def many(n=200, **changes) -> dict[str, np.ndarray]:
    values = {"columns": 12, "rows": 22, "onset": 1.5, "turn": 45, "shift": 0.5} | changes
    return {name: np.full(n, value) for name, value in values.items()} | {"hand": np.arange(n)}


def by_row(parameters) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean turn in degrees and mean shift in sides, row by row, of all images, and the sides' lengths."""
    _, row, corners = nees.squares(parameters)
    way = corners[:, 1] - corners[:, 0]
    side = np.hypot(*way.T)
    turn = np.abs(np.degrees(np.arctan2(way[:, 1], way[:, 0])))
    still = nees.squares(parameters | {"onset": np.full(len(parameters["hand"]), 1e9)})[2].mean(axis=1)
    # with so late an onset only the last row moves, so the others stand in their places
    shift = np.abs(corners.mean(axis=1) - still).max(axis=1) / side
    counts = np.bincount(row)
    return np.bincount(row, turn) / counts, np.bincount(row, shift) / counts, side


def test_there_are_twelve_by_twenty_two_squares_of_one_size():
    _, _, side = by_row(many(1))
    assert len(side) == 12 * 22
    assert np.ptp(side) < 1e-9


def test_the_first_row_keeps_its_order():
    turn, shift, _ = by_row(many())
    assert turn[0] == 0
    assert shift[0] == 0


def test_order_is_lost_row_by_row():
    turn, shift, _ = by_row(many())
    assert (np.diff(turn) > 0).all()
    assert (np.diff(shift[:-1]) > 0).all()


def test_the_last_row_turns_by_up_to_the_whole_turn():
    assert by_row(many(turn=60))[0][-1] == pytest.approx(30, abs=1.5)  # the mean of 0..60


def test_a_late_onset_keeps_the_order_for_long():
    early, late = (by_row(many(onset=onset))[0] for onset in (1, 3))
    assert late[11] < early[11] / 3
    assert late[-1] == pytest.approx(early[-1])


def test_without_turn_and_shift_the_grid_is_whole():
    parameters = many(1, turn=0, shift=0)
    _, _, corners = nees.squares(parameters)
    assert len(np.unique(corners[..., 0].round(6))) == 13
    assert len(np.unique(corners[..., 1].round(6))) == 23


def test_the_picture_grows_darker_where_order_is_lost():
    images = nees.draw(many(40, shift=0.9, turn=90, rows=12))
    rows = np.abs(np.diff(images[:, 10:118, 30:98, 0].astype(int), axis=2)).mean(axis=(0, 2))
    assert rows[60:90].mean() > 1.2 * rows[:20].mean()
