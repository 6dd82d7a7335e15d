"""Third-party networks for super-resolution: ESRGAN from TensorFlow Hub, or any SavedModel with the same signature.

A network is called with float32 (1, h, w, 3) in 0 to 255 and returns (1, scale h, scale w, 3). It is searched in the
hub's cache (the folder that TFHUB_CACHE_DIR names), then at its addresses in order.
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
    "https://www.kaggle.com/models/kaggle/esrgan-tf2/tensorFlow2/esrgan-tf2/1",  # the current host of the hub's models
)
REACH_SECONDS = 3  # timeout of a host's answer
DOWNLOAD_SECONDS = 60  # timeout of a stalled download


def load_network(handles: Sequence[str], scale: int) -> tuple[str, Callable[[np.ndarray], np.ndarray]]:
    """Load the first available network, and print where it was found.

    Args:
        handles: addresses of the same model, or the folder of a SavedModel.
        scale: factor of the enlargement.

    Returns:
        `(handle, enlarge)`: the address or folder, and a function from uint8 (h, w, 3) to uint8 (scale h, scale w, 3).

    Raises:
        ConnectionError: no address provides the model; the message has the answer of each.
        FileNotFoundError: there is no SavedModel in that folder.
        ImportError: tensorflow_hub cannot be imported, or is broken; the message says what to install.
        ValueError: the model does not take images, or enlarges by another factor.

    Example:
        >>> handle, enlarge = load_network(ESRGAN, scale=4)
    """
    reasons = []
    for handle in sorted(handles, key=lambda handle: not is_cached(handle)):  # cached ones first; the sort is stable
        try:
            return handle, _load(handle, scale)
        except ConnectionError as reason:
            reasons.append(f"- {reason}")
    raise ConnectionError("\n".join([f"- {cache_folder()}, the hub's cache, does not hold it.", *reasons]))


def is_cached(handle: str) -> bool:
    """Whether the hub's cache holds the model of an address: its folder may outlive its files."""
    folder = _cached(handle)
    weights = list(folder.glob("variables/variables.data-*"))
    return (folder / "saved_model.pb").is_file() and (bool(weights) or not (folder / "variables").is_dir())


def _cached(handle: str) -> Path:
    """The folder in which the hub keeps the model of an address, there or not."""
    return cache_folder() / hashlib.sha1(handle.encode()).hexdigest()


def _sweep_cache(handle: str) -> None:
    """Where the system has swept the files of a temporary folder, remove its folders, so that the hub asks again.

    Raises:
        ConnectionError: some files are left, which are not ours to remove.
    """
    folder = _cached(handle)
    if is_cached(handle) or not folder.is_dir():
        return
    if any(not path.is_dir() or path.is_symlink() for path in folder.rglob("*")):
        raise ConnectionError(
            f"{handle} is in the hub's cache in parts: {folder} has lost files, as temporary folders do. Remove that "
            "folder, and it is downloaded again."
        )
    for inner, _, _ in os.walk(folder, topdown=False):
        os.rmdir(inner)


def cache_folder() -> Path:
    """The folder of the hub's cache."""
    return Path(os.environ.get("TFHUB_CACHE_DIR") or Path(tempfile.gettempdir()) / "tfhub_modules")


def _load(handle: str, scale: int) -> Callable[[np.ndarray], np.ndarray]:
    """Load a SavedModel by hub.load; raises ConnectionError if a URL cannot be reached."""
    remote = "://" in handle
    if remote:
        _sweep_cache(handle)
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
        os.environ.setdefault("TFHUB_DOWNLOAD_PROGRESS", "1")  # shows the hub's progress in notebooks too
    try:
        with _socket_timeout(DOWNLOAD_SECONDS):
            loaded = hub.load(handle)
    except Exception as error:
        if not remote:
            raise ValueError(f"{handle} cannot be loaded as a SavedModel: {error}") from error
        # a web page, an HTTP error, a broken archive ...: in any case there is no model
        kept = _cached(handle)
        way_out = f". If it lost files, remove {kept}, and it is downloaded again" if remote and kept.is_dir() else ""
        raise ConnectionError(f"{handle} could not be loaded: {_first_line(error)}{way_out}") from error
    call = _signature_of(loaded)

    def enlarge(image: np.ndarray) -> np.ndarray:
        import tensorflow as tf

        batch = np.asarray(call(tf.constant(image[None], tf.float32)))  # (1, scale h, scale w, 3), about 0 to 255
        return np.rint(np.clip(batch[0], 0, 255)).astype(np.uint8)

    _check_upscaler(handle, enlarge, scale)
    return enlarge


def _signature_of(loaded):
    """The function of a SavedModel: the model itself, or its serving signature if only that was saved."""
    if callable(loaded):
        return loaded
    signatures = getattr(loaded, "signatures", {})
    if "serving_default" not in signatures:
        return loaded  # `_check_upscaler` reports the error
    signature = signatures["serving_default"]
    names = list(signature.structured_input_signature[1])
    return lambda batch: next(iter(signature(**{names[0]: batch}).values()))


def _check_upscaler(handle: str, enlarge: Callable, scale: int) -> None:
    """Enlarge a small grey square; raises ValueError if the model is no upscaler of that scale."""
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
    """The first line of an error's message, without the pages that TensorFlow appends."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)[:200]


def _import_hub():
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its warning that pkg_resources is deprecated
            import tensorflow_hub
    except (ImportError, AttributeError) as error:  # an AttributeError where tf-keras does not fit TensorFlow
        raise ImportError(
            f"- tensorflow_hub cannot be imported ({_first_line(error)}); on Python 3.11 to 3.13: pip install "
            'tensorflow tensorflow-hub tf-keras "setuptools<81", then restart Python.'
        ) from error
    return tensorflow_hub


def _check_reachable(url: str) -> None:
    """Raise ConnectionError if a URL's host does not answer within seconds, unless the model is in the hub's cache."""
    if is_cached(url):
        return
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):  # gs:// and the like have their own clients
        return
    proxy = urllib.request.getproxies().get(parts.scheme)
    if proxy and not urllib.request.proxy_bypass(parts.hostname):
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    address = (parts.hostname, parts.port or (443 if parts.scheme == "https" else 80))
    answers = []

    def connect():
        try:
            socket.create_connection(address, timeout=REACH_SECONDS).close()
            answers.append(None)
        except OSError as error:
            answers.append(error)

    # in a thread, because a socket's timeout does not cover the name lookup
    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    thread.join(REACH_SECONDS)
    if answers != [None]:
        reason = answers[0] if answers else "no answer"
        raise ConnectionError(f"{url} cannot be reached: {address[0]} does not answer ({reason}).")


@contextmanager
def _socket_timeout(seconds: float):
    """Context manager with a timeout for new connections, since hub.load sets none."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
