import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

import lines as rules
from utils.files.provenance import from_image, save_image
from utils.latent import generate_latent_points
from utils.super_resolution import LINES, Upscaler, choose, compare, enlarged_frames, load_upscaler, upscale, upscaling
from utils.super_resolution.degradation import pairs
from utils.super_resolution.measuring import measure_upscaler
from utils.super_resolution.upscaling import is_of_bands

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
def lines():
    return load_upscaler("lines")


def watched(calls, label="", identity="repeats"):
    """An upscaler that repeats pixels, and keeps the shapes that it was called with."""

    def enlarge(images):
        calls.append(images.shape)
        return images.repeat(4, axis=1).repeat(4, axis=2)

    return Upscaler("watched", 4, enlarge, label=label, margin=8, identity=identity)


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


# The embedded network


def test_the_embedded_network_is_the_default_and_its_files_bear_no_label(tmp_path):
    [path] = upscale([picture()], folder=tmp_path)
    assert path.name == "Super Resolution 0.jpg"
    assert load_upscaler().name == "lines"


@pytest.mark.parametrize(("kind", "decibels"), [("clean", 3), ("jpeg", 3), ("degraded", 1.5)])
def test_the_embedded_network_is_nearer_to_the_truth_than_lanczos(lines, kind, decibels):
    ours, filtered = (measure_upscaler(upscaler, kind, n=6) for upscaler in (lines, load_upscaler("lanczos")))
    assert ours["psnr"] > filtered["psnr"] + decibels
    assert ours["ssim"] > filtered["ssim"]
    assert ours["edge_width"] < filtered["edge_width"]


def test_the_embedded_network_draws_nothing_on_black(lines):
    assert lines.enlarge(np.zeros((64, 64, 3), np.uint8)).max() <= 4


def test_the_embedded_network_shows_what_the_small_image_shows(lines):
    small, _ = pairs(8, "degraded", seed=11)
    averaged = np.stack(upscale(small, lines)).reshape(8, 128, 4, 128, 4, 3).mean(axis=(2, 4))
    seen_from_afar = [gaussian_filter(images.astype(float), (0, 2, 2, 0)) for images in (small, averaged)]
    assert np.abs(seen_from_afar[0] - seen_from_afar[1]).mean() < 2


def test_the_embedded_network_leaves_a_broken_line_broken(lines):
    image = np.zeros((64, 64, 3), np.uint8)
    image[30:35] = 255
    image[:, 24:40] = 0
    enlarged = lines.enlarge(image)
    assert enlarged[4 * 32, 4 * 10].min() > 250
    assert enlarged[:, 4 * 27 : 4 * 37].max() <= 10


def test_the_embedded_network_is_small_and_opens_with_keras_alone():
    keras = pytest.importorskip("keras")
    assert LINES.stat().st_size <= 4 * 2**20
    model = keras.models.load_model(LINES, safe_mode=True)
    assert model(np.zeros((2, 8, 12, 3), np.float32)).shape == (2, 32, 48, 3)
    assert all(type(layer).__module__.startswith("keras.") for layer in model.layers)


def test_the_embedded_networks_card_is_its_own(lines):
    card = json.loads(LINES.with_suffix(".json").read_text(encoding="utf-8"))
    assert lines.identity == f"lines_x4 {card['fingerprint']}, bands"
    assert card["command"].startswith("python -m models.SuperResolution")


