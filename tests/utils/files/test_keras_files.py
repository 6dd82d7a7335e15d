"""Old files are made with tf_keras, the Keras 2 that lives on, in a process of its own."""

import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

from utils.files import keras_files
from utils.loaders import load_generator, load_model

pytestmark = pytest.mark.slow
MAKE_OLD_FILES = """
import sys
import numpy as np
import tf_keras as keras
from tf_keras import layers

def upwards(x, filters, kernel, upsample, name):
    initial = keras.initializers.RandomNormal(0.0, 0.02)
    if upsample:
        x = layers.UpSampling2D()(x)
        return layers.Conv2D(filters, kernel, padding="same", name=name, kernel_initializer=initial)(x)
    return layers.Conv2DTranspose(filters, kernel, padding="same", strides=2, name=name, kernel_initializer=initial)(x)

def build(upsample):
    initial = keras.initializers.RandomNormal(0.0, 0.02)
    x = critic_input = layers.Input((16, 16, 3), name="critic_input")
    for i, filters in enumerate((4, 8)):
        x = layers.Conv2D(filters, 5, strides=2, padding="same", name=f"critic_conv_{i}", kernel_initializer=initial)(x)
        if i:
            x = layers.BatchNormalization(momentum=0.9)(x)
        x = layers.LeakyReLU(alpha=0.2)(x)
        x = layers.Dropout(0.3)(x)
    critic = keras.Model(critic_input, layers.Dense(1, kernel_initializer=initial)(layers.Flatten()(x)))

    x = generator_input = layers.Input((5,), name="generator_input")
    x = layers.Dense(128, kernel_initializer=initial)(x)
    x = layers.Reshape((4, 4, 8))(layers.LeakyReLU(alpha=0.2)(layers.BatchNormalization(momentum=0.9)(x)))
    x = upwards(x, 4, 5, upsample, "generator_conv_0")
    x = layers.LeakyReLU(alpha=0.2)(layers.BatchNormalization(momentum=0.9)(x))
    x = layers.Activation("tanh")(upwards(x, 3, 5, upsample, "generator_conv_1"))
    generator = keras.Model(generator_input, x)

    rng = np.random.default_rng(0)
    for model in (critic, generator):
        for weight in model.weights:
            weight.assign(rng.uniform(0.2, 0.9, weight.shape) * (1 if "moving" in weight.name else rng.choice([-1, 1])))

    def set_trainable(model, value):
        model.trainable = value
        for layer in model.layers:
            layer.trainable = value

    set_trainable(critic, False)
    z = layers.Input((5,), name="model_input")
    model = keras.Model(z, critic(generator(z)))
    model.compile(optimizer=keras.optimizers.Adam(2e-4, beta_1=0.5), loss="mse")
    set_trainable(critic, True)
    return critic, generator, model

z = np.random.default_rng(1).normal(size=(3, 5)).astype("float32")
for upsample in (False, True):
    critic, generator, model = build(upsample)
    to = f"{sys.argv[1]}/{'upsampling' if upsample else 'transposed'}_"
    critic.save(to + "critic.h5")
    generator.save(to + "generator.h5")
    generator.save(to + "generator.keras")
    model.save(to + "model.h5")
    model.save_weights(to + "weights.h5")
    images = generator.predict(z, verbose=0)
    np.savez(to + "numbers.npz", z=z, images=images, scores=model.predict(z, verbose=0))
x = keras.Input((5,))
keras.Model(x, layers.Lambda(lambda y: y * 2)(x)).save(sys.argv[1] + "/lambda.h5")
"""


