import numpy as np
import pytest

from utils.latent.patterns import PATTERNS, grid_shape, pattern


def grids(*arguments, **options):
    """The frames of a pattern of 100 values, (frames, 10, 10)."""
    return pattern(*arguments, **options).reshape(-1, 10, 10)


def test_a_row_of_three_on_zeros_moves_down_the_ten_rows():
    frames = grids("row")
    assert len(frames) == 10
    for row, frame in enumerate(frames):
        assert (frame[row] == 3).all()
        assert np.count_nonzero(frame) == 10


def test_a_block_of_five_by_five_visits_every_place_once():
    frames = grids("block")
    places = {tuple(np.argwhere(frame).min(axis=0)) for frame in frames}
    assert len(frames) == 36
    assert places == {(row, column) for row in range(6) for column in range(6)}
    assert all(
        (frame[r : r + 5, c : c + 5] == 3).all() for frame, (r, c) in zip(frames, map(_corner, frames), strict=True)
    )


def test_a_block_slides_one_cell_at_a_time():
    corners = np.array([_corner(frame) for frame in grids("block")])
    assert (np.abs(np.diff(corners, axis=0)).sum(axis=1) == 1).all()


def test_a_block_may_hold_values_of_its_own():
    values = np.arange(1, 5).reshape(2, 2)
    assert (grids("block", size=2, value=values)[0, :2, :2] == values).all()


def test_a_block_rises_one_two_three_in_one_quadrant_after_the_other():
    frames = grids("quadrants")
    assert frames.shape == (12, 10, 10)
    for number, frame in enumerate(frames):
        quadrant, level = divmod(number, 3)
        top, left = 5 * (quadrant // 2), 5 * (quadrant % 2)
        assert (frame[top : top + 5, left : left + 5] == level + 1).all() and np.count_nonzero(frame) == 25


def test_constants_go_from_the_lowest_to_the_highest():
    frames = pattern("constants", n_steps=7)
    assert frames[:, 0].tolist() == [-3, -2, -1, 0, 1, 2, 3]
    assert (frames == frames[:, :1]).all()


@pytest.mark.parametrize(
    ("name", "moved", "still"), [("upper", slice(0, 5), slice(5, 10)), ("lower", slice(5, 10), slice(0, 5))]
)
def test_one_half_goes_and_the_other_stays_zero(name, moved, still):
    frames = grids(name, n_steps=5)
    assert (
        frames[:, moved].min(axis=(1, 2)).tolist()
        == frames[:, moved].max(axis=(1, 2)).tolist()
        == [-3, -1.5, 0, 1.5, 3]
    )
    assert not frames[:, still].any()


@pytest.mark.parametrize("index", [37, (3, 7)])
def test_a_coordinate_is_swept_and_the_rest_of_the_vector_stays(index):
    start = np.arange(100, dtype=np.float32)
    frames = pattern("coordinate", index=index, start=start, n_steps=3, limits=(-1, 1))
    assert frames[:, 37].tolist() == [-1, 0, 1]
    assert (np.delete(frames, 37, axis=1) == np.delete(start, 37)).all()


def test_a_mask_chooses_by_truth_weight_or_number():
    truths = np.zeros((10, 10), bool)
    truths[0, 1] = truths[9, 9] = True
    by_truth = pattern("mask", mask=truths)
    assert np.array_equal(by_truth, pattern("mask", mask=[1, 99]))
    assert np.array_equal(-0.5 * by_truth, pattern("mask", mask=-0.5 * truths.ravel()))


@pytest.mark.parametrize("latent_dim", [2, 7, 10, 64, 100, 128])
def test_patterns_are_made_for_any_length(latent_dim):
    rows, columns = grid_shape(latent_dim)
    for name in PATTERNS:
        frames = pattern(name, latent_dim, size=min(5, rows, columns), index=0, mask=[0])
        assert frames.shape[1] == latent_dim
        assert frames.dtype == np.float32
        assert frames.any()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"name": "spiral"}, "'spiral'; there are row, block"),
        ({"name": "block", "size": 11}, "11 x 11 does not fit"),
        ({"name": "block", "value": [1, 2, 3]}, "array of 5 x 5"),
        ({"name": "coordinate"}, "0 to 99, not None"),
        ({"name": "coordinate", "index": 100}, "0 to 99, not 100"),
        ({"name": "coordinate", "index": (10, 0)}, "outside the grid of 10 x 10"),
        ({"name": "coordinate", "index": (0, 10)}, "outside the grid of 10 x 10"),
        ({"name": "coordinate", "index": (-1, 0)}, "outside the grid of 10 x 10"),
        ({"name": "mask"}, "needs a mask"),
        ({"name": "mask", "mask": np.zeros(100)}, "chooses no value"),
        ({"name": "mask", "mask": [0, 100]}, "numbers of values from 0 to 99"),
        ({"name": "mask", "mask": np.ones((3, 3))}, r"shape \(3, 3\)"),
        ({"name": "constants", "n_steps": 1}, "2 steps or more"),
        ({"name": "row", "start": np.zeros(99)}, "99 values"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_reason(arguments, reason):
    with pytest.raises(ValueError, match=reason):
        pattern(**arguments)


def _corner(frame):
    return tuple(np.argwhere(frame).min(axis=0))
