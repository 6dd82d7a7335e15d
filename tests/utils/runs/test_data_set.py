"""A generator knows what it was trained on: from its file, its run, its card, or the caller; else it says so."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import lines
from utils import runs
from utils.files.hdf5 import open_h5
from utils.loaders import ImageBatches, load_dataset
from utils.reading import in_words
from utils.runs import telling
from utils.runs.data_set import known_facts
from utils.runs.learning import ReadAlong, watching


@pytest.fixture
def discs(tmp_path):
    """A folder of 12 coloured images in two classes, and the folder that holds it."""
    rng = np.random.default_rng(0)
    for i in range(12):
        place = tmp_path / "data" / "discs" / ("one", "two")[i % 2]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (16, 16, 3), np.uint8)).save(place / f"{i}.png")
    return tmp_path / "data"


def loaded(folder, **options):
    return load_dataset("discs", 16, 4, data_folder=folder, seed=1, **options)


def test_loaded_images_say_what_they_are(discs):
    facts = loaded(discs, background=(9, 8, 7), fit="contain").facts
    assert json.loads(json.dumps(facts)) == {
        "data_name": "discs",
        "background": [9, 8, 7],
        "fit": "contain",
        "images": 12,
        "image_size": [16, 16],
        "channels": 3,
        "augment": [],
    }


def test_a_trained_generator_carries_the_facts_in_its_own_file_and_in_its_run(tiny, discs, tmp_path):
    x_train, folder = loaded(discs, background=(9, 8, 7)), tmp_path / "run"
    gan = tiny()
    gan.save(folder)
    gan.train(1, 1, x_train, 4, 1, folder, verbose=0)
    alone = tmp_path / "downloads" / "mine.h5"
    alone.parent.mkdir()
    (folder / "generator.h5").rename(alone)
    data = runs.data_of(alone, gan.generator, folder=discs)
    assert (data.name, data.background, data.fit, data.shape) == ("discs", (9, 8, 7), "cover", (16, 16, 3))
    runs.describe(folder, **x_train.facts)
    assert runs.data_of(folder).name == "discs" and runs.data_of(folder).shape == (16, 16, 3)


def test_the_callers_word_counts_for_more_than_the_file(tmp_path):
    runs.describe(tmp_path, data_name="discs", image_size=[16, 16], background=[9, 8, 7])
    data = runs.data_of(tmp_path / "generator.h5", data_name="lines")
    assert data.name == "lines" and data.background == (0, 0, 0)


def test_the_cards_of_what_ships_say_lines():
    for path in (*runs.SHIPPED_GENERATORS, runs.SHIPPED_DECODER):
        assert known_facts(path)["data_name"] == "lines"


@pytest.mark.parametrize(
    "facts",
    [
        {"data_name": "../../etc"},
        {"data_name": 7},
        {"image_size": [16, 16]},
        [],
        "lines",
        {"data_name": "x" * 5000},
    ],
)
def test_what_is_no_such_fact_counts_as_nothing(tmp_path, facts):
    path = tmp_path / "generator.h5"
    with open_h5(path, "w") as file:
        file.attrs["data_set"] = json.dumps(facts)
    assert known_facts(path) == {}
    (tmp_path / "run.json").write_text(json.dumps(facts))
    assert known_facts(tmp_path).keys() <= {"data_name"} and "../" not in str(known_facts(tmp_path))


def test_facts_of_the_wrong_kind_are_left_out_one_by_one(tmp_path):
    (tmp_path / "run.json").write_text(
        json.dumps({"data_name": "discs", "image_size": [16, -1], "channels": 2, "fit": "stretch", "background": "red"})
    )
    assert known_facts(tmp_path) == {"data_name": "discs"}


def test_real_images_of_a_folder_are_its_own_with_their_classes(discs):
    data = runs.DataSet.of(loaded(discs), discs)
    sample = data.real(5, seed=3)
    assert sample.images.shape == (5, 16, 16, 3) and not sample.unseen
    there = {image.tobytes() for image in data.x_train.images}
    assert {image.tobytes() for image in sample.images} <= there
    assert sample.names == {"class": ["one", "two"]} and set(sample.known["class"]) <= {0, 1}
    assert np.array_equal(sample.images, data.real(5, seed=3).images)


def test_real_images_of_rules_are_drawn_anew_at_the_generators_size():
    sample = runs.DataSet("lines", (32, 32, 1)).real(3, seed=5)
    assert sample.images.shape == (3, 32, 32, 1) and sample.unseen
    assert np.array_equal(sample.known["x"], lines.sample(3, seed=5)["x"])


def test_a_data_set_that_is_not_here_is_said_and_the_generators_own_images_are_searched(tiny, tmp_path, capsys):
    generator = tiny().generator
    for data, said in (
        (runs.DataSet("gone", (16, 16, 3), folder=tmp_path), "gone"),
        (runs.DataSet(None, (16, 16, 3)), "DATA_NAME"),
    ):
        assert data.targets(generator, 2, seed=1).shape == (2, 16, 16, 3)
        assert said in (printed := capsys.readouterr().out) and "generator's own" in printed
        with pytest.raises(FileNotFoundError):
            data.real(2)


def test_only_lines_are_read_for_rules(discs, capsys):
    images = np.random.default_rng(1).integers(0, 256, (4, 16, 16, 3), np.uint8)
    numbers = runs.DataSet.of(loaded(discs), discs).report(images)
    assert "adherence" not in numbers and numbers["memory"] is not None
    assert runs.DataSet("gone", (16, 16, 3)).report(images)["memory"] is None
    assert "gone" in capsys.readouterr().out
    assert "adherence" in runs.DataSet("lines", (16, 16, 3)).report(images)


@pytest.mark.slow
def test_images_of_other_rules_are_read_by_their_reader(tmp_path, capsys):
    nees = runs.DataSet("nees", (128, 128, 3), folder=tmp_path)  # whose images are not on this machine
    images = nees.real(30, seed=1).images
    numbers = nees.report(images)
    assert numbers["rules"] == {"name": "nees"} and numbers["adherence"]["all"] > 0.8 and numbers["memory"] is None
    assert "keeps to the rules" in capsys.readouterr().out
    assert in_words(numbers).startswith("- **") and "keep the rules" in in_words(numbers)
    assert "more rows" in nees.measure(images[:2])
    (reader,) = (one for one in watching(nees, tmp_path, 5, 10, keep=1) if isinstance(one, ReadAlong))
    assert {"adherence", "different", "divergence_rows"} <= set(reader.measure(images))


def test_arrays_without_a_name_are_an_unknown_data_set():
    x_train = ImageBatches.from_array(np.zeros((4, 16, 16, 3), np.uint8), 2)
    assert runs.DataSet.of(x_train).name is None


@pytest.mark.parametrize("key", telling.TEXTS)
def test_every_text_is_there_in_both_languages_with_the_same_gaps(key):
    import string

    gaps = [{name for _, name, _, _ in string.Formatter().parse(one) if name} for one in telling.TEXTS[key]]
    assert len(telling.TEXTS[key]) == 2 and gaps[0] == gaps[1]
    assert all(one.strip() for one in telling.TEXTS[key])


def test_a_model_is_told_of_by_what_it_is(tiny, capsys):
    gan = tiny(loss="relativistic")
    telling.networks(gan)
    telling.training(gan, 4)
    telling.convergence(gan, "fr")
    words = capsys.readouterr().out
    assert "10 random numbers" in words and "relativistic" in words and "5 updates" in words and "critique" in words


def trained_on(folder, name, encoder):
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps({"data_name": name}))
    for file in ("generator.h5", *(["encoder.h5"] if encoder else [])):
        (folder / file).touch()
    return folder


def test_two_models_of_one_data_set_are_compared(tmp_path):
    gan, other = trained_on(tmp_path / "gan", "discs", False), trained_on(tmp_path / "other", "hats", False)
    vae = trained_on(tmp_path / "vae", "discs", True)
    assert runs.pair_to_compare(data_name="discs", root=tmp_path) == (gan / "generator.h5", vae)
    assert runs.pair_to_compare(autoencoder=vae, root=tmp_path) == (gan / "generator.h5", vae)
    with pytest.raises(FileNotFoundError, match=r"no CVAE trained on hats .* DATA_NAME = 'hats'"):
        runs.pair_to_compare(other / "generator.h5", root=tmp_path)
    with pytest.raises(ValueError, match=r"trained on hats, .* on discs"):
        runs.pair_to_compare(other / "generator.h5", vae, root=tmp_path)
    with pytest.raises(FileNotFoundError, match="no WGANGP trained on shoes"):
        runs.pair_to_compare(data_name="shoes", root=tmp_path)
    (vae / "params.json").write_text('{"input_dim": [28, 28, 3]}')
    (gan / "params.json").write_text('{"input_dim": [32, 32, 3]}')
    with pytest.raises(ValueError, match=r"32 x 32, .* of 28: .*IMAGE_SIZE = 32"):
        runs.pair_to_compare(data_name="discs", root=tmp_path)
    shipped = runs.pair_to_compare(root=tmp_path)
    assert [path.name for path in shipped] == ["three_lines_128_published.h5", "cvae_128.h5"]


@pytest.mark.parametrize(
    "generator, what, said",
    [
        ("data/generators/three_lines_128_published.h5", "compare samples", "often two verticals"),
        ("data/generators/three_lines_128.h5", "compare samples", "its edges are sharp"),
        ("data/generators/three_lines_128.h5", "search", "about one image in two"),
        ("data/generators/three_lines_128_published.h5", "search", "what no vector gives"),
        ("run/gan/0001_lines/generator.h5", "search", "what no vector gives"),
        ("run/gan/0001_lines/generator.h5", "compare samples", "its edges are sharp"),
    ],
)
def test_what_is_said_of_a_generator_that_ships_is_said_of_no_other(capsys, generator, what, said):
    data = runs.data_of(Path(runs.__file__).parents[2] / generator, data_name="lines")
    telling.about(what, data, "en")
    assert said in capsys.readouterr().out
