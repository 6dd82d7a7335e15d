"""Keras, started without the chatter of TensorFlow's start-up: `from utils.quiet import keras`.

TensorFlow's libraries write about CPU instructions and missing CUDA drivers straight to the process' error stream,
before any setting of theirs is read. Nothing of it helps a reader of a notebook. Python's own errors and warnings get
through.
"""

import os
import sys
from contextlib import contextmanager

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@contextmanager
def silenced_error_stream():
    """Send what native code writes to file descriptor 2 nowhere, while the block runs."""
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
            keras.ops.zeros(())  # looks for devices now, and says so now

__all__ = ["keras"]
