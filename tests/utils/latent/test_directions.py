import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import lines
from utils.files.provenance import fingerprint
from utils.latent.directions import (
    MIN_SCORE,
    clear_directions,
    closed_form_directions,
    measure_lines,
    move,
    plot_directions,
    plot_truncation,
    principal_directions,
    reading_directions,
    regress,
    seen_along,
    truncate,
)
from utils.latent.generating import generate_images
from utils.latent.paths import generate_latent_points


@pytest.fixture
def stretched():
    """A generator whose first layer stretches value 2 most, value 0 next, and hardly feels the others."""
    from utils.quiet import keras

    kernel = np.random.default_rng(0).standard_normal((4, 12)) * np.array([[2], [0.1], [5], [0.1]])
    generator = keras.Sequential([keras.Input((4,)), keras.layers.Dense(12), keras.layers.Reshape((2, 2, 3))])
    generator.layers[0].set_weights([kernel, np.zeros(12)])
    return generator


@pytest.mark.parametrize("find", [closed_form_directions, principal_directions])
def test_what_the_first_layer_feels_most_comes_first(stretched, find):
    first, second = find(stretched, 2)
    assert abs(first.vector[2]) > 0.95
    assert abs(second.vector[0]) > 0.95
    assert first.score > second.score > 0


@pytest.mark.parametrize("find", [closed_form_directions, principal_directions])
def test_directions_of_the_first_layer_have_length_one_and_their_shares_add_up(tiny_generator, find):
    directions = find(tiny_generator, 100)
    assert len(directions) == 6
    assert np.allclose([np.linalg.norm(direction.vector) for direction in directions], 1, atol=1e-5)
    scores = [direction.score for direction in directions]
    assert scores == sorted(scores, reverse=True)
    assert 0 < sum(scores) <= 1 + 1e-6


def test_responses_are_those_of_the_way_to_the_picture_alone():
    from utils.quiet import keras

    layers = keras.layers
    z = keras.Input((4,))
    first = layers.Dense(12)
    x = layers.Reshape((2, 2, 3))(layers.LeakyReLU()(first(z)))
    scale = layers.Reshape((1, 1, 3))(layers.Dense(3)(layers.Dense(5)(z)))
    generator = keras.Model(z, layers.Conv2D(3, 1)(layers.Multiply()([x, scale])))
    first.set_weights([np.random.default_rng(0).standard_normal((4, 12)) * [[0.1], [0.1], [5], [0.1]], np.zeros(12)])
    assert abs(principal_directions(generator, 1)[0].vector[2]) > 0.95


def test_closed_form_directions_are_upright_to_each_other(tiny_generator):
    vectors = np.stack([direction.vector for direction in closed_form_directions(tiny_generator, 6)])
    assert np.allclose(vectors @ vectors.T, np.eye(6), atol=1e-5)


def test_a_generator_without_a_dense_layer_first_is_refused():
    from utils.quiet import keras

    generator = keras.Sequential([keras.Input((4,)), keras.layers.Reshape((2, 2, 1)), keras.layers.Conv2D(3, 1)])
    with pytest.raises(ValueError, match="does not begin with a dense layer"):
        closed_form_directions(generator)


def test_regression_finds_the_direction_and_says_how_much_it_explains():
    Z = generate_latent_points(20, 800, seed=1)
    noise = np.random.default_rng(2).standard_normal(800)
    direction = regress("right", Z, 3 * Z[:, 4] + 4 * Z[:, 5] + 5 * noise)  # half of the variance is noise
    assert direction.vector[4] == pytest.approx(0.6, abs=0.1)
    assert direction.vector[5] == pytest.approx(0.8, abs=0.1)
    assert direction.score == pytest.approx(0.5, abs=0.12)
    assert direction.samples == 800


def test_what_does_not_depend_on_the_vector_has_no_score():
    Z = generate_latent_points(20, 800, seed=1)
    direction = regress("nothing", Z, np.random.default_rng(2).standard_normal(800))
    assert direction is None or direction.score < 0.05


def test_images_that_do_not_tell_are_left_out():
    Z = generate_latent_points(5, 200, seed=1)
    values = np.where(np.arange(200) % 2, Z[:, 0], np.nan)
    direction = regress("half", Z, values)
    assert direction.samples == 100
    assert direction.score > 0.99


@pytest.mark.parametrize("values", [np.zeros(100), np.r_[np.arange(39.0), np.full(61, np.nan)]])
def test_too_few_or_equal_values_give_no_direction(values):
    assert regress("none", generate_latent_points(5, 100, seed=1), values) is None


