"""The page in Jupyter, Colab and Voilà: stage/ as one widget, and what Python does for it.

The page and its state live in the browser, and so does the network wherever the browser knows its layers. Python draws
for those that it does not know, and does for all what needs it: it reads lines, finds directions, makes films,
enlarges, keeps files in a folder, passes on what other programs send. The widget has no state of its own: questions and
answers are messages (stage/host.js asks them), so that no network ends up in a saved notebook.
"""

import asyncio
import gzip
import os
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path

import anywidget
import numpy as np

from utils.colab import in_colab
from utils.explorer.one_file import bundle, packed_runtime, page_facts, page_style, see_language
from utils.explorer.rendering import Drawing, quick_png
from utils.explorer.shelf import Shelf
from utils.explorer.steering import Directions
from utils.figures import animate, show_file
from utils.files import write_bytes
from utils.files.errors import one_line
from utils.latent import closed_loop, generate_latent_points, interpolate_spherical
from utils.speech import spoken

DOCS = Path(__file__).parents[2] / "docs"
PICTURES = {"en": DOCS / "stage_dark.png", "fr": DOCS / "stage_light.png"}  # of the page, in either language
PICTURE_WIDTH = 720  # pixels on a notebook's page
ASK_SECONDS = 0.05  # between two questions what other programs have sent
SEARCH_SECONDS = 2.0  # between two questions whether directions were found
FPS = 20  # a whole number of hundredths of a second per frame, as GIF needs
MOST_FRAMES = 20_000  # of a film
MAX_UPLOAD = 4 * 2**20  # bytes of one message; an image of 128 x 128 with its vector has about 30,000
MAX_GENERATOR = 512 * 2**20  # bytes of a generator's file, which comes in parts
KINDS = {
    "image": "image_{:02d}.png",
    "vector": "Vec_{}.txt",
    "sheet": "sheet_{:02d}.png",
    "drawing": "image_{:02d}.svg",
}
KINDS |= {"page": "walk_{:02d}.html", "webm": "film_{:02d}.webm", "mp4": "film_{:02d}.mp4", "gif": "film_{:02d}.gif"}


class Refused(ValueError):
    """A refused action: `key` names its message in `utils.explorer.texts`, `values` fill it in."""

    def __init__(self, key: str, **values):
        super().__init__(key, values)
        self.key, self.values = key, values


