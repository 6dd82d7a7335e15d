"""What a model's file must be before anything of it is built: no code, no way out of the file, no more than it holds.

Keras' safe mode refuses Lambda layers and, of late, some of its own functions; versions still in use let a file read
other files by a vocabulary's path, import modules by name, or call any function of Keras. Here it is the other way
round: a class is in the list below, or the visitor's own code has registered it, or the file is refused.
"""

import math
import os
import subprocess
import sys
import zlib
from contextlib import contextmanager, suppress

LARGEST_CONFIG = 2 * 2**20  # characters; the published networks have 20,000
MOST_LAYERS = 2000
MOST_ARRAYS = 5000
SPARE = 64 * 2**20  # bytes that a file's numbers may take whatever its size ...
INFLATION = 8  # ... and how many times its size they may take beyond; weights hardly compress
MOST_DRAWN = 2**28  # values that any layer may make of one vector: a GiB

READING_SECONDS = 10  # of the processor, for a small file, which takes half of one; ten times as long by the clock
MEMORY = 768 * 2**20  # bytes that the other process may take for a small file
SAID_WHY, OUT_OF_MEMORY = 9, 10  # exit codes of the other process: not 1, with which Python itself ends

MODELS = ("Functional", "Model", "Sequential")
LAYERS = frozenset(
    [
        *("InputLayer", "Dense", "EinsumDense", "Embedding", "Identity", "Masking", "Flatten", "Permute", "Reshape"),
        *("Activation", "ELU", "LeakyReLU", "PReLU", "ReLU", "Softmax", "ThresholdedReLU", "RepeatVector"),
        *("Add", "Average", "Concatenate", "Dot", "Maximum", "Minimum", "Multiply", "Subtract"),
        *("BatchNormalization", "GroupNormalization", "LayerNormalization", "RMSNormalization", "UnitNormalization"),
        *("AlphaDropout", "Dropout", "GaussianDropout", "GaussianNoise", "ActivityRegularization"),
        *("SpectralNormalization", "TimeDistributed", "Normalization", "Rescaling", "Resizing", "CenterCrop"),
        *("AdditiveAttention", "Attention", "GroupedQueryAttention", "GroupQueryAttention", "MultiHeadAttention"),
        *(
            f"{kind}{n}D"
            for kind in ("Conv", "Cropping", "UpSampling", "ZeroPadding", "SpatialDropout")
            for n in (1, 2, 3)
        ),
        *(f"{kind}Pooling{n}D" for kind in ("Average", "Max", "GlobalAverage", "GlobalMax") for n in (1, 2, 3)),
        *(f"{kind}Conv{n}D" for kind in ("Depthwise", "Separable") for n in (1, 2)),
        *(f"Conv{n}DTranspose" for n in (1, 2, 3)),
    ]
)
VALUES = ("__keras_tensor__", "__tensor__", "__numpy__", "__bytes__", "__tuple__", "__slice__", "__ellipsis__")
DTYPES = ("DTypePolicy", "Policy", "FloatDTypePolicy")
OWN_CODE = ("Lambda", "__lambda__", "__typespec__", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer")
OPERATIONS = ("keras.src.ops.", "keras.ops.")


def check_architecture(config, path: str | os.PathLike) -> None:
    """Walk a whole architecture before anything of it is built.

    Args:
        config: what the file's JSON gave.
        path: what errors call the file.

    Raises:
        ValueError: it holds code, a class that is neither Keras' nor registered, or too many layers.
    """
    if not isinstance(config, dict) or not isinstance(config.get("class_name"), str):
        raise ValueError(f"{path} holds no architecture of a Keras model: copy or download it again")
    waiting, layers = [config], 0
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            waiting += item
        elif isinstance(item, dict):
            waiting += item.values()
            if "class_name" in item:
                layers += item["class_name"] in LAYERS if isinstance(item["class_name"], str) else 0
                _check_class(item, path)
    if layers > MOST_LAYERS:
        raise ValueError(f"{path} has {layers:,} layers, more than {MOST_LAYERS:,}: ask for a smaller model")


def _check_class(item: dict, path) -> None:
    from utils.quiet import keras

    name, module = item["class_name"], item.get("module")
    registered_name, registered = item.get("registered_name"), keras.saving.get_custom_objects()
    shown = f"{str(name)[:60]!r}"
    if name in OWN_CODE:
        raise ValueError(
            f"{path} holds code of its own in a layer ({name}), "
            "and loading it would run that code. Ask for a model made of Keras' own layers."
        )
    if name == "function" and isinstance(item.get("config"), str):  # an activation, named
        name, shown = item["config"], f"{item['config'][:60]!r}"
        known = module in (None, "builtins", "keras.activations") and hasattr(keras.activations, name)
    else:
        known = isinstance(name, str) and _is_of_keras(name, module, "config" in item)
    if known and registered_name in (None, name):
        return
    if any(isinstance(one, str) and one in registered for one in (name, registered_name)):
        return  # the visitor's own class, imported already
    raise ValueError(
        f"{path} needs the class {shown}, which is none of Keras' layers that draw images. If it is yours, import the "
        "module that registers it (keras.saving.register_keras_serializable) first."
    )


def _is_of_keras(name: str, module, has_config: bool) -> bool:
    from utils.quiet import keras

    if not has_config and name == "TensorShape":  # plain data, in files of Keras 2
        return True
    if name in VALUES:
        return True
    if module is not None and str(module).split(".")[0] not in ("keras", "tf_keras"):  # the latter is Keras 2
        return False
    if isinstance(module, str) and module.startswith(OPERATIONS):
        return _is_operation(name, module)
    if name in LAYERS or name in MODELS or name in DTYPES:
        return True
    kinds = (
        (keras.initializers, keras.initializers.Initializer),
        (keras.regularizers, keras.regularizers.Regularizer),
        (keras.constraints, keras.constraints.Constraint),
    )
    found = ((getattr(room, name, None), kind) for room, kind in kinds)
    return any(isinstance(one, type) and issubclass(one, kind) for one, kind in found)


def _is_operation(name: str, module: str) -> bool:
    """Whether it is an operation between layers, such as Multiply: a class of `keras.src.ops`, already imported."""
    from utils.quiet import keras

    found = getattr(sys.modules.get(module), name, None)
    return isinstance(found, type) and issubclass(found, keras.Operation) and not issubclass(found, keras.layers.Layer)


def check_arrays(file, path: str | os.PathLike, size: int) -> int:
    """Walk a whole HDF5 file before an array of it is read.

    Args:
        file: an open h5py.File.
        path: what errors call the file.
        size: its bytes on the disk.

    Returns:
        How many numbers its arrays hold.

    Raises:
        ValueError: it leads to another file, holds anything but numbers, or unpacks to far more than it is.
    """
    import h5py

    links = numbers = total = 0

    def look(name, link):
        nonlocal links, numbers, total
        links += 1
        if links > MOST_ARRAYS:
            raise ValueError(f"{path} has more than {MOST_ARRAYS:,} arrays: ask for a smaller model")
        if not isinstance(link, h5py.HardLink):
            raise ValueError(
                f"{path} leads to another place ({_shown(name)} is a link there), and was not followed: "
                "ask for a model saved whole"
            )
        array = file[name]
        if not isinstance(array, h5py.Dataset):
            return
        _check_array(array, name, path)
        count = math.prod(array.shape or ())
        numbers += count
        total += max(count, math.prod(array.chunks or ())) * array.dtype.itemsize
        if total > SPARE + INFLATION * size:
            raise ValueError(
                f"{path} has {size:,} bytes and would unpack to {total:,} or more, as no trained model does: "
                "ask for another copy"
            )
        if array.chunks:
            _check_chunks(array, name, path)

    def stop_at_an_error(name, link):  # h5py would lose it
        try:
            look(name, link)
        except Exception as error:
            return error

    error = file.visititems_links(stop_at_an_error)
    if error is not None:
        raise error
    return numbers


def _check_array(array, name, path) -> None:
    if array.external or array.is_virtual:
        raise ValueError(
            f"{path} takes numbers from another file ({_shown(name)}), which was not read: ask for a model saved whole"
        )
    if array.dtype.kind not in "fiub":
        raise ValueError(
            f"{path} holds {str(array.dtype)[:40]} in {_shown(name)}, and weights are numbers: ask for another copy"
        )


def _check_chunks(array, name, path) -> None:
    """HDF5 unpacks a chunk to whatever is in it, not to the size declared: look first, with a limit."""
    import h5py

    settings = array.id.get_create_plist()
    filters = [settings.get_filter(i)[0] for i in range(settings.get_nfilters())]
    if [one for one in filters if one != h5py.h5z.FILTER_SHUFFLE] not in ([], [h5py.h5z.FILTER_DEFLATE]) or (
        len(filters) > 1 and filters[-1] != h5py.h5z.FILTER_DEFLATE
    ):
        raise ValueError(f"{path} packs {_shown(name)} in a way that Keras does not: save the model again with Keras")
    if h5py.h5z.FILTER_DEFLATE not in filters:
        return
    declared = math.prod(array.chunks) * array.dtype.itemsize
    for i in range(array.id.get_num_chunks()):
        mask, packed = array.id.read_direct_chunk(array.id.get_chunk_info(i).chunk_offset)
        if mask or len(_inflate(packed, declared + 1)) != declared:
            raise ValueError(f"{path} is damaged: {_shown(name)} is not of the size it declares; copy it again")


def _inflate(packed: bytes, largest: int) -> bytes:
    try:
        return zlib.decompressobj().decompress(packed, largest)
    except zlib.error:
        return b""


def check_drawing(model, path: str | os.PathLike) -> None:
    """Refuse a network whose layers make more of one input than memory holds.

    Args:
        model: a built Keras model.
        path: what errors call its file.

    Raises:
        ValueError: a layer draws too much.
    """
    for layer in model.layers:
        if hasattr(layer, "layers"):
            check_drawing(layer, path)
        shapes = getattr(getattr(layer, "output", None), "shape", ())
        count = math.prod(side or 1 for side in shapes)
        if count > MOST_DRAWN:
            raise ValueError(
                f"{path}: its layer {_shown(layer.name)} draws {count:,} values at once, more than memory holds: "
                "ask for a smaller model"
            )


def _shown(name) -> str:
    return f"{str(name)[-60:]!r}"


def read_once_elsewhere(source: str | os.PathLike, path: str | os.PathLike) -> None:
    """Read all of an HDF5 file in a process of its own, which may end or be ended: half a second.

    The HDF5 library is written in C, and there are files on which it crashes, takes all memory, or runs in circles.

    Args:
        source: the file.
        path: what errors call it.

    Raises:
        ValueError: the other process did not come back.
        OSError: it could not be started.
    """
    command = [sys.executable, "-P", __file__, os.fspath(source)]
    seconds = 10 * _reading_seconds(source)
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}  # each thread would reserve memory
    try:
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        code = subprocess.run(command, env=environment, timeout=seconds, **quiet).returncode
    except subprocess.TimeoutExpired:
        raise ValueError(
            f"{path} was not read to its end in {seconds} seconds: it is damaged, or its disk is too slow; copy it "
            "to a disk of this machine, or ask for another copy"
        ) from None
    except OSError as error:
        raise OSError(
            f"{path} could not be read: no second process can be started to look through it ({error.strerror}). Close "
            "other programs, or restart the notebook's kernel"
        ) from None
    if code not in (0, SAID_WHY):
        raise ValueError(
            f"{path} is damaged: the HDF5 library fails on it, or does not come to an end; copy it again, or ask for "
            "another copy"
        )


