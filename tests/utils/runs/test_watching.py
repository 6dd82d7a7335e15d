"""A training can be watched: one picture that is drawn anew, and TensorBoard's files."""

import base64
import io

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
