"""Flat colours found in images: those that are there, the most frequent first."""

import io

import numpy as np
from PIL import Image

import lines
from utils.reading.colors import flat_colors, pens


def test_of_drawn_lines_the_ground_comes_first_and_then_the_palette():
    found = flat_colors(lines.draw(lines.sample(600, seed=3)))
    assert found[0] == [0, 0, 0]
    assert sorted(found[1:]) == sorted(lines.PALETTE.tolist())


def test_jpeg_adds_no_colour_and_moves_none_far():
    images = []
    for image in lines.draw(lines.sample(200, seed=3)):
        file = io.BytesIO()
        Image.fromarray(image).save(file, "JPEG", quality=75, subsampling=2)
        images.append(np.array(Image.open(file)))
    found = np.array(flat_colors(np.stack(images)))
    assert len(found) == 5
    for color in lines.PALETTE:
        assert np.linalg.norm(found - color, axis=1).min() < 40


def test_rare_colours_are_left_out_and_near_ones_are_one():
    images = np.zeros((4, 10, 10, 3), np.uint8)
    images[:, :3] = 200
    images[:, 3] = (200, 210, 190)  # near the last: the mean is theirs
    images[0, 9, 9] = (255, 0, 0)  # one pixel in 400
    assert flat_colors(images) == [[0, 0, 0], [200, 202, 198]]
    assert flat_colors(images, least=0.002) == [[0, 0, 0], [200, 202, 198], [255, 0, 0]]
    assert flat_colors(images, apart=5) == [[0, 0, 0], [200, 200, 200], [200, 210, 190]]


def test_images_may_be_grey_and_of_one_colour():
    assert flat_colors(np.full((2, 4, 4, 1), 7, np.uint8)) == [[7]]


def test_of_noise_the_most_frequent_is_still_one():
    noise = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), dtype=np.uint8)
    assert len(flat_colors(noise, least=2)) == 1


def test_pens_are_found_among_the_mixtures_of_antialiasing():
    ground, red, blue = np.array([(250, 245, 235), (190, 40, 40), (40, 60, 160)], float)
    shares = np.linspace(0, 1, 32)[None, :, None]
    image = np.empty((1, 32, 32, 3))
    image[:] = ground
    image[0, 4:6] = ((1 - shares) * ground + shares * red)[0]  # every mixture of ground and red, once
    image[0, 4:6, -4:] = red
    image[0, 9, :6] = blue
    found = pens(image.astype(np.uint8))
    assert found[0] == [250, 245, 235] and sorted(found[1:]) == [[40, 60, 160], [190, 40, 40]]


def test_pens_of_the_three_lines_are_black_and_the_palette():
    found = pens(lines.draw(lines.sample(60, seed=2)))
    assert found[0] == [0, 0, 0] and sorted(found[1:]) == sorted(lines.PALETTE.tolist())
