"""What the numbers of a report mean is said in words, in both languages, and says the right thing of bad images too."""

import numpy as np
import pytest

from utils.loaders import ImageBatches
from utils.reading import distances, in_words, report
from utils.reading.distances import small_vectors, smallest_distances


def discs(n, seed, size=16):
    """Grey images of one disc of any size, place and brightness."""
    rng, rows, columns = np.random.default_rng(seed), *np.mgrid[:size, :size]
    y, x, radius, level = (rng.uniform(low, high, (n, 1, 1)) for low, high in ((4, 12), (4, 12), (2, 5), (80, 255)))
    return ((((rows - y) ** 2 + (columns - x) ** 2) < radius**2) * level).astype(np.uint8)[..., None]


REAL = discs(200, seed=0)


def said(images, language="en"):
    return in_words(report(images, ImageBatches.from_array(REAL, 4), rules=None), language)


def test_good_images_are_said_to_be_good():
    words = said(discs(200, seed=1))
    assert "hardly repeats itself" in words and "nearly all kinds are there" in words and "Hardly any repeats" in words


def test_images_that_repeat_the_real_ones_are_said_to_be_known_by_heart():
    assert "known by heart" in said(REAL[:100])


def test_one_image_again_and_again_is_said_to_be_the_same():
    assert "the same few images" in said(np.repeat(discs(1, seed=5), 60, axis=0))


def test_noise_lies_outside_of_the_real_images():
    noise = np.random.default_rng(0).integers(0, 256, (100, 16, 16, 1), np.uint8)
    words = said(noise)
    assert "most kinds are missing" in words and "lie outside" in words


def test_the_french_words_say_the_same():
    assert "par cœur" in said(REAL[:100], "fr") and "nettement" in said(REAL[:100], "fr")


@pytest.mark.parametrize("measure", ["different", "covered", "near", "copies", "distances"])
def test_each_measure_has_the_same_thresholds_in_both_languages(measure):
    from utils.reading.words import WORDS

    assert [least for least, _ in WORDS["en"][measure]] == [least for least, _ in WORDS["fr"][measure]]


def test_without_training_images_only_the_images_themselves_are_spoken_of():
    assert in_words(report(discs(50, seed=1), rules=None)).count("\n") == 0


def test_training_images_are_shrunk_a_piece_at_a_time(monkeypatch):
    pieces = []

    def watched(images, *arguments):
        pieces.append(len(images))
        return small_vectors(images, *arguments)

    monkeypatch.setattr(distances, "small_vectors", watched)
    monkeypatch.setattr(distances, "REFERENCE_PIECE", 30)
    points = small_vectors(discs(7, seed=1))
    found = smallest_distances(points, REAL, 2)
    assert max(pieces) == 30 and sum(pieces) == len(REAL)
    by_hand = np.sort(distances.distances_between(points, small_vectors(REAL)), axis=1)[:, :2]
    assert np.allclose(found, by_hand, atol=1e-6)
