"""The class keeps the original's promises: arguments, attributes, printed line, files; and it is a Keras model."""

import gc
import json
import pickle
import re
import weakref

import h5py
import keras
import numpy as np
import pytest
from keras import ops

from models.engine.loop import Schedule
from models.WGANGP import PARAMETER_NAMES, WGANGP, log_line
from tests.conftest import build_tiny, tiny_parameters
from utils import runs
from utils.loaders import ImageBatches, load_generator, load_model

STEP_LINE = re.compile(
    r"^\d+ \(5, 1\) \[D loss: \((-?\d+\.\d)\)\(R (-?\d+\.\d), F (-?\d+\.\d), G (-?\d+\.\d)\)\] \[G loss: -?\d+\.\d\]$"
)


def train(model, images, folder, epochs, **options):
    options = {"print_every_n_batches": 2, "verbose": 0, **options}
    return model.train(2, 2, ImageBatches.from_array(images, 4, seed=5), 4, epochs, folder, **options)


@pytest.fixture(scope="module")
def trained(images, tmp_path_factory):
    """A model and its run folder after four steps, shared by the tests that look at them and change nothing."""
    folder = tmp_path_factory.mktemp("run")
    model = build_tiny()
    model.save(folder)
    train(model, images, folder, epochs=4)
    return model, folder


def test_it_takes_21_arguments_by_position_in_the_originals_order(tiny):
    by_position = WGANGP(*tiny_parameters().values())
    assert list(tiny_parameters()) == list(PARAMETER_NAMES) and len(PARAMETER_NAMES) == 21
    assert by_position.parameters() == tiny().parameters()


def test_lists_of_unequal_length_are_refused_by_name(tiny):
    with pytest.raises(ValueError, match=r"critic_conv_.*3, 2 and 2"):
        tiny(critic_conv_filters=[4, 8, 16])
    with pytest.raises(ValueError, match="generator_upsample"):
        tiny(generator_upsample=[1])


def test_layers_that_lead_elsewhere_than_input_dim_are_refused(tiny):
    with pytest.raises(ValueError, match=r"\(16, 16, 3\).*\(32, 32, 3\)"):
        tiny(input_dim=(32, 32, 3))


def test_unknown_optimiser_and_precision_are_refused(tiny):
    with pytest.raises(ValueError, match=r"'sgd'.*'adam' or 'rmsprop'"):
        tiny(optimiser="sgd")
    with pytest.raises(ValueError, match="'int8'"):
        tiny(precision="int8")


def test_optimisers_are_the_published_ones(tiny):
    adam = tiny(critic_learning_rate=1e-4)
    assert adam.optimizer.beta_1 == adam.generator_optimizer.beta_1 == 0.5
    assert np.isclose(float(ops.convert_to_numpy(adam.optimizer.learning_rate)), 1e-4)
    assert np.isclose(float(ops.convert_to_numpy(adam.generator_optimizer.learning_rate)), 2e-4)
    assert isinstance(tiny(optimiser="rmsprop").optimizer, keras.optimizers.RMSprop)


def test_a_step_changes_both_networks_and_reports_finite_losses(tiny, images):
    model = tiny()
    before = [weights.copy() for weights in model.get_weights()]
    model.fit(images[:20], batch_size=20, epochs=1, verbose=0)
    after = model.get_weights()
    assert all(not np.array_equal(a, b) for a, b in zip(before, after, strict=True) if a.ndim > 1)
    logs = model.history.history
    total = logs["d_real"][0] + logs["d_fake"][0] + 10 * logs["d_penalty"][0]
    assert np.isclose(logs["d_loss"][0], total, rtol=1e-4)


RECIPE = {  # all that a recipe may ask for beyond the published one
    **{"loss": "relativistic", "penalty": "r1r2", "beta_1": 0.0, "ema": 0.9, "decay_steps": 8},
    **{"modulation": [3], "strokes": 2, "inks": [[0, 0, 0], [9, 99, 255], [255, 9, 9]], "ink_certainty": 3.0},
    "generator_steps": 2,
}


