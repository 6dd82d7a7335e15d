import os
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from utils.figures import (
    HeatMapFrames,
    animate,
    heatmap_beside_image,
    images_of_sheet,
    plot_curves,
    plot_generated,
    plot_layers,
    plot_losses,
    printZ,
    sample_grid,
    show_film,
    show_images,
    show_vectors,
)
from utils.figures.heatmaps import BLUE, RED, WHITE
from utils.files.provenance import from_image
from utils.images import to_uint8
from utils.latent import generate_latent_points

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (12, 16, 16, 3), dtype=np.uint8)
Z = generate_latent_points(100, 12, seed=1)


def pixels(path):
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


# Grids and sheets


def test_a_sample_sheet_holds_every_pixel_of_every_image_row_by_row(tmp_path):
    sheet = pixels(sample_grid(IMAGES, 3, 4, tmp_path / "images" / "sample_0.png"))
    assert sheet.shape == (4 + 3 * 20, 4 + 4 * 20, 3)
    for i, image in enumerate(IMAGES):
        top, left = 4 + i // 4 * 20, 4 + i % 4 * 20
        assert np.array_equal(sheet[top : top + 16, left : left + 16], image)


@pytest.mark.parametrize("shape", [(4, 8, 8), (4, 8, 8, 1), (4, 8, 8, 3)])
def test_a_sample_sheet_takes_grey_and_colour_floats(tmp_path, shape):
    sheet = pixels(sample_grid(np.ones(shape, np.float32), 2, 2, tmp_path / "sample.png"))
    assert (sheet[4:12, 4:12] == 255).all()


def test_a_sheet_with_too_few_images_keeps_its_size(tmp_path):
    assert pixels(sample_grid(IMAGES[:1], 2, 2, tmp_path / "sample.png")).shape == (44, 44, 3)


def test_shown_images_can_be_saved_with_titles(tmp_path):
    path = show_images(IMAGES, 2, 6, titles=[str(i) for i in range(12)], path=tmp_path / "shown.png")
    h, w, _ = pixels(path).shape
    assert w > 2.5 * h


# The convergence graph


def losses(n, first=0.0):
    d = RNG.normal(-10, 2, (n, 4))
    g = RNG.normal(20, 2, n)
    d[0, :2] += first
    return d.tolist(), g.tolist()


def test_the_graph_follows_the_steps_and_not_the_first_explosion():
    figure = plot_losses(*losses(200, first=50_000))
    low, high = figure.axes[0].get_ylim()
    assert -40 < low < -10
    assert 20 < high < 40
    said = figure.axes[0].get_xlabel()
    assert "cut off" in said and "49,9" in said


def test_a_graph_without_explosion_cuts_nothing_off_and_says_nothing():
    d_losses, g_losses = losses(200)
    figure = plot_losses(d_losses, g_losses)
    low, high = figure.axes[0].get_ylim()
    assert low < np.min(np.array(d_losses)[:, :3])
    assert high > max(g_losses)
    assert figure.axes[0].get_xlabel() == "step"


