"""Data sets, generators and trained models, from the disk into memory. Nothing here starts Keras before it must."""

import hashlib
import json
import os
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from glob import escape
from pathlib import Path

import numpy as np

from utils.archives import extract_archive
from utils.batches import ImageBatches
from utils.decoding import IMAGE_SUFFIXES, decode_image, is_image_name
from utils.files import write_json, write_whole

__all__ = ["ImageBatches", "extract_archive", "load_dataset", "load_generator", "load_model"]

PIECE = 4 * 2**20  # bytes of images that one thread decodes at a time: small images one by one cost a third more
PIECES_AT_ONCE = 16  # so that few decoded images wait for their place


def load_dataset(
    data_name: str,
    image_size: int | tuple[int, int],
    batch_size: int,
    *,
    data_folder: str | os.PathLike = "data",
    channels: int = 3,
    background: tuple[int, int, int] = (0, 0, 0),
    seed=None,
    memory_limit: int = 2 * 2**30,
) -> ImageBatches:
    """Read a folder of images into shuffled batches.

    Every image below the folder is read, at any depth; the first sub-folders are the classes. Each is decoded once:
    turned as its EXIF orientation says, laid on `background` where it is transparent, scaled with Lanczos until it just
    covers the size (its aspect is kept) and cut to the centre; an image of that size already passes untouched.

    Args:
        data_name: name of the folder in `data_folder`.
        image_size: side in pixels, or (height, width).
        batch_size: images a batch.
        data_folder: where data sets lie.
        channels: 3 for RGB, 1 for grey.
        background: RGB, 0 to 255, behind what is transparent.
        seed: order of the images: int, None or a numpy Generator.
        memory_limit: bytes. A larger set is kept in a file, <data_folder>/.cache/<data_name>-<size>-<key>.npy, and
            mapped into memory; the next call finds it there, as long as the images have not changed.

    Returns:
        ImageBatches: `.images` (uint8 (n, height, width, channels)), `.files`, `.classes`, `.skipped`, `x_train[i]`,
        `next(x_train)` and `x_train.draw(start, count)`.

    Raises:
        FileNotFoundError: no such folder.
        ValueError: no image in it, or fewer readable ones than a batch. One unreadable file is no error: it is named
            in a warning and skipped.

    Example:
        >>> x_train = load_dataset("lines", 128, 16)
        Found 10000 images belonging to 1 classes.
        >>> x_train[0][0][0].shape  # float32 in [-1, 1]
        (128, 128, 3)
    """
    if channels not in (1, 3):
        raise ValueError(f"channels is 3 for RGB or 1 for grey, not {channels}")
    height, width = (image_size, image_size) if isinstance(image_size, int | np.integer) else image_size
    shape = (int(height), int(width), channels)
    folder = Path(data_folder) / data_name
    names = _image_names(folder)
    classes = sorted({name.split("/")[0] if "/" in name else folder.name for name in names})
    print(f"Found {len(names)} images belonging to {len(classes)} classes.")
    if not names:
        raise ValueError(
            f"{folder} holds no image ({' '.join(IMAGE_SUFFIXES)}). Put images there, or unpack an archive: "
            f'extract_archive("{data_name}.zip", "{folder.as_posix()}")'
        )

    if len(names) * int(np.prod(shape)) <= memory_limit:
        images, skipped = _decode_in_memory(folder, names, shape, background)
    else:
        images, skipped = _decode_on_disk(folder, names, shape, background, Path(data_folder) / ".cache")
    if skipped:
        some = "; ".join(f"{name} ({reason})" for name, reason in list(skipped.items())[:3])
        more = ", ..." if len(skipped) > 3 else ""
        warnings.warn(f"skipped {len(skipped)} unreadable of {len(names)} images: {some}{more}", stacklevel=2)
    if len(images) < batch_size:
        raise ValueError(
            f"{folder} holds {len(images)} readable images, fewer than a batch of {batch_size}: add images, or give a "
            "smaller batch_size"
        )
    files = [folder / name for name in names if name not in skipped]
    return ImageBatches(images, batch_size, seed, files, classes, [folder / name for name in skipped])


def _image_names(folder):
    """Names of the images below a folder, relative to it and with slashes, sorted."""
    if not folder.is_dir():
        parent = folder.parent
        there = sorted(p.name for p in parent.iterdir() if p.is_dir() and p.name[0] != ".") if parent.is_dir() else []
        raise FileNotFoundError(
            f"there is no folder {folder}; {parent} holds {', '.join(there) or 'no data set'}. Draw the lines with "
            f'`python -m lines --out {parent.as_posix()}/lines`, or unpack your images: extract_archive("data.zip", '
            f'"{parent.as_posix()}")'
        )
    names = []
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name[0] != "." and name != "__MACOSX"]
        names += [(Path(place) / name).relative_to(folder).as_posix() for name in files if is_image_name(name)]
    return sorted(names)


