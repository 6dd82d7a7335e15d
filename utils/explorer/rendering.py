"""Vectors become images, at once: in this process, or in one that the pages of all visitors share.

A page of its own has a Python process (a kernel) for each visitor's tab. The generator, and TensorFlow with it, would
weigh half a gigabyte in each; it is therefore loaded once, and the kernels ask for images over a connection of this
machine. Vectors and images cross it as plain numbers (no pickle), and nobody gets in without the key.
"""

import json
import os
import threading
from collections.abc import Iterable, Mapping
from multiprocessing.connection import Client, Connection, Listener

import numpy as np

from utils.latent import fingerprint, generate_images
from utils.latent.directions import Direction, closed_form_directions

DIRECTIONS = 6  # sliders: few enough to try them all
BATCH = 64  # images drawn at once
ADDRESS, KEY = "EXPLORER_ADDRESS", "EXPLORER_KEY"  # environment variables by which a kernel finds the generator


Directions = Mapping[str, np.ndarray] | Iterable[Direction]


class Drawing:
    """A generator, warmed up.

    Args:
        generator: a Keras model, vectors (n, latent_dim) -> images (n, h, w, c) in [-1, 1].
        directions: what `utils.latent.directions` finds, or names and vectors, float (latent_dim,); None for those that
            the weights of the first layer stretch most, called "1", "2" ...

    Attributes:
        latent_dim: length of the vectors.
        shape: (h, w, c) of the images.
        fingerprint: 16 hexadecimal digits, see `utils.latent.fingerprint`.
        directions: names and vectors of length 1, float32 (latent_dim,).
    """

    def __init__(self, generator, directions: Directions | None = None):
        self._generator = generator
        self._one_at_a_time = threading.Lock()
        self.latent_dim = int(generator.input_shape[-1])
        self.fingerprint = fingerprint(generator)
        if directions is None:
            directions = first_layer_directions(generator)
        if not isinstance(directions, Mapping):
            directions = {direction.name: direction.vector for direction in directions}
        self.directions = {name: _unit(vector, self.latent_dim, name) for name, vector in directions.items()}
        self.shape = self.draw(np.zeros((1, self.latent_dim))).shape[1:]  # this first call compiles

    def draw(self, Z: np.ndarray) -> np.ndarray:
        """Draw vectors (n, latent_dim), at most 64: uint8 (n, h, w, c). ValueError if the generator draws NaN."""
        with self._one_at_a_time:
            return generate_images(self._generator, Z, batch_size=BATCH)


class DistantDrawing:
    """The same, drawn by the process that runs `serve_drawing`.

    Args:
        address: what `serve_drawing` gave.
        key: the key that it was given.
    """

    def __init__(self, address: str, key: bytes):
        self._connection = Client(_as_address(address), authkey=key)
        facts = json.loads(self._ask(b""))
        self.latent_dim, self.fingerprint = facts["latent_dim"], facts["fingerprint"]
        self.shape = tuple(facts["shape"])
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
    """Draw for the kernels of other processes, in threads that end with this process.

    Args:
        drawing: what draws.
        key: what a kernel must know to connect.

    Returns:
        The address, as text for an environment variable.
    """
    listener = Listener(("127.0.0.1", 0), authkey=key, backlog=64)
    threading.Thread(target=_listen, args=(listener, drawing), daemon=True).start()
    return f"{listener.address[0]}:{listener.address[1]}"


def shared_drawing() -> DistantDrawing | None:
    """The drawing that this kernel was started for; None where there is none."""
    if ADDRESS not in os.environ:
        return None
    return DistantDrawing(os.environ[ADDRESS], bytes.fromhex(os.environ[KEY]))


def first_layer_directions(generator) -> dict[str, np.ndarray]:
    """The directions that the weights of the first layer stretch most, as "1", "2" ...; none if it is not dense."""
    try:
        found = closed_form_directions(generator, DIRECTIONS)
    except ValueError:
        return {}
    return {str(i + 1): direction.vector for i, direction in enumerate(found)}


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
            continue  # somebody without the key, or gone again
        except OSError:
            return
        threading.Thread(target=_answer, args=(connection, drawing), daemon=True).start()


def _answer(connection: Connection, drawing: Drawing) -> None:
    """Answer one kernel until it ends: nothing asks for the facts, vectors ask for images."""
    most = 4 * BATCH * drawing.latent_dim
    facts = {
        "latent_dim": drawing.latent_dim,
        "shape": drawing.shape,
        "fingerprint": drawing.fingerprint,
        "directions": {name: vector.tolist() for name, vector in drawing.directions.items()},
    }
    with connection:
        while True:
            try:
                question = connection.recv_bytes(most)
                connection.send_bytes(_pixels(drawing, question) if question else json.dumps(facts).encode())
            except (EOFError, OSError):
                return


def _pixels(drawing: Drawing, vectors: bytes) -> bytes:
    try:
        return drawing.draw(np.frombuffer(vectors, "<f4").reshape(-1, drawing.latent_dim)).tobytes()
    except ValueError:
        return b""


def _as_address(text: str) -> tuple[str, int]:
    host, port = text.rsplit(":", 1)
    return host, int(port)
