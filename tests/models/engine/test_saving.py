"""What is saved of a model is a copy, built once and kept out of the checkpoint."""

import h5py
import numpy as np

from models.generators.palette import SHARPER
from utils import runs
from utils.latent.temperature import inverse_temperature_of


def test_the_copy_is_built_once_and_has_the_weights_of_now(tiny, images):
    model = tiny()
    copy = model.model
    model.fit(images[:20], batch_size=20, epochs=1, verbose=0)
    assert model.model is copy
    for name in model.parts:
        for ours, saved in zip(getattr(model, name).get_weights(), copy.get_layer(name).get_weights(), strict=True):
            assert np.array_equal(ours, saved)


def test_a_checkpoint_holds_each_network_once(tiny, tmp_path):
    model = tiny()
    model.save_model(tmp_path)  # the copy is there from now on
    path = runs.save_weights(model, tmp_path / "checkpoint.weights.h5")
    with h5py.File(path) as file:
        assert {"critic", "generator", "optimizer"} <= set(file) and "model" not in file


def test_the_copy_is_no_part_of_the_model(tiny):
    model = tiny()
    before = len(model.variables)
    assert model.model and len(model.variables) == before


def test_the_moving_average_chooses_among_its_inks_more_surely(tiny, images, tmp_path):
    from utils.loaders import load_generator

    model = tiny(ema=0.9, inks=8, ink_certainty=3)
    model.fit(images[:20], batch_size=20, epochs=1, verbose=0)
    model.save_model(tmp_path)
    z = np.random.default_rng(0).normal(size=(4, model.z_dim)).astype("float32")
    taught = (model.generator, "generator.h5", 3)
    averaged = (model.ema_generator, "generator_ema.h5", 3 * SHARPER)
    for network, path, certainty in (taught, averaged):
        saved = load_generator(tmp_path / path)
        assert inverse_temperature_of(network) == inverse_temperature_of(saved) == certainty
        np.testing.assert_allclose(saved.predict_on_batch(z), network.predict_on_batch(z), atol=1e-5)


def test_after_the_moving_average_the_generator_itself_is_saved(tiny, images, tmp_path):
    from utils.loaders import load_generator

    model = tiny(ema=0.9)
    model.fit(images[:20], batch_size=20, epochs=2, verbose=0)
    saved = model.save_model(tmp_path).get_layer("generator").get_weights()
    for network, path in ((model.generator, "generator.h5"), (model.ema_generator, "generator_ema.h5")):
        for ours, there in zip(network.get_weights(), load_generator(tmp_path / path).get_weights(), strict=True):
            assert np.array_equal(ours, there)
    assert all(np.array_equal(a, b) for a, b in zip(saved, model.generator.get_weights(), strict=True))