@pytest.mark.parametrize("recipe", [{}, RECIPE], ids=["published", "all that a recipe may ask for"])
def test_the_compiled_step_is_the_one_that_runs_line_by_line(tiny, compiled, images, recipe):
    """So that most tests here may leave TensorFlow's compiler out."""
    networks = [build(n_critic=2, **recipe) for build in (tiny, compiled)]
    if not networks[0].run_eagerly:
        pytest.skip("this backend has one way alone")
    for model in networks:
        model.fit(images[:24], batch_size=8, epochs=1, shuffle=False, verbose=0)  # three steps
    logs, expected = (model.history.history for model in networks)
    assert logs == {name: pytest.approx(values, rel=1e-5, abs=1e-8) for name, values in expected.items()}
    for ours, theirs in zip(*(model.get_weights() for model in networks), strict=True):
        assert np.allclose(ours, theirs, atol=1e-6)  # the learning rate moves most of them by 1e-3


def test_summary_and_keras_callbacks_work_as_on_any_model(compiled, images, tmp_path, capsys):
    model = compiled(n_critic=1)
    model.summary()
    assert "generator" in capsys.readouterr().out
    checkpoint = keras.callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras")
    model.fit(
        images[:20],
        batch_size=20,
        epochs=2,
        verbose=0,
        callbacks=[checkpoint, keras.callbacks.CSVLogger(tmp_path / "log.csv")],
    )
    assert (tmp_path / "log.csv").read_text().startswith("epoch,d_fake,d_loss,d_penalty,d_real,g_loss")
    again = keras.models.load_model(tmp_path / "2.keras")
    z = np.ones((2, 10), "float32")
    assert np.allclose(again.predict(z, verbose=0), model.predict(z, verbose=0), atol=1e-6)


def test_train_leaves_every_file_that_the_original_left(trained):
    _, folder = trained
    expected = {"params.pkl", "params.json", "history.csv", "generator.h5", "critic.h5", "model.h5"}
    expected |= {f"viz/{name}.png" for name in ("generator", "critic", "model")}
    expected |= {f"images/sample_{step}.png" for step in (0, 2, 3)}
    expected |= {"weights/weights.h5", str(runs.CHECKPOINT), str(runs.DATA)}
    assert {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} == expected


def test_train_counts_steps_and_keeps_losses(tiny, images, tmp_path):
    model = tiny()
    train(model, images, tmp_path, epochs=3)
    assert model.epoch == len(model.d_losses) == len(model.g_losses) == 3
    total, real, fake, penalty = model.d_losses[-1]
    assert isinstance(total, float) and np.isclose(total, real + fake + 10 * penalty, rtol=1e-4)
    train(model, images, tmp_path, epochs=2)
    assert model.epoch == len(model.g_losses) == 5
    history = runs.read_history(tmp_path)
    assert history["step"] == [0, 1, 2, 3, 4]
    assert np.allclose(history["g_loss"], model.g_losses, rtol=1e-6)


def test_train_prints_the_originals_line(tiny, images, tmp_path, capsys):
    train(tiny(), images, tmp_path, epochs=2, verbose=2)
    printed = [line for line in capsys.readouterr().out.splitlines() if line]
    assert len(printed) == 2 and printed[1].startswith("1 (5, 1) ")
    assert all(STEP_LINE.match(line) for line in printed)


def test_the_printed_line_is_the_originals_to_the_letter():
    line = log_line(452, 5, [-92.2, -71.9, -58.8, 3.8], 41.4)
    assert line == "452 (5, 1) [D loss: (-92.2)(R -71.9, F -58.8, G 3.8)] [G loss: 41.4]"


def test_train_takes_an_array_of_floats_as_the_original_did(tiny, images, tmp_path):
    model = tiny()
    model.train(2, 2, images.astype("float32") / 127.5 - 1, 4, 1, tmp_path, verbose=0)
    assert model.epoch == 1


def test_train_refuses_images_of_another_size(tiny, tmp_path):
    images = np.zeros((8, 32, 32, 3), np.uint8)
    with pytest.raises(ValueError, match=r"\(32, 32, 3\).*\(16, 16, 3\)"):
        train(tiny(), images, tmp_path, epochs=1)


def test_the_critic_gets_five_batches_on_every_hundredth_step():
    schedule = Schedule(2, every_100th=5)
    assert schedule.segments(0, 250) == [(1, 5), (99, 2), (1, 5), (99, 2), (1, 5), (49, 2)]
    assert schedule.segments(150, 201) == [(50, 2), (1, 5)]
    assert Schedule(5, every_100th=5).segments(0, 250) == [(250, 5)]
    assert [schedule.batches_before(step) for step in (0, 1, 2, 100, 101)] == [0, 5, 7, 203, 208]