def test_nothing_is_loaded_before_it_is_needed():
    script = (
        "import sys, utils.super_resolution; sys.exit(any(name in sys.modules for name in ('keras', 'tensorflow')))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_the_embedded_network_enlarges_by_four_alone():
    with pytest.raises(ValueError, match="4 times, not 2"):
        load_upscaler("lines", scale=2)


def test_when_the_embedded_network_is_missing_the_error_says_how_to_train_it(monkeypatch, tmp_path):
    monkeypatch.setattr(upscaling, "LINES", tmp_path / "lines_x4.keras")
    with pytest.raises(FileNotFoundError, match=r"python -m models\.SuperResolution"):
        load_upscaler("lines")


# Networks by path


def own_network(path, scale=4, channels=3):
    keras = pytest.importorskip("keras")
    image = keras.layers.Input((None, None, channels))
    keras.Model(image, keras.layers.UpSampling2D(scale, interpolation="nearest")(image)).save(path)
    return path


def test_a_network_of_ones_own_is_loaded_by_its_file(tmp_path):
    image = picture()
    [enlarged] = upscale([image], own_network(tmp_path / "own.keras"))
    assert np.array_equal(enlarged, image.repeat(4, 0).repeat(4, 1))


def test_a_network_of_another_scale_is_refused_with_its_shape(tmp_path):
    with pytest.raises(ValueError, match=r"4 h, 4 w, 3.*\(1, 32, 32, 3\)"):
        load_upscaler(own_network(tmp_path / "own.keras", scale=2))


def test_a_network_that_takes_no_colour_images_is_refused(tmp_path):
    with pytest.raises(ValueError, match="cannot enlarge an image"):
        load_upscaler(own_network(tmp_path / "own.keras", channels=1))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no file .*own\.keras"):
        load_upscaler(tmp_path / "own.keras")


# Without a network connection


def test_without_a_connection_the_embedded_network_steps_in_and_says_so(tmp_path, capsys):
    [path] = upscale([picture()], model=NOBODY, folder=tmp_path)
    assert path.name == "Super Resolution 0 (lines).jpg"
    with Image.open(path) as jpeg:
        assert jpeg.size == (48, 32)
    said = capsys.readouterr().out
    assert NOBODY in said
    assert "the embedded network instead" in said


def test_without_a_connection_other_scales_fall_back_to_lanczos(capsys):
    assert load_upscaler(NOBODY, scale=2).label == " (Lanczos)"
    assert "a Lanczos filter instead" in capsys.readouterr().out


# Tiles and batches


@pytest.mark.parametrize("size", [(150, 70), (64, 260), (96, 96)])
def test_tiles_leave_no_seam(lines, monkeypatch, size):
    image = np.random.default_rng(1).integers(0, 256, (*size, 3), dtype=np.uint8)
    whole = lines.enlarge_batch(image[None])[0].astype(int)
    monkeypatch.setattr(upscaling, "TILE", 64)
    assert np.abs(lines.enlarge(image) - whole).max() <= 1  # rounding alone


def test_a_filter_leaves_no_seam_either(monkeypatch):
    image, lanczos = picture(200, 150), load_upscaler("lanczos")
    monkeypatch.setattr(upscaling, "TILE", 128)
    assert np.array_equal(lanczos.enlarge(image), lanczos.enlarge_batch(image[None])[0])


def test_a_tile_without_its_surroundings_would_show(lines):
    image = picture(64, 64)
    halves = np.concatenate([lines.enlarge(image[:, :32]), lines.enlarge(image[:, 32:])], axis=1)
    assert np.abs(halves - lines.enlarge(image).astype(int)).max() > 10


def test_images_of_one_size_go_together_and_come_out_as_if_alone(lines):
    images = np.random.default_rng(2).integers(0, 256, (5, 16, 20, 3), dtype=np.uint8)
    together = np.stack(upscale(images, lines)).astype(int)
    alone = np.stack([lines.enlarge(image) for image in images])
    assert np.abs(together - alone).max() <= 1


def test_no_more_pixels_go_through_a_network_at_once_than_the_limit(monkeypatch):
    calls = []
    monkeypatch.setattr(upscaling, "BATCH_PIXELS", 3 * 64 * 64)
    monkeypatch.setattr(upscaling, "TILE", 64)
    upscale([*np.zeros((7, 64, 64, 3), np.uint8), np.zeros((200, 300, 3), np.uint8)], watched(calls))
    assert max(n * h * w for n, h, w, _ in calls) == 3 * 64 * 64
    assert max(max(h, w) for _, h, w, _ in calls) == 64


def test_images_of_several_sizes_keep_their_order():
    images = [np.full((h, 8, 3), i, np.uint8) for i, h in enumerate((8, 8, 12, 8, 12))]
    enlarged = upscale(images, watched([]))
    assert [image.shape[0] for image in enlarged] == [32, 32, 48, 32, 48]
    assert [image[0, 0, 0] for image in enlarged] == [0, 1, 2, 3, 4]


def test_frames_of_a_film_are_enlarged_as_they_come():
    calls = []
    frames = enlarged_frames((np.full((8, 8, 3), i % 256, np.uint8) for i in range(10**9)), watched(calls))
    assert [next(frames)[0, 0, 0] for _ in range(3)] == [0, 1, 2]
    assert len(calls) == 1


# Files and folders


def folder_of_images(folder, names=("b", "a", "image_07")):
    for i, name in enumerate(names):
        save_image(folder / f"{name}.png", np.full((8, 8, 3), 10 * i, np.uint8))
    return folder


def test_a_folder_keeps_its_names_in_their_order(tmp_path):
    paths = upscale(folder_of_images(tmp_path / "small"), watched([]), folder=tmp_path / "large")
    assert [path.name for path in paths] == ["a.jpg", "b.jpg", "image_07.jpg"]


def test_files_keep_their_names_on_request(tmp_path):
    small = folder_of_images(tmp_path)
    paths = upscale([small / "b.png", small / "a.png"], watched([]), folder=tmp_path / "large", names="keep")
    assert [path.name for path in paths] == ["b.jpg", "a.jpg"]


def test_arrays_have_no_names_to_keep():
    with pytest.raises(ValueError, match="give a list of names"):
        upscale([picture()], watched([]), names="keep")


def test_two_files_of_one_name_are_refused(tmp_path):
    with pytest.raises(ValueError, match="a would be written twice"):
        upscale([picture(), picture()], watched([]), folder=tmp_path, names=["a", "a"])


def test_an_image_is_never_written_over_by_its_enlargement(tmp_path):
    folder_of_images(tmp_path)
    with pytest.raises(ValueError, match=r"write over .*a\.png"):
        upscale(tmp_path, watched([]), folder=tmp_path, format="png")


def test_nor_under_another_spelling_of_its_folder(tmp_path, monkeypatch):
    (tmp_path / "photos").mkdir()
    (tmp_path / "linked").symlink_to(tmp_path / "photos")
    folder_of_images(tmp_path / "photos")
    before = (tmp_path / "photos" / "a.png").read_bytes()
    monkeypatch.chdir(tmp_path)
    for source, folder in (("photos", tmp_path / "photos"), ("photos/../photos", "photos"), ("linked", "photos")):
        with pytest.raises(ValueError, match=r"write over .*a\.png"):
            upscale(source, watched([]), folder=folder, format="png")
    assert (tmp_path / "photos" / "a.png").read_bytes() == before


def test_a_file_of_another_size_or_kind_of_the_same_image_is_made_anew(tmp_path):
    image = np.repeat(np.random.default_rng(1).integers(0, 256, (16, 16, 1), dtype=np.uint8), 3, axis=2)
    image[12:], image[:, 12:] = image[12], image[:, 12:13]  # as a smaller one is filled up
    sizes = []
    for one in (image, image[:13, :13], image[..., 0]):
        (path,) = upscale([one], watched([]), folder=tmp_path, format="png")
        with Image.open(path) as picture:
            sizes.append((picture.size, picture.mode))
    assert sizes == [((64, 64), "RGB"), ((52, 52), "RGB"), ((64, 64), "L")]


def test_a_comparison_states_the_sizes_that_are_there():
    figure = compare(np.zeros((101, 125, 3), np.uint8), np.zeros((404, 500, 3), np.uint8), show=False)
    titles = [axes.get_title() for axes in figure.axes]
    assert any("125 × 101" in title for title in titles) and any("500 × 404" in title for title in titles)


def test_an_empty_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="holds no image"):
        upscale(tmp_path, watched([]))


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no file or folder"):
        upscale(tmp_path / "nowhere", watched([]))