def test_the_graph_names_its_curves_and_axes():
    axes = plot_losses(*losses(20)).axes[0]
    assert [text.get_text().split()[0] for text in axes.get_legend().get_texts()] == ["D,", "R,", "F,", "generator"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("step", "loss")


def test_a_loss_has_one_colour_in_every_figure():
    d_losses, g_losses = losses(20)
    alone = plot_losses(d_losses, g_losses).axes[0]
    beside = plot_curves({"g_loss": g_losses, "d_real": [one[1] for one in d_losses]}, "others").axes[0]
    colors = [{line.get_label(): line.get_color() for line in axes.get_lines()} for axes in (alone, beside)]
    assert colors[1]["generator"] == colors[0]["generator"] != colors[0]["R, real images"]
    assert colors[1]["R, real images"] == colors[0]["R, real images"]


def test_the_penalty_has_no_curve_beside_the_losses():
    names = ("d_loss", "d_real", "d_fake", "d_penalty", "g_loss")
    axes = plot_curves({name: np.arange(9.0) for name in names}, "all").axes[0]
    assert not any("penalty" in text.get_text() for text in axes.get_legend().get_texts())


def test_the_title_of_a_graph_does_not_touch_its_legend():
    figure = plot_losses(*losses(20))
    FigureCanvasAgg(figure).draw()
    axes = figure.axes[0]
    title = next(text for text in axes.get_children() if getattr(text, "get_text", str)() == axes.get_title(loc="left"))
    assert title.get_window_extent().y0 >= axes.get_legend().get_window_extent().y1


@pytest.mark.parametrize("n", [1, 2])
def test_the_graph_is_drawn_from_the_first_step_on(tmp_path, n):
    assert plot_losses(*losses(n), path=tmp_path / "images" / "Converge.png").is_file()


def test_the_graph_survives_losses_that_are_nan(tmp_path):
    d_losses, g_losses = losses(20)
    d_losses[-1], g_losses[-1] = [np.nan] * 4, np.inf
    assert plot_losses(d_losses, g_losses, path=tmp_path / "Converge.png").is_file()
    assert plot_losses([[np.nan] * 4], [np.nan], path=tmp_path / "Nothing.png").is_file()


def test_a_graph_of_no_steps_is_refused():
    with pytest.raises(ValueError, match="no losses"):
        plot_losses([], [])


# Saved images


def test_generated_images_are_saved_pixel_for_pixel_and_know_their_vectors(tmp_path):
    paths = plot_generated(IMAGES, 3, folder=tmp_path, z=Z, generator_fingerprint="abc", seed=1)
    assert [path.name for path in paths] == ["image_00.png", "image_01.png", "image_02.png"]
    assert np.array_equal(pixels(paths[2]), IMAGES[2])
    z, info = from_image(paths[2])
    assert np.array_equal(z[0], Z[2])
    assert info == {"generator": "abc", "seed": 1}


def test_images_of_a_pair_carry_its_number(tmp_path):
    paths = plot_generated(IMAGES, 2, 7, folder=tmp_path)
    assert [path.name for path in paths] == ["image_7_00.png", "image_7_01.png"]


def test_names_of_many_images_sort_in_their_order(tmp_path):
    paths = plot_generated(np.zeros((101, 2, 2), np.uint8), 101, folder=tmp_path)
    assert [path.name for path in paths][::100] == ["image_000.png", "image_100.png"]
    assert sorted(paths) == paths


def test_more_images_than_there_are_is_refused(tmp_path):
    with pytest.raises(ValueError, match="n is 13, but there are 12"):
        plot_generated(IMAGES, 13, folder=tmp_path)


def test_vectors_that_do_not_match_the_images_are_refused(tmp_path):
    with pytest.raises(ValueError, match="12 images and 2"):
        plot_generated(IMAGES, 2, folder=tmp_path, z=Z[:2])


# Heat maps


@pytest.mark.parametrize("latent_dim", [1, 2, 7, 100])
def test_a_heat_map_is_named_after_pair_and_vector(tmp_path, latent_dim):
    path = printZ(Z[:, :latent_dim], 1, 3, folder=tmp_path)
    assert path == tmp_path / "Vec_3_01.png"
    assert path.is_file()


def test_on_the_fixed_scale_a_color_means_a_value_and_on_the_relative_one_it_does_not(tmp_path):
    vectors = np.stack([np.linspace(-1, 1, 100), np.linspace(-2, 2, 100)])

    def map_of(i, limits):
        return pixels(printZ(vectors, i, 0, folder=tmp_path, limits=limits))[:, :690]  # without the colour bar

    def has(color, picture):
        return (np.abs(picture.astype(int) - color).max(axis=-1) <= 2).any()

    assert not has(RED, map_of(0, (-3, 3)))
    assert has(RED, map_of(0, None))
    assert has(RED, map_of(1, (-2, 2)))


def test_limits_that_papermill_hands_over_as_text_are_a_pair(tmp_path):
    as_text = pixels(printZ(Z, 0, 0, folder=tmp_path, limits="(-2, 2)"))
    assert np.array_equal(as_text, pixels(printZ(Z, 0, 0, folder=tmp_path, limits=(-2, 2))))
    assert HeatMapFrames(100, "(-3, 3)").draw(Z[0], IMAGES[0]).shape == (416, 880, 3)
    with pytest.raises(ValueError, match=r"limits \(LIMITS\) is"):
        printZ(Z, 0, 0, folder=tmp_path, limits="wide")


def test_a_constant_vector_has_a_heat_map_on_its_own_scale(tmp_path):
    assert printZ(np.zeros((1, 4)), 0, 0, folder=tmp_path, limits=None).is_file()


def test_a_frame_has_its_heat_map_left_and_its_image_right_three_times_larger():
    frame = heatmap_beside_image(np.zeros(100), np.full((128, 128, 3), 7, np.uint8))
    assert frame.shape == (416, 880, 3)
    assert frame.dtype == np.uint8
    assert ((frame == 7).all(axis=-1).sum(), (frame[208, 680] == 7).all()) == (384 * 384, True)
    assert (np.abs(frame[40:400, 40:400].astype(int) - WHITE).max(axis=-1) == 0).mean() > 0.8


def test_cells_of_a_frame_take_the_color_of_their_value_in_reading_order():
    z = np.zeros(100)
    z[0], z[9], z[99] = 3, -3, 50
    frame = HeatMapFrames(100).draw(z, IMAGES[0])[:, :480]
    red, blue = ((frame == color).all(axis=-1) for color in (RED, BLUE))
    red[:, 420:] = blue[:, 420:] = False  # the colour bar
    rows, columns = np.nonzero(red)
    assert {(row > 208, column > 210) for row, column in zip(rows, columns, strict=True)} == {(0, 0), (1, 1)}
    rows, columns = np.nonzero(blue)
    assert {(row > 208, column > 210) for row, column in zip(rows, columns, strict=True)} == {(0, 1)}


def test_frames_of_one_maker_do_not_touch_each_other():
    frames = HeatMapFrames(100)
    first = frames.draw(Z[0], IMAGES[0])
    kept = first.copy()
    frames.draw(Z[1], IMAGES[1])
    assert np.array_equal(first, kept)


@pytest.mark.parametrize("shape", [(20, 40), (40, 20, 1), (700, 300, 3)])
def test_an_image_of_any_shape_fits_beside_the_heat_map(shape):
    assert heatmap_beside_image(Z[0], np.zeros(shape, np.uint8)).shape == (416, 880, 3)


def test_a_vector_of_another_length_than_the_frames_is_refused():
    with pytest.raises(ValueError, match="100 values, this one has 3"):
        HeatMapFrames(100).draw(np.zeros(3), IMAGES[0])


# Animations


def test_a_gif_holds_its_frames_in_order_at_its_speed_for_ever(tmp_path):
    frames = np.stack([np.full((8, 8, 3), level, np.uint8) for level in (0, 100, 200)])
    path = animate(frames, tmp_path / "walk.gif", fps=5, scale=3)
    with Image.open(path) as gif:
        assert (gif.n_frames, gif.size, gif.info["duration"], gif.info["loop"]) == (3, (24, 24), 200, 0)
        for i, level in enumerate((0, 100, 200)):
            gif.seek(i)
            assert np.abs(np.asarray(gif.convert("RGB")).astype(int) - level).max() <= 2


def test_what_does_not_move_in_a_gif_does_not_flicker(tmp_path):
    frames = np.repeat(np.linspace(0, 255, 64 * 64 * 3).reshape(1, 64, 64, 3), 4, axis=0).astype(np.uint8)
    for i in range(4):
        frames[i, :8] = RNG.integers(0, 256, (8, 64, 3))
    with Image.open(animate(frames, tmp_path / "walk.gif")) as gif:
        seen = []
        for i in range(gif.n_frames):
            gif.seek(i)
            seen.append(np.asarray(gif.convert("RGB"))[8:])
    assert len(seen) == 4
    assert all(np.array_equal(seen[0], later) for later in seen[1:])


def test_the_palette_keeps_a_thin_line_on_a_large_ground(tmp_path):
    frame = np.zeros((128, 128, 3), np.uint8)
    frame[:] = RNG.integers(0, 6, frame.shape)
    frame[60] = (54, 79, 179)
    with Image.open(animate([frame, frame[::-1]], tmp_path / "walk.gif")) as gif:
        line = np.asarray(gif.convert("RGB"))[60].astype(int)
    assert np.abs(line - (54, 79, 179)).max() <= 3


def test_a_ground_keeps_its_very_colour_in_a_gif(tmp_path):
    frames = RNG.integers(240, 256, (3, 64, 64, 3), dtype=np.uint8)
    frames[:, 10:] = 255
    with Image.open(animate(frames, tmp_path / "walk.gif")) as gif:
        assert (np.asarray(gif.convert("RGB"))[10:] == 255).all()


def test_grey_float_frames_become_a_gif(tmp_path):
    assert animate(np.stack([-np.ones((4, 4, 1)), np.ones((4, 4, 1))]), tmp_path / "grey.gif").is_file()


def test_an_animation_of_nothing_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no frame"):
        animate([], tmp_path / "walk.gif")


def test_frames_of_two_sizes_are_refused(tmp_path):
    with pytest.raises(ValueError, match="one size"):
        animate([np.zeros((4, 4)), np.zeros((4, 5))], tmp_path / "walk.gif")


def test_an_animation_of_another_kind_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"walk\.avi must end in \.gif or \.mp4"):
        animate(IMAGES, tmp_path / "walk.avi")


