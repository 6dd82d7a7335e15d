"""Images four times larger: ESRGAN from TensorFlow Hub, or any SavedModel that is called the same way.

A model is called with float32 (1, h, w, 3) in 0 to 255 and gives (1, 4 h, 4 w, 3). Where the network cannot be
reached, images are enlarged with a Lanczos filter instead, which invents no detail; the screen and the files' names
say so.
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
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from utils.drawing import FAINT, INK, draw_image, finish
from utils.files import write_whole
from utils.images import to_uint8

HANDLES = {"esrgan": "https://tfhub.dev/captain-pool/esrgan-tf2/1"}  # the original's
REACH_SECONDS = 3  # how long to wait for a host's answer before doing without
DOWNLOAD_SECONDS = 60  # how long a download may stand still


@dataclass(frozen=True)
class Upscaler:
    """What enlarges an image: `enlarge` takes uint8 (h, w, 3) and gives uint8 (scale h, scale w, 3).

    `label` goes into the files' names where no network enlarged them.
    """

    name: str
    scale: int
    enlarge: Callable[[np.ndarray], np.ndarray]
    label: str = ""


def load_upscaler(model: str | os.PathLike = "esrgan", scale: int = 4) -> Upscaler:
    """Load what enlarges images.

    Args:
        model: `"esrgan"`, the handle of another model on TensorFlow Hub, the folder of a local SavedModel, or
            `"lanczos"` for the filter alone.
        scale: how many times larger; ESRGAN knows only 4.

    Returns:
        An `Upscaler`. For a handle that cannot be reached, the Lanczos filter, after a word on screen.

    Raises:
        FileNotFoundError: there is no SavedModel in that folder.
        ImportError: tensorflow_hub cannot be imported; the message says what to install.
        ValueError: the model is not called with images, or enlarges by another scale.

    Example:
        >>> upscaler = load_upscaler("esrgan")
        >>> upscale(images, upscaler, folder="superresolution")
    """
    handle = HANDLES.get(os.fspath(model), os.fspath(model))
    if handle == "lanczos":
        return _lanczos(scale)
    try:
        return _from_hub(handle, scale)
    except ConnectionError as reason:
        print(f"{reason}\nThe images are enlarged with a Lanczos filter instead; their names say (Lanczos).")
        return _lanczos(scale)


def upscale(
    images: Sequence,
    model: str | os.PathLike | Upscaler = "esrgan",
    scale: int = 4,
    folder: str | os.PathLike | None = None,
    names: Sequence[str] | None = None,
) -> list:
    """Enlarge images, with a progress bar if it takes more than two seconds.

    Sides are first cropped to multiples of 4, transparency is dropped, grey becomes colour.

    Args:
        images: paths of image files, or arrays (h, w), (h, w, 1), (h, w, 3) or (h, w, 4), uint8 or float in [-1, 1];
            an array (n, h, w, c) will do.
        model: what `load_upscaler` reads, or what it gave.
        scale: how many times larger.
        folder: where to write the enlarged images as JPEG.
        names: the files' names without .jpg, one for each image, instead of "Super Resolution <i>".

    Returns:
        With a folder the paths, "Super Resolution 0.jpg" and so on, or "Super Resolution 0 (Lanczos).jpg" where no
        network enlarged them; without one uint8 arrays (scale h, scale w, 3).

    Raises:
        ValueError: a name too many or too few, or an image smaller than 4 x 4.

    Example:
        >>> paths = upscale(sorted(Path(".").glob("image_*.png")), folder=".")
    """
    from PIL import Image
    from tqdm.auto import tqdm

    if names is not None and len(names) != len(images):
        raise ValueError(f"there are {len(images)} images and {len(names)} names; each image needs its own")
    upscaler = model if isinstance(model, Upscaler) else load_upscaler(model, scale)
    results = []
    for i, image in enumerate(tqdm(images, desc="Super-resolution", unit="image", delay=2)):
        enlarged = upscaler.enlarge(_prepare(image))
        if folder is None:
            results.append(enlarged)
            continue
        name = f"Super Resolution {i}" if names is None else names[i]
        path = Path(folder) / f"{name}{upscaler.label}.jpg"
        with write_whole(path) as temporary:
            # 4:4:4: halved chroma would blur the edges of red and blue lines
            Image.fromarray(enlarged).save(temporary, format="JPEG", quality=95, subsampling=0)
        results.append(path)
    return results


def compare(original, upscaled, path: str | os.PathLike | None = None, show: bool = True):
    """Show an image, its enlargement, and the same detail of both, where there is most to see.

    Args:
        original: a path, or an array as `upscale` takes it.
        upscaled: what `upscale` made of it, a path or an array.
        path: where to save the figure as PNG.
        show: show it in the notebook.

    Returns:
        The path, or the Matplotlib figure where there is none.
    """
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    original, upscaled = _prepare(original), _prepare(upscaled)
    top, left, side = _liveliest_square(original)
    figure = Figure(figsize=(12, 3.5), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.06, h_pad=0.06)
    for column, (name, image) in enumerate((("original", original), ("enlarged", upscaled))):
        scale = image.shape[0] / original.shape[0]
        y, x, length = (round(value * scale) for value in (top, left, side))
        whole, detail = figure.add_subplot(1, 4, column + 1), figure.add_subplot(1, 4, column + 3)
        draw_image(whole, image)
        frame = {"edgecolor": "white", "facecolor": "none", "linewidth": 1.2}
        whole.add_patch(Rectangle((x - 0.5, y - 0.5), length, length, **frame))
        draw_image(detail, image[y : y + length, x : x + length])
        size = f"{image.shape[1]} × {image.shape[0]}"
        whole.set_title(f"{name}, {size}", fontsize=10, color=INK)
        detail.set_title(f"{name}, detail", fontsize=10, color=FAINT)
    return finish(figure, path, show)


# ---------------------------------------------------------------------------------------------------------------------
# The images


def _prepare(image) -> np.ndarray:
    """A path or an array as uint8 (h, w, 3), its sides cropped to multiples of 4 from the top left."""
    from PIL import Image

    if isinstance(image, str | os.PathLike):
        with Image.open(image) as picture:
            image = np.asarray(picture.convert("RGB"))  # drops the alpha channel, as the original did
    image = to_uint8(image)
    if image.ndim == 2:
        image = image[:, :, None]
    image = np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image[:, :, :3]
    h, w = (side // 4 * 4 for side in image.shape[:2])
    if not h or not w:
        raise ValueError(f"an image of {image.shape[1]} x {image.shape[0]} pixels is too small to enlarge")
    return image[:h, :w]


def _liveliest_square(image: np.ndarray) -> tuple[int, int, int]:
    """Top, left and side of the square, a quarter of the image wide, whose pixels differ most from each other."""
    side = max(4, min(image.shape[:2]) // 4)
    grey = image.mean(axis=2)
    corners = [
        (y, x)
        for y in range(0, image.shape[0] - side + 1, max(1, side // 4))
        for x in range(0, image.shape[1] - side + 1, max(1, side // 4))
    ]
    top, left = max(corners, key=lambda corner: grey[corner[0] :, corner[1] :][:side, :side].std())
    return top, left, side


# ---------------------------------------------------------------------------------------------------------------------
# The models


def _lanczos(scale: int) -> Upscaler:
    from PIL import Image

    def enlarge(image: np.ndarray) -> np.ndarray:
        h, w = image.shape[:2]
        return np.asarray(Image.fromarray(image).resize((w * scale, h * scale), Image.Resampling.LANCZOS))

    return Upscaler("lanczos", scale, enlarge, label=" (Lanczos)")


def _from_hub(handle: str, scale: int) -> Upscaler:
    """Load a SavedModel through hub.load; ConnectionError where a URL cannot be reached."""
    remote = "://" in handle
    if remote:
        _check_reachable(handle)
    elif not (Path(handle) / "saved_model.pb").is_file():
        raise FileNotFoundError(
            f"{handle} is no SavedModel: give a folder that holds saved_model.pb, a handle that starts with https://, "
            f"{', '.join(HANDLES)} or lanczos"
        )
    hub = _import_hub()
    if remote:
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
    return Upscaler(handle, scale, enlarge)


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
    cache = os.environ.get("TFHUB_CACHE_DIR") or os.path.join(tempfile.gettempdir(), "tfhub_modules")
    if (Path(cache) / hashlib.sha1(url.encode()).hexdigest()).is_dir():
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
