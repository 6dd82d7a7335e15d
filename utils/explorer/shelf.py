"""The generators on offer: in this process, or in one that the pages of all visitors share.

Questions and answers between processes are a line of JSON and bytes after it (no pickle), and a connection needs the
key. A connection speaks of one generator; a page that goes on with another opens another connection.
"""

import json
import os
import tempfile
import threading
from collections import OrderedDict
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path

import numpy as np

from utils.explorer.osc import Moves
from utils.explorer.rendering import Drawing
from utils.explorer.steering import all_directions, find_in_background

ADDRESS, KEY = "EXPLORER_ADDRESS", "EXPLORER_KEY"  # environment variables with which a kernel finds the generators
MOST_LOADED = 6  # generators in memory beside the first; the one that was asked for least lately goes
MOST_BYTES = 2**24  # of a question: an image of 2048 x 2048, or vectors, and a line before them


def load_drawing(path: str | os.PathLike, moves: Moves | None = None) -> Drawing:
    """Load a generator and what is known of it: its name, its directions, the rules that drew its images.

    Directions that nobody searched are found in the background.

    Args:
        path: the generator's file.
        moves: what other programs send, or None.

    Raises:
        OSError: there is no such file.
        ValueError: it is none of a generator, or damaged.
    """
    from utils import loaders, runs

    generator = loaders.load_generator(path)
    if len(generator.input_shape) != 2 or len(generator.output_shape) != 4:
        raise ValueError(f"{path} holds no generator of one vector and one image")
    rules = runs.data_of(path, generator).rules
    drawing = Drawing(generator, all_directions(path, generator), name_of(path), rules)
    if moves is not None:
        drawing.follow(moves)
        moves.know(drawing.directions)
    find_in_background(path, generator, drawing)
    return drawing


def name_of(path: str | os.PathLike) -> str:
    """What the page calls a generator: its file, or for one of a run the run's folder."""
    path = Path(path)
    return path.stem if path.stem not in ("generator", "generator_ema") else path.resolve().parent.name


class Shelf:
    """The generators that a page may show, each loaded when it is first asked for.

    Args:
        first: the `Drawing` that pages begin with.
        others: dict, name -> path of the other generators; None for those that ship and those of runs.
        moves: what other programs send to the pages, or None.
    """

    def __init__(self, first: Drawing, others: dict[str, Path] | None = None, moves: Moves | None = None):
        self._first, self._others, self._moves = first, others, moves
        self._lock = threading.Lock()
        self._loaded: OrderedDict[str, Drawing] = OrderedDict()
        self._brought: dict[str, Path] = {}
        self._folder = None

    @property
    def names(self) -> list[str]:
        """The generators' names, the first one's first."""
        return list(dict.fromkeys([self._first.name, *self._paths(), *self._brought]))

    def _paths(self) -> dict[str, Path]:
        from utils import runs

        return runs.known_generators() if self._others is None else self._others

    def open(self, name: str | None = None) -> Drawing:
        """A generator by its name, or the first one.

        Raises:
            ValueError: there is none of that name.
            OSError: its file is gone.
        """
        if name in (None, self._first.name):
            return self._first
        with self._lock:
            if name in self._loaded:
                self._loaded.move_to_end(name)
                return self._loaded[name]
            path = (self._paths() | self._brought).get(name)
            if path is None:
                raise ValueError(f"there is no generator {str(name)[:80]!r} here any more; choose another")
            drawing = load_drawing(path, self._moves)
            drawing.name = name
            return self._keep(name, drawing)

    def bring(self, name: str, content: bytes) -> Drawing:
        """A visitor's own generator.

        Args:
            name: its file's name, in .h5 or .keras.
            content: the file, which is read with suspicion, see `utils.files.keras_files`.

        Raises:
            ValueError: it holds no generator.
        """
        stem, suffix = Path(name).stem[:40] or "generator", Path(name).suffix.lower()
        if suffix not in (".h5", ".keras"):
            raise ValueError(f"{name[:40]!r} is no .h5 and no .keras")
        with self._lock:
            self._folder = self._folder or tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
            known = {self._first.name, *self._paths(), *self._brought}
            free = next(one for i in range(len(known) + 1) if (one := f"{stem} {i}" if i else stem) not in known)
            path = Path(self._folder.name) / f"{len(self._brought)}{suffix}"
            path.write_bytes(content)
            try:
                drawing = load_drawing(path, self._moves)
            except BaseException:
                path.unlink()
                raise
            drawing.name = free
            self._brought[free] = path
            return self._keep(free, drawing)

    def _keep(self, name: str, drawing: Drawing) -> Drawing:
        self._loaded[name] = drawing
        while len(self._loaded) > MOST_LOADED:
            self._loaded.popitem(last=False)
        return drawing


# ---------------------------------------------------------------------------------------------------------------------
# The same from another process


