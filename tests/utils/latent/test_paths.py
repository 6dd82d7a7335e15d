import numpy as np
import pytest

from utils.latent.paths import (
    EASINGS,
    circle,
    closed_loop,
    generate_latent_points,
    interpolate_points,
    interpolate_spherical,
    noise_walk,
    there_and_back,
    walk_through,
)


def test_a_seed_gives_the_same_points_again():
    assert np.array_equal(generate_latent_points(100, 3, seed=5), generate_latent_points(100, 3, seed=5))
    assert not np.array_equal(generate_latent_points(100, 3, seed=5), generate_latent_points(100, 3, seed=6))


def test_a_numpy_generator_goes_on_from_point_to_point():
    rng = np.random.default_rng(5)
    assert not np.array_equal(generate_latent_points(10, 1, rng), generate_latent_points(10, 1, rng))


def test_points_are_standard_normal_float32():
    points = generate_latent_points(100, 2000, seed=0)
    assert points.shape == (2000, 100)
    assert points.dtype == np.float32
    assert abs(points.mean()) < 0.01
    assert abs(points.std() - 1) < 0.01


@pytest.mark.parametrize("path", [interpolate_points, interpolate_spherical])
@pytest.mark.parametrize("n_steps", [2, 3, 20])
def test_a_path_has_its_ends_exactly(path, n_steps):
    p1, p2 = generate_latent_points(100, 2, seed=1)
    walk = path(p1, p2, n_steps)
    assert walk.shape == (n_steps, 100)
    assert walk.dtype == np.float32
    assert np.array_equal(walk[0], p1)
    assert np.array_equal(walk[-1], p2)


def test_a_straight_path_takes_equal_steps():
    p1, p2 = generate_latent_points(100, 2, seed=1)
    steps = np.diff(interpolate_points(p1, p2, 11), axis=0)
    assert np.allclose(steps, (p2 - p1) / 10, atol=1e-6)


def test_an_arc_turns_evenly_and_keeps_its_distance():
    walk = interpolate_spherical([2.0, 0.0], [0.0, 4.0], 4)
    assert np.allclose(np.linalg.norm(walk, axis=1), [2, 8 / 3, 10 / 3, 4])
    assert np.allclose(np.degrees(np.arctan2(walk[:, 1], walk[:, 0])), [0, 30, 60, 90])


@pytest.mark.parametrize("p2", [[-3.0, 0.0], [3.0, 0.0], [9.0, 0.0], [0.0, 0.0]])
def test_where_there_is_no_arc_the_path_is_straight(p2):
    assert np.allclose(interpolate_spherical([3.0, 0.0], p2, 5), interpolate_points([3.0, 0.0], p2, 5))


def test_an_arc_between_near_points_is_finite_and_between_them():
    walk = interpolate_spherical([1.0, 0.0], [1.0, 1e-4], 3)
    assert np.allclose(walk[1], [1, 5e-5], atol=1e-7)


def test_a_path_between_vectors_of_two_lengths_names_both():
    with pytest.raises(ValueError, match=r"\(3,\) and \(4,\)"):
        interpolate_points(np.zeros(3), np.zeros(4), 5)


def test_a_path_of_one_step_is_refused():
    with pytest.raises(ValueError, match="2 steps or more"):
        interpolate_points(np.zeros(3), np.ones(3), 1)


@pytest.mark.parametrize("path", [interpolate_points, interpolate_spherical])
def test_a_loop_passes_every_key_point_once_and_ends_one_step_before_its_start(path):
    points = generate_latent_points(100, 3, seed=2)
    loop = closed_loop(points, 10, path)
    assert loop.shape == (10, 100)
    assert [np.flatnonzero((loop == point).all(axis=1)).tolist() for point in points] == [[0], [3], [6]]
    assert np.allclose(path(loop[-1], points[0], 2)[1], loop[0])
    back = path(points[2], points[0], 5)
    assert np.allclose(loop[-1], back[-2])


def test_a_loop_needs_a_step_for_each_key_point():
    with pytest.raises(ValueError, match="3 key points"):
        closed_loop(np.eye(3), 2)


def test_a_loop_of_one_point_is_refused():
    with pytest.raises(ValueError, match="2 or more"):
        closed_loop([[1.0, 2.0]], 5)


@pytest.mark.parametrize("ease", EASINGS)
@pytest.mark.parametrize("path", [interpolate_points, interpolate_spherical])
def test_every_easing_begins_and_ends_with_the_points_and_never_goes_back(path, ease):
    p1, p2 = generate_latent_points(100, 2, seed=1)
    walk = path(p1, p2, 30, ease=ease)
    assert np.array_equal(walk[[0, -1]], [p1, p2])
    assert (np.diff(np.linalg.norm(walk - p1, axis=1)) > 0).all()


