import base64
import io

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


def film_in(shown):
    html = shown["text/html"]
    content = base64.b64decode(html.split("base64,")[1].split('"')[0])
    with Image.open(io.BytesIO(content)) as shown:
        return {"bytes": len(content), "size": shown.size, "frames": shown.n_frames, "duration": shown.info["duration"]}


def a_notebook(folder):
    """A notebook as papermill leaves it, with a heavy picture, a text, a widget, and the parameters of the run."""
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
        new.new_output("display_data", {"application/vnd.jupyter.widget-view+json": {}, "text/plain": "VBox()"}),
    ]
    injected = new.new_code_cell('MODE = "load"', metadata={"tags": ["injected-parameters"]})
    notebook = new.new_notebook(
        cells=[new.new_markdown_cell("# Été"), cell, injected], metadata={"papermill": {}, "widgets": {}}
    )
    nbformat.write(notebook, folder / "a.ipynb")
    return folder / "a.ipynb"


@pytest.fixture
def displayed(monkeypatch):
    """What a notebook would show, as a list: IPython's display stands in."""
    shown = []
    monkeypatch.setattr(style, "in_notebook", lambda: True)
    monkeypatch.setattr("IPython.display.display", lambda one, **_: shown.append(one))
    return shown


def test_a_notebook_keeps_its_cells_and_texts_and_gets_lighter_pictures(tmp_path):
    path = a_notebook(tmp_path)
    before = nbformat.read(path, as_version=4)
    saved = lighten(path)
    after = nbformat.read(path, as_version=4)
    nbformat.validate(after)
    assert saved > 1000
    assert [cell.source for cell in after.cells] == [cell.source for cell in before.cells[:2]]
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


def test_what_belongs_to_one_run_alone_goes(tmp_path):
    path = a_notebook(tmp_path)
    lighten(path)
    cells = nbformat.read(path, as_version=4).cells
    assert [cell.source for cell in cells[1:]] == ["display(Image(path))\nprint(1)"]  # no parameters of papermill's
    assert [output.output_type for output in cells[1].outputs] == ["display_data", "stream"]  # no widget


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
    assert base64.b64encode(path.read_bytes()).decode() in displayed[0]["text/html"]
    with Image.open(path) as picture:
        assert picture.mode == "P"


def test_every_picture_has_an_alternative_text_and_a_caption(displayed):
    show_images(np.zeros((2, 8, 8, 3)), 1, 2, titles=["one", "two"], seen=("two & black", "as < it is"))
    html = displayed[0]["text/html"]
    assert 'alt="two &amp; black"' in html and "<figcaption><em>as &lt; it is</em></figcaption>" in html
    assert displayed[0]["text/plain"] == "two & black\nas < it is"


def test_a_figure_says_by_itself_what_it_shows(displayed):
    show_images(np.zeros((2, 8, 8, 3)), 1, 2, titles=["one", "two"])
    assert 'alt="2 images in 1 rows of 2: one, two."' in displayed[0]["text/html"]


def test_a_light_film_is_shown_whole_and_lighter_than_its_gif(tmp_path, displayed):
    squares = np.zeros((20, 64, 64, 3), np.uint8)
    for i, frame in enumerate(squares):
        frame[20:40, 2 * i : 2 * i + 20] = (200, 30, 20)
    path = animate(squares, tmp_path / "walk.gif", fps=10)
    show_film(path)
    shown = film_in(displayed[0])
    assert (shown["frames"], shown["size"], shown["duration"]) == (20, (64, 64), 100)
    assert shown["bytes"] < path.stat().st_size


def test_an_animated_png_has_the_frames_of_its_gif(tmp_path):
    path = film(tmp_path, n=3, side=16)
    with Image.open(io.BytesIO(animations.film_png(path.read_bytes()))) as png, Image.open(path) as gif:
        for i in range(3):
            png.seek(i)
            gif.seek(i)
            assert np.array_equal(png.convert("RGB"), gif.convert("RGB"))


@pytest.mark.parametrize(
    "share, seen", [(1.5, (12, 48, 200)), (3, (24, 24, 100)), (6, (12, 24, 200))], ids=["frames", "half", "both"]
)
def test_a_heavy_film_is_shown_with_fewer_pixels_and_frames_at_its_speed(tmp_path, displayed, monkeypatch, share, seen):
    path = film(tmp_path)
    whole = path.read_bytes()
    most = int(len(animations.film_png(whole)) / share)
    monkeypatch.setattr(animations, "NOTEBOOK_BYTES", most)
    show_film(path, width=48)
    shown = film_in(displayed[0])
    assert (shown["frames"], shown["size"][0], shown["duration"]) == seen
    assert shown["bytes"] <= most
    assert 'width="48"' in displayed[0]["text/html"]
    assert path.read_bytes() == whole