@pytest.fixture(scope="module")
def old(tmp_path_factory):
    pytest.importorskip("tf_keras")
    folder = tmp_path_factory.mktemp("old")
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    done = subprocess.run(
        [sys.executable, "-c", MAKE_OLD_FILES, str(folder)], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


@pytest.fixture(scope="module")
def keras():
    return pytest.importorskip("keras")


def numbers(folder, kind):
    with np.load(folder / f"{kind}_numbers.npz") as file:
        return dict(file)


kinds = pytest.mark.parametrize("kind", ["transposed", "upsampling"])


@kinds
@pytest.mark.parametrize("suffix", ["h5", "keras"])
def test_a_generator_of_keras_2_draws_the_same_images(old, kind, suffix):
    path, expected = old / f"{kind}_generator.{suffix}", numbers(old, kind)
    before = path.read_bytes()
    images = load_generator(path).predict(expected["z"], verbose=0)
    assert np.abs(images - expected["images"]).max() < 1e-5
    assert np.abs(images).max() > 0.1
    assert path.read_bytes() == before


@kinds
def test_a_whole_model_of_keras_2_gives_the_same_scores(old, kind):
    expected = numbers(old, kind)
    scores = keras_files.load_network(old / f"{kind}_model.h5").predict(expected["z"], verbose=0)
    np.testing.assert_allclose(scores, expected["scores"], rtol=1e-5, atol=1e-5)


def nested(keras, folder, kind="transposed"):
    """Today's Model(z, critic(generator(z))) with numbers of its own."""
    generator = keras_files.load_network(folder / f"{kind}_generator.h5")
    critic = keras_files.load_network(folder / f"{kind}_critic.h5")
    z = keras.Input((5,))
    model = keras.Model(z, critic(generator(z)))
    model.set_weights([np.full_like(weight, 0.01) for weight in model.get_weights()])
    return model, generator, critic


@kinds
@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("source", ["weights.h5", "model.h5"])
def test_nested_weights_of_keras_2_find_their_places_whatever_is_frozen_now(old, keras, kind, frozen, source):
    model, _, critic = nested(keras, old, kind)
    critic.trainable = not frozen
    expected = numbers(old, kind)
    keras_files.load_weights(model, old / f"{kind}_{source}")
    np.testing.assert_allclose(model.predict(expected["z"], verbose=0), expected["scores"], rtol=1e-5, atol=1e-5)


def test_weights_of_keras_3_load_under_the_originals_name(old, keras, tmp_path):
    model, _, _ = nested(keras, old)
    model.set_weights([np.random.default_rng(0).normal(size=weight.shape) for weight in model.get_weights()])
    model.save_weights(tmp_path / "x.weights.h5")
    (tmp_path / "x.weights.h5").rename(tmp_path / "weights.h5")
    other, _, _ = nested(keras, old)
    keras_files.load_weights(other, tmp_path / "weights.h5")
    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), other.get_weights(), strict=True))


def test_weights_that_do_not_fit_name_the_first_layer_and_leave_the_model_as_it_was(old, keras, tmp_path):
    model, _, _ = nested(keras, old)
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"'generator_conv_0'.* kernel of \(5, 5, 4, 8\), the file of \(5, 5, 8, 4\)"):
        keras_files.load_weights(model, old / "upsampling_weights.h5")
    other, _, _ = nested(keras, old, "upsampling")
    other.save_weights(tmp_path / "x.weights.h5")
    with pytest.raises(ValueError, match=r"do not fit this model.*generator_conv_0"):
        keras_files.load_weights(model, tmp_path / "x.weights.h5")
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


@pytest.mark.parametrize(("layers", "now"), [(3, 2), (2, 3)])
def test_weights_of_keras_3_with_a_layer_more_or_less_are_refused(keras, tmp_path, layers, now):
    def dense(count):
        return keras.Sequential([keras.Input((5,)), *(keras.layers.Dense(5) for _ in range(count))])

    dense(layers).save_weights(tmp_path / "x.weights.h5")
    with pytest.raises(ValueError, match="not fit this model, which stays as it was"):
        keras_files.load_weights(dense(now), tmp_path / "x.weights.h5")


def test_weights_of_fewer_layers_are_refused(old, keras):
    model, _, _ = nested(keras, old)
    with pytest.raises(ValueError, match="file holds 5 layers with weights, the model has 9"):
        keras_files.load_weights(model, old / "transposed_generator.h5")


@pytest.mark.parametrize("suffix", ["h5", "keras"])
def test_a_model_of_keras_3_loads_too(old, keras, tmp_path, suffix):
    expected = numbers(old, "transposed")
    load_generator(old / "transposed_generator.h5").save(tmp_path / f"new.{suffix}")
    images = load_generator(tmp_path / f"new.{suffix}").predict(expected["z"], verbose=0)
    assert np.abs(images - expected["images"]).max() < 1e-5


@pytest.mark.parametrize("name", ["transposed_generator.h5", "transposed_generator.keras"])
@pytest.mark.parametrize("kept", [0, 5, 3000])
def test_a_file_cut_short_is_called_so(old, tmp_path, name, kept):
    (tmp_path / name).write_bytes((old / name).read_bytes()[:kept])
    with pytest.raises(ValueError, match=r"generator\.(h5|keras)"):
        load_generator(tmp_path / name)


def test_weights_alone_are_no_generator(old):
    with pytest.raises(ValueError, match="weights without an architecture"):
        load_generator(old / "transposed_weights.h5")


def test_a_lambda_layer_of_keras_2_is_refused(old):
    with pytest.raises(ValueError, match=r"code of its own in a layer \(Lambda\)"):
        load_generator(old / "lambda.h5")


def test_a_lambda_layer_of_keras_3_is_refused(keras, tmp_path):
    x = keras.Input((5,))
    keras.Model(x, keras.layers.Lambda(lambda y: y * 2)(x)).save(tmp_path / "lambda.keras")
    with pytest.raises(ValueError, match=r"code of its own in a layer \(Lambda\)"):
        load_generator(tmp_path / "lambda.keras")


