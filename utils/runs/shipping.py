"""Generator files: the one trained last, those that ship with the project, and `ship`, which makes them from a run."""

from pathlib import Path

import numpy as np

from utils import files, reading
from utils.files.hdf5 import open_h5
from utils.files.json_files import read_json
from utils.latent.generating import generate_images
from utils.latent.paths import generate_latent_points
from utils.loaders import load_generator
from utils.reading.relations import together
from utils.runs.data_set import known_facts
from utils.runs.history import read_history

SEED = 2022  # of the latent vectors that a generator is measured on
READ = 10_000  # images of the adherence; of 1,000 images a share has a standard error of about one percent
GRID = 25  # steps of the grid of a shipped kernel's values within their standard deviation
WHOLE_BYTES, FEW_VALUES = 2**20, 10_000  # files, and arrays, up to which nothing is rounded
SHIPPED_GENERATORS = [Path("data/generators") / f"three_lines_128{recipe}.h5" for recipe in ("", "_published")]
LINES = "lines"  # the data set of all that ships
SHIPPED_DECODER = Path("data/generators/cvae_128.h5")  # of an autoencoder; see `encoder_beside`
PROJECT = Path(__file__).resolve().parents[2]  # whose generators serve where the working folder has none


def _first_of(paths):
    """The first file that exists, below the working folder or else below the project's; None if there is none."""
    return next((path for base in (Path(), PROJECT) for one in paths if (path := base / one).exists()), None)


def latest_generator(root="run"):
    """The path of the newest generator.h5 below `root`, or of the moving average beside it; None if there is none."""
    there = filter(Path.is_file, Path(root).glob("**/generator.h5"))
    found = max(there, key=_written, default=None)
    averaged = found and found.with_name("generator_ema.h5")
    return averaged if averaged and averaged.exists() else found


def known_generators(root="run", most=40):
    """The generators that there are: those that ship, and those of runs, the newest first.

    Args:
        root: where runs lie.
        most: largest number of runs.

    Returns:
        Dict, name -> path: the file's name without its end ("three_lines_128"), of a run its folder
        ("run/gan/0001_lines"). Of a run with a moving average that is taken.
    """
    folder = PROJECT / SHIPPED_GENERATORS[0].parent
    shipped = {path.stem: path for path in sorted(folder.glob("*.h5")) if not path.stem.endswith("_encoder")}
    runs = sorted(filter(Path.is_file, Path(root).glob("**/generator.h5")), key=_written, reverse=True)
    for path in runs[:most]:
        averaged = path.with_name("generator_ema.h5")
        shipped[path.parent.as_posix()] = averaged if averaged.exists() else path
    return shipped


def _written(path):
    return path.stat().st_mtime


def any_generator(root="run"):
    """The path of the default generator: the newest one below `root`, else the best one that ships.

    Raises:
        FileNotFoundError: there is neither.
    """
    found = latest_generator(root) or latest_generator(PROJECT / root) or _first_of(SHIPPED_GENERATORS)
    if found:
        return found
    raise FileNotFoundError(
        f"There is no generator.h5 in {root}/ and none in {SHIPPED_GENERATORS[0].parent}/. Train one with "
        f"notebooks/Training.ipynb, or give the path of yours."
    )


def shipped_generator():
    """The path of the best GAN generator that ships.

    Raises:
        FileNotFoundError: there is none.
    """
    if found := _first_of(SHIPPED_GENERATORS):
        return found
    raise FileNotFoundError(f"There is no {SHIPPED_GENERATORS[-1]}: take it from the project again.")


def latest_of(data_name=None, encoder=False, root="run"):
    """The newest generator below `root` that was trained on a data set.

    Args:
        data_name: its name; None for any.
        encoder: whether it is an autoencoder's.
        root: where runs lie.

    Returns:
        The path of generator.h5, or of the moving average beside it; None if there is none.
    """
    found = [path for path in Path(root).glob("**/generator.h5") if (path.with_name("encoder.h5")).exists() == encoder]
    if data_name is not None:
        found = [path for path in found if known_facts(path.parent).get("data_name") == data_name]
    newest = max(found, key=_written, default=None)
    averaged = newest and newest.with_name("generator_ema.h5")
    return averaged if averaged and averaged.exists() else newest


