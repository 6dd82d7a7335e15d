"""The autoencoder's loss is the evidence lower bound, its latent space is normal, and it is kept like the GAN."""

import json

import keras
import numpy as np
import pytest
from keras import ops

from models.CVAE import CVAE, LOG_VARIANCES, bounded, prior_divergence, reconstruction_error, sample_posterior
from models.recipes import cvae
from utils import runs
from utils.latent.generating import generate_images
from utils.loaders import ImageBatches, load_generator, load_model


def tiny_parameters(size=16, channels=3, **changes):
    """The arguments of a CVAE that trains in a moment on images of size x size."""
    return {
        "input_dim": (size, size, channels),
        "encoder_conv_filters": [4, 8],
        "encoder_conv_kernel_size": [4, 4],
        "encoder_conv_strides": [2, 2],
        "encoder_batch_norm_momentum": 0.9,
        "encoder_activation": "leaky_relu",
        "encoder_dropout_rate": None,
        "generator_initial_dense_layer_size": (size // 4, size // 4, 8),
        "generator_upsample": [1, 1],
        "generator_conv_filters": [8, channels],
        "generator_conv_kernel_size": [6, 6],
        "generator_conv_strides": [2, 2],
        "generator_batch_norm_momentum": 0.9,
        "generator_activation": "leaky_relu",
        "generator_dropout_rate": None,
        "learning_rate": 0.01,
        "optimiser": "adam",
        "beta": 1.0,
        "z_dim": 6,
        "batch_size": 4,
        **changes,
    }


def tiny(precision="float32", seed=1, compiled=True, **changes):
    """A small CVAE; without `compiled`, TensorFlow runs its step line by line, as in `tests.conftest.build_tiny`."""
    model = CVAE(**tiny_parameters(**changes), precision=precision, seed=seed)
    if keras.backend.backend() == "tensorflow" and not compiled:
        model.compile(run_eagerly=True)
    return model


def train(model, images, folder, epochs, **options):
    options = {"print_every_n_batches": 2, "verbose": 0, **options}
    return model.train(2, 2, ImageBatches.from_array(images, 4, seed=5), 4, epochs, folder, **options)


def bars(n, size=16):
    """Black images with one white bar each, uint8: there is something to learn, and little."""
    images = np.zeros((n, size, size, 3), np.uint8)
    for i in range(n):
        images[i, :, 2 + i % 4 * 3 : 5 + i % 4 * 3] = 255
    return images


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A model, its run folder and the bars that it has learnt, shared by the tests that change none of them."""
    folder = tmp_path_factory.mktemp("vae")
    model = tiny(beta=0.1)
    model.save(folder)
    train(model, bars(32), folder, epochs=150, print_every_n_batches=1000)
    return model, folder, bars(4)


# The loss


def test_the_divergence_of_known_normal_distributions():
    mean = np.array([[0.0, 0.0], [1.0, 2.0]], "float32")
    log_variance = np.log(np.array([[1.0, 1.0], [4.0, 0.25]], "float32"))
    by_hand = [0, (1 + 4 - 1 - np.log(4) + 4 + 0.25 - 1 - np.log(0.25)) / 2]
    assert np.isclose(float(ops.convert_to_numpy(prior_divergence(mean, log_variance))), np.mean(by_hand), rtol=1e-6)


def test_the_divergence_is_that_of_many_samples():
    mean, log_variance = np.array([[0.7]], "float32"), np.array([[-1.2]], "float32")
    z = 0.7 + np.exp(-0.6) * np.random.default_rng(0).normal(size=200_000)
    sampled = np.mean(0.6 - (z - 0.7) ** 2 / (2 * np.exp(-1.2)) + z**2 / 2)
    assert np.isclose(float(ops.convert_to_numpy(prior_divergence(mean, log_variance))), sampled, atol=0.01)


def test_latent_vectors_have_the_mean_and_the_variance_that_are_asked_for():
    noise = np.random.default_rng(0).normal(size=(50_000, 2)).astype("float32")
    mean, log_variance = np.float32([[3, -1]]), np.log(np.float32([[4, 0.25]]))
    z = ops.convert_to_numpy(sample_posterior(*map(ops.convert_to_tensor, (mean, log_variance, noise))))
    assert np.allclose(z.mean(axis=0), [3, -1], atol=0.03)
    assert np.allclose(z.var(axis=0), [4, 0.25], rtol=0.03)


def test_the_reconstruction_error_counts_pixels_and_averages_of_them():
    rng = np.random.default_rng(0)
    images, drawn = rng.uniform(-1, 1, (2, 3, 12, 20, 3)).astype("float32")
    expected = np.sum((images - drawn) ** 2)
    for side in (2, 4, 8):  # 16 does not fit into 12 rows
        rows, columns = 12 // side, 20 // side
        squares = (images - drawn)[:, : rows * side, : columns * side].reshape(3, rows, side, columns, side, 3)
        expected += side**2 * np.sum(squares.mean(axis=(2, 4)) ** 2)
    assert np.isclose(float(ops.convert_to_numpy(reconstruction_error(images, drawn))), expected / 3 / 2, rtol=1e-5)


def test_the_error_says_which_way_to_move_a_line():
    image, near, far = np.full((3, 1, 32, 32, 1), -1, "float32")
    image[0, :, 4:6], near[0, :, 6:8], far[0, :, 24:26] = 1, 1, 1
    errors = [float(ops.convert_to_numpy(reconstruction_error(image, other))) for other in (near, far)]
    assert errors[0] < 0.75 * errors[1]  # of pixels alone, they would be equal


def test_a_step_reports_a_loss_that_is_the_sum_of_its_parts(images):
    model = tiny(beta=3.0, compiled=False)
    before = [network.get_weights()[0].copy() for network in (model.encoder, model.generator)]
    logs = model.fit(images[:4], batch_size=4, epochs=1, verbose=0).history
    assert np.isclose(logs["loss"][0], logs["reconstruction"][0] + 3 * logs["divergence"][0], rtol=1e-5)
    assert logs["divergence"][0] > 0
    for weights, network in zip(before, (model.encoder, model.generator), strict=True):
        assert not np.array_equal(weights, network.get_weights()[0])


# Arguments


def test_lists_of_unequal_length_and_layers_that_lead_elsewhere_are_refused():
    with pytest.raises(ValueError, match=r"encoder_conv_.*3, 2 and 2"):
        tiny(encoder_conv_filters=[4, 8, 16])
    with pytest.raises(ValueError, match=r"\(16, 16, 3\).*\(32, 32, 3\)"):
        tiny(input_dim=(32, 32, 3))
    with pytest.raises(ValueError, match="beta is -1"):
        tiny(beta=-1)
    with pytest.raises(ValueError, match="'sgd'"):
        tiny(optimiser="sgd")


@pytest.mark.parametrize("size, channels", [(28, 1), (32, 3), (64, 3), (128, 3), (256, 1)])
def test_the_projects_parameters_lead_to_images_of_every_size(size, channels):
    model = CVAE(**cvae(size, channels, divide=16), precision="float32")
    assert model.encoder.input_shape == model.generator.output_shape == (None, size, size, channels)
    assert model.generator.layers[0].output.shape == (None, 32)
    start = 7 if size == 28 else 2
    assert model.generator.get_layer("generator_reshape").output.shape[1:3] == (start, start)


# What it learns


def test_it_learns_to_reconstruct(trained):
    model, _, images = trained
    assert model.losses_of["reconstruction"][-1] < 0.2 * model.losses_of["reconstruction"][0]
    drawn = model.reconstruct(images)
    assert drawn.shape == images.shape and drawn.dtype == np.float32
    errors = np.abs(drawn[:, None] - (images / 127.5 - 1)[None]).mean(axis=(2, 3, 4))  # (drawn, image)
    assert errors.argmin(axis=1).tolist() == [0, 1, 2, 3]


def test_encode_decode_and_generate_speak_of_the_same_space(trained):
    model, _, images = trained
    mean, log_variance = model.encode(images)
    assert mean.shape == log_variance.shape == (4, 6)
    assert np.array_equal(model.decode(mean), model.reconstruct(images))
    assert np.allclose(model.encode(images.astype("float32") / 127.5 - 1)[0], mean, atol=1e-5)
    assert np.array_equal(model.generate(3, seed=2), model.generate(3, seed=2))
    assert np.abs(model.generate(3, seed=2)).max() <= 1
    with pytest.raises(ValueError, match=r"\(2, 8, 8, 3\)"):
        model.encode(np.zeros((2, 8, 8, 3), np.uint8))


# Files


def test_a_run_leaves_the_files_of_a_run(trained):
    _, folder, _ = trained
    expected = {"params.json", "history.csv", "generator.h5", "encoder.h5", "model.h5", str(runs.CHECKPOINT)}
    expected |= {f"viz/{name}.png" for name in ("generator", "encoder", "model")}
    expected |= {"images/sample_0.png", "images/sample_149.png", "weights/weights.h5", str(runs.DATA)}
    assert {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} == expected
    assert list(runs.read_history(folder)) == ["step", "loss", "reconstruction", "divergence", "seconds"]


def test_the_decoder_opens_as_any_generator(trained):
    model, folder, images = trained
    generator = load_generator(folder / "generator.h5")
    assert {type(layer).__module__.split(".")[0] for layer in generator.layers} == {"keras"}
    z = model.encode(images)[0]
    assert np.abs(generate_images(generator, z) / 127.5 - 1 - model.decode(z)).max() < 0.01


def test_load_model_brings_a_saved_run_back(trained):
    model, folder, images = trained
    again = load_model(CVAE, folder, precision="float32")
    assert again.parameters() == model.parameters() == json.loads((folder / "params.json").read_text())
    assert np.allclose(again.reconstruct(images), model.reconstruct(images), atol=1e-5)


def test_a_keras_file_holds_the_whole_model(trained, tmp_path):
    model, _, images = trained
    model.save(tmp_path / "vae.keras")
    again = keras.models.load_model(tmp_path / "vae.keras")
    assert np.allclose(again.reconstruct(images), model.reconstruct(images), atol=1e-6)


@pytest.mark.slow
def test_a_resumed_training_goes_on_as_if_it_had_not_stopped(images, tmp_path):
    whole = tiny(decay_steps=10, compiled=False)
    train(whole, images, tmp_path / "whole", epochs=6)
    train(tiny(decay_steps=10, compiled=False), images, tmp_path / "parts", epochs=4)
    resumed = tiny(decay_steps=10, seed=99, compiled=False)
    train(resumed, images, tmp_path / "parts", epochs=6, resume=True)
    assert resumed.epoch == 6
    assert resumed.losses_of["loss"][4:] == whole.losses_of["loss"][4:]
    for ours, theirs in zip(resumed.get_weights(), whole.get_weights(), strict=True):
        assert np.array_equal(ours, theirs)


def test_a_step_is_told_in_one_line():
    model = tiny()
    model.record({"loss": 1234.56, "reconstruction": 1200.04, "divergence": 34.567})
    model.epoch = 150
    assert model.log_line() == "150 [loss: 1234.6] [reconstruction 1200.0, divergence 34.57]"


def test_beta_warms_up_from_nothing(images, tmp_path):
    model = tiny(beta=8.0, warm_up_steps=2)
    train(model, images, tmp_path, epochs=4, print_every_n_batches=10)
    weighed = np.subtract(model.losses_of["loss"], model.losses_of["reconstruction"])
    assert np.allclose(weighed / model.losses_of["divergence"], [0, 4, 8, 8], atol=0.01)


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_it_trains_on_16_bits_and_gives_32(images, precision):
    model = tiny(precision)
    logs = model.fit(images[:8], batch_size=4, epochs=1, verbose=0).history
    assert np.isfinite(logs["loss"]).all()
    assert {layer.dtype_policy.name for layer in model.model.get_layer("encoder").layers} == {"float32"}


def test_what_ships_opens_from_three_files(trained, tmp_path):
    model, folder, images = trained
    runs.describe(folder, data_name="bars")
    runs.ship(folder, tmp_path / "vae.h5")
    (folder / "run.json").unlink()
    assert {path.name for path in tmp_path.iterdir()} == {"vae.h5", "vae_encoder.h5", "vae.json"}
    again = CVAE.from_files(tmp_path / "vae.h5")
    assert np.abs(again.reconstruct(images) - model.reconstruct(images)).max() < 0.01
    (tmp_path / "vae.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"vae\.json"):
        CVAE.from_files(tmp_path / "vae.h5")


def test_the_bound_on_other_images_is_the_loss_with_its_sign_turned():
    model, images = tiny(compiled=False), bars(10)
    found = model.evidence(images, seed=1)
    assert found["bound"] == pytest.approx(-(found["reconstruction"] + model.beta * found["divergence"]))
    assert found == model.evidence(images / 127.5 - 1, seed=1)
    mean, log_variance = model.encode(images)
    by_hand = float(ops.convert_to_numpy(prior_divergence(*map(ops.convert_to_tensor, (mean, log_variance)))))
    assert found["divergence"] == pytest.approx(by_hand, rel=1e-4)


def test_log_variances_stay_in_their_bounds_and_hardly_change_inside():
    values = np.array([[-1e6, -30.0, -10.0, -5.0, -1.0, 0.0, 2.0, 30.0, 1e6]], "float32")
    low, high = LOG_VARIANCES
    out = ops.convert_to_numpy(bounded(ops.convert_to_tensor(values)))[0]
    assert np.isfinite(out).all() and low - 1e-4 <= out.min() and out.max() <= high + 1e-4
    assert (np.diff(out) >= -1e-5).all() and np.allclose(out[3:5], values[0, 3:5], atol=0.1)


@pytest.mark.parametrize("rate", [0.01, 0.1])
def test_the_divergence_never_explodes(rate, tmp_path):
    """Without the bounds it reaches thousands of nats at these rates, and millions at 28 x 28."""
    model = tiny(compiled=False, learning_rate=rate, beta=4.0)
    train(model, bars(40), tmp_path, 8)
    assert max(model.losses_of["divergence"]) < 500


def test_a_run_folder_opens_like_a_shipped_autoencoder(tmp_path):
    model = tiny(compiled=False)
    model.save(tmp_path)
    train(model, bars(8), tmp_path, 1)
    assert np.allclose(CVAE.from_files(tmp_path).reconstruct(bars(2)), model.reconstruct(bars(2)), atol=0.02)


@pytest.mark.parametrize("given", [{"decay_steps": 0}, {"warm_up_steps": 0}, {"warm_up_steps": -1}])
def test_a_schedule_of_no_steps_is_refused_and_none_is_none(given):
    with pytest.raises(ValueError, match=f"{next(iter(given))} is .*None for none"):
        CVAE(**cvae(28, 1, 16) | given)
