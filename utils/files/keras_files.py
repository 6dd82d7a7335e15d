"""Reads what the original wrote under Keras 2 (and what Keras 3 writes), and executes nothing that it finds there.

- `read_params`: params.pkl, through an interpreter that knows plain values only (`utils.files.plain_pickle`);
- `load_network`: a .h5 or .keras model. Keras 3 alone refuses those of Keras 2: Conv2DTranspose carries `groups`,
  LeakyReLU `alpha`; and an older Keras 3 refuses those of a newer one (`utils.files.portable`). The file is looked
  through (`utils.files.keras_checks`), its architecture is read as text, put into today's words (`modernise`) and
  built; then the weights are read. The file itself is only ever read;
- `load_weights`: weights/weights.h5 of either era, into a model that is there already. Keras 2 wrote the weights of a
  nested model trainable ones first, and Keras 3 reads them back in the order that *its* trainable flags give, which is
  another if the critic was frozen at one time and not at the other. Here they find their places by name.
"""

import copy
import json
import math
import os
import shutil
import tempfile
import warnings
import zipfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from utils.files.errors import one_line, see_file, unreadable
from utils.files.hdf5 import open_h5, without_locks
from utils.files.keras_checks import (
    INFLATION,
    LARGEST_CONFIG,
    MOST_LAYERS,
    SPARE,
    check_architecture,
    check_arrays,
    check_drawing,
    no_more_weights_than,
    read_once_elsewhere,
)
from utils.files.plain_pickle import Refused, plain_value
from utils.files.portable import portable
from utils.files.whole import in_words

UNPACKED = ("config.json", "metadata.json", "model.weights.h5")  # the members of a .keras file
LARGEST_PARAMS = 2**20  # bytes; the original's file has a few hundred


def read_params(path: str | os.PathLike):
    """Read a pickle of plain values without running what else it may hold.

    Args:
        path: the original's params.pkl: a list of the 21 arguments of WGANGP.

    Returns:
        The value: None, bool, int, float, str, bytes, and lists, tuples and dicts of them. NumPy numbers come back as
        Python numbers.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is no pickle, or holds anything else, which the message names.

    Example:
        >>> read_params("run/gan/0001_lines/params.pkl")[0]
        (128, 128, 3)
    """
    path = Path(path)
    if path.stat().st_size > LARGEST_PARAMS:
        raise ValueError(f"{path} holds {path.stat().st_size:,} bytes, too many for parameters: it was not read")
    try:
        return plain_value(path.read_bytes())
    except Refused as refusal:
        raise ValueError(
            f"{path} asks for {one_line(refusal)}, and parameters are plain numbers, texts and lists: it was not "
            "executed. Write the parameters as params.json (a dict of named arguments) instead."
        ) from None
    except Exception as error:  # a damaged pickle can fail in any way
        if said := unreadable(error, path):
            raise said from None
        raise ValueError(
            f"{path} is no whole pickle file ({type(error).__name__}: {one_line(error)}): copy it again, or write the "
            "parameters as params.json (a dict of named arguments)"
        ) from None


def load_network(path: str | os.PathLike):
    """Load a Keras model from a .h5 or .keras file, of Keras 2 or 3, in safe mode and not compiled.

    Args:
        path: the file. What it is shows in its first bytes, whatever its name. Or a .keras file that was unpacked into
            a folder of three files.

    Returns:
        A Keras model on the present backend, with the numbers of the file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the path is a folder of another kind, which the message names; or the file is damaged or no model,
            or needs what is not loaded: Lambda layers, unknown classes.

    Example:
        >>> load_network("generator.h5").output_shape
        (None, 128, 128, 3)
    """
    from utils.quiet import keras  # noqa: F401  (where it cannot start, that is no fault of the file)

    path = Path(path)
    if path.is_dir():
        if not all((path / name).is_file() for name in UNPACKED):
            raise ValueError(f"{path} is {kind_of_folder(path)}")
        model = _load_unpacked(path)
        check_drawing(model, path)
        return model
    try:
        with open(path, "rb") as file:
            start = file.read(8)
    except OSError as error:
        raise unreadable(error, path) or error from None
    if start[:2] == b"PK":
        model = _load_keras(path)
    elif start == b"\x89HDF\r\n\x1a\n":
        model = _load_h5(path)
    else:
        raise ValueError(f"{path} is neither an .h5 nor a .keras model (it starts with {start!r}): was it saved whole?")
    check_drawing(model, path)
    return model


