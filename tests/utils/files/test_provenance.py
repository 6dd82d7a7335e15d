import warnings

import numpy as np
import pytest
from PIL import Image

from utils.files.provenance import from_image, save_image
from utils.latent import fingerprint, generate_latent_points

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


@pytest.mark.parametrize("name", ["image.jpg", "image.JPEG"])
def test_a_jpeg_gives_its_vector_back_to_the_last_bit(tmp_path, name):
    z = generate_latent_points(100, 1, seed=3)[0]
    again, info = from_image(save_image(tmp_path / name, IMAGE, z=z, generator_fingerprint="0123abcd", seed=3))
    assert again.dtype == np.float32
    assert np.array_equal(again[0], z)
    assert info == {"generator": "0123abcd", "seed": 3}
    with Image.open(tmp_path / name) as picture:
        assert picture.format == "JPEG"


def test_a_transparent_image_becomes_a_jpeg_without_transparency(tmp_path):
    save_image(tmp_path / "image.jpg", np.ones((8, 6, 4)))
    with Image.open(tmp_path / "image.jpg") as picture:
        assert picture.mode == "RGB"


def test_a_vector_too_long_for_a_jpeg_is_refused(tmp_path):
    with pytest.raises(ValueError, match="write a PNG"):
        save_image(tmp_path / "image.jpg", IMAGE, z=generate_latent_points(10_000, 1, seed=3)[0])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("comment", [b"", b"made by a camera", b"[1]", b"{" * 9999, b'{"Z": 3}', b"\xff\xfe"])
def test_a_jpeg_with_another_comment_carries_no_vector(tmp_path, comment):
    Image.fromarray(IMAGE).save(tmp_path / "photo.jpg", comment=comment)
    with pytest.raises(ValueError, match=r"photo\.jpg carries no latent vector"):
        from_image(tmp_path / "photo.jpg")


def test_other_formats_are_refused_by_name(tmp_path):
    Image.fromarray(IMAGE).save(tmp_path / "image.bmp")
    with pytest.raises(ValueError, match="is BMP; PNG and JPEG alone"):
        from_image(tmp_path / "image.bmp")


def test_an_image_of_another_generator_says_so(tmp_path):
    path = save_image(tmp_path / "image.png", IMAGE, z=np.zeros(3), generator_fingerprint="0123abcd")
    with pytest.warns(UserWarning, match=r"another generator \(0123abcd, this one is 4567cdef\)"):
        from_image(path, generator="4567cdef")


def test_an_image_of_this_generator_is_silent(tmp_path, tiny_generator):
    path = save_image(tmp_path / "image.png", IMAGE, z=np.zeros(6), generator_fingerprint=fingerprint(tiny_generator))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "__array__ implementation", DeprecationWarning)  # Keras' own, on PyTorch
        from_image(path, tiny_generator)


def test_a_file_that_is_no_image_is_refused_by_name(tmp_path):
    (tmp_path / "image.png").write_text("not an image")
    with pytest.raises(ValueError, match=r"image\.png is not an image"):
        from_image(tmp_path / "image.png")


def test_a_text_that_is_too_long_is_refused(tmp_path, monkeypatch):
    save_image(tmp_path / "image.png", IMAGE, z=np.zeros(100))
    monkeypatch.setattr("utils.files.provenance.MAX_CHUNK", 100)
    with pytest.raises(ValueError, match="more than 100 characters"):
        from_image(tmp_path / "image.png")


def test_two_vectors_for_one_image_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"\(2, 100\)"):
        save_image(tmp_path / "image.png", IMAGE, z=np.zeros((2, 100)))


def test_a_seed_that_is_a_numpy_generator_is_left_out(tmp_path):
    save_image(tmp_path / "image.png", IMAGE, z=np.zeros(2), seed=np.random.default_rng(0))
    assert from_image(tmp_path / "image.png")[1]["seed"] is None
