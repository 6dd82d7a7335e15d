"""The gradients are right: against finite differences, and against a critic and a step written in NumPy."""

import keras
import numpy as np
import pytest
from keras import ops

from models import losses
from models.engine.backend import (
    Adam,
    SeedGenerator,
    apply_gradients,
    convolve,
    input_gradient,
    loss_and_gradients,
)


def small_critic(seed=0):
    """A smooth critic of 4 x 4 images: softplus has a second derivative everywhere, so that differences converge."""
    make = [keras.initializers.RandomNormal(0, 0.5, seed=seed + i) for i in range(2)]
    image = keras.Input((4, 4, 1))
    x = keras.layers.Conv2D(2, 3, strides=2, padding="same", activation="softplus", kernel_initializer=make[0])(image)
    return keras.Model(image, keras.layers.Dense(1, kernel_initializer=make[1])(keras.layers.Flatten()(x)))


def random_batch(seed, n=3):
    return np.random.default_rng(seed).normal(size=(n, 4, 4, 1)).astype("float32")


def test_input_gradient_agrees_with_finite_differences():
    critic, batch = small_critic(), random_batch(1)
    gradient = ops.convert_to_numpy(input_gradient(critic, ops.convert_to_tensor(batch)))
    step = 1e-2
    for index in [(0, 0, 0, 0), (1, 2, 3, 0), (2, 3, 1, 0)]:
        up, down = batch.copy(), batch.copy()
        up[index] += step
        down[index] -= step
        difference = (ops.convert_to_numpy(critic(up)).sum() - ops.convert_to_numpy(critic(down)).sum()) / (2 * step)
        assert np.isclose(gradient[index], difference, rtol=2e-3, atol=1e-4)


def test_gradient_of_the_penalty_agrees_with_finite_differences():
    critic = small_critic()
    real, fake, mix = random_batch(1), random_batch(2), np.full((3, 1, 1, 1), 0.3, "float32")

    def penalty():
        return losses.gradient_penalty(critic, *map(ops.convert_to_tensor, (real, fake, mix)))

    def loss():
        value = penalty()
        return value, value

    value, gradients = loss_and_gradients(loss, critic.trainable_variables)
    assert float(ops.convert_to_numpy(value)) > 0.01
    step = 1e-2
    for variable, gradient in zip(critic.trainable_variables[::2], gradients[::2], strict=True):  # the kernels
        gradient = ops.convert_to_numpy(gradient)
        values = ops.convert_to_numpy(variable).copy()
        index = np.unravel_index(np.abs(gradient).argmax(), gradient.shape)
        differences = []
        for sign in (1, -1):
            moved = values.copy()
            moved[index] += sign * step
            variable.assign(moved)
            differences.append(float(ops.convert_to_numpy(penalty())))
        variable.assign(values)
        assert np.isclose(gradient[index], (differences[0] - differences[1]) / (2 * step), rtol=1e-2)


def test_penalty_is_zero_where_the_critic_has_slope_one_and_large_where_it_has_none():
    def slope_one(x):
        return ops.reshape(x[:, 0, 0, 0], (-1, 1))

    def flat(x):
        return 0.0 * slope_one(x)

    real, fake, mix = random_batch(1), random_batch(2), np.full((3, 1, 1, 1), 0.5, "float32")
    tensors = [ops.convert_to_tensor(array) for array in (real, fake, mix)]
    assert np.isclose(ops.convert_to_numpy(losses.gradient_penalty(slope_one, *tensors)), 0, atol=1e-6)
    assert np.isclose(ops.convert_to_numpy(losses.gradient_penalty(flat, *tensors)), 1, atol=1e-4)