def test_an_mp4_without_its_package_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(ImportError, match="pip install imageio-ffmpeg"):
        animate(IMAGES, tmp_path / "walk.mp4")
    assert not list(tmp_path.iterdir())


def test_an_mp4_holds_its_frames(tmp_path):
    ffmpeg = pytest.importorskip("imageio_ffmpeg")
    reader = ffmpeg.read_frames(str(animate(IMAGES, tmp_path / "walk.mp4", fps=4, scale=3)))
    assert next(reader)["size"] == (48, 48)
    assert len(list(reader)) == 12


@pytest.mark.parametrize("sides", [(1, 1), (5, 8), (8, 5)])
def test_an_mp4_of_odd_sides_says_so_and_cuts_nothing_off(tmp_path, capsys, sides):
    ffmpeg = pytest.importorskip("imageio_ffmpeg")
    frame = np.zeros((*sides, 3), np.uint8)
    frame[-1] = 255
    reader = ffmpeg.read_frames(str(animate([frame] * 2, tmp_path / "walk.mp4")))
    width, height = next(reader)["size"]
    assert (width, height) == (sides[1] + sides[1] % 2, sides[0] + sides[0] % 2)
    assert np.frombuffer(next(reader), np.uint8).reshape(height, width, 3)[-1].min() > 200
    assert f"{width} x {height} pixels" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["a:b.mp4", "-walk.mp4", "walk %03d.mp4", "é:ü.mp4"])
