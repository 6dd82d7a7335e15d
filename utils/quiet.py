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


if "keras" in sys.modules:
    import keras
else:
    with silenced_error_stream():
        import keras

        if keras.backend.backend() == "tensorflow":
            keras.ops.zeros(())  # initialises the devices here, with their messages

__all__ = ["keras"]
