"""The published shape scales to five image sizes, in colour and in grey, and every one of them trains."""

import numpy as np
import pytest

import lines
from models.recipes import (
    LAYERS,
    any_rule,
    choose,
    cvae,
    fashion_mnist,
    inked_pictures,
    palette_of,
    pictures,
    plain_gan,
    propose,
    published,
    three_lines,
)
from models.WGANGP import WGANGP


def trains(parameters):
    """Do one step of one critic batch of two images; give the losses."""
    gan = WGANGP(**parameters, precision="float32", seed=1)
    gan.compile(run_eagerly=True)  # quicker than compiling, for a single step
    gan.n_critic = 1
    height, width, channels = parameters["input_dim"]
    images = np.random.default_rng(0).integers(0, 256, (2, height, width, channels), np.uint8)
    logs = gan.step(images)
    return [float(logs[name]) for name in ("d_loss", "g_loss")]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("image_size", LAYERS)
def test_the_published_shape_trains_at_every_size_in_grey_and_in_colour(image_size, channels):
    divide = 8 if image_size < 256 else 64
    assert np.isfinite(trains(published(divide=divide, image_size=image_size, channels=channels))).all()


@pytest.mark.parametrize(("image_size", "start"), [(28, 7), (32, 8), (64, 8), (128, 8), (256, 8)])
def test_each_doubling_of_the_side_is_a_layer_and_the_start_stays_small(image_size, start):
    parameters = published(image_size=image_size)
    layers = len(parameters["generator_conv_filters"])
    assert parameters["generator_initial_dense_layer_size"] == [start, start, 512]
    assert start * 2**layers == image_size
    assert {len(value) for name, value in parameters.items() if "_conv_" in name} == {layers}


def test_a_layer_keeps_the_filters_of_its_resolution():
    small, large = published(image_size=64), published(image_size=256)
    assert small["critic_conv_filters"] == [256, 512, 1024]
    assert small["generator_conv_filters"] == [512, 256, 3]
    assert large["critic_conv_filters"] == [64, 128, 256, 512, 1024]
    assert large["generator_conv_filters"] == [512, 256, 128, 64, 3]


def test_the_last_filters_are_the_channels():
    grey = published(image_size=28, channels=1)
    assert grey["input_dim"] == [28, 28, 1]
    assert grey["generator_conv_filters"] == [512, 1]


@pytest.mark.parametrize(
    ("image_size", "nearest"),
    [(16, "nearest is 28"), (30, "nearest are 28 and 32"), (100, "nearest are 64 and 128"), (512, "nearest is 256")],
)
def test_another_size_is_refused_and_the_nearest_that_work_are_named(image_size, nearest):
    with pytest.raises(ValueError, match=f"image_size is {image_size}; .* 28, 32, 64, 128, 256: the {nearest}"):
        published(image_size=image_size)


def test_two_channels_are_refused():
    with pytest.raises(ValueError, match="channels is 2"):
        published(channels=2)


def test_what_divides_the_filters_of_128_pixels_may_be_too_much_for_256():
    assert published(divide=128)["critic_conv_filters"] == [1, 2, 4, 8]
    with pytest.raises(ValueError, match="divide is 128; at 256 x 256 it has to divide 64"):
        published(divide=128, image_size=256)


def test_the_set_for_fashion_mnist_trains():
    parameters = fashion_mnist()
    assert parameters["input_dim"] == [28, 28, 1]
    assert np.isfinite(trains(parameters)).all()


@pytest.mark.parametrize("divide", [1, 8])
def test_the_recipe_of_the_three_lines_paints_strokes_in_the_inks_that_it_is_given(divide):
    inks = [[0, 0, 0], [255, 255, 255]]
    recipe = three_lines(divide, 1200, inks)
    assert recipe["strokes"] and recipe["inks"] == inks and recipe["decay_steps"] == 1200
    assert recipe["critic_conv_filters"][0] * divide == 8
    gan = WGANGP(**three_lines(8, 1200, inks))
    assert gan.generator.output_shape == (None, 128, 128, 3)


def test_inked_pictures_paint_no_strokes():
    assert "strokes" not in inked_pictures() and inked_pictures()["inks"] == 8


@pytest.mark.parametrize("recipe, narrowest", [(three_lines, 8), (inked_pictures, 16)])
def test_filters_that_cannot_be_divided_are_refused(recipe, narrowest):
    with pytest.raises(ValueError, match=f"it has to divide {narrowest}"):
        recipe(3)


@pytest.mark.parametrize("recipe", [three_lines, inked_pictures])
def test_the_recipes_of_one_critic_update_say_so_themselves(recipe):
    assert recipe()["n_critic"] == 1 and "n_critic" not in published()


@pytest.fixture
def strips():
    """White strips on black, 128 x 128."""
    images = np.zeros((4, 128, 128, 3), np.uint8)
    images[:, 60:65] = 255
    return images


GARMENTS = np.zeros((4, 28, 28, 1), np.uint8)
BLACK_AND_WHITE = [[0, 0, 0], [255, 255, 255]]


def test_the_words_of_the_notebook_choose_what_fits_the_images(strips):
    assert choose("WGANGP", "published", strips, "notebook", 2) == published("notebook", 2)
    assert choose("WGANGP", "published", GARMENTS) == fashion_mnist()
    assert choose("WGANGP", "plain_gan", GARMENTS) == plain_gan(image_size=28, channels=1)
    assert choose("WGANGP", "inked_pictures", strips, divide=2, steps=7) == inked_pictures(2, 7, BLACK_AND_WHITE)
    assert choose("WGANGP", "pictures", GARMENTS, steps=7) == pictures(1, 7, 28, 1)
    assert choose("WGANGP", "three_lines", strips, steps=7) == three_lines(1, 7, BLACK_AND_WHITE)