def kind_of_folder(path: str | os.PathLike) -> str:
    """What a folder is that was given in the place of a network's file, and what to give instead."""
    path = Path(path)
    names = {entry.name for entry in path.iterdir()}
    models = sorted(name for name in names if name.lower().endswith((".h5", ".keras")))
    if "saved_model.pb" in names or "saved_model.pbtxt" in names:
        return (
            "a folder of kind SavedModel, which is a program of TensorFlow's: loading it would run it. Where you trust "
            "it, open it with the Keras that wrote it, keras.models.load_model, and save it as generator.h5"
        )
    if any(name.endswith(".index") for name in names) or "checkpoint" in names:
        return (
            "a folder of kind TensorFlow checkpoint, weights without an architecture: build the network, read them "
            "(load_weights), and save it as generator.h5"
        )
    if {"params.json", "params.pkl"} & names:
        return "a run folder in which nothing was trained yet: train it, or give the path of a generator.h5"
    if models:
        return f"a folder; give the path of a file in it: {', '.join(models[:5])}"
    if any(name in names for name in UNPACKED):
        missing = [name for name in UNPACKED if name not in names]
        return f"an unpacked .keras file without its {' and '.join(missing)}: unpack it again, or give the file itself"
    if not names:
        return "an empty folder: give the path of a generator.h5 or .keras file"
    return (
        f"a folder of another kind (it holds {', '.join(sorted(names)[:3])}): give the path of a generator.h5 or .keras"
    )


def modernise(config: dict) -> dict:
    """Put an architecture that Keras 2 wrote into words that Keras 3 understands.

    Args:
        config: a model's or a layer's `{"class_name": ..., "config": {...}}`. It is left as it is.

    Returns:
        The same architecture, as a new dict.

    Raises:
        ValueError: a transposed convolution in several groups, which Keras 3 does not have.
    """
    config = copy.deepcopy(config)
    _modernise_layer(config)
    return config


def _modernise_layer(layer):
    for key in ("module", "registered_name", "build_config", "compile_config"):
        layer.pop(key, None)  # without them Keras 3 takes a layer for Keras 2's, and reads it in the old way
    name, settings = layer["class_name"], layer["config"]
    if "layers" in settings:
        for inner in settings["layers"]:
            _modernise_layer(inner)
        _count_calls_from_zero(settings)
    if name == "InputLayer":
        for flag in ("sparse", "ragged", "optional"):  # not every Keras 3 knows them, and false is what it assumes
            if not settings.get(flag):
                settings.pop(flag, None)
    if name == "LeakyReLU" and "alpha" in settings:
        settings["negative_slope"] = settings.pop("alpha")
    if name.endswith("Transpose") or name.startswith(("Depthwise", "Separable")):
        groups = settings.pop("groups", 1)
        if groups != 1:
            raise ValueError(f"layer {settings.get('name')} is a {name} in {groups} groups; Keras 3 has it in one only")
    dtype = settings.get("dtype")
    if isinstance(dtype, dict) and dtype.get("class_name") == "Policy":  # Keras 2's mixed precision
        settings["dtype"] = dtype["config"]["name"]


def _count_calls_from_zero(settings):
    """Keras 2 counted the making of a nested model as its call 0, so that its first real call bears number 1."""
    calls = list(_calls([layer.get("inbound_nodes", []) for layer in settings["layers"]]))
    calls += _calls(settings.get("output_layers", []))
    for layer in settings["layers"]:
        if "layers" in layer["config"]:
            own = [call for call in calls if call[0] == layer.get("name")]
            first = min((call[1] for call in own), default=0)
            for call in own:
                call[1] -= first


def _calls(nodes):
    """All the [layer, number of the call, number of the tensor, ...] in nested lists of them."""
    if len(nodes) >= 3 and isinstance(nodes[0], str):
        yield nodes
    else:
        for node in nodes:
            if isinstance(node, list):
                yield from _calls(node)


def _load_h5(path):
    with _open_h5(path) as (file, numbers):
        if "model_config" not in file.attrs:
            raise ValueError(f"{path} holds weights without an architecture: pass a model saved whole (generator.h5)")
        config = _read_config(_text(file.attrs["model_config"]), path)
        model = _build(config, _text(file.attrs.get("keras_version", "2")), path, numbers)
        _assign(_legacy_plan(model, file["model_weights"], path))
    return model


def _load_unpacked(folder):
    """A .keras file whose three members lie in a folder, as some browsers and archive programs leave it."""
    config, about = (_read_config(_read_start(folder / name), folder / name) for name in UNPACKED[:2])
    weights = folder / UNPACKED[2]
    with _open_h5(weights) as (_, numbers):
        pass
    model = _build(config, str(about.get("keras_version", "2")), folder, numbers)
    _read_weights(model, weights, folder)
    return model


