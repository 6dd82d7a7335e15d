"""HDF5 files without locks: what is read is never written to meanwhile, what is written has a name of its own.

HDF5 locks every file that it opens, and refuses those on disks that cannot lock (NFS, Lustre, some FUSE).
"""

import os
from contextlib import contextmanager


def open_h5(path: str | os.PathLike, mode: str = "r"):
    """Open an HDF5 file as `h5py.File` does, without a lock."""
    import h5py

    return h5py.File(path, mode, locking=False)


@contextmanager
def without_locks():
    """While the block runs, let Keras, which opens its files itself, open them without locks."""
    import h5py

    class File(h5py.File):
        def __init__(self, *arguments, **named):
            super().__init__(*arguments, **{"locking": False, **named})

    before = h5py.File
    h5py.File = File
    try:
        yield
    finally:
        h5py.File = before
