"""Data sets, generators and trained models, from the disk into memory. Nothing here starts Keras before it must."""

import os
import warnings
from pathlib import Path

import numpy as np

from utils.files import in_progress
from utils.files.archives import extract_archive
from utils.files.errors import one_line, see_file
from utils.files.image_files import IMAGE_SUFFIXES
from utils.files.json_files import read_json
from utils.files.names import LeftAside, on_disk, shown
from utils.files.typed import colour, sides, whole_number
from utils.loaders.batches import ImageBatches
from utils.loaders.check import check_dataset, counted
from utils.loaders.decoding import FITS
from utils.loaders.ranges import to_minus_one_to_one
from utils.loaders.sources import FolderOfImages, find_source
from utils.loaders.store import decode_in_memory, decode_on_disk
from utils.loaders.texts import TEXTS
from utils.speech import say

BATCH = 16  # as published

__all__ = ["ImageBatches", "check_dataset", "extract_archive", "load_dataset", "load_generator", "load_model"]


def load_dataset(
    data_name: str,
    image_size: int | tuple[int, int] | None,
    batch_size: int | None,
    *,
    data_folder: str | os.PathLike = "data",
    channels: int | None = None,
    background: tuple[int, int, int] | None = (0, 0, 0),
    fit: str | None = "cover",
    augment: tuple[str, ...] = (),
    seed=None,
    memory_limit: int = 2 * 2**30,
    part: str = "train",
) -> ImageBatches:
    """Read a folder of images, or a set that Keras keeps, into shuffled batches.

    Every image below the folder is read, at any depth; the first sub-folders are the classes. Linked folders are read
    once each; folders that systems, servers and recycle bins leave behind are no classes. What is left aside is counted
    by kind. Each image is decoded once: turned as its EXIF orientation says, converted to sRGB as its colour profile
    says, laid on `background` where it is transparent, and brought to the size; an image of that size already passes
    untouched.

    "fashion_mnist" and "mnist" are the 60,000 training images of `keras.datasets`, downloaded once into Keras' own
    folder; the 10,000 test images stay out unless `part` asks for them. A folder of that name in `data_folder` comes
    first.

    Args:
        data_name: name of the folder in `data_folder`, "fashion_mnist" or "mnist".
        image_size: side in pixels, or (height, width). None chooses the largest of 28, 32, 64 and 128 that half of the
            images fill; for "contain", the smallest that holds nine in ten of them.
        batch_size: images a batch; None for 16, as published.
        data_folder: where data sets lie.
        channels: 3 for RGB, 1 for grey. None chooses 1 if all the files are grey by their own format, else 3.
        background: RGB, 0 to 255, or text that says so, "(255, 255, 255)"; behind what is transparent, and around what
            does not fill the size. None is black, or for transparent images a colour that their outlines do not have.
        fit: "cover" scales until the size is just covered and cuts to the centre: for photographs. "contain" cuts
            nothing off and fills up with `background`: for sprites; small ones are enlarged by whole pixels, all by the
            same factor. None is "contain" if half of the images are transparent somewhere, else "cover".
        augment: small changes for sets of few images, any of "mirror", "shift" and "color"; they leak into what the
            generator draws, see `utils.loaders.augmentation`. What changes follows from the seed.
        seed: order of the images: int, None or a numpy Generator.
        memory_limit: bytes. A larger set is kept in a file, <data_folder>/.cache/<data_name>-<size>-<key>.npy, and
            mapped into memory; the next call finds it there, as long as the images have not changed.
        part: "train", or "test" for the images that Keras keeps apart, on which what was learnt can be tried.

    Returns:
        ImageBatches: `.images` (uint8 (n, height, width, channels)), `.files`, `.classes`, `.labels`, `.skipped`,
        `.left_aside` ({kind: how many}), `x_train[i]`, `next(x_train)` and `x_train.draw(start, count)`.

    Raises:
        FileNotFoundError: no such folder; or Keras' set can be neither found nor downloaded.
        ValueError: no image in it, or fewer readable ones than a batch; it is being drawn, or its drawing was cut off;
            it changed while it was read. One unreadable file is no error: it is named in a warning and skipped.

    Example:
        >>> x_train = load_dataset("lines", 128, 16)
        Found 10000 images belonging to 1 classes.
        >>> x_train[0][0][0].shape  # float32 in [-1, 1]
        (128, 128, 3)
        >>> x_train = load_dataset("sprites", 64, 16, background=(255, 255, 255), fit="contain", augment=("mirror",))
        Found 819 images belonging to 1 classes.
        Left aside: 2 .heic (pip install pillow-heif reads them), 1 folder of a system (@eaDir), 1 .txt.
    """
    if channels not in (None, 1, 3):
        raise ValueError(f"channels is 3 for RGB, 1 for grey or None for what the files are, not {channels}")
    if fit not in (None, *FITS):
        raise ValueError(f"fit is {' or '.join(map(repr, FITS))}, not {fit!r}")
    batch_size = whole_number(BATCH if batch_size is None else batch_size, "batch_size (BATCH_SIZE)", least=1)
    background = None if background is None else colour(background)
    source = find_source(data_name, data_folder, part)
    folder = on_disk(Path(data_folder) / data_name)
    if unfinished := in_progress.left_in(folder):
        command = f"{unfinished.get('command', 'python -m lines')} --out={folder}"
        if "archive" in unfinished:
            command = f'extract_archive("{unfinished["archive"]}", "{folder.as_posix()}"), or remove the folder'
        raise ValueError(
            f"{folder} is not whole: {unfinished['what']} began {unfinished['since']} and has not ended. If nothing is "
            f"written there any more, this goes on with it: {command}"
        )
    names = source.names
    many, of = len(names), len(source.classes)
    images = f"{many} images", counted(many, "image", "images repeated")
    classes = f"{of} classes", counted(of, "class", "classes")
    print(say(TEXTS, "found", images=images, classes=classes))
    if source.left_aside:
        print(say(TEXTS, "left aside", files=source.left_aside))
    if not names:
        raise ValueError(
            f"{folder} holds no image ({' '.join(IMAGE_SUFFIXES)}). Put images there, or unpack an archive: "
            f'extract_archive("{data_name}.zip", "{folder.as_posix()}")'
        )
    if fit is None:
        fit = source.natural_fit()
        if fit != FITS[0]:
            print(say(TEXTS, "natural fit"))
    if background is None:
        background = source.natural_background()
        if any(background):
            print(say(TEXTS, "natural background", background=background))
    if image_size is None:
        image_size = source.natural_size(fit)
    height, width = sides(image_size)
    shape = (int(height), int(width), channels or source.natural_channels())

    times = source.times(shape[:2]) if fit == "contain" and isinstance(source, FolderOfImages) else None

    def decode(name):
        return source.decode(name, shape, background, fit)

    def check():
        if source.facts() != source.first_facts:
            raise ValueError(
                f"{folder} changed while it was read: images were added, removed or replaced. "
                "Wait until whatever writes there is done, and load it again"
            )

    if len(names) * int(np.prod(shape)) <= memory_limit:
        images, skipped = decode_in_memory(names, shape, decode)
        check()
    else:
        facts, cache = [source.first_facts, background, fit, times], Path(data_folder) / ".cache"
        images, skipped = decode_on_disk(names, shape, decode, cache, folder.name, facts, check, source.remarks)
    if skipped:
        _warn_of(skipped, len(names), str(folder))
    remarked = LeftAside()
    for name, remarks in sorted(source.remarks.items()):
        for remark in remarks:
            remarked.add(remark, name)
    if remarked:
        print(f"Remarked: {remarked}.")
    if len(images) < batch_size:
        raise ValueError(
            f"{data_name} holds {len(images)} readable images, fewer than a batch of {batch_size}: add images, or give "
            "a smaller batch_size"
        )
    read = [name for name in names if name not in skipped]
    index = {name: i for i, name in enumerate(source.classes)}
    return ImageBatches(
        images,
        batch_size,
        seed,
        files=source.files(read),
        classes=source.classes,
        skipped=source.files(list(skipped)),
        labels=[index[source.class_of(name)] for name in read],
        augment=augment,
        left_aside={**source.left_aside.by_kind(), **remarked.by_kind()},
        source={"data_name": str(data_name), "background": list(background), "fit": fit},
    )