def test_an_mp4_takes_any_name(tmp_path, name, monkeypatch):
    ffmpeg = pytest.importorskip("imageio_ffmpeg")
    monkeypatch.chdir(tmp_path)
    animate(IMAGES, name)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert ffmpeg.count_frames_and_secs(f"file:{name}")[0] == 12


@pytest.mark.parametrize(
    "name, settings, said",
    [
        ("walk.gif", {"fps": 0}, "fps is 0.*655 seconds at most"),
        ("walk.gif", {"fps": 1 / 1200}, "fps is 0.0008.*655 seconds"),
        ("walk.gif", {"fps": float("nan")}, "fps is nan"),
        ("walk.gif", {"fps": "10"}, "fps is '10'"),
        ("walk.mp4", {"fps": 0}, "fps is 0.*3600 seconds at most"),
        ("walk.mp4", {"fps": float("inf")}, "fps is inf"),
        ("walk.gif", {"loop": 65536}, "loop is 65536; choose a whole number from 0 to 65535, 0 for ever"),
        ("walk.gif", {"loop": -1}, "loop is -1"),
        ("walk.gif", {"loop": 1.5}, "loop is 1.5"),
        ("walk.gif", {"scale": 0}, "scale is 0; choose a whole number from 1"),
        ("walk.gif", {"scale": 5000}, "80000 x 80000 pixels are too large for a GIF"),
    ],
)
def test_what_a_film_cannot_hold_is_said_in_one_sentence_and_writes_nothing(tmp_path, name, settings, said):
    with pytest.raises(ValueError, match=said) as refusal:
        animate(IMAGES, tmp_path / name, **settings)
    assert "\n" not in str(refusal.value) and str(tmp_path / name) in str(refusal.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "settings", [{"fps": 100 / 65535}, {"loop": 65535}, {"fps": np.float32(50), "scale": np.int64(2)}]
)
def test_a_gif_holds_the_most_that_it_can(tmp_path, settings):
    with Image.open(animate(IMAGES, tmp_path / "walk.gif", **settings)) as gif:
        assert gif.n_frames == 12
        assert gif.info["duration"] == round(1000 / settings.get("fps", 10))
        assert gif.info["loop"] == settings.get("loop", 0)