def test_a_smooth_path_starts_and_stops_gently():
    steps = np.linalg.norm(np.diff(interpolate_points([0.0], [1.0], 21, ease="smooth"), axis=0), axis=1)
    assert steps[0] == pytest.approx(steps[-1], rel=1e-4)
    assert steps[10] > 5 * steps[0]


def test_an_unknown_easing_is_refused_naming_those_there_are():
    with pytest.raises(ValueError, match="'bouncy'; there are linear, smooth, in, out"):
        interpolate_points([0.0], [1.0], 5, ease="bouncy")


@pytest.mark.parametrize("path", [interpolate_points, interpolate_spherical])
def test_a_walk_passes_its_key_points_in_order_and_ends_at_the_last(path):
    points = generate_latent_points(100, 4, seed=2)
    walk = walk_through(points, 31, path, ease="smooth")
    assert walk.shape == (31, 100)
    assert [np.flatnonzero((walk == point).all(axis=1)).tolist() for point in points] == [[0], [10], [20], [30]]


def test_a_walk_takes_any_function_from_point_to_point():
    walk = walk_through([[0.0], [1.0], [0.0]], 5, path=lambda a, b, n: np.repeat([a], n, axis=0))
    assert walk.ravel().tolist() == [0, 0, 1, 1, 0]


def test_a_walk_needs_a_step_for_each_key_point():
    with pytest.raises(ValueError, match="3 key points"):
        walk_through(np.eye(3), 2)


def test_there_and_back_rests_at_neither_end():
    assert there_and_back(np.arange(4)).tolist() == [0, 1, 2, 3, 2, 1]


def test_a_circle_keeps_its_distance_and_its_plane_and_closes():
    center = generate_latent_points(50, 1, seed=9)[0]
    points = circle(50, 40, seed=1, radius=2.5, center=center) - center
    assert np.allclose(np.linalg.norm(points, axis=1), 2.5, atol=1e-5)
    assert np.linalg.matrix_rank(points, tol=1e-3) == 2
    steps = np.linalg.norm(points - np.roll(points, 1, axis=0), axis=1)
    assert np.allclose(steps, steps[0], rtol=1e-3)  # the step from last to first too


def test_a_circle_goes_where_normal_points_are():
    assert np.allclose(np.linalg.norm(circle(100, 7, seed=1), axis=1), 10, atol=1e-4)


def test_a_centre_of_another_length_is_refused():
    with pytest.raises(ValueError, match=r"100 values, not of shape \(3,\)"):
        circle(100, 7, center=[0, 0, 0])


def test_a_noise_walk_is_normal_at_every_step():
    walks = np.stack([noise_walk(200, 8, seed=seed) for seed in range(60)])  # (60, 8, 200)
    assert np.allclose(walks.std(axis=(0, 2)), 1, atol=0.05)
    assert np.allclose(walks.mean(axis=(0, 2)), 0, atol=0.05)


def test_a_noise_walk_has_no_jump_even_from_last_to_first():
    walk = noise_walk(100, 200, seed=1)
    steps = np.linalg.norm(walk - np.roll(walk, 1, axis=0), axis=1)
    assert steps.max() < 3 * np.median(steps)
    assert steps[0] < 1.5 * max(steps[1], steps[-1])


@pytest.mark.parametrize("walk", [circle, noise_walk])
def test_a_seed_gives_the_same_walk_again(walk):
    assert np.array_equal(walk(20, 9, seed=4), walk(20, 9, seed=4))
    assert not np.array_equal(walk(20, 9, seed=4), walk(20, 9, seed=5))


@pytest.mark.parametrize("latent_dim, n_steps", [(1, 5), (100, 0)])
def test_a_circle_of_too_few_dimensions_or_steps_is_refused(latent_dim, n_steps):
    with pytest.raises(ValueError, match=f"2 dimensions and 1 step or more, not {latent_dim} and {n_steps}"):
        circle(latent_dim, n_steps)


@pytest.mark.parametrize("ends", [([0, 0], [3, 4]), ([3, 4], [0, 0])])
def test_an_arc_from_the_origin_or_to_it_is_a_straight_line(ends):
    ends = np.array(ends, np.float32)
    assert np.array_equal(interpolate_spherical(*ends, 5), interpolate_points(*ends, 5))
