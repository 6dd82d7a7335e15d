"""The report: every number on batches whose value is known."""

import json

import numpy as np
import pytest

import lines
from utils.reading import Rules, against_rules, figure, read_lines, report, side_by_side, table
from utils.reading.rules import nearest_drawn, rules_kept

N = 100
PARAMETERS = lines.sample(N, seed=1)
DRAWN = lines.draw(PARAMETERS)
REFERENCE = lines.draw(lines.sample(400, seed=2))
NOTHING = np.zeros((4, 128, 128, 3), np.uint8)


@pytest.fixture(scope="module")
def drawn():
    return report(DRAWN, REFERENCE)


@pytest.fixture(scope="module")
def swapped():
    return report(DRAWN[:40, ..., ::-1])


@pytest.fixture(scope="module")
def empty():
    return report(NOTHING, REFERENCE)


def one(**changes) -> np.ndarray:
    values = {"x": 30, "y1": 80, "y2": 48, "color_x": 0, "color_y1": 1, "color_y2": 2} | changes
    return lines.draw({name: np.array([value]) for name, value in values.items()})


def kept(image) -> dict[str, bool]:
    return rules_kept(read_lines(image)[0], Rules())


def broken(image) -> set[str]:
    return {name for name, truth in kept(image).items() if not truth}


def test_most_drawn_images_keep_all_the_rules_and_the_rest_overlap(drawn):
    assert drawn["adherence"]["all"] > 0.88
    overlapping = np.abs(PARAMETERS["y1"] - PARAMETERS["y2"]) < 5
    found = read_lines(DRAWN[~overlapping])
    share = np.mean([all(rules_kept(group, Rules()).values()) for group in found])
    assert share >= 1 - 3 / N  # lines of one colour that touch, 5 apart, are one


def test_an_image_by_the_rules_keeps_every_one():
    assert broken(one()) == set()


def test_two_verticals_break_one_rule():
    assert broken(np.maximum(one(), one(x=90))) == {"one_vertical"}


def test_a_third_horizontal_breaks_one_rule():
    assert broken(np.maximum(one(), one(y1=110))) == {"two_horizontals"}


def test_a_vertical_at_the_edge_leaves_its_range():
    assert broken(one(x=5)) == {"x"}


def test_a_second_horizontal_far_away_leaves_its_range():
    assert broken(one(y2=60)) == {"y2"}


def test_a_new_colour_breaks_the_palette():
    assert broken(one()[..., ::-1]) == {"palette"}  # yellow turns light blue


def test_a_wide_line_breaks_the_width():
    image = one()
    image[0, :, 25:36] = 255
    assert broken(image) == {"width"}


def test_a_gap_breaks_the_inked_length():
    image = one()
    image[0, 90:120, 28:33] = 0
    assert broken(image) == {"inked"}


def test_an_empty_image_keeps_no_rule(empty):
    assert empty["adherence"]["all"] == 0
    assert set(empty["adherence"]["rules"].values()) == {0.0}


def test_drawn_images_are_their_own_nearest(drawn):
    assert drawn["class_distance"]["identical"] == 1
    fitted, decibels = nearest_drawn(DRAWN)
    assert decibels.min() == 99
    np.testing.assert_array_equal(lines.draw(fitted), DRAWN)


def test_the_nearest_drawn_image_is_found_through_noise():
    noisy = np.clip(DRAWN + np.random.default_rng(0).normal(0, 25, DRAWN.shape), 0, 255).astype(np.uint8)
    fitted, decibels = nearest_drawn(noisy)
    np.testing.assert_array_equal(lines.draw(fitted), DRAWN)
    assert 20 < np.median(decibels) < 24  # noise alone: 20.2 dB, a little less where black cuts it off


def test_the_nearest_drawn_image_is_the_nearest_of_all():
    image = np.random.default_rng(1).integers(0, 256, (1, 128, 128, 3), dtype=np.uint8)
    _, decibels = nearest_drawn(image)
    others = lines.draw(lines.sample(2000, seed=3)).astype(np.float32)
    errors = np.mean((others - image) ** 2, axis=(1, 2, 3)) / 255**2
    assert decibels[0] >= -10 * np.log10(errors.min())


