"""The state of the page: the present vector, its history, pins and files, without widgets.

All controls change one vector and derive their position from it: the slider of a direction shows the vector's component
along that direction, whatever changed it.
"""

import base64
import io
import json
import tempfile
from collections import deque
from collections.abc import Callable
from pathlib import Path

import numpy as np

from utils.figures import animate
from utils.files.errors import one_line
from utils.files.provenance import from_image, save_image
from utils.images import as_picture
from utils.latent import (
    closed_loop,
    generate_latent_points,
    interpolate_spherical,
    read_vectors,
    vectors_to_text,
)

UNDO_STEPS = 200
MAX_PINS = 24
FPS = 20  # a whole number of hundredths of a second per frame, as GIF needs
MAX_UPLOAD = 4 * 2**20  # bytes; an image of 128 x 128 with its vector has about 30,000
MAX_PIXELS = 2**24  # of an uploaded image: 4096 x 4096


class Refused(ValueError):
    """A refused action: `key` names its message in `utils.explorer.texts`, `values` fill it in."""

    def __init__(self, key: str, **values):
        super().__init__(key, values)
        self.key, self.values = key, values


class Walk:
    """One visitor's walk through the latent space.

    Args:
        drawing: a `Drawing` or `DistantDrawing`; stays an attribute.
        seed: of random vectors: int, None or a `numpy.random.Generator`.

    Attributes:
        z: the present vector, float32 (latent_dim,).
        image: its image, uint8 (h, w, c).
        truncation: factor of the vectors, 1 as in training.
        rules: the rule set that drew the generator's training images; None for others.
        a, b: the ends of the interpolation slider, vectors or None.
        pins: list of the vectors of the timeline.
    """

    def __init__(self, drawing, seed: int | np.random.Generator | None = None):
        self.drawing = drawing
        self._random = np.random.default_rng(seed)
        self._history = deque(maxlen=UNDO_STEPS)  # (z, image, truncation, a, b)
        self._gesture = None
        self.fingerprint = drawing.fingerprint
        self.directions = drawing.directions
        self.rules = drawing.rules
        self.truncation = 1.0
        self.a = self.b = None
        self.pins: list[np.ndarray] = []
        self.z = generate_latent_points(drawing.latent_dim, 1, self._random)[0]
        self.image = self.draw(self.z)

    # Moves

    def go_to(self, z: np.ndarray, gesture=None, truncation: float | None = None) -> None:
        """Go to another vector.

        Args:
            z: float (latent_dim,).
            gesture: identifies the user's gesture; consecutive moves of one gesture are undone together. None for a
                move of its own.
            truncation: the vector's truncation factor, the present one if None.

        Raises:
            Refused: the vector has NaN, infinity or another length, or the generator cannot draw it.
        """
        z = np.array(z, np.float32)
        if z.shape != self.z.shape:
            raise Refused("wrong_length", name="Z", n=z.size, latent_dim=len(self.z))
        image = self.draw(z)
        self._remember(gesture)
        self.z, self.image = z, image
        self.truncation = self.truncation if truncation is None else truncation

    def _remember(self, gesture=None) -> None:
        """Keep the present state for `undo`, once for each gesture."""
        if gesture is None or gesture != self._gesture:
            self._history.append((self.z, self.image, self.truncation, self.a, self.b))
        self._gesture = gesture

    def random(self) -> None:
        """Go to a random vector, scaled by the truncation."""
        self.go_to(self.truncation * generate_latent_points(len(self.z), 1, self._random)[0])

    def mirror(self) -> None:
        """Stand at the opposite vector, -z."""
        self.go_to(-self.z)

    @property
    def can_undo(self) -> bool:
        return bool(self._history)

    def undo(self) -> bool:
        """Undo the last move; returns whether there was one."""
        if not self._history:
            return False
        self.z, self.image, self.truncation, self.a, self.b = self._history.pop()
        self._gesture = None
        return True

    def truncate(self, factor: float) -> None:
        """Scale the vector; images near the origin are similar and typical, those further out are not."""
        self.go_to(self.z * (factor / self.truncation), "truncation", truncation=factor)

    def along(self, name: str) -> float:
        """The component of the vector along a direction, a float."""
        return float(self.z @ self.directions[name])

    def turn(self, name: str, position: float) -> None:
        """Move along a direction so that the vector's component becomes `position`."""
        self.go_to(self.z + (position - self.along(name)) * self.directions[name], ("direction", name))

    def between(self, ratio: float) -> None:
        """Go to a point of the arc from A (0) to B (1)."""
        if self.a is None or self.b is None:
            raise Refused("no_ends")
        steps = 100
        self.go_to(interpolate_spherical(self.a, self.b, steps + 1)[round(ratio * steps)], "between")

    # Pins

    def set_end(self, which: str) -> None:
        """Make the present vector the end "a" or "b" of the way between both."""
        self._remember()
        setattr(self, which, self.z)

    def pin(self) -> None:
        """Add the present vector to the timeline."""
        if len(self.pins) >= MAX_PINS:
            raise Refused("too_many_pins", n=MAX_PINS)
        self.pins.append(self.z)

    def unpin(self, i: int) -> None:
        del self.pins[i]

    # What a browser remembers

    def kept(self) -> str:
        """Vector, truncation, ends and pins as JSON, for `restore`."""

        def text(z: np.ndarray | None) -> str | None:
            return None if z is None else base64.b64encode(np.ascontiguousarray(z, "<f4").tobytes()).decode()

        return json.dumps(
            {
                "z": text(self.z),
                "truncation": self.truncation,
                "ends": [text(self.a), text(self.b)],
                "pins": [text(z) for z in self.pins],
            }
        )

    def restore(self, kept: str) -> None:
        """Go back to what `kept` gave; what is no vector of this generator is left aside.

        Args:
            kept: text from a browser, which may hold anything.
        """

        def vector(text) -> np.ndarray | None:
            try:
                z = np.frombuffer(base64.b64decode(text, validate=True), "<f4")
            except (ValueError, TypeError):
                return None
            return z.astype(np.float32) if z.shape == self.z.shape and np.isfinite(z).all() else None

        try:
            facts = json.loads(kept[:MAX_UPLOAD])
            z, ends, pins = vector(facts["z"]), facts["ends"], facts["pins"]
            truncation = float(facts["truncation"])
            a, b = (vector(text) for text in ends)
            pins = [z for z in map(vector, pins[:MAX_PINS]) if z is not None]
        except (ValueError, TypeError, KeyError, RecursionError):
            return
        if z is None or not 0.1 <= truncation <= 1.5:
            return
        self.go_to(z, truncation=truncation)
        self._history.clear()
        self.a, self.b, self.pins = a, b, pins

    # Files

    def draw(self, z: np.ndarray) -> np.ndarray:
        """The image of a vector, uint8 (h, w, c)."""
        if not np.isfinite(z).all():
            raise Refused("not_drawn", name="Z")
        try:
            return self.drawing.draw(np.asarray(z, np.float32)[None])[0]
        except ValueError:
            raise Refused("not_drawn", name="Z") from None

    def saved_image(self) -> bytes:
        """The image as the bytes of a PNG with its vector and the generator's fingerprint as metadata."""
        with tempfile.TemporaryDirectory() as folder:
            path = save_image(Path(folder) / "image.png", self.image, self.z, self.fingerprint)
            return path.read_bytes()

    def saved_vector(self) -> bytes:
        """The vector as text, array([[...]])."""
        return (vectors_to_text(self.z) + "\n").encode()

    def open(self, name: str, content: bytes) -> tuple[str, dict]:
        """Continue from an uploaded file: an image that carries its vector, or vectors.

        Of several vectors the first is shown, and the first two become A and B. The content is not trusted: anything
        else is refused, and nothing of it is executed.

        Args:
            name: the file's name, which is shown, and distinguishes .json from .txt.
            content: its bytes.

        Returns:
            `(key, values)` of the message.

        Raises:
            Refused: too large, no vector in it, or vectors of another length.
        """
        name = short_name(name)
        if len(content) > MAX_UPLOAD:
            raise Refused("too_large", name=name, limit=MAX_UPLOAD // 2**20)
        try:
            Z, drawn_by = _vectors_in(name, content)
        except Exception as error:  # a hostile file can fail in any way, and must not end the page
            raise Refused("no_vector", name=name) from error
        if Z.size == len(self.z):  # one vector, written in rows as the grid shows it
            Z = Z.reshape(1, -1)
        if Z.shape[1] != len(self.z):
            raise Refused("wrong_length", name=name, n=Z.shape[1], latent_dim=len(self.z))
        try:
            self.go_to(Z[0], truncation=1.0)
        except Refused:
            raise Refused("not_drawn", name=name) from None
        if len(Z) > 1:
            self.a, self.b = np.float32(Z[0]), np.float32(Z[1])
            return "opened_pair", {"name": name, "n": len(Z)}
        stranger = drawn_by is not None and drawn_by != self.fingerprint
        return "opened_stranger" if stranger else "opened", {"name": name}

    def film(
        self, suffix: str, seconds: float, progress: Callable[[int, int], None] = lambda done, total: None
    ) -> tuple[bytes, int]:
        """Make an animation through all pins and back to the first.

        Args:
            suffix: ".gif" or ".mp4".
            seconds: from one pin to the next.
            progress: called with the number of finished images and of all images.

        Returns:
            `(content, n)`: the animation as bytes, and its number of images.

        Raises:
            Refused: fewer than two pins, or the animation cannot be written.
        """
        if len(self.pins) < 2:
            raise Refused("too_few_pins")
        Z = closed_loop(self.pins, round(seconds * FPS) * len(self.pins), interpolate_spherical)
        scale = max(1, 384 // self.image.shape[0])  # small images are hard to see in a player
        frames = self._frames(Z, progress)
        with tempfile.TemporaryDirectory() as folder:
            try:
                path = animate(frames, Path(folder) / f"film{suffix}", fps=FPS, scale=scale, total=len(Z))
            except ImportError:
                raise Refused("not_filmed", reason="pip install imageio-ffmpeg") from None
            except OSError as error:  # ffmpeg failed, or the disk is full
                raise Refused("not_filmed", reason=one_line(error)) from None
            return path.read_bytes(), len(Z)

    def _frames(self, Z: np.ndarray, progress: Callable[[int, int], None]):
        for start in range(0, len(Z), 32):
            progress(start, len(Z))
            yield from self.drawing.draw(Z[start : start + 32])


def quick_png(image: np.ndarray) -> bytes:
    """An image as the bytes of a PNG, compressed fast."""
    buffer = io.BytesIO()
    as_picture(image).save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()


def thumbnail(image: np.ndarray, side: int = 64) -> bytes:
    """An image as the bytes of a PNG of at most `side` x `side` pixels."""
    picture = as_picture(image)
    picture.thumbnail((side, side))
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    return buffer.getvalue()


def short_name(name: str) -> str:
    """A file's name for display: without folder and control characters, at most 40 characters."""
    name = str(name).replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(character for character in name if character.isprintable()).strip() or "?"
    return name if len(name) <= 40 else f"{name[:24]}…{name[-15:]}"


def _vectors_in(name: str, content: bytes) -> tuple[np.ndarray, str | None]:
    """The vectors in a file's bytes, (n, latent_dim), and the fingerprint of its generator, or None."""
    kinds = {b"\x89PNG\r\n\x1a\n": ".png", b"\x93NUMPY": ".npy"}
    suffix = next((kind for start, kind in kinds.items() if content.startswith(start)), None)
    if suffix is None:
        suffix = ".json" if name.lower().endswith(".json") else ".txt"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"upload{suffix}"
        path.write_bytes(content)
        if suffix != ".png":
            return read_vectors(path), None
        _check_size(content)
        Z, known = from_image(path)
        return Z, known["generator"]


def _check_size(content: bytes) -> None:
    from PIL import Image

    with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:  # reads the header only
        if picture.width * picture.height > MAX_PIXELS:
            raise ValueError(f"{picture.width} x {picture.height} pixels are too many")
