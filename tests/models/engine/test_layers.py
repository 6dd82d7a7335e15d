"""The quick layers give the numbers of their stock twins."""

import keras
import numpy as np
import pytest
from keras import ops

from models.engine.backend import loss_and_gradients
from models.engine.layers import PhasedConv2DTranspose, PiecewiseLinear, QuickBatchNormalization


def test_piecewise_linear_is_leaky_relu():
    x = np.linspace(-3, 3, 13, dtype="float32")[None]
    ours, stock = PiecewiseLinear(negative_slope=0.2), keras.layers.LeakyReLU(negative_slope=0.2)
    assert np.array_equal(ops.convert_to_numpy(ours(x)), ops.convert_to_numpy(stock(x)))


@pytest.mark.parametrize("kernel_size, strides", [(2, 2), (6, 2), (10, 2), (4, 4), (12, 4), (9, 3)])
def test_phased_transposed_convolution_is_conv2dtranspose(kernel_size, strides):
    x = np.random.default_rng(0).normal(size=(2, 5, 7, 3)).astype("float32")
    ours = PhasedConv2DTranspose(4, kernel_size, strides=strides, padding="same", bias_initializer="random_normal")
    stock = keras.layers.Conv2DTranspose(4, kernel_size, strides=strides, padding="same")
    ours.build(x.shape)
    stock.build(x.shape)
    stock.set_weights(ours.get_weights())
    assert np.allclose(ops.convert_to_numpy(ours(x)), ops.convert_to_numpy(stock(x)), atol=1e-5)


def test_phased_transposed_convolution_declines_kernels_that_do_not_fall_into_equal_phases():
    assert [kernel for kernel in range(1, 12) if PhasedConv2DTranspose.fits(kernel, 2)] == [2, 6, 10]
    assert [kernel for kernel in range(1, 17) if PhasedConv2DTranspose.fits(kernel, 4)] == [4, 12]
    assert not PhasedConv2DTranspose.fits(6, 1)


@pytest.mark.parametrize("policy, tolerance", [("float32", 1e-5), ("mixed_bfloat16", 0.01)])
@pytest.mark.parametrize("shape", [(4, 6, 5, 3), (2, 1, 1, 3), (8, 3)])
def test_quick_batch_normalisation_is_batch_normalisation(policy, tolerance, shape):
    rng = np.random.default_rng(0)
    x, weights = (rng.normal(mean, 3, shape).astype("float32") for mean in (0, 2))  # PyTorch: E(x²) - E(x)², exact at 0

    def results_of(kind):
        layer = kind(momentum=0.9, dtype=policy)
        layer.build(x.shape)
        layer.set_weights([np.float32([0.5, 1, 2]), np.float32([-1, 0, 1]), np.float32([1, 2, 3]), np.ones(3, "f")])

        def loss():
            outputs = layer(x, training=True)
            return ops.sum(ops.cast(outputs, "float32") * ops.convert_to_tensor(weights)), outputs

        outputs, gradients = loss_and_gradients(loss, layer.trainable_variables)
        results = [outputs, *gradients, *layer.non_trainable_variables, layer(x, training=False)]
        return [ops.convert_to_numpy(ops.stop_gradient(ops.cast(result, "float32"))) for result in results]

    for ours, stock in zip(
        results_of(QuickBatchNormalization), results_of(keras.layers.BatchNormalization), strict=True
    ):
        assert np.abs(ours - stock).max() <= tolerance * np.abs(stock).max()