class DistantDrawing:
    """A client of `serve`, with the attributes and methods of `Drawing`.

    Args:
        address: the result of `serve`.
        key: its key.
        name: the generator's; None for the first.

    Raises:
        ValueError: there is no such generator, or `content` is none.
    """

    def __init__(self, address: str, key: bytes, name: str | None = None, content: bytes | None = None):
        self._connection = Client(_parse_address(address), authkey=key)
        if content is None:
            facts, _ = self._ask("open", name)
        else:
            with tempfile.TemporaryDirectory() as folder:  # too large for a question
                path = Path(folder) / "generator"
                path.write_bytes(content)
                facts, _ = self._ask("bring", [name, str(path)])
        self.name, self.latent_dim, self.fingerprint = facts["name"], facts["latent_dim"], facts["fingerprint"]
        self.shape, self.rules, self.follows = tuple(facts["shape"]), facts["rules"], facts["follows"]
        self.directions = _vectors(facts["directions"])

    def draw(self, Z: np.ndarray) -> np.ndarray:
        _, pixels = self._ask("draw", None, np.ascontiguousarray(Z, "<f4").tobytes())
        return np.frombuffer(pixels, np.uint8).reshape(-1, *self.shape)

    def network(self) -> tuple[dict, bytes]:
        return self._ask("network")

    def page(self, language: str | None = None) -> bytes:
        return self._ask("page", language)[1]

    def enlarge(self, pixels: bytes, factor: int, z: list[float]) -> bytes:
        return self._ask("enlarge", [factor, z], pixels)[1]

    def moves(self, version: int) -> tuple[int, dict[str, float]]:
        return tuple(self._ask("moves", version)[0])

    def refresh(self) -> None:
        """Take up the directions that were found meanwhile."""
        self.directions = _vectors(self._ask("directions")[0])

    def names(self) -> list[str]:
        return self._ask("names")[0]

    def close(self) -> None:
        self._connection.close()

    def _ask(self, what: str, value=None, content: bytes = b"") -> tuple:
        """Ask, and wait: the answer's value and bytes; raises ValueError where it is a refusal."""
        self._connection.send_bytes(_packed([what, value], content))
        (refused, value), content = _opened(self._connection.recv_bytes())
        if refused:
            raise ValueError(refused)
        return value, content


class DistantShelf:
    """A client of `serve`, with the calls of `Shelf`."""

    def __init__(self, address: str, key: bytes):
        self._address, self._key = address, key
        self._first = DistantDrawing(address, key)

    @property
    def names(self) -> list[str]:
        return self._first.names()

    def open(self, name: str | None = None) -> DistantDrawing:
        return self._first if name in (None, self._first.name) else DistantDrawing(self._address, self._key, name)

    def bring(self, name: str, content: bytes) -> DistantDrawing:
        return DistantDrawing(self._address, self._key, name, content)


def serve(shelf: Shelf, key: bytes) -> str:
    """Serve generators to other processes, in daemon threads.

    Args:
        shelf: the generators.
        key: the secret that a client needs to connect.

    Returns:
        The address "host:port", for an environment variable.
    """
    listener = Listener(("127.0.0.1", 0), authkey=key, backlog=64)
    threading.Thread(target=_listen, args=(listener, shelf), daemon=True).start()
    return f"{listener.address[0]}:{listener.address[1]}"


def shared_shelf() -> DistantShelf | None:
    """A client of the served generators that the environment variables name; None without them."""
    if ADDRESS not in os.environ:
        return None
    return DistantShelf(os.environ[ADDRESS], bytes.fromhex(os.environ[KEY]))


def _listen(listener: Listener, shelf: Shelf) -> None:
    from multiprocessing import AuthenticationError

    while True:
        try:
            connection = listener.accept()
        except (AuthenticationError, EOFError, ConnectionError):
            continue  # a client without the key, or that has disconnected
        except OSError:
            return
        threading.Thread(target=_answer, args=(connection, shelf), daemon=True).start()


def _answer(connection: Connection, shelf: Shelf) -> None:
    """Answer one client until it disconnects."""
    client = _Client(shelf)
    with connection:
        while True:
            try:
                (what, value), content = _opened(connection.recv_bytes(MOST_BYTES))
                try:
                    value, content = getattr(client, f"on_{what}")(value, content)
                    connection.send_bytes(_packed([None, value], content))
                except (ValueError, OSError) as error:
                    connection.send_bytes(_packed([str(error) or type(error).__name__, None]))
            except (EOFError, OSError):
                return


class _Client:
    """What a connection may ask, a method each: (value, bytes) -> (value, bytes)."""

    def __init__(self, shelf: Shelf):
        self._shelf, self._drawing = shelf, shelf.open()

    def on_open(self, name, _):
        self._drawing = self._shelf.open(name)
        return self._facts(), b""

    def on_bring(self, value, _):
        name, path = value
        self._drawing = self._shelf.bring(name, Path(path).read_bytes())
        return self._facts(), b""

    def on_draw(self, _, vectors):
        Z = np.frombuffer(vectors, "<f4").reshape(-1, self._drawing.latent_dim)
        return None, self._drawing.draw(Z).tobytes()

    def on_network(self, *_):
        return self._drawing.network()

    def on_page(self, language, _):
        return None, self._drawing.page(language)

    def on_enlarge(self, value, pixels):
        return None, self._drawing.enlarge(pixels, *value)

    def on_moves(self, version, _):
        return self._drawing.moves(int(version)), b""

    def on_directions(self, *_):
        return self._facts()["directions"], b""

    def on_names(self, *_):
        return self._shelf.names, b""

    def _facts(self) -> dict:
        drawing = self._drawing
        return {
            "name": drawing.name,
            "latent_dim": drawing.latent_dim,
            "shape": drawing.shape,
            "fingerprint": drawing.fingerprint,
            "rules": drawing.rules,
            "follows": drawing.follows,
            "directions": {name: vector.tolist() for name, vector in drawing.directions.items()},
        }


def _packed(value, content: bytes = b"") -> bytes:
    return json.dumps(value).encode() + b"\n" + content


def _opened(message: bytes) -> tuple:
    line, _, content = message.partition(b"\n")
    return json.loads(line), content


def _vectors(directions: dict) -> dict[str, np.ndarray]:
    return {name: np.float32(vector) for name, vector in directions.items()}


def _parse_address(text: str) -> tuple[str, int]:
    host, port = text.rsplit(":", 1)
    return host, int(port)
