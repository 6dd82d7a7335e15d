"""What the lines of an image know of each other, on images where it is known."""

import numpy as np
import pytest

import lines
from utils.reading.relations import mutual_information, together
from utils.runs.shipping import measure_images


def drawn(n=400, **changed):
    parameters = lines.sample(n, seed=7)
    return lines.draw(parameters | {name: change(parameters) for name, change in changed.items()})


def test_lines_that_are_drawn_know_nothing_of_each_other():
    found = together(drawn())
    assert found["colors"] < 0.05 and abs(found["positions"]) < 0.15 and found["order"] > 0.98


def test_lines_of_one_colour_tell_all_of_each_other_s():
    found = together(drawn(color_y2=lambda p: p["color_x"]))
    assert found["colors"] == pytest.approx(2, abs=0.1)


def test_lines_that_move_together_are_correlated():
    assert together(drawn(y1=lambda p: p["x"]))["positions"] > 0.95


def test_verticals_that_cover_horizontals_are_noticed():
    images, parameters = drawn(), lines.sample(400, seed=7)
    for image, x, color in zip(images, parameters["x"], parameters["color_x"], strict=True):
        image[:, x - 2 : x + 3] = lines.PALETTE[color]
    assert together(images)["order"] < 0.02


def test_the_rules_are_counted_among_all_images_and_the_rest_measured_on_the_first():
    images = drawn(60)
    images[20:] = 0
    numbers = measure_images(images, 20, drawn())
    assert numbers["images"] == 20 and numbers["read"]["images"] == 60
    assert numbers["read"]["adherence"]["all"] == pytest.approx(numbers["adherence"]["all"] / 3)


def test_mutual_information_is_nothing_where_one_is_constant_and_all_where_both_are_the_same():
    a = np.arange(64) % 4
    assert mutual_information(a, np.zeros(64, int)) == pytest.approx(0)
    assert mutual_information(a, a) == pytest.approx(2)
    assert mutual_information(a, np.arange(64) // 4 % 4) == pytest.approx(0)
