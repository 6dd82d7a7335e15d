"""The plan of a training: what was left open is chosen, explained and fitted into the minutes at hand."""

import json

import numpy as np
import pytest

import lines
from models import plan, recipes
from models.plan import plan_training
from utils.loaders import ImageBatches


@pytest.fixture
def noise():
    """Images that are neither lines nor flat colours."""
    images = np.random.default_rng(0).integers(0, 256, (32, 28, 28, 1), np.uint8)
    return ImageBatches.from_array(images, 4, seed=1)


@pytest.fixture(autouse=True)
def processor(monkeypatch):
    """A machine without a GPU, whose steps last a tenth of a second."""
    for place in (plan, recipes):
        monkeypatch.setattr(place, "has_accelerator", lambda: False)
    monkeypatch.setattr(plan, "pace", lambda *arguments: plan.Pace(0, 0.1))


def test_nothing_asked_gives_the_first_choice_in_ten_minutes_and_says_so(noise, capsys):
    chosen = plan_training(noise, divide=16)
    assert (chosen.model, chosen.recipe) == ("CVAE", None)
    assert chosen.steps == int(600 * plan.SPENT / 0.1) == chosen.parameters["decay_steps"]
    said = capsys.readouterr().out
    assert "autoencoder" in said and "about 9.3 minutes" in said


def test_minutes_end_the_schedule_too(noise):
    chosen = plan_training(noise, "CVAE", divide=16, minutes=1)
    assert chosen.steps == int(60 * plan.SPENT / 0.1) == chosen.parameters["decay_steps"]
    assert chosen.parameters["warm_up_steps"] == chosen.steps // 4
    assert chosen.schedule == {"decay_steps": chosen.steps, "warm_up_steps": chosen.steps // 4}


def test_the_published_recipe_has_no_schedule_and_keeps_its_number_of_steps(noise, capsys):
    assert plan_training(noise, "WGANGP", "published").steps == 1201
    assert "1,201 steps" in (said := capsys.readouterr().out) and "about 2 minutes" in said
    assert plan_training(noise, "WGANGP", "published", minutes=1).steps == 1201
    assert "about 1 minutes" in capsys.readouterr().out


def test_steps_that_do_not_fit_into_the_minutes_are_cut_where_there_is_a_schedule(noise):
    fitting = int(60 * plan.SPENT / 0.1)
    assert plan_training(noise, "CVAE", steps=9000, minutes=1).steps == fitting
    assert plan_training(noise, "WGANGP", "plain_gan", steps=9000, minutes=1).steps == 9000


def test_steps_that_were_asked_stay_and_nothing_is_timed(noise, monkeypatch):
    monkeypatch.setattr(plan, "pace", None)
    assert plan_training(noise, "WGANGP", "plain_gan", steps=77).steps == 77


def test_a_gpu_takes_the_usual_number(noise, monkeypatch):
    monkeypatch.setattr(plan, "has_accelerator", lambda: True)
    assert plan_training(noise, "CVAE").steps == recipes.STEPS["CVAE"]


def test_a_batch_size_overrides_the_recipes_only_if_it_is_given(noise):
    assert plan_training(noise, "WGANGP", "published", steps=1).batch_size == 32
    assert plan_training(noise, "WGANGP", "published", steps=1, batch_size=8).batch_size == 8


def test_other_arguments_can_be_changed(noise):
    chosen = plan_training(noise, "CVAE", steps=1, z_dim=2, changes={"beta": 0.5})
    assert chosen.parameters["z_dim"] == 2 and chosen.parameters["beta"] == 0.5


@pytest.mark.parametrize(("recipe", "every"), [("published", 50), ("plain_gan", 100)])
def test_a_training_has_a_number_of_sheets(noise, recipe, every):
    assert plan_training(noise, "WGANGP", recipe, steps=2000).every == every


def test_a_training_that_goes_on_keeps_its_model_recipe_and_steps_and_says_so(noise, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(plan, "pace", None)
    (tmp_path / "run.json").write_text(json.dumps({"model": "WGANGP", "recipe": "plain_gan", "steps": 400}))
    chosen = plan_training(noise, resume=tmp_path)
    assert (chosen.model, chosen.recipe, chosen.steps) == ("WGANGP", "plain_gan", 400)
    assert "`plain_gan`, 400 steps in all, in which each image is seen 400 times" in capsys.readouterr().out
    assert plan_training(noise, resume=tmp_path, steps=900).steps == 900


def test_a_gan_that_was_chosen_gets_the_recipe_that_suits_the_images(noise):
    assert plan_training(noise, "WGANGP", steps=1).recipe == "pictures"
    flat = np.zeros((32, 28, 28, 1), np.uint8)
    flat[:, 10:14] = 255
    assert plan_training(ImageBatches.from_array(flat, 4), "WGANGP", steps=1).recipe == "inked_pictures"


def test_few_images_that_are_seen_often_are_changed_before_the_critic_sees_them(noise, capsys):
    chosen = plan_training(noise, "WGANGP", "pictures", steps=400)  # 16 images a step, 200 times 32
    assert chosen.parameters["critic_augment"] == ["color", "shift", "cutout"]
    assert "32 images, each seen 200 times, are few for a critic" in capsys.readouterr().out
    for options in ({"critic_augment": ()}, {"recipe": "published"}, {"steps": 20}):
        others = plan_training(noise, **{"model": "WGANGP", "recipe": "pictures", "steps": 400, **options})
        assert "critic_augment" not in others.parameters
    asked = plan_training(noise, "WGANGP", "pictures", steps=20, critic_augment=["shift"])
    assert asked.parameters["critic_augment"] == ["shift"]


def test_an_impossible_combination_is_refused_before_anything_is_timed(noise, monkeypatch):
    monkeypatch.setattr(plan, "pace", None)
    with pytest.raises(ValueError, match="needs the gradient penalty"):
        plan_training(noise, "WGANGP", "plain_gan", loss="wasserstein")


@pytest.mark.parametrize("model", ["WGANGP", "CVAE"])
def test_a_step_is_timed_on_a_model_of_its_own(noise, model, monkeypatch):
    monkeypatch.undo()
    chosen = plan_training(noise, model, "plain_gan", divide=16, steps=1, batch_size=2)
    built = chosen.model_class(**chosen.parameters, precision="float32", seed=1)
    built.compile(run_eagerly=True)
    assert 0 < plan.pace(built, noise).step < 60


def test_what_compiles_and_what_is_read_on_the_way_is_not_spent_on_steps():
    whole = plan.Pace(0, 0.1).steps_in(1)
    assert plan.Pace(10, 0.1).steps_in(1) == pytest.approx(whole - 100, abs=1)
    assert plan.Pace(0, 0.1, 1).steps_in(1, readings=20) == pytest.approx(whole - 200, abs=1)
    assert plan.Pace(0, 0.1, 60).steps_in(1) == whole // 2


def test_lines_are_read_on_the_way_and_noise_is_not(noise):
    drawn = ImageBatches.from_array(lines.draw(lines.sample(20, seed=1)), 4)
    drawn.source = {"data_name": "lines"}
    assert plan.reading_seconds(noise) == 0 < plan.reading_seconds(drawn)
