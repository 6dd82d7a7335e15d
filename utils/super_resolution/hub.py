"""Enlarging networks of other people: ESRGAN from TensorFlow Hub, or any SavedModel that is called the same way.

A network is called with float32 (1, h, w, 3) in 0 to 255 and gives (1, scale h, scale w, 3). It is looked for in the
hub's cache first (the folder that TFHUB_CACHE_DIR names), then at its addresses, one after the other.
"""

import hashlib
import os
import socket
import tempfile
import threading
import urllib.request
import warnings
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

ESRGAN = (
    "https://tfhub.dev/captain-pool/esrgan-tf2/1",  # the original's
    "https://www.kaggle.com/models/kaggle/esrgan-tf2/tensorFlow2/esrgan-tf2/1",  # where the hub's models live now
)
REACH_SECONDS = 3  # how long to wait for a host's answer before doing without
DOWNLOAD_SECONDS = 60  # how long a download may stand still


def load_network(handles: Sequence[str], scale: int) -> tuple[str, Callable[[np.ndarray], np.ndarray]]:
    """Load the first network that can be had, and say on screen where it was found.

    Args:
        handles: addresses of one and the same model, or the folder of a SavedModel.
        scale: how many times larger it should make an image.

    Returns:
        `(handle, enlarge)`: which one it was, and a function from uint8 (h, w, 3) to uint8 (scale h, scale w, 3).

    Raises:
        ConnectionError: none of the addresses gave a model; the message says what each of them answered.
        FileNotFoundError: there is no SavedModel in that folder.
        ImportError: tensorflow_hub cannot be imported; the message says what to install.
        ValueError: the model is not called with images, or enlarges by another scale.

    Example:
        >>> handle, enlarge = load_network(ESRGAN, scale=4)
    """
    reasons = []
    for handle in sorted(handles, key=lambda handle: not is_cached(handle)):  # the sort keeps equals in order
        try:
            return handle, _load(handle, scale)
        except ConnectionError as reason:
            reasons.append(f"- {reason}")
    raise ConnectionError("\n".join([f"- {cache_folder()}, the hub's cache, does not hold it.", *reasons]))


def is_cached(handle: str) -> bool:
    """Whether the hub's cache holds the model of an address."""
    return (cache_folder() / hashlib.sha1(handle.encode()).hexdigest()).is_dir()


def cache_folder() -> Path:
    """Where the hub keeps what it downloaded."""
    return Path(os.environ.get("TFHUB_CACHE_DIR") or Path(tempfile.gettempdir()) / "tfhub_modules")


def _load(handle: str, scale: int) -> Callable[[np.ndarray], np.ndarray]:
    """Load a SavedModel through hub.load; ConnectionError where a URL cannot be reached."""
    remote = "://" in handle
    if remote:
        _check_reachable(handle)
    elif not (Path(handle) / "saved_model.pb").is_file():
        raise FileNotFoundError(
            f"{handle} is no SavedModel: give a folder that holds saved_model.pb, a .keras or .h5 file, a handle that "
            "starts with https://, lines, esrgan or lanczos"
        )
    hub = _import_hub()
    if remote and is_cached(handle):
        print(f"{handle} was found in {cache_folder()}.")
    elif remote:
        print(f"Loading {handle}; the first time it is downloaded.")
        os.environ.setdefault("TFHUB_DOWNLOAD_PROGRESS", "1")  # the hub's own progress, silent in notebooks otherwise
    try:
        with _impatient(DOWNLOAD_SECONDS):
            loaded = hub.load(handle)
    except Exception as error:
        if not remote:
            raise ValueError(f"{handle} cannot be loaded as a SavedModel: {error}") from error
        # the hub answers with a web page, an HTTP error, a broken archive ...: whatever it is, there is no model
        raise ConnectionError(f"{handle} could not be loaded: {_first_line(error)}") from error
    call = _callable(loaded)

    def enlarge(image: np.ndarray) -> np.ndarray:
        import tensorflow as tf

        batch = np.asarray(call(tf.constant(image[None], tf.float32)))  # (1, scale h, scale w, 3), about 0 to 255
        return np.rint(np.clip(batch[0], 0, 255)).astype(np.uint8)

    _try(handle, enlarge, scale)
    return enlarge


def _callable(loaded):
    """What to call: the model itself, or its serving signature where only that was saved."""
    if callable(loaded):
        return loaded
    signatures = getattr(loaded, "signatures", {})
    if "serving_default" not in signatures:
        return loaded  # `_try` says what is wrong with it
    signature = signatures["serving_default"]
    names = list(signature.structured_input_signature[1])
    return lambda batch: next(iter(signature(**{names[0]: batch}).values()))


def _try(handle: str, enlarge: Callable, scale: int) -> None:
    """Enlarge a small grey square, to tell now rather than later that a model is no upscaler."""
    side = 16
    wanted = f"it must take float32 (1, h, w, 3) in 0 to 255 and give (1, {scale} h, {scale} w, 3)"
    try:
        enlarged = enlarge(np.full((side, side, 3), 128, np.uint8))
    except Exception as error:
        raise ValueError(
            f"{handle} cannot enlarge an image: {wanted}, but the call failed: {_first_line(error)}"
        ) from error
    if enlarged.shape != (side * scale, side * scale, 3):
        given = (1, *enlarged.shape)
        raise ValueError(f"{handle} cannot be used here: {wanted}, but made {given} of (1, {side}, {side}, 3)")


def _first_line(error: Exception) -> str:
    """What an error says, without the pages that TensorFlow adds."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)[:200]


def _import_hub():
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it announces that pkg_resources is deprecated
            import tensorflow_hub
    except ImportError as error:
        raise ImportError(
            f"tensorflow_hub cannot be imported ({error}). It needs pkg_resources, which setuptools dropped, and "
            'tf-keras: pip install tensorflow tensorflow-hub tf-keras "setuptools<81", then restart Python'
        ) from error
    return tensorflow_hub


def _check_reachable(url: str) -> None:
    """Raise ConnectionError if a URL's host does not answer within seconds; a model in the hub's cache needs none."""
    if is_cached(url):
        return
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):  # gs:// and its kin have clients of their own
        return
    proxy = urllib.request.getproxies().get(parts.scheme)
    if proxy and not urllib.request.proxy_bypass(parts.hostname):
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    address = (parts.hostname, parts.port or (443 if parts.scheme == "https" else 80))
    answers = []

    def knock():
        try:
            socket.create_connection(address, timeout=REACH_SECONDS).close()
            answers.append(None)
        except OSError as error:
            answers.append(error)

    # in a thread, for the time-out of a socket does not cover the search for the host's address
    thread = threading.Thread(target=knock, daemon=True)
    thread.start()
    thread.join(REACH_SECONDS)
    if answers != [None]:
        reason = answers[0] if answers else "no answer"
        raise ConnectionError(f"{url} cannot be reached: {address[0]} does not answer ({reason}).")


@contextmanager
def _impatient(seconds: float):
    """Let no new connection wait for ever: hub.load sets no time-out of its own."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
