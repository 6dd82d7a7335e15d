import warnings

import numpy as np
import pytest
from PIL import Image

from utils.files.provenance import fingerprint, from_image
from utils.images import to_float
from utils.latent.generating import film, generate_images
from utils.latent.paths import generate_latent_points


def grey_square(z):
    """Stands in for a generator: a 4 x 4 square as bright as the vector's first value."""
    return np.broadcast_to(np.asarray(z)[:, :1, None, None], (len(z), 4, 4, 1))


class Reader:
    """Stands in for a Keras generator that reads vectors of 3 values."""

    input_shape = (None, 3)

    def __call__(self, z):
        return grey_square(z)


def test_images_come_in_the_order_of_their_vectors_whatever_the_batch():
    levels = [0, 42, 84, 126, 168, 210, 252]
    Z = to_float(np.array(levels, np.uint8))[:, None]
    images = generate_images(grey_square, Z, batch_size=3)
    assert images.shape == (7, 4, 4, 1)
    assert images.dtype == np.uint8
    assert images[:, 0, 0, 0].tolist() == levels


def test_vectors_of_the_wrong_length_are_refused_naming_both_lengths():
    with pytest.raises(ValueError, match="5 values, this generator reads 3"):
        generate_images(Reader(), np.zeros((2, 5)))


def test_a_single_vector_without_a_batch_is_refused_by_its_shape():
    with pytest.raises(ValueError, match=r"\(3,\)"):
        generate_images(Reader(), np.zeros(3))


def test_a_generator_that_draws_nan_is_refused():
    with pytest.raises(ValueError, match="weights are damaged"):
        generate_images(lambda z: np.full((len(z), 4, 4, 3), np.nan), np.zeros((1, 3)))