def test_a_frame_without_a_pixel_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"shape \(0, 4, 3\) has no pixel"):
        animate([np.zeros((0, 4, 3), np.uint8)], tmp_path / "walk.gif")


@pytest.mark.parametrize("name", ["walk.mp4", "walk.gif"])
def test_a_film_for_which_the_disk_has_no_room_leaves_the_old_one(small_disk, name):
    pytest.importorskip("imageio_ffmpeg")
    before = animate(IMAGES, small_disk / name).read_bytes()
    with pytest.raises(OSError, match="could not be written: the disk is full"):
        animate(RNG.integers(0, 256, (60, 256, 256, 3), dtype=np.uint8), small_disk / name)
    assert [path.name for path in small_disk.iterdir()] == [name]
    assert (small_disk / name).read_bytes() == before


def test_where_the_frames_of_a_gif_wait_a_full_disk_is_named(small_disk, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(small_disk))
    with pytest.raises(OSError, match=f"{small_disk}.*disk is full") as failure:
        animate(RNG.integers(0, 256, (60, 256, 256, 3), dtype=np.uint8), tmp_path / "walk.gif")
    assert "frames of walk.gif" in str(failure.value)


@pytest.mark.skipif(os.name == "nt", reason="a stand-in for ffmpeg is a shell script")
@pytest.mark.parametrize(
    "script, said",
    [
        ("kill -9 $$", "ended with -9 and said nothing"),
        ("echo Unknown encoder \\'libx264\\' >&2; exit 8", "at .*ffmpeg cannot write H.264.*no libx264"),
        ("head -c 1000 >/dev/null; echo out of sorts >&2; exit 3", "ended with 3 and said: out of sorts"),
        ("cat >/dev/null; exit 0", "the file holds none that can be read"),
        ('for last; do :; done; head -c 3000 | REAL "$@"', "the file holds 3"),
        (None, "no ffmpeg can be started"),
    ],
)
def test_an_ffmpeg_that_fails_leaves_the_old_film_and_is_quoted(tmp_path, monkeypatch, capfd, script, said):
    ffmpeg = pytest.importorskip("imageio_ffmpeg")
    before = animate(IMAGES, tmp_path / "walk.mp4").read_bytes()
    stand_in = tmp_path / "ffmpeg"
    if script:
        real = ffmpeg.get_ffmpeg_exe()
        counting = f'case "$*" in *null*) exec {real} "$@";; esac\n'
        stand_in.write_text(f"#!/bin/sh\n{counting}{script.replace('REAL', real)}\n")
        stand_in.chmod(0o755)
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(stand_in))
    with pytest.raises(OSError, match=said) as failure:
        animate(IMAGES, tmp_path / "walk.mp4")
    assert "\n" not in str(failure.value)
    assert capfd.readouterr().err == ""
    assert (tmp_path / "walk.mp4").read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} <= {"walk.mp4", "ffmpeg"}


def test_frames_that_fail_on_the_way_are_not_blamed_on_ffmpeg(tmp_path):
    pytest.importorskip("imageio_ffmpeg")

    def frames():
        yield IMAGES[0]
        raise OSError("image_01.png is truncated")

    with pytest.raises(OSError, match=r"image_01\.png is truncated"):
        animate(frames(), tmp_path / "walk.mp4")
    assert not list(tmp_path.iterdir())


# Layers


def test_a_network_is_drawn_with_its_kernels_strides_and_shapes(tmp_path):
    keras = pytest.importorskip("keras")
    layers = keras.layers
    generator = keras.Sequential(
        [
            keras.Input((10,)),
            layers.Dense(4 * 4 * 8),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Reshape((4, 4, 8)),
            layers.Conv2DTranspose(6, 10, strides=2, padding="same", name="generator_conv_0"),
            layers.BatchNormalization(momentum=0.9),
            layers.UpSampling2D(),
            layers.Conv2D(3, 5, padding="same", activation="tanh"),
            layers.Flatten(),
        ]
    )
    words = [text.get_text() for text in plot_layers(generator).axes[0].texts]
    for word in (
        "generator_conv_0",
        "kernel 10 × 10",
        "stride 2 × 2",
        "4 × 4 × 8",
        "8 × 8 × 6",
        "after UpSampling2D",
        "16 × 16 × 3",
        "tanh",
        "LeakyReLU 0.2",
        "BatchNormalization 0.9",
    ):
        assert word in words
    assert plot_layers(generator, tmp_path / "viz" / "generator.png").is_file()


