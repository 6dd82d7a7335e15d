import numpy as np
import pytest
from PIL import Image

from utils.files.provenance import fingerprint
from utils.images import psnr_each, to_float
from utils.latent import temperature
from utils.latent.generating import generate_images
from utils.latent.paths import generate_latent_points
from utils.latent.projection import History, plot_projection, project

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def found(tiny_generator):
    """Four images that the generator made itself, and what the search found for them."""
    images = generate_images(tiny_generator, generate_latent_points(6, 4, seed=7))
    return images, *project(tiny_generator, images, steps=120)


def test_images_of_the_generator_itself_are_found(found):
    _, _, history = found
    assert np.median(history.psnr) > 30


def test_the_vectors_give_the_images_that_the_history_speaks_of(found, tiny_generator):
    images, Z, history = found
    assert Z.shape == (4, 6)
    assert np.allclose(psnr_each(images, generate_images(tiny_generator, Z)), history.psnr)


def test_the_history_leads_from_the_start_to_the_vectors_found(found):
    _, Z, history = found
    assert history.loss.shape == (120, 4)
    assert (history.loss[-1] < 0.2 * history.loss[0]).all()
    assert (history.steps[0], history.steps[-1]) == (0, 120)
    assert history.Z.shape == (len(history.steps), 4, 6)
    assert np.array_equal(history.Z[-1], Z)


def test_a_search_leaves_the_generator_as_it_was(tiny_generator):
    before, flags = fingerprint(tiny_generator), [layer.trainable for layer in tiny_generator.layers]
    tiny_generator.layers[0].trainable = False
    project(tiny_generator, generate_images(tiny_generator, np.zeros((1, 6))), steps=2, starts=1)
    assert not tiny_generator.layers[0].trainable
    assert all(layer.trainable for layer in tiny_generator.layers[1:])
    tiny_generator.layers[0].trainable = True
    assert flags == [layer.trainable for layer in tiny_generator.layers]
    assert fingerprint(tiny_generator) == before


def test_a_generator_that_is_sure_of_its_inks_doubts_only_while_it_is_searched():
    networks = pytest.importorskip("models.generators")
    generator = networks.build_generator(6, (4, 4, 8), [1, 1], [8, 3], [4, 4], [2, 2], inks=8, seed=1)
    last = generator.get_layer("generator_conv_1")
    last.set_weights([100 * weights for weights in last.get_weights()])
    temperature.set_inverse_temperature(generator, 1e9)
    sought = generate_images(generator, generate_latent_points(6, 1, seed=7))
    _, history = project(generator, sought, steps=20, starts=1, prior=0)
    assert history.loss[-1] < history.loss[0]  # by 1e9 all slopes are 0
    assert temperature.inverse_temperature_of(generator) == 1e9


def test_strokes_find_their_places_and_are_as_sure_of_them_afterwards_as_before():
    networks, inks = pytest.importorskip("models.generators"), [[0, 0, 0], [255, 255, 255], [255, 0, 0]]
    layers = {"upsample": [1, 1], "conv_filters": [8, 3], "conv_kernel_size": [6, 6], "conv_strides": [4, 4]}
    options = {"modulation": [32], "strokes": 1, "inks": inks, "ink_certainty": 1000, "seed": 1}
    generator = networks.build_generator(8, (4, 4, 8), **layers, **options)
    before = generator.get_config()
    sought = generate_images(generator, generate_latent_points(8, 4, seed=7))
    _, near = project(generator, sought, candidates=50, starts=2, steps=80)
    _, hasty = project(generator, sought, candidates=50, starts=2, steps=1)
    assert np.median(near.psnr) > 30 > np.median(hasty.psnr)
    assert generator.get_config() == before


def test_a_seed_gives_the_same_search_again_and_bytes_are_as_good_as_floats(tiny_generator):
    image = generate_images(tiny_generator, np.ones((1, 6)))[0]
    first, _ = project(tiny_generator, image, steps=5, seed=3)
    again, _ = project(tiny_generator, to_float(image), steps=5, seed=3)
    assert np.allclose(first, again, atol=1e-5)


def test_the_prior_holds_vectors_where_normal_points_are(tiny_generator):
    white = np.full((1, 16, 16, 3), 255, np.uint8)  # no vector gives it; without a prior the search goes to the origin
    lengths = []
    for prior in (0, 10):
        Z, _ = project(tiny_generator, white, steps=60, starts=1, learning_rate=0.3, prior=prior)
        lengths.append(np.linalg.norm(Z) / np.sqrt(6))
    assert abs(lengths[0] - 1) > 0.3
    assert lengths[1] == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize(("shape", "said"), [((1, 8, 8, 3), r"\(1, 8, 8, 3\)"), ((0, 16, 16, 3), "resize")])
def test_images_of_another_size_are_refused_naming_both(tiny_generator, shape, said):
    with pytest.raises(ValueError, match=said):
        project(tiny_generator, np.zeros(shape, np.uint8))


def test_a_search_without_steps_is_refused(tiny_generator):
    with pytest.raises(ValueError, match="1 or more"):
        project(tiny_generator, np.zeros((1, 16, 16, 3), np.uint8), steps=0)


@pytest.mark.parametrize("steps", [1, 2, 4])
def test_a_search_of_very_few_steps_works_too(tiny_generator, steps):
    Z, history = project(tiny_generator, np.zeros((2, 16, 16, 3), np.uint8), steps=steps)
    assert Z.shape == (2, 6) and len(history.loss) == steps


def test_psnr_is_what_it_says():
    black, grey = np.zeros((1, 4, 4, 3), np.uint8), np.full((1, 4, 4, 3), 51, np.uint8)
    assert psnr_each(black, grey) == pytest.approx(20 * np.log10(5))
    assert psnr_each(black, black) == 99


def test_the_way_is_drawn(found, tiny_generator, tmp_path):
    images, _, history = found
    assert isinstance(history, History)
    with Image.open(plot_projection(tiny_generator, images, history, tmp_path / "way.png", show=False)) as picture:
        assert picture.width > picture.height > 300
