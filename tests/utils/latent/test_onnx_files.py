"""Networks as ONNX files."""

import json
import sys

import numpy as np
import pytest

from utils import latent
from utils.latent import onnx_files
from utils.runs.shipping import SHIPPED_GENERATORS
from utils.super_resolution.upscaling import LINES


@pytest.mark.parametrize("missing", ["onnx", "onnxruntime"])
def test_a_missing_package_is_named_with_the_way_to_get_it(monkeypatch, tmp_path, missing):
    for name in ("onnx", "onnxruntime"):
        monkeypatch.setitem(sys.modules, name, None if name == missing else sys)
    with pytest.raises(ImportError, match=f"{missing}: pip install onnx onnxruntime"):
        latent.export_onnx("generator.h5", tmp_path / "generator.onnx")


@pytest.fixture
def runtime():
    for package in ("onnx", "tf2onnx"):
        pytest.importorskip(package, reason=f"{package} is not installed ({onnx_files.NEEDED})")
    return pytest.importorskip("onnxruntime", reason=f"onnxruntime is not installed ({onnx_files.NEEDED})")


@pytest.mark.slow
def test_a_generator_that_ships_gives_the_same_images_elsewhere(runtime, tmp_path):
    from utils.loaders import load_generator

    path = latent.export_onnx(SHIPPED_GENERATORS[0], tmp_path / "generator.onnx")
    session = runtime.InferenceSession(path)
    Z = latent.generate_latent_points(100, 16, seed=2)
    (images,) = session.run(["images"], {"z": Z})
    generator = load_generator(SHIPPED_GENERATORS[0])
    assert np.abs(np.rint(images * 127.5 + 127.5) - latent.generate_images(generator, Z)).max() <= 1
    facts = session.get_modelmeta().custom_metadata_map
    assert facts["fingerprint"] == latent.fingerprint(generator) and facts["name"] == "three_lines_128"
    assert json.loads(facts["card"])["parameters"]["z_dim"] == 100


@pytest.mark.slow
def test_the_enlarging_network_takes_images_of_any_size(runtime, tmp_path):
    from utils.quiet import keras

    network = keras.models.load_model(LINES)
    session = runtime.InferenceSession(latent.export_onnx(network, tmp_path / "lines.onnx"))
    image = np.random.default_rng(1).uniform(-1, 1, (1, 20, 24, 3)).astype(np.float32)
    (large,) = session.run(["images"], {"image": image})
    assert np.allclose(large, network.predict_on_batch(image), atol=1e-4)


@pytest.mark.slow
def test_a_file_that_gives_other_images_is_not_written(runtime, tmp_path, monkeypatch, tiny):
    generator, other = tiny().generator, tiny(seed=2).generator
    other.predict_on_batch(np.zeros((1, 10), np.float32))
    export = onnx_files._export
    monkeypatch.setattr(onnx_files, "MOST_OFF", 1e-5)  # the images of untrained networks hardly differ
    monkeypatch.setattr(onnx_files, "_export", lambda network, path: export(other, path))
    with pytest.raises(ValueError, match="other images than Keras"):
        latent.export_onnx(generator, tmp_path / "generator.onnx")
    assert list(tmp_path.iterdir()) == []
