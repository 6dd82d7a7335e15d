"""Strokes: exact where they lie along the pixels, the same at any size, and cut off at the edge of the sheet."""

import numpy as np
import pytest

from lines.outlines import coverage, ink, outlines
from utils.reading.shrinking import shrink


def drawn(*stroke, size=128, width=1.0) -> np.ndarray:
    return coverage(np.array([stroke], float), np.array([0]), 1, size, width)[0]


@pytest.mark.parametrize("width", [1, 2, 3])
def test_an_upright_stroke_between_pixels_covers_them_whole(width):
    row = drawn(20, 10, 20, 110, width=2 * width)[60]
    assert np.flatnonzero(row).tolist() == list(range(20 - width, 20 + width))
    assert row.max() == 1


def test_a_stroke_shares_itself_out_between_two_pixels():
    assert drawn(20.25, 10, 20.25, 110, width=1)[60, 18:22] == pytest.approx([0, 0.25, 0.75, 0])


def test_a_thin_stroke_covers_no_more_than_its_width():
    assert drawn(10, 20.5, 110, 20.5, width=0.5).max() == pytest.approx(0.5)


def test_a_stroke_drawn_backwards_is_the_same():
    np.testing.assert_allclose(drawn(10, 20, 90, 70), drawn(90, 70, 10, 20), atol=1e-5)


def test_a_stroke_and_its_mirror_image_are_the_same():
    np.testing.assert_allclose(drawn(10, 20, 90, 70).T, drawn(20, 10, 70, 90), atol=1e-5)


@pytest.mark.parametrize("angle", [0, 0.3, np.pi / 4, 1.2, np.pi / 2, 2.5])
def test_a_stroke_at_any_angle_has_the_ink_of_its_length(angle):
    x, y = 40 * np.cos(angle), 40 * np.sin(angle)
    amount = drawn(64 - x, 64 - y, 64 + x, 64 + y, width=2).sum()
    assert amount == pytest.approx(80 * 2 + np.pi, rel=0.03)  # with two half discs at its ends


def test_a_stroke_without_length_is_a_dot():
    dot = drawn(64, 64, 64, 64, width=4)
    assert dot.sum() == pytest.approx(4 * np.pi, rel=0.05)
    np.testing.assert_allclose(dot, dot.T)


def test_what_lies_outside_is_cut_off():
    assert drawn(-500, -3, 500, -3).sum() == 0
    assert drawn(-500, 64, 500, 64, width=2).sum() == pytest.approx(256)


def test_a_larger_sheet_is_the_same_picture():
    small, large = drawn(10, 20, 90, 77), drawn(10, 20, 90, 77, size=512)
    assert np.abs(shrink(large[None, ..., None], 128)[0, ..., 0] - small).max() < 0.15


def test_each_stroke_lands_on_its_own_sheet():
    strokes = np.array([(10, 10, 50, 10), (10, 30, 50, 30)], float)
    covered = coverage(strokes, np.array([2, 0]), 3, 128, 2)
    assert covered[:, [9, 29], 30].tolist() == [[0, 1], [0, 0], [1, 0]]


def test_strokes_that_cross_are_no_darker_than_one():
    strokes = np.array([(10, 64.5, 110, 64.5), (64.5, 10, 64.5, 110)], float)
    assert coverage(strokes, np.array([0, 0]), 1, 128, 0.5).max() == pytest.approx(0.5)


def test_many_strokes_are_drawn_like_few(monkeypatch):
    strokes = np.random.default_rng(0).uniform(0, 128, (50, 4))
    sheets = np.arange(50) % 3
    whole = coverage(strokes, sheets, 3, 128, 1)
    monkeypatch.setattr("lines.outlines._BLOCK", 7)
    np.testing.assert_array_equal(coverage(strokes, sheets, 3, 128, 1), whole)


def test_an_outline_closes():
    square = outlines(np.array([[(0, 0), (1, 0), (1, 1), (0, 1)]]))[0]
    assert square.tolist() == [[0, 0, 1, 0], [1, 0, 1, 1], [1, 1, 0, 1], [0, 1, 0, 0]]


def test_ink_mixes_with_the_paper_by_its_cover():
    covered = np.array([[[0, 0.5], [1, 0.25]]])
    image = ink(covered, (0, 100, 200), (100, 100, 100))
    assert image[0].tolist() == [[[100, 100, 100], [50, 100, 150]], [[0, 100, 200], [75, 100, 125]]]


def test_a_second_ink_lies_over_the_first():
    first = ink(np.ones((1, 2, 2)), (200, 0, 0), (255, 255, 255))
    assert np.unique(ink(np.eye(2)[None], (0, 0, 90), first)[0].reshape(-1, 3), axis=0).tolist() == [
        [0, 0, 90],
        [200, 0, 0],
    ]