def _warn_of(skipped, count, folder):
    first = list(skipped.items())[:3]
    some = "; ".join(f"{shown(name)} ({' '.join(reason.replace(folder, '').split())[:120]})" for name, reason in first)
    more = ", ..." if len(skipped) > 3 else ""
    way_out = "Save them again as PNG or JPEG, or remove them."
    warnings.warn(f"skipped {len(skipped)} unreadable of {count} images: {some}{more}. {way_out}", stacklevel=3)


def load_generator(path: str | os.PathLike):
    """Load a trained generator.

    Args:
        path: a .h5 or .keras file, written by Keras 2 (the original's generator.h5) or Keras 3; or a run folder, whose
            generator is taken (its moving average where there is one); or an unpacked .keras file.

    Returns:
        A Keras model, not compiled, on the present backend: latent vectors (n, z_dim) -> images (n, height, width,
        channels) in [-1, 1]. One that draws from 0 to 1 (a sigmoid) or to 255 is scaled, and that is said.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, holds another kind of model, or code that loading would run; or the path is a
            folder of another kind.
        OSError: its disk fails.

    Example:
        >>> generator = load_generator("generator.h5")
        >>> generator.predict(generate_latent_points(100, 4)).shape
        (4, 128, 128, 3)
    """
    from utils.files.keras_files import load_network

    path = on_disk(path)
    if path.is_dir():
        inside = next(filter(Path.is_file, (path / f"generator{kind}.h5" for kind in ("_ema", ""))), None)
        if inside:
            print(f"{path} is a folder; its {inside.name} is taken.")
            path = inside
    else:
        see_file(
            path,
            f"there is no file {path}: train a generator with notebooks/Training.ipynb, which writes one into its run "
            "folder, copy one there, or give the path of another",
        )
    model = load_network(path)
    takes, gives = getattr(model, "input_shape", None), getattr(model, "output_shape", None)
    if not (isinstance(takes, tuple) and len(takes) == 2 and isinstance(gives, tuple) and len(gives) == 4):
        raise ValueError(
            f"{path} is no generator: a generator takes latent vectors (None, z_dim) and gives images (None, height, "
            f"width, channels); this model takes {takes} and gives {gives}"
        )
    return to_minus_one_to_one(model, path)


