"""What all figures share: their ink, how they are rendered and saved, and how a notebook shows them.

Figures are made without pyplot: nothing stays open, no window appears, and in a notebook they show below the cell.
"""

import base64
import html
import io
import os
import warnings
from contextlib import contextmanager
from functools import wraps
from pathlib import Path

import numpy as np

from utils.files import write_bytes
from utils.images import to_uint8

INK, FAINT, LINE = "#22262b", "#7a828c", "#d9dde2"  # text, secondary text, rules: neutral, so that the images speak


@contextmanager
def own_style():
    """While the block runs, Matplotlib draws by its own defaults, not by somebody's matplotlibrc (usetex, a grid)."""
    import matplotlib

    theirs = ("backend", "interactive", "toolbar", "timezone")  # how figures are shown, which is not ours to say
    with matplotlib.rc_context():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", matplotlib.MatplotlibDeprecationWarning)  # it has names of yesterday, too
            defaults = matplotlib.rcParamsDefault.items()
            matplotlib.rcParams.update({name: value for name, value in defaults if not name.startswith(theirs)})
        yield


def in_own_style(draw):
    """Let a function that draws a figure do so in `own_style`."""

    @wraps(draw)
    def drawn(*arguments, **named):
        with own_style():
            return draw(*arguments, **named)

    return drawn


def draw_image(axes, image: np.ndarray) -> None:
    """Put one image, grey or colour, uint8 or float in [-1, 1], on Matplotlib axes, without ticks and frame."""
    image = to_uint8(image)
    if image.ndim == 3 and image.shape[2] == 1:
        image = image[:, :, 0]
    # Matplotlib's own choice: pixels stay crisp when enlarged and are averaged when reduced
    axes.imshow(image, cmap="gray", vmin=0, vmax=255, interpolation="antialiased")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)


def finish(figure, path: str | os.PathLike | None, show: bool, dpi: int = 110):
    """Render a figure once, save it, show it in a notebook, and give its path back (or the figure without one)."""
    if path is None and not (show and in_notebook()):
        return figure
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi, facecolor="white")
    if path is not None:
        write_bytes(path, buffer.getvalue())
    if show:
        show_png(buffer.getvalue())
    return figure if path is None else Path(path)


def show_png(png: bytes) -> None:
    """Show a PNG below the cell; in a plain script do nothing, the file is there to be opened."""
    if in_notebook():
        from IPython.display import Image, display

        display(Image(png))


def show_film(path: str | os.PathLike, width: int | None = None) -> None:
    """Show a film below the cell, in a way that a notebook's pages on the web keep; nothing in a script.

    Args:
        path: the GIF or MP4.
        width: in pixels of the page; None for the film's own.
    """
    if in_notebook():
        from IPython.display import HTML, display

        film = base64.b64encode(Path(path).read_bytes()).decode()
        size = f' width="{width}"' if width else ""
        if Path(path).suffix.lower() == ".mp4":
            display(HTML(f'<video src="data:video/mp4;base64,{film}"{size} autoplay loop muted controls></video>'))
        else:
            display(HTML(f'<img src="data:image/gif;base64,{film}"{size} alt="{html.escape(Path(path).name)}">'))


def in_notebook() -> bool:
    """Whether a notebook is listening: Jupyter, Colab, papermill or an IDE, but no plain script or terminal."""
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    return hasattr(get_ipython(), "kernel")