def _read_start(path):
    try:
        with open(path, "rb") as file:
            return file.read(LARGEST_CONFIG + 1)
    except OSError as error:
        raise unreadable(error, path) or error from None


def _load_keras(path):
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder) / "model.weights.h5"
        try:
            with zipfile.ZipFile(path) as archive:
                config = _read_config(_unpack(archive, "config.json", LARGEST_CONFIG), path)
                about = _read_config(_unpack(archive, "metadata.json", LARGEST_CONFIG), path)
                largest = SPARE + INFLATION * path.stat().st_size
                content = _unpack(archive, "model.weights.h5", largest)
        except Exception as error:  # a damaged archive can fail in any way
            if said := unreadable(error, path):
                raise said from None
            reason = "" if str(path) in str(error) else f" ({one_line(error)})"
            if not reason:
                raise
            if isinstance(error, KeyError) and (inner := _networks_in(path)):
                raise ValueError(
                    f"{path} is an archive that holds {', '.join(inner)}: unpack it, and give the path of that file"
                ) from None
            raise ValueError(f"{path} is no whole .keras model{reason}: copy or download it again") from None
        try:
            weights.write_bytes(content)
        except OSError as error:
            raise in_words(error, weights, weights) or error from None
        with _open_h5(weights, path) as (_, numbers):
            pass
        model = _build(config, str(about.get("keras_version", "2")), path, numbers)
        _read_weights(model, weights, path)
    return model