def pair_to_compare(generator=None, autoencoder=None, data_name=None, root="run"):
    """A GAN's generator and an autoencoder, trained on the same images.

    Args:
        generator: the GAN's file or run folder; None for the newest trained on `data_name`, or, where that is None too,
            for the published one of the lines that ships.
        autoencoder: the run folder of the autoencoder, or its shipped decoder; None for the newest trained on the same
            data, or, for lines, the one that ships.
        data_name: the data set; None for the one that the generator was trained on.
        root: where runs lie.

    Returns:
        `(generator, autoencoder)`, two paths; the second is a run folder, or a shipped decoder's file.

    Raises:
        FileNotFoundError: there is no such generator or autoencoder yet; the message says how to train one.
        ValueError: they were trained on different data sets, or at different sizes.
    """
    wanted = data_name
    if generator is None and autoencoder is not None and wanted is None:
        wanted = known_facts(autoencoder).get("data_name")
    if generator is None:
        shipped = _first_of(SHIPPED_GENERATORS[::-1]) if wanted in (None, LINES) else None
        newest = None if wanted is None else latest_of(wanted, root=root)
        generator = newest or shipped
    if generator is None:
        raise FileNotFoundError(_train_first("WGANGP", wanted, root))
    name = wanted or known_facts(generator).get("data_name")
    if autoencoder is None:
        shipped = _first_of([SHIPPED_DECODER]) if name in (None, LINES) else None
        newest = None if wanted is None and shipped else latest_of(name, encoder=True, root=root)
        autoencoder = newest.parent if newest else shipped
    if autoencoder is None:
        raise FileNotFoundError(_train_first("CVAE", name, root))
    other = known_facts(autoencoder).get("data_name")
    if None not in (name, other) and name != other:
        raise ValueError(
            f"{generator} was trained on {name}, {autoencoder} on {other}: compare two of one data set. Give another "
            f'GENERATOR or AUTOENCODER, or DATA_NAME = "{name}", which takes the newest of both'
        )
    sizes = [_drawn_size(Path(one)) for one in (generator, autoencoder)]
    if None not in sizes and sizes[0] != sizes[1]:
        (high, wide), (_, other_wide) = sizes
        raise ValueError(
            f"{generator} draws images of {wide} x {high}, {autoencoder} of {other_wide}: compare two of one size. "
            f'Train the other at that size (MODEL = "CVAE", IMAGE_SIZE = {wide} in Training), or give another GENERATOR'
        )
    return Path(generator), Path(autoencoder)


def _drawn_size(path):
    """(height, width) of what a generator draws, by its run or its card; None where neither says."""
    run = path if path.is_dir() else path.parent
    for place in (run / "params.json", path.with_suffix(".json")):
        if place.is_file():
            facts = read_json(place)
            inner = facts.get("parameters", facts)
            sides = inner.get("input_dim") if isinstance(inner, dict) else None
            if isinstance(sides, list):
                return tuple(sides[:2])
    return None


def _train_first(model, data_name, root):
    of = "" if data_name is None else f" on {data_name}"
    return (
        f'There is no {model} trained{of} in {root}/. Train one with notebooks/Training.ipynb, MODEL = "{model}" and '
        f"DATA_NAME = {data_name!r}, or give the path of yours."
    )


def encoder_beside(path):
    """The path of the encoder of the autoencoder whose decoder is `path`: cvae_128_encoder.h5 beside cvae_128.h5."""
    path = Path(path)
    return path.with_name(f"{path.stem}_encoder{path.suffix}")


