import re

import numpy as np
import pytest

from utils.images import as_picture, to_float, to_uint8


def test_every_byte_comes_back():
    levels = np.arange(256, dtype=np.uint8)
    assert np.array_equal(to_uint8(to_float(levels)), levels)


def test_floats_span_minus_one_to_one():
    floats = to_float(np.array([0, 255], np.uint8))
    assert floats.dtype == np.float32
    assert floats.tolist() == [-1, 1]


def test_what_lies_beyond_the_range_is_clipped():
    assert to_uint8(np.array([-7.0, 7.0])).tolist() == [0, 255]


def test_bytes_stay_bytes():
    assert to_uint8(np.array([3], np.uint8)).tolist() == [3]


@pytest.mark.parametrize("scale", [to_float, to_uint8])
def test_other_whole_numbers_are_refused_by_their_type(scale):
    with pytest.raises(TypeError, match="int32"):
        scale(np.array([3], np.int32))


@pytest.mark.parametrize("shape, mode", [((3, 5), "L"), ((3, 5, 1), "L"), ((3, 5, 3), "RGB"), ((3, 5, 4), "RGBA")])
def test_an_image_of_grey_colour_or_transparency_is_a_picture(shape, mode):
    picture = as_picture(np.full(shape, 9, np.uint8))
    assert (picture.mode, picture.size) == (mode, (5, 3)) and picture.getpixel((4, 2)) in (9, (9,) * len(mode))


@pytest.mark.parametrize("shape", [(3,), (3, 5, 2), (1, 3, 5, 3)])
def test_an_array_that_is_no_image_is_refused_with_its_shape(shape):
    with pytest.raises(ValueError, match=re.escape(f"not {shape}")):
        as_picture(np.zeros(shape, np.uint8))
