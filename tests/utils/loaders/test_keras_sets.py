"""Fashion-MNIST and MNIST as Keras keeps them, without a connection: the tests write files of the same format."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from utils.loaders import load_dataset

ROOT = Path(__file__).resolve().parents[3]


def write_idx(path, values):
    """An array as gzipped IDX: two zeros, 8 for bytes, the number of axes, their lengths as big-endian int32."""
    head = bytes([0, 0, 8, values.ndim]) + np.array(values.shape, ">i4").tobytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(head + values.astype(np.uint8).tobytes()))


@pytest.fixture
def garments():
    """30 images of 28 x 28 and their labels 0 to 9, by turns."""
    return np.random.default_rng(0).integers(0, 256, (30, 28, 28), np.uint8), np.arange(30) % 10


@pytest.fixture
def keras_set(monkeypatch, garments):
    """Keras' own function gives the garments, for tests of what comes after it."""
    import keras

    test_part = np.zeros((5, 28, 28), np.uint8), np.zeros(5)
    for name in ("fashion_mnist", "mnist"):
        monkeypatch.setattr(getattr(keras.datasets, name), "load_data", lambda: (garments, test_part))
    return garments


@pytest.mark.slow
def test_fashion_mnist_is_read_from_the_files_in_keras_own_folder(tmp_path, garments):
    images, labels = garments
    folder = tmp_path / "keras" / "datasets" / "fashion-mnist"
    write_idx(folder / "train-images-idx3-ubyte.gz", images)
    write_idx(folder / "train-labels-idx1-ubyte.gz", labels)
    write_idx(folder / "t10k-images-idx3-ubyte.gz", images[:4])
    write_idx(folder / "t10k-labels-idx1-ubyte.gz", labels[:4])
    code = (
        "import json, numpy as np; from utils.loaders import load_dataset\n"
        "x = load_dataset('fashion_mnist', 28, 16, seed=1)\n"
        "print(json.dumps([x.images.tolist(), x.labels.tolist(), x.classes, x[0][0].shape]))"
    )
    environment = {**os.environ, "KERAS_HOME": str(tmp_path / "keras"), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    first, last = done.stdout.splitlines()[0], done.stdout.splitlines()[-1]
    read, read_labels, classes, shape = json.loads(last)
    assert first == "Found 30 images belonging to 10 classes."
    assert np.array_equal(np.array(read)[..., 0], images)
    assert read_labels == labels.tolist()
    assert classes[:2] == ["T-shirt/top", "Trouser"] and len(classes) == 10
    assert shape == [16, 28, 28, 1]


@pytest.mark.parametrize("name", ["fashion_mnist", "mnist"])
def test_only_the_training_images_are_used(keras_set, tmp_path, name):
    assert len(load_dataset(name, 28, 4, data_folder=tmp_path).images) == 30


def test_other_sizes_are_scaled_as_files_are(keras_set, tmp_path):
    images, _ = keras_set
    x_train = load_dataset("fashion_mnist", 32, 4, data_folder=tmp_path)
    expected = Image.fromarray(images[3]).resize((32, 32), Image.Resampling.LANCZOS)
    assert np.array_equal(x_train.images[3, ..., 0], np.asarray(expected))


def test_the_size_and_the_grey_are_chosen_when_not_given(keras_set, tmp_path):
    assert load_dataset("fashion_mnist", None, 4, data_folder=tmp_path).images.shape == (30, 28, 28, 1)


def test_three_channels_are_three_times_the_grey(keras_set, tmp_path):
    images = load_dataset("fashion_mnist", 28, 4, data_folder=tmp_path, channels=3).images
    assert images.shape == (30, 28, 28, 3)
    assert np.array_equal(images[..., 0], images[..., 2])


def test_a_set_too_large_for_the_memory_is_mapped_and_found_again(keras_set, tmp_path):
    in_memory = load_dataset("fashion_mnist", 28, 4, data_folder=tmp_path, seed=1)
    for _ in range(2):
        mapped = load_dataset("fashion_mnist", 28, 4, data_folder=tmp_path, seed=1, memory_limit=0)
        assert isinstance(mapped.images, np.memmap)
        assert np.array_equal(mapped.draw(0, 50), in_memory.draw(0, 50))


def test_a_folder_of_that_name_comes_first(keras_set, tmp_path):
    (tmp_path / "mnist").mkdir()
    Image.new("L", (28, 28), 9).save(tmp_path / "mnist" / "mine.png")
    assert load_dataset("mnist", 28, 1, data_folder=tmp_path).images.max() == 9


def test_without_a_connection_it_says_which_files_belong_where(monkeypatch, tmp_path):
    import keras

    def fail():
        raise Exception("URL fetch failure on https://somewhere: None -- no route to host")

    monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", fail)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    place = (tmp_path / "home" / "datasets" / "fashion-mnist").as_posix()
    with pytest.raises(FileNotFoundError) as raised:
        load_dataset("fashion_mnist", 28, 4, data_folder=tmp_path)
    message = str(raised.value).replace("\\", "/")
    assert "no route to host" in message and place in message
    for part in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        assert f"{part}-ubyte.gz" in message