def test_fewer_critic_batches_a_step_are_fewer_critic_updates(compiled, images, tmp_path):
    model = compiled(n_critic_every_100th=3)  # each number is another compiled function
    train(model, images, tmp_path, epochs=3, n_critic=2)
    assert int(model.optimizer.iterations) == 3 + 2 + 2
    assert int(model.generator_optimizer.iterations) == 3


@pytest.mark.slow
def test_a_recipes_number_of_critic_updates_is_done_without_being_asked_for(tiny, images, tmp_path):
    model = tiny(n_critic=1, n_critic_every_100th=2)
    train(model, images, tmp_path, epochs=3)
    assert int(model.optimizer.iterations) == 2 + 1 + 1
    as_published = tiny()
    train(as_published, images, tmp_path / "published", epochs=2)
    assert int(as_published.optimizer.iterations) == 5 + 5


def test_a_keyword_that_no_recipe_has_is_refused_with_those_that_there_are(tiny):
    with pytest.raises(TypeError, match=r"no argument 'los'.*loss, penalty"):
        tiny(los="hinge")


def test_no_batch_outlives_a_training(compiled, images, tmp_path):
    batches, drawn = ImageBatches.from_array(images, 4, seed=1), []

    def draw(*place):
        batch = ImageBatches.draw(batches, *place)
        drawn.append(weakref.ref(batch))
        return batch

    batches.draw = draw
    model = compiled(n_critic=1, n_critic_every_100th=2)
    model.train(2, 2, batches, 4, 8, tmp_path, verbose=0)  # one step, then seven
    gc.collect()
    assert len(drawn) >= 8
    assert not [batch for batch in drawn if batch() is not None]


def test_a_resumed_training_goes_on_as_if_it_had_not_stopped(compiled, images, tmp_path):
    recipe = {"n_critic": 1, "n_critic_every_100th": 1}
    whole = compiled(**recipe)
    train(whole, images, tmp_path / "whole", epochs=6)
    train(compiled(**recipe), images, tmp_path / "parts", epochs=4)
    resumed = compiled(seed=99, **recipe)
    train(resumed, images, tmp_path / "parts", epochs=6, resume=True)
    assert resumed.epoch == 6
    assert resumed.d_losses == [pytest.approx(losses, rel=1e-7) for losses in whole.d_losses]
    assert resumed.d_losses[4:] == whole.d_losses[4:] and resumed.g_losses[4:] == whole.g_losses[4:]


def test_resuming_without_a_checkpoint_says_so(tiny, images, tmp_path):
    (tmp_path / "history.csv").write_text("step,seconds\n0,1\n")  # of an output.zip, which has no checkpoint
    (tmp_path / "generator.h5").write_bytes(b"theirs")
    for _ in range(2):  # the second call does not take the first one for a training cut off
        with pytest.raises(FileNotFoundError, match="nothing to resume"):
            train(tiny(), images, tmp_path, epochs=1, resume=True)
    assert {path.name for path in tmp_path.iterdir()} == {"history.csv", "generator.h5"}
    assert (tmp_path / "generator.h5").read_bytes() == b"theirs"


@pytest.mark.parametrize("n_critic", [0, -2, 1.5])
def test_a_number_of_critic_updates_that_cannot_be_done_is_refused(tiny, images, tmp_path, n_critic):
    with pytest.raises(ValueError, match="n_critic"):
        train(tiny(), images, tmp_path, epochs=1, n_critic=n_critic)


def test_losses_that_are_no_numbers_stop_the_training_and_leave_the_last_good_files(tiny, images, tmp_path):
    model = tiny()
    train(model, images, tmp_path, epochs=2)
    good = (tmp_path / "generator.h5").read_bytes()
    model.critic.trainable_variables[0].assign(np.full(model.critic.trainable_variables[0].shape, np.nan))
    with pytest.raises(FloatingPointError, match="Step 2"):
        train(model, images, tmp_path, epochs=2)
    assert (tmp_path / "generator.h5").read_bytes() == good


def test_a_time_limit_stops_after_a_step_and_saves(tiny, images, tmp_path):
    model = tiny()
    train(model, images, tmp_path, epochs=1000, minutes=0, print_every_n_batches=500)
    assert model.epoch == 1
    assert (tmp_path / "generator.h5").exists()


