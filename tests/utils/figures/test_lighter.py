import base64
import io
import json

import nbformat
import numpy as np
import pytest
from PIL import Image

from utils.figures import animate, animations, show_film, show_images, style
from utils.figures.lighter import lighten, main

RNG = np.random.default_rng(0)


def grainy_png(side=200):
    """A picture of more than 256 colours: brighter to the right, with a little grain."""
    grey, buffer = np.linspace(0, 250, side)[None, :, None], io.BytesIO()
    Image.fromarray((grey + RNG.integers(0, 6, (side, side, 3))).astype(np.uint8)).save(buffer, format="PNG")
    return buffer.getvalue()


def film(folder, n=24, side=64):
    """A film of grey noise, which weighs about a byte a pixel."""
    return animate(RNG.integers(0, 256, (n, side, side), dtype=np.uint8), folder / "walk.gif", fps=10)


def film_in(html):
    content = base64.b64decode(html.split("base64,")[1].split('"')[0])
    with Image.open(io.BytesIO(content)) as gif:
        return {"bytes": len(content), "size": gif.size, "frames": gif.n_frames, "duration": gif.info["duration"]}


def a_notebook(folder, html=""):
    """A notebook as papermill leaves it, with a heavy picture, a text and perhaps a film."""
    new = nbformat.v4
    cell = new.new_code_cell("display(Image(path))\nprint(1)", execution_count=3)
    cell.metadata = {
        "tags": ["parameters"],
        "papermill": {"duration": 1.5},
        "execution": {"iopub.execute_input": "now"},
    }
    picture = {"image/png": base64.b64encode(grainy_png()).decode(), "text/plain": "<Image>"}
    cell.outputs = [
        new.new_output("display_data", picture, metadata={"image/png": {"width": 100}}),
        new.new_output("stream", text="1\n"),
        *([new.new_output("display_data", {"text/html": html})] if html else []),
    ]
    notebook = new.new_notebook(cells=[new.new_markdown_cell("# Été"), cell], metadata={"papermill": {}, "widgets": {}})
    nbformat.write(notebook, folder / "a.ipynb")
    return folder / "a.ipynb"


@pytest.fixture
def displayed(monkeypatch):
    """What a notebook would show, as a list: IPython's display stands in."""
    shown = []
    monkeypatch.setattr(style, "in_notebook", lambda: True)
    monkeypatch.setattr("IPython.display.display", shown.append)
    return shown


def test_a_notebook_keeps_its_cells_and_texts_and_gets_lighter_pictures(tmp_path):
    path = a_notebook(tmp_path)
    before = nbformat.read(path, as_version=4)
    saved = lighten(path)
    after = nbformat.read(path, as_version=4)
    nbformat.validate(after)
    assert saved > 1000
    assert [cell.source for cell in after.cells] == [cell.source for cell in before.cells]
    picture, text = after.cells[1].outputs
    with Image.open(io.BytesIO(base64.b64decode(picture.data["image/png"]))) as shown:
        assert (shown.mode, shown.size) == ("P", (200, 200))
    assert picture.metadata == before.cells[1].outputs[0].metadata
    assert (text, picture.data["text/plain"]) == (before.cells[1].outputs[1], "<Image>")


def test_the_metadata_of_a_run_goes_and_tags_stay(tmp_path):
    path = a_notebook(tmp_path)
    lighten(path)
    after = nbformat.read(path, as_version=4)
    assert (dict(after.metadata), after.cells[1].metadata) == ({}, {"tags": ["parameters"]})


def test_a_light_notebook_is_not_written_again(tmp_path):
    path = a_notebook(tmp_path)
    lighten(path)
    written = path.stat().st_mtime_ns
    assert lighten(path) == 0
    assert path.stat().st_mtime_ns == written


def test_a_heavy_film_in_a_notebook_is_shown_small(tmp_path, monkeypatch):
    gif = film(tmp_path).read_bytes()
    monkeypatch.setattr(animations, "NOTEBOOK_BYTES", len(gif) // 3)
    path = a_notebook(tmp_path, f'<img src="data:image/gif;base64,{base64.b64encode(gif).decode()}" alt="walk.gif">\n')
    lighten(path)
    html = "".join(json.loads(path.read_text("utf-8"))["cells"][1]["outputs"][2]["data"]["text/html"])
    assert film_in(html)["bytes"] <= len(gif) // 3
    assert 'width="64" alt="walk.gif"' in html


def test_what_is_neither_notebook_nor_picture_is_refused(tmp_path):
    (tmp_path / "walk.gif").write_bytes(b"GIF89a")
    with pytest.raises(ValueError, match=r"walk\.gif is neither a notebook"):
        lighten(tmp_path / "walk.gif")


@pytest.mark.parametrize("name, content", [("a.ipynb", b"[]"), ("b.ipynb", b"{"), ("c.png", b"no picture")])
def test_a_broken_file_is_named_and_stays(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=name):
        lighten(tmp_path / name)
    assert (tmp_path / name).read_bytes() == content


def test_the_command_takes_folders_and_says_what_it_did(tmp_path, capsys):
    (tmp_path / "docs" / "fr").mkdir(parents=True)
    (tmp_path / "docs" / "fr" / "a.png").write_bytes(grainy_png())
    (tmp_path / "docs" / "a.md").write_text("text")
    main([str(tmp_path / "docs")])
    assert "a.png: lighter by" in capsys.readouterr().out
    main([str(tmp_path / "docs")])
    assert capsys.readouterr().out == ""


# What our figures show


def test_a_figure_is_shown_and_saved_with_a_palette(tmp_path, displayed):
    path = show_images(RNG.integers(0, 256, (2, 8, 8, 3), dtype=np.uint8), 1, 2, path=tmp_path / "shown.png")
    assert displayed[0].data == path.read_bytes()
    with Image.open(path) as picture:
        assert picture.mode == "P"


def test_a_light_film_is_shown_whole(tmp_path, displayed):
    path = film(tmp_path)
    show_film(path)
    assert base64.b64encode(path.read_bytes()).decode() in displayed[0].data


@pytest.mark.parametrize(
    "share, seen", [(1.5, (24, 48, 100)), (3, (12, 48, 200)), (6, (24, 24, 100))], ids=["width", "frames", "half"]
)
def test_a_heavy_film_is_shown_with_fewer_pixels_and_frames_at_its_speed(tmp_path, displayed, monkeypatch, share, seen):
    path = film(tmp_path)
    whole = path.read_bytes()
    monkeypatch.setattr(animations, "NOTEBOOK_BYTES", int(len(whole) / share))
    show_film(path, width=48)
    shown = film_in(displayed[0].data)
    assert (shown["frames"], shown["size"][0], shown["duration"]) == seen
    assert shown["bytes"] <= len(whole) / share
    assert 'width="48"' in displayed[0].data
    assert path.read_bytes() == whole
