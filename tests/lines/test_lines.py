"""The rule itself: what may be drawn by chance, and what the drawing looks like."""

import csv
import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import lines
from lines.dataset import encode

# Frames drawn and saved through Processing 4's own renderer, with what was drawn: lines at the extremes of their
# range (1, 2), horizontals that hide (3), cover (4) or overlap (5) each other, one colour three times (15), far
# second horizontals (31, 34). Their .jpg hold the same pixels, saved by Java 17 as the renderer's save() does: ImageIO,
# quality 0.9, nothing else set.
FRAMES = Path(__file__).parent / "frames"
with open(FRAMES / "parameters.csv", newline="") as table:
    ROWS = list(csv.DictReader(table))


def parameters_of(row) -> dict[str, np.ndarray]:
    return {name: np.array([int(row[name])]) for name in lines.PARAMETERS}


def difference(a, b) -> np.ndarray:
    """The largest difference of any channel, pixel by pixel."""
    return np.abs(np.asarray(a, dtype=int) - np.asarray(b, dtype=int)).max(axis=-1)


def one(**changes) -> dict[str, np.ndarray]:
    """Parameters of one image: white vertical at 30, yellow at 80, red at 48, but for the changes."""
    values = {"x": 30, "y1": 80, "y2": 48, "color_x": 0, "color_y1": 1, "color_y2": 2} | changes
    return {name: np.array([value]) for name, value in values.items()}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"])
def test_draws_what_processing_draws_but_for_the_round_caps(row):
    with Image.open(FRAMES / f"{row['file']}.png") as reference:
        apart = difference(lines.draw(parameters_of(row))[0], reference.convert("RGB"))
    assert apart.max() <= 7
    assert np.count_nonzero(apart) <= 6


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"])
def test_jpeg_decodes_to_within_7_levels_of_the_frame_that_processing_saved(row):
    ours = encode(lines.draw(parameters_of(row))[0], "jpg")
    with Image.open(io.BytesIO(ours)) as mine, Image.open(FRAMES / f"{row['file']}.jpg") as reference:
        assert difference(mine, reference).max() <= 7


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"])
def test_of_the_same_pixels_the_jpeg_is_processings_but_for_the_version_in_its_head(row):
    with Image.open(FRAMES / f"{row['file']}.png") as frame:
        ours = bytearray(encode(np.asarray(frame.convert("RGB")), "jpg"))
    theirs = (FRAMES / f"{row['file']}.jpg").read_bytes()
    assert (ours[11:13], theirs[11:13]) == (b"\1\1", b"\1\2")  # JFIF 1.1 and 1.2
    ours[12] = 2
    assert ours == theirs  # tables, sampling, Huffman codes, every bit


def test_the_tables_are_those_of_javas_quality_0_9():
    with Image.open(io.BytesIO(encode(np.zeros((16, 16, 3), np.uint8), "jpg"))) as ours:
        assert ours.quantization[0][:8] == [3, 2, 2, 3, 5, 8, 10, 12]
        assert ours.quantization[1][:8] == [3, 4, 5, 9, 20, 20, 20, 20]


def test_sample_keeps_to_the_ranges_of_the_sketch():
    parameters = lines.sample(20_000, seed=1)
    for name in ("x", "y1"):
        assert (parameters[name].min(), parameters[name].max()) == (10, 117)
    for name in ("color_x", "color_y1", "color_y2"):
        assert set(parameters[name]) == {0, 1, 2, 3}
        assert np.bincount(parameters[name]).min() > 4_700  # 5,000 expected, standard deviation 61


def test_y2_of_the_sketch_is_cut_towards_zero():
    y2 = lines.sample(100_000, seed=2)["y2"]
    # Cut off, 48 + gauss has its mean half a step below 48, and as many 47 as 48. Rounded, 48 would lead alone.
    assert y2.mean() == pytest.approx(47.5, abs=0.02)
    assert np.mean(y2 == 47) == pytest.approx(0.2977, abs=0.006)
    assert np.mean(y2 == 48) == pytest.approx(0.2977, abs=0.006)


def test_uniform_y2_is_placed_like_y1():
    y2 = lines.sample(20_000, seed=3, y2="uniform")["y2"]
    assert (y2.min(), y2.max()) == (10, 117)
    assert y2.mean() == pytest.approx(63.5, abs=1)


def test_an_unknown_y2_names_both_choices():
    with pytest.raises(ValueError, match=r"'gauss'.*'sketch'.*'uniform'"):
        lines.sample(3, y2="gauss")