def test_saved_networks_are_stock_float32_models_with_the_trained_weights(tiny, images, tmp_path):
    model = tiny(precision="mixed_bfloat16")
    train(model, images, tmp_path, epochs=1)
    generator = keras.models.load_model(tmp_path / "generator.h5", compile=False)
    assert {type(layer).__module__.split(".")[0] for layer in generator.layers} == {"keras"}
    assert {layer.dtype_policy.name for layer in generator.layers} == {"float32"}
    z = np.random.default_rng(0).normal(size=(3, 10)).astype("float32")
    assert np.allclose(generator.predict(z, verbose=0), model.generator.predict(z, verbose=0), atol=0.02)
    assert np.array_equal(load_generator(tmp_path / "generator.h5").get_weights()[0], model.generator.get_weights()[0])


def test_load_model_brings_a_saved_run_back(trained):
    model, folder = trained
    again = load_model(WGANGP, folder)
    assert again.parameters() == model.parameters()
    for ours, theirs in zip(model.get_weights(), again.get_weights(), strict=True):
        assert np.array_equal(ours, theirs)


def test_params_pkl_holds_the_originals_list_of_plain_values(trained):
    model, folder = trained
    values = pickle.loads((folder / "params.pkl").read_bytes())
    assert values == list(json.loads((folder / "params.json").read_text()).values()) and len(values) == 21
    assert values == list(model.parameters().values())


def test_sample_images_writes_the_grid_under_the_steps_number(tiny, tmp_path):
    model = tiny()
    model.epoch = 7
    path = model.sample_images(tmp_path, 2, 3)
    assert path == tmp_path / "images" / "sample_7.png" and path.exists()


def test_loss_scaling_is_there_in_float16(compiled, images):
    model = compiled(precision="mixed_float16", n_critic=1)
    model.fit(images[:4], batch_size=4, epochs=1, verbose=0)
    assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    assert np.isfinite(model.history.history["d_loss"][0])


def test_an_update_left_out_in_float16_counts_as_done(tiny, images, tmp_path):
    model = tiny(precision="mixed_float16")
    for optimizer in (model.optimizer, model.generator_optimizer):
        optimizer.dynamic_scale.assign(1e30)  # every gradient is infinite
    before = [weights.copy() for weights in model.generator.get_weights() if weights.ndim > 1]
    model.train(2, 2, images, 4, 2, tmp_path, print_every_n_batches=10, n_critic=1)
    after = [weights for weights in model.generator.get_weights() if weights.ndim > 1]
    assert all(np.array_equal(*pair) for pair in zip(before, after, strict=True))
    assert model.steps_done == len(model.g_losses) == 2  # a resumed training goes on from there
    assert float(model.generator_optimizer.dynamic_scale.numpy()) == pytest.approx(2.5e29)


@pytest.mark.parametrize("loss", ["gan", "hinge", "relativistic"])
@pytest.mark.parametrize("penalty", ["r1", "r1r2", None])
def test_other_objectives_train_both_networks(tiny, images, loss, penalty):
    model = tiny(loss=loss, penalty=penalty)
    before = [network.get_weights()[0].copy() for network in (model.critic, model.generator)]
    logs = model.fit(images[:20], batch_size=20, epochs=1, verbose=0).history
    assert all(np.isfinite(values).all() for values in logs.values())
    assert (logs["d_penalty"][0] > 0) == (penalty is not None)
    for weights, network in zip(before, (model.critic, model.generator), strict=True):
        assert not np.array_equal(weights, network.get_weights()[0])


def test_unknown_objectives_are_refused_with_those_there_are(tiny):
    with pytest.raises(ValueError, match=r"loss is 'mse'.*'relativistic'"):
        tiny(loss="mse")
    with pytest.raises(ValueError, match=r"penalty is 'r3'.*'r1r2'"):
        tiny(penalty="r3")
    with pytest.raises(ValueError, match="ema is 2"):
        tiny(ema=2)


def test_the_moving_average_lags_behind_and_is_saved_beside_the_generator(compiled, images, tmp_path):
    model = compiled(ema=0.9, n_critic_every_100th=1)
    start = model.generator.get_weights()[0].copy()
    train(model, images, tmp_path, epochs=1, n_critic=1)
    now, average = model.generator.get_weights()[0], model.ema_generator.get_weights()[0]
    decay = (1 + 1) / (10 + 1)  # after one step
    assert np.allclose(average, now + decay * (start - now), atol=1e-7)
    saved = load_generator(tmp_path / "generator_ema.h5")
    assert np.array_equal(saved.get_weights()[0], average)
    assert runs.latest_generator(tmp_path) == tmp_path / "generator_ema.h5"


