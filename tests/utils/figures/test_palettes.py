import io

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from utils.figures import palettes
from utils.figures.palettes import LEAST_PSNR, Palette, lighter_png, numbers, split, within_notebook
from utils.images import psnr

RNG = np.random.default_rng(0)


def ramps(side=256):
    """A picture of more than 256 colours: brighter to the right, with a little grain."""
    grey = np.linspace(0, 250, side)[None, :, None]
    return (grey + RNG.integers(0, 6, (side, side, 3))).astype(np.uint8)


def noise(side=64):
    return RNG.integers(0, 256, (side, side, 3), dtype=np.uint8)


def png(pixels, **options):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG", **options)
    return buffer.getvalue()


def read(content):
    with Image.open(io.BytesIO(content)) as picture:
        return picture.mode, np.asarray(picture.convert("RGB"))


def shown_with(palette, pixels):
    return palette.colors[palette.indices(numbers(pixels))]


def test_numbers_and_split_are_each_others_inverse():
    pixels = noise()
    assert np.array_equal(split(numbers(pixels).ravel()), pixels.reshape(-1, 3))


def test_256_colours_or_fewer_are_kept_to_the_last_level():
    pixels = np.repeat(RNG.integers(0, 256, (256, 1, 3), dtype=np.uint8), 4, axis=1)
    assert np.array_equal(shown_with(Palette(numbers(pixels).ravel()), pixels), pixels)


def test_a_palette_has_no_more_colours_than_places():
    assert len(Palette(numbers(noise()).ravel(), places=40).colors) <= 40


def test_noise_on_a_large_ground_becomes_the_ground_and_a_thin_line_stays():
    pixels = np.zeros((200, 200, 3), np.uint8)
    pixels[:100] = RNG.integers(0, 7, (100, 200, 3))
    pixels[150:] = ramps(200)[:50]
    pixels[120] = (54, 79, 179)
    shown = shown_with(Palette(numbers(pixels).ravel()), pixels)
    assert (shown[:100] == 0).all()
    assert np.abs(shown[120].astype(int) - (54, 79, 179)).max() <= 6


def test_two_grounds_that_are_near_each_other_both_keep_their_colour():
    pixels = ramps(200)
    pixels[:60], pixels[60:120] = 250, 255
    shown = shown_with(Palette(numbers(pixels).ravel()), pixels)
    assert (shown[:60] == 250).all()
    assert (shown[60:120] == 255).all()


def test_a_smooth_picture_becomes_lighter_and_looks_the_same():
    pixels = np.full((400, 400, 3), 255, np.uint8)
    pixels[50:306, 50:306] = ramps()
    before = png(pixels)
    mode, shown = read(lighter_png(before))
    assert mode == "P"
    assert len(lighter_png(before)) < 0.9 * len(before)
    assert psnr(pixels, shown) > LEAST_PSNR
    assert (shown[0] == 255).all()


def test_dots_per_inch_stay():
    light = lighter_png(png(noise(128) // 64 * 64, dpi=(110, 110)))
    with Image.open(io.BytesIO(light)) as picture:
        assert (picture.mode, round(picture.info["dpi"][0])) == ("P", 110)


def test_a_picture_that_256_colours_would_spoil_stays_as_it_is():
    before = png(noise(128))
    assert lighter_png(before) is before


def test_a_picture_that_carries_its_vector_stays_as_it_is():
    texts = PngInfo()
    texts.add_text("Z", "[0.5]")
    before = png(ramps(64), pnginfo=texts)
    assert lighter_png(before) is before


@pytest.mark.parametrize("channels", [1, 4])
def test_grey_and_transparent_pictures_stay_as_they_are(channels):
    pixels = ramps(64)[..., 0] if channels == 1 else np.dstack([ramps(64), np.full((64, 64), 128, np.uint8)])
    before = png(pixels)
    assert lighter_png(before) is before


def test_a_figure_whose_fourth_channel_is_full_is_no_transparent_one():
    before = png(np.dstack([ramps(64) // 16 * 16, np.full((64, 64), 255, np.uint8)]))
    assert read(lighter_png(before))[0] == "P"


def test_a_light_picture_is_not_made_again():
    once = lighter_png(png(ramps(200)))
    assert lighter_png(once) is once


def test_a_heavy_picture_gets_the_width_at_which_it_is_shown(monkeypatch):
    pixels = np.full((200, 200, 3), 128, np.uint8)
    pixels[:, :] += RNG.integers(0, 8, (200, 200, 3), dtype=np.uint8)
    before = png(pixels)
    assert read(lighter_png(before, width=100))[1].shape == (200, 200, 3)
    monkeypatch.setattr(palettes, "NOTEBOOK_BYTES", 10_000)
    assert read(lighter_png(before, width=100))[1].shape == (100, 100, 3)
    assert read(lighter_png(before))[1].shape == (200, 200, 3)


def test_a_picture_too_heavy_for_a_notebook_gets_fewer_colours_until_it_is_light():
    heavy = png(noise(128))
    light = within_notebook(heavy, len(heavy) // 3)
    mode, pixels = read(light)
    assert (mode, pixels.shape, len(light) <= len(heavy) // 3) == ("P", (128, 128, 3), True)
    assert 1 < len(np.unique(numbers(pixels))) <= 128


def test_a_picture_keeps_64_colours_however_heavy_so_that_lines_in_noise_keep_theirs():
    pixels = np.uint8(noise(128) // 3)
    pixels[40:43], pixels[80:83] = (185, 33, 19), (54, 79, 179)
    _, shown = read(within_notebook(png(pixels), 1))
    assert 32 < len(np.unique(numbers(shown))) <= 64
    assert abs(shown[41].mean(0) - (185, 33, 19)).max() < 8 and abs(shown[81].mean(0) - (54, 79, 179)).max() < 8


def test_a_picture_that_is_light_enough_stays_as_it_is():
    light = png(ramps(16))
    assert within_notebook(light, len(light)) is light