def test_the_schedule_of_an_autoencoder_is_part_of_its_steps():
    short, long = choose("CVAE", None, GARMENTS, steps=400), choose("CVAE", None, GARMENTS, steps=40_000)
    assert (short["warm_up_steps"], short["decay_steps"]) == (100, 400)
    assert (long["warm_up_steps"], long["decay_steps"]) == (cvae()["warm_up_steps"], 40_000)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("image_size", LAYERS)
@pytest.mark.parametrize("recipe", ["plain_gan", "three_lines", "inked_pictures", "pictures"])
def test_recipes_build_at_every_size_in_grey_and_in_colour(recipe, image_size, channels):
    images = np.zeros((2, image_size, image_size, channels), np.uint8)
    images[:, 10:14] = 255
    parameters = choose("WGANGP", recipe, images, divide=8, steps=9)
    gan = WGANGP(**parameters, precision="float32", seed=1)
    assert gan.generator.output_shape == (None, image_size, image_size, channels)
    assert gan.critic.input_shape == (None, image_size, image_size, channels)


def test_a_loss_takes_the_place_of_the_recipes():
    assert choose("WGANGP", "published", GARMENTS, loss="gan") == {**fashion_mnist(), "loss": "gan"}


@pytest.mark.parametrize(
    ("model", "recipe", "loss", "said"),
    [
        ("WGANGP", "plain_gan", "wasserstein", "needs the gradient penalty.*RECIPE = 'published'"),
        ("WGANGP", "pictures", "wasserstein", "needs the gradient penalty"),
        ("WGANGP", "published", "mse", "LOSS is 'mse'; choose"),
        ("CVAE", None, "gan", "LOSS is 'gan'.*LOSS = None"),
        ("WGANGP", "three_lines", None, "flat colours.*'pictures'"),
    ],
)
def test_what_does_not_go_together_is_refused_with_the_way_out(model, recipe, loss, said):
    with pytest.raises(ValueError, match=said):
        choose(model, recipe, GARMENTS, loss=loss)


def test_images_that_are_no_squares_are_refused():
    with pytest.raises(ValueError, match="32 x 28; the networks draw squares"):
        choose("CVAE", None, np.zeros((2, 28, 32, 1), np.uint8))


def test_the_first_choice_follows_what_the_images_are(strips, monkeypatch):
    noise = np.random.default_rng(0).integers(0, 256, (20, 32, 32, 3), np.uint8)
    monkeypatch.setattr("models.recipes.has_accelerator", lambda: False)
    assert propose(strips, "lines") == ("WGANGP", "published", "lines")
    assert propose(strips) == ("WGANGP", "inked_pictures", "flat")
    assert propose(noise, "molnar") == ("WGANGP", "any_rule", "rules")
    assert propose(noise) == propose(noise, minutes=10) == ("CVAE", None, "short")
    assert propose(noise, minutes=120) == ("WGANGP", "pictures", "long")
    monkeypatch.setattr("models.recipes.has_accelerator", lambda: True)
    assert propose(noise, minutes=10) == ("WGANGP", "pictures", "long")


@pytest.mark.parametrize(("model", "recipe", "said"), [("GAN", "published", "MODEL"), ("WGANGP", "lines", "RECIPE")])
def test_a_word_that_chooses_nothing_is_refused(model, recipe, said):
    with pytest.raises(ValueError, match=f"{said} is .* choose"):
        choose(model, recipe, np.zeros((1, 28, 28, 1), np.uint8))


def test_any_rule_starts_from_the_pens_of_the_images_and_mixtures_of_them():
    rules = lines.rules("molnar")
    molnar = rules.draw(rules.sample(40, seed=1))
    palette = palette_of(molnar)
    assert len(palette) == 5 and palette[0] == [247, 243, 233]  # the paper, three pens, and half of the first
    assert palette[4] == [(a + b) / 2 for a, b in zip(palette[0], palette[1], strict=True)]
    chosen = choose("WGANGP", "any_rule", molnar, steps=9)
    assert chosen == any_rule(2, 9, palette) and chosen["packing"] == 2


def test_a_single_colour_has_a_palette_too():
    assert palette_of(np.full((2, 8, 8, 3), 7, np.uint8)) == [[7, 7, 7], [248, 248, 248]]


@pytest.mark.parametrize("recipe", ["published", "plain_gan"])
def test_garments_are_divided_too_and_a_training_of_no_steps_has_no_schedule(recipe):
    grey = np.zeros((4, 28, 28, 1), np.uint8)
    whole, narrow = (choose("WGANGP", recipe, grey, divide=divide) for divide in (None, 8))
    assert whole["critic_conv_filters"] == [64, 128] and narrow["critic_conv_filters"] == [8, 16]
    with pytest.raises(ValueError, match="at 28 x 28 it divides 64 filters"):
        choose("WGANGP", recipe, grey, divide=3)
    with pytest.raises(ValueError, match="an autoencoder's is 1, 2, 4, 8 or 16"):
        choose("CVAE", None, grey, divide=32)
    assert choose("WGANGP", "pictures", np.zeros((4, 32, 32, 3), np.uint8), steps=0)["decay_steps"] is None