def _networks_in(path):
    """Names of networks in an archive that is no network itself, a run's output.zip for example."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.lower().endswith((".h5", ".keras"))]
            names = [name for name in names if not name.lower().endswith(".weights.h5")]  # which are no whole network
    except (OSError, zipfile.BadZipFile):
        return []
    return [repr(name[:80]) for name in sorted(names, key=lambda name: "generator" not in name)[:3]]


def _unpack(archive, name, largest):
    """One member of a zip, which may say that it is smaller than it is."""
    with archive.open(name) as packed:
        content = packed.read(largest + 1)
    if len(content) > largest:
        raise ValueError(f"its {name} unpacks to more than {largest:,} bytes")
    return content


def _read_config(text, path):
    if len(text) > LARGEST_CONFIG:
        raise ValueError(
            f"{path} describes its layers in more than {LARGEST_CONFIG:,} characters: ask for another copy"
        )
    try:
        config = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is damaged, its layers cannot be read ({one_line(error)}): copy it again") from None
    if not isinstance(config, dict):
        raise ValueError(f"{path} is damaged, its layers are described by a {type(config).__name__}: copy it again")
    return config


def _build(config, version, path, numbers):
    from utils.quiet import keras

    check_architecture(config, path)
    try:
        if version.startswith("2"):
            config = modernise(config)
        config = portable(config)
        with no_more_weights_than(numbers):
            if "module" in config:
                config = {**config, "compile_config": None}  # an optimiser is not wanted
                return keras.saving.deserialize_keras_object(config, safe_mode=True)
            kind = keras.Sequential if config["class_name"] == "Sequential" else keras.Model
            return kind.from_config(config["config"])
    except Exception as error:  # Keras meets a strange architecture with any of a dozen errors
        raise ValueError(
            f"{path}, of Keras {version[:20]!r}, does not build under Keras {keras.__version__}: {one_line(error)}"
        ) from None


def load_weights(model, path: str | os.PathLike) -> None:
    """Read a weights.h5 of either era into a built model; on an error the model is as it was before.

    Args:
        model: a Keras model whose layers come in the file's order. For the original's weights/weights.h5:
            `Model(z, critic(generator(z)))`. Names of layers may differ, shapes may not.
        path: weights, or a whole model, written by Keras 2, or by Keras 3 in either of its formats.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged or holds no weights, or the first layer that does not fit, with both shapes.

    Example:
        >>> load_weights(gan.model, "run/gan/0001_lines/weights/weights.h5")
    """
    _read_weights(model, Path(path), path)


def _read_weights(model, source, path):
    """Read the weights in the file `source`, which errors call `path`."""
    with _open_h5(source, path) as (file, _):
        group = file.get("model_weights", file)
        if "layer_names" in group.attrs or "layer_names0" in group.attrs:
            _assign(_legacy_plan(model, group, path))
            return
        if "layers" not in file:
            raise ValueError(f"{path} holds no weights of a Keras model, only {str(sorted(file)[:5])[:200]}")
        stored = []
        file["layers"].visit(lambda name: stored.append("/vars/" in name and "seed_generator" not in name))
        if sum(stored) > len(model.weights):  # Keras would leave the rest aside without a word
            raise ValueError(
                f"{path} does not fit this model, which stays as it was: the file holds {sum(stored)} arrays, the "
                f"model has {len(model.weights)}"
            )
    _read_keras_3_weights(model, source, path)


def _read_keras_3_weights(model, source, path):
    before = model.get_weights()
    try:
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what is missing Keras warns, and then it raises
            named = Path(folder) / "model.weights.h5"  # Keras insists on the suffix
            try:
                os.symlink(source.resolve(), named)
            except OSError:  # Windows asks for a privilege
                shutil.copyfile(source, named)
            with without_locks():
                model.load_weights(named)
    except Exception as error:
        model.set_weights(before)
        if said := unreadable(error, path):
            raise said from error
        raise ValueError(
            f"the weights of {path} do not fit this model, which stays as it was: {one_line(error)}"
        ) from error


def _legacy_plan(model, group, path):
    """Pair every variable of the model with its array in a Keras 2 file, and check that all of them fit."""
    stored, layers = _stored_layers(group, path), list(_leaves(model))
    plan = []
    for number, (layer, (name, arrays)) in enumerate(zip(layers, stored, strict=False), 1):
        variables = {variable.name.split("/")[-1]: variable for variable in layer.weights}
        place = (
            f"{path} does not fit this model, which stays as it was. Layer {number}, {layer.name!r} ({name!r} there),"
        )
        if set(variables) != set(arrays):
            raise ValueError(f"{place} has {sorted(variables)}, and the file holds {sorted(arrays)}")
        for role, variable in variables.items():
            if tuple(variable.shape) != arrays[role].shape:
                raise ValueError(f"{place} has a {role} of {tuple(variable.shape)}, the file of {arrays[role].shape}")
            plan.append((variable, arrays[role]))
    if len(layers) != len(stored):
        raise ValueError(
            f"{path} does not fit this model, which stays as it was: the file holds {len(stored)} layers with weights, "
            f"the model has {len(layers)}"
        )
    return [(variable, np.asarray(array)) for variable, array in plan]  # all are read before the first is assigned


def _assign(plan):
    for variable, array in plan:
        variable.assign(array)


def _leaves(layer):
    """The layers with weights of a model, those of nested models among them, in order."""
    for inner in layer.layers:
        if hasattr(inner, "layers"):
            yield from _leaves(inner)
        elif inner.weights:
            yield inner


def _stored_layers(group, path):
    """[(name of a layer, {"kernel": h5py data set, ...}), ...] in the order of the file."""
    layers = {}
    try:
        for top in _names(group, "layer_names"):
            for weight in _names(group[top], "weight_names"):  # e.g. "batch_normalization/gamma:0", the trainable first
                layer, _, role = weight.removesuffix(":0").rpartition("/")
                layers.setdefault((top, layer), {})[role] = group[top][weight]
    except (KeyError, OSError, RuntimeError) as error:
        raise unreadable(error, path) or ValueError(
            f"{path} is damaged ({one_line(error)}): copy or download it again"
        ) from None
    return [(layer or top, arrays) for (top, layer), arrays in layers.items()]


def _names(group, attribute):
    """A list of texts; a long one lies in pieces: layer_names0, layer_names1, ..."""
    pieces = [attribute] if attribute in group.attrs else []
    while f"{attribute}{len(pieces)}" in group.attrs:
        pieces.append(f"{attribute}{len(pieces)}")
    if sum(math.prod(group.attrs.get_id(piece).shape) for piece in pieces) > MOST_LAYERS:
        raise ValueError(f"its {attribute} are more than {MOST_LAYERS:,}")
    return [_text(name) for piece in pieces for name in group.attrs[piece]]


def _text(value):
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


def check_h5(path: str | os.PathLike) -> None:
    """Look through an HDF5 file before Keras itself reads it.

    Args:
        path: weights or a checkpoint.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is damaged, leads to other files, or unpacks to far more than it is.
    """
    with _open_h5(path):
        pass


@contextmanager
def _open_h5(source, path=None):
    """Give an HDF5 file, looked through, and how many numbers it holds. Errors call it `path`."""
    path = path or source
    see_file(source, f"there is no file {path}")
    read_once_elsewhere(source, path)
    try:
        with open_h5(source) as file:
            yield file, check_arrays(file, path, Path(source).stat().st_size)
    except Exception as error:  # HDF5 tells of damage in many ways, and often late
        if said := unreadable(error, path):
            raise said from None
        if str(path) in str(error):  # ours: it has said what is wrong
            raise
        raise ValueError(
            f"{path} is damaged or no HDF5 file of Keras ({one_line(error)}): copy or download it again"
        ) from None
