"""The page that a command leaves: both languages, pictures with a text, nothing from elsewhere."""

import re

import pytest
from PIL import Image

from utils.runs.pages import Picture, Section, write_page

CAPTION = "une «\u00a0image\u00a0»\u00a0: 92\u202f%"
SECTION = Section(
    ("Dessiné", "Drawn"),
    ("Une image <b>.", "An image <b>."),
    (Picture("a.png", ("une « image » : 92 %", 'an "image"'), exact=True),),
    table=((("mesure", "measure"), "1"), (("divergence", "divergence"), "0.5 & more")),
    command="python -m models.rule waves.py",
)


@pytest.fixture
def page(tmp_path):
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png")
    return write_page(tmp_path / "index.html", ("Titre", "Title"), ("Voici.", "Here."), [SECTION]).read_text("utf-8")


def test_every_text_stands_in_both_languages_and_none_is_markup(page):
    assert '<h2 lang="fr">Dessiné</h2>' in page and '<h2 lang="en">Drawn</h2>' in page
    assert "An image &lt;b&gt;." in page and "0.5 &amp; more" in page
    assert page.count('lang="fr"') - 1 == page.count('lang="en"')  # the page itself begins in French


def test_pictures_have_a_text_and_nothing_comes_from_elsewhere(page):
    assert re.findall(r'<img src="([^"]+)" alt="([^"]+)"', page) == [("a.png", f"{CAPTION} / an &quot;image&quot;")]
    assert not re.findall(r"https?://", page)


def test_a_picture_that_is_missing_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"a\.png is to be shown on the page, but is not there"):
        write_page(tmp_path / "index.html", ("T", "T"), ("i", "i"), [SECTION])
    assert not (tmp_path / "index.html").exists()
