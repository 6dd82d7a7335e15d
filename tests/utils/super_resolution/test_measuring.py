import math

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from utils.images import psnr
from utils.super_resolution import load_upscaler
from utils.super_resolution.measuring import edge_width, measure_upscaler, ssim

STEP = np.zeros((64, 64, 3), np.uint8)
STEP[:, 32:] = 200
NOISE = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)


def test_equal_pictures_have_no_noise_and_are_wholly_similar():
    assert psnr(NOISE, NOISE) == math.inf
    assert ssim(NOISE, NOISE) == pytest.approx(1)


def test_psnr_of_an_even_error_is_its_formula():
    assert psnr(STEP, STEP + 10) == pytest.approx(20 * math.log10(255 / 10))


def test_ssim_falls_as_a_picture_is_blurred():
    blurred = [gaussian_filter(NOISE, (deviation, deviation, 0)) for deviation in (0.3, 0.6, 1.5)]
    values = [ssim(NOISE, picture) for picture in blurred]
    assert values == sorted(values, reverse=True)


def test_a_sharp_edge_has_no_width():
    assert edge_width(STEP, STEP) == 0


@pytest.mark.parametrize("turned", [False, True])
def test_a_ramp_is_as_wide_as_its_steps_between_10_and_90_percent(turned):
    ramp = STEP.copy()
    ramp[:, 30:34] = np.array([40, 80, 120, 160])[None, :, None]
    true, picture = (image.transpose(1, 0, 2) if turned else image for image in (STEP, ramp))
    assert edge_width(true, picture) == 4


def test_a_picture_without_edges_has_no_edge_width():
    assert math.isnan(edge_width(np.zeros_like(STEP), STEP))


def test_repeating_pixels_is_the_exact_answer_on_clean_lines():
    assert measure_upscaler(load_upscaler("nearest"), "clean", n=2) == {
        "psnr": 99,
        "ssim": pytest.approx(1),
        "edge_width": 0,
    }
