"""Keras, imported without the messages of TensorFlow's start-up: `from utils.quiet import keras`.

TensorFlow's native libraries write about CPU instructions and missing CUDA drivers straight to the process' error
stream, before they read any setting. These messages do not help a reader of a notebook. Python's own errors and
warnings are not affected.
"""

import os
import sys
from contextlib import contextmanager

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@contextmanager
def silenced_error_stream():
    """Context manager that discards everything written to file descriptor 2, by native code too."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def known_backend(error: Exception) -> Exception:
    """What Keras says of a backend that it does not know, with where that name comes from and the way out."""
    if "Unable to import backend" not in str(error):
        return error
    place = "KERAS_BACKEND" if os.environ.get("KERAS_BACKEND") else '"backend" in keras.json'
    return ImportError(
        f"Keras cannot start ({error}): {place} names what it does not have; set KERAS_BACKEND to tensorflow, torch or "
        "jax, one that is installed"
    )


NEEDED = {"image_data_format": "channels_last", "floatx": "float32", "epsilon": 1e-7}  # what our networks are made for


def settle(keras):
    """Set what our networks are made for, in this process alone: keras.json, which may say otherwise, stays as it is.

    With `channels_first` a search for a vector would compare rows with channels, and say nothing.
    """
    for name, value in NEEDED.items():
        if getattr(keras.config, name)() != value:
            getattr(keras.config, f"set_{name}")(value)
    return keras


if "keras" in sys.modules:
    import keras
else:
    with silenced_error_stream():
        try:
            import keras
        except ValueError as error:
            raise known_backend(error) from None
        if keras.backend.backend() == "tensorflow":
            keras.ops.zeros(())  # initialises the devices here, with their messages

settle(keras)

__all__ = ["keras"]
