"""A generator of strokes: as many show as are learnt to, where the latent vector puts them, from edge to edge."""

import keras
import numpy as np
import pytest
from keras import ops

from models.generators import build_generator
from models.generators.strokes import PALETTE_RATE, RANGE_RATE, without_valleys
from utils.latent.temperature import set_inverse_temperature

INKS = [(0, 0, 0), (255, 255, 255), (224, 184, 7), (185, 33, 19), (54, 79, 179)]
OPTIONS = {"modulation": [4], "strokes": 3, "inks": INKS, "seed": 1}


@pytest.fixture
def generator():
    """Sure of itself, for images of 32 x 48, with sharp strokes up to 6 pixels wide."""
    generator = set_inverse_temperature(build_generator(8, (4, 6, 4), [1, 2], [4, 3], [4, 6], [4, 1], **OPTIONS), 1000)
    for name in ("level", "upright"):
        stamp = generator.get_layer(f"generator_{name}_stamp")
        stamp.set_weights([5 * weights for weights in stamp.get_weights()])
    return generator


def latent(n):
    return np.random.default_rng(0).normal(size=(n, 8)).astype("float32")


def images_of(generator, n=20):
    return ops.convert_to_numpy(generator(latent(n)))


def output_of(generator, name, n=20):
    layer = generator.get_layer(f"generator_{name}")
    return ops.convert_to_numpy(keras.Model(generator.input, layer.output)(latent(n)))


def learnt(generator, name, *bias):
    """Let what is the same for all images be `bias`."""
    layer = generator.get_layer(f"generator_{name}")
    layer.set_weights([layer.get_weights()[0], np.array(bias)])


def show(generator, level, upright):
    learnt(generator, "level_count", level)
    learnt(generator, "upright_count", upright)
    return generator


def covered_in_full(images):
    """Which pixels are of a stroke's ink; at its edges it may cover in part."""
    inks = np.array(INKS[1:]) / 127.5 - 1
    return np.abs(images[..., None, :] - inks).max(axis=-1).min(axis=-1) < 0.01


def test_an_axis_is_saved_as_keras_3_8_does_not_forget_it(generator):
    places = [generator.get_layer(f"generator_{name}_place").get_config() for name in ("level", "upright")]
    assert [place["axis"] for place in places] == [[1], [2]]


@pytest.mark.parametrize(
    "upsample, strides, filters",
    [([1, 1], [4, 2], [4, 3]), ([2, 1], [1, 3], [4, 3]), ([1, 2], [2, 1], [4, 1]), ([1], [4], [3])],
)
def test_images_are_as_large_as_those_of_the_generator_of_pictures(upsample, strides, filters):
    arguments = (8, (2, 3, 4), upsample, filters, [6] * len(filters), strides)
    strokes, pictures = build_generator(*arguments, **{**OPTIONS, "inks": 4}), build_generator(*arguments)
    assert strokes.output_shape == pictures.output_shape
    images = images_of(strokes, 3)
    assert images.shape == (3, *pictures.output_shape[1:]) and np.abs(images).max() <= 1.001


@pytest.mark.parametrize("level, upright", [(0, 0), (1, 0), (0, 2), (3, 0), (0, 1)])
def test_as_many_strokes_show_as_are_learnt_to(generator, level, upright):
    images = images_of(show(generator, level, upright), 200)
    inked = images.max(axis=3) > -0.9  # (n, height, width); the ground is black
    rows, columns = inked.all(axis=2), inked.all(axis=1)
    assert np.array_equal(inked, rows[:, :, None] | columns[:, None])  # from edge to edge, all of them
    for lines, count in ((rows, level), (columns, upright)):
        edges = np.diff(np.pad(lines, ((0, 0), (1, 1))).astype(int), axis=1)
        found = (edges == 1).sum(axis=1)
        assert found.max() == count and found.min() >= min(count, 1)  # some touch or hide each other


def test_a_stroke_lies_around_a_middle_within_a_range_both_learnt(generator):
    for name, size, axis in (("level", 32, 1), ("upright", 48, 2)):
        learnt(generator, f"{name}_range", *np.log([1.0, 0.5, 0.1]) / RANGE_RATE)
        learnt(generator, f"{name}_middle", 0.0, -0.5, 0.5)
        shares = output_of(generator, f"{name}_place", 200)  # (n, 32, 3, 1), (n, 3, 48, 1)
        assert np.allclose(shares.sum(axis=axis), 1, atol=1e-5)
        at = shares.argmax(axis=axis)[..., 0]  # (n, 3), in pixels
        for stroke, (low, high) in enumerate([(0.0, 1.0), (0.0, 0.5), (0.7, 0.8)]):
            lowest, highest = round(low * (size - 1)), round(high * (size - 1))
            assert lowest - 1 <= at[:, stroke].min() and at[:, stroke].max() <= highest + 1
            assert np.ptp(at[:, stroke]) >= 0.3 * (highest - lowest)  # the latent vector moves it


