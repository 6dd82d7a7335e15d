"""A generator of strokes: as many show as are learnt to, where the latent vector puts them, from edge to edge."""

import keras
import numpy as np
import pytest
from keras import ops

from models.networks import build_generator, choose_surely

OPTIONS = {"modulation": [4], "strokes": 3, "inks": 8, "seed": 1}


@pytest.fixture
def generator():
    """Sure of itself, for images of 32 x 48, with strokes up to 6 pixels wide."""
    return choose_surely(build_generator(8, (4, 6, 4), [1, 2], [4, 3], [4, 6], [4, 1], **OPTIONS), 1000)


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


@pytest.mark.parametrize(
    "upsample, strides, filters",
    [([1, 1], [4, 2], [4, 3]), ([2, 1], [1, 3], [4, 3]), ([1, 2], [2, 1], [4, 1]), ([1], [4], [3])],
)
def test_images_are_as_large_as_those_of_the_generator_of_pictures(upsample, strides, filters):
    arguments = (8, (2, 3, 4), upsample, filters, [6] * len(filters), strides)
    strokes, pictures = build_generator(*arguments, **OPTIONS), build_generator(*arguments)
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
        assert found.max() == count and np.median(found) == count  # a few touch


def test_a_stroke_lies_where_the_latent_vector_puts_it(generator):
    for name, size, axis in (("level", 32, 1), ("upright", 48, 2)):
        shares = output_of(generator, f"{name}_place")  # (n, 32, 3, 1), (n, 3, 48, 1)
        assert np.allclose(shares.sum(axis=axis), 1, atol=1e-5)
        at = output_of(generator, f"{name}_range")[:, 0, 0]  # (n, 3), from -1 to 1
        expected = (at + 1) / 2 * (size - 1)
        assert np.abs(shares.argmax(axis=axis)[..., 0] - expected).max() <= 0.51
        assert np.ptp(expected) > size / 2  # the latent vector moves them


def test_a_range_that_is_learnt_holds_a_stroke(generator):
    range_ = generator.get_layer("generator_level_range")
    weights, bias = range_.get_weights()
    range_.set_weights([weights * 0.05, bias + 0.5])
    rows = output_of(generator, "level_place", 100).argmax(axis=1)
    assert rows.min() >= 22 and rows.max() <= 24 and np.ptp(rows) > 0


@pytest.mark.parametrize("order, over", [(1.0, "level"), (-1.0, "upright")])
def test_which_direction_lies_over_the_other_is_learnt(generator, order, over):
    crossed = images_of(show(generator, 1, 1))
    learnt(generator, "order", order)
    images = images_of(generator)
    alone = images_of(show(generator, 1, 0) if over == "level" else show(generator, 0, 1))
    inked = alone.max(axis=3) > -0.9
    assert np.allclose(images[inked], alone[inked], atol=1e-3)
    assert not np.allclose(crossed[inked], alone[inked], atol=1e-3)


def test_the_later_of_two_strokes_of_one_direction_lies_over_the_earlier(generator):
    at = generator.get_layer("generator_level_at")
    at.set_weights([np.zeros_like(at.get_weights()[0]), np.array([0.0, 0.1, 3.0])])  # the second two pixels lower
    both = images_of(show(generator, 2, 0))[:, :, 0]
    colors = output_of(generator, "shares_level")[..., None]  # (n, 3, 7, 1)
    inks = generator.get_layer("generator_inks").get_weights()[0][0, 0, 1:]  # (7, 3), before they are scaled
    first, second = (0.25 * (colors[:, i] * inks).sum(axis=1) for i in (0, 1))
    assert np.allclose(both[:, 13], first, atol=1e-2) and np.allclose(both[:, 17], second, atol=1e-2)


def test_no_stroke_is_of_the_ground_s_ink(generator):
    inks = generator.get_layer("generator_inks")
    (weights,) = inks.get_weights()
    weights[0, 0, 0] = 4 * np.array([0.5, -0.5, 0.25])
    before = images_of(show(generator, 2, 2))
    inks.set_weights([weights])
    after = images_of(generator)
    ground = (before.max(axis=3) < -0.99)[..., None]
    assert np.allclose(np.where(ground, [0.5, -0.5, 0.25], before), after, atol=2e-3)
    assert 0.3 < ground.mean() < 0.9


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
