"""What the critic sees is changed at random, real and generated alike, and the generator learns through the changes."""

import keras
import numpy as np
import pytest
from keras import ops

from models.augmentation import CHANGES, NUMBERS, augmented

RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(-1, 1, (6, 16, 24, 3)).astype("float32")
MIDDLE = np.full((6, NUMBERS), 0.5, "float32")


def changed(names, numbers, images=IMAGES):
    return ops.convert_to_numpy(augmented(ops.convert_to_tensor(images), names, ops.convert_to_tensor(numbers)))


def test_in_the_middle_of_their_ranges_colours_and_places_stay():
    assert np.allclose(changed(["color", "shift"], MIDDLE), IMAGES, atol=1e-5)


@pytest.mark.parametrize(("number", "moved"), [(0.0, -2), (0.999, 2)])
def test_a_shift_moves_by_whole_pixels_up_to_an_eighth_and_brings_in_grey(number, moved):
    numbers = MIDDLE.copy()
    numbers[:, 3] = number
    out = changed(["shift"], numbers)
    expected = np.zeros_like(IMAGES)
    if moved > 0:
        expected[:, moved:] = IMAGES[:, :-moved]
    else:
        expected[:, :moved] = IMAGES[:, -moved:]
    assert np.allclose(out, expected, atol=1e-5)


def test_a_quarter_of_the_image_is_cut_out():
    out = changed(["cutout"], MIDDLE)
    assert np.isclose((out == 0).mean(), 1 / 4, atol=0.01)
    assert np.array_equal(out[out != 0], IMAGES[out != 0])


def test_colours_of_grey_images_are_brighter_or_have_more_contrast_and_stay_grey():
    numbers = MIDDLE.copy()
    numbers[:, 0], numbers[:, 2] = 1.0, 1.0
    grey = IMAGES[..., :1]
    out = changed(["color"], numbers, grey)
    assert out.shape == grey.shape
    assert np.allclose(out.mean(axis=(1, 2, 3)), grey.mean(axis=(1, 2, 3)) + 0.5, atol=1e-5)
    assert np.allclose(out.std(axis=(1, 2, 3)), 1.5 * grey.std(axis=(1, 2, 3)), atol=1e-5)


@pytest.mark.parametrize("names", [[], *[[name] for name in CHANGES], list(CHANGES)])
def test_a_training_step_runs_with_each_change_and_the_generator_learns(tiny, names):
    gan = tiny(critic_augment=names, loss="gan", penalty="r1")
    before = [
        variable.numpy() if hasattr(variable, "numpy") else np.array(variable)
        for variable in gan.generator.trainable_variables
    ]
    gan.n_critic = 1
    logs = gan.step(RNG.integers(0, 256, (4, 16, 16, 3), np.uint8))
    assert np.isfinite([float(value) for value in logs.values()]).all()
    after = [ops.convert_to_numpy(variable) for variable in gan.generator.trainable_variables]
    assert any(not np.array_equal(a, b) for a, b in zip(before, after, strict=True))


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="asks TensorFlow for the gradient")
def test_gradients_pass_through_every_change():
    import tensorflow as tf

    images = tf.Variable(IMAGES)
    with tf.GradientTape() as tape:
        loss = ops.sum(augmented(images, list(CHANGES), tf.constant(RNG.random((6, NUMBERS)), "float32")) ** 2)
    gradient = tape.gradient(loss, images).numpy()
    assert np.isfinite(gradient).all() and (np.abs(gradient).sum(axis=(1, 2, 3)) > 0).all()


def test_an_unknown_change_is_refused_with_those_that_there_are(tiny):
    with pytest.raises(ValueError, match=r"critic_augment holds 'mirror'; there are 'color', 'shift', 'cutout'"):
        tiny(critic_augment=["mirror"])


def test_without_changes_the_step_is_the_published_one(tiny):
    def losses(**changes):
        gan = tiny(**changes)
        gan.n_critic = 1
        return [float(value) for value in gan.step(np.full((4, 16, 16, 3), 90, np.uint8)).values()]

    assert losses() == losses(critic_augment=None) == losses(critic_augment=[])