def test_sample_refuses_to_draw_no_image():
    with pytest.raises(ValueError, match="number of images is 0"):
        lines.sample(0)


def test_sample_refuses_a_negative_seed():
    with pytest.raises(ValueError, match="seed is -1"):
        lines.sample(1, seed=-1)


def test_the_same_seed_gives_the_same_parameters_in_the_order_of_the_contract():
    first, second = lines.sample(50, seed=7), lines.sample(50, seed=7)
    assert list(first) == ["x", "y1", "y2", "color_x", "color_y1", "color_y2"]
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_another_seed_gives_other_parameters():
    assert not np.array_equal(lines.sample(50, seed=7)["x"], lines.sample(50, seed=8)["x"])


def test_a_generator_goes_on_from_where_it_stands():
    generator = np.random.default_rng(7)
    first, second = lines.sample(50, generator), lines.sample(50, generator)
    assert np.array_equal(first["x"], lines.sample(50, seed=7)["x"])
    assert not np.array_equal(first["x"], second["x"])


def test_later_lines_cover_earlier_ones():
    image = lines.draw(one(y1=50))[0]
    assert image[48, 30].tolist() == [185, 33, 19]  # red y2 over yellow y1 over the white vertical
    assert image[52, 30].tolist() == [224, 184, 7]
    assert image[60, 30].tolist() == [255, 255, 255]


@pytest.mark.parametrize("size", [128, 256, 512])
def test_at_whole_multiples_every_pixel_is_repeated(size):
    parameters = lines.sample(20, seed=4)
    scale = size // 128
    enlarged = lines.draw(parameters).repeat(scale, axis=1).repeat(scale, axis=2)
    assert np.array_equal(lines.draw(parameters, size), enlarged)


def test_at_512_a_line_covers_four_times_its_pixels():
    row = lines.draw(one(x=10), size=512)[0, 0, :, 0]
    assert np.flatnonzero(row).tolist() == list(range(8 * 4, 13 * 4))


def test_at_64_a_half_covered_pixel_has_half_the_colour():
    # Columns 28..32 of 128: pixels 14 and 15 of 64 whole, and of pixel 16 one half.
    assert lines.draw(one(x=30), size=64)[0, 0, 13:18, 0].tolist() == [0, 255, 255, 128, 0]


@pytest.mark.parametrize("size", [17, 64, 96, 200])
def test_other_sizes_cover_pixels_by_area_in_order_of_drawing(size):
    parameters = lines.sample(10, seed=5, y2="uniform")
    images = lines.draw(parameters, size)
    fine = 128 * size  # a grid that both pixel grids fit into
    for index, image in enumerate(images):
        expected = np.zeros((size, size, 3))
        for line in ("x", "y1", "y2"):
            position = parameters[line][index]
            stroke = np.zeros(fine)
            stroke[(position - 2) * size : (position + 3) * size] = 1
            part = stroke.reshape(size, 128).mean(axis=1)
            part = part[None, :, None] if line == "x" else part[:, None, None]
            color = lines.PALETTE[parameters[f"color_{line}"][index]]
            expected += (color - expected) * part
        assert np.abs(image - expected).max() <= 0.501


def test_a_missing_parameter_is_named():
    parameters = one()
    del parameters["color_y1"]
    with pytest.raises(ValueError, match="lack color_y1"):
        lines.draw(parameters)


def test_unequal_lengths_are_counted():
    parameters = one() | {"y2": np.array([48, 49])}
    with pytest.raises(ValueError, match=r"y1 1, y2 2"):
        lines.draw(parameters)


@pytest.mark.parametrize("color", [-1, 4])
def test_a_colour_outside_the_palette_is_named(color):
    with pytest.raises(ValueError, match=rf"color_x holds {color}; .*white, yellow, red, blue"):
        lines.draw(one(color_x=color))


def test_positions_that_are_no_integers_are_refused():
    with pytest.raises(ValueError, match=r"x is float64 of shape \(1,\)"):
        lines.draw(one(x=30.5))


def test_a_size_without_pixels_is_refused():
    with pytest.raises(ValueError, match="size is 0"):
        lines.draw(one(), size=0)


def test_importing_lines_asks_for_numpy_alone():
    code = "import sys, lines; print(sorted({'PIL', 'tqdm', 'keras', 'tensorflow', 'matplotlib'} & set(sys.modules)))"
    root = Path(lines.__file__).parents[1]
    output = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True).stdout
    assert output.strip() == "[]"