def test_a_model_that_is_loaded_has_its_moving_average(tiny, images, tmp_path):
    model = tiny(ema=0.9)
    model.save(tmp_path)
    train(model, images, tmp_path, epochs=2)
    for ema_file_there in (True, False):
        loaded = load_model(WGANGP, tmp_path)
        own = model.ema_generator if ema_file_there else model.generator
        for ours, theirs in zip(loaded.ema_generator.get_weights(), own.get_weights(), strict=True):
            assert np.allclose(ours, theirs, atol=1e-6)
        (tmp_path / "generator_ema.h5").unlink(missing_ok=True)


@pytest.mark.parametrize("changes", [{"optimiser": "rmsprop"}, {"precision": "mixed_float16"}])
def test_a_checkpoint_of_another_optimiser_is_refused_and_stays(tiny, images, tmp_path, changes):
    train(tiny(), images, tmp_path, epochs=2)
    before = (tmp_path / runs.CHECKPOINT).read_bytes(), (tmp_path / "history.csv").read_text()
    with pytest.warns(UserWarning), pytest.raises(ValueError, match="another precision or optimiser"):
        train(tiny(**changes), images, tmp_path, epochs=4, resume=True)
    assert ((tmp_path / runs.CHECKPOINT).read_bytes(), (tmp_path / "history.csv").read_text()) == before


@pytest.mark.parametrize(
    "asked, recorded, machine, kept",
    [
        ("float32", "mixed_float16", "mixed_bfloat16", "float32"),
        ("auto", None, "mixed_bfloat16", "auto"),
        ("auto", "float32", "mixed_bfloat16", "float32"),
        ("auto", "mixed_float16", "float32", "mixed_float16"),
        ("auto", "mixed_bfloat16", "mixed_bfloat16", "mixed_bfloat16"),
        ("auto", "mixed_bfloat16", "mixed_float16", "float32"),
    ],
)
def test_a_training_goes_on_in_its_precision_as_far_as_a_machine_has_it(monkeypatch, asked, recorded, machine, kept):
    from models.engine import precision

    monkeypatch.setattr(precision, "resolve_precision", lambda _: machine)
    assert precision.kept_precision(asked, recorded) == kept


def test_dropout_draws_from_the_seed_too(tiny, images, tmp_path):
    dropped = {"critic_dropout_rate": 0.3, "generator_dropout_rate": 0.3}
    first, second, other = (tiny(**dropped, seed=seed) for seed in (1, 1, 2))
    for name, model in (("first", first), ("second", second), ("other", other)):
        train(model, images, tmp_path / name, epochs=2, n_critic=1)
    assert first.d_losses == second.d_losses != other.d_losses


def test_a_resumed_training_with_dropout_drops_what_a_whole_one_drops(tiny, images, tmp_path):
    dropped = {"critic_dropout_rate": 0.3, "generator_dropout_rate": 0.3, "seed": 1}
    whole, begun, resumed = (tiny(**dropped) for _ in range(3))
    train(whole, images, tmp_path / "whole", epochs=4, n_critic=1)
    train(begun, images, tmp_path / "parts", epochs=2, n_critic=1)
    train(resumed, images, tmp_path / "parts", epochs=4, n_critic=1, resume=True)
    assert resumed.d_losses[2:] == whole.d_losses[2:] and resumed.g_losses[2:] == whole.g_losses[2:]


@pytest.mark.parametrize("kind", ["float", "augmented"])
def test_images_that_a_device_cannot_keep_as_they_are_are_refused(tiny, images, tmp_path, kind):
    if kind == "float":
        x_train = ImageBatches.from_array(images / np.float32(127.5) - 1, 4, seed=5)
    else:
        x_train = ImageBatches.from_array(images, 4, seed=5, augment=("mirror",))
    with pytest.raises(ValueError, match="on_device=True keeps images as uint8"):
        tiny().train(2, 2, x_train, 4, 1, tmp_path, on_device=True, verbose=0)


