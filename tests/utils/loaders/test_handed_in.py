"""Generators that come in another form: as a folder, in an archive, from 0 to 1."""

import zipfile

import numpy as np
import pytest

from utils.latent import generate_images, generate_latent_points
from utils.loaders import load_dataset, load_generator

keras = pytest.importorskip("keras")
layers = keras.layers


def generator(*last, last_activation="tanh"):
    z = keras.Input((4,))
    x = layers.Reshape((4, 4, 3))(layers.Dense(48, kernel_initializer=keras.initializers.RandomNormal(seed=1))(z))
    x = layers.Conv2D(3, 3, padding="same", activation=last_activation, kernel_initializer="glorot_uniform")(x)
    for layer in last:
        x = layer(x)
    return keras.Model(z, x)


@pytest.mark.parametrize("form", ["run folder", "unpacked", "moving average"])
def test_a_folder_that_holds_a_generator_is_opened(tmp_path, form, capsys):
    made = generator()
    if form == "unpacked":
        made.save(tmp_path / "generator.keras")
        with zipfile.ZipFile(tmp_path / "generator.keras") as archive:
            archive.extractall(tmp_path / "folder")
    else:
        (tmp_path / "folder").mkdir()
        generator().save(tmp_path / "folder" / "generator.h5")
        made.save(tmp_path / "folder" / f"generator{'_ema' if form == 'moving average' else ''}.h5")
        (tmp_path / "folder" / "params.json").write_text("{}")
    opened = load_generator(tmp_path / "folder")
    assert all(map(np.array_equal, opened.get_weights(), made.get_weights()))
    said = capsys.readouterr().out
    assert ("is taken" in said) == (form != "unpacked")


def test_an_unpacked_network_with_code_of_its_own_stays_refused(tmp_path):
    z = keras.Input((4,))
    x = layers.Reshape((1, 1, 4))(layers.Lambda(lambda x: x)(z))
    keras.Model(z, x).save(tmp_path / "generator.keras")
    with zipfile.ZipFile(tmp_path / "generator.keras") as archive:
        archive.extractall(tmp_path / "folder")
    with pytest.raises(ValueError, match="holds code of its own"):
        load_generator(tmp_path / "folder")


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (["saved_model.pb", "variables/x"], "a folder of kind SavedModel.*would run it.*save it as generator.h5"),
        (["checkpoint", "ckpt-1.index"], "a folder of kind TensorFlow checkpoint"),
        (["params.json", "viz/x"], "a run folder in which nothing was trained yet"),
        (["critic.h5", "a.keras"], "a folder; give the path of a file in it: a.keras, critic.h5"),
        (["config.json", "metadata.json"], "an unpacked .keras file without its model.weights.h5"),
        ([], "an empty folder"),
        (["x.png"], r"a folder of another kind \(it holds x.png\)"),
    ],
)
def test_a_folder_of_another_kind_is_named(tmp_path, names, kind):
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    with pytest.raises(ValueError, match=f"folder is {kind}"):
        load_generator(folder)


def test_the_archive_of_a_run_says_what_is_in_it(tmp_path):
    with zipfile.ZipFile(tmp_path / "output.zip", "w") as archive:
        for name in ("critic.h5", "generator.h5"):
            archive.writestr(name, "x")
    with pytest.raises(
        ValueError, match=r"output\.zip is an archive that holds 'generator\.h5', 'critic\.h5': unpack it"
    ):
        load_generator(tmp_path / "output.zip")


@pytest.mark.parametrize(
    ("last", "activation", "high", "how"),
    [
        ([], "sigmoid", 1, "by its last layer"),
        ([layers.Identity(), layers.Cropping2D(1)], "sigmoid", 1, "by its last layer"),
        ([layers.Rescaling(255.0)], "sigmoid", 255, "by its last layer"),
        ([layers.Rescaling(0.5, offset=0.5)], "tanh", 1, "by its last layer"),
        ([layers.ReLU(max_value=1.0)], "tanh", 1, "in 8 images"),
    ],
)
def test_a_generator_that_draws_from_zero_on_is_scaled_and_that_is_said(tmp_path, capsys, last, activation, high, how):
    made = generator(*last, last_activation=activation)
    made.save(tmp_path / "generator.h5")
    opened = load_generator(tmp_path / "generator.h5")
    assert f"its images run from 0 to {high} ({how}" in capsys.readouterr().out
    z = generate_latent_points(4, 3, seed=1)
    assert np.allclose(opened.predict(z, verbose=0), made.predict(z, verbose=0) * 2 / high - 1, atol=1e-5)
    assert opened.input_shape == made.input_shape and len(opened.get_weights()) == len(made.get_weights())
    assert generate_images(opened, z).std() > 0


@pytest.mark.parametrize(
    ("last", "activation"),
    [
        ([], "tanh"),
        ([], "linear"),
        ([layers.Rescaling(2.0, offset=-1.0)], "sigmoid"),
        ([layers.ReLU(max_value=0.0)], "tanh"),
    ],
)
def test_a_generator_that_draws_from_minus_one_on_stays_as_it_is(tmp_path, capsys, last, activation):
    made = generator(*last, last_activation=activation)
    made.save(tmp_path / "generator.h5")
    opened = load_generator(tmp_path / "generator.h5")
    assert capsys.readouterr().out == ""
    z = generate_latent_points(4, 3, seed=1)
    assert np.allclose(opened.predict(z, verbose=0), made.predict(z, verbose=0), atol=1e-5)


def test_a_background_that_papermill_hands_over_as_text_is_a_colour(tmp_path):
    from PIL import Image

    (tmp_path / "set").mkdir()
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(tmp_path / "set" / "0.png")
    data = load_dataset("set", "8", 1, data_folder=tmp_path, background="(255, 255, 0)")
    assert data.images[0, 0, 0].tolist() == [255, 255, 0]
    with pytest.raises(ValueError, match=r"batch_size \(BATCH_SIZE\) is 0"):
        load_dataset("set", 8, 0, data_folder=tmp_path)
