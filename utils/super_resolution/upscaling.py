"""Upscaling of images by a network or a filter, in batches and, for large images, in tiles."""

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from utils.figures.style import INK, TEXT_SIZE, draw_image, finish, in_own_style
from utils.files import sweep
from utils.files.image_files import MOST_PIXELS, image_suffixes, is_image_file, open_one_image
from utils.files.names import on_disk
from utils.files.provenance import read_texts, says, write_picture
from utils.files.typed import colour, whole_number
from utils.images import as_picture, to_float, to_uint8
from utils.loaders.decoding import parts_of
from utils.speech import say, seen
from utils.super_resolution import hub
from utils.super_resolution.texts import TEXTS

LINES = Path(__file__).resolve().parents[2] / "data" / "upscalers" / "lines_x4.keras"
LINES_SCALE = 4
FILTERS = {"lanczos": "Lanczos", "bicubic": "bicubic", "nearest": "nearest"}  # {name: label in file names}
TILE = 256  # largest side of an image that is not tiled, in pixels
ROWS = 256  # of an image, whose values are computed at once
BATCH_PIXELS = 8 * 128 * 128  # pixels per batch of a network; it bounds the memory and does not change the result
HAZE = 3  # levels of alpha that a network adds to what is clear, or takes from what is opaque
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


def choose(model: str | os.PathLike | Upscaler | None, of_lines: bool) -> str | os.PathLike | Upscaler:
    """The upscaler that a notebook's UPSCALER names, or, where that is None, the one for a generator's images.

    Args:
        model: what `load_upscaler` takes, or None.
        of_lines: whether the images show lines. The embedded network knows nothing else: to photographs it adds what it
            knows of lines, and to grey garments colour (docs, "Super-resolution").

    Returns:
        `model`, or "lines" for lines, "lanczos" for others.
    """
    return model if model is not None else "lines" if of_lines else "lanczos"


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
    if model is None:
        raise ValueError('no upscaler is named: "lines", "lanczos", "esrgan", an address or a file; `choose` picks one')
    model, scale = os.fspath(model), whole_number(scale, "scale", 1, 64)
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
    background: tuple[int, int, int] = (0, 0, 0),
) -> list:
    """Enlarge images, with a progress bar after two seconds.

    Every image keeps its kind: grey stays grey, and all rows and columns are there, whatever the sides. Where an image
    is transparent, it is laid on `background`; PNG files and arrays of four channels keep their transparency. Files in
    `folder` that were made from the same pixels by the same upscaler are kept, so that an interrupted call can be
    repeated.

    Args:
        images: paths of image files, or arrays (h, w), (h, w, 1), (h, w, 3) or (h, w, 4), uint8 or float in [-1, 1],
            of any sizes; an array (n, h, w, c); one file or array; or a folder, whose images are taken in the order of
            names, those that cannot be read left out and named.
        model: an `Upscaler`, or a name that `load_upscaler` takes.
        scale: factor of the enlargement.
        folder: where to write the enlarged images. The latent vector in a PNG or JPEG is copied.
        names: the files' names without suffix, one for each image, in place of "Super Resolution <i>"; "keep" for the
            names of the source files, which is the default for a folder.
        format: "jpg" or "png".
        background: red, green and blue from 0 to 255, behind what is transparent.

    Returns:
        List in the order of `images`: with a folder the paths, "Super Resolution 0.jpg" and so on, or "Super Resolution
        0 (lines).jpg" if the model was unavailable; without a folder uint8 arrays of the kind of each image, (scale h,
        scale w) or (scale h, scale w, channels).

    Raises:
        FileNotFoundError: no such file or folder, or a folder without an image.
        ValueError: too many or too few names, equal names, the name of a source, another format, a file that cannot be
            read, an empty image, or an enlargement of more than 40 million pixels.

    Example:
        >>> paths = upscale(sorted(Path(".").glob("image_*.png")), folder=".")
    """
    from utils.progress import tqdm

    if format not in ("jpg", "png"):
        raise ValueError(f"the format is {format!r}; choose jpg or png")
    given = images
    if isinstance(images, str | os.PathLike):
        images, names = _listed_files(Path(images)), names or "keep"
    elif isinstance(images, np.ndarray) and (images.ndim == 2 or (images.ndim == 3 and images.shape[2] in (1, 3, 4))):
        images = [images]
    images = images if isinstance(images, np.ndarray) else list(images)
    names, background = _names(images, names), colour(background, "background")
    carried = folder is None or format == "png"  # a JPEG cannot be transparent
    upscaler = model if isinstance(model, Upscaler) else load_upscaler(model, scale)
    paths = None if folder is None else [Path(folder) / f"{name}{upscaler.label}.{format}" for name in names]
    written = {os.path.realpath(path) for path in paths or ()}
    for source in images:
        if isinstance(source, str | os.PathLike) and os.path.realpath(source) in written:
            raise ValueError(f"the enlarged images would write over {source}; give another folder, or other names")
    results, unreadable = [None] * len(images), {}
    if paths is not None:
        sweep(folder)
        if there := sum(path.is_file() for path in paths):
            print(
                f"{folder}: {there} of {len(paths)} enlarged images are there already; those made of the same pixels "
                "by the same network stay, the others follow."
            )

    def remaining(progress) -> Iterator[tuple[int, np.ndarray, "_Prepared", dict]]:
        for i, source in enumerate(images):
            try:
                image = _prepare(source, upscaler.scale, background, carried)
            except ValueError as error:
                if not _is_folder(given):
                    raise
                unreadable[i] = error
                progress.update()
                continue
            texts = {} if paths is None else _origin(source, image, upscaler)
            if paths is not None and says(paths[i], texts):
                results[i] = paths[i]
                progress.update()
            else:
                yield i, image.colors, image, texts

    with tqdm(total=len(images), desc="Super-resolution", unit="image", delay=2) as progress:
        for batch in _batches(remaining(progress), upscaler):
            all_enlarged = _enlarge_all(upscaler, [row[1] for row in batch])
            for (i, _, image, texts), enlarged in zip(batch, all_enlarged, strict=True):
                enlarged = image.restore(enlarged, upscaler)
                results[i] = enlarged if paths is None else _write(paths[i], enlarged, texts)
                progress.update()
    if len(unreadable) == len(images):
        raise next(iter(unreadable.values()))
    if unreadable:
        said = "; ".join(str(error) for error in list(unreadable.values())[:3])
        print(f"{len(unreadable)} of {len(images)} files of {given} are left out: {said}")
    return [result for i, result in enumerate(results) if i not in unreadable]


