"""Where one stands in the latent space, and what one did to get there. No widget, no file: the page shows it.

All controls move one vector, and all read their position from it: a slider of a direction stands where the vector
stands along it, whatever moved it there.
"""

import io
import tempfile
from collections import deque
from collections.abc import Callable
from pathlib import Path

import numpy as np

from utils.figures import animate
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
FPS = 20  # a GIF counts in hundredths of a second: 5 of them a frame
MAX_UPLOAD = 4 * 2**20  # bytes; an image of 128 x 128 with its vector takes 30,000
MAX_PIXELS = 2**24  # of an uploaded image: 4096 x 4096


class Refused(ValueError):
    """Something that cannot be done: `key` names the words in `utils.explorer.texts`, `values` fill them in."""

    def __init__(self, key: str, **values):
        super().__init__(key, values)
        self.key, self.values = key, values


class Walk:
    """One visitor's walk.

    Args:
        drawing: a `Drawing` or `DistantDrawing`.
        seed: for the same walk every time: int, None or a numpy Generator.

    Attributes:
        z: the present vector, float32 (latent_dim,).
        image: what it gives, uint8 (h, w, c).
        truncation: how far out the vectors are taken, 1 as in training.
        a, b: the two ends of the slider, vectors or None.
        pins: the vectors of the timeline.
    """

    def __init__(self, drawing, seed: int | np.random.Generator | None = None):
        self._drawing = drawing
        self._random = np.random.default_rng(seed)
        self._before = deque(maxlen=UNDO_STEPS)  # (z, image, truncation)
        self._gesture = None
        self.fingerprint = drawing.fingerprint
        self.directions = drawing.directions
        self.truncation = 1.0
        self.a = self.b = None
        self.pins: list[np.ndarray] = []
        self.z = generate_latent_points(drawing.latent_dim, 1, self._random)[0]
        self.image = self.draw(self.z)

    # Moves

    def go_to(self, z: np.ndarray, gesture=None, truncation: float | None = None) -> None:
        """Stand at another vector.

        Args:
            z: float (latent_dim,).
            gesture: what the hand is doing; moves of one and the same gesture are undone together. None for a move of
                its own.
            truncation: the factor that goes with the vector, the present one if None.

        Raises:
            Refused: it holds NaN or infinity, has another length, or the generator cannot draw it.
        """
        z = np.array(z, np.float32)
        if z.shape != self.z.shape:
            raise Refused("wrong_length", name="Z", n=z.size, latent_dim=len(self.z))
        image = self.draw(z)
        if gesture is None or gesture != self._gesture:
            self._before.append((self.z, self.image, self.truncation))
        self._gesture = gesture
        self.z, self.image = z, image
        self.truncation = self.truncation if truncation is None else truncation

    def random(self) -> None:
        """Stand at a random vector, as far out as the truncation says."""
        self.go_to(self.truncation * generate_latent_points(len(self.z), 1, self._random)[0])

    def mirror(self) -> None:
        """Stand at the opposite vector, -z."""
        self.go_to(-self.z)

    @property
    def can_undo(self) -> bool:
        return bool(self._before)

    def undo(self) -> bool:
        """Take the last move back; False where there is none."""
        if not self._before:
            return False
        self.z, self.image, self.truncation = self._before.pop()
        self._gesture = None
        return True

    def truncate(self, factor: float) -> None:
        """Scale the vector: nearer to the middle of the space, images are alike and safe; further out, they are not."""
        self.go_to(self.z * (factor / self.truncation), "truncation", truncation=factor)

    def along(self, name: str) -> float:
        """How far the vector reaches along a direction."""
        return float(self.z @ self.directions[name])

    def turn(self, name: str, position: float) -> None:
        """Move along a direction until the vector reaches `position` there."""
        self.go_to(self.z + (position - self.along(name)) * self.directions[name], ("direction", name))

    def between(self, ratio: float) -> None:
        """Stand on the arc from A (0) to B (1)."""
        if self.a is None or self.b is None:
            raise Refused("no_ends")
        steps = 100
        self.go_to(interpolate_spherical(self.a, self.b, steps + 1)[round(ratio * steps)], "between")

    # Pins

    def pin(self) -> None:
        """Add the present vector to the timeline."""
        if len(self.pins) >= MAX_PINS:
            raise Refused("too_many_pins", n=MAX_PINS)
        self.pins.append(self.z)

    def unpin(self, i: int) -> None:
        del self.pins[i]

    # Files

    def draw(self, z: np.ndarray) -> np.ndarray:
        """The image of a vector, uint8 (h, w, c)."""
        if not np.isfinite(z).all():
            raise Refused("not_drawn", name="Z")
        try:
            return self._drawing.draw(np.asarray(z, np.float32)[None])[0]
        except ValueError:
            raise Refused("not_drawn", name="Z") from None

    def saved_image(self) -> bytes:
        """The image as a PNG that carries its vector and the generator's fingerprint."""
        with tempfile.TemporaryDirectory() as folder:
            path = save_image(Path(folder) / "image.png", self.image, self.z, self.fingerprint)
            return path.read_bytes()

    def saved_vector(self) -> bytes:
        """The vector as text, array([[...]])."""
        return (vectors_to_text(self.z) + "\n").encode()

    def open(self, name: str, content: bytes) -> tuple[str, dict]:
        """Go on from a file that a visitor brought: an image that carries its vector, or vectors.

        Of several vectors the first is shown, and the first two become A and B. The file may be anything; whatever is
        not understood is refused, and nothing of it is executed.

        Args:
            name: the file's name, which only tells .json from .txt, and is shown.
            content: its bytes.

        Returns:
            The key of what is to be said, and its values.

        Raises:
            Refused: too large, no vector in it, or vectors of another length.
        """
        name = short_name(name)
        if len(content) > MAX_UPLOAD:
            raise Refused("too_large", name=name, limit=MAX_UPLOAD // 2**20)
        try:
            Z, drawn_by = _vectors_in(name, content)
        except Exception as error:  # a hostile file can fail in any way; none of it is the page's end
            raise Refused("no_vector", name=name) from error
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
        """Film the way through all pins and back to the first.

        Args:
            suffix: ".gif" or ".mp4".
            seconds: from one pin to the next.
            progress: told how many images are drawn, of how many.

        Returns:
            The film and its number of images.

        Raises:
            Refused: fewer than two pins, or the film cannot be written.
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
            return path.read_bytes(), len(Z)

    def _frames(self, Z: np.ndarray, progress: Callable[[int, int], None]):
        for start in range(0, len(Z), 32):
            progress(start, len(Z))
            yield from self._drawing.draw(Z[start : start + 32])


def quick_png(image: np.ndarray) -> bytes:
    """An image as a PNG for the screen: level 1 takes a millisecond."""
    buffer = io.BytesIO()
    as_picture(image).save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()


def thumbnail(image: np.ndarray, side: int = 64) -> bytes:
    """An image as a small PNG."""
    picture = as_picture(image)
    picture.thumbnail((side, side))
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    return buffer.getvalue()


def short_name(name: str) -> str:
    """A file's name as it can be shown: no folder, no control characters, at most 40 characters."""
    name = str(name).replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(character for character in name if character.isprintable()).strip() or "?"
    return name if len(name) <= 40 else f"{name[:24]}…{name[-15:]}"


def _vectors_in(name: str, content: bytes) -> tuple[np.ndarray, str | None]:
    """The vectors in a file's bytes, (n, latent_dim), and the fingerprint of the generator that it names, if any."""
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

    with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:  # reads the head, not the pixels
        if picture.width * picture.height > MAX_PIXELS:
            raise ValueError(f"{picture.width} x {picture.height} pixels are too many")