def test_png_keeps_every_pixel(tmp_path):
    image = picture()
    [path] = upscale([image], watched([]), folder=tmp_path, format="png")
    assert path.name == "Super Resolution 0.png"
    with Image.open(path) as png:
        assert np.array_equal(np.asarray(png), image.repeat(4, 0).repeat(4, 1))


def test_another_format_is_refused():
    with pytest.raises(ValueError, match="choose jpg or png"):
        upscale([picture()], watched([]), format="gif")


@pytest.mark.parametrize("format", ["jpg", "png"])
def test_an_enlarged_file_carries_the_vector_of_its_source(tmp_path, format):
    z = generate_latent_points(100, 1, seed=1)
    source = save_image(tmp_path / "image_00.png", picture(), z=z, generator_fingerprint="0123abcd", seed=1)
    [path] = upscale([source], watched([]), folder=tmp_path, format=format)
    again, info = from_image(path)
    assert np.array_equal(again, z)
    assert info == {"generator": "0123abcd", "seed": 1}


# Going on


def test_a_half_finished_folder_is_finished_and_nothing_done_twice(tmp_path):
    images, calls = [np.full((8, 8, 3), i, np.uint8) for i in range(4)], []
    first = upscale(images, watched([]), folder=tmp_path)
    first[1].unlink()
    assert upscale(images, watched(calls), folder=tmp_path) == first
    assert calls == [(1, 8, 8, 3)]
    assert first[1].is_file()


