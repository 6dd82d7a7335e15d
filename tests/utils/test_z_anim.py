import re

import numpy as np
from PIL import Image

from utils.z_anim import films, make_films


def test_the_films_and_their_page_are_made(tiny_generator, tmp_path, monkeypatch):
    few = {name: films(6)[name] for name in ("rows", "constants", "constants_relative")}
    monkeypatch.setattr("utils.z_anim.films", lambda latent_dim: few)
    page = make_films(tiny_generator, tmp_path / "Z-anim", "tiny.h5")
    french, english = (page.with_name(name).read_text("utf-8") for name in ("README.md", "README_EN.md"))
    links = re.findall(r"\(([^()]+?\.(?:gif|png))\)", french)
    assert links == ["rows.gif", "constants.gif", "constants_relative.gif", "examples.png"]
    assert re.findall(r"\(([^()]+?\.(?:gif|png))\)", english) == links
    assert sorted(path.name for path in page.parent.iterdir()) == sorted([*links, "README.md", "README_EN.md"])
    assert "`tiny.h5`" in french and "`tiny.h5`" in english
    assert "descend" in french and "moves down" in english
    with Image.open(page.parent / "rows.gif") as movie:
        assert (movie.size, movie.info["duration"], movie.n_frames) == ((880, 416), 200, len(few["rows"][1]))


def test_the_series_of_the_original_are_there():
    shown = films(100)
    assert {"rows", "blocks", "constants", "upper_half", "lower_half"} <= set(shown)
    assert [limits for _, limits in shown.values()].count(None) == 1
    assert all(vectors.shape[1] == 100 and np.isfinite(vectors).all() for vectors, _ in shown.values())
