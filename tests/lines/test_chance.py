"""Chance that one number holds: the same on every system, even, and different for every purpose."""

import numpy as np
import pytest

from lines.chance import between, chance, checked, generator, numbered


def test_the_numbers_of_a_hand_never_change():
    published = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]  # SplitMix64 from the seed 0
    assert chance(0, 0, np.arange(3)) == pytest.approx([bits / 2**64 for bits in published], abs=1e-15)
    assert chance(np.array([1, 2**31]), 3, np.array([0, 1])) == pytest.approx(
        [0.7375181681915192, 0.12272440225357917], abs=1e-15
    )


def test_chance_is_even():
    counts, _ = np.histogram(chance(7, 3, np.arange(100_000)), bins=10, range=(0, 1))
    assert np.abs(counts - 10_000).max() < 400  # standard deviation 95


@pytest.mark.parametrize("other", [(8, 3, 0), (7, 4, 0), (7, 3, 1)])
def test_another_hand_purpose_or_item_is_another_chance(other):
    items = np.arange(2000)
    first = chance(7, 3, items)
    second = chance(other[0], other[1], items + other[2])
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.1


def test_items_are_numbered_image_by_image():
    image, item = numbered(np.array([2, 0, 3]))
    assert image.tolist() == [0, 0, 2, 2, 2]
    assert item.tolist() == [0, 1, 0, 1, 2]


def test_numbers_between_two_have_three_decimals():
    values = between(generator(1000, 1), 2, 5, 1000)
    assert 2 <= values.min() < 2.1 < 4.9 < values.max() <= 5
    np.testing.assert_array_equal(values, np.round(values, 3))


@pytest.mark.parametrize(("n", "seed", "said"), [(0, 1, "number of images is 0"), (1, -1, "seed is -1")])
def test_no_image_and_no_seed_below_nothing(n, seed, said):
    with pytest.raises(ValueError, match=said):
        generator(n, seed)


def test_a_whole_number_is_given_as_one():
    assert checked({"grid": [2.0, 3.0]}, {"grid": (1, 9)}, 128)["grid"].dtype == np.int64


def test_what_cannot_be_drawn_is_named():
    with pytest.raises(ValueError, match="lack turn; sample gives all of rows, turn"):
        checked({"rows": [1]}, {"rows": (1, 9), "turn": (0.0, 90.0)}, 128)
    with pytest.raises(ValueError, match="rows holds 10; choose from 1 to 9"):
        checked({"rows": [3, 10]}, {"rows": (1, 9)}, 128)
    with pytest.raises(ValueError, match="turn holds nan"):
        checked({"turn": [np.nan]}, {"turn": (0.0, 90.0)}, 128)
    with pytest.raises(ValueError, match=r"rows \(2,\), turn \(1,\)"):
        checked({"rows": [1, 2], "turn": [3]}, {"rows": (1, 9), "turn": (0.0, 90.0)}, 128)
