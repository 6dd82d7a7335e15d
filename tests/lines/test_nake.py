"""Broken horizontals, fields and circles."""

import numpy as np
import pytest

from lines import nake


def many(n=50, **changes) -> dict[str, np.ndarray]:
    values = {"bands": 6, "columns": 8, "bend": 1, "upright": 0, "zigzag": 0, "density": 6, "circles": 0} | changes
    return {name: np.full(n, value) for name, value in values.items()} | {"hand": np.arange(n)}


def dark(parameters) -> np.ndarray:
    """The ink of each image, in whole pixels."""
    images = nake.draw(parameters).astype(float)[..., 0]
    return ((nake.PAPER[0] - images) / (nake.PAPER[0] - float(nake.INK[0]))).sum(axis=(1, 2))


def test_horizontals_never_cross():
    _, _, corners = nake.fields(many(500))
    assert (corners[:, 2:, 1] > corners[:, :2, 1]).all()


def test_fields_join_without_a_gap():
    _, _, corners = nake.fields(many(3))
    fields = corners.reshape(3, 6, 8, 4, 2)
    np.testing.assert_allclose(fields[:, :, :-1, [1, 3]], fields[:, :, 1:, [0, 2]])
    np.testing.assert_allclose(fields[:, :-1, :, [2, 3]], fields[:, 1:, :, [0, 1]])


def test_horizontals_run_from_side_to_side():
    _, _, corners = nake.fields(many(3))
    assert (corners[..., 0].min(), corners[..., 0].max()) == (nake.MARGIN, nake.SIZE - nake.MARGIN)


def test_without_bend_there_are_seven_straight_lines():
    column = nake.draw(many(1, bend=0))[0, :, 64, 0]
    assert np.count_nonzero(np.diff((column < 150).astype(int)) == 1) == 7


def test_empty_fields_leave_the_horizontals_alone():
    assert dark(many(bend=0)) == pytest.approx(np.full(50, 7 * 118 * nake.WIDTH), rel=0.02)


@pytest.mark.parametrize("sign", ["upright", "zigzag"])
def test_signs_fill_fields_as_often_as_asked(sign):
    empty, half, full = (dark(many(**{sign: share})).mean() for share in (0, 0.5, 1))
    assert full > 1.5 * empty
    assert (half - empty) / (full - empty) == pytest.approx(0.5, abs=0.06)


def test_uprights_are_upright_and_as_many_as_the_density_says():
    parameters = many(200, upright=1.0, density=5.0)
    image, strokes = nake._signs(parameters, *nake.fields(parameters))
    np.testing.assert_array_equal(strokes[:, 0], strokes[:, 2])
    assert len(image) / (200 * 48) == pytest.approx(5, abs=0.1)


def test_a_zigzag_goes_on_where_it_stopped():
    parameters = many(1, bands=1, columns=1, zigzag=1.0, density=8.0)
    _, strokes = nake._signs(parameters, *nake.fields(parameters))
    np.testing.assert_allclose(strokes[1:, :2], strokes[:-1, 2:])
    assert (strokes[0, 0], strokes[-1, 2]) == (nake.MARGIN, nake.SIZE - nake.MARGIN)


def test_circles_are_round_and_as_many_as_said():
    image, strokes = nake._circles(np.arange(5), np.full(5, 4))
    circles = strokes[:, :2].reshape(20, nake.CIRCLE_CORNERS, 2)
    assert image.reshape(20, nake.CIRCLE_CORNERS)[:, 0].tolist() == np.repeat(np.arange(5), 4).tolist()
    radii = np.linalg.norm(circles - circles.mean(axis=1, keepdims=True), axis=2)
    assert np.ptp(radii, axis=1).max() < 1e-9
    assert nake.RADII[0] <= radii.min() < radii.max() <= nake.RADII[1]
