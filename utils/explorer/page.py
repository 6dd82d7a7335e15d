"""The page: the widgets that display and control a walk."""

import asyncio
import html
import os
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path

import anywidget
import ipywidgets as widgets
import numpy as np
import traitlets

from utils.colab import in_colab
from utils.explorer.osc import address_of
from utils.explorer.rendering import Drawing
from utils.explorer.steering import Directions
from utils.explorer.texts import LANGUAGES, TEXTS, direction_name, nearest_language, say, say_lines
from utils.explorer.walk import MAX_UPLOAD, Refused, Walk, quick_png, short_name, thumbnail
from utils.figures.heatmaps import BLUE, RED, WHITE
from utils.figures.style import FRAME, STAGE
from utils.files import write_bytes
from utils.files.errors import one_line
from utils.latent import closed_loop, interpolate_spherical, noise_walk

HERE = Path(__file__).parent
FRAME_SECONDS = 0.08  # between two images while the page moves by itself, at least
ASK_SECONDS = 0.05  # between two questions what other programs have sent
DRIFT_STEPS, DRIFT_RADIUS = 500, 0.6  # once round a loop of noise, and how far from where it began
KINDS = ("drift", "loop", "between")
READING_DELAY = 0.15  # seconds without a change before the image's lines are read
MEDIA_TYPES = {
    ".png": "image/png",
    ".txt": "text/plain",
    ".html": "text/html",
    ".gif": "image/gif",
    ".mp4": "video/mp4",
}


class Grid(anywidget.AnyWidget):
    """The vector as a grid of cells (see grid.js)."""

    _esm = HERE / "grid.js"
    _css = f":root {{ --frame: {FRAME}; --stage: {STAGE}; }}\n" + "\n".join(
        (HERE / name).read_text("utf-8") for name in ("page.css", "grid.css")
    )
    # no echo of changes that the browser itself made
    values = traitlets.List(traitlets.Float()).tag(sync=True, echo_update=False)
    gesture = traitlets.Int(0).tag(sync=True, echo_update=False)
    undone = traitlets.Int(0).tag(sync=True, echo_update=False)  # how often Ctrl Z was pressed
    browser_language = traitlets.Unicode("").tag(sync=True, echo_update=False)
    stops = traitlets.List([list(BLUE), list(WHITE), list(RED)]).tag(sync=True)
    words = traitlets.Dict().tag(sync=True)


class Files(anywidget.AnyWidget):
    """Upload of files, by drop or choice, and download (see files.js)."""

    _esm = HERE / "files.js"
    words = traitlets.Dict().tag(sync=True)
    limit = traitlets.Int(MAX_UPLOAD).tag(sync=True)
    generator = traitlets.Unicode("").tag(sync=True)  # its fingerprint: what is kept belongs to it
    kept = traitlets.Unicode("").tag(sync=True)  # what the browser is to remember, see `Walk.kept`
    busy = traitlets.Bool(False).tag(sync=True)  # whether an answer may take a while


