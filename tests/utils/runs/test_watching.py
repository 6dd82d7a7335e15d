"""A training can be watched: one picture that is drawn anew, and TensorBoard's files."""

import base64
import io
from types import SimpleNamespace

import pytest
from PIL import Image

from tests.conftest import build_tiny
from utils.loaders import ImageBatches
from utils.runs import watching


class Shown(list):
    """Stands in for IPython's display: keeps what is shown, and what it is replaced by."""

    def __call__(self, picture, display_id=None, raw=False):
        self.append(("shown", png_in(picture)))
        return self

    def update(self, picture, raw=False):
        self.append(("replaced", png_in(picture)))


def png_in(picture):
    """The bytes of the PNG in what a cell shows as HTML."""
    return base64.b64decode(picture["text/html"].partition("base64,")[2].partition('"')[0])


def train(model, images, folder, callbacks):
    batches = ImageBatches.from_array(images, 4, seed=5)
    model.train(2, 2, batches, 4, 4, folder, print_every_n_batches=2, verbose=0, callbacks=callbacks)


@pytest.fixture(scope="module")
def watched(images, tmp_path_factory):
    """A tiny run of four steps, watched in both ways: (folder, what was shown)."""
    import IPython.display

    folder, shown = tmp_path_factory.mktemp("run"), Shown()
    usual, IPython.display.display = IPython.display.display, shown
    try:
        callbacks = [watching.LiveView(folder), watching.TensorBoard(folder)]
        train(build_tiny(), images, folder, callbacks)
    finally:
        IPython.display.display = usual
    return folder, shown


@pytest.mark.slow
def test_the_live_view_shows_one_picture_and_replaces_it_at_each_snapshot(watched):
    _, shown = watched
    assert [what for what, _ in shown] == ["shown", "replaced", "replaced"]  # snapshots after step 0, 2 and 3
    sizes = {Image.open(io.BytesIO(png)).size for _, png in shown}
    assert len(sizes) == 1 and len({png for _, png in shown}) == 3


def test_a_run_that_is_done_is_shown_as_it_was_in_the_end(watched, monkeypatch):
    import IPython.display

    folder, before = watched
    again = Shown()
    monkeypatch.setattr(IPython.display, "display", again)
    model = SimpleNamespace(losses_of={key: [3.0, 2.0, 1.0, 0.0] for key in ("d_loss", "d_real", "d_fake", "g_loss")})
    watching.show_last(model, folder)
    assert again == []  # a script
    monkeypatch.setattr(watching, "in_notebook", lambda: True)
    watching.show_last(model, folder)
    assert [what for what, _ in again] == ["shown"]
    assert Image.open(io.BytesIO(again[0][1])).size == Image.open(io.BytesIO(before[-1][1])).size


def test_tensorboard_finds_every_loss_and_each_sheet(watched):
    loading = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    folder, _ = watched
    events = loading.EventAccumulator(str(folder / "tensorboard"), {"scalars": 0, "images": 0})
    events.Reload()
    assert {"d_loss", "d_real", "d_fake", "d_penalty", "g_loss"} <= set(events.Tags()["scalars"])
    assert [event.step for event in events.Scalars("g_loss")] == [0, 1, 2, 3]
    assert [event.step for event in events.Images("samples")] == [0, 2, 3]
    sheet = (folder / "images" / "sample_3.png").read_bytes()
    assert events.Images("samples")[-1].encoded_image_string == sheet


def test_a_script_shows_nothing(tmp_path):
    assert watching.notebook_views(tmp_path) == []
