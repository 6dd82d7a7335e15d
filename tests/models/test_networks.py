"""The networks have the published shapes, and the quick layers give the numbers of their stock twins."""

import keras
import numpy as np
import pytest
from keras import ops

from models.critic import build_critic, build_encoder
from models.engine.backend import loss_and_gradients
from models.engine.layers import PhasedConv2DTranspose, PiecewiseLinear, QuickBatchNormalization
from models.engine.saving import with_weights_of
from models.generators import build_generator
from models.recipes import published
from models.WGANGP import WGANGP
from utils.latent.temperature import inverse_temperature_of, set_inverse_temperature


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
    x, weights = (rng.normal(2, 3, shape).astype("float32") for _ in range(2))

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


@pytest.mark.parametrize("name", ["readme", "notebook"])
def test_published_parameters_give_the_published_shapes(name):
    kernels = {"readme": (5, 10), "notebook": (3, 6)}[name]
    parameters = published(name, divide=8)
    assert parameters["critic_conv_filters"] == [16, 32, 64, 128]
    model = WGANGP(**parameters, precision="float32")
    critic, generator = model.critic, model.generator
    assert critic.input_shape == generator.output_shape == (None, 128, 128, 3)
    assert generator.input_shape == (None, 100) and critic.output_shape == (None, 1)
    assert generator.get_layer("generator_reshape").output.shape == (None, 8, 8, 64)
    assert {critic.get_layer(f"critic_conv_{i}").kernel_size for i in range(4)} == {(kernels[0],) * 2}
    assert {generator.get_layer(f"generator_conv_{i}").kernel_size for i in range(4)} == {(kernels[1],) * 2}
    assert [critic.get_layer(f"critic_conv_{i}").output.shape[1] for i in range(4)] == [64, 32, 16, 8]


def test_published_parameters_are_complete():
    parameters = published("readme")
    assert parameters["critic_conv_filters"] == [128, 256, 512, 1024]
    assert parameters["generator_conv_filters"] == [512, 256, 128, 3]
    assert parameters["generator_initial_dense_layer_size"] == [8, 8, 512]


def test_unknown_parameter_set_is_refused_by_name():
    with pytest.raises(ValueError, match="'paper'"):
        published("paper")
    with pytest.raises(ValueError, match="divide is 3"):
        published("readme", divide=3)


def test_upsampling_layers_and_grey_images_of_28_pixels():
    generator = build_generator(8, (7, 7, 4), [2, 2], [4, 1], [3, 3], [1, 1])
    critic = build_critic((28, 28, 1), [4, 8], [3, 3], [2, 2])
    assert generator.output_shape == critic.input_shape == (None, 28, 28, 1)
    kinds = [type(layer).__name__ for layer in generator.layers]
    assert kinds.count("UpSampling2D") == 2 and "Conv2DTranspose" not in kinds


def test_the_latent_vector_scales_and_shifts_the_channels_of_each_layer():
    generator = build_generator(8, (2, 2, 4), [1, 1], [4, 3], [4, 4], [2, 2], modulation=[6, 5], seed=1)
    assert [generator.get_layer(f"generator_style_{i}").units for i in range(2)] == [6, 5]
    names = [layer.name for layer in generator.layers]
    assert sum(name.startswith("generator_scale") for name in names) == 1  # the last layer's are the image itself
    head = keras.Model(generator.inputs, [generator.get_layer(f"generator_{x}_0").output for x in ("scale", "shift")])
    scale, shift = head(np.random.default_rng(0).normal(size=(200, 8)).astype("float32"))
    assert scale.shape == shift.shape == (200, 1, 1, 4)
    assert np.abs(ops.convert_to_numpy(scale) - 1).max() < 0.5 > np.abs(ops.convert_to_numpy(shift)).max()
    z = np.random.default_rng(1).normal(size=(2, 8)).astype("float32")
    before = ops.convert_to_numpy(generator(z))
    zeros = [np.zeros(shape, "float32") for shape in ((5, 4), (4,))]
    for name in ("scale", "shift"):
        generator.get_layer(f"generator_{name}_0").set_weights(zeros)
    after = ops.convert_to_numpy(generator(z))
    assert np.ptp(after) == 0 < np.ptp(before)  # nothing of the picture is left


@pytest.mark.parametrize("channels", [1, 3])
def test_inks_are_the_only_colours_and_start_at_the_corners(channels):
    generator = build_generator(8, (2, 2, 4), [1, 1], [4, channels], [4, 4], [2, 2], inks=2**channels, seed=1)
    assert generator.output_shape == (None, 8, 8, channels)
    (colors,) = generator.get_layer("generator_inks").get_weights()
    assert len(np.unique(colors[0, 0], axis=0)) == 2**channels and set(np.unique(colors)) == {-1, 1}
    last = generator.get_layer("generator_conv_1")
    last.set_weights([1e6 * weights for weights in last.get_weights()])  # sure of every pixel
    images = ops.convert_to_numpy(generator(np.random.default_rng(0).normal(size=(9, 8)).astype("float32")))
    assert (np.abs(np.abs(images) - 1) < 0.01).mean() > 0.9 and len(np.unique(np.sign(images))) == 2


def test_a_surer_choice_leaves_fewer_mixed_pixels():
    generator = build_generator(8, (2, 2, 4), [1, 1], [4, 3], [4, 4], [2, 2], inks=8, seed=1)
    z = np.random.default_rng(0).normal(size=(9, 8)).astype("float32")
    mixed = [
        (np.abs(ops.convert_to_numpy(set_inverse_temperature(generator, certainty)(z))) < 0.9).mean()
        for certainty in (1e3, 1e5, 1e7)  # fresh weights hardly choose
    ]
    assert mixed[0] > mixed[1] > mixed[2]
    copy = build_generator(8, (2, 2, 4), [1, 1], [4, 3], [4, 4], [2, 2], inks=8)
    assert inverse_temperature_of(with_weights_of(generator, copy)) == 1e7


def test_batch_normalisation_and_dropout_are_there_when_asked_for():
    critic = build_critic((8, 8, 3), [4, 8], [3, 3], [2, 2], batch_norm_momentum=0.8, dropout_rate=0.3)
    kinds = [type(layer).__name__ for layer in critic.layers]
    assert kinds.count("BatchNormalization") == 1  # not on the first layer, as in the original
    assert kinds.count("Dropout") == 2


def test_the_encoder_gives_a_mean_and_a_log_variance():
    encoder = build_encoder((8, 8, 3), 5, [4, 8], [3, 3], [2, 2])
    assert [output.shape for output in encoder.outputs] == [(None, 5), (None, 5)]
    assert [encoder.get_layer(f"encoder_{name}").units for name in ("mean", "log_variance")] == [5, 5]


def test_weights_start_from_the_published_distribution_and_repeat_with_the_seed():
    first, again, other = (
        build_critic((8, 8, 3), [64, 64], [5, 5], [2, 2], seed=s).get_weights()[2] for s in (1, 1, 2)
    )
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert abs(first.mean()) < 0.001 and abs(first.std() - 0.02) < 0.0005