class Page:
    """The widgets of one walk.

    Args:
        walk: the walk.
        language: "en" or "fr"; None for the browser's.
        folder: where files are saved in addition to the browser's downloads; None for nowhere.

    Attributes:
        box: the widget of the whole page.

    Raises:
        ValueError: another language.
    """

    def __init__(self, walk: Walk, language: str | None = None, folder: str | os.PathLike | None = None):
        if language not in (None, *LANGUAGES):
            raise ValueError(f"the page speaks {' and '.join(LANGUAGES)}, not {language!r}; None asks the browser")
        self.walk = walk
        self.language = language or LANGUAGES[0]
        self._follows_browser = language is None
        self._folder = None if folder is None else Path(folder)
        self._said = None  # (key, values) of the last message, for a change of language
        self._saved = 0
        self._on_way = None  # the vector that the slider from A to B led to
        self._reader = None  # the timer of the next reading
        self._showing = False  # whether the page itself changes its controls, which then have no effect
        self._on_language: list[Callable[[], None]] = []  # called at each change of language
        self._playing: asyncio.Task | None = None
        self._build()
        self._speak()
        self._show()
        if getattr(walk.drawing, "follows", False):
            self._following = asyncio.get_running_loop().create_task(self._follow())  # kept, or it would be collected

    # Moving by itself, and moved by other programs

    def toggle_play(self) -> None:
        """Begin to move, or stop."""
        self.set_playing(self._playing is None)

    def set_playing(self, on: bool) -> None:
        """Begin to move in the way that `kind` says, or stop; raises Refused where there are no pins to go through."""
        if self._playing is not None:
            self._playing.cancel()
            self._playing = None
        if on:
            way = self._way()
            self.walk.go_to(self.walk.z)  # one undo leads back here
            self._playing = asyncio.get_running_loop().create_task(self._move(way))
        self.play.description = self._words("play" if self._playing is None else "pause")

    def _way(self) -> np.ndarray:
        """The closed way that the page goes round, float32 (steps, latent_dim)."""
        walk, kind = self.walk, self.kind.value
        if kind == "drift":
            noise = noise_walk(len(walk.z), DRIFT_STEPS)
            return np.float32(np.sqrt(1 - DRIFT_RADIUS**2)) * walk.z + np.float32(DRIFT_RADIUS) * (noise - noise[0])
        points = walk.pins if kind == "loop" else [z for z in (walk.a, walk.b) if z is not None]
        if len(points) < 2:
            raise Refused("too_few_pins" if kind == "loop" else "no_ends")
        steps = round(self.seconds.value / FRAME_SECONDS) * len(points)
        return closed_loop(points, steps, interpolate_spherical, ease="smooth")

    async def _move(self, way: np.ndarray) -> None:
        """Go round a way for ever; what the hand changes meanwhile stays added."""
        walk, step = self.walk, 0
        lead, fades = walk.z - way[0], 1.0 if self.kind.value == "drift" else 0.9  # from here to the way, gently
        hand, shown = np.zeros_like(walk.z), walk.z
        while True:
            began = time.monotonic()
            hand = hand + (walk.z - shown)
            self._do(partial(walk.go_to, way[step % len(way)] + lead * fades**step + hand, ("play",)), quiet=True)
            shown, step = walk.z, step + 1
            await asyncio.sleep(max(FRAME_SECONDS - (time.monotonic() - began), 0.01))

    async def _follow(self) -> None:
        """Do what other programs send, for ever."""
        version, _ = self.walk.drawing.moves(0)  # what came before this page is not its own
        while True:
            await asyncio.sleep(ASK_SECONDS)
            version, moves = self.walk.drawing.moves(version)
            if moves:
                self._do(partial(self.obey, moves))

    def obey(self, moves: dict[str, float]) -> None:
        """Do what other programs sent: dict, address without its first stroke -> value, see `utils.explorer.osc`."""
        walk = self.walk
        z = walk.z.copy()
        for address, value in moves.items():
            if address.startswith("z/"):
                z[int(address[2:])] = value
        if not np.array_equal(z, walk.z):
            walk.go_to(z, ("osc",))
        for name in walk.directions:
            if (value := moves.get(f"direction/{address_of(name)}")) is not None:
                walk.turn(name, value)
        if "truncation" in moves:
            walk.truncate(moves["truncation"])
        if "between" in moves:
            self._between(moves["between"])
        if "play" in moves:
            self.set_playing(moves["play"] >= 0.5)

    # Building

    def _build(self) -> None:
        self.image = widgets.Image(format="png")
        self.image.add_class("z-image")
        self.outlines = _line("z-outlines")
        self.reading = _line("z-reading")
        self.grid = Grid(values=self.walk.z.tolist())
        self.files = Files(generator=self.walk.fingerprint)
        self.status = _line("z-status")
        self.title, self.help = _line(), _line("z-help")
        self.play = self._button("play", self.toggle_play, "primary")
        self.kind = widgets.Dropdown(options=KINDS)
        self.random = self._button("random", self.walk.random)
        self.mirror = self._button("mirror", self.walk.mirror)
        self.undo = self._button("undo", self._undo)
        self.save_image = self._button("save_image", lambda: self._save("image_{:02d}.png", self.walk.saved_image()))
        self.save_vector = self._button("save_vector", lambda: self._save("Vec_{}.txt", self.walk.saved_vector()))
        self.one_file = self._button("one_file", self._one_file)
        buttons = [
            self.play,
            self.kind,
            self.random,
            self.mirror,
            self.undo,
            self.save_image,
            self.save_vector,
            self.one_file,
        ]

        self.grid.observe(self._on_grid, "values")
        self.grid.observe(self._on_browser, "browser_language")
        self.grid.observe(lambda _: self._undo(), "undone")
        self.files.on_msg(self._on_message)

        picture = widgets.Box([self.image, self.outlines])
        picture.add_class("z-picture")
        stage = _column(picture, self.reading, _row("z-buttons", *buttons), self.status)
        stage.add_class("z-stage")
        panel = _column(
            _column(*self._sliders()), _column(*self._ends(), *self._timeline()), self.grid, self.help, self.files
        )
        panel.add_class("z-panel")
        self.box = widgets.VBox([_row("z-head", self.title, self._languages()), stage, panel])
        self.box.add_class("z-explorer")

    def _button(self, key: str, act: Callable[[], object], style: str = "") -> widgets.Button:
        button = widgets.Button(button_style=style)

        def speak():
            button.description, button.tooltip = self._words(key), self._words(f"{key}_hint")

        self._on_language.append(speak)
        button.on_click(lambda _: self._do(act))
        return button

    def _languages(self) -> widgets.Widget:
        names = {"en": "English", "fr": "Français"}
        self.languages = {code: widgets.Button(description=code.upper(), tooltip=name) for code, name in names.items()}
        for code, button in self.languages.items():
            button.on_click(lambda _, code=code: self.speak(code))
        return _row("z-languages", *self.languages.values())

    def _slider(self, key: str, act: Callable[[float], None], **settings) -> widgets.FloatSlider:
        name = settings.pop("name", None)
        slider = widgets.FloatSlider(readout_format=".2f", **settings)

        def speak():
            # named directions keep their name; numbered ones are labelled in the page's language
            own = name is not None and not name.isdigit()
            slider.description = slider.tooltip = (
                direction_name(self.language, name) if own else self._words(key, name=name)
            )

        self._on_language.append(speak)

        def move(change):
            # the browser rounds values to whole steps and sends them back; only larger changes are the user's
            if not self._showing and abs(change["new"] - change["old"]) > slider.step / 2:
                self._do(partial(act, change["new"]))

        slider.observe(move, "value")
        return slider

    def _sliders(self) -> list[widgets.Widget]:
        self.truncation = self._slider("truncation", self.walk.truncate, min=0.1, max=1.5, step=0.05, value=1)
        self.directions = {
            name: self._slider("direction", partial(self.walk.turn, name), name=name, min=-4, max=4, step=0.05)
            for name in self.walk.directions
        }
        return [self._heading("directions"), *self.directions.values(), self.truncation]

    def _ends(self) -> list[widgets.Widget]:
        self.ends = {which: Pin(which.upper(), partial(self._go_to_end, which), do=self._do) for which in "ab"}
        self.set_ends = {which: widgets.Button() for which in "ab"}
        for which, button in self.set_ends.items():
            button.on_click(lambda _, which=which: self._set_end(which))
            button.add_class("z-small")
        self.between = self._slider("between_slider", self._between, min=0, max=1, step=0.01)
        self.between.readout = False

        def speak():
            for which, button in self.set_ends.items():
                button.description = self._words("set_end", i=which.upper())
                button.tooltip = self._words(f"set_{which}")
            self._call_ends()
            # the heading describes it already; the tooltip remains for screen readers
            self.between.description = ""

        self._on_language.append(speak)
        a, b = (_column(self.ends[which].box, self.set_ends[which]) for which in "ab")
        return [self._heading("between"), _row("z-ends", a, self.between, b)]

    def _timeline(self) -> list[widgets.Widget]:
        self.pins = _row("z-pins")
        self.pin = self._button("pin", self._add_pin)
        self.seconds = widgets.Dropdown(options=[1, 2, 3, 5], value=2)
        self.format = widgets.Dropdown(options=[("GIF", ".gif"), ("MP4", ".mp4")])
        self.film = self._button("film", self._film)

        def speak():
            self.seconds.description = self._words("seconds")
            self.format.tooltip = self._words("format")
            for i, pin in enumerate(self._pins):
                pin.call(self._words("go", i=i + 1), self._words("unpin", i=i + 1))

        self._pins: list[Pin] = []
        self._on_language.append(speak)
        return [
            self._heading("timeline"),
            self.pins,
            _row("z-buttons z-film", self.pin, self.seconds, self.format, self.film),
        ]

    def _heading(self, key: str) -> widgets.HTML:
        line = _line("z-heading")
        self._on_language.append(lambda: line.set_trait("value", f"<h2>{html.escape(self._words(key))}</h2>"))
        return line

    # Words

    def _words(self, key: str, **values) -> str:
        return say(self.language, key, **values)

    def speak(self, language: str) -> None:
        """Change the language of the page: "en" or "fr"."""
        self._follows_browser = False
        self.language = language
        self._speak()
        self._read()

    def _speak(self) -> None:
        for speak in self._on_language:
            speak()
        self.title.value = f"<h1>{html.escape(self._words('title'))}</h1>"
        self.help.value = html.escape(self._words("help"))
        self.grid.words = {
            "language": self.language,
            "title": self._words("title"),
            "grid": self._words("grid", n=len(self.walk.z)),
            "cell": TEXTS[self.language]["cell"],
            "image": self._words("image"),
        }
        limit = MAX_UPLOAD // 2**20
        self.files.words = {
            "drop": self._words("drop"),
            "drop_hint": self._words("drop_hint", limit=limit),
            "gone": self._words("gone"),
        }
        kind = self.kind.value
        self.kind.options = [(self._words(f"move_{kind}"), kind) for kind in KINDS]
        self.kind.value = kind
        self.kind.tooltip = self._words("moving")
        self.play.description = self._words("play" if self._playing is None else "pause")
        for code, button in self.languages.items():
            (button.add_class if code == self.language else button.remove_class)("z-on")
        if self._said:
            self._tell(self._said[0], **self._said[1])

    def _tell(self, key: str | None, **values) -> None:
        """Show a message below the buttons; None clears it."""
        self._said = (key, values) if key else None
        self.status.value = html.escape(self._words(key, **values)) if key else ""

    # Doing

    def _do(self, act: Callable[[], object], quiet: bool = False) -> None:
        """Run an action and update the page. A refused action shows a message; no error ends the page.

        A quiet one leaves the message that is there.
        """
        if not quiet:
            self._tell(None)
        try:
            act()
        except Refused as refused:
            self._tell(refused.key, **refused.values)
        except Exception:
            traceback.print_exc()  # an unexpected error, for the terminal; the page continues
        self._show()

    def _show(self) -> None:
        """Update all widgets to the state of the walk, the image first."""
        walk = self.walk
        self.image.value = quick_png(walk.image)
        self._showing = True
        try:
            # an up-to-date grid is not set again, because the user may have changed it further meanwhile
            if not np.array_equal(np.float32(self.grid.values), walk.z):
                self.grid.values = walk.z.tolist()
            self.truncation.value = in_browser(self.truncation, walk.truncation)
            for name, slider in self.directions.items():
                slider.value = in_browser(slider, walk.along(name))
            self.undo.disabled = not walk.can_undo
            self.between.disabled = walk.a is None or walk.b is None
            if walk.z is not self._on_way and self._on_way is not None:  # the image has left the way from A to B
                self.between.value, self._on_way = 0, None
        finally:
            self._showing = False
        self._read_soon()

    def _read_soon(self) -> None:
        """Schedule the reading of the image's lines for the end of a gesture, which images take precedence over."""
        if self._reader:
            self._reader.cancel()
        try:
            self._reader = asyncio.get_running_loop().call_later(READING_DELAY, self._settle)
        except RuntimeError:  # no loop: a plain script, a test
            self._settle()

    def _settle(self) -> None:
        """What can wait for the end of a gesture."""
        self.files.kept = self.walk.kept()
        self._read()

    def _read(self) -> None:
        """Say which lines the image has and which rules it breaks, and outline the lines, if it should have lines."""
        found = read_image(self.walk.image) if self.walk.rules == "lines" else None
        if found is None:
            return
        lines, kept = found
        verticals = sum(line.direction == "vertical" for line in lines)
        words = [say_lines(self.language, verticals, len(lines) - verticals)]
        broken = [self._words(f"broken_{rule}") for rule, keeps in kept.items() if not keeps]
        words.append(self._words("all_rules" if not broken else "rules", kept=len(kept) - len(broken), n=len(kept)))
        self.reading.value = html.escape(" · ".join([*words, *broken]))
        self.outlines.value = outlines(lines, self.walk.image.shape)

    def _on_grid(self, change) -> None:
        z = np.float32(change["new"])
        if self._showing or np.array_equal(z, self.walk.z):
            return
        self._do(lambda: self.walk.go_to(z, ("grid", self.grid.gesture)))

    def _on_browser(self, change) -> None:
        if self._follows_browser and nearest_language(change["new"]) != self.language:
            self.speak(nearest_language(change["new"]))

    def _one_file(self) -> None:
        """Hand the page in one file over."""
        try:
            content = self.walk.drawing.page(None if self._follows_browser else self.language)
        except ValueError as error:
            raise Refused("not_exported", reason=one_line(error)) from None
        self._save("walk_{:02d}.html", content)

    def _on_message(self, widget, content, buffers) -> None:
        """What the browser sends: a question whether anybody is there, what it remembers, or a file."""
        if "ping" in content:
            self.files.send({"pong": True})
        elif "restore" not in content:
            self._on_file(widget, content, buffers)
        elif not self.walk.can_undo:  # nothing was done on this page yet
            self._do(lambda: self.walk.restore(content["restore"]))
            self._show_ends()
            self._rebuild_pins()

    def _on_file(self, widget, content, buffers) -> None:
        name = short_name(content.get("name", ""))

        def open_it():
            if not buffers:
                raise Refused("too_large", name=name, limit=MAX_UPLOAD // 2**20)
            self._after = self.walk.open(name, bytes(buffers[0]))

        self._after = None
        self._do(open_it)
        if self._after:
            self._tell(self._after[0], **self._after[1])
            self._show_ends()

    def _save(self, pattern: str, content: bytes) -> None:
        """Send a file to the browser, and save it in the folder if there is one."""
        name = pattern.format(self._saved)
        while self._folder and (self._folder / name).exists():
            self._saved += 1
            name = pattern.format(self._saved)
        self._saved += 1
        if self._folder:
            write_bytes(self._folder / name, content)
        self.files.send({"name": name, "type": MEDIA_TYPES[Path(name).suffix]}, buffers=[content])
        self._tell("saved", name=str(self._folder / name) if self._folder else name)

    # Pins

    def _go_to_end(self, which: str) -> None:
        """Go to an end; the first click, when there is none yet, sets it."""
        z = getattr(self.walk, which)
        self._set_end(which) if z is None else self.walk.go_to(z)

    def _set_end(self, which: str) -> None:
        self.walk.set_end(which)
        self._on_way = self.walk.z
        self._showing = True
        self.between.value = {"a": 0, "b": 1}[which]  # the position of the present vector
        self._showing = False
        self._show_ends()
        self._show()

    def _between(self, ratio: float) -> None:
        self.walk.between(ratio)
        self._on_way = self.walk.z

    def _undo(self) -> None:
        self.walk.undo()
        self._show_ends()
        self._show()

    def _show_ends(self) -> None:
        for which, pin in self.ends.items():
            z = getattr(self.walk, which)
            pin.show(None if z is None else self.walk.draw(z))
        self._call_ends()

    def _call_ends(self) -> None:
        for which, pin in self.ends.items():
            there = getattr(self.walk, which) is not None
            pin.call(self._words("go_end", i=which.upper()) if there else self._words(f"set_{which}"))

    def _add_pin(self) -> None:
        self.walk.pin()
        self._append_pin(self.walk.image)
        self._show_pins()

    def _append_pin(self, image: np.ndarray) -> None:
        pin = Pin(
            "", lambda: self.walk.go_to(self.walk.pins[self._pins.index(pin)]), lambda: self._remove(pin), self._do
        )
        pin.show(image)
        self._pins.append(pin)

    def _rebuild_pins(self) -> None:
        """Make the pins of the walk anew."""
        for pin in self._pins:
            pin.close()
        self._pins.clear()
        for z in self.walk.pins:
            self._append_pin(self.walk.draw(z))
        self._show_pins()

    def _remove(self, pin: "Pin") -> None:
        self.walk.unpin(self._pins.index(pin))
        self._pins.remove(pin)
        self._show_pins()
        pin.close()

    def _show_pins(self) -> None:
        for i, pin in enumerate(self._pins):
            pin.button.description = str(i + 1)
            pin.call(self._words("go", i=i + 1), self._words("unpin", i=i + 1))
        self.pins.children = [pin.box for pin in self._pins]

    def _film(self) -> None:
        suffix, seconds = self.format.value, self.seconds.value
        self.film.disabled = self.files.busy = True
        self.film.description = self._words("waiting")
        try:
            content, n = self.walk.film(suffix, seconds, lambda done, n: self._tell("filming", n=f"{done} / {n}"))
        finally:
            self.film.disabled = self.files.busy = False
            self.film.description = self._words("film")
        name = "film_{:02d}" + suffix
        self._save(name, content)
        self._tell("filmed", name=self._said[1]["name"], n=n, seconds=seconds * len(self._pins))


def in_browser(slider: widgets.FloatSlider, value: float) -> float:
    """The value that the browser's slider (noUiSlider) makes of one: within the range, on a step, to the last bit.

    Another bit, and the browser sends its own value back as if the user had moved. Where the page has gone elsewhere
    meanwhile, as after a reload, that would move the vector away from what was found.
    """
    span = slider.max - slider.min
    step = slider.step * 100 / span  # in percent of the range, as there
    percent = min(max((value - slider.min) * 100 / span, 0), 100)
    return round(percent / step) * step * span / 100 + slider.min


class Pin:
    """A thumbnail with a button over it, and optionally one to remove it."""

    def __init__(self, label: str, go: Callable, remove: Callable | None = None, do: Callable = lambda act: act()):
        self.image = widgets.Image(format="png")
        self.image.add_class("z-thumb")
        self.button = widgets.Button(description=label)
        self.button.add_class("z-go")
        self.button.on_click(lambda _: do(go))
        parts = [self.button]
        self._remove = None
        if remove:
            self._remove = widgets.Button(description="×")
            self._remove.add_class("z-remove")
            self._remove.on_click(lambda _: do(remove))
            parts.append(self._remove)
        self.box = widgets.Box(parts)
        self.box.add_class("z-pin")
        self.box.add_class("z-empty")

    def show(self, image: np.ndarray | None) -> None:
        """Show an image as thumbnail; None for an empty place."""
        if image is None:
            self.box.children = tuple(part for part in self.box.children if part is not self.image)
            self.box.add_class("z-empty")
            return
        self.image.value = thumbnail(image)
        if self.image not in self.box.children:
            self.box.children = (self.image, *self.box.children)
            self.box.remove_class("z-empty")

    def call(self, go: str, remove: str | None = None) -> None:
        self.button.tooltip = go
        if self._remove:
            self._remove.tooltip = remove

    def close(self) -> None:
        """Close the widgets with their layouts and styles, in the browser too."""
        for widget in (*self.box.children, self.box):
            for part in (widget.layout, getattr(widget, "style", None), widget):
                if part is not None:
                    part.close()


def read_image(image: np.ndarray) -> tuple[list, dict[str, bool]] | None:
    """Read one image, uint8 (h, w, 3): its lines, and for each rule whether it is kept; None for other shapes."""
    from utils.reading import THREE_LINES, read_lines, rules_kept

    if image.ndim != 3 or image.shape[-1] != 3:
        return None
    found = read_lines(image[None])[0]
    return found, rules_kept(found, THREE_LINES)


def outlines(lines: list, shape: tuple[int, int, int]) -> str:
    """The lines that were read as an SVG to lay over the image, on the canvas of 128 x 128 that they were read on.

    The ranges of the rules are shaded: dashed for the vertical and the first horizontal, dotted for the second.
    """
    from lines import POSITIONS, SIZE
    from utils.reading import THREE_LINES

    low, high = POSITIONS.start, POSITIONS.stop
    second = THREE_LINES.y2_positions
    parts = [
        f'<rect x="{low}" y="{low}" width="{high - low}" height="{high - low}" class="z-range"/>',
        f'<rect x="0" y="{second.start}" width="{SIZE}" height="{len(second)}" class="z-range z-second"/>',
    ]
    for line in lines:
        start, width = line.position + 0.5 - line.width / 2, max(line.width, 1)
        box = (start, 0, width, SIZE) if line.direction == "vertical" else (0, start, SIZE, width)
        x, y, w, h = (f"{value:.1f}" for value in box)
        parts.append(f'<rect x="{x}" y="{y}" width="{w}" height="{h}" class="z-read"/>')
    return f'<svg viewBox="0 0 {SIZE} {SIZE}" aria-hidden="true">{"".join(parts)}</svg>'


def show(
    generator,
    directions: Directions | None = None,
    language: str | None = None,
    seed: int | np.random.Generator | None = None,
    folder: str | os.PathLike | None = "run/explorer",
    rules: str | None = None,
) -> None:
    """Show the page below the cell of a notebook.

    Args:
        generator: a Keras model, vectors (n, latent_dim) -> images (n, h, w, c) in [-1, 1].
        directions: directions, a slider for each: those that `utils.latent.directions` finds, or a dict, name -> float
            (latent_dim,); None for those that the weights of the generator's first layer stretch most.
        language: "en" or "fr"; None for the browser's.
        seed: int for reproducible random vectors, None or a `numpy.random.Generator`.
        folder: where images, vectors and animations are saved in addition to the browser's downloads.
        rules: "lines" if it was trained on the three lines, which are then read; see `utils.runs.data_of`.

    Example:
        >>> generator = loaders.load_generator("generator.h5")
        >>> show(generator, reading_directions(generator), language="fr")
    """
    from IPython.display import display

    if in_colab():  # where custom widgets have to be enabled
        from google.colab import output

        output.enable_custom_widget_manager()
    display(Page(Walk(Drawing(generator, directions, rules=rules), seed), language, folder).box)


def _line(name: str = "") -> widgets.HTML:
    line = widgets.HTML()
    if name:
        line.add_class(name)
    return line


def _row(names: str, *parts: widgets.Widget) -> widgets.HBox:
    row = widgets.HBox(parts)
    for name in names.split():
        row.add_class(name)
    return row


def _column(*parts: widgets.Widget) -> widgets.VBox:
    return widgets.VBox(parts)