def load_model(model_class, folder: str | os.PathLike, changes: dict | None = None, **options):
    """Build a model anew from the parameters of a run and read its weights.

    Args:
        model_class: e.g. WGANGP.
        folder: run folder with params.json (named arguments) or the original's params.pkl (arguments in order), and
            weights/weights.h5.
        changes: arguments in place of those of the run, e.g. another schedule, {"decay_steps": 4000}.
        **options: more named arguments of model_class; `precision="float32"` gives every digit of the old numbers.

    Returns:
        The model, an instance of model_class.

    Raises:
        FileNotFoundError: the folder holds no parameters or no weights.
        ValueError: the parameters are no plain values, or are not those of model_class.

    Example:
        >>> gan = load_model(WGANGP, "run/gan/0001_lines")
    """
    from utils.files.keras_checks import most_numbers, no_more_weights_than
    from utils.files.keras_files import read_params

    folder = Path(folder)
    weights = folder / "weights" / "weights.h5"
    if (folder / "params.json").is_file():
        source = folder / "params.json"
        params = read_json(source)
    elif (folder / "params.pkl").is_file():
        source = folder / "params.pkl"
        params = read_params(source)
    else:
        raise FileNotFoundError(f"{folder} holds neither params.json nor params.pkl: is it a run folder?")
    if changes and isinstance(params, dict):
        params = params | changes
    if not weights.is_file():
        raise FileNotFoundError(f"{folder} holds parameters but no weights/weights.h5: was its training saved?")
    try:
        with no_more_weights_than(most_numbers(weights)):
            model = model_class(**params, **options) if isinstance(params, dict) else model_class(*params, **options)
    except Exception as error:  # parameters that somebody else wrote can be wrong in any way
        raise ValueError(
            f"{source} does not hold the arguments of {model_class.__name__}: {one_line(error)}; take the run folder "
            "from its source again"
        ) from error
    model.load_weights(str(weights))
    return model