def test_another_image_under_the_same_name_is_enlarged_anew(tmp_path):
    calls = []
    upscale([picture()], watched([]), folder=tmp_path)
    upscale([255 - picture()], watched(calls), folder=tmp_path)
    assert len(calls) == 1


def test_another_network_enlarges_anew(tmp_path):
    calls = []
    upscale([picture()], watched([], identity="one"), folder=tmp_path)
    upscale([picture()], watched(calls, identity="two"), folder=tmp_path)
    assert len(calls) == 1


def test_a_damaged_file_is_made_anew(tmp_path):
    calls = []
    [path] = upscale([picture()], watched([]), folder=tmp_path)
    path.write_bytes(path.read_bytes()[:100])
    upscale([picture()], watched(calls), folder=tmp_path)
    assert len(calls) == 1


# Images


@pytest.mark.parametrize("model", ["lanczos", "lines"])
@pytest.mark.parametrize(("h", "w"), [(8, 12), (9, 15), (11, 13), (3, 12), (1, 1)])
def test_odd_sides_keep_their_last_rows_and_columns(model, h, w):
    image = np.zeros((h, w, 3), np.uint8)
    image[-1, -1] = 255
    [enlarged] = upscale([image], model=model)
    assert enlarged.shape == (4 * h, 4 * w, 3)
    assert enlarged[-2, -2].min() > 100


def test_transparent_files_are_laid_on_the_background_and_keep_their_transparency_as_png(tmp_path):
    image = np.zeros((8, 8, 4), np.uint8)
    image[:, :4] = (10, 200, 30, 255)
    image[:, 4:] = (99, 99, 99, 0)  # a colour that nobody sees
    Image.fromarray(image).save(tmp_path / "image.png")
    (path,) = upscale([tmp_path / "image.png"], "nearest", folder=tmp_path / "jpg", background=(255, 255, 255))
    with Image.open(path) as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)
        assert abs(pixels[:, -4:] - 255).max() < 12 and abs(pixels[:, :8] - (10, 200, 30)).max() < 12
    (path,) = upscale([tmp_path / "image.png"], "nearest", folder=tmp_path / "png", format="png")
    with Image.open(path) as picture:
        pixels = np.asarray(picture)
    assert pixels.shape == (32, 32, 4)
    assert (pixels[:, :12] == (10, 200, 30, 255)).all() and (pixels[:, -12:, 3] == 0).all()


def test_half_transparent_edges_keep_their_colour(tmp_path):
    image = np.full((8, 8, 4), (200, 100, 40, 128), np.uint8)
    [enlarged] = upscale([image], "lanczos", background=(0, 0, 255))
    assert enlarged.shape == (32, 32, 4)
    assert np.abs(enlarged.astype(int) - (200, 100, 40, 128)).max() <= 2