def _reading_seconds(source) -> int:
    return READING_SECONDS + os.path.getsize(source) // 10**7


def _read_everything(source: str) -> int:
    """What the other process does; gives its exit code."""
    import h5py

    _limit(memory=MEMORY + INFLATION * os.path.getsize(source), seconds=_reading_seconds(source))
    try:
        with h5py.File(source, "r", locking=False) as file:
            check_arrays(file, source, os.path.getsize(source))
            places = [file]
            file.visititems(lambda name, item: places.append(item))
            for place in places:
                for name in place.attrs:
                    place.attrs[name]
                if isinstance(place, h5py.Dataset):
                    place[()]
    except Exception as error:  # the file is damaged, and HDF5 says so: it will say so again
        no_memory = isinstance(error, MemoryError) or "alloc" in str(error)  # HDF5: "memory allocation failed"
        return OUT_OF_MEMORY if no_memory else SAID_WHY
    return 0


def _limit(memory: int, seconds: int) -> None:
    """Let this process take so many bytes more than it has, and so many seconds, where the system can count them."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        with open("/proc/self/statm") as file:
            now = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (now + memory, resource.RLIM_INFINITY))


def most_numbers(path: str | os.PathLike) -> int:
    """How many numbers of 32 bits a file of weights can hold at most, by its size."""
    return (SPARE + INFLATION * os.path.getsize(path)) // 4


@contextmanager
def no_more_weights_than(numbers: int):
    """While the block builds a model, refuse the first weight that the file cannot fill, before it takes memory.

    Args:
        numbers: how many the file holds.

    Raises:
        ValueError: from within the block; it does not name the file.
    """
    from utils.quiet import keras

    add_weight, total = keras.layers.Layer.add_weight, 0

    def add_weight_within_bounds(layer, *arguments, **named):
        nonlocal total
        shape = named.get("shape", arguments[0] if arguments else ())
        sides = (shape,) if isinstance(shape, int) else shape or ()
        total += math.prod(int(side) for side in sides)
        if total > numbers:
            raise ValueError(f"its layers up to {_shown(layer.name)} need {total:,} numbers, and it holds {numbers:,}")
        return add_weight(layer, *arguments, **named)

    keras.layers.Layer.add_weight = add_weight_within_bounds
    try:
        yield
    finally:
        keras.layers.Layer.add_weight = add_weight


if __name__ == "__main__":
    sys.exit(_read_everything(sys.argv[1]))
