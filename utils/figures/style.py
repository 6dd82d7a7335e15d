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

from utils.figures.animations import film_png
from utils.figures.palettes import lighter_png, within_notebook
from utils.figures.texts import TEXTS
from utils.files import write_bytes
from utils.images import to_uint8
from utils.speech import seen as said

INK, FAINT, LINE = "#22262b", "#7a828c", "#d9dde2"  # text, secondary text, rules: neutral, so that the images speak
TITLE_SIZE, TEXT_SIZE = 14, 11  # points; read at half the size, a text of 11 points still has 8 pixels
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


def style_axes(axes, title: str, across: str, up: str = "", legend: int = 0, columns: int | None = None) -> None:
    """Give axes their title, what their scales count, and a grid; all of it legible at half the size.

    Args:
        axes: Matplotlib's, with what they show.
        title: of the axes, left above them.
        across, up: what is counted along the axes, with its unit.
        legend: how many labelled curves there are; a legend names them in lines of its own below the title.
        columns: how many stand in a line of the legend; None for all.
    """
    lines = -(-legend // (columns or max(legend, 1)))
    axes.set_title(title, loc="left", fontsize=TITLE_SIZE, color=INK, pad=8 + 20 * lines)
    axes.set_xlabel(across, fontsize=TEXT_SIZE, color=INK)
    axes.set_ylabel(up, fontsize=TEXT_SIZE, color=INK)
    axes.grid(color=LINE, linewidth=0.5, alpha=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(LINE)
    axes.tick_params(colors=INK, length=0, labelsize=TEXT_SIZE)
    if legend:  # above the axes, where it covers no curve, and below the title, which it does not touch
        place = {"loc": "lower left", "bbox_to_anchor": (-0.01, 1.0), "ncols": columns or legend, "borderpad": 0.2}
        axes.legend(**place, fontsize=TEXT_SIZE, frameon=False, labelcolor=INK, handlelength=1.1, columnspacing=1.1)


def render(figure, dpi: int = 110) -> bytes:
    """Render a figure as the bytes of a PNG, with a palette if it looks the same: notebooks store these bytes."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi, facecolor="white")
    return lighter_png(buffer.getvalue())


def finish(figure, path: str | os.PathLike | None, show: bool, dpi: int = 110, seen: tuple[str, str] | None = None):
    """Render a figure once, save it, show it in a notebook, and give its path back (or the figure without one).

    Args:
        figure: Matplotlib's.
        path: where to save it as PNG; None for nowhere.
        show: whether to show it in a notebook, which `seen` is then needed for.
        dpi: dots per inch.
        seen: what is said of it, (alternative text, caption).
    """
    if path is None and not (show and in_notebook()):
        return figure
    png = render(figure, dpi)
    if path is not None:
        write_bytes(path, png)
    if show:
        show_png(png, *seen)
    return figure if path is None else Path(path)


def show_png(png: bytes, alt: str, caption: str, width: int | None = None) -> None:
    """Show a PNG below the cell, with its caption below it; in a plain script do nothing, the file is there."""
    if in_notebook():
        from IPython.display import display

        display(in_html(within_notebook(png), alt, caption, width), raw=True)


def in_html(png: bytes, alt: str, caption: str, width: int | None = None) -> dict[str, str]:
    """A PNG as what a cell shows: HTML, since viewers of notebooks keep the alternative text of no other form.

    Args:
        png: its bytes, still or animated.
        alt: what is to be seen, for who does not see it; what shows no HTML shows this in its place.
        caption: one sentence, below the picture.
        width: in pixels of the page; None for the picture's own.

    Returns:
        Dict, media type -> text.
    """
    source = f"data:image/png;base64,{base64.b64encode(png).decode()}"
    width = width or int.from_bytes(png[16:20], "big")
    image = f'<img src="{source}" width="{width}" alt="{html.escape(alt)}" style="max-width: 100%; height: auto">'
    below = f"<figcaption><em>{html.escape(caption)}</em></figcaption>"
    return {"text/html": f'<figure style="margin: 0">{image}{below}</figure>', "text/plain": f"{alt}\n{caption}"}


def show_file(path: str | os.PathLike, seen: tuple[str, str], width: int | None = None) -> None:
    """Show a PNG file below the cell, lighter where it looks the same; `seen` is (alternative text, caption)."""
    if in_notebook():
        show_png(lighter_png(Path(path).read_bytes(), width), *seen, width)


def show_film(path: str | os.PathLike, seen: tuple[str, str] | None = None, width: int | None = None) -> None:
    """Show a film below the cell, in a way that a notebook's pages on the web keep; nothing in a script.

    A GIF is shown as an animated PNG, which every viewer of notebooks takes for a picture; if it is too heavy for a
    notebook's file, with fewer pixels or frames (see `film_png`). The file itself stays whole.

    Args:
        path: the GIF or MP4.
        seen: what is said of it, (alternative text, caption); None for its file's name.
        width: in pixels of the page; None for the film's own.
    """
    if in_notebook():
        from IPython.display import HTML, display

        path, film = Path(path), Path(path).read_bytes()
        seen = seen or said(TEXTS, "film", name=path.name)
        if path.suffix.lower() == ".mp4":
            size = f' width="{width}"' if width else ""
            source = f"data:video/mp4;base64,{base64.b64encode(film).decode()}"
            video = (
                f'<video src="{source}"{size} aria-label="{html.escape(seen[0])}" autoplay loop muted controls></video>'
            )
            display(HTML(f"<figure>{video}<figcaption><em>{html.escape(seen[1])}</em></figcaption></figure>"))
        else:  # however small, it is shown at the width of the GIF
            show_png(film_png(film, width), *seen, width or int.from_bytes(film[6:8], "little"))


def in_notebook() -> bool:
    """Whether a notebook is listening: Jupyter, Colab, papermill or an IDE, but no plain script or terminal."""
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    return hasattr(get_ipython(), "kernel")