def enlarged_frames(
    images: Iterable, model: str | os.PathLike | Upscaler = "lines", scale: int = 4
) -> Iterator[np.ndarray]:
    """Enlarge the frames of an animation, one batch in memory at a time.

    Args:
        images: iterable of paths or arrays, as for `upscale`.
        model: an `Upscaler`, or a name that `load_upscaler` takes.
        scale: factor of the enlargement.

    Yields:
        uint8 (scale h, scale w, 3), or of one channel for grey images, in the order of `images`; what is transparent is
        laid on black.

    Example:
        >>> animate(enlarged_frames(images), "walk.mp4", fps=30, total=len(images))
    """
    upscaler = model if isinstance(model, Upscaler) else load_upscaler(model, scale)
    prepared = (_prepare(image, upscaler.scale) for image in images)
    for batch in _batches(((image, image.colors) for image in prepared), upscaler):
        for (image, _), enlarged in zip(batch, _enlarge_all(upscaler, [row[1] for row in batch]), strict=True):
            yield image.restore(enlarged, upscaler)


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

    original, upscaled = _prepare(original).inside, _prepare(upscaled).inside
    top, left, side = liveliest_square(original)
    figure = Figure(figsize=(9.4, 2.7), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.05, h_pad=0.05)
    for column, (name, image) in enumerate((("original", original), ("enlarged", upscaled))):
        scale = image.shape[0] / original.shape[0]
        y, x, length = (round(value * scale) for value in (top, left, side))
        whole, detail = figure.add_subplot(1, 4, column + 1), figure.add_subplot(1, 4, column + 3)
        draw_image(whole, image)
        frame = {"edgecolor": "white", "facecolor": "none", "linewidth": 1.2}
        whole.add_patch(Rectangle((x - 0.5, y - 0.5), length, length, **frame))
        draw_image(detail, image[y : y + length, x : x + length])
        size = f"{image.shape[1]} × {image.shape[0]}"
        whole.set_title(f"{say(TEXTS, name)}, {size}", fontsize=TEXT_SIZE, color=INK)
        detail.set_title(f"{say(TEXTS, name)}, {say(TEXTS, 'detail')}", fontsize=TEXT_SIZE, color=INK)
    sides = [f"{image.shape[1]} × {image.shape[0]}" for image in (original, upscaled)]
    return finish(figure, path, show, seen=seen(TEXTS, "compare", before=sides[0], after=sides[1]))


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
        names = [_own_name(image) for image in images]
        twice = {name for name, times in Counter(names).items() if times > 1}  # a.jpg beside a.png
        names = [
            Path(image).name.replace(".", "_") if name in twice else name
            for name, image in zip(names, images, strict=True)
        ]
    if isinstance(names, str):
        raise ValueError(f'names is {names!r}; give a list of names, "keep", or None')
    if len(names) != len(images):
        raise ValueError(f"there are {len(images)} images and {len(names)} names; each image needs its own")
    names = list(names)
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise ValueError(f"{twice[0]} would be written twice; give the images different names")
    return names


