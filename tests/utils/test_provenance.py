import numpy as np
import pytest
from PIL import Image

from utils.latent import generate_latent_points
from utils.provenance import from_image, save_image

IMAGE = np.random.default_rng(0).integers(0, 256, (8, 6, 3), dtype=np.uint8)


def test_an_image_gives_its_vector_back_to_the_last_bit(tmp_path):
    z = generate_latent_points(100, 1, seed=3)[0]
    path = save_image(tmp_path / "image_00.png", IMAGE, z=z, generator_fingerprint="0123abcd", seed=3)
    again, info = from_image(path)
    assert again.shape == (1, 100)
    assert again.dtype == np.float32
    assert np.array_equal(again[0], z)
    assert info == {"generator": "0123abcd", "seed": 3}


def test_pixels_are_saved_as_they_are(tmp_path):
    save_image(tmp_path / "image_00.png", IMAGE, z=np.zeros(100))
    assert np.array_equal(np.asarray(Image.open(tmp_path / "image_00.png")), IMAGE)


@pytest.mark.parametrize("shape", [(8, 6), (8, 6, 1), (8, 6, 3), (8, 6, 4)])
def test_grey_colour_and_float_images_are_saved_at_their_own_size(tmp_path, shape):
    save_image(tmp_path / "image.png", np.ones(shape))
    with Image.open(tmp_path / "image.png") as picture:
        assert picture.size == (6, 8)
        assert np.asarray(picture).min() == 255


def test_a_plain_png_is_refused_by_name(tmp_path):
    save_image(tmp_path / "plain.png", IMAGE)
    with pytest.raises(ValueError, match=r"plain\.png carries no latent vector"):
        from_image(tmp_path / "plain.png")


def test_a_jpeg_is_refused_by_its_format(tmp_path):
    Image.fromarray(IMAGE).save(tmp_path / "image.jpg")
    with pytest.raises(ValueError, match="is JPEG, only PNG"):
        from_image(tmp_path / "image.jpg")


def test_a_file_that_is_no_image_is_refused_by_name(tmp_path):
    (tmp_path / "image.png").write_text("not an image")
    with pytest.raises(ValueError, match=r"image\.png is not an image"):
        from_image(tmp_path / "image.png")


def test_a_text_that_is_too_long_is_refused(tmp_path, monkeypatch):
    save_image(tmp_path / "image.png", IMAGE, z=np.zeros(100))
    monkeypatch.setattr("utils.provenance.MAX_CHUNK", 100)
    with pytest.raises(ValueError, match="more than 100 characters"):
        from_image(tmp_path / "image.png")


def test_two_vectors_for_one_image_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"\(2, 100\)"):
        save_image(tmp_path / "image.png", IMAGE, z=np.zeros((2, 100)))


def test_a_seed_that_is_a_numpy_generator_is_left_out(tmp_path):
    save_image(tmp_path / "image.png", IMAGE, z=np.zeros(2), seed=np.random.default_rng(0))
    assert from_image(tmp_path / "image.png")[1]["seed"] is None