@pytest.mark.parametrize(
    "given",
    [
        {"decay_steps": 0},
        {"decay_steps": -5},
        {"beta_1": 1.5},
        {"beta_2": -1},
        {"decay_steps": 2.5},
    ],
)
def test_a_schedule_or_a_decay_out_of_its_range_is_refused(tiny, given):
    with pytest.raises(ValueError, match=next(iter(given))):
        tiny(**given)


def test_without_a_moving_average_there_is_none(trained):
    model, folder = trained
    assert model.ema_generator is None
    assert (folder / "generator.h5").exists() and not (folder / "generator_ema.h5").exists()


def test_several_updates_of_the_generator_in_a_step(tiny, images):
    model, usual = tiny(generator_steps=3), tiny()
    for one in (model, usual):
        one.n_critic = 1
        one.step(images[:4])
    assert int(model.generator_optimizer.iterations) == 3 and int(model.optimizer.iterations) == 1
    assert model.steps_done == usual.steps_done == 1
    kernels = [one.generator.get_layer("generator_conv_0").get_weights()[0] for one in (tiny(), model, usual)]
    start, moved, usually = kernels
    assert np.abs(moved - start).sum() > 1.5 * np.abs(usually - start).sum()


@pytest.mark.parametrize(("option", "least"), [("generator_steps", 1), ("strokes", 1), ("inks", 2)])
@pytest.mark.parametrize("number", [0, -1, 1.0, 1.5, "2"])
def test_numbers_that_count_nothing_are_refused(tiny, option, least, number):
    with pytest.raises(ValueError, match=f"{option} is {number!r}; it is a whole number from {least} on"):
        tiny(**{option: number})


@pytest.mark.parametrize("others", [{}, {"inks": 8}, {"modulation": [3]}])
def test_strokes_without_modulation_or_inks_are_refused(tiny, others):
    with pytest.raises(ValueError, match=r"set modulation=\[64\] and inks to the images' colours"):
        tiny(strokes=2, **others)


@pytest.mark.parametrize("inks", [[(0, 0), (1, 1)], [(0, 0, 256), (1, 1, 1)], [(0, 0, 0), "red"], [0, 255]])
def test_inks_that_are_no_colours_are_refused(tiny, inks):
    with pytest.raises(ValueError, match="as a list it holds colours, 3 numbers from 0 to 255 each"):
        tiny(inks=inks)


def test_one_ink_is_refused(tiny):
    with pytest.raises(ValueError, match="a whole number from 2 on"):
        tiny(inks=[(0, 0, 0)])


def test_a_step_without_a_number_of_updates_is_refused(tiny):
    with pytest.raises(ValueError, match="generator_steps is None"):
        tiny(generator_steps=None)


@pytest.mark.parametrize("certainty", [0, -1.0, float("nan"), float("inf"), None, "10"])
def test_a_certainty_that_is_no_number_above_nothing_is_refused(tiny, certainty):
    with pytest.raises(ValueError, match=r"ink_certainty is .*; it is a number above 0"):
        tiny(ink_certainty=certainty)


@pytest.mark.parametrize("widths", [64, [0], ["64"]])
def test_widths_that_are_none_are_refused(tiny, widths):
    with pytest.raises(ValueError, match=r"such as \[64\], or None"):
        tiny(modulation=widths)


@pytest.mark.slow
def test_a_training_goes_on_with_more_updates_a_step(tiny, images, tmp_path):
    train(tiny(decay_steps=8), images, tmp_path, epochs=3, n_critic=1)
    with h5py.File(tmp_path / runs.CHECKPOINT, "a") as file:
        del file["vars/steps"]  # as before there were several updates a step
    model = tiny(decay_steps=8, generator_steps=3)
    train(model, images, tmp_path, epochs=5, resume=True, n_critic=1)
    assert model.epoch == model.steps_done == len(model.d_losses) == 5
    assert int(model.generator_optimizer.iterations) == 3 + 2 * 3
    again = tiny(decay_steps=8)
    train(again, images, tmp_path, epochs=6, resume=True, n_critic=1)
    assert again.epoch == again.steps_done == 6 and int(again.generator_optimizer.iterations) == 10
    if keras.backend.backend() != "jax":  # there the optimiser keeps its variables to itself
        assert np.isclose(float(again.optimizer.learning_rate), 0.0002 * (1 + np.cos(np.pi * 5 / 8)) / 2)