def _own_name(path: str | os.PathLike) -> str:
    """The name of a file without the suffix of images, if it has one: "photo.jpg (1)" has none."""
    path = Path(path)
    return path.stem if path.suffix.lower() in image_suffixes() else path.name


def _is_folder(given) -> bool:
    return isinstance(given, str | os.PathLike) and on_disk(Path(given)).is_dir()


@dataclass(frozen=True)
class _Prepared:
    """An image as upscalers take it, and what is needed to give its enlargement the image's own kind.

    Attributes:
        colors: uint8 (h, w, 3), its sides filled up to multiples of 4 by their last pixels; laid on the background, or,
            where transparency is carried, as they are, clear pixels in the colour of the nearest that are not.
        shape: of the image itself: (h, w) or (h, w, channels).
        alpha: uint8, as large as `colors`, how opaque it is; None where all is, or where it is not carried.
        grey: whether it has no colour.
    """

    colors: np.ndarray
    shape: tuple[int, ...]
    alpha: np.ndarray | None
    grey: bool

    @property
    def inside(self) -> np.ndarray:
        """The colours without what fills the sides up: uint8 (h, w, 3)."""
        return self.colors[: self.shape[0], : self.shape[1]]

    def restore(self, enlarged: np.ndarray, upscaler: "Upscaler") -> np.ndarray:
        """The enlarged colours (scale h, scale w, 3) as an image of the original's kind."""
        height, width = (upscaler.scale * side for side in self.shape[:2])
        enlarged = enlarged[:height, :width]
        if self.grey:
            grey = _mean_of_channels(enlarged)
            if self.alpha is None and self.shape[2:] != (3,):
                return grey.reshape(*grey.shape, *self.shape[2:])
            enlarged = np.repeat(grey[..., None], 3, axis=2)
        if self.alpha is None:
            return enlarged
        alpha = upscaler.enlarge(np.repeat(self.alpha[..., None], 3, axis=2))[:height, :width]
        alpha = _mean_of_channels(alpha)
        alpha[alpha <= HAZE], alpha[alpha >= 255 - HAZE] = 0, 255
        return np.dstack([enlarged, alpha])


def _prepare(image, scale: int = 1, background: tuple[int, int, int] = (0, 0, 0), carried: bool = False) -> _Prepared:
    """A path or an array as upscalers take it; `carried` keeps its transparency for the enlargement."""
    named = f"{image}: " if isinstance(image, str | os.PathLike) else ""
    if isinstance(image, str | os.PathLike):
        with open_one_image(image) as picture:
            image = _pixels_of(picture)
    image = to_uint8(image)
    kinds = ((), (1,), (3,), (4,), *(((2,),) if named else ()))  # grey with alpha comes in files alone
    if image.ndim not in (2, 3) or image.shape[2:] not in kinds or 0 in image.shape:
        raise ValueError(f"{named}an image of the shape {image.shape} cannot be enlarged: give (h, w) or (h, w, c)")
    (h, w), kind = image.shape[:2], image.shape[2:]
    grey, alpha = kind in ((), (1,), (2,)), image[..., -1] if kind in ((2,), (4,)) else None
    fill = [(0, -h % 4), (0, -w % 4)]
    if np.prod([side + after for side, (_, after) in zip((h, w), fill, strict=True)]) * scale**2 > MOST_PIXELS:
        raise ValueError(
            f"{named}{w} x {h} pixels, enlarged {scale} times, are more than {MOST_PIXELS:,}: crop or shrink it first"
        )
    colors = np.repeat(image.reshape(h, w, -1)[..., :1], 3, axis=2) if grey else image[..., :3]
    if alpha is not None and carried:
        colors = _bled(colors, alpha, background)
    elif alpha is not None:
        own, ground = colors, np.float32(background)
        colors = _by_rows(
            own.shape, lambda rows: background + (own[rows] - ground) * (alpha[rows, :, None] / np.float32(255))
        )
        grey, alpha = grey and len(set(background)) == 1, None
    if h % 4 or w % 4:
        colors = np.pad(colors, [*fill, (0, 0)], mode="edge")
        alpha = alpha if alpha is None else np.pad(alpha, fill, mode="edge")
    shape = (h, w) if grey and kind == (2,) else (h, w, 3) if kind in ((2,), (4,)) else image.shape
    return _Prepared(colors, shape, alpha, grey)


