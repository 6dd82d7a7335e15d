"""A fault of the disk is not a damaged file, and HDF5 asks for no locks."""

import errno
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from utils import files
from utils.files import hdf5, in_progress, keras_files, whole
from utils.files.errors import ENOTSUPP, unreadable
from utils.files.image_files import open_one_image
from utils.files.vectors import read_vectors
from utils.runs import checkpoints

ROOT = Path(files.__file__).parents[2]
SENTENCES = {
    errno.EACCES: "you may not read it",
    errno.EPERM: "you may not read it",
    errno.ENOLCK: "its disk cannot lock files",
    errno.EOPNOTSUPP: "its disk cannot lock files",
    ENOTSUPP: "its disk cannot lock files",
    errno.EAGAIN: "another process is writing it",
    errno.ENODEV: "there is no such device any more",
    errno.ENOTCONN: "its disk does not answer",
    errno.ESTALE: "its disk does not answer",
    errno.EIO: "its disk reports a fault",
    errno.EMFILE: "too many files are open",
    errno.ENOMEM: "there is no memory left",
}
WHEN_WRITING = {
    **SENTENCES,
    errno.ENOSPC: "the disk is full",
    errno.EROFS: "read-only",
    errno.EFBIG: "as large as that",
}
WHEN_WRITING |= {errno.EACCES: "read-only, or not yours", errno.EPERM: "read-only, or not yours"}


