import hashlib
import socket
import sys
import time

import numpy as np
import pytest

from utils.super_resolution import load_upscaler
from utils.super_resolution.hub import ESRGAN, load_network

NOBODY = "http://127.0.0.1:9/a-model/1"  # the discard port of this machine, where nothing answers


def save_model(folder):
    """Save a stand-in for ESRGAN, which repeats every pixel."""
    tf = pytest.importorskip("tensorflow")
    pytest.importorskip("tensorflow_hub")
    model = tf.Module()
    model.__call__ = tf.function(
        lambda image: tf.repeat(tf.repeat(image, 4, axis=1), 4, axis=2),
        input_signature=[tf.TensorSpec((1, None, None, 3), tf.float32)],
    )
    tf.saved_model.save(model, str(folder))
    return folder


@pytest.fixture
def reachable(monkeypatch):
    monkeypatch.setattr("utils.super_resolution.hub._check_reachable", lambda url: None)


@pytest.fixture
def empty_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def answers(monkeypatch, **by_host):
    """Let hub.load give what each host has: the folder of a model, or an error."""
    hub = pytest.importorskip("tensorflow_hub")
    load, asked = hub.load, []

    def load_from(handle):
        asked.append(handle)
        answer = next(answer for host, answer in by_host.items() if host in handle)
        if isinstance(answer, Exception):
            raise answer
        return load(str(answer))

    monkeypatch.setattr(hub, "load", load_from)
    return asked


def test_esrgan_is_the_originals_address_and_is_loaded_through_the_hub(monkeypatch, tmp_path, reachable, empty_cache):
    asked = answers(monkeypatch, tfhub=save_model(tmp_path / "model"))
    upscaler = load_upscaler("esrgan")
    assert asked == ["https://tfhub.dev/captain-pool/esrgan-tf2/1"]
    assert (upscaler.name, upscaler.label) == (asked[0], "")
    assert upscaler.enlarge_batch(np.zeros((2, 8, 12, 3), np.uint8)).shape == (2, 32, 48, 3)


def test_where_the_hub_has_it_no_more_its_new_home_is_asked(monkeypatch, tmp_path, reachable, empty_cache, capsys):
    model = save_model(tmp_path / "model")
    asked = answers(monkeypatch, tfhub=OSError("HTTP Error 404: Not Found"), kaggle=model)
    assert "kaggle.com" in load_upscaler("esrgan").name
    assert asked == list(ESRGAN)
    assert "Loading https://www.kaggle.com" in capsys.readouterr().out


def test_where_nobody_has_it_every_answer_is_told(monkeypatch, reachable, empty_cache, capsys):
    answers(monkeypatch, tfhub=OSError("HTTP Error 404: Not Found"), kaggle=OSError("HTTP Error 403: Forbidden"))
    assert load_upscaler("esrgan").label == " (lines)"
    said = capsys.readouterr().out
    for word in ("404", "403", str(empty_cache), "the embedded network instead"):
        assert word in said


def test_a_model_in_the_hubs_cache_needs_no_connection(empty_cache, capsys):
    save_model(empty_cache / hashlib.sha1(NOBODY.encode()).hexdigest())
    assert load_upscaler(NOBODY).name == NOBODY
    assert f"found in {empty_cache}" in capsys.readouterr().out


def test_a_cache_whose_files_were_swept_is_filled_anew(monkeypatch, tmp_path, reachable, empty_cache):
    folder = empty_cache / hashlib.sha1(ESRGAN[0].encode()).hexdigest()
    (folder / "variables").mkdir(parents=True)
    asked = answers(monkeypatch, tfhub=save_model(tmp_path / "model"))
    assert load_upscaler("esrgan").name == ESRGAN[0]
    assert asked == [ESRGAN[0]] and not folder.exists()


@pytest.mark.parametrize("lost", ["saved_model.pb", "variables/variables.data-00000-of-00001"])
def test_a_cache_that_lost_some_files_is_named_and_left_alone(reachable, empty_cache, capsys, lost):
    folder = save_model(empty_cache / hashlib.sha1(NOBODY.encode()).hexdigest())
    (folder / lost).unlink()
    left = sorted(folder.rglob("*"))
    assert load_upscaler(NOBODY).label == " (lines)"
    said = capsys.readouterr().out
    assert f"{folder} has lost files" in said and "Remove that folder" in said and "found in" not in said
    assert sorted(folder.rglob("*")) == left


def test_the_cache_is_asked_before_any_address(empty_cache):
    save_model(empty_cache / hashlib.sha1(ESRGAN[1].encode()).hexdigest())
    assert load_upscaler("esrgan").name == ESRGAN[1]


def test_a_host_that_never_answers_is_given_up_within_seconds(monkeypatch, empty_cache):
    monkeypatch.setattr("utils.super_resolution.hub.REACH_SECONDS", 0.1)

    def hangs(*_, **__):
        time.sleep(3)
        raise TimeoutError

    monkeypatch.setattr(socket, "create_connection", hangs)
    start = time.perf_counter()
    with pytest.raises(ConnectionError, match=r"tfhub\.dev does not answer \(no answer\)"):
        load_network(ESRGAN, 4)
    assert time.perf_counter() - start < 1


@pytest.fixture(params=["missing", "without tf-keras", "broken"])
def no_hub(request, monkeypatch, tmp_path):
    """tensorflow_hub as it is on Python 3.14, beside no tf-keras, and beside one that is too old for TensorFlow."""
    if request.param == "missing":
        monkeypatch.setitem(sys.modules, "tensorflow_hub", None)
    else:
        monkeypatch.delitem(sys.modules, "tensorflow_hub", raising=False)
        fault = {"without tf-keras": "import tf_keras_of_nobody", "broken": "import sys; sys.no_such_attribute"}
        (tmp_path / "tensorflow_hub.py").write_text(fault[request.param])
        monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.parametrize(("scale", "label"), [(4, " (lines)"), (2, " (Lanczos)")])
def test_without_a_tensorflow_hub_that_works_the_embedded_network_steps_in(no_hub, scale, label, tmp_path, capsys):
    (tmp_path / "saved_model.pb").write_bytes(b"")
    upscaler = load_upscaler(tmp_path, scale)
    assert (upscaler.label, upscaler.enlarge(np.zeros((8, 8, 3), np.uint8)).shape) == (label, (8 * scale, 8 * scale, 3))
    said = capsys.readouterr().out
    assert "tensorflow_hub cannot be imported" in said and 'pip install tensorflow tensorflow-hub tf-keras "set' in said
    assert f"instead; their names say{label}.\n" in said
