"""The page's words, in both languages."""

import re

import numpy as np
import pytest

from utils.explorer.texts import DIRECTION_ENDS, TEXTS, nearest_language, say_lines


def test_both_languages_say_the_same_things():
    assert TEXTS["en"].keys() == TEXTS["fr"].keys()


def test_the_words_fill_in_the_same_values():
    from string import Formatter

    for key in TEXTS["en"]:
        fields = [{f for _, f, _, _ in Formatter().parse(TEXTS[code][key]) if f} for code in ("en", "fr")]
        assert fields[0] == {f for f in fields[1] if not f.startswith("s_")}, key


def test_no_line_ends_before_a_french_mark():
    assert [text for text in TEXTS["fr"].values() if re.search(r" [:;?!»]|« ", text)] == []


def test_lines_are_counted_in_words():
    assert say_lines("en", 1, 2) == "lines: 1 vertical, 2 horizontal"
    assert say_lines("fr", 1, 2) == "lignes\u00a0: 1 verticale, 2 horizontales"


def test_every_measure_of_lines_has_a_name():
    from utils.latent.directions import measure_lines

    assert measure_lines(np.zeros((1, 128, 128, 3), np.uint8)).keys() <= DIRECTION_ENDS.keys()


@pytest.mark.parametrize("wanted, language", [("fr-CA", "fr"), ("fr", "fr"), ("en-GB", "en"), ("de", "en"), ("", "en")])
def test_the_nearest_language(wanted, language):
    assert nearest_language(wanted) == language
