"""One function a parser, from bytes to nothing: what the fuzzers feed. Each lets through no error but a ValueError that
names the file, and no damage.

    PARSERS["vectors.txt"](b"[[1, 2]]")
"""

import contextlib
import io
import os
import tempfile
import warnings
from pathlib import Path

FOLDER = Path(tempfile.mkdtemp(prefix="fuzz-"))


def _check(read, name):
    """A target: writes the bytes to a file of that name and reads it."""

    def target(content: bytes) -> None:
        path = FOLDER / name / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                read(path)
        except ValueError as error:
            said = str(error)
            assert type(error) is ValueError, f"a bare {type(error).__name__}: {said}"
            assert name in said, f"the sentence does not name the file: {said}"
            assert said.isprintable() and len(said) < 1000, f"the sentence is no line: {said[:2000]!r}"

    return target


def _archive(path):
    import shutil

    from utils.files.archives import extract_archive

    folder = path.parent / "deep" / "er"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        extract_archive(path, folder / "out", limit=2**22, max_members=1000)
    finally:
        found = {entry.name for place in (path.parent, folder.parent, folder) for entry in os.scandir(place)}
        assert found <= {path.name, "deep", "er", "out"}, f"written outside the folder: {found}"
        shutil.rmtree(folder / "out", ignore_errors=True)


def _image(path):
    from utils.loaders.decoding import decode_image, look_at

    with contextlib.suppress(Exception):  # `load_dataset` skips the image, whatever is wrong with it
        look_at(path)
    try:
        image = decode_image(path, (16, 16))
    except Exception:
        return
    assert image.shape == (16, 16, 3)


def _enlarged(path):
    from utils.super_resolution import load_upscaler, upscale

    with contextlib.redirect_stderr(io.StringIO()):
        upscale([path], load_upscaler("nearest", 1), scale=1)


def _texts(path):
    from utils.files.provenance import from_image

    z, _ = from_image(path)
    assert z.ndim == 2 and len(z) == 1


def _params(path):
    from utils.files.keras_files import read_params

    repr(read_params(path))


def _vectors(path):
    import numpy as np

    from utils.files.vectors import read_vectors

    Z = read_vectors(path)
    assert Z.ndim == 2 and Z.size and np.isfinite(Z).all()


def _card(path):
    import json

    from utils.files.json_files import read_json

    json.dumps(read_json(path), allow_nan=False)


def _history(path):
    from utils.runs import read_history

    assert len({len(column) for column in read_history(path.parent).values()}) <= 1


def _model(path):
    from utils.loaders import load_generator

    assert len(load_generator(path).output_shape) == 4


PARSERS = {
    "data.zip": _check(_archive, "data.zip"),
    "data.tar": _check(_archive, "data.tar"),
    "image.png": _check(_image, "image.png"),
    "enlarged.png": _check(_enlarged, "enlarged.png"),
    "texts.png": _check(_texts, "texts.png"),
    "params.pkl": _check(_params, "params.pkl"),
    "vectors.txt": _check(_vectors, "vectors.txt"),
    "vectors.json": _check(_vectors, "vectors.json"),
    "vectors.npy": _check(_vectors, "vectors.npy"),
    "card.json": _check(_card, "card.json"),
    "history.csv": _check(_history, "history.csv"),
    "generator.h5": _check(_model, "generator.h5"),
    "generator.keras": _check(_model, "generator.keras"),
}
ROOMS = {  # which of the corpus' files a parser starts from
    "data": "archives",
    "image": "images",
    "enlarged": "images",
    "texts": "texts",
    "params": "params",
    "vectors": "vectors",
    "card": "cards",
    "history": "history",
    "generator": "models",
}