def test_the_distance_of_black_is_that_of_the_least_ink(empty):
    # One blue horizontal over another, and a blue vertical: the darkest image that the rules can draw.
    blue = np.sum(lines.PALETTE[3].astype(float) ** 2) / 3 / 255**2
    red = np.sum(lines.PALETTE[2].astype(float) ** 2) / 3 / 255**2
    pixels = 128 * 5 + 123 * 5
    assert empty["class_distance"]["median"] == pytest.approx(
        -10 * np.log10(min(blue, red) * pixels / 128**2), abs=0.01
    )


def test_the_census_counts_lines(drawn, empty):
    assert drawn["census"]["verticals"] == {"1": 1.0}
    assert set(drawn["census"]["lines"]) <= {"2", "3"}
    assert sum(drawn["census"]["lines"].values()) == pytest.approx(1)
    assert empty["census"]["lines"] == {"0": 1.0}


def test_the_census_says_where_lines_touch():
    images = np.concatenate([one(), one(y1=53)])
    assert report(images)["census"]["touching"] == 0.5


def test_drawn_ink_is_all_of_the_palette(drawn):
    assert drawn["palette"]["new"] == 0
    assert sum(drawn["palette"][name] for name in lines.COLOR_NAMES) == pytest.approx(1)


def test_the_ink_of_one_colour_is_all_of_that_colour():
    images = np.concatenate([one(color_x=3, color_y1=3, color_y2=3, x=x) for x in (20, 60)])
    assert report(images)["palette"]["blue"] == 1
    assert report(images // 2)["palette"]["blue"] == 1  # dim, but blue


def test_swapped_colours_are_new_hues_by_name(swapped):
    palette = swapped["palette"]
    assert 0.3 < palette["new"] < 0.8  # white stays, red and blue become each other's relatives
    assert "light blue" in palette["new_hues"] or "turquoise" in palette["new_hues"]


def test_empty_images_have_no_ink(empty):
    assert empty["palette"]["new"] == 0
    assert all(empty["palette"][name] == 0 for name in lines.COLOR_NAMES)


def test_drawn_images_cover_the_distribution(drawn):
    assert max(drawn["divergence"].values()) < 0.12


def test_one_image_repeated_covers_next_to_nothing():
    numbers = report(np.repeat(one(), 10, axis=0))
    assert min(numbers["divergence"]["x"], numbers["divergence"]["y1"]) > 0.7
    assert numbers["diversity"]["different"] == 1


def test_empty_images_cover_nothing(empty):
    assert set(empty["divergence"].values()) == {1.0}


def test_swapped_colours_are_not_the_palette(drawn, swapped):
    assert swapped["divergence"]["colors"] > drawn["divergence"]["colors"] + 0.2


def test_copies_of_the_reference_are_remembered():
    copied = report(REFERENCE[:20], REFERENCE)["memory"]
    assert copied["ratio"] == pytest.approx(0, abs=0.01)
    assert copied["copies"] == 1


def test_fresh_images_are_as_far_from_the_reference_as_expected(drawn):
    assert drawn["memory"]["ratio"] == pytest.approx(1, abs=0.15)
    assert drawn["memory"]["copies"] < 0.1


def test_the_same_images_give_the_same_report():
    assert report(DRAWN[:10], REFERENCE[:20]) == report(DRAWN[:10], REFERENCE[:20])


def test_shuffled_pixels_are_no_lines():
    order = np.random.default_rng(0).permutation(128 * 128)
    shuffled = DRAWN.reshape(N, -1, 3)[:20, order].reshape(20, 128, 128, 3)
    numbers = report(shuffled)
    assert numbers["adherence"]["all"] == 0
    assert numbers["class_distance"]["median"] < 20


def test_the_report_is_json_and_has_a_table(drawn):
    assert json.loads(json.dumps(drawn)) == drawn
    assert f"| keep all the rules | {drawn['adherence']['all']:.1%} |" in table(drawn)
    assert all(line.count("|") == 4 for line in table(drawn, drawn).splitlines())


def test_the_figure_is_written(drawn, tmp_path):
    assert figure(drawn, tmp_path / "report.png").read_bytes()[:4] == b"\x89PNG"


def test_the_figure_of_empty_images_is_drawn(empty, tmp_path):
    assert figure(empty, tmp_path / "empty.png").exists()


def test_other_data_sets_get_the_general_numbers_alone():
    grey = np.random.default_rng(0).integers(0, 256, (20, 30, 40), dtype=np.uint8)
    numbers = report(grey[:10], grey[10:], rules=None)
    assert "adherence" not in numbers
    assert numbers["memory"]["ratio"] == pytest.approx(1, abs=0.2)
    assert abs(numbers["kernel_distance"]) < 0.2
    assert "kernel distance" in table(numbers)


def test_other_data_sets_are_said_to_be_covered_or_not():
    mohr = lines.rules("mohr")
    parameters = mohr.sample(400, seed=1)
    cubes = mohr.draw(parameters)
    whole = report(cubes[:200], cubes[200:], rules=None)
    by_day = report(cubes[:200][parameters["night"][:200] == 0], cubes[200:], rules=None)
    assert whole["coverage"]["share"] > 0.9
    assert by_day["coverage"]["share"] < 0.6
    assert f"| reference images covered (expected) | {by_day['coverage']['share']:.1%} (" in table(by_day)


def test_drawn_images_cover_what_the_rules_draw(drawn):
    assert drawn["coverage"]["share"] == pytest.approx(drawn["coverage"]["expected"], abs=0.06)


@pytest.mark.parametrize("reference", [None, DRAWN[50:]])
def test_the_figure_of_other_data_sets_is_drawn(reference, tmp_path):
    numbers = report(DRAWN[:20], reference, rules=None)
    assert figure(numbers, tmp_path / "report.png").read_bytes()[:4] == b"\x89PNG"


def test_without_reference_and_rules_there_is_nothing_to_compare_with():
    grey = np.random.default_rng(0).integers(0, 256, (5, 30, 40), dtype=np.uint8)
    numbers = report(grey, rules=None)
    assert numbers["sliced_wasserstein"] is None
    assert numbers["coverage"] is None
    assert "clearly different images" in table(numbers)


@pytest.mark.parametrize("n", [0, 1])
def test_a_report_asks_for_two_images(n):
    with pytest.raises(ValueError, match="at least"):
        report(DRAWN[:n])


def test_the_uniform_rule_for_y2_is_known():
    images = lines.draw(lines.sample(40, seed=4, y2="uniform"))
    assert report(images, rules=Rules(y2="uniform"))["adherence"]["rules"]["y2"] > 0.9
    assert report(images)["adherence"]["rules"]["y2"] < 0.5
    assert sum(Rules().distribution["y2"]) == pytest.approx(1)
    assert Rules().y2_positions == range(42, 54)


def test_several_reports_stand_side_by_side_under_their_names(drawn, empty):
    head, rule, *rows = side_by_side({"GAN": drawn, "VAE": empty}).splitlines()
    assert head == "| number | GAN | VAE |" and rule == "|---|---:|---:|"
    assert {row.count("|") for row in rows} == {4}
    both = dict(row.strip("| ").split(" | ", 1) for row in rows)
    assert both["· exactly one vertical"].split(" | ") == ["100.0%", "0.0%"]


def test_a_darker_column_along_lines_is_counted_as_a_groove():
    parameters = lines.sample(60, seed=4)
    whole = lines.draw(parameters)
    grooved = whole.copy()
    for image, x in zip(grooved, parameters["x"], strict=True):
        image[:, x] = image[:, x] * 0.8
    assert against_rules(whole)["profile"]["grooved"] == 0
    assert against_rules(grooved)["profile"]["grooved"] == pytest.approx(1 / 3, abs=0.03)  # all verticals


def test_a_reference_in_the_order_of_its_classes_is_looked_at_in_all_its_parts(monkeypatch):
    """Half of the kinds are missing: the first half of the reference alone would not show it."""
    monkeypatch.setattr("utils.reading.reporting.MAX_REFERENCE", 80)
    monkeypatch.setattr("utils.reading.reporting.MAX_FEATURES", 40)
    rng = np.random.default_rng(0)
    dark, bright = (rng.integers(low, low + 60, (80, 16, 16, 3), dtype=np.uint8) for low in (0, 190))
    numbers = report(dark[:40], np.concatenate([dark, bright]), rules=None)
    assert numbers["coverage"]["share"] < 0.75 * numbers["coverage"]["expected"] and numbers["kernel_distance"] > 0.5
