"""What every rule set keeps to, those of the gallery and any that is added to the folder."""

import csv

import numpy as np
import pytest
from PIL import Image

import lines
from utils.reading.shrinking import shrink

NAMES = lines.rule_names()
GALLERY = ["mohr", "molnar", "nake", "nees"]
each = pytest.mark.parametrize("name", NAMES)


def test_the_gallery_is_there():
    assert set(NAMES) >= {"lines", *GALLERY}


@each
def test_the_same_seed_gives_the_same_pictures(name):
    rules = lines.rules(name)
    first, second = (rules.draw(rules.sample(6, seed=4)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@each
def test_another_seed_gives_other_pictures(name):
    rules = lines.rules(name)
    first, second = (rules.draw(rules.sample(6, seed=seed)) for seed in (4, 5))
    assert (first != second).any(axis=(1, 2, 3)).all()


@each
def test_parameters_are_one_number_an_image(name):
    for values in lines.rules(name).sample(7, seed=1).values():
        assert values.shape == (7,)
        assert values.dtype in (np.int64, np.float64)


@each
def test_an_image_does_not_depend_on_those_drawn_with_it(name):
    rules = lines.rules(name)
    parameters = rules.sample(8, seed=2)
    alone = rules.draw({key: values[5:6] for key, values in parameters.items()})
    np.testing.assert_array_equal(rules.draw(parameters)[5:6], alone)


@each
@pytest.mark.parametrize("size", [1, 50, 384])
def test_images_have_the_size_asked_for(name, size):
    rules = lines.rules(name)
    images = rules.draw(rules.sample(2, seed=1), size)
    assert images.shape == (2, size, size, 3)
    assert images.dtype == np.uint8


@each
def test_a_larger_size_is_the_same_picture(name):
    rules = lines.rules(name)
    parameters = rules.sample(6, seed=3)
    small, large = rules.draw(parameters), shrink(rules.draw(parameters, 512), 128)
    assert np.abs(large - small).mean() < 2  # of 255 levels; two different pictures are at 20 and more


@each
def test_pictures_differ(name):
    rules = lines.rules(name)
    images = rules.draw(rules.sample(200, seed=6))
    assert len({image.tobytes() for image in images}) >= 199


@each
def test_no_image_and_a_negative_seed_are_refused(name):
    with pytest.raises(ValueError, match="number of images is 0"):
        lines.rules(name).sample(0)
    with pytest.raises(ValueError, match="seed is -1"):
        lines.rules(name).sample(1, seed=-1)


@each
def test_a_missing_parameter_and_a_size_without_pixels_are_refused(name):
    rules = lines.rules(name)
    parameters = rules.sample(1, seed=1)
    with pytest.raises(ValueError, match="size is 0"):
        rules.draw(parameters, size=0)
    lost, *_ = parameters
    with pytest.raises(ValueError, match=f"lack {lost}"):
        rules.draw({key: values for key, values in parameters.items() if key != lost})


@each
def test_the_table_of_a_data_set_draws_it_again(name, tmp_path):
    lines.write_dataset(tmp_path, 5, seed=1, file_format="png", progress=False, rules=name)
    with open(tmp_path / "parameters.csv", newline="") as table:
        rows = list(csv.DictReader(table))
    whole = name == "lines"
    parameters = {
        key: np.array([row[key] for row in rows]).astype(int if whole else float) for key in rows[0] if key != "file"
    }
    images = lines.rules(name).draw(parameters)
    for row, image in zip(rows, images, strict=True):
        assert row["file"].startswith(f"{name}-00000")
        np.testing.assert_array_equal(np.array(Image.open(tmp_path / row["file"])), image)


@pytest.mark.parametrize("name", GALLERY)
def test_the_edge_of_the_sheet_stays_empty(name):
    rules = lines.rules(name)
    images = rules.draw(rules.sample(300, seed=8))
    ground = images[:, :1, :1]
    for edge in (images[:, :2], images[:, -2:], images[:, :, :2], images[:, :, -2:]):
        assert (edge == ground).all()


@pytest.mark.parametrize("name", GALLERY)
def test_what_leaves_its_range_is_named(name):
    rules = lines.rules(name)
    for parameter, (_, highest) in rules.PARAMETERS.items():
        parameters = rules.sample(2, seed=1)
        parameters[parameter] = np.array([highest, highest + 1])
        with pytest.raises(ValueError, match=f"{parameter} holds"):
            rules.draw(parameters)


@pytest.mark.parametrize("name", GALLERY)
def test_another_hand_is_another_picture_by_the_same_numbers(name):
    rules = lines.rules(name)
    parameters = rules.sample(10, seed=1)
    again = rules.draw(parameters | {"hand": parameters["hand"] + 1})
    assert (again != rules.draw(parameters)).any(axis=(1, 2, 3)).mean() > 0.5
