"""Generation of images for the page: in this process, or in one that the pages of all visitors share.

The served page has a Python process (a kernel) for each visitor's tab. The generator with TensorFlow takes too much
memory for each (benchmarks/LOG.md, "The page"); it is therefore loaded once, and the kernels request images over a
local connection. Vectors and images are sent as plain numbers (no pickle), and a connection needs the key.
"""

import json
import os
import tempfile
import threading
import time
from multiprocessing.connection import Client, Connection, Listener

import numpy as np

from utils.explorer.export import export_page
from utils.explorer.osc import Moves
from utils.explorer.steering import Directions, as_directions
from utils.latent import fingerprint, generate_images

BATCH = 64  # images per request
ADDRESS, KEY = "EXPLORER_ADDRESS", "EXPLORER_KEY"  # environment variables with which a kernel finds the generator


class Drawing:
    """A compiled generator, for use by several threads.

    Args:
        generator: a Keras model, vectors (n, latent_dim) -> images (n, h, w, c) in [-1, 1].
        directions: as in `utils.explorer.steering.as_directions`.
        name: what the page calls the generator.
        moves: what other programs send, or None.
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
        moves: Moves | None = None,
        rules: str | None = None,
    ):
        self._generator, self.name, self._moves, self.rules = generator, name, moves, rules
        self._lock = threading.Lock()
        self.latent_dim = int(generator.input_shape[-1])
        self.fingerprint = fingerprint(generator)
        self.directions = as_directions(generator, directions)
        self.shape = self.draw(np.zeros((1, self.latent_dim))).shape[1:]  # compiles

    def draw(self, Z: np.ndarray) -> np.ndarray:
        """The images of at most 64 vectors (n, latent_dim): uint8 (n, h, w, c); raises ValueError if one is NaN."""
        with self._lock:
            return generate_images(self._generator, Z, batch_size=BATCH)

    def page(self, language: str | None = None) -> bytes:
        """The page in one file; raises ValueError where the browser does not know a layer."""
        with self._lock, tempfile.TemporaryDirectory() as folder:
            path = export_page(self._generator, f"{folder}/walk.html", self.directions, self.name, language)
            return path.read_bytes()

    def in_between(self) -> "InBetween":
        """The generator for work in the background, which lets the pages draw first."""
        return InBetween(self._generator, self._lock)

    def steer(self, directions: dict[str, np.ndarray]) -> None:
        """Offer other directions, to pages opened from now on, and to other programs."""
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


class DistantDrawing:
    """A client of `serve_drawing` in another process, with the attributes and `draw` of `Drawing`.

    Args:
        address: the result of `serve_drawing`.
        key: its key.
    """

    def __init__(self, address: str, key: bytes):
        self._connection = Client(_parse_address(address), authkey=key)
        facts = json.loads(self._ask(b""))
        self.latent_dim, self.fingerprint = facts["latent_dim"], facts["fingerprint"]
        self.shape = tuple(facts["shape"])
        self.rules = facts["rules"]
        self.directions = {name: np.float32(vector) for name, vector in facts["directions"].items()}
        self.follows = facts["follows"]

    def draw(self, Z: np.ndarray) -> np.ndarray:
        pixels = self._ask(np.ascontiguousarray(Z, "<f4").tobytes())
        if not pixels:
            raise ValueError("the generator cannot draw these vectors")
        return np.frombuffer(pixels, np.uint8).reshape(-1, *self.shape)

    def page(self, language: str | None = None) -> bytes:
        content = self._ask(_command("page", language))
        if not content.startswith(b"<"):
            raise ValueError(content.decode())
        return content

    def moves(self, version: int) -> tuple[int, dict[str, float]]:
        return tuple(json.loads(self._ask(_command("moves", version))))

    def _ask(self, question: bytes) -> bytes:
        self._connection.send_bytes(question)
        return self._connection.recv_bytes()


def serve_drawing(drawing: Drawing, key: bytes) -> str:
    """Serve images to other processes, in daemon threads.

    Args:
        drawing: the `Drawing` to serve.
        key: the secret that a client needs to connect.

    Returns:
        The address "host:port", for an environment variable.
    """
    listener = Listener(("127.0.0.1", 0), authkey=key, backlog=64)
    threading.Thread(target=_listen, args=(listener, drawing), daemon=True).start()
    return f"{listener.address[0]}:{listener.address[1]}"


def shared_drawing() -> DistantDrawing | None:
    """A client of the served drawing that the environment variables name; None without them."""
    if ADDRESS not in os.environ:
        return None
    return DistantDrawing(os.environ[ADDRESS], bytes.fromhex(os.environ[KEY]))


def _listen(listener: Listener, drawing: Drawing) -> None:
    from multiprocessing import AuthenticationError

    while True:
        try:
            connection = listener.accept()
        except (AuthenticationError, EOFError, ConnectionError):
            continue  # a client without the key, or that has disconnected
        except OSError:
            return
        threading.Thread(target=_answer, args=(connection, drawing), daemon=True).start()


def _answer(connection: Connection, drawing: Drawing) -> None:
    """Answer one client until it disconnects: an empty request with the facts, vectors with their images.

    A request whose length is no whole number of float32 is a command, see `_command`.
    """
    max_bytes = max(4 * BATCH * drawing.latent_dim, 256)
    facts = {
        "latent_dim": drawing.latent_dim,
        "shape": drawing.shape,
        "fingerprint": drawing.fingerprint,
        "rules": drawing.rules,
        "follows": drawing.follows,
        "directions": {name: vector.tolist() for name, vector in drawing.directions.items()},
    }
    with connection:
        while True:
            try:
                question = connection.recv_bytes(max_bytes)
                if not question:
                    connection.send_bytes(json.dumps(facts).encode())
                else:
                    connection.send_bytes((_obey if len(question) % 4 else _pixels)(drawing, question))
            except (EOFError, OSError):
                return


def _command(what: str, value) -> bytes:
    """A command as JSON, filled up with blanks so that it is no whole number of float32."""
    text = json.dumps([what, value]).encode()
    return text + b" " * ((1 - len(text)) % 4)


def _obey(drawing: Drawing, command: bytes) -> bytes:
    """The answer to a command: the page in one file, or why there is none; or what other programs sent."""
    try:
        what, value = json.loads(command)
        if what == "page":
            return drawing.page(value)
        return json.dumps(drawing.moves(int(value))).encode()
    except (ValueError, TypeError) as error:
        return str(error).encode()


def _pixels(drawing: Drawing, vectors: bytes) -> bytes:
    try:
        return drawing.draw(np.frombuffer(vectors, "<f4").reshape(-1, drawing.latent_dim)).tobytes()
    except ValueError:
        return b""


def _parse_address(text: str) -> tuple[str, int]:
    host, port = text.rsplit(":", 1)
    return host, int(port)