def test_lines_are_measured_by_what_they_do():
    parameters = {
        "x": np.array([20, 100]),
        "y1": np.array([30, 90]),
        "y2": np.array([60, 60]),
        **{f"color_{line}": np.array([2, 3]) for line in ("x", "y1", "y2")},  # red, blue
    }
    measures = measure_lines(lines.draw(parameters))
    assert measures["move the vertical right"] == pytest.approx([20, 100])
    assert measures["move the horizontals down"] == pytest.approx([45, 75])
    assert measures["more lines"] == pytest.approx([3 * 185 / 255, 3 * 179 / 255], abs=0.05)
    assert measures["more verticals"] == pytest.approx(measures["more lines"] / 3, abs=0.05)
    assert measures["redder"][0] > 0.5 > -0.4 > measures["redder"][1]


def test_an_image_without_lines_tells_its_number_alone():
    measures = measure_lines(np.zeros((1, 128, 128, 3), np.uint8))
    assert measures["more lines"].tolist() == [0]
    assert np.isnan(measures["move the vertical right"]).all()


def test_directions_can_be_found_for_a_measure_of_ones_own(tiny_generator):
    def measure(images):
        return {"brighter": images.mean(axis=(1, 2, 3)), "always one": np.ones(len(images))}

    (direction,) = reading_directions(tiny_generator, 400, measure=measure)
    assert direction.name == "brighter"
    assert direction.score > 0.1
    z = generate_latent_points(6, 1, seed=5)[0]
    dark, bright = measure(generate_images(tiny_generator, move(z, direction, [-1, 1])))["brighter"]
    assert bright > dark


def test_a_direction_that_the_images_do_not_show_is_left_out(tiny_generator):
    def measure(images):
        return {
            "brighter": images.mean(axis=(1, 2, 3)),
            "one": np.ones(len(images)),
            "no": np.full(len(images), np.nan),
        }

    (brighter,) = reading_directions(tiny_generator, 400, measure=measure)
    others = [replace(brighter, name="one"), replace(brighter, name="no")]
    away = replace(brighter, vector=-brighter.vector)
    assert seen_along(tiny_generator, [*others, brighter, away], measure) == [brighter]


def test_around_a_vector_more_is_explained_than_over_the_whole_space(tiny_generator):
    def measure(images):
        return {"redder": images[..., 0].mean(axis=(1, 2)) - images[..., 2].mean(axis=(1, 2))}

    z = generate_latent_points(6, 1, seed=5)
    (everywhere,) = reading_directions(tiny_generator, 300, measure=measure)
    (here,) = reading_directions(tiny_generator, 300, measure=measure, around=z, spread=0.2)
    assert here.score > max(0.8, everywhere.score)


def test_moving_goes_so_far_along_the_direction():
    moved = move([1.0, 2.0], np.array([0.0, 1.0]), [-3, 0, 3])
    assert moved.tolist() == [[1, -1], [1, 2], [1, 5]]
    assert move([1.0, 2.0], np.array([0.0, 1.0]), 1).shape == (1, 2)


def test_a_direction_of_another_generator_is_refused():
    with pytest.raises(ValueError, match="3 values, the direction 2"):
        move(np.zeros(3), np.ones(2), 1)


def test_truncation_scales():
    assert truncate([[2.0, -4.0]], 0.5).tolist() == [[1, -2]]


def test_strips_are_drawn(tiny_generator, tmp_path):
    z = generate_latent_points(6, 2, seed=1)
    directions = closed_form_directions(tiny_generator, 2)
    for path in (
        plot_directions(tiny_generator, directions, z[0], path=tmp_path / "strips.png", show=False),
        plot_truncation(tiny_generator, z, path=tmp_path / "truncation.png", show=False),
    ):
        with Image.open(path) as picture:
            assert picture.width > 3 * picture.height


def test_only_clear_directions_are_shown_and_those_that_ship_come_before_others(stretched, tmp_path):
    """Value 2 makes the image brighter and nothing makes it "noisy": the one is shown, along what ships."""
    path = tmp_path / "mine.h5"
    rng = np.random.default_rng(3)

    def measure(images):
        values = np.asarray(images, float).reshape(len(images), -1) @ stretched.layers[0].get_weights()[0][2]
        return {"brighter": values, "noisy": rng.standard_normal(len(images))}

    shipped = [0.0, 0.0, 2.0, 0.0]
    card = {"generator": fingerprint(stretched), "directions": {"brighter": shipped, "noisy": [1.0, 0.0, 0.0, 0.0]}}
    (tmp_path / "mine.directions.json").write_text(json.dumps(card))
    (found,) = clear_directions(stretched, path, 400, measure=measure)
    assert (found.name, found.vector.tolist()) == ("brighter", [0, 0, 1, 0])
    assert found.score >= MIN_SCORE


def test_a_number_of_lines_that_hardly_varies_has_no_direction():
    images = lines.draw(lines.sample(40, seed=1))
    measures = measure_lines(images)
    assert np.isnan(measures["more verticals"]).all() and np.isfinite(measures["move the vertical right"]).all()