@pytest.mark.parametrize("model", ["lanczos", "lines"])
@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 1)])
def test_grey_stays_grey(shape, model):
    [enlarged] = upscale([np.ones(shape, np.float32)], model)
    assert enlarged.shape == (32, 32, *shape[2:])
    assert enlarged.min() > 240
    assert next(enlarged_frames([np.ones(shape, np.float32)], model)).shape == enlarged.shape


@pytest.mark.parametrize("mode", ["L", "LA"])
def test_grey_files_stay_grey(tmp_path, mode):
    Image.new(mode, (8, 8), 77 if mode == "L" else (77, 255)).save(tmp_path / "grey.png")
    (path,) = upscale([tmp_path / "grey.png"], "lanczos", folder=tmp_path / "large")
    with Image.open(path) as picture:
        assert picture.mode == "L" and picture.getpixel((9, 9)) == 77


@pytest.mark.parametrize("shape", [(8, 8, 2), (8,), (0, 8, 3), (2, 8, 8, 3)])
def test_what_is_no_image_is_refused_with_its_shape(shape):
    with pytest.raises(ValueError, match="shape"):
        upscale([np.zeros(shape, np.uint8)], "lanczos")


@pytest.mark.parametrize(
    ("model", "of_lines", "chosen"),
    [(None, True, "lines"), (None, False, "lanczos"), ("esrgan", True, "esrgan"), ("lines", False, "lines")],
)
def test_lines_are_enlarged_by_the_network_of_lines_and_others_are_not(model, of_lines, chosen):
    assert choose(model, of_lines) == chosen


def test_other_names_can_be_given(tmp_path):
    paths = upscale([picture(), picture()], "lanczos", folder=tmp_path, names=["SR_0_00", "SR_0_01"])
    assert [path.name for path in paths] == ["SR_0_00 (Lanczos).jpg", "SR_0_01 (Lanczos).jpg"]


def test_a_name_too_few_is_refused():
    with pytest.raises(ValueError, match="2 images and 1 names"):
        upscale([picture(), picture()], "lanczos", names=["SR_0_00"])


def test_original_and_enlargement_are_compared_with_the_liveliest_detail(tmp_path):
    image = np.zeros((64, 64, 3), np.uint8)
    image[50:60, 50:60] = picture(10, 10)
    [enlarged] = upscale([image], "lanczos")
    figure = compare(image, enlarged, show=False)
    frame = figure.axes[0].patches[0]
    assert frame.get_x() > 40
    assert frame.get_y() > 40
    assert compare(image, enlarged, tmp_path / "compare.png").is_file()


def test_a_call_that_was_cut_off_says_what_is_there_and_does_the_rest(tmp_path, capsys):
    images = np.random.default_rng(1).integers(0, 256, (4, 8, 8, 3), dtype=np.uint8)
    paths = upscale(images, "nearest", 2, folder=tmp_path)
    assert capsys.readouterr().out == ""
    kept = paths[0].stat().st_ino
    paths[1].unlink()
    (tmp_path / f".{paths[1].name}.{2**31 - 2}-0a1b2c.part").touch()
    assert upscale(images, "nearest", 2, folder=tmp_path) == paths
    assert "3 of 4 enlarged images are there already" in capsys.readouterr().out
    assert sorted(tmp_path.iterdir()) == sorted(paths) and paths[0].stat().st_ino == kept


def test_grey_of_16_bits_is_enlarged_at_its_own_brightness(tmp_path):
    Image.fromarray(np.full((8, 8), 32768, np.uint16)).save(tmp_path / "grey.png")
    (enlarged,) = upscale(tmp_path / "grey.png", load_upscaler("nearest"), 2)
    assert set(enlarged.ravel().tolist()) == {128}  # Pillow by itself would cut all above 255


