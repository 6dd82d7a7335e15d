"""TensorFlow, JAX and PyTorch do the same step: whichever of them are installed are held against each other."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.models.one_step import given

BACKENDS = [name for name in ("tensorflow", "jax", "torch") if importlib.util.find_spec(name)]
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def steps(tmp_path_factory):
    """What one step from the same start gave on each backend: {backend: {name: array}}."""
    folder = tmp_path_factory.mktemp("backends")
    given(folder / "given.npz")
    for backend in BACKENDS:
        command = [sys.executable, "-m", "tests.models.one_step", folder / "given.npz", folder / f"{backend}.npz"]
        done = subprocess.run(
            command, cwd=ROOT, env={**os.environ, "KERAS_BACKEND": backend}, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    return {backend: dict(np.load(folder / f"{backend}.npz")) for backend in BACKENDS}


@pytest.mark.skipif(len(BACKENDS) < 2, reason="one backend alone is installed; make test-backends installs the others")
@pytest.mark.parametrize("backend", BACKENDS[1:])
@pytest.mark.parametrize("kind", ["loss", "gradient"])
def test_backends_agree_on_a_step_to_1e_4(steps, backend, kind):
    ours, theirs = steps[BACKENDS[0]], steps[backend]
    names = [name for name in ours if name.startswith(kind)]
    assert len(names) > 4 and set(ours) == set(theirs)
    assert sum(np.abs(ours[name]).max() > 1e-3 for name in names) > 4  # something is compared
    for name in names:  # the gradient of the critic's last bias is zero: it adds the same to every score
        scale = np.abs(ours[name]).max()
        assert np.abs(ours[name] - theirs[name]).max() <= 1e-4 * scale + 1e-6, name


@pytest.mark.skipif("tensorflow" not in BACKENDS, reason="TensorFlow is not installed, so it cannot be imported")
@pytest.mark.parametrize("backend", [name for name in BACKENDS if name != "tensorflow"])
def test_beside_another_backend_tensorflow_stays_out_and_silent(backend, tmp_path):
    code = """if True:
        import sys
        from models.WGANGP import WGANGP
        from tests.conftest import tiny_parameters
        from utils.figures import plot_layers
        from utils.runs.watching import TensorBoard

        gan = WGANGP(**tiny_parameters())
        plot_layers(gan.generator, "layers.png", show=False)
        gan.generator.save("generator.keras")
        gan.save_model(".")
        TensorBoard(".")
        print("tensorflow" in sys.modules)
    """
    environment = {**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("False\n", "")
