"""Lines read from images: exactly where they are drawn, sensibly where they are spoilt."""

import numpy as np
import pytest

import lines
from benchmarks.reading import degraded, errors, jpeg, score
from utils.reading import read_lines
from utils.reading.colors import PALETTE_LAB, color_names, to_lab

PARAMETERS = lines.sample(300, seed=5)
DRAWN = lines.draw(PARAMETERS)


def one(**changes) -> dict[str, np.ndarray]:
    """Parameters of one image: white vertical at 30, yellow at 80, red at 48, but for the changes."""
    values = {"x": 30, "y1": 80, "y2": 48, "color_x": 0, "color_y1": 1, "color_y2": 2} | changes
    return {name: np.array([value]) for name, value in values.items()}


def black() -> np.ndarray:
    return np.zeros((1, 128, 128, 3), np.uint8)


def test_every_line_of_a_drawn_image_is_read_exactly():
    vertical, upper, lower = read_lines(lines.draw(one()))[0]
    assert [line.direction for line in (vertical, upper, lower)] == ["vertical", "horizontal", "horizontal"]
    assert [line.position for line in (vertical, upper, lower)] == [30, 48, 80]
    assert [line.width for line in (vertical, upper, lower)] == [5, 5, 5]
    assert [line.color for line in (vertical, upper, lower)] == [(255, 255, 255), (185, 33, 19), (224, 184, 7)]
    assert [line.color_name for line in (vertical, upper, lower)] == ["white", "red", "yellow"]
    assert [line.palette_distance for line in (vertical, upper, lower)] == [0, 0, 0]
    assert [(line.inked, line.slant, line.deviation, line.touching) for line in (vertical, upper)] == [
        (1, 0, 0, False)
    ] * 2


def test_png_is_read_without_an_error():
    misread, unsaid, close = errors(read_lines(DRAWN), PARAMETERS)
    assert close > 10
    assert (misread, unsaid) == (0, 0)


def test_jpeg_is_read_without_an_error():
    misread, unsaid, _ = errors(read_lines(jpeg(DRAWN)), PARAMETERS)
    assert (misread, unsaid) == (0, 0)


def test_floats_of_the_networks_are_read_like_bytes():
    assert read_lines(DRAWN[:5].astype(np.float32) / 127.5 - 1) == read_lines(DRAWN[:5])


def test_horizontals_are_drawn_over_the_vertical():
    vertical, upper, lower = read_lines(lines.draw(one()))[0]
    assert (vertical.over, vertical.under) == ([], [1, 2])
    assert (upper.over, lower.over) == ([0], [0])


def test_a_vertical_painted_last_lies_over():
    image = lines.draw(one())
    image[0, :, 28:33] = (255, 255, 255)
    vertical = read_lines(image)[0][0]
    assert (vertical.over, vertical.under) == ([1, 2], [])


def test_lines_of_one_colour_do_not_tell_which_is_over():
    vertical = read_lines(lines.draw(one(color_y1=0)))[0][0]
    assert vertical.under == [1]  # the red one; of the white one nobody can tell


@pytest.mark.parametrize("y1", [50, 51, 53, 54])
def test_lines_that_touch_say_so(y1):
    horizontals = read_lines(lines.draw(one(y1=y1)))[0][1:]
    assert all(line.touching for line in horizontals)


def test_touching_lines_of_two_colours_are_told_apart():
    first, second = read_lines(lines.draw(one(y1=53)))[0][1:]
    assert [(first.position, first.color_name), (second.position, second.color_name)] == [(48, "red"), (53, "yellow")]


def test_touching_lines_of_one_colour_are_one_wide_line():
    (wide,) = read_lines(lines.draw(one(y1=52, color_y1=2)))[0][1:]
    assert (wide.width, wide.position, wide.touching) == (9, 50, True)


def test_a_slanted_line_tells_its_drift():
    images, parameters = degraded(10, "slant", 8, seed=3)
    for i, group in enumerate(read_lines(images)):
        assert abs(group[0].position - parameters["x"][i]) < 0.5
        assert [round(abs(line.slant)) for line in group] == [8, 8, 8]


