import re

import numpy as np
from PIL import Image

from utils.z_anim import films, make_films


def test_the_films_and_their_page_are_made(tiny_generator, tmp_path, monkeypatch):
    few = {name: films(6)[name] for name in ("rows", "constants", "constants_relative")}
    monkeypatch.setattr("utils.z_anim.films", lambda latent_dim: few)
    page = make_films(tiny_generator, tmp_path / "Z-anim", "tiny.h5")
    text = page.read_text("utf-8")
    links = re.findall(r"\((.+?\.(?:gif|png))\)", text)
    assert links == ["rows.gif", "constants.gif", "constants_relative.gif", "examples.png"]
    assert sorted(path.name for path in page.parent.iterdir()) == sorted([*links, "README.md"])
    assert "tiny.h5" in text
    with Image.open(page.parent / "rows.gif") as movie:
        assert (movie.size, movie.info["duration"], movie.n_frames) == ((716, 332), 200, len(few["rows"][1]))


def test_the_series_of_the_original_are_there():
    shown = films(100)
    assert {"rows", "blocks", "constants", "upper_half", "lower_half"} <= set(shown)
    assert [limits for _, _, limits in shown.values()].count(None) == 1
    assert all(vectors.shape[1] == 100 and np.isfinite(vectors).all() for _, vectors, _ in shown.values())
