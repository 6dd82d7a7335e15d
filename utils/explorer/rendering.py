"""A generator at work for a page: its images, its network for the browser, its directions.

The served page has a Python process (a kernel) for each visitor's tab. The generator with TensorFlow takes too much
memory for each (benchmarks/LOG.md, "The page"); generators are therefore loaded once, in one process, and the kernels
ask it over a local connection (see `utils.explorer.shelf`).
"""

import io
import tempfile
import threading
import time

import numpy as np

from utils.explorer.one_file import export_page
from utils.explorer.osc import Moves
from utils.explorer.steering import Directions, as_directions
from utils.files.provenance import save_image
from utils.images import as_picture
from utils.latent import fingerprint, generate_images

BATCH = 64  # images per request
ENLARGED = (4, 16)  # factors of the enlarging network, which enlarges by 4, once or twice


class Drawing:
    """A compiled generator, for use by several threads.

    Args:
        generator: a Keras model, vectors (n, latent_dim) -> images (n, h, w, c) in [-1, 1].
        directions: as in `utils.explorer.steering.as_directions`.
        name: what the page calls the generator.
        rules: the rule set that drew its training images, e.g. "lines"; None for others.

    Attributes:
        latent_dim: length of the vectors.
        shape: (h, w, c) of the images.
        fingerprint: 16 hexadecimal digits, see `utils.latent.fingerprint`.
        directions: dict, name -> float32 (latent_dim,), of length 1.

    Raises:
        ValueError: a direction of another length, or without finite values other than 0.
    """

    def __init__(
        self,
        generator,
        directions: Directions | None = None,
        name: str = "",
        rules: str | None = None,
    ):
        self._generator, self.name, self.rules, self._moves = generator, name, rules, None
        self._lock = threading.Lock()
        self._enlarging = threading.Lock()
        self._network = self._upscaler = None
        self.latent_dim = int(generator.input_shape[-1])
        self.fingerprint = fingerprint(generator)
        self.directions = as_directions(generator, directions)
        self.shape = self.draw(np.zeros((1, self.latent_dim))).shape[1:]  # compiles

    def draw(self, Z: np.ndarray) -> np.ndarray:
        """The images of at most 64 vectors (n, latent_dim): uint8 (n, h, w, c); raises ValueError if one is NaN."""
        with self._lock:
            return generate_images(self._generator, Z, batch_size=BATCH)

    def network(self) -> tuple[dict, bytes]:
        """The network for the browser, see `utils.explorer.network.pack`; raises ValueError if it knows a layer not."""
        with self._lock:
            if self._network is None:
                from utils.explorer.network import pack  # starts Keras, which kernels of tabs do without

                self._network = pack(self._generator)
            return self._network

    def page(self, language: str | None = None) -> bytes:
        """The page in one file; raises ValueError where the browser does not know a layer."""
        network = self.network()
        with self._lock, tempfile.TemporaryDirectory() as folder:
            path = export_page(self._generator, f"{folder}/walk.html", self.directions, self.name, language, network)
            return path.read_bytes()

    def enlarge(self, pixels: bytes, factor: int, z: list[float]) -> bytes:
        """An image, enlarged by the network that ships, as a PNG that carries its vector.

        Args:
            pixels: uint8 (h, w, 3) of an image of this generator's size, as bytes.
            factor: 4 or 16.
            z: its vector.

        Raises:
            ValueError: pixels of another size, or another factor.
        """
        from utils.super_resolution import choose, load_upscaler, upscale

        height, width, _ = self.shape
        if factor not in ENLARGED or len(pixels) != 3 * height * width:
            raise ValueError(f"{len(pixels)} bytes cannot be enlarged by {factor}: it takes 4 or 16, and one image")
        image = np.frombuffer(pixels, np.uint8).reshape(height, width, 3)
        with self._enlarging:
            self._upscaler = self._upscaler or load_upscaler(choose(None, self.rules == "lines"))
            while image.shape[0] < factor * height:
                (image,) = upscale([image], self._upscaler)
        with tempfile.TemporaryDirectory() as folder:
            return save_image(f"{folder}/image.png", image, np.float32(z), self.fingerprint).read_bytes()

    def in_between(self) -> "InBetween":
        """The generator for work in the background, which lets the pages draw first."""
        return InBetween(self._generator, self._lock)

    def follow(self, moves: Moves) -> None:
        """Let other programs move the pages."""
        self._moves = moves

    def steer(self, directions: dict[str, np.ndarray]) -> None:
        """Offer other directions, to pages and to other programs."""
        self.directions = as_directions(self._generator, directions)
        if self._moves:
            self._moves.know(directions)

    @property
    def follows(self) -> bool:
        """Whether other programs may move the page."""
        return self._moves is not None

    def moves(self, version: int) -> tuple[int, dict[str, float]]:
        """What other programs sent since a version: the version now, and the last value of each address."""
        return self._moves.since(version) if self._moves else (version, {})

    def refresh(self) -> None:
        """Nothing: its directions are those of this process."""


class InBetween:
    """A generator that gives way: it draws a few images at a time, and between them whoever waits for one."""

    FEW = 4

    def __init__(self, generator, lock: threading.Lock):
        self._generator, self._lock = generator, lock
        self.input_shape = generator.input_shape

    def predict_on_batch(self, Z: np.ndarray) -> np.ndarray:
        parts = []
        for start in range(0, len(Z), self.FEW):
            with self._lock:
                parts.append(np.asarray(self._generator.predict_on_batch(Z[start : start + self.FEW])))
            time.sleep(0.001)
        return np.concatenate(parts)


def quick_png(image: np.ndarray) -> bytes:
    """An image as the bytes of a PNG, compressed fast."""
    buffer = io.BytesIO()
    as_picture(image).save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()
