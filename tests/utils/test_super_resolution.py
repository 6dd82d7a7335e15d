import hashlib
import socket
import sys
import time

import numpy as np
import pytest
from PIL import Image

from utils.super_resolution import compare, load_upscaler, upscale

NOBODY = "http://127.0.0.1:9/a-model/1"  # the discard port of this machine, where nothing answers


def picture(h=8, w=12):
    return np.random.default_rng(0).integers(0, 256, (h, w, 3), dtype=np.uint8)


def repeat_pixels(scale):
    """Stands in for ESRGAN: repeats every pixel and adds 1, so that one sees that it was called."""
    tf = pytest.importorskip("tensorflow")
    return lambda image: tf.repeat(tf.repeat(image, scale, axis=1), scale, axis=2) + 1


def save_model(folder, call, shape=(1, None, None, 3), only_signature=False):
    """Save a TensorFlow model with the signature of ESRGAN's, or another one."""
    tf = pytest.importorskip("tensorflow")
    function = tf.function(call, input_signature=[tf.TensorSpec(shape, tf.float32)])
    model = tf.Module()
    if only_signature:
        tf.saved_model.save(model, str(folder), signatures={"serving_default": function})
    else:
        model.__call__ = function
        tf.saved_model.save(model, str(folder))
    return folder


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory):
    pytest.importorskip("tensorflow_hub")
    return save_model(tmp_path_factory.mktemp("esrgan"), repeat_pixels(4))


# A real SavedModel through hub.load


def test_a_saved_model_enlarges_four_times_in_0_to_255(model_folder):
    image = picture()
    [enlarged] = upscale([image], model=model_folder)
    assert enlarged.dtype == np.uint8
    assert np.array_equal(enlarged, np.clip(image.repeat(4, 0).repeat(4, 1).astype(int) + 1, 0, 255))


def test_enlarged_images_are_saved_as_super_resolution(model_folder, tmp_path):
    paths = upscale(np.stack([picture(), picture()]), model=str(model_folder), folder=tmp_path)
    assert [path.name for path in paths] == ["Super Resolution 0.jpg", "Super Resolution 1.jpg"]
    with Image.open(paths[0]) as jpeg:
        assert (jpeg.format, jpeg.size) == ("JPEG", (48, 32))


def test_a_model_with_a_serving_signature_alone_is_called_too(tmp_path):
    pytest.importorskip("tensorflow_hub")
    [enlarged] = upscale([picture()], model=save_model(tmp_path, repeat_pixels(4), only_signature=True))
    assert enlarged.shape == (32, 48, 3)


def test_a_model_of_another_scale_is_refused_with_both_shapes(tmp_path):
    pytest.importorskip("tensorflow_hub")
    save_model(tmp_path, repeat_pixels(2))
    with pytest.raises(ValueError, match=r"4 h, 4 w, 3.*\(1, 32, 32, 3\)"):
        load_upscaler(tmp_path)
    assert load_upscaler(tmp_path, scale=2).enlarge(picture()).shape == (16, 24, 3)


def test_a_model_that_is_not_called_with_images_is_refused(tmp_path):
    pytest.importorskip("tensorflow_hub")
    save_model(tmp_path, lambda z: 2 * z, shape=(None, 7))
    with pytest.raises(ValueError, match="cannot enlarge an image"):
        load_upscaler(tmp_path)


def test_a_saved_model_without_any_call_is_refused(tmp_path):
    pytest.importorskip("tensorflow_hub")
    import tensorflow as tf

    tf.saved_model.save(tf.Module(), str(tmp_path))
    with pytest.raises(ValueError, match="cannot enlarge an image"):
        load_upscaler(tmp_path)


def test_a_damaged_saved_model_is_refused_by_name(tmp_path):
    pytest.importorskip("tensorflow_hub")
    (tmp_path / "saved_model.pb").write_bytes(b"damaged")
    with pytest.raises(ValueError, match="cannot be loaded"):
        load_upscaler(tmp_path)


