"""Generation of images for the page: in this process, or in one that the pages of all visitors share.

The served page has a Python process (a kernel) for each visitor's tab. The generator with TensorFlow takes too much
memory for each (benchmarks/LOG.md, "The page"); it is therefore loaded once, and the kernels request images over a
local connection. Vectors and images are sent as plain numbers (no pickle), and a connection needs the key.
"""

import json
import os
import threading
from collections.abc import Iterable, Mapping
from multiprocessing.connection import Client, Connection, Listener

import numpy as np

from utils.latent import fingerprint, generate_images
from utils.latent.directions import Direction, closed_form_directions

DIRECTIONS = 6  # largest number of sliders
BATCH = 64  # images per request
ADDRESS, KEY = "EXPLORER_ADDRESS", "EXPLORER_KEY"  # environment variables with which a kernel finds the generator


Directions = Mapping[str, np.ndarray] | Iterable[Direction]


class Drawing:
    """A compiled generator, for use by several threads.

    Args:
        generator: a Keras model, vectors (n, latent_dim) -> images (n, h, w, c) in [-1, 1].
        directions: iterable of `Direction`, or a dict, name -> float (latent_dim,); None for those that the weights of
            the first layer stretch most, named "1", "2" ...
        rules: the rule set that drew its training images, e.g. "lines"; None for others.

    Attributes:
        latent_dim: length of the vectors.
        shape: (h, w, c) of the images.
        fingerprint: 16 hexadecimal digits, see `utils.latent.fingerprint`.
        directions: dict, name -> float32 (latent_dim,), of length 1.

    Raises:
        ValueError: a direction of another length, or without finite values other than 0.
    """

    def __init__(self, generator, directions: Directions | None = None, rules: str | None = None):
        self._generator = generator
        self.rules = rules
        self._lock = threading.Lock()
        self.latent_dim = int(generator.input_shape[-1])
        self.fingerprint = fingerprint(generator)
        self.directions = as_directions(generator, directions)
        self.shape = self.draw(np.zeros((1, self.latent_dim))).shape[1:]  # compiles

    def draw(self, Z: np.ndarray) -> np.ndarray:
        """The images of at most 64 vectors (n, latent_dim): uint8 (n, h, w, c); raises ValueError if one is NaN."""
        with self._lock:
            return generate_images(self._generator, Z, batch_size=BATCH)


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

    def draw(self, Z: np.ndarray) -> np.ndarray:
        pixels = self._ask(np.ascontiguousarray(Z, "<f4").tobytes())
        if not pixels:
            raise ValueError("the generator cannot draw these vectors")
        return np.frombuffer(pixels, np.uint8).reshape(-1, *self.shape)

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


def first_layer_directions(generator) -> dict[str, np.ndarray]:
    """The directions that the first layer's weights stretch most, named "1", "2" ...; empty if it is not dense."""
    try:
        found = closed_form_directions(generator, DIRECTIONS)
    except ValueError:
        return {}
    return {str(i + 1): direction.vector for i, direction in enumerate(found)}


def as_directions(generator, directions: Directions | None) -> dict[str, np.ndarray]:
    """Directions in any of the forms that `Drawing` takes: dict, name -> float32 (latent_dim,), of length 1."""
    if directions is None:
        directions = first_layer_directions(generator)
    if not isinstance(directions, Mapping):
        directions = {direction.name: direction.vector for direction in directions}
    latent_dim = int(generator.input_shape[-1])
    return {name: _unit(vector, latent_dim, name) for name, vector in directions.items()}


def _unit(vector, latent_dim: int, name: str) -> np.ndarray:
    vector = np.asarray(vector, np.float32).ravel()
    length = np.linalg.norm(vector)
    if len(vector) != latent_dim or not np.isfinite(length) or length == 0:
        raise ValueError(f"direction {name!r} must hold {latent_dim} finite numbers that are not all 0")
    return vector / length


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
    """Answer one client until it disconnects: an empty request with the facts, vectors with their images."""
    max_bytes = 4 * BATCH * drawing.latent_dim
    facts = {
        "latent_dim": drawing.latent_dim,
        "shape": drawing.shape,
        "fingerprint": drawing.fingerprint,
        "rules": drawing.rules,
        "directions": {name: vector.tolist() for name, vector in drawing.directions.items()},
    }
    with connection:
        while True:
            try:
                question = connection.recv_bytes(max_bytes)
                connection.send_bytes(_pixels(drawing, question) if question else json.dumps(facts).encode())
            except (EOFError, OSError):
                return


def _pixels(drawing: Drawing, vectors: bytes) -> bytes:
    try:
        return drawing.draw(np.frombuffer(vectors, "<f4").reshape(-1, drawing.latent_dim)).tobytes()
    except ValueError:
        return b""


def _parse_address(text: str) -> tuple[str, int]:
    host, port = text.rsplit(":", 1)
    return host, int(port)