def _decode_all(folder, names, shape, background) -> Iterator[tuple[str, np.ndarray | str]]:
    """Give (name, uint8 image, or the reason why it cannot be read) for each file, in order, on all processors."""
    from PIL import Image

    from utils.progress import tqdm

    def decode(names):
        return [(name, decode_one(name)) for name in names]

    def decode_one(name):
        try:
            return decode_image(folder / name, shape[:2], shape[2], background)
        except Exception as error:  # a damaged image can fail in any way
            return " ".join(f"{type(error).__name__}: {error}".replace(str(folder), "").split())[:120]

    count = int(np.clip(PIECE // np.prod(shape), 1, 64))
    pieces = [names[start : start + count] for start in range(0, len(names), count)]
    with (
        ThreadPoolExecutor(os.cpu_count()) as pool,
        warnings.catch_warnings(),
        tqdm(total=len(names), desc="Reading images", unit=" images", delay=2) as bar,
    ):
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        for start in range(0, len(pieces), PIECES_AT_ONCE):
            for results in pool.map(decode, pieces[start : start + PIECES_AT_ONCE]):
                yield from results
                bar.update(len(results))


def _decode_in_memory(folder, names, shape, background):
    images, skipped = np.empty((len(names), *shape), np.uint8), {}
    count = 0
    for name, image in _decode_all(folder, names, shape, background):
        if isinstance(image, str):
            skipped[name] = image
        else:
            images[count] = image
            count += 1
    return images[:count], skipped


def _decode_on_disk(folder, names, shape, background, cache):
    """Find or write the .npy file of a data set; beside it, a .json names what could not be read."""
    prefix = f"{folder.name}-{shape[1]}x{shape[0]}x{shape[2]}-"
    path = cache / f"{prefix}{_key(folder, names, shape, background)}.npy"
    listing = path.with_suffix(".json")
    if not (path.exists() and listing.exists()):
        for old in cache.glob(escape(prefix) + "*"):  # of images that have changed since
            with suppress(OSError):  # Windows keeps what a running notebook has mapped
                old.unlink()
        skipped = _write_npy(path, folder, names, shape, background)
        write_json(listing, skipped)
    skipped = json.loads(listing.read_text("utf-8"))
    if len(skipped) == len(names):
        return np.empty((0, *shape), np.uint8), skipped  # nothing to map
    return np.load(path, mmap_mode="r"), skipped


def _key(folder, names, shape, background):
    facts = [str(folder), shape, list(background)]
    for name in names:
        status = (folder / name).stat()
        facts.append([name, status.st_size, status.st_mtime_ns])
    return hashlib.blake2b(json.dumps(facts).encode(), digest_size=8).hexdigest()


def _write_npy(path, folder, names, shape, background):
    """Decode into a .npy file, image after image, so that few are in memory at a time."""
    skipped = {}
    with write_whole(path) as temporary, open(temporary, "wb") as file:
        _write_header(file, (len(names), *shape))
        start = file.tell()
        for name, image in _decode_all(folder, names, shape, background):
            if isinstance(image, str):
                skipped[name] = image
            else:
                file.write(image.tobytes())
        file.seek(0)
        _write_header(file, (len(names) - len(skipped), *shape))  # .npy leaves room for the first number to change
        if file.tell() != start:
            raise RuntimeError(f"the header of {path} changed its length")
    return skipped


def _write_header(file, shape):
    np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})


def load_generator(path: str | os.PathLike):
    """Load a trained generator.

    Args:
        path: a .h5 or .keras file, written by Keras 2 (the original's generator.h5) or Keras 3.

    Returns:
        A Keras model, not compiled, on the present backend: latent vectors (n, z_dim) -> images (n, height, width,
        channels) in [-1, 1].

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, holds another kind of model, or code that loading would run.

    Example:
        >>> generator = load_generator("generator.h5")
        >>> generator.predict(generate_latent_points(100, 4)).shape
        (4, 128, 128, 3)
    """
    from utils.old_files import load_network

    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"there is no file {path}: train a generator with notebooks/Training.ipynb, which writes one into its run "
            "folder, copy one there, or give the path of another"
        )
    model = load_network(path)
    takes, gives = getattr(model, "input_shape", None), getattr(model, "output_shape", None)
    if not (isinstance(takes, tuple) and len(takes) == 2 and isinstance(gives, tuple) and len(gives) == 4):
        raise ValueError(
            f"{path} is no generator: a generator takes latent vectors (None, z_dim) and gives images (None, height, "
            f"width, channels); this model takes {takes} and gives {gives}"
        )
    return model


def load_model(model_class, folder: str | os.PathLike, **options):
    """Build a model anew from the parameters of a run and read its weights.

    Args:
        model_class: e.g. WGANGP.
        folder: run folder with params.json (named arguments) or the original's params.pkl (arguments in order), and
            weights/weights.h5.
        **options: more named arguments of model_class; `precision="float32"` gives every digit of the old numbers.

    Returns:
        The model, an instance of model_class.

    Raises:
        FileNotFoundError: the folder holds no parameters or no weights.
        ValueError: the parameters are no plain values, or are not those of model_class.

    Example:
        >>> gan = load_model(WGANGP, "run/gan/0001_lines")
    """
    from utils.old_files import read_params

    folder = Path(folder)
    weights = folder / "weights" / "weights.h5"
    if (folder / "params.json").is_file():
        source = folder / "params.json"
        params = json.loads(source.read_text("utf-8"))
    elif (folder / "params.pkl").is_file():
        source = folder / "params.pkl"
        params = read_params(source)
    else:
        raise FileNotFoundError(f"{folder} holds neither params.json nor params.pkl: is it a run folder?")
    if not weights.is_file():
        raise FileNotFoundError(f"{folder} holds parameters but no weights/weights.h5: was its training saved?")
    try:
        model = model_class(**params, **options) if isinstance(params, dict) else model_class(*params, **options)
    except TypeError as error:
        raise ValueError(f"{source} does not hold the arguments of {model_class.__name__}: {error}") from error
    model.load_weights(str(weights))
    return model
