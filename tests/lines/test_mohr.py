"""Cubes with edges left out."""

import numpy as np
import pytest

from lines import mohr


def one(**changes) -> dict[str, np.ndarray]:
    values = {"grid": 5, "yaw": 30, "pitch": 25, "yaw_step": 7, "pitch_step": 5, "middle": 12, "rim": 4} | changes
    values = {"night": 0, "hand": 3} | values
    return {name: np.array([value]) for name, value in values.items()}


def kept(parameters) -> np.ndarray:
    """How many edges each cube of the first image keeps, as (grid, grid)."""
    _, _, drawn = mohr.edges(parameters)
    grid = parameters["grid"][0]
    return drawn.sum(axis=1).reshape(grid, grid)


def test_a_cube_has_twelve_edges_and_three_at_each_corner():
    assert mohr.EDGES.shape == (12, 2)
    assert np.bincount(mohr.EDGES.ravel()).tolist() == [3] * 8


def test_edges_grow_fewer_towards_the_rim():
    assert kept(one()).tolist() == [
        [4, 4, 4, 4, 4],
        [4, 8, 8, 8, 4],
        [4, 8, 12, 8, 4],
        [4, 8, 8, 8, 4],
        [4, 4, 4, 4, 4],
    ]


def test_in_an_even_grid_four_cubes_are_the_middle():
    assert kept(one(grid=4)).tolist() == [[4, 4, 4, 4], [4, 12, 12, 4], [4, 12, 12, 4], [4, 4, 4, 4]]


@pytest.mark.parametrize("grid", [1, 2])
def test_a_grid_without_a_rim_keeps_the_edges_of_the_middle(grid):
    assert (kept(one(grid=grid, middle=7)) == 7).all()


@pytest.mark.parametrize("edges", range(13))
def test_a_sign_has_as_many_edges_as_it_keeps(edges):
    _, ends, drawn = mohr.edges(one(grid=1, middle=edges))
    lengths = np.hypot(*(ends[drawn][:, 2:] - ends[drawn][:, :2]).T)
    assert len(lengths) == edges
    grey = mohr.draw(one(grid=1, middle=edges))[0, ..., 0].astype(float)
    inked = ((mohr.WHITE[0] - grey) / (mohr.WHITE[0] - float(mohr.BLACK[0]))).sum()
    assert inked == pytest.approx(lengths.sum() * 2.5, rel=0.12, abs=0.01)  # a pen of 0.9 + 1.6; joints count once


def test_chance_leaves_out_every_edge_alike():
    parameters = {name: np.repeat(values, 400) for name, values in one(middle=6, rim=6).items()}
    _, _, drawn = mohr.edges(parameters | {"hand": np.arange(400)})
    assert np.abs(drawn.mean(axis=0) - 0.5).max() < 0.03  # of 10,000 cubes; standard deviation 0.005


def test_edges_of_one_direction_are_parallel_and_equally_long():
    _, ends, _ = mohr.edges(one(grid=1))
    ways = np.abs(ends[0, :, 2:] - ends[0, :, :2]).round(9)
    directions, counts = np.unique(ways, axis=0, return_counts=True)
    assert len(directions) == 3
    assert counts.tolist() == [4, 4, 4]


def test_cubes_stay_in_their_cells_at_any_turn():
    for angle in range(0, 360, 15):
        _, ends, _ = mohr.edges(one(grid=1, yaw=angle, pitch=angle / 2))
        assert mohr.MARGIN < ends.min() < ends.max() < mohr.SIZE - mohr.MARGIN


def test_the_cube_turns_from_one_column_to_the_next():
    _, ends, _ = mohr.edges(one(grid=3, yaw_step=10, pitch_step=0))
    _, turned, _ = mohr.edges(one(grid=3, yaw=40, yaw_step=10, pitch_step=0))
    np.testing.assert_allclose(turned[0] - turned[0].mean(axis=0), ends[1] - ends[1].mean(axis=0))


def test_night_exchanges_black_and_white():
    day, night = mohr.draw(one())[0], mohr.draw(one(night=1))[0]
    assert day[0, 0].tolist() == mohr.WHITE.tolist()
    assert night[0, 0].tolist() == mohr.BLACK.tolist()
    assert np.abs((day.astype(int) + night) - (mohr.WHITE.astype(int) + mohr.BLACK)).max() <= 1