@pytest.mark.parametrize("updates", [1, 2])
def test_learning_rates_fall_to_nothing_along_half_a_cosine(compiled, images, tmp_path, updates):
    model = compiled(decay_steps=4, ema=0.9, generator_steps=updates, n_critic=1, n_critic_every_100th=1)
    rates = []
    note = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: rates.append(float(model.optimizer.learning_rate))
    )
    if keras.backend.backend() == "jax":
        pytest.skip("fit on JAX keeps the optimiser's variables to itself between two steps")
    train(model, images, tmp_path, epochs=6, callbacks=[note])
    assert np.allclose(rates, 0.0002 * (1 + np.cos(np.pi * np.array([0, 1, 2, 3, 4, 4]) / 4)) / 2, atol=1e-9)


@pytest.mark.slow
def test_a_recipe_of_its_own_is_resumed_and_loaded_as_it_was(tiny, images, tmp_path):
    recipe = {**RECIPE, "n_critic": 1, "n_critic_every_100th": 1}
    once = {"print_every_n_batches": 100}  # snapshots of many layers take longer than their steps
    whole = tiny(**recipe)
    whole.save(tmp_path / "parts")
    train(whole, images, tmp_path / "whole", epochs=3, **once)
    train(tiny(**recipe), images, tmp_path / "parts", epochs=1, **once)
    resumed = tiny(**recipe)
    train(resumed, images, tmp_path / "parts", epochs=3, resume=True, **once)
    assert resumed.d_losses[1:] == whole.d_losses[1:]
    for ours, theirs in zip(resumed.ema_generator.get_weights(), whole.ema_generator.get_weights(), strict=True):
        assert np.array_equal(ours, theirs)
    assert load_model(WGANGP, tmp_path / "parts").recipe == whole.recipe
    z = np.random.default_rng(0).normal(size=(2, 10)).astype("float32")
    averaged = keras.models.load_model(tmp_path / "parts" / "generator_ema.h5", compile=False)
    assert np.allclose(averaged.predict_on_batch(z), resumed.ema_generator.predict_on_batch(z), atol=1e-5)


def test_data_kept_on_the_device_give_the_same_training_and_are_no_weights(compiled, images, tmp_path):
    usual, resident = (compiled(n_critic_every_100th=2) for _ in range(2))
    train(usual, images, tmp_path / "usual", epochs=3, n_critic=2)
    train(resident, images, tmp_path / "resident", epochs=3, n_critic=2, on_device=True)
    assert resident.d_losses == usual.d_losses and resident.g_losses == usual.g_losses
    other = images[::-1]  # of the same shape
    with pytest.warns(UserWarning, match="32 images then, 32 now"):
        train(resident, other, tmp_path / "resident", epochs=1, n_critic=2, on_device=True)
    with pytest.warns(UserWarning, match="32 images then, 32 now"):
        train(usual, other, tmp_path / "usual", epochs=1, n_critic=2)
    assert resident.d_losses == usual.d_losses
    sizes = [(tmp_path / name / runs.CHECKPOINT).stat().st_size for name in ("usual", "resident")]
    assert sizes[0] == sizes[1] and len(resident.weights) == len(usual.weights)


def test_a_critic_can_score_two_images_together(tiny):
    gan = tiny(packing=2)
    size = gan.input_dim[0]
    assert gan.critic.input_shape == (None, size, size, 2 * gan.input_dim[2])
    Z = np.random.default_rng(1).normal(size=(4, gan.z_dim)).astype(np.float32)
    images = keras.ops.convert_to_numpy(gan.generator(Z))
    pairs = np.concatenate([images[0::2], images[1::2]], axis=-1)  # images 0 and 1 are the first pair
    assert np.allclose(*map(keras.ops.convert_to_numpy, (gan(Z), gan.critic(pairs))), atol=1e-5)


def test_a_packed_critic_trains_is_saved_and_refuses_an_odd_batch(tiny, tmp_path):
    gan = tiny(packing=2, penalty="r1", loss="gan")
    images = np.random.default_rng(0).integers(0, 256, (8, *gan.input_dim), dtype=np.uint8)
    gan.train(1, 1, images, 4, 2, tmp_path, verbose=0)
    assert np.isfinite(gan.g_losses).all() and len(gan.g_losses) == 2
    assert (tmp_path / "model.h5").exists()
    with pytest.raises(ValueError, match="batch_size is 3, but the critic scores 2 images together"):
        gan.train(1, 1, images, 3, 4, tmp_path / "odd", verbose=0)
