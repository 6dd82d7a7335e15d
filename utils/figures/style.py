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

from utils.figures.animations import light_film
from utils.figures.palettes import lighter_png
from utils.files import write_bytes
from utils.images import to_uint8

INK, FAINT, LINE = "#22262b", "#7a828c", "#d9dde2"  # text, secondary text, rules: neutral, so that the images speak
# What surrounds a generated image: a grey hairline, which shows where it ends on white and on black alike, and on the
# page a dark stage. Everything that shows images takes both from here.
FRAME, STAGE = "#7a828c", "#0e1013"


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
    """Put one image, grey or colour, uint8 or float in [-1, 1], on Matplotlib axes, without ticks, in its hairline."""
    image = to_uint8(image)
    if image.ndim == 3 and image.shape[2] == 1:
        image = image[:, :, 0]
    # Matplotlib's own choice: pixels stay crisp when enlarged and are averaged when reduced
    axes.imshow(image, cmap="gray", vmin=0, vmax=255, interpolation="antialiased")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set(color=FRAME, linewidth=0.6)


def render(figure, dpi: int = 110) -> bytes:
    """Render a figure as the bytes of a PNG, with a palette if it looks the same: notebooks store these bytes."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi, facecolor="white")
    return lighter_png(buffer.getvalue())


def finish(figure, path: str | os.PathLike | None, show: bool, dpi: int = 110):
    """Render a figure once, save it, show it in a notebook, and give its path back (or the figure without one)."""
    if path is None and not (show and in_notebook()):
        return figure
    png = render(figure, dpi)
    if path is not None:
        write_bytes(path, png)
    if show:
        show_png(png)
    return figure if path is None else Path(path)


def show_png(png: bytes) -> None:
    """Show a PNG below the cell; in a plain script do nothing, the file is there to be opened."""
    if in_notebook():
        from IPython.display import Image, display

        display(Image(png))


def show_film(path: str | os.PathLike, width: int | None = None) -> None:
    """Show a film below the cell, in a way that a notebook's pages on the web keep; nothing in a script.

    A GIF too heavy for a notebook's file is shown with fewer pixels or frames (see `light_film`); the file stays whole.

    Args:
        path: the GIF or MP4.
        width: in pixels of the page; None for the film's own.
    """
    if in_notebook():
        from IPython.display import HTML, display

        path, film = Path(path), Path(path).read_bytes()
        if path.suffix.lower() == ".mp4":
            size = f' width="{width}"' if width else ""
            source = f"data:video/mp4;base64,{base64.b64encode(film).decode()}"
            display(HTML(f'<video src="{source}"{size} autoplay loop muted controls></video>'))
        else:
            display(HTML(film_in_html(film, path.name, width)))


def film_in_html(gif: bytes, name: str, width: int | None = None) -> str:
    """An HTML image that holds an animated GIF, reduced for a notebook's file (see `light_film`)."""
    light = light_film(gif, width)
    if light is not gif:  # however small, it is shown at the width of the GIF
        width = width or int.from_bytes(gif[6:8], "little")
    size = f' width="{width}"' if width else ""
    return f'<img src="data:image/gif;base64,{base64.b64encode(light).decode()}"{size} alt="{html.escape(name)}">'


def in_notebook() -> bool:
    """Whether a notebook is listening: Jupyter, Colab, papermill or an IDE, but no plain script or terminal."""
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    return hasattr(get_ipython(), "kernel")
