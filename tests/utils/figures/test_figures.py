import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from utils import figures
from utils.figures import (
    HeatMapFrames,
    animate,
    heatmap_beside_image,
    plot_generated,
    plot_layers,
    plot_losses,
    printZ,
    sample_grid,
    show_images,
)
from utils.figures.heatmaps import BLUE, RED, WHITE
from utils.files.provenance import from_image
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
    assert any("cut off" in text.get_text() and "49,9" in text.get_text() for text in figure.axes[0].texts)


def test_a_graph_without_explosion_cuts_nothing_off_and_says_nothing():
    d_losses, g_losses = losses(200)
    figure = plot_losses(d_losses, g_losses)
    low, high = figure.axes[0].get_ylim()
    assert low < np.min(np.array(d_losses)[:, :3])
    assert high > max(g_losses)
    assert not figure.axes[0].texts


def test_the_graph_names_its_curves_and_axes():
    axes = plot_losses(*losses(20)).axes[0]
    assert [text.get_text()[0] for text in axes.get_legend().get_texts()] == ["D", "R", "F", "G"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("step", "loss")


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


def test_a_constant_vector_has_a_heat_map_on_its_own_scale(tmp_path):
    assert printZ(np.zeros((1, 4)), 0, 0, folder=tmp_path, limits=None).is_file()


def test_a_frame_has_the_originals_size_with_heat_map_left_and_image_right():
    frame = heatmap_beside_image(np.zeros(100), np.full((128, 128, 3), 7, np.uint8))
    assert frame.shape == (332, 716, 3)
    assert frame.dtype == np.uint8
    assert (frame[166, 358 + 179] == 7).all()
    assert (np.abs(frame[40:300, 40:280].astype(int) - WHITE).max(axis=-1) == 0).mean() > 0.8


def test_cells_of_a_frame_take_the_color_of_their_value_in_reading_order():
    z = np.zeros(100)
    z[0], z[9], z[99] = 3, -3, 50
    frame = HeatMapFrames(100).draw(z, IMAGES[0])[:, :358]
    red, blue = ((frame == color).all(axis=-1) for color in (RED, BLUE))
    red[:, 300:] = blue[:, 300:] = False  # the colour bar
    rows, columns = np.nonzero(red)
    assert {(row > 166, column > 150) for row, column in zip(rows, columns, strict=True)} == {(0, 0), (1, 1)}
    rows, columns = np.nonzero(blue)
    assert {(row > 166, column > 150) for row, column in zip(rows, columns, strict=True)} == {(0, 1)}


def test_frames_of_one_maker_do_not_touch_each_other():
    frames = HeatMapFrames(100)
    first = frames.draw(Z[0], IMAGES[0])
    kept = first.copy()
    frames.draw(Z[1], IMAGES[1])
    assert np.array_equal(first, kept)


@pytest.mark.parametrize("shape", [(20, 40), (40, 20, 1), (700, 300, 3)])
def test_an_image_of_any_shape_fits_beside_the_heat_map(shape):
    assert heatmap_beside_image(Z[0], np.zeros(shape, np.uint8)).shape == (332, 716, 3)


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
    monkeypatch.setattr("IPython.display.display", shown.append)
    printZ(Z, 0, 0, folder=tmp_path)
    assert [image.data[:4] for image in shown] == [b"\x89PNG"]
    printZ(Z, 0, 0, folder=tmp_path, show=False)
    assert len(shown) == 1


def test_a_plain_script_draws_without_a_window_a_warning_or_a_figure_left_open(tmp_path):
    script = f"""
import numpy as np, sys
from utils import figures
figures.show_images(np.zeros((2, 4, 4, 3)), 1, 2)
figures.plot_losses([[1, 1, 1, 1]], [1], {str(tmp_path / "Converge.png")!r})
figures.printZ(np.zeros((1, 100)), 0, 0, folder={str(tmp_path)!r})
assert "matplotlib.pyplot" not in sys.modules, "pyplot keeps figures open"
assert "keras" not in sys.modules and "tensorflow" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_importing_the_figures_loads_no_matplotlib():
    script = "import sys, utils.figures, utils.super_resolution; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_everything_that_is_promised_is_there():
    assert all(callable(getattr(figures, name)) for name in figures.__all__)