def test_a_folder_without_a_model_is_refused_with_the_ways_out(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no SavedModel.*esrgan or lanczos"):
        load_upscaler(tmp_path)


def test_when_tensorflow_hub_cannot_be_imported_the_error_says_what_to_install(tmp_path, monkeypatch):
    (tmp_path / "saved_model.pb").write_bytes(b"")
    monkeypatch.setitem(sys.modules, "tensorflow_hub", None)
    with pytest.raises(ImportError, match=r'pip install .*tf-keras "setuptools<81"'):
        load_upscaler(tmp_path)


# Without a network


def test_without_a_network_lanczos_steps_in_and_says_so(tmp_path, capsys):
    [path] = upscale([picture()], model=NOBODY, folder=tmp_path)
    assert path.name == "Super Resolution 0 (Lanczos).jpg"
    with Image.open(path) as jpeg:
        assert jpeg.size == (48, 32)
    said = capsys.readouterr().out
    assert NOBODY in said
    assert "Lanczos" in said


def test_a_host_that_never_answers_is_given_up_within_seconds(monkeypatch, capsys):
    monkeypatch.setattr("utils.super_resolution.REACH_SECONDS", 0.1)
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: time.sleep(5))
    start = time.perf_counter()
    assert load_upscaler("esrgan").name == "lanczos"
    assert time.perf_counter() - start < 1
    assert "tfhub.dev does not answer (no answer)" in capsys.readouterr().out


def test_a_download_that_fails_gives_way_to_lanczos(monkeypatch, capsys):
    hub = pytest.importorskip("tensorflow_hub")

    def fails(handle):
        raise OSError("HTTP Error 404: Not Found")

    monkeypatch.setattr("utils.super_resolution._check_reachable", lambda url: None)
    monkeypatch.setattr(hub, "load", fails)
    assert load_upscaler("esrgan").name == "lanczos"
    assert "404" in capsys.readouterr().out


def test_esrgan_is_the_originals_handle_and_is_loaded_through_the_hub(monkeypatch, model_folder):
    hub = pytest.importorskip("tensorflow_hub")
    asked, load = [], hub.load

    def load_local(handle):
        asked.append(handle)
        return load(str(model_folder))

    monkeypatch.setattr("utils.super_resolution._check_reachable", lambda url: None)
    monkeypatch.setattr(hub, "load", load_local)
    assert load_upscaler().label == ""
    assert asked == ["https://tfhub.dev/captain-pool/esrgan-tf2/1"]


def test_a_model_in_the_hubs_cache_needs_no_network(monkeypatch, tmp_path):
    pytest.importorskip("tensorflow_hub")
    save_model(tmp_path / hashlib.sha1(NOBODY.encode()).hexdigest(), repeat_pixels(4))
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path))
    assert load_upscaler(NOBODY).name == NOBODY


# Images


@pytest.mark.parametrize(("h", "w"), [(8, 12), (9, 15), (11, 13)])
def test_sides_are_cropped_to_multiples_of_four_from_the_top_left(h, w):
    image = np.zeros((h, w, 3), np.uint8)
    image[:8, :12] = 200
    [enlarged] = upscale([image], model="lanczos")
    assert enlarged.shape == (32, 48, 3)
    assert (enlarged == 200).all()


def test_transparency_is_dropped(tmp_path):
    Image.new("RGBA", (8, 8), (10, 20, 30, 0)).save(tmp_path / "image.png")
    from_file, from_array = upscale([tmp_path / "image.png", np.full((8, 8, 4), (10, 20, 30, 0), np.uint8)], "lanczos")
    assert (from_file == (10, 20, 30)).all()
    assert (from_array == (10, 20, 30)).all()


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 1)])
def test_grey_and_float_become_colour(shape):
    [enlarged] = upscale([np.ones(shape, np.float32)], "lanczos")
    assert enlarged.shape == (32, 32, 3)
    assert (enlarged == 255).all()


def test_other_names_can_be_given(tmp_path):
    paths = upscale([picture(), picture()], "lanczos", folder=tmp_path, names=["SR_0_00", "SR_0_01"])
    assert [path.name for path in paths] == ["SR_0_00 (Lanczos).jpg", "SR_0_01 (Lanczos).jpg"]


def test_a_name_too_few_is_refused():
    with pytest.raises(ValueError, match="2 images and 1 names"):
        upscale([picture(), picture()], "lanczos", names=["SR_0_00"])


def test_an_image_too_small_is_refused_by_its_size():
    with pytest.raises(ValueError, match="12 x 3 pixels"):
        upscale([picture(3, 12)], "lanczos")


def test_original_and_enlargement_are_compared_with_the_liveliest_detail(tmp_path):
    image = np.zeros((64, 64, 3), np.uint8)
    image[50:60, 50:60] = picture(10, 10)
    [enlarged] = upscale([image], "lanczos")
    figure = compare(image, enlarged, show=False)
    frame = figure.axes[0].patches[0]
    assert frame.get_x() > 40
    assert frame.get_y() > 40
    assert compare(image, enlarged, tmp_path / "compare.png").is_file()