class NumpyCritic:
    """The published kind of critic, one convolution deep, in float64 NumPy: LeakyReLU 0.2, stride 2, padding 'same'."""

    def __init__(self, kernel, bias, dense, dense_bias):
        self.weights = [np.array(w, "float64") for w in (kernel, bias, dense, dense_bias)]

    def scores_and_input_gradients(self, images):
        kernel, bias, dense, dense_bias = self.weights
        n, size = len(images), images.shape[1]
        padded = np.pad(images, ((0, 0), (0, 1), (0, 1), (0, 0)))  # 'same' with kernel 3 and stride 2 pads the far side
        half = size // 2
        hidden = np.zeros((n, half, half, kernel.shape[-1]))
        for i in range(half):
            for j in range(half):
                patch = padded[:, 2 * i : 2 * i + 3, 2 * j : 2 * j + 3]
                hidden[:, i, j] = np.tensordot(patch, kernel, axes=3) + bias
        slope = np.where(hidden > 0, 1.0, 0.2)
        scores = (hidden * slope).reshape(n, -1) @ dense + dense_bias
        back = dense.reshape(1, half, half, -1) * slope
        gradient = np.zeros_like(padded)
        for i in range(half):
            for j in range(half):
                patch = np.tensordot(back[:, i, j], kernel, axes=([1], [3]))
                gradient[:, 2 * i : 2 * i + 3, 2 * j : 2 * j + 3] += patch
        return scores, gradient[:, :size, :size]

    def loss(self, real, fake, mix, grad_weight):
        between = mix * real + (1 - mix) * fake
        gradients = self.scores_and_input_gradients(between)[1]
        norms = np.sqrt((gradients**2).sum(axis=(1, 2, 3)) + 1e-12)
        real_scores, fake_scores = (self.scores_and_input_gradients(x)[0] for x in (real, fake))
        return fake_scores.mean() - real_scores.mean() + grad_weight * ((norms - 1) ** 2).mean()

    def gradients(self, *batch, step=1e-6):
        result = []
        for weight in self.weights:
            gradient = np.zeros_like(weight)
            for index in np.ndindex(weight.shape):
                value = weight[index]
                weight[index] = value + step
                up = self.loss(*batch)
                weight[index] = value - step
                down = self.loss(*batch)
                weight[index] = value
                gradient[index] = (up - down) / (2 * step)
            result.append(gradient)
        return result


def test_a_critic_step_moves_the_weights_as_a_numpy_critic_says(tiny):
    model = tiny(
        size=8,
        critic_conv_filters=[3],
        critic_conv_kernel_size=[3],
        critic_conv_strides=[2],
    )
    learning_rate = 0.5
    model.compile(critic_optimizer=keras.optimizers.SGD(learning_rate))
    rng = np.random.default_rng(3)
    for variable in model.critic.trainable_variables:  # larger than the usual start, so that the penalty matters
        variable.assign(rng.normal(0, 0.3, variable.shape))
    z, mix = rng.normal(size=(4, 10)).astype("float32"), rng.uniform(size=(4, 1, 1, 1)).astype("float32")
    real = rng.uniform(-1, 1, (4, 8, 8, 3)).astype("float32")
    model._noise = lambda n: ops.convert_to_tensor(z)
    model._mix = lambda n: ops.convert_to_tensor(mix)
    fake = ops.convert_to_numpy(model.generator(z, training=True))
    before = [ops.convert_to_numpy(variable).copy() for variable in model.critic.trainable_variables]
    reference = NumpyCritic(*before)

    logs = model.critic_step(ops.convert_to_tensor(real))

    batch = (real.astype("float64"), fake.astype("float64"), mix.astype("float64"), 10)
    assert np.isclose(float(ops.convert_to_numpy(logs["d_loss"])), reference.loss(*batch), rtol=1e-4)
    for variable, old, gradient in zip(
        model.critic.trainable_variables, before, reference.gradients(*batch), strict=True
    ):
        moved = (old - ops.convert_to_numpy(variable)) / learning_rate
        assert np.allclose(moved, gradient, rtol=1e-3, atol=1e-4)


def test_a_generator_step_moves_the_weights_against_the_slope_of_its_loss(tiny):
    model = tiny(size=8)
    learning_rate = 0.5
    model.compile(generator_optimizer=keras.optimizers.SGD(learning_rate))
    rng = np.random.default_rng(3)
    for variable in model.critic.trainable_variables:
        variable.assign(rng.normal(0, 0.3, variable.shape))
    z = ops.convert_to_tensor(rng.normal(size=(4, 10)).astype("float32"))
    model._noise = lambda n: z
    kernel = model.generator.get_layer("generator_conv_0").kernel
    before = ops.convert_to_numpy(kernel).copy()

    def loss_with(values):
        kernel.assign(values)
        return -float(ops.convert_to_numpy(model.critic(model.generator(z, training=True))).mean())

    model.generator_step(np.zeros((4, 16, 16, 3), "float32"))
    moved = (before - ops.convert_to_numpy(kernel)) / learning_rate
    index = np.unravel_index(np.abs(moved).argmax(), moved.shape)
    bump = np.zeros_like(before)
    bump[index] = 1e-3
    for variable, old in zip(
        model.generator.trainable_variables, tiny(size=8).generator.trainable_variables, strict=True
    ):
        variable.assign(old)  # the other weights moved too: back to the start, which the same seed gives again
    assert np.isclose(moved[index], (loss_with(before + bump) - loss_with(before - bump)) / 2e-3, rtol=1e-2)


