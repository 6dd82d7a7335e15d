"""Distances of batches: small for one source, large for another, and indifferent to size and order."""

import numpy as np
import pytest

import lines
from utils.reading.distances import (
    coverage,
    diversity,
    kernel_distance,
    nearest_distances,
    random_features,
    sliced_wasserstein,
    small_vectors,
)
from utils.reading.shrinking import as_batch, shrink

A, B = (lines.draw(lines.sample(100, seed=seed)) for seed in (1, 2))
COLUMNS = np.random.default_rng(0).permutation(128)
SPOILT = {
    "empty": np.zeros_like(A),
    "one image": np.repeat(A[:1], 100, axis=0),
    "swapped colours": A[..., ::-1],
    "shuffled columns": A[:, :, COLUMNS],
    "shuffled pixels": A.reshape(100, -1, 3)[:, np.random.default_rng(1).permutation(128 * 128)].reshape(A.shape),
}


def test_two_batches_of_one_source_are_close():
    assert abs(kernel_distance(A, B)) < 0.1
    distance = sliced_wasserstein(A, B)
    assert distance["texture"] < 0.015
    assert distance["layout"] < 0.04


@pytest.mark.parametrize("name", SPOILT)
def test_a_spoilt_batch_is_further_away(name):
    assert kernel_distance(SPOILT[name], B) > kernel_distance(A, B) + 0.1
    near, far = sliced_wasserstein(A, B), sliced_wasserstein(SPOILT[name], B)
    assert far["texture"] > 2 * near["texture"]


def test_a_batch_is_at_no_sliced_distance_from_itself():
    assert sliced_wasserstein(A, A)["layout"] == 0


def test_the_layout_tells_where_lines_stand():
    moved = lines.draw(lines.sample(100, seed=1, y2="uniform"))
    assert sliced_wasserstein(moved, B)["layout"] > 1.5 * sliced_wasserstein(A, B)["layout"]


def test_the_kernel_distance_is_unbiased():
    few = [kernel_distance(*np.split(lines.draw(lines.sample(16, seed=seed)), 2)) for seed in range(15)]
    standard_error = np.std(few) / np.sqrt(len(few))
    assert abs(np.mean(few)) < 3 * standard_error
    assert min(few) < 0 < max(few)


def test_the_kernel_distance_is_the_same_both_ways():
    assert kernel_distance(A[:20], B[:30]) == pytest.approx(kernel_distance(B[:30], A[:20]))


def test_the_network_is_fixed():
    assert random_features(A[:2]).shape == (2, 736)
    np.testing.assert_array_equal(random_features(A[:2]), random_features(A[:2]))


def test_batches_of_other_sizes_and_grey_ones_compare():
    grey = A[:50, ::2, ::2, 0]
    assert sliced_wasserstein(grey, B[:40])["layout"] < 0.2
    assert np.isfinite(kernel_distance(grey, B[:40]))


def test_the_numbers_of_images_may_differ():
    whole, half = sliced_wasserstein(A, B), sliced_wasserstein(A, B[:50])
    assert half["layout"] == pytest.approx(whole["layout"], abs=0.02)


def test_drawn_images_are_nearly_all_different():
    assert diversity(A)["different"] >= 99
    assert 0.2 < diversity(A)["distance"] < 0.27


def test_one_image_repeated_is_one_image():
    assert diversity(SPOILT["one image"]) == {"images": 100, "distance": pytest.approx(0, abs=1e-3), "different": 1}


def test_two_images_by_turns_are_two():
    assert diversity(np.tile(A[:2], (20, 1, 1, 1)))["different"] == 2


def test_a_little_noise_makes_no_new_image():
    noise = np.random.default_rng(0).normal(0, 10, A.shape)
    noisy = np.clip(SPOILT["one image"] + noise, 0, 255).astype(np.uint8)
    assert diversity(noisy)["different"] == 1


def test_an_image_is_nearest_to_itself():
    assert nearest_distances(A[:5], A).max() < 1e-3
    assert nearest_distances(A[:5], small_vectors(A[5:])).min() > 0.01


def test_distances_are_root_mean_squares_of_full_brightness():
    black, white = np.zeros((1, 20, 20, 3), np.uint8), np.full((1, 20, 20, 3), 255, np.uint8)
    assert nearest_distances(black, white) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("n", [0, 1])
