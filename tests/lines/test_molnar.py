"""Squares within squares."""

import numpy as np
import pytest

from lines import molnar


def one(**changes) -> dict[str, np.ndarray]:
    values = {"grid": 3, "nested": 5, "kept": 1, "disorder": 0, "pen_1": 0, "pen_2": 0, "hand": 1} | changes
    return {name: np.array([value]) for name, value in values.items()}


def nested(parameters) -> bool:
    """Does every square, seen from each side, lie within the one around it?"""
    _, item, corners = molnar.squares(parameters)
    outer, inner = corners[:-1], corners[1:]
    same_cell = (item[1:] % parameters["nested"][0]) != 0
    start, stop = outer, np.roll(outer, -1, axis=1)
    ways = (stop - start)[:, :, None]
    points = inner[:, None] - start[:, :, None]  # (m, side, corner, 2)
    inside = ways[..., 0] * points[..., 1] - ways[..., 1] * points[..., 0] > 0
    return bool(inside[same_cell].all())


def test_without_disorder_squares_are_square_and_share_a_centre():
    _, _, corners = molnar.squares(one())
    sides = np.abs(np.roll(corners, -1, axis=1) - corners).sum(axis=2)
    assert np.ptp(sides, axis=1).max() < 1e-9
    centres = corners.mean(axis=1).reshape(9, 5, 2)
    assert np.ptp(centres, axis=1).max() < 1e-9


@pytest.mark.parametrize("hand", range(20))
def test_up_to_disorder_1_squares_stay_within_each_other(hand):
    assert nested(one(disorder=1, hand=hand))


def test_with_more_disorder_they_cross():
    assert not nested(one(disorder=2))


def test_all_squares_are_drawn_if_all_are_kept():
    image = molnar.draw(one(pen_1=0))[0]
    row = image[8 + 112 // 6, :, 0]  # through the middle of the first row of cells
    crossings = np.flatnonzero(np.diff((row < 150).astype(int)) == 1)
    assert len(crossings) == 3 * 5 * 2


def test_none_is_drawn_if_none_is_kept():
    assert (molnar.draw(one(kept=0)) == molnar.PAPER).all()


def test_about_half_is_drawn_if_half_is_kept():
    every, half = (255 * 3 - molnar.draw(one(kept=kept, grid=7)).astype(int).sum(axis=-1) for kept in (1, 0.5))
    assert 0.4 < (half - half.min()).sum() / (every - every.min()).sum() < 0.6


def test_each_pen_leaves_its_colour():
    image = molnar.draw(one(pen_1=1, pen_2=2), 512)[0].reshape(-1, 3)
    colors = {tuple(color) for color in image.tolist()}
    assert {tuple(molnar.PENS[1].tolist()), tuple(molnar.PENS[2].tolist())} < colors
    assert tuple(molnar.PENS[0].tolist()) not in colors