class Page(anywidget.AnyWidget):
    """The page of a generator.

    Args:
        shelf: the generators that it may show: a `Shelf` or a `DistantShelf`.
        language: "en" or "fr"; None for the browser's.
        folder: where files are saved in addition to the browser's downloads; None for nowhere.
        seed: of the first vector: int, a `numpy.random.Generator`, or None for the browser's own.

    Raises:
        ValueError: another language.
    """

    _esm = bundle("widget.js") + "\nexport default { render };\n"
    _css = page_style()

    def __init__(
        self,
        shelf,
        language: str | None = None,
        folder: str | os.PathLike | None = None,
        seed: int | np.random.Generator | None = None,
    ):
        see_language(language)
        super().__init__()
        self._shelf, self._language, self._seed = shelf, language, seed
        self._folder = None if folder is None else Path(folder)
        self.drawing = shelf.open()
        self._saved = 0
        self._coming = bytearray()  # of a generator, as far as it has come
        self._following = None
        self.on_msg(self._on_message)

    # Questions and answers

    def _on_message(self, _, question: dict, buffers: list) -> None:
        """Answer one question of the browser; whatever happens, there is an answer, and the page goes on."""
        try:
            act = getattr(self, f"_on_{question['ask']}")
            answer, contents = act(question, [bytes(buffer) for buffer in buffers])
        except Refused as refused:
            answer, contents = {"refused": refused.key, "values": refused.values}, []
        except Exception as error:
            if not isinstance(error, ValueError | OSError | ImportError):
                traceback.print_exc()  # a defect, for the terminal
            answer = {"refused": "not_done", "values": {"reason": one_line(error)}}
            contents = []
        self.send({"id": question.get("id"), **answer}, buffers=contents)

    def _on_begin(self, question: dict, _) -> tuple[dict, list]:
        """The page of a generator: by its name, or the one that there is."""
        if question.get("name") is not None:
            self.drawing = self._shelf.open(question["name"])
        return self._begin()

    def _on_bring(self, question: dict, buffers: list) -> tuple[dict, list]:
        """A part of a visitor's own generator; once all of it is here, its page."""
        name, size = short_name(question["name"]), int(question["size"])
        if size > MAX_GENERATOR:
            raise Refused("too_large", name=name, limit=MAX_GENERATOR // 2**20)
        if question["first"]:
            self._coming.clear()
        self._coming += buffers[0]
        if len(self._coming) < size:
            return {}, []
        content = bytes(self._coming[:size])
        self._coming.clear()
        try:
            self.drawing = self._shelf.bring(name, content)
        except Exception as error:  # a hostile file can fail in any way, and must not end the page
            raise Refused("no_generator", name=name, reason=one_line(error)) from error
        return self._begin()

    def _begin(self) -> tuple[dict, list]:
        drawing = self.drawing
        facts = page_facts(drawing.name, drawing.fingerprint, drawing.directions, self._language)
        facts |= {
            "latent_dim": drawing.latent_dim,
            "shape": drawing.shape,
            "generators": self._shelf.names,
            "reads": drawing.rules == "lines" and drawing.shape[-1] == 3,
            "saves": self._folder is not None,
        }
        if self._seed is not None:
            facts["start"] = generate_latent_points(drawing.latent_dim, 1, self._seed)[0].tolist()
        self._follow()
        try:
            description, weights = drawing.network()
        except ValueError as error:  # a layer that the browser does not know: Python draws
            return {"facts": facts | {"drawn_here": one_line(error)}}, []
        return {"facts": facts | {"network": description}}, [*packed_runtime(), gzip.compress(weights, 1)]

    def _on_ping(self, *_) -> tuple[dict, list]:
        return {}, []

    def _on_draw(self, _, buffers: list) -> tuple[dict, list]:
        """The image of a vector, as a PNG."""
        return {}, [quick_png(self._images(np.frombuffer(buffers[0], "<f4")[None])[0])]

    def _on_read(self, _, buffers: list) -> tuple[dict, list]:
        """What is read in an image, RGB: its lines, the rules that it breaks, and where to outline them."""
        height, width, _ = self.drawing.shape
        return read_image(np.frombuffer(buffers[0], np.uint8).reshape(height, width, 3)), []

    def _on_film(self, question: dict, buffers: list) -> tuple[dict, list]:
        """A film through vectors and back to the first."""
        pins = np.frombuffer(buffers[0], "<f4").reshape(-1, self.drawing.latent_dim)
        suffix, seconds, side = question["suffix"], float(question["seconds"]), int(question["side"])

        def tell(done: int, total: int) -> None:
            self.send({"id": question.get("id"), "progress": [done, total]})

        content, n = make_film(self._images, pins, suffix, seconds, question["easing"], side, tell)
        return {"n": n, "name": self._keep(suffix[1:], content)}, [content]

    def _on_enlarge(self, question: dict, buffers: list) -> tuple[dict, list]:
        """An image, enlarged by the network, as a PNG that carries its vector."""
        content = self.drawing.enlarge(buffers[0], int(question["factor"]), list(map(float, question["z"])))
        return {"name": self._keep("image", content)}, [content]

    def _on_page(self, question: dict, _) -> tuple[dict, list]:
        """The page in one file."""
        try:
            content = self.drawing.page(question.get("language"))
        except ValueError as error:
            raise Refused("not_exported", reason=one_line(error)) from None
        return {"name": self._keep("page", content)}, [content]

    def _on_keep(self, question: dict, buffers: list) -> tuple[dict, list]:
        """A file that the browser made."""
        return {"name": self._keep(question["kind"], buffers[0])}, []

    # What Python does

    def _images(self, Z: np.ndarray) -> np.ndarray:
        if Z.shape[-1] != self.drawing.latent_dim or not np.isfinite(Z).all():
            raise Refused("not_drawn", name="Z")
        try:
            return self.drawing.draw(Z)
        except ValueError:
            raise Refused("not_drawn", name="Z") from None

    def _keep(self, kind: str, content: bytes) -> str:
        """Save a file in the folder, if there is one, over no other; gives its name."""
        pattern = KINDS[kind]
        name = pattern.format(self._saved)
        while self._folder and (self._folder / name).exists():
            self._saved += 1
            name = pattern.format(self._saved)
        self._saved += 1
        if not self._folder:
            return name
        write_bytes(self._folder / name, content)
        return (self._folder / name).as_posix()

    def _follow(self) -> None:
        """Pass on what other programs send and what is found meanwhile, from the first page that is shown."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # a plain script, a test
            return
        if self._following is None or self._following.done():
            self._following = loop.create_task(self._pass_on())  # kept, or it would be collected

    async def _pass_on(self) -> None:
        drawing = None
        while True:
            if drawing is not self.drawing:
                drawing, known, waited = self.drawing, set(self.drawing.directions), 0.0
                version, _ = drawing.moves(0)  # what came before this page is not its own
            await asyncio.sleep(ASK_SECONDS if drawing.follows else SEARCH_SECONDS)
            if drawing.follows:
                version, moves = drawing.moves(version)
                if moves:
                    self.send({"moves": moves})
            waited += ASK_SECONDS if drawing.follows else SEARCH_SECONDS
            if waited >= SEARCH_SECONDS:
                waited = 0.0
                drawing.refresh()
                if set(drawing.directions) != known:
                    known = set(drawing.directions)
                    self.send({"directions": {name: vector.tolist() for name, vector in drawing.directions.items()}})


def read_image(image: np.ndarray) -> dict:
    """What is read in an image of three lines.

    Args:
        image: uint8 (h, w, 3).

    Returns:
        Dict for JSON: `verticals`, `horizontals`, numbers of lines; `rules`, the number of rules; `broken`, names of
        those that it breaks; and on the canvas of 128 x 128 that lines are read on, `boxes` [x, y, width, height] of
        the lines, `ranges` of the rules: of the vertical and the first horizontal, and of the second.
    """
    from lines import POSITIONS, SIZE
    from utils.reading import THREE_LINES, read_lines, rules_kept

    found = read_lines(image[None])[0]
    kept = rules_kept(found, THREE_LINES)
    verticals = sum(line.direction == "vertical" for line in found)
    boxes = []
    for line in found:
        start, width = round(line.position + 0.5 - line.width / 2, 1), round(max(line.width, 1), 1)
        boxes.append([start, 0, width, SIZE] if line.direction == "vertical" else [0, start, SIZE, width])
    low, high, second = POSITIONS.start, POSITIONS.stop, THREE_LINES.y2_positions
    return {
        "verticals": verticals,
        "horizontals": len(found) - verticals,
        "rules": len(kept),
        "broken": [rule for rule, keeps in kept.items() if not keeps],
        "boxes": boxes,
        "ranges": [[low, low, high - low, high - low], [0, second.start, SIZE, len(second)]],
    }


def make_film(
    draw: Callable, pins: np.ndarray, suffix: str, seconds: float, easing: str, side: int, progress: Callable
) -> tuple[bytes, int]:
    """Make an animation through all pins and back to the first.

    Args:
        draw: function, vectors (n, latent_dim) -> uint8 images (n, h, w, c).
        pins: float32 (n, latent_dim).
        suffix: ".gif" or ".mp4".
        seconds: from one pin to the next.
        easing: as in `utils.latent.closed_loop`.
        side: pixels; each pixel of an image becomes as large a square as that holds.
        progress: called with the number of finished images and of all images.

    Returns:
        `(content, n)`: the animation as bytes, and its number of images.

    Raises:
        Refused: fewer than two pins, or the animation cannot be written.
    """
    if len(pins) < 2:
        raise Refused("too_few_pins")
    if suffix not in (".gif", ".mp4") or not 0 < seconds * FPS * len(pins) <= MOST_FRAMES:
        raise Refused("not_filmed", reason=f"{suffix}, {seconds} s")
    Z = closed_loop(pins, round(seconds * FPS) * len(pins), interpolate_spherical, ease=easing)
    scale = max(1, min(side, 1080) // draw(Z[:1]).shape[1])

    def frames():
        for start in range(0, len(Z), 32):
            progress(start, len(Z))
            yield from draw(Z[start : start + 32])

    with tempfile.TemporaryDirectory() as folder:
        try:
            path = animate(frames(), Path(folder) / f"film{suffix}", fps=FPS, scale=scale, total=len(Z))
        except ImportError:
            raise Refused("not_filmed", reason="pip install imageio-ffmpeg") from None
        except OSError as error:  # ffmpeg failed, or the disk is full
            raise Refused("not_filmed", reason=one_line(error)) from None
        return path.read_bytes(), len(Z)


def short_name(name: str) -> str:
    """A file's name for display: without folder and control characters, at most 40 characters."""
    name = str(name).replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(character for character in name if character.isprintable()).strip() or "?"
    return name if len(name) <= 40 else f"{name[:24]}…{name[-15:]}"


def show(
    generator,
    directions: Directions | None = None,
    language: str | None = None,
    seed: int | np.random.Generator | None = None,
    folder: str | os.PathLike | None = "run/explorer",
    rules: str | None = None,
) -> None:
    """Show the page below the cell of a notebook, and a picture of it, which stays when the notebook is closed.

    Args:
        generator: a Keras model, vectors (n, latent_dim) -> images (n, h, w, c) in [-1, 1].
        directions: directions, a slider for each: those that `utils.latent.directions` finds, or a dict, name -> float
            (latent_dim,); None for those that the weights of the generator's first layer stretch most.
        language: "en" or "fr"; None for the browser's.
        seed: of the first vector: int or a `numpy.random.Generator`; None for any.
        folder: where images, vectors and animations are saved in addition to the browser's downloads.
        rules: "lines" if it was trained on the three lines, which are then read; see `utils.runs.data_of`.

    Example:
        >>> generator = loaders.load_generator("generator.h5")
        >>> show(generator, reading_directions(generator), language="fr")
    """
    from IPython.display import display

    from utils.runs import telling  # loads Keras, which a page that a server shows does not need

    if in_colab():  # where custom widgets have to be enabled
        from google.colab import output

        output.enable_custom_widget_manager()
    display(Page(Shelf(Drawing(generator, directions, rules=rules)), language, folder, seed))
    show_file(PICTURES[spoken(language)], telling.picture("page"), width=PICTURE_WIDTH)