def ship(folder, path, **facts):
    """Copy a run's generator to `path`, compressed, and write its card beside it: how it was trained, as JSON.

    The source is the moving average generator_ema.h5 if there is one, else generator.h5. An autoencoder's encoder.h5 is
    copied beside it, see `encoder_beside`.

    The weights stay float32. In a file above `WHOLE_BYTES` the values of large kernels are rounded to multiples of a
    power of two, `GRID` or more of which make the kernel's standard deviation, so that HDF5's compression can save
    space: about ten bits a value. Images of the shipped generators then differ by 60 dB, at most five levels of 255
    (benchmarks/LOG.md, "Weights on a grid").

    Args:
        folder: the run folder.
        path: e.g. `data/generators/three_lines_128_published.h5`; the card has the same name, ending in .json.
        **facts: further entries of the card, e.g. `command`, which repeats the training, or `report`.

    Returns:
        The card's path.
    """
    folder, path = Path(folder), Path(path)
    averaged = folder / "generator_ema.h5"
    source = averaged if averaged.exists() else folder / "generator.h5"
    history = read_history(folder)
    card = {
        "name": path.stem,
        "made_of": source.name,
        "steps": len(history["step"]),
        "training_minutes": round(sum(history["seconds"]) / 60, 1),
        "last_losses": {name: values[-1] for name, values in history.items() if name not in ("step", "seconds")},
        "parameters": read_json(folder / "params.json"),
        "run": read_json(folder / "run.json"),
        "weights": _weights_of(source),
        **facts,
    }
    with files.write_whole(path) as temporary:
        _write_compressed(source, temporary)
    if (folder / "encoder.h5").exists():
        with files.write_whole(encoder_beside(path)) as temporary:
            _write_compressed(folder / "encoder.h5", temporary)
    return files.write_json(path.with_suffix(".json"), card)


def _is_rounded(source):
    return source.stat().st_size > WHOLE_BYTES


def _weights_of(source):
    rounded = f", those of large kernels on a grid of a {GRID}th of their deviation" if _is_rounded(source) else ""
    return f"float32, compressed{rounded}"


def _write_compressed(source, target):
    import h5py

    rounded = _is_rounded(source)

    def copy(name, item):
        if isinstance(item, h5py.Dataset):
            values = item[()]
            packed = {}
            if values.dtype == np.float32 and values.ndim:
                values = on_grid(values) if rounded and values.size > FEW_VALUES else values
                # one chunk an array: the small ones that HDF5 chooses compress a third less
                packed = {"compression": "gzip", "compression_opts": 9, "shuffle": True, "chunks": values.shape}
            written = small.create_dataset(name, data=values, **packed)
        else:
            written = small.require_group(name)
        written.attrs.update(item.attrs)

    with open_h5(source) as whole, open_h5(target, "w") as small:
        small.attrs.update(whole.attrs)
        whole.visititems(copy)


def on_grid(values, steps=GRID):
    """Round float32 values to multiples of the largest power of two that is at most their deviation / `steps`."""
    deviation = values.std()
    if not deviation > 0:
        return values
    step = np.float32(2.0 ** np.floor(np.log2(deviation / steps)))
    return np.round(values / step) * step


# Measures of a generator ---------------------------------------------------------------------------------------------


def measure_generator(path, count, reference):
    """Generate images with a generator's file, and measure them against the rules of the three lines.

    Args:
        path: the generator's file.
        count: images of the full report; the adherence is that of `READ` images.
        reference: uint8 (n, 128, 128, 3), the training images.

    Returns:
        `(images, numbers)`: uint8 (count, h, w, c), and the dict of `measure_images`.
    """
    generator = load_generator(path)
    Z = generate_latent_points(generator.input_shape[-1], max(count, READ), seed=SEED)
    images = generate_images(generator, Z)
    return images[:count], measure_images(images, count, reference)


def measure_images(images, count, reference):
    """The report of the first `count` images, the dependence of their lines, and the adherence of all images.

    Args:
        images: uint8 (n, h, w, 3).
        count, reference: as in `measure_generator`.

    Returns:
        Dict of plain values: that of `utils.reading.report`, "together" (`utils.reading.relations.together`) and
        "read", the adherence and census of all images.
    """
    numbers = reading.report(images[:count], reference) | {"together": together(images[:count])}
    read = reading.against_rules(images)
    return numbers | {"read": {"images": len(images)} | {name: read[name] for name in ("adherence", "census")}}