def _pixels_of(picture) -> np.ndarray:
    """The pixels of an opened file in sRGB, upright: uint8 (h, w) where it is grey, (h, w, 3) where it is not.

    With an alpha that is not opaque everywhere, it is one more channel: (h, w, 2) or (h, w, 4).
    """
    colors, alpha, _ = parts_of(picture)
    pixels = np.asarray(colors if colors.mode == "L" else colors.convert("RGB"))
    if alpha is None or alpha.getextrema() == (255, 255):
        return pixels
    return np.dstack([pixels, np.asarray(alpha)])


def _bled(colors: np.ndarray, alpha: np.ndarray, background) -> np.ndarray:
    """Colours whose clear pixels take that of the nearest one that is not: an edge keeps its colour to its end."""
    clear = alpha == 0
    if clear.all():
        return np.broadcast_to(np.uint8(background), colors.shape).copy()
    if not clear.any():
        return colors
    from scipy.ndimage import distance_transform_edt

    rows, columns = distance_transform_edt(clear, return_distances=False, return_indices=True)
    return colors[rows, columns]


def _mean_of_channels(image: np.ndarray) -> np.ndarray:
    return _by_rows(image.shape[:2], lambda rows: image[rows].mean(axis=2))


def _by_rows(shape: tuple[int, ...], compute) -> np.ndarray:
    """An uint8 array that is computed some rows at a time: floats of a whole large image take gigabytes.

    Args:
        shape: of the array, its height first.
        compute: function of a slice of rows that gives their values, 0 to 255; they are rounded.
    """
    whole = np.empty(shape, np.uint8)
    for top in range(0, shape[0], ROWS):
        rows = slice(top, top + ROWS)
        whole[rows] = np.rint(compute(rows))
    return whole


def _origin(source, image: _Prepared, upscaler: Upscaler) -> dict[str, str]:
    """The metadata of an enlarged file: that of its source, the upscaler, and a digest of the source's pixels."""
    texts = {}
    if isinstance(source, str | os.PathLike):
        try:
            texts = read_texts(source)
        except ValueError:  # neither PNG nor JPEG: without metadata of this project
            texts = {}
    colors, alpha = np.ascontiguousarray(image.colors), b"" if image.alpha is None else image.alpha.tobytes()
    pixels = hashlib.sha256(repr(image.shape).encode() + colors.tobytes() + alpha).hexdigest()[:16]
    return {**texts, UPSCALER_TEXT: f"{upscaler.identity or upscaler.name} x{upscaler.scale}", SOURCE_TEXT: pixels}


def _write(path: Path, enlarged: np.ndarray, texts: dict[str, str]) -> Path:
    return write_picture(path, as_picture(enlarged), texts)


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
    """The square of highest contrast, a quarter of the image wide, off the edges: `(top, left, side)` in pixels."""
    side = max(4, min(image.shape[:2]) // 4)
    grey = image.mean(axis=2)
    off, step = max(1, side // 8), max(1, side // 4)
    rows, columns = (range(off, length - side - off + 1, step) or (0,) for length in image.shape[:2])
    corners = [(y, x) for y in rows for x in columns]
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
    network = _from_file(LINES, scale)

    def enlarge(images: np.ndarray) -> np.ndarray:
        exact = np.array([is_of_bands(image) for image in images], bool)
        if not exact.any():
            return network.enlarge_batch(images)
        enlarged = images.repeat(scale, axis=1).repeat(scale, axis=2)
        if not exact.all():
            enlarged[~exact] = network.enlarge_batch(images[~exact])
        return enlarged

    # the network's receptive field reaches 14 pixels
    return replace(network, name="lines", enlarge_batch=enlarge, margin=16, identity=f"{network.identity}, bands")


def is_of_bands(image: np.ndarray) -> bool:
    """Whether an image is made of a few whole rows and columns, as lines from edge to edge are when drawn exactly.

    To repeat its pixels is then the exact enlargement: all edges are horizontal or vertical.

    Args:
        image: uint8 (h, w, 3).

    Returns:
        Whether at most a quarter of the rows differ from each other, and a quarter of the columns.
    """
    return all(len({row.tobytes() for row in side}) <= len(side) // 4 for side in (image, image.transpose(1, 0, 2)))


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
