"""What a notebook shows speaks one language at a time, and writes numbers as that language does."""

import importlib
import string

import pytest

from utils import speech

ROOMS = ("figures.texts", "latent.texts", "loaders.texts", "reading.texts", "super_resolution.texts", "colab", "z_anim")


@pytest.mark.parametrize(
    "value, spec, english, in_french",
    [
        (-0.3, ".2f", "−0.30", "−0,30"),
        (-0.001, ".2f", "0.00", "0,00"),
        (1457, ",d", "1,457", "1\u202f457"),
        (-1457.2, ",.0f", "−1,457", "−1\u202f457"),
        (2, "+.3g", "+2", "+2"),
        (0, "+d", "0", "0"),
    ],
)
def test_a_number_has_a_true_minus_sign_and_the_commas_of_its_language(value, spec, english, in_french):
    assert speech.number(value, spec, "en") == english
    assert speech.number(value, spec, "fr") == in_french


def test_a_share_is_a_percentage():
    assert (speech.percent(0.904, 1, "en"), speech.percent(0.904, 1, "fr")) == ("90.4%", "90,4\u202f%")


def test_the_language_that_is_chosen_holds_until_another_is(french):
    texts = {"a": ("one {what}", "un {what}")}
    assert speech.say(texts, "a", what=("line", "trait")) == "un trait"
    assert speech.say(texts, "a", "en", what=("line", "trait")) == "one line"


def test_a_color_is_no_pair_of_texts():
    texts = {"a": ("on {ground}", "sur {ground}"), "b": ("{ground}", "{ground}")}
    assert speech.say(texts, "a", ground=(1, 2, 3)) == "on (1, 2, 3)"
    assert speech.say(texts, "b", "fr", ground=(1, 2)) == "(1, 2)"


def test_no_line_begins_with_a_french_mark(french):
    said = speech.say({"a": ("", "« Oui » : 3 lignes ; et après ? Fin ! | :--- | a:b 10 :")}, "a")
    assert said == "«\u00a0Oui\u00a0»\u00a0: 3 lignes\u202f; et après\u202f? Fin\u202f! | :--- | a:b 10\u00a0:"


def test_what_is_filled_in_stays_as_it_is(french):
    assert speech.say({"a": ("", "{file} : 5 % de {what}")}, "a", file="a : 50%.png", what=("", "« b »")) == (
        "a : 50%.png\u00a0: 5\u202f% de «\u00a0b\u00a0»"
    )


def test_another_language_is_refused_and_nothing_changes():
    with pytest.raises(ValueError, match=r"'en' and 'fr', not 'de'"):
        speech.speak("de")
    assert speech.spoken() == "en"


@pytest.mark.parametrize("room", ROOMS)
def test_every_text_of_a_room_is_there_in_both_languages_with_the_same_gaps(room):
    texts = importlib.import_module(f"utils.{room}").TEXTS
    for key, pair in texts.items():
        gaps = [{name for _, name, _, _ in string.Formatter().parse(one) if name} for one in pair]
        assert len(pair) == 2 and all(one.strip() for one in pair) and gaps[0] == gaps[1], key


@pytest.mark.parametrize("room", (*ROOMS[:5], "runs.telling"))
def test_a_picture_that_has_an_alternative_text_has_a_caption(room):
    texts = importlib.import_module(f"utils.{room}").TEXTS
    for ending, other in ((" alt", " caption"), (" caption", " alt")):
        assert not [key for key in texts if key.endswith(ending) and key.removesuffix(ending) + other not in texts]


@pytest.mark.parametrize(
    ("value", "digits", "written"),
    [
        (0.3249, 2, "0.32"),
        (9.6, 2, "9.6"),
        (33.3, 2, "33"),
        (200.0, 2, "200"),
        (1457, 2, "1,457"),
        (-1457, 3, "−1,457"),
    ],
)
def test_a_number_told_roughly_has_no_powers_of_ten(value, digits, written):
    assert speech.roughly(value, digits) == written