def test_a_broken_line_tells_how_much_of_it_is_inked():
    image = lines.draw(one(x=100))
    image[0, 100:, 98:103] = 0  # 28 of the rows below the horizontals
    assert read_lines(image)[0][0].inked == pytest.approx(1 - 28 / 110, abs=0.03)


def test_a_wavering_line_strays_from_a_straight_one():
    images, _ = degraded(10, "waver", 2, seed=3)
    assert np.mean([line.deviation for group in read_lines(images) for line in group]) > 0.5


def test_a_dim_line_keeps_its_hue_and_loses_brightness():
    images, _ = degraded(3, "dim", 0.5, seed=3)
    assert all(0.3 < line.brightness < 0.52 for group in read_lines(images) for line in group)


def test_new_hues_have_names():
    image = black()
    for column, color in ((20, (240, 130, 20)), (60, (150, 190, 240)), (100, (60, 160, 60))):
        image[0, :, column - 2 : column + 3] = color
    assert [line.color_name for line in read_lines(image)[0]] == ["orange", "light blue", "green"]


@pytest.mark.parametrize(
    ("kind", "strength", "recall"),
    [
        ("blur", 2, 0.97),
        ("noise", 0.2, 0.97),
        ("slant", 12, 0.97),
        ("waver", 3, 0.95),
        ("gaps", 0.4, 0.97),
        ("dim", 0.7, 0.97),
        ("all", 1, 0.95),
    ],
)
def test_spoilt_lines_are_found_and_few_invented(kind, strength, recall):
    images, parameters = degraded(40, kind, strength, seed=2)
    result = score(read_lines(images), parameters)
    assert result["recall"] >= recall
    assert result["precision"] >= 0.97
    assert result["off"] < 0.7


def test_black_noise_and_areas_hold_no_lines():
    noise = np.random.default_rng(0).normal(20, 20, (128, 128, 3)).clip(0, 255).astype(np.uint8)
    area = black()[0]
    area[30:90, 20:100] = 255
    assert read_lines(np.stack([black()[0], noise, area])) == [[], [], []]


def test_a_path_that_leads_between_broad_areas_is_no_line():
    image = black()
    for rows, color in (
        (slice(27, 33), (227, 55, 57)),
        (slice(80, 108), (17, 166, 88)),
        (slice(112, 124), (36, 143, 194)),
    ):
        image[0, rows] = color
    with np.errstate(all="raise"):
        (found,) = read_lines(image)
    assert [round(line.position) for line in found if line.width < 10] == [30]


def test_positions_are_counted_on_the_canvas_of_128_at_any_size():
    positions = [(line.direction, round(line.position)) for line in read_lines(lines.draw(one(), size=512))[0]]
    assert positions == [("vertical", 30), ("horizontal", 48), ("horizontal", 80)]


def test_grey_images_are_read():
    assert [line.position for line in read_lines(lines.draw(one())[..., 0])[0]] == [30, 48, 80]


@pytest.mark.parametrize("shape", [(0, 128, 128, 3), (128, 128, 3), (2, 128, 128, 4)])
def test_what_is_no_batch_is_refused(shape):
    with pytest.raises(ValueError, match="images have shape"):
        read_lines(np.zeros(shape, np.uint8))


def test_a_line_is_plain_values_for_json():
    import json

    line = read_lines(lines.draw(one()))[0][0]
    assert json.loads(json.dumps(line.as_dict()))["palette_name"] == "white"


def test_lab_of_known_colours():
    assert to_lab([255, 255, 255]) == pytest.approx([100, 0, 0], abs=0.01)
    assert to_lab([255, 0, 0]) == pytest.approx([53.24, 80.09, 67.20], abs=0.02)


def test_the_palette_is_far_apart_and_called_by_its_names():
    apart = np.linalg.norm(PALETTE_LAB[:, None] - PALETTE_LAB, axis=-1)
    assert apart[np.triu_indices(4, k=1)].min() > 70
    assert color_names(lines.PALETTE) == list(lines.COLOR_NAMES)