@pytest.mark.parametrize("side, strides", [(4, 2), (2, 1)])
@pytest.mark.parametrize("dtype, tolerance", [("bfloat16", 0.02), ("float32", 1e-5)])
def test_convolve_gives_the_numbers_and_both_derivatives_of_ops_conv(side, strides, dtype, tolerance):
    """At a picture and kernel for which a product of matrices takes the kernel's gradient."""
    rng = np.random.default_rng(0)
    images, weights = (rng.normal(size=shape) for shape in [(3, side, side, 128), (4, 4, 128, 32)])
    assert weights.size >= 2**12 * (side // strides) ** 2
    kernel = keras.Variable(weights, dtype="float32")

    def results_of(function):
        def scores(images):
            return ops.cast(ops.square(function(images, ops.cast(kernel, dtype), strides)), "float32")

        def loss():
            slope = input_gradient(scores, ops.cast(images, dtype))
            value = ops.mean(ops.square(ops.cast(slope, "float32")))
            return value, value

        value, (gradient,) = loss_and_gradients(loss, [kernel])
        return ops.convert_to_numpy(value), ops.convert_to_numpy(gradient)

    value, gradient = results_of(convolve)
    expected, expected_gradient = results_of(lambda x, k, s: ops.conv(x, k, strides=s, padding="same"))
    assert np.isclose(value, expected, rtol=tolerance / 2) and value > 1
    assert np.abs(gradient - expected_gradient).max() < tolerance * np.abs(expected_gradient).max()


@pytest.mark.parametrize("size, strides", [(3, 2), (5, 2), (4, 3), (10, 1), (1, 2)])
def test_convolve_pads_as_ops_conv_does_also_where_sides_differ(size, strides):
    """Values, and the derivatives by inputs and kernel, of images that are higher than wide."""
    rng = np.random.default_rng(0)
    images, weights = (rng.normal(size=shape).astype("float32") for shape in [(2, 7, 6, 3), (size, size, 3, 4)])
    kernel, inputs = keras.Variable(weights), keras.Variable(images)

    def results_of(function):
        def loss():
            outputs = function(inputs.value, kernel.value, strides)
            return ops.sum(ops.square(outputs)), outputs

        outputs, gradients = loss_and_gradients(loss, [inputs, kernel])
        return [ops.convert_to_numpy(ops.stop_gradient(tensor)) for tensor in (outputs, *gradients)]

    expected = results_of(lambda x, k, s: ops.conv(x, k, strides=s, padding="same"))
    for ours, theirs in zip(results_of(convolve), expected, strict=True):
        assert ours.shape == theirs.shape and np.allclose(ours, theirs, rtol=1e-4, atol=1e-4)
    assert np.abs(expected[1]).max() > 1


def test_seeds_are_those_of_keras():
    ours, theirs = (kind(7) for kind in (SeedGenerator, keras.random.SeedGenerator))
    for _ in range(2):
        draws = [ops.convert_to_numpy(keras.random.normal((3,), seed=seeds)) for seeds in (ours, theirs)]
        assert np.array_equal(*draws)
    assert np.array_equal(*(ops.convert_to_numpy(seeds.state) for seeds in (ours, theirs)))


def test_adam_is_that_of_keras():
    ours, theirs = (keras.Variable(np.ones((3, 4), "float32")) for _ in range(2))
    adams = [kind(0.01, beta_1=0.5, beta_2=0.9) for kind in (Adam, keras.optimizers.Adam)]
    for adam, variable in zip(adams, (ours, theirs), strict=True):
        adam.build([variable])
        for step in range(4):
            gradient = np.random.default_rng(step).normal(size=(3, 4)).astype("float32")
            apply_gradients(adam, [ops.convert_to_tensor(gradient)], [variable])
    assert np.allclose(*map(ops.convert_to_numpy, (ours, theirs)), rtol=1e-5)
    assert not np.allclose(ops.convert_to_numpy(ours), 1, atol=1e-3)