@pytest.mark.parametrize("order, over", [(1.0, "level"), (-1.0, "upright")])
def test_which_direction_lies_over_the_other_is_learnt(generator, order, over):
    learnt(generator, "order", order)
    crossed = images_of(show(generator, 1, 1))
    counts = (1, 0) if over == "level" else (0, 1)
    alone, other = images_of(show(generator, *counts)), images_of(show(generator, *counts[::-1]))
    covered, ground = covered_in_full(alone), alone.max(axis=3) < -0.999
    assert np.allclose(crossed[covered], alone[covered], atol=0.05)
    assert np.allclose(crossed[ground], other[ground], atol=0.05)
    assert covered.any() and ground.any()


def test_the_later_of_two_strokes_of_one_direction_lies_over_the_earlier(generator):
    learnt(generator, "level_range", -1, -1, -1)  # next to none
    learnt(generator, "level_middle", 0.0, 0.15, 1.0)  # the second two pixels lower
    both, first = (images_of(show(generator, count, 0))[:, :, 0] for count in (2, 1))
    upper, lower = 13, 20  # rows that one of them covers alone
    shares = output_of(generator, "shares_level")  # (n, 3, 4)
    colors = shares @ np.array(INKS[1:]) / 127.5 - 1
    assert np.allclose(first[:, [upper, 16]], colors[:, [0, 0]], atol=0.1)
    assert np.allclose(both[:, [upper, 16, lower]], colors[:, [0, 1, 1]], atol=0.1)


def test_the_first_ink_is_the_ground_s_and_no_stroke_s(generator):
    ink = generator.get_layer("generator_inks")
    before = images_of(show(generator, 2, 2))
    (weights,) = ink.get_weights()
    assert np.allclose(weights[0, 0] * PALETTE_RATE, np.array(INKS) / 127.5 - 1, atol=1e-6)
    weights[0, 0, 0] = np.array([0.5, -0.5, 0.25]) / PALETTE_RATE
    ink.set_weights([weights])
    after = images_of(generator)
    ground, inked = before.max(axis=3) < -0.999, covered_in_full(before)
    assert np.allclose(after[ground], [0.5, -0.5, 0.25], atol=0.01)
    assert np.allclose(after[inked], before[inked], atol=0.05)
    assert 0.3 < ground.mean() < 0.9 and inked.any()


def test_strokes_are_of_float32_even_where_half_precision_is_asked_for():
    arguments = (8, (4, 6, 4), [1, 2], [4, 3], [4, 6], [4, 1])
    single, half = (
        build_generator(*arguments, **OPTIONS),
        build_generator(*arguments, dtype="mixed_bfloat16", **OPTIONS),
    )
    assert np.array_equal(images_of(single), images_of(half))


def test_a_generator_of_strokes_is_of_stock_layers_and_opens_as_it_was(generator, tmp_path):
    generator.save(tmp_path / "generator.h5")
    opened = keras.models.load_model(tmp_path / "generator.h5", compile=False)
    assert np.array_equal(images_of(opened), images_of(generator))
    assert all(type(layer).__module__.startswith("keras.") for layer in opened.layers)


def test_a_profile_that_is_trained_keeps_no_valley_and_a_saved_generator_no_constraint():
    weights = without_valleys(np.array([1.0, 3.0, 0.5, 1.0, 2.0, -1.0], np.float32))
    assert ops.convert_to_numpy(weights).tolist() == [1, 3, 2, 2, 2, -1]
    arguments = (8, (4, 6, 4), [1, 2], [4, 3], [4, 6], [4, 1])
    trained, saved = (build_generator(*arguments, stock=stock, **OPTIONS) for stock in (False, True))
    for name in ("level", "upright"):
        kernel = trained.get_layer(f"generator_{name}_stamp").kernel
        kernel.assign(np.reshape([1.0, 3.0, 0.5, 1.0, 2.0, -1.0], kernel.shape))
        kept = ops.convert_to_numpy(kernel.constraint(kernel))
        assert kept.shape == tuple(kernel.shape) and kept.ravel().tolist() == [1, 3, 2, 2, 2, -1]
        assert saved.get_layer(f"generator_{name}_stamp").kernel.constraint is None