def test_a_second_way_through_a_network_is_named_where_it_begins_and_joins():
    keras = pytest.importorskip("keras")
    layers = keras.layers
    z = layers.Input((4,))
    style = layers.Dense(5, name="style")(z)
    x = layers.Dense(6, name="first")(z)
    x = layers.Multiply()([x, layers.Dense(6, name="scale")(style)])
    x = layers.Add()([x, layers.Dense(6, name="shift")(style)])
    words = [text.get_text() for text in plot_layers(keras.Model(z, x)).axes[0].texts]
    for word in ("and style", "first", "× scale", "+ shift"):
        assert word in words
    assert words.count("Dense") == 1
    way = layers.Dense(7, name="further")(layers.Dense(8, name="beside")(z))
    way = layers.Add()([layers.Dense(6, name="last")(way), layers.Dense(6, name="mark")(way)])
    words = [text.get_text() for text in plot_layers(keras.Model(z, layers.Add()([x, way]))).axes[0].texts]
    for word in ("and beside", "and style", "+ last", "+ mark", "8 units", "7 units"):  # with cards of its own
        assert word in words
    assert words.count("Dense") == 4 and words.count("Input") == 1
    residual = layers.Add()([layers.Dense(4, name="body")(z), z])
    words = [text.get_text() for text in plot_layers(keras.Model(z, residual)).axes[0].texts]
    assert words.count("Input") == words.count("Dense") == 1


def test_a_second_output_is_drawn_too():
    keras = pytest.importorskip("keras")
    layers = keras.layers
    z = layers.Input((4,))
    x = layers.Dense(6, name="body")(z)
    outputs = [layers.Dense(3, name=name)(x) for name in ("mean", "log_variance")]
    words = [text.get_text() for text in plot_layers(keras.Model(z, outputs)).axes[0].texts]
    assert words.count("Dense") == 3 and {"body", "mean", "log_variance"} <= set(words) and "and body" not in words


def test_arrows_lead_only_where_a_layer_reads_the_one_before():
    keras = pytest.importorskip("keras")
    layers = keras.layers
    z = layers.Input((4,))
    x = layers.Dense(6, name="body")(z)
    outputs = [layers.Dense(3, name=name)(x) for name in ("mean", "log_variance")]
    texts = plot_layers(keras.Model(z, outputs)).axes[0].texts
    assert sum(getattr(text, "arrow_patch", None) is not None for text in texts) == 2  # none between the two outputs


def test_what_joins_is_named_without_the_name_of_the_network():
    keras = pytest.importorskip("keras")
    layers = keras.layers
    z = layers.Input((4,))
    x = layers.Add()([layers.Dense(6, name="net_first")(z), layers.Dense(6, name="net_shift_of_the_first")(z)])
    words = [text.get_text() for text in plot_layers(keras.Model(z, x, name="net")).axes[0].texts]
    assert "+ shift_of_the_first" in words and "net_first" in words


def test_a_model_of_models_is_drawn_from_its_input_on():
    keras = pytest.importorskip("keras")
    layers = keras.layers
    parts = [
        keras.Sequential([keras.Input((4,)), layers.Dense(4)], name="generator"),
        keras.Sequential([keras.Input((4,)), layers.Dense(1)], name="critic"),
    ]
    z = layers.Input((4,), name="model_input")
    words = [text.get_text() for text in plot_layers(keras.Model(z, parts[1](parts[0](z)))).axes[0].texts]
    assert [word for word in words if word in ("model_input", "generator", "critic")] == [
        "model_input",
        "generator",
        "critic",
    ]


def test_a_model_that_is_not_built_is_refused():
    keras = pytest.importorskip("keras")
    with pytest.raises(ValueError, match="build the model"):
        plot_layers(keras.Sequential([keras.layers.Dense(3, name="first")]))


# Notebooks and scripts