@pytest.mark.parametrize("suffix", ["h5", "keras"])
def test_a_class_that_keras_does_not_know_is_named(keras, tmp_path, suffix):
    class Strange(keras.layers.Layer):
        def call(self, x):
            return x

    x = keras.Input((5,))
    keras.Model(x, Strange()(x)).save(tmp_path / f"strange.{suffix}")
    with pytest.raises(ValueError, match="needs the class 'Strange'"):
        load_generator(tmp_path / f"strange.{suffix}")


def test_a_transposed_convolution_in_groups_is_refused_in_words():
    layer = {"class_name": "Conv2DTranspose", "config": {"name": "generator_conv_0", "groups": 2}}
    with pytest.raises(ValueError, match="layer generator_conv_0 is a Conv2DTranspose in 2 groups"):
        keras_files.modernise(layer)


def test_modernising_leaves_its_argument_alone():
    layer = {"class_name": "LeakyReLU", "config": {"alpha": 0.2}}
    assert keras_files.modernise(layer)["config"] == {"negative_slope": 0.2}
    assert layer["config"] == {"alpha": 0.2}


# ------------------------------------------------------------------------------------------------- params.pkl

PARAMETERS = [(128, 128, 3), [64, 128], None, True, 0.5, "adam", b"raw", {"z": 100}]


@pytest.mark.parametrize("protocol", range(3, pickle.HIGHEST_PROTOCOL + 1))
def test_plain_parameters_come_back(tmp_path, protocol):
    (tmp_path / "params.pkl").write_bytes(pickle.dumps(PARAMETERS, protocol))
    assert keras_files.read_params(tmp_path / "params.pkl") == PARAMETERS


def test_numpy_numbers_come_back_as_numbers_of_python(tmp_path):
    values = [np.float32(0.5), np.int64(-3), np.bool_(True), np.dtype(">f8").type(0.25)]
    (tmp_path / "params.pkl").write_bytes(pickle.dumps(values))
    read = keras_files.read_params(tmp_path / "params.pkl")
    assert read == [0.5, -3, True, 0.25]
    assert [type(value) for value in read] == [float, int, bool, float]


class Evil:
    def __init__(self, call):
        self.call = call

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (lambda folder: Evil((os.mkdir, (str(folder / "harm"),))), "mkdir"),
        (lambda folder: Evil((eval, ("__import__('os')",))), r"builtins\.eval"),
        (lambda folder: np.zeros(3), "_reconstruct|frombuffer|ndarray"),
        (lambda folder: np.datetime64("2022-01-01"), "NumPy value of type 'M8'"),
        (lambda folder: {1, 2}, "set"),
        (lambda folder: 1j, "complex"),
    ],
)
def test_all_else_is_named_and_not_executed(tmp_path, value, named):
    (tmp_path / "params.pkl").write_bytes(pickle.dumps([value(tmp_path)]))
    with pytest.raises(ValueError, match=named):
        keras_files.read_params(tmp_path / "params.pkl")
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize("content", [b"", b"hello", pickle.dumps(PARAMETERS)[:-9]])
def test_what_is_no_whole_pickle_is_called_so(tmp_path, content):
    (tmp_path / "params.pkl").write_bytes(content)
    with pytest.raises(ValueError, match=r"params\.pkl is no whole pickle"):
        keras_files.read_params(tmp_path / "params.pkl")


def test_a_huge_file_of_parameters_is_not_read(tmp_path):
    (tmp_path / "params.pkl").write_bytes(bytes(2**20 + 1))
    with pytest.raises(ValueError, match="too many for parameters"):
        keras_files.read_params(tmp_path / "params.pkl")


@kinds
def test_a_run_of_the_original_loads_into_our_class_and_gives_its_numbers(old, tmp_path, kind):
    from models.WGANGP import WGANGP

    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "weights.h5").write_bytes((old / f"{kind}_weights.h5").read_bytes())
    upsample = 2 if kind == "upsampling" else 1
    strides = [1, 1] if kind == "upsampling" else [2, 2]
    critic = [(16, 16, 3), [4, 8], [5, 5], [2, 2], 0.9, "leaky_relu", 0.3, 0.0002]
    generator = [(4, 4, 8), [upsample] * 2, [4, 3], [5, 5], strides, 0.9, "leaky_relu", None, 0.0002]
    (tmp_path / "params.pkl").write_bytes(pickle.dumps([*critic, *generator, "adam", 10, 5, 16]))

    gan = load_model(WGANGP, tmp_path, precision="float32")

    expected = numbers(old, kind)
    assert np.abs(gan.generator.predict(expected["z"], verbose=0) - expected["images"]).max() < 1e-5
    assert np.allclose(gan.predict(expected["z"], verbose=0), expected["scores"], rtol=1e-4)
