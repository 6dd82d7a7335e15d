"""Keras on the backend that is installed, without messages: `from utils.quiet import keras`.

Importing this module imports no Keras. It sets KERAS_BACKEND, which Keras reads when it is imported: the backend that
the variable names, or the first that is installed of TensorFlow, PyTorch and JAX (on a TPU, JAX), whatever keras.json
says. Modules that import Keras by its own name import this one first.

TensorFlow's native libraries write about CPU instructions and missing CUDA drivers straight to the process' error
stream, before they read any setting. These messages do not help a reader of a notebook. Python's own errors and
warnings are not affected. With PyTorch or JAX, TensorFlow is not imported, even if it is installed.
"""

import importlib.util
import os
import sys
from contextlib import contextmanager, suppress

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

BACKENDS = {"tensorflow": "requirements.txt", "torch": "requirements-torch.txt", "jax": "requirements-jax.txt"}
NEEDED = {"image_data_format": "channels_last", "floatx": "float32", "epsilon": 1e-7}  # what our networks are made for


def choose_backend() -> str:
    """The backend for Keras: KERAS_BACKEND, or the first of BACKENDS that is installed.

    Returns:
        Its name, e.g. `"tensorflow"`.

    Raises:
        ImportError: no backend is installed, or the one that KERAS_BACKEND names is not.
    """
    wanted = os.environ.get("KERAS_BACKEND", "")
    installed = [name for name in BACKENDS if is_installed(name)]
    if wanted in BACKENDS and wanted not in installed:
        raise ImportError(
            f"KERAS_BACKEND names {wanted}, which is not installed: pip install -r {BACKENDS[wanted]}, or unset it"
            + (f" and have {installed[0]}." if installed else ".")
        )
    if not wanted and not installed:
        raise ImportError(
            "Keras has no backend here: pip install -r requirements.txt brings TensorFlow (PyTorch on Python 3.14), "
            "requirements-torch.txt PyTorch, requirements-jax.txt JAX."
        )
    if not wanted and on_tpu() and "jax" in installed:
        return "jax"
    return wanted or installed[0]


def is_installed(package: str) -> bool:
    """Whether a package can be imported; a folder that an earlier installation left behind does not count."""
    if package in sys.modules:
        return sys.modules[package] is not None
    spec = importlib.util.find_spec(package)
    return spec is not None and spec.origin is not None


def on_tpu() -> bool:
    """Whether this machine has a TPU: Colab says so, or the library that drives one is installed."""
    return bool(os.environ.get("COLAB_TPU_1VM")) or importlib.util.find_spec("libtpu") is not None


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
    return ImportError(
        f"Keras cannot start ({error}): KERAS_BACKEND names what it does not have; set it to tensorflow, torch or jax, "
        "one that is installed"
    )


def settle(keras):
    """Set what our networks are made for, in this process alone: keras.json, which may say otherwise, stays as it is.

    With `channels_first` a search for a vector would compare rows with channels, and say nothing.
    """
    for name, value in NEEDED.items():
        if getattr(keras.config, name)() != value:
            getattr(keras.config, f"set_{name}")(value)
    return keras


def _start():
    """Import Keras and initialise its devices, without messages."""
    with silenced_error_stream():
        try:
            import keras
        except ValueError as error:
            raise known_backend(error) from None
        if keras.backend.backend() == "tensorflow":
            keras.ops.zeros(())  # initialises the devices here, with their messages
    return keras


def _without_tensorflow():
    """Let Keras take TensorFlow for missing: it asks in many places, serialisation among them, by importing it."""
    with suppress(ImportError, AttributeError):  # internal names, which a later Keras may change
        from keras.src.utils import module_utils

        module_utils.tensorflow._available = False


def __getattr__(name):
    """Import Keras when it is first asked for."""
    if name != "keras":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()["keras"] = keras = settle(sys.modules.get("keras") or _start())
    if keras.backend.backend() != "tensorflow":
        _without_tensorflow()
    return keras


if "keras" not in sys.modules:
    os.environ["KERAS_BACKEND"] = choose_backend()