def test_lines_from_edge_to_edge_are_enlarged_exactly_and_others_by_the_network():
    exact = rules.draw(rules.sample(2, seed=1))
    slanted = np.array(Image.fromarray(exact[0]).rotate(10))
    first, second, other = upscale([*exact, slanted], "lines")
    assert np.array_equal([first, second], rules.draw(rules.sample(2, seed=1), size=512))
    assert other.shape == (512, 512, 3) and not np.array_equal(other, slanted.repeat(4, 0).repeat(4, 1))


def test_bands_are_few_rows_and_columns():
    noise = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    assert not is_of_bands(noise)
    assert is_of_bands(noise[:2, :2].repeat(8, 0).repeat(8, 1))
    assert not is_of_bands(noise[:, :2].repeat(8, 1))  # few columns differ, all rows do


@pytest.mark.parametrize("model", ["nearest", "lines", "lanczos"])
def test_a_sprite_has_neither_a_dark_halo_nor_an_edge_of_another_colour(model):
    """White, 16 x 16, on nothing; laid on white, all of it is white."""
    sprite = np.zeros((32, 32, 4), np.uint8)
    sprite[8:24, 8:24] = 255
    [enlarged] = upscale([sprite], model)
    colors, share = enlarged[..., :3].astype(float), enlarged[..., 3:] / 255
    assert (255 - (colors * share + 255 * (1 - share))).max() <= 4
    if model == "nearest":
        assert set(np.unique(enlarged[..., 3])) == {0, 255}


def test_files_are_enlarged_as_they_are_loaded(tmp_path):
    """Upright as their EXIF orientation says; a TGA's empty fourth byte is no transparency; grey stays grey."""
    turned = Image.new("RGB", (40, 20), (200, 100, 50))
    exif = turned.getexif()
    exif[0x0112] = 6
    turned.save(tmp_path / "turned.jpg", exif=exif)
    Image.new("RGBA", (8, 8), (200, 100, 50, 0)).save(tmp_path / "empty.tga")
    grey = Image.fromarray(np.random.default_rng(0).integers(0, 256, (16, 16, 2), dtype=np.uint8), "LA")
    grey.save(tmp_path / "grey.png")
    sideways, empty, grey = upscale([tmp_path / name for name in ("turned.jpg", "empty.tga", "grey.png")], "lines")
    assert sideways.shape == (160, 80, 3)
    assert empty.shape == (32, 32, 3) and np.abs(empty.astype(int) - (200, 100, 50)).max() < 40
    assert grey.shape == (64, 64, 4) and (grey[..., :3] == grey[..., :1]).all()


def test_one_array_is_one_image_and_a_generator_gives_several():
    [enlarged] = upscale(picture(), "lanczos")
    assert enlarged.shape == (32, 48, 3)
    assert len(upscale((picture() for _ in range(2)), "nearest")) == 2


def test_a_folder_is_enlarged_whatever_its_names_and_but_for_what_cannot_be_read(tmp_path, capsys):
    for name in ("a.png", "a.bmp", "c.png"):
        Image.fromarray(picture()).save(tmp_path / name)
    (tmp_path / "photo.jpg (1)").write_bytes((tmp_path / "c.png").read_bytes())
    (tmp_path / "torn.jpg").write_bytes(b"\xff\xd8")
    upscale(tmp_path, "nearest", folder=tmp_path / "large", format="png")
    names = {path.name for path in (tmp_path / "large").glob("*.png")}
    assert {"a_png (nearest).png", "a_bmp (nearest).png", "c (nearest).png"} <= names and len(names) in (3, 4)
    assert "left out" in (said := capsys.readouterr().out) and "torn.jpg" in said
    with pytest.raises(ValueError, match="torn"):
        upscale([tmp_path / "c.png", tmp_path / "torn.jpg"], "nearest")


@pytest.mark.parametrize("model, scale, said", [(None, 4, "no upscaler is named"), ("lanczos", 2.5, "scale")])
def test_an_upscaler_that_is_none_or_a_broken_factor_is_refused_in_words(model, scale, said):
    with pytest.raises(ValueError, match=said):
        upscale([picture()], model, scale)
