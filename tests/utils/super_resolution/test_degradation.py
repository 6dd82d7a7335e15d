import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

import lines
from utils.super_resolution.degradation import KINDS, draw_imperfect, pairs, spoil


@pytest.mark.parametrize("kind", KINDS)
def test_the_large_picture_is_four_times_the_small_one(kind):
    small, large = pairs(2, kind, size=48, seed=1)
    assert small.shape == (2, 48, 48, 3)
    assert large.shape == (2, 192, 192, 3)
    assert small.dtype == large.dtype == np.uint8


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_pairs_and_another_gives_others(kind):
    first, again, other = (pairs(2, kind, size=32, seed=seed) for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[1], other[1])


def test_clean_pairs_are_the_data_set_drawn_at_both_sizes():
    small, large = pairs(3, "clean", seed=5)
    parameters = lines.sample(3, np.random.default_rng(5))
    assert np.array_equal(small, lines.draw(parameters))
    assert np.array_equal(large, lines.draw(parameters, size=512))


def test_parts_of_clean_pairs_show_the_same_part():
    small, large = pairs(8, "clean", size=40, seed=5)
    assert np.array_equal(small.repeat(4, axis=1).repeat(4, axis=2), large)


@pytest.mark.parametrize("kind", ["jpeg", "degraded"])
def test_the_large_picture_shows_what_the_small_one_shows(kind):
    small, large = pairs(12, kind, seed=3)
    averaged = large.reshape(12, 128, 4, 128, 4, 3).mean(axis=(2, 4))
    blurred = [gaussian_filter(images.astype(float), (0, 4, 4, 0)) for images in (small, averaged)]
    assert np.abs(blurred[0] - blurred[1]).mean() < 4


def test_drawn_faults_are_sharp_and_the_spoilt_picture_is_not():
    large = draw_imperfect(seed=2)
    assert large.shape == (512, 512, 3)
    assert large.min() >= 0
    assert large.max() <= 1
    steps = [np.abs(np.diff(image, axis=0)).max() for image in (large, gaussian_filter(large, (4, 4, 0)))]
    assert steps[0] > 3 * steps[1]


def test_spoiling_leaves_black_nearly_black():
    for seed in range(20):
        assert spoil(np.zeros((32, 32, 3)), seed).mean() < 12


def test_an_unknown_kind_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"'dirty'.*clean, jpeg, degraded"):
        pairs(1, "dirty")
