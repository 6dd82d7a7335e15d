"""The page's words, in both languages."""

import re

import numpy as np

from utils.explorer.texts import TEXTS
from utils.latent.texts import DIRECTION_ENDS


def test_both_languages_say_the_same_things():
    assert TEXTS["en"].keys() == TEXTS["fr"].keys()


def test_the_words_fill_in_the_same_values():
    from string import Formatter

    for key in TEXTS["en"]:
        fields = [{f for _, f, _, _ in Formatter().parse(TEXTS[code][key]) if f} for code in ("en", "fr")]
        assert fields[0] == {f for f in fields[1] if not f.startswith("s_")}, key


def test_no_line_ends_before_a_french_mark():
    assert [text for text in TEXTS["fr"].values() if re.search(r" [:;?!»]|« ", text)] == []


def test_every_measure_of_lines_has_a_name():
    from utils.latent.directions import measure_lines

    assert measure_lines(np.zeros((1, 128, 128, 3), np.uint8)).keys() <= DIRECTION_ENDS.keys()
