"""The readers that ship: what they say of drawn images, and of images that are wrong in one known way each."""

from dataclasses import replace

import numpy as np
import pytest

import lines
from benchmarks.readers import DOUBLED, wrong_ones
from lines.registry import parameter_names, value_names
from utils.latent.directions import measure_by
from utils.reading import figure, report, table
from utils.reading.adherence import against_reader, outside
from utils.reading.readers import SHIPPED, reader_of

COUNT, FEW = 100, 30  # images of a batch; of one that breaks a rule in each of its images
MANY = ("drawn", "five", "range")  # what is told by distributions
ALL = pytest.mark.parametrize("name", lines.rule_names())
READ = pytest.mark.parametrize(  # one by `make test`, each of the others takes as long again
    "name",
    [pytest.param(name, marks=() if name == "nees" else pytest.mark.thorough) for name in lines.rule_names()],
)


@pytest.fixture(scope="module")
def said():
    """{name of the rules: {what the images are: what the reader says of them}}, each made once."""
    kept = {}

    def of(name):
        if name not in kept:
            rules, reader = lines.rules(name), reader_of(name)
            batches = wrong_ones(name, COUNT)
            del batches["outlines open"]  # hardly seen (benchmarks/README.md)
            kept[name] = {
                what: against_reader(x if what.startswith(MANY) else x[:FEW], rules, reader)
                for what, x in batches.items()
            }
        return kept[name]

    return of


@ALL
def test_a_reader_ships_for_each_rule_set_of_the_gallery_and_is_small(name):
    assert (SHIPPED / f"{name}.npz").stat().st_size < 2**20
    scores = {one.name: one.score for one in reader_of(name).parameters if one.readable}
    assert len(scores) >= 5 and max(scores.values()) > 0.9


@READ
@pytest.mark.slow
def test_drawn_images_keep_the_rules_and_wrong_ones_are_told_apart(name, said):
    numbers = said(name)
    shares = {what: one["adherence"]["all"] for what, one in numbers.items()}
    assert shares["drawn, another seed"] > 0.87  # 95 % by construction, less four standard errors
    other = next(what for what in shares if what.startswith("images of"))
    assert max(shares[other], shares["blank"], shares["blocks shuffled"], shares["another colour"]) < 0.6, shares

    doubled = numbers[f"range of {DOUBLED[name]} doubled"]["parameters"][DOUBLED[name]]
    drawn = numbers["drawn, another seed"]["parameters"][DOUBLED[name]]
    assert doubled["divergence"] > 2 * drawn["divergence"]  # mohr 0.07 to 0.03: a cube tilted far looks like another

    repeated = numbers["five images repeated"]["parameters"].values()
    assert max(one["divergence"] for one in repeated) > 0.2


@pytest.mark.slow
def test_a_report_of_any_rule_set_has_its_numbers_as_dict_table_and_figure(tmp_path):
    rules = lines.rules("nees")
    numbers = report(rules.draw(rules.sample(60, 4)), rules.draw(rules.sample(90, 5)), rules="nees")
    assert numbers["rules"] == {"name": "nees"} and numbers["unread"] == ["hand"]
    assert {"diversity", "memory", "coverage", "sliced_wasserstein", "kernel_distance"} <= set(numbers)
    written = table(numbers)
    assert "keep the rules (drawn images: 95%)" in written and "divergence of rows from the rules" in written
    assert figure(numbers, tmp_path / "nees.png", show=False).stat().st_size > 5_000


@pytest.mark.slow
def test_rules_without_chance_have_the_nearest_drawn_image():
    parameters = lines.sample(20, seed=6)
    numbers = report(lines.draw(parameters), rules="lines")
    assert numbers["class_distance"]["identical"] > 0.9


@pytest.mark.slow
def test_images_that_are_not_square_are_held_against_drawings_of_their_shape():
    rules, reader = lines.rules("lines"), reader_of("lines")
    drawn = rules.draw(rules.sample(40, 7), 96)[:, 16:80]  # as the loaders cut squares for 64 x 96
    wide = against_reader(drawn, rules, reader)
    assert wide["class_distance"]["median"] > against_reader(255 - drawn, rules, reader)["class_distance"]["median"] + 3


def test_the_ends_of_a_range_lie_within_it():
    one = next(one for one in reader_of("nees").parameters if one.name == "rows")
    assert outside(one, np.arange(int(one.low), int(one.high) + 1)) == 0
    assert outside(one, np.array([one.low - 1, one.low, one.high, one.high + 1])) == 0.5


def test_what_is_read_beyond_the_rules_is_not_drawn(monkeypatch):
    rules, reader = lines.rules("lines"), reader_of("lines")
    images = lines.draw(lines.sample(6, seed=8))
    read = reader.read
    beyond = lambda batch: replace(read(batch), values=read(batch).values | {"x": np.full(len(batch), 990)})  # noqa: E731
    monkeypatch.setattr(reader, "read", beyond)
    assert against_reader(images, rules, reader)["class_distance"]["median"] > 0


def test_parameters_are_named_in_both_languages_or_keep_their_own_name():
    names = [parameter_names(lines.rules("molnar"), language) for language in ("en", "fr")]
    assert [one["grid"] for one in names] == ["cells a side", "cases par côté"]
    assert names[0]["hand"] == "hand"
    assert value_names(lines.rules("molnar"), "pen_1", "fr") == ["noir", "rouge", "bleu"]
    assert value_names(lines.rules("molnar"), "grid") is None


@ALL
def test_every_readable_parameter_of_the_gallery_has_a_name(name):
    rules = lines.rules(name)
    readable = {one.name for one in reader_of(name).parameters if one.readable}
    assert readable <= set(rules.NAMES) <= set(rules.sample(1, 0))


def test_measures_are_amounts_and_the_probabilities_of_kinds():
    rules = lines.rules("molnar")
    parameters = rules.sample(12, 3)
    found = measure_by("molnar")(rules.draw(parameters))
    assert {"more cells a side", "more disorder", "first pen: red"} <= set(found)
    assert np.corrcoef(found["more cells a side"], parameters["grid"])[0, 1] > 0.9
    total = sum(found[f"first pen: {color}"] for color in ("black", "red", "blue"))
    assert np.allclose(total, 1, atol=1e-5)