@pytest.fixture
def without_locks_of_the_system(tmp_path):
    """Give an environment in which no file can be locked, as on a network disk: flock fails with LOCK_ERRNO."""
    if not shutil.which("cc") or not sys.platform.startswith("linux"):
        pytest.skip("no compiler here that could stand in for such a disk")
    source, library = tmp_path / "flock.c", tmp_path / "flock.so"
    source.write_text(
        "#include <errno.h>\n#include <stdlib.h>\n"
        'int flock(int fd, int operation) { errno = atoi(getenv("LOCK_ERRNO")); return -1; }\n'
    )
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    return {**os.environ, "LD_PRELOAD": str(library), "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(ROOT)}


def run(script, environment, number, *arguments):
    command = [sys.executable, "-c", script, *map(str, arguments)]
    environment = {**environment, "LOCK_ERRNO": str(number)}
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, ENOTSUPP, errno.EAGAIN, errno.EACCES])
def test_where_nothing_can_be_locked_hdf5_files_are_written_and_read(without_locks_of_the_system, tmp_path, number):
    script = """
import sys, h5py
from utils.files import hdf5, keras_files
from utils.files.in_progress import folder_lock
with folder_lock(sys.argv[1], "training"):
    pass
try:
    h5py.File(sys.argv[1] + "/locked.h5", "w")
except OSError:
    pass  # the disk is as it should be for this test
else:
    raise SystemExit("HDF5 found a lock")
with hdf5.open_h5(sys.argv[1] + "/first.h5", "w") as file:
    file["a"] = 1.0
with hdf5.without_locks(), h5py.File(sys.argv[1] + "/second.h5", "w") as file:  # as Keras does
    assert isinstance(file, h5py.File)
    file["a"] = 1.0
for name in ("first", "second"):
    keras_files.check_h5(sys.argv[1] + f"/{name}.h5")
"""
    done = run(script, without_locks_of_the_system, number, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
def test_where_nothing_can_be_locked_a_training_is_saved_loaded_and_goes_on(without_locks_of_the_system, tmp_path):
    script = """
import sys
import numpy as np
from tests.conftest import tiny_parameters
from models.WGANGP import WGANGP
from utils import loaders
images = np.zeros((8, 16, 16, 3), np.uint8)
def train(gan, steps, **options):
    gan.compile(run_eagerly=True)
    gan.train(1, 1, images, 4, steps, sys.argv[1], n_critic=1, verbose=0, **options)
gan = WGANGP(**tiny_parameters(), precision="float32", seed=1)
gan.save(sys.argv[1])
train(gan, 1)
gan.generator.save(sys.argv[1] + "/generator.keras")
loaders.load_generator(sys.argv[1] + "/generator.h5")
loaders.load_generator(sys.argv[1] + "/generator.keras")
again = loaders.load_model(WGANGP, sys.argv[1])
train(again, 2, resume=True)
assert again.epoch == 2
"""
    done = run(script, without_locks_of_the_system, errno.ENOLCK, tmp_path / "run")
    assert done.returncode == 0, done.stderr[-2000:]


def test_keras_own_files_are_opened_with_locks_again_afterwards():
    before = h5py.File
    with pytest.raises(RuntimeError), hdf5.without_locks():
        assert h5py.File is not before and issubclass(h5py.File, before)
        raise RuntimeError
    assert h5py.File is before


def h5_file(path):
    with h5py.File(path, "w") as file:
        file["a"] = np.zeros(3)
    return path


@pytest.mark.parametrize("number", SENTENCES)
@pytest.mark.parametrize("told", ["by number", "in words"])
def test_a_disk_that_fails_while_an_h5_is_read_is_named_and_the_file_is_not_called_damaged(
    tmp_path, monkeypatch, number, told
):
    path = h5_file(tmp_path / "generator.h5")

    def fails(*arguments):
        said = f"Can't read data (file read failed: filename = '{path}', errno = {number}, error message = '...')"
        raise OSError(number, said) if told == "by number" else OSError(said)

    monkeypatch.setattr(keras_files, "open_h5", fails)
    with pytest.raises(OSError, match=SENTENCES[number]) as failure:
        keras_files.check_h5(path)
    said = str(failure.value)
    assert failure.value.errno == number and said.startswith(f"{path} could not be read: ") and "errno" not in said
    assert "damaged" not in said and "may be whole" in said


def test_a_damaged_h5_is_still_called_damaged(tmp_path):
    path = h5_file(tmp_path / "generator.h5")
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(ValueError, match="is damaged"):
        keras_files.check_h5(path)


@pytest.mark.parametrize("number", WHEN_WRITING)
def test_a_disk_that_fails_while_keras_writes_is_named_and_the_old_file_stays(tmp_path, number):
    class Model:
        variables = ()

        def save_weights(self, path):
            raise OSError(number, f"Unable to synchronously create file (errno = {number}, error message = '...')")

    path = files.write_text(tmp_path / "weights.h5", "old")
    with pytest.raises(OSError, match=f"weights.h5 could not be written: .*{WHEN_WRITING[number]}") as failure:
        checkpoints.save_weights(Model(), path)
    assert failure.value.errno == number and "errno" not in str(failure.value).lower()
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_a_disk_that_keeps_no_room_in_advance_is_written_to_all_the_same(tmp_path, monkeypatch):
    def cannot(*arguments):
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

    monkeypatch.setattr(os, "posix_fallocate", cannot, raising=False)
    with whole.write_whole(tmp_path / "weights.h5", size=1000) as temporary:
        temporary.write_text("whole")
    assert (tmp_path / "weights.h5").read_text() == "whole"
    with pytest.raises(OSError, match="the disk is full"), whole.write_whole(tmp_path / "large", size=2**60):
        pass


def test_a_folder_in_the_place_of_a_file_and_a_file_in_that_of_a_folder_are_said(tmp_path):
    (tmp_path / "film.gif").mkdir()
    with pytest.raises(OSError, match=r"film\.gif could not be written: a folder of that name is in its place"):
        files.write_text(tmp_path / "film.gif", "x")
    files.write_text(tmp_path / "run", "x")
    with pytest.raises(OSError, match=r"run is a file, and no folder can be made there"):
        files.write_text(tmp_path / "run" / "gan" / "run.json", "x")


@pytest.mark.parametrize("number", [errno.EIO, errno.EACCES, errno.ENODEV])
@pytest.mark.parametrize(
    "name, content, read",
    [
        ("params.pkl", pickle.dumps([1]), keras_files.read_params),
        ("generator.keras", b"PK", keras_files.load_network),
        ("Vec_0.npy", b"", read_vectors),
        ("image.png", b"", lambda path: open_one_image(path).__enter__()),
    ],
)
def test_whatever_is_read_a_fault_of_the_disk_is_not_taken_for_damage(
    tmp_path, monkeypatch, name, content, read, number
):
    path = tmp_path / name
    path.write_bytes(content)

    def fails(*arguments, **named):
        raise OSError(number, os.strerror(number), str(path))

    for opens in ("builtins.open", "io.open", "pathlib.Path.open", "pathlib.Path.read_bytes", "numpy.load"):
        monkeypatch.setattr(opens, fails)
    with pytest.raises(OSError, match=SENTENCES[number]):
        read(path)


def test_a_full_disk_where_a_model_is_unpacked_is_no_damaged_model(tmp_path, monkeypatch):
    import zipfile

    with zipfile.ZipFile(tmp_path / "generator.keras", "w") as archive:
        for name in ("config.json", "metadata.json", "model.weights.h5"):
            archive.writestr(name, "{}")

    def full(*arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match=r"weights\.h5 could not be written: the disk is full"):
        keras_files.load_network(tmp_path / "generator.keras")


@pytest.mark.skipif(os.name == "nt", reason="Windows locks in another way")
@pytest.mark.parametrize("number", [errno.EAGAIN, errno.EACCES, errno.ENOLCK, errno.ENOSYS, ENOTSUPP])
def test_a_folder_is_held_also_where_every_lock_is_refused(tmp_path, monkeypatch, number):
    def fails(*arguments):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.flock", fails)
    with in_progress.folder_lock(tmp_path, "training"):
        assert in_progress.left_in(tmp_path)["what"] == "training"
    assert list(tmp_path.iterdir()) == []


def test_only_what_the_disk_says_counts_as_its_fault():
    assert unreadable(ValueError("the layer 'errno = 5' is unknown"), "x.h5") is None
    assert unreadable(OSError("truncated file"), "x.h5") is None
    assert unreadable(OSError(errno.EINVAL, "file read failed, errno = 22"), "x.h5") is None