def test_one_image_has_no_distance(n):
    for measure in (
        diversity,
        lambda images: sliced_wasserstein(images, B),
        lambda images: kernel_distance(images, B),
        lambda images: coverage(images, B),
    ):
        with pytest.raises(ValueError, match="at least"):
            measure(A[:n])


def test_shrinking_takes_means_of_areas():
    image = np.arange(16).reshape(1, 4, 4, 1)
    np.testing.assert_allclose(shrink(image, 2)[0, ..., 0], [[2.5, 4.5], [10.5, 12.5]])
    np.testing.assert_allclose(shrink(image, 8)[0, ::2, ::2, 0], image[0, ..., 0])
    assert shrink(image, 3, 5).mean() == pytest.approx(7.5)


MOHR = lines.rules("mohr")
DAY_AND_NIGHT = MOHR.sample(600, seed=3)
CUBES, MORE_CUBES = (random_features(part) for part in np.split(MOHR.draw(DAY_AND_NIGHT), 2))
NIGHT = DAY_AND_NIGHT["night"][300:] == 1


def test_images_of_the_same_source_cover_as_much_as_expected():
    numbers = coverage(CUBES, MORE_CUBES)
    assert numbers["expected"] == pytest.approx(1 - 0.5**5, abs=0.002)
    assert numbers["share"] == pytest.approx(numbers["expected"], abs=0.035)
    assert numbers["density"] == pytest.approx(1, abs=0.15)


@pytest.mark.parametrize(("n", "m"), [(20, 300), (300, 60)])
def test_what_is_expected_follows_the_numbers_of_images(n, m):
    points = np.random.default_rng(0).standard_normal((40, n + m, 3))
    numbers = [coverage(cloud[:n], cloud[n:]) for cloud in points]
    assert np.mean([one["share"] for one in numbers]) == pytest.approx(numbers[0]["expected"], abs=0.01)


def test_one_image_repeated_covers_next_to_nothing():
    assert coverage(np.repeat(CUBES[:1], 300, axis=0), MORE_CUBES)["share"] < 0.05


def test_half_of_the_kinds_cover_half():
    share = 1 - NIGHT.mean()
    numbers = coverage(CUBES[DAY_AND_NIGHT["night"][:300] == 0], MORE_CUBES)
    assert numbers["share"] == pytest.approx(share * 0.95, abs=0.06)


def test_images_from_elsewhere_cover_nothing():
    numbers = coverage(A, MORE_CUBES)
    assert numbers["share"] < 0.05
    assert numbers["density"] < 0.1


def test_half_of_the_images_from_elsewhere_halve_the_density():
    images = np.concatenate([CUBES[:150], random_features(np.tile(A, (2, 1, 1, 1))[:150])])
    whole, half = coverage(CUBES, MORE_CUBES)["density"], coverage(images, MORE_CUBES)["density"]
    assert half / whole == pytest.approx(0.5, abs=0.1)


def test_a_batch_covers_itself():
    assert coverage(CUBES, CUBES)["share"] == 1


def test_few_references_have_small_neighbourhoods():
    assert 0 <= coverage(A[:4], B[:3])["share"] <= 1


def test_images_and_their_features_give_the_same():
    features = random_features(A[:30]), random_features(B[:30])
    assert coverage(A[:30], B[:30]) == coverage(*features)
    assert kernel_distance(A[:30], B[:30]) == kernel_distance(*features)


@pytest.mark.parametrize(("n", "spread"), [(10, 1.1), (100, 0.08)])
def test_the_kernel_distance_holds_still_from_a_hundred_images_on(n, spread):
    rng = np.random.default_rng(0)
    features = random_features(lines.draw(lines.sample(800, seed=9)))
    values = []
    for _ in range(40):
        order = rng.permutation(800)
        values.append(kernel_distance(features[order[:n]], features[order[n : 2 * n]]))
    assert spread / 2 < np.std(values) < 2 * spread


@pytest.mark.parametrize("shape", [(28, 28, 1), (28, 28, 3)])
def test_a_single_image_is_no_batch(shape):
    with pytest.raises(ValueError, match=r"a single image as image\[None\]"):
        as_batch(np.zeros(shape, np.uint8))