def test_in_a_notebook_a_figure_shows_once_as_png(monkeypatch, tmp_path):
    pytest.importorskip("IPython")
    shown = []
    monkeypatch.setattr("utils.figures.style.in_notebook", lambda: True)
    monkeypatch.setattr("IPython.display.display", lambda one, **_: shown.append(one))
    printZ(Z, 0, 0, folder=tmp_path)
    assert [image["text/html"].count("data:image/png;base64,") for image in shown] == [1]
    printZ(Z, 0, 0, folder=tmp_path, show=False)
    assert len(shown) == 1


@pytest.mark.parametrize(
    ("name", "tag"), [("a.gif", '<img src="data:image/png'), ("a.mp4", '<video src="data:video/mp4')]
)
def test_a_film_is_shown_as_what_it_is(tmp_path, monkeypatch, name, tag):
    pytest.importorskip("IPython")
    shown = []
    monkeypatch.setattr("utils.figures.style.in_notebook", lambda: True)
    monkeypatch.setattr("IPython.display.display", lambda one, **_: shown.append(getattr(one, "data", one)))
    Image.new("RGB", (4, 4)).save(tmp_path / name, "GIF")  # an MP4's bytes are shown as they are
    show_film(tmp_path / name, ("what moves", "how it moves"), width=100)
    html = shown[0] if isinstance(shown[0], str) else shown[0]["text/html"]
    assert tag in html and 'width="100"' in html and '="what moves"' in html and "how it moves" in html


def test_a_plain_script_draws_without_a_window_a_warning_or_a_figure_left_open(tmp_path):
    script = f"""
import numpy as np, sys, warnings
warnings.simplefilter("error")
warnings.filterwarnings("ignore", "", DeprecationWarning, "matplotlib")  # of Matplotlib's libraries, for its makers
from utils import figures
figures.show_images(np.zeros((2, 4, 4, 3)), 1, 2)
figures.plot_losses([[1, 1, 1, 1]], [1], {str(tmp_path / "Converge.png")!r})
figures.printZ(np.zeros((1, 100)), 0, 0, folder={str(tmp_path)!r})
assert "matplotlib.pyplot" not in sys.modules, "pyplot keeps figures open"
assert "keras" not in sys.modules and "tensorflow" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_importing_the_figures_loads_no_matplotlib():
    script = "import sys, utils.figures, utils.super_resolution; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_an_image_stands_in_its_hairline_on_white_as_on_black():
    from matplotlib.colors import to_hex
    from matplotlib.figure import Figure

    from utils.figures.style import FRAME, draw_image

    axes = Figure().add_subplot()
    draw_image(axes, np.full((4, 4, 3), 255, np.uint8))
    assert {to_hex(spine.get_edgecolor()) for spine in axes.spines.values() if spine.get_visible()} == {FRAME}
    assert len([spine for spine in axes.spines.values() if spine.get_visible()]) == 4


def test_the_images_of_a_sheet_come_back(tmp_path):
    path = sample_grid(IMAGES[:6], 2, 3, tmp_path / "sheet.png")
    assert np.array_equal(images_of_sheet(path, 2, 3), to_uint8(IMAGES[:6]))
    for rows, columns in ((3, 2), (2, 2), (4, 6), (7, 3), (2, 200)):
        with pytest.raises(ValueError, match=rf"no sheet of {rows} rows and {columns} columns"):
            images_of_sheet(path, rows, columns)


def test_maps_on_scales_of_their_own_say_so(monkeypatch):
    from utils.figures import heatmaps

    said = []
    monkeypatch.setattr(heatmaps, "finish", lambda figure, path, show, seen: said.append(seen[1]))
    for limits in ((-3, 3), None):
        show_vectors(Z, IMAGES[: len(Z)], limits=limits, show=False)
    assert "from −3 (blue) to 3 (red)" in said[0] and "a scale of its own" in said[1]


def test_vectors_stand_beside_their_images_in_one_figure():
    figure = show_vectors(Z, IMAGES[: len(Z)], show=False)
    assert [axes.get_title(loc="left") for axes in figure.axes[:2]] == [f"Z[0], its {Z.shape[1]} numbers", "its image"]
    assert len(figure.axes) == 2 * len(Z) and not figure.axes[0].texts
    assert len(show_vectors(Z, IMAGES[: len(Z)], values=True, show=False).axes[0].texts) == Z.shape[1]
