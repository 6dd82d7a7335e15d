"""Values that come as text, as papermill hands them over, and values out of range."""

import pytest

from utils.files.typed import colour, numbers, sides, whole_number


@pytest.mark.parametrize("value", [(255, 0, 7), [255, 0, 7], "(255, 0, 7)", "[255,0,7]", "255 0 7", "255, 0, 7,"])
def test_a_colour_is_read_from_a_list_or_from_text(value):
    assert colour(value) == (255, 0, 7)


@pytest.mark.parametrize(
    "value",
    [(256, 0, 0), (-1, 0, 0), (0.5, 0, 0), "(255, 255)", "white", 0, None, "", "(255, 255, 1e999)", [float("nan")] * 3],
)
def test_what_is_no_colour_is_named(value):
    with pytest.raises(ValueError, match=r"background \(BACKGROUND\) is "):
        colour(value)


def test_two_limits_are_read_from_text():
    assert numbers("(-3, 3.5)", "LIMITS", 2) == (-3.0, 3.5)


@pytest.mark.parametrize("value", [0, -1, True, 1.5, "x", None, 1000])
def test_a_whole_number_out_of_bounds_is_named_with_them(value):
    with pytest.raises(ValueError, match=r"ROWS is .*give a whole number from 1 to 100"):
        whole_number(value, "ROWS", 1, 100)
    assert whole_number("5", "ROWS", 1) == 5


@pytest.mark.parametrize(
    "value, expected", [(64, (64, 64)), ("64", (64, 64)), ("(64, 32)", (64, 32)), ([64, 32], (64, 32))]
)
def test_the_size_of_an_image_is_one_number_or_two(value, expected):
    assert sides(value) == expected


@pytest.mark.parametrize("value", [0, -64, "64 x", (64,), 10**6])
def test_a_size_that_no_image_has_is_refused(value):
    with pytest.raises(ValueError, match="IMAGE_SIZE"):
        sides(value)
