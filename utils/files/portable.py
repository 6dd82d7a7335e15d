"""Networks that open under every Keras from 3.8 on.

A newer Keras writes settings into a saved network that an older one does not know, and so refuses, even where they ask
for nothing: `quantization_config` of dense and convolutional layers, `renorm` of batch normalisation, axes of initial
weights. Found by opening under Keras 3.8 what Keras 3.15 had saved.
"""

import json
import os
import zipfile
from pathlib import Path

from utils.files.hdf5 import open_h5

NEWER = {  # a setting: what it is where it asks for nothing, and all that goes with it
    "quantization_config": (None, ["quantization_config"]),
    "input_axes": (None, ["input_axes"]),
    "output_axes": (None, ["output_axes"]),
    "renorm": (False, ["renorm", "renorm_clipping", "renorm_momentum"]),
}
CONFIG = "config.json"  # in a .keras file


def portable(config):
    """An architecture without the newer settings that ask for nothing.

    Args:
        config: what a Keras model says of itself: dicts, lists and plain values. It is left as it is.

    Returns:
        The same as new dicts and lists. A newer setting that asks for something stays.
    """
    if isinstance(config, dict):
        idle = {
            name
            for setting, (nothing, names) in NEWER.items()
            if config.get(setting, nothing) == nothing
            for name in names
        }
        return {name: portable(value) for name, value in config.items() if name not in idle}
    return [portable(value) for value in config] if isinstance(config, list) else config


def make_portable(path: str | os.PathLike) -> None:
    """Take the newer settings out of a .h5 or .keras file that Keras has just written; weights stay to the bit.

    Args:
        path: the file. It is changed in place: pass a temporary one.
    """
    path = Path(path)
    if path.suffix == ".keras":
        with zipfile.ZipFile(path) as archive:
            members = [(member, archive.read(member)) for member in archive.infolist()]
        with zipfile.ZipFile(path, "w") as archive:
            for member, content in members:
                archive.writestr(member, _rewritten(content) if member.filename == CONFIG else content)
    else:
        with open_h5(path, "r+") as file:
            file.attrs["model_config"] = _rewritten(file.attrs["model_config"])


def _rewritten(text):
    return json.dumps(portable(json.loads(text))).encode()
