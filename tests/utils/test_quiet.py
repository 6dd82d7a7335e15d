"""The backend is the one that is installed: in a Python that has packages of these names and nothing else."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHOICE = "import os, utils.quiet; print(os.environ['KERAS_BACKEND'])"


@pytest.fixture
def chosen(tmp_path):
    """`chosen("torch", "jax")` is what is chosen where these are installed, or the last line of the error."""

    def choose(*installed, code=CHOICE, **environment):
        for name in installed:
            (tmp_path / "site" / name).mkdir(parents=True, exist_ok=True)
            (tmp_path / "site" / name / "__init__.py").touch()
        without = ("KERAS_BACKEND", "COLAB_TPU_1VM")
        environment = {**{k: v for k, v in os.environ.items() if k not in without}, **environment}
        environment["PYTHONPATH"] = os.pathsep.join([str(tmp_path / "site"), str(ROOT)])
        command = [sys.executable, "-S", "-c", code]  # -S leaves out what is really installed
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        return (done.stdout or done.stderr).splitlines()[-1]

    return choose


@pytest.mark.parametrize(
    ("installed", "backend"),
    [
        (("tensorflow", "torch", "jax"), "tensorflow"),
        (("torch", "jax"), "torch"),
        (("jax",), "jax"),
        (("jax", "torch", "libtpu"), "jax"),
    ],
)
def test_the_first_that_is_installed_is_taken_and_jax_beside_the_library_of_tpus(chosen, installed, backend):
    assert chosen(*installed) == backend


def test_on_a_tpu_of_colab_it_is_jax(chosen):
    assert chosen("torch", "jax", COLAB_TPU_1VM="1") == "jax"
    assert chosen("torch", "jax", COLAB_TPU_1VM="") == "torch"


def test_keras_json_has_no_say(chosen, tmp_path):
    (tmp_path / "keras.json").write_text(json.dumps({"backend": "tensorflow"}))
    assert chosen("torch", KERAS_HOME=str(tmp_path)) == "torch"


def test_the_variable_has_the_first_word(chosen):
    assert chosen("tensorflow", "torch", KERAS_BACKEND="torch") == "torch"
    assert chosen("tensorflow", KERAS_BACKEND="openvino") == "openvino"  # Keras knows more than train here


def test_what_an_uninstalled_package_left_behind_is_not_taken(chosen, tmp_path):
    (tmp_path / "site" / "tensorflow" / "include").mkdir(parents=True)
    assert chosen("torch") == "torch"


def test_nothing_installed_is_one_sentence(chosen):
    said = chosen()
    assert said.startswith("ImportError: Keras has no backend here: pip install -r requirements.txt")


def test_a_named_backend_that_is_not_installed_is_one_sentence(chosen):
    said = chosen("torch", KERAS_BACKEND="jax")
    assert said.startswith("ImportError: KERAS_BACKEND names jax") and "requirements-jax.txt" in said
    assert said.endswith("unset it and have torch.")


def test_choosing_starts_nothing(chosen):
    code = "import sys, utils.quiet; print({'keras', 'torch'} & set(sys.modules))"
    assert chosen("torch", code=code) == "set()"


def test_every_file_that_it_names_is_there():
    from utils.quiet import BACKENDS

    assert [name for name in BACKENDS.values() if not (ROOT / name).is_file()] == []
