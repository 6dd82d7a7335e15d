"""Upscaling of images by a network or a filter, in batches and, for large images, in tiles."""

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from utils.figures.style import FAINT, INK, draw_image, finish, in_own_style
from utils.files import sweep
from utils.files.color_profiles import to_srgb
from utils.files.image_files import MOST_PIXELS, is_image_file, open_one_image
from utils.files.names import on_disk
from utils.files.provenance import read_texts, says, write_picture
from utils.images import to_float, to_uint8
from utils.loaders.decoding import colors_of
from utils.super_resolution import hub

LINES = Path(__file__).resolve().parents[2] / "data" / "upscalers" / "lines_x4.keras"
LINES_SCALE = 4
FILTERS = {"lanczos": "Lanczos", "bicubic": "bicubic", "nearest": "nearest"}  # {name: label in file names}
TILE = 256  # largest side of an image that is not tiled, in pixels
BATCH_PIXELS = 8 * 128 * 128  # pixels per batch of a network; it bounds the memory and does not change the result
UPSCALER_TEXT, SOURCE_TEXT = "Upscaler", "Source"  # metadata of an enlarged file, beside the latent vector


@dataclass(frozen=True)
class Upscaler:
    """A network or filter that enlarges images.

    Attributes:
        name: its name, address or path.
        scale: factor of the enlargement.
        enlarge_batch: function from uint8 (n, h, w, 3) to uint8 (n, scale h, scale w, 3).
        label: suffix of file names, for a filter or a replacement of another model.
        margin: pixels around a tile that influence its enlargement.
        identity: identifies the upscaler in the metadata of files; the name if empty.
        batched: whether a batch is faster than single images.
    """

    name: str
    scale: int
    enlarge_batch: Callable[[np.ndarray], np.ndarray]
    label: str = ""
    margin: int = 32
    identity: str = ""
    batched: bool = True

    def at_once(self, h: int, w: int) -> int:
        """The number of images of h x w pixels in one batch."""
        return max(1, BATCH_PIXELS // (h * w)) if self.batched else 1

    def enlarge(self, image: np.ndarray) -> np.ndarray:
        """Enlarge one image, uint8 (h, w, 3) to uint8 (scale h, scale w, 3), in tiles if it is large."""
        h, w = image.shape[:2]
        if max(h, w) <= TILE:
            return self.enlarge_batch(image[None])[0]
        return _enlarge_tiles(self, image)


def load_upscaler(model: str | os.PathLike = "lines", scale: int = 4) -> Upscaler:
    """Load an upscaler.

    Args:
        model: `"lines"`, the embedded network; `"esrgan"`, from TensorFlow Hub, its successor or the hub's cache; the
            address of another model there; the folder of a SavedModel; a .keras or .h5 file of a network that takes
            float32 (n, h, w, 3) in [-1, 1]; or a filter, `"lanczos"`, `"bicubic"` or `"nearest"`.
        scale: factor of the enlargement; the embedded network and ESRGAN support 4 only.

    Returns:
        An `Upscaler`. If an address cannot be reached, or tensorflow_hub is missing or broken, it is the embedded
        network (the Lanczos filter for factors other than 4), and a message says what was tried.

    Raises:
        FileNotFoundError: there is no such file, or no SavedModel in that folder.
        ValueError: the model does not take images, or enlarges by another factor.

    Example:
        >>> upscaler = load_upscaler("lines")
        >>> upscale(images, upscaler, folder="superresolution")
    """
    model = os.fspath(model)
    if model in FILTERS:
        return _filter(model, scale)
    if model == "lines":
        return _lines(scale)
    if Path(model).suffix in (".keras", ".h5") or (Path(model) / "model.weights.h5").is_file():  # or unpacked
        return _from_file(Path(model), scale)
    try:
        handle, enlarge = hub.load_network(hub.ESRGAN if model == "esrgan" else [model], scale)
    except (ConnectionError, ImportError) as reasons:
        fallback = replace(_lines(scale), label=" (lines)") if scale == LINES_SCALE else _filter("lanczos", scale)
        what = "the embedded network" if fallback.name == "lines" else "a Lanczos filter"
        other_way = (
            " A folder with the SavedModel can be given as well." if isinstance(reasons, ConnectionError) else ""
        )
        print(
            f"{model} cannot be had:\n{reasons}\nThe images are enlarged with {what} instead; their names say"
            f"{fallback.label}.{other_way}"
        )
        return fallback
    options = {"identity": handle, "batched": False}  # ESRGAN's signature takes one image at a time
    return Upscaler(handle, scale, lambda images: np.stack([enlarge(image) for image in images]), **options)


def upscale(
    images: Sequence | str | os.PathLike,
    model: str | os.PathLike | Upscaler = "lines",
    scale: int = 4,
    folder: str | os.PathLike | None = None,
    names: Sequence[str] | str | None = None,
    format: str = "jpg",
) -> list:
    """Enlarge images, with a progress bar after two seconds.

    Sides are cropped to multiples of 4, transparency is dropped, grey becomes colour. Files in `folder` that were made
    from the same pixels by the same upscaler are kept, so that an interrupted call can be repeated.

    Args:
        images: paths of image files, or arrays (h, w), (h, w, 1), (h, w, 3) or (h, w, 4), uint8 or float in [-1, 1],
            of any sizes; an array (n, h, w, c); one file; or a folder, whose images are taken in the order of names.
        model: an `Upscaler`, or a name that `load_upscaler` takes.
        scale: factor of the enlargement.
        folder: where to write the enlarged images. The latent vector in a PNG or JPEG is copied.
        names: the files' names without suffix, one for each image, in place of "Super Resolution <i>"; "keep" for the
            names of the source files, which is the default for a folder.
        format: "jpg" or "png".

    Returns:
        List in the order of `images`: with a folder the paths, "Super Resolution 0.jpg" and so on, or "Super Resolution
        0 (lines).jpg" if the model was unavailable; without a folder uint8 arrays (scale h, scale w, 3).

    Raises:
        FileNotFoundError: no such file or folder, or a folder without an image.
        ValueError: too many or too few names, equal names, the name of a source, another format, a file that cannot be
            read, an image smaller than 4 x 4, or an enlargement of more than 40 million pixels.

    Example:
        >>> paths = upscale(sorted(Path(".").glob("image_*.png")), folder=".")
    """
    from utils.progress import tqdm

    if format not in ("jpg", "png"):
        raise ValueError(f"the format is {format!r}; choose jpg or png")
    if isinstance(images, str | os.PathLike):
        images, names = _listed_files(Path(images)), names or "keep"
    names = _names(images, names)
    upscaler = model if isinstance(model, Upscaler) else load_upscaler(model, scale)
    paths = None if folder is None else [Path(folder) / f"{name}{upscaler.label}.{format}" for name in names]
    written = set(paths or ())
    for source in images:
        if isinstance(source, str | os.PathLike) and Path(source) in written:
            raise ValueError(f"the enlarged images would write over {source}; give another folder, or other names")
    results = [None] * len(images)
    if paths is not None:
        sweep(folder)
        if there := sum(path.is_file() for path in paths):
            print(
                f"{folder}: {there} of {len(paths)} enlarged images are there already; those made of the same pixels "
                "by the same network stay, the others follow."
            )

    def remaining(progress) -> Iterator[tuple[int, np.ndarray, dict]]:
        for i, source in enumerate(images):
            image = _prepare(source, upscaler.scale)
            texts = {} if paths is None else _origin(source, image, upscaler)
            if paths is not None and says(paths[i], texts):
                results[i] = paths[i]
                progress.update()
            else:
                yield i, image, texts

    with tqdm(total=len(images), desc="Super-resolution", unit="image", delay=2) as progress:
        for batch in _batches(remaining(progress), upscaler):
            for (i, _, texts), enlarged in zip(batch, _enlarge_all(upscaler, [row[1] for row in batch]), strict=True):
                results[i] = enlarged if paths is None else _write(paths[i], enlarged, texts)
                progress.update()
    return results


def enlarged_frames(
    images: Iterable, model: str | os.PathLike | Upscaler = "lines", scale: int = 4
) -> Iterator[np.ndarray]:
    """Enlarge the frames of an animation, one batch in memory at a time.

    Args:
        images: iterable of paths or arrays, as for `upscale`.
        model: an `Upscaler`, or a name that `load_upscaler` takes.
        scale: factor of the enlargement.

    Yields:
        uint8 (scale h, scale w, 3), in the order of `images`.

    Example:
        >>> animate(enlarged_frames(images), "walk.mp4", fps=30, total=len(images))
    """
    upscaler = model if isinstance(model, Upscaler) else load_upscaler(model, scale)
    for batch in _batches(((i, _prepare(image, upscaler.scale)) for i, image in enumerate(images)), upscaler):
        yield from _enlarge_all(upscaler, [image for _, image in batch])


@in_own_style
def compare(original, upscaled, path: str | os.PathLike | None = None, show: bool = True):
    """Draw an image, its enlargement, and the same detail of both, the one with the highest contrast.

    Args:
        original: a path or an array, as for `upscale`.
        upscaled: its enlargement, a path or an array.
        path: where to save the figure as PNG.
        show: whether to show it in a notebook.

    Returns:
        The path, or the Matplotlib figure where there is none.
    """
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    original, upscaled = _prepare(original), _prepare(upscaled)
    top, left, side = liveliest_square(original)
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


def _listed_files(path: Path) -> list[Path]:
    """The image files of a path: the file itself, or the images of a folder, sorted by name."""
    path = on_disk(path)
    if path.is_dir():
        found = sorted(file for file in path.iterdir() if file.is_file() and is_image_file(file))
        if not found:
            raise FileNotFoundError(f"{path} holds no image; put images there, or give another folder")
        return found
    if not path.is_file():
        raise FileNotFoundError(f"there is no file or folder {path}")
    return [path]


def _names(images: Sequence, names: Sequence[str] | str | None) -> list[str]:
    if names is None:
        return [f"Super Resolution {i}" for i in range(len(images))]
    if names == "keep":
        if not all(isinstance(image, str | os.PathLike) for image in images):
            raise ValueError('names="keep" keeps the names of files, and arrays have none; give a list of names')
        names = [Path(image).stem for image in images]
    if isinstance(names, str):
        raise ValueError(f'names is {names!r}; give a list of names, "keep", or None')
    if len(names) != len(images):
        raise ValueError(f"there are {len(images)} images and {len(names)} names; each image needs its own")
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise ValueError(f"{twice[0]} would be written twice; give the images different names")
    return list(names)


def _prepare(image, scale: int = 1) -> np.ndarray:
    """A path or an array as uint8 (h, w, 3), its sides cropped to multiples of 4 from the top left."""
    named = f"{image}: " if isinstance(image, str | os.PathLike) else ""
    if isinstance(image, str | os.PathLike):
        with open_one_image(image) as picture:
            image = np.asarray(to_srgb(colors_of(picture))[0].convert("RGB"))  # no alpha, as the original
    image = to_uint8(image)
    if image.ndim == 2:
        image = image[:, :, None]
    image = np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image[:, :, :3]
    h, w = (side // 4 * 4 for side in image.shape[:2])
    if not h or not w:
        raise ValueError(f"{named}an image of {image.shape[1]} x {image.shape[0]} pixels is too small to enlarge")
    if h * w * scale**2 > MOST_PIXELS:
        raise ValueError(
            f"{named}{w} x {h} pixels, enlarged {scale} times, are more than {MOST_PIXELS:,}: crop or shrink it first"
        )
    return image[:h, :w]


def _origin(source, image: np.ndarray, upscaler: Upscaler) -> dict[str, str]:
    """The metadata of an enlarged file: that of its source, the upscaler, and a digest of the source's pixels."""
    texts = {}
    if isinstance(source, str | os.PathLike):
        try:
            texts = read_texts(source)
        except ValueError:  # neither PNG nor JPEG: without metadata of this project
            texts = {}
    pixels = hashlib.sha256(repr(image.shape).encode() + np.ascontiguousarray(image).tobytes()).hexdigest()[:16]
    return {**texts, UPSCALER_TEXT: f"{upscaler.identity or upscaler.name} x{upscaler.scale}", SOURCE_TEXT: pixels}


def _write(path: Path, enlarged: np.ndarray, texts: dict[str, str]) -> Path:
    from PIL import Image

    return write_picture(path, Image.fromarray(enlarged), texts)


def _batches(rows: Iterator[tuple], upscaler: Upscaler) -> Iterator[list[tuple]]:
    """Group (i, image, ...) into batches of images of the same size."""
    batch = []
    for row in rows:
        at_once = upscaler.at_once(*row[1].shape[:2])
        if batch and (row[1].shape != batch[0][1].shape or len(batch) == at_once):
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def _enlarge_all(upscaler: Upscaler, images: list[np.ndarray]) -> Sequence[np.ndarray]:
    """Enlarge images of the same size: as one batch, or each in tiles if they are large."""
    if max(images[0].shape[:2]) <= TILE:
        return upscaler.enlarge_batch(np.stack(images))
    return [upscaler.enlarge(image) for image in images]


def _enlarge_tiles(upscaler: Upscaler, image: np.ndarray) -> np.ndarray:
    """Enlarge a large image tile by tile.

    Tiles overlap by twice the margin, half of which each discards, so that no tile's edge influences the result.
    """
    (h, w), scale, margin = image.shape[:2], upscaler.scale, upscaler.margin
    height, width = min(h, TILE), min(w, TILE)
    corners = [(y, x) for y in _starts(h, margin) for x in _starts(w, margin)]
    enlarged = np.empty((scale * h, scale * w, 3), np.uint8)
    at_once = upscaler.at_once(height, width)
    for first in range(0, len(corners), at_once):
        tile_corners = corners[first : first + at_once]
        tiles = upscaler.enlarge_batch(np.stack([image[y : y + height, x : x + width] for y, x in tile_corners]))
        for (y, x), tile in zip(tile_corners, tiles, strict=True):
            top, left = (margin if start else 0 for start in (y, x))  # the pixels before belong to the previous tile
            part = tile[scale * top :, scale * left :]
            enlarged[scale * (y + top) :, scale * (x + left) :][: part.shape[0], : part.shape[1]] = part
    return enlarged


def _starts(length: int, margin: int) -> list[int]:
    """The starts of tiles along a side; all have equal length, and the last one ends with the image."""
    if length <= TILE:
        return [0]
    return [*range(0, length - TILE, TILE - 2 * margin), length - TILE]


def liveliest_square(image: np.ndarray) -> tuple[int, int, int]:
    """The square of highest contrast, a quarter of the image wide: `(top, left, side)` in pixels."""
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
# Upscalers


def _filter(name: str, scale: int) -> Upscaler:
    from PIL import Image

    def enlarge(images: np.ndarray) -> np.ndarray:
        h, w = images.shape[1:3]
        size, kind = (w * scale, h * scale), Image.Resampling[name.upper()]
        return np.stack([np.asarray(Image.fromarray(image).resize(size, kind)) for image in images])

    return Upscaler(name, scale, enlarge, label=f" ({FILTERS[name]})")


def _lines(scale: int) -> Upscaler:
    if scale != LINES_SCALE:
        raise ValueError(f"lines enlarges {LINES_SCALE} times, not {scale}; lanczos takes any whole number")
    if not LINES.is_file():
        raise FileNotFoundError(f"{LINES} is missing; python -m models.SuperResolution trains it again")
    return replace(_from_file(LINES, scale), name="lines", margin=16)  # its receptive field reaches 14 pixels


def _from_file(path: Path, scale: int) -> Upscaler:
    """An upscaler of a Keras network, float32 (n, h, w, 3) in [-1, 1] -> (n, scale h, scale w, 3)."""
    from utils.files.errors import see_file
    from utils.files.keras_files import load_network
    from utils.files.provenance import fingerprint

    if not path.is_dir():
        see_file(path, f"there is no file {path}")
    model = load_network(path)

    def enlarge(images: np.ndarray) -> np.ndarray:
        return to_uint8(np.asarray(model.predict_on_batch(to_float(images))))

    takes, wanted = (
        getattr(model, "input_shape", None),
        f"it must take (n, h, w, 3) and give (n, {scale} h, {scale} w, 3)",
    )
    if not (isinstance(takes, tuple) and len(takes) == 4 and takes[-1] == 3):
        raise ValueError(f"{path} cannot enlarge an image: {wanted}, but takes {takes}")
    given = model.compute_output_shape((1, 16, 16, 3))
    if tuple(given) != (1, 16 * scale, 16 * scale, 3):
        raise ValueError(f"{path} cannot be used here: {wanted}, but makes {tuple(given)} of (1, 16, 16, 3)")
    return Upscaler(str(path), scale, enlarge, identity=f"{path.stem} {fingerprint(model)}")