def test_a_keras_generator_draws_and_keeps_its_fingerprint_on_disk(tmp_path):
    keras = pytest.importorskip("keras")
    generator = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(48),
            keras.layers.BatchNormalization(),
            keras.layers.Reshape((4, 4, 3)),
            keras.layers.Activation("tanh"),
        ]
    )
    before = fingerprint(generator)
    for name in ("generator.h5", "generator.keras"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            generator.save(tmp_path / name)
        assert fingerprint(keras.models.load_model(tmp_path / name, compile=False)) == before
    assert generate_images(generator, generate_latent_points(3, 5, seed=0), batch_size=2).shape == (5, 4, 4, 3)
    generator.layers[0].bias.assign(np.full(48, 1e-6))
    assert fingerprint(generator) != before


def test_a_fingerprint_of_something_without_weights_is_refused():
    with pytest.raises(TypeError, match="function has none"):
        fingerprint(grey_square)


# Films

LEVELS = np.linspace(-1, 1, 10)[:, None]  # ten vectors of one value, from black to white


def test_numbered_images_carry_their_vectors(tmp_path):
    folder = film(grey_square, LEVELS, tmp_path / "walk", generator_fingerprint="0123", seed=4, batch_size=3)
    paths = sorted(folder.iterdir())
    assert [path.name for path in paths] == [f"image_{i:03d}.png" for i in range(10)]
    z, info = from_image(paths[7])
    assert z[0] == np.float32(LEVELS[7])
    assert info == {"generator": "0123", "seed": 4}
    assert np.asarray(Image.open(paths[7])).max() == generate_images(grey_square, LEVELS)[7].max()


def test_numbered_jpegs_carry_their_vectors_too(tmp_path):
    folder = film(grey_square, LEVELS[:2], tmp_path / "walk", frame_type="jpg")
    assert from_image(folder / "image_001.jpg")[0][0] == np.float32(LEVELS[1])


def test_numbered_images_name_a_keras_generator_themselves(tmp_path, tiny_generator):
    folder = film(tiny_generator, generate_latent_points(6, 2, seed=1), tmp_path / "walk")
    assert from_image(folder / "image_000.png")[1]["generator"] == fingerprint(tiny_generator)


def test_other_kinds_of_numbered_images_are_refused(tmp_path):
    with pytest.raises(ValueError, match="'png' or 'jpg'"):
        film(grey_square, LEVELS, tmp_path / "walk", frame_type="bmp")


def test_a_gif_has_a_frame_for_each_vector_at_the_asked_pace_and_size(tmp_path):
    with Image.open(film(grey_square, LEVELS, tmp_path / "walk.gif", fps=5, scale=3)) as movie:
        assert (movie.n_frames, movie.size, movie.info["duration"], movie.info["loop"]) == (10, (12, 12), 200, 0)
        movie.seek(9)
        assert np.asarray(movie.convert("RGB")).min() == 255


def test_an_mp4_has_a_frame_for_each_vector(tmp_path):
    imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg")
    path = film(grey_square, LEVELS, tmp_path / "walk.mp4", fps=25, scale=4)
    assert imageio_ffmpeg.count_frames_and_secs(str(path))[0] == 10


def test_a_film_with_heat_maps_has_their_size(tmp_path):
    with Image.open(film(grey_square, LEVELS[:2], tmp_path / "walk.gif", heatmap=True)) as movie:
        assert movie.size == (880, 416)


def test_a_relative_scale_gives_alike_maps_for_a_vector_and_its_double(tmp_path):
    Z = np.float32([[-0.4, 0.1, 0.2, 0.4]])
    films = [
        film(grey_square, np.concatenate([Z, 2 * Z]), tmp_path / f"{limits}.gif", heatmap=True, limits=limits)
        for limits in (None, (-3, 3))
    ]
    alike = []
    for path in films:
        with Image.open(path) as movie:
            frames = []
            for i in range(2):
                movie.seek(i)
                frames.append(np.asarray(movie.convert("RGB"), int))
        cells = [frame[45, 40] for frame in frames]  # in the corner of the first cell, beside its value
        alike.append(np.abs(cells[0] - cells[1]).max() <= 2)
    assert alike == [True, False]


def test_a_long_film_never_holds_its_enlarged_frames(tmp_path):
    import tracemalloc

    def noise(z):
        return np.random.default_rng(0).uniform(-1, 1, (len(z), 16, 16, 3)).astype(np.float32)

    film(noise, np.zeros((2, 5)), tmp_path / "warm.gif")
    tracemalloc.start()
    film(noise, np.zeros((300, 5)), tmp_path / "walk.gif", scale=32)  # enlarged, 300 frames are 236 MB
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 80e6  # the tables of colours are 50 MB of it, however long the film


def test_vectors_of_another_generator_are_refused_before_anything_is_written(tmp_path):
    with pytest.raises(ValueError, match="5 values, this generator reads 3"):
        film(Reader(), np.zeros((2, 5)), tmp_path / "walk")
    assert not list(tmp_path.iterdir())


def test_a_film_that_was_cut_off_draws_only_the_frames_that_are_missing(tmp_path, capsys):
    drawn = []

    def watched(Z):
        drawn.extend(Z[:, 0])
        return grey_square(Z)

    def again(**changes):
        drawn.clear()
        options = {"generator_fingerprint": "0123", "seed": 4, **changes}
        film(watched, LEVELS, tmp_path / "walk", **options)
        return len(drawn)

    assert again() == 10 and capsys.readouterr().out == ""
    for i in (2, 3):
        (tmp_path / "walk" / f"image_00{i}.png").unlink()
    (tmp_path / "walk" / f".image_002.png.{2**31 - 2}-0a1b2c.part").touch()
    assert again() == 2 and "8 of 10 frames are there already; 2 are drawn" in capsys.readouterr().out
    assert sorted(path.name for path in (tmp_path / "walk").iterdir()) == [f"image_{i:03d}.png" for i in range(10)]
    assert again() == 0
    # another generator, seed or size is other work, and who drew what has no name may be another
    for changes in ({"generator_fingerprint": "4567"}, {"seed": 5}, {"scale": 2}, {"generator_fingerprint": None}):
        assert again(**changes) == 10


@pytest.mark.parametrize("name, options, said", [("walk.mov", {}, "gif or .mp4"), ("walk", {"scale": 1.5}, "scale")])
def test_a_film_of_another_kind_or_of_broken_pixels_is_refused(tmp_path, name, options, said):
    with pytest.raises(ValueError, match=said):
        film(grey_square, np.zeros((2, 1)), tmp_path / name, **options)
    assert not (tmp_path / name).exists()


def test_frames_of_a_longer_film_in_the_same_folder_are_named_and_stay(tmp_path, capsys):
    film(grey_square, np.zeros((4, 1)), tmp_path / "frames")
    film(grey_square, np.zeros((2, 1)), tmp_path / "frames")
    assert "holds 2 frames of another film, from image_002.png on" in capsys.readouterr().out
    assert len(list((tmp_path / "frames").glob("*.png"))) == 4
