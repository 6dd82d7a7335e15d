"""What is installed is one sane set on every Python and system: read from the markers here, and from an index by hand.

    python tests/test_requirements.py

resolves every file for every system, with the newest and the lowest versions. It needs uv and a connection.
"""

import ast
import itertools
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
SYSTEMS = {  # uv's name of each, and what markers ask
    "x86_64-unknown-linux-gnu": {"sys_platform": "linux", "platform_machine": "x86_64"},
    "aarch64-unknown-linux-gnu": {"sys_platform": "linux", "platform_machine": "aarch64"},
    "aarch64-apple-darwin": {"sys_platform": "darwin", "platform_machine": "arm64"},
    "x86_64-pc-windows-msvc": {"sys_platform": "win32", "platform_machine": "AMD64"},
}
INTEL_MAC = {"x86_64-apple-darwin": {"sys_platform": "darwin", "platform_machine": "x86_64"}}
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
FILES = ("requirements.txt", "requirements-torch.txt", "requirements-jax.txt")
everywhere = pytest.mark.parametrize(("python", "system"), list(itertools.product(PYTHONS, SYSTEMS)))


def requirements(name):
    """The requirements of a file and of those that it names, in their order."""
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("-r "):
            yield from requirements(line.removeprefix("-r "))
        elif requirement := line.partition("#")[0].strip():
            yield Requirement(requirement)


def wanted(name, python, system):
    """{package: [specifier, ...]} of a file where it is installed."""
    place = {"python_version": python, "python_full_version": f"{python}.0", **(SYSTEMS | INTEL_MAC)[system]}
    found = {}
    for requirement in requirements(name):
        if requirement.marker is None or requirement.marker.evaluate(place):
            found.setdefault(canonicalize_name(requirement.name), []).append(requirement.specifier)
    return found


@everywhere
def test_keras_has_one_backend_tensorflow_where_it_has_wheels_and_torch_elsewhere(python, system):
    found = wanted("requirements.txt", python, system)
    assert {"tensorflow", "torch", "jax"} & set(found) == {"torch" if python == "3.14" else "tensorflow"}


@everywhere
def test_tensorflow_hub_comes_with_tensorflow_alone_and_beside_keras_2(python, system):
    found = wanted("requirements.txt", python, system)
    assert ("tensorflow" in found) == ("tensorflow-hub" in found) == ("tf-keras" in found)
    if "tf-keras" in found:
        assert not any(specifier.contains("2.15.0") for specifier in found["tf-keras"])


@everywhere
def test_setuptools_still_has_pkg_resources_and_works_on_this_python(python, system):
    ((specifier,),) = [wanted("requirements.txt", python, system)["setuptools"]]
    assert specifier.contains("80.9.0") and not specifier.contains("81.0.0")
    assert specifier.contains("65.5.0") == (python == "3.11")  # 66.1 was the first for 3.12


@everywhere
@pytest.mark.parametrize(("name", "backend"), [("requirements-torch.txt", "torch"), ("requirements-jax.txt", "jax")])
def test_who_wants_no_tensorflow_gets_none(python, system, name, backend):
    found = wanted(name, python, system)
    assert {"tensorflow", "tensorflow-hub", "tf-keras", "torch", "jax"} & set(found) == {backend}


def test_a_mac_with_an_intel_processor_gets_the_last_torch_and_the_numpy_that_it_knows():
    found = wanted("requirements-torch.txt", "3.12", "x86_64-apple-darwin")
    ((torch,), numpys) = found["torch"], found["numpy"]
    assert torch.contains("2.2.2") and not torch.contains("2.3.0")
    assert all(specifier.contains("1.26.4") for specifier in numpys)
    assert not all(specifier.contains("2.0.0") for specifier in numpys)


@pytest.mark.parametrize("name", FILES)
def test_jupyterlab_is_there_in_each(name):
    assert {"jupyterlab", "papermill", "ipykernel"} <= set(wanted(name, "3.13", "x86_64-unknown-linux-gnu"))


@everywhere
def test_the_tests_own_tools_bring_no_backend(python, system):
    found = wanted("requirements-test.txt", python, system)
    assert "pytest" in found and not {"tensorflow", "tf-keras", "torch", "jax", "keras"} & set(found)


# Google Colab


def colab():
    """{package: version} of what Colab has."""
    return {
        canonicalize_name(requirement.name): next(iter(requirement.specifier)).version
        for requirement in requirements("requirements-colab.txt")
    }


def test_the_first_cell_in_colab_asks_for_nothing_that_is_not_there():
    there = colab()
    for requirement in requirements("requirements-kernel.txt"):
        assert requirement.specifier.contains(there[canonicalize_name(requirement.name)]), requirement


def test_what_colab_had_stands_with_its_date():
    assert re.search(r"\b20\d\d-\d\d-\d\d\b", (ROOT / "requirements-colab.txt").read_text(encoding="utf-8"))
    assert {"papermill", "jedi"}.isdisjoint(colab())
    assert all(Version(version) for version in colab().values())


def test_what_the_notebooks_rooms_import_is_what_a_kernel_gets():
    names = {"PIL": "pillow", "IPython": "ipykernel", "traitlets": "ipywidgets"}
    backends = {"tensorflow", "torch", "jax", "tensorflow_hub"}
    extras = {
        "tensorboard",
        "google",
        "voila",
        "pillow_heif",
        "onnx",
        "onnxruntime",
        "pythonosc",
        "qrcode",
    }  # asked for by name
    ours = {path.name.removesuffix(".py") for path in ROOT.iterdir()}
    imported = set()
    for package in ("lines", "utils", "models"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    imported |= {alias.name.partition(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.level == 0:
                    imported.add(node.module.partition(".")[0])
    foreign = imported - set(sys.stdlib_module_names) - ours - backends - extras
    listed = {canonicalize_name(requirement.name) for requirement in requirements("requirements-kernel.txt")}
    assert {name for name in foreign if canonicalize_name(names.get(name, name)) not in listed} == set()


def main():
    uv = shutil.which("uv") or sys.exit("uv is not on the PATH: pip install uv")
    sets = [[name, "requirements-test.txt"] for name in FILES]
    places = [*itertools.product(PYTHONS, SYSTEMS), ("3.12", *INTEL_MAC)]
    faults = 0
    for names, (python, system), which in itertools.product(sets, places, ("highest", "lowest-direct")):
        if system in INTEL_MAC and names[0] == "requirements.txt":
            continue  # TensorFlow has no wheels there
        command = [uv, "pip", "compile", "--quiet", "--no-header", "--no-annotate", "--only-binary", ":all:"]
        command += ["--python-version", python, "--python-platform", system, "--resolution", which, *names]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        pins = dict(line.split("==") for line in done.stdout.splitlines() if "==" in line)
        early = [f"{name} {version}" for name, version in pins.items() if Version(version).is_prerelease]
        faults += bool(done.returncode or early)
        shown = [f"{name} {pins[name]}" for name in ("tensorflow", "torch", "jax", "keras", "numpy") if name in pins]
        told = f"pre-releases: {early}" if early else ", ".join(shown)
        print(names[0], python, system, which, done.stderr if done.returncode else told, sep=" | ", flush=True)
    sys.exit(f"{faults} sets are not sane" if faults else None)


if __name__ == "__main__":
    main()
