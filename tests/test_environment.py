"""`make` finds a Python by itself: with Pythons, uv and machines of all kinds on the PATH, none of them real."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ("sh", "dirname", "uname", "rm", "mkdir", "cp", "cat")
needs_sh = pytest.mark.skipif(not shutil.which("sh"), reason="there is no sh, as on Windows without its make")
pytestmark = needs_sh

# A Python that says what it is, makes an environment whose Python is itself, and writes down what pip is asked for.
PYTHON = """#!/bin/sh
case "$1 $2" in
"-c import pip") exit 0 ;;
"-c import urllib"*) [ -e reached ] ; exit ;;
"-c "*) echo "{answer}" ;;
"-m venv") for folder; do :; done; mkdir -p "$folder/bin" && cp "$0" "$folder/bin/python" ;;
"-m pip") shift 2 && echo "$@ ${{PIP_EXTRA_INDEX_URL-}}" >>"{log}" ;;
esac
"""
UV = """#!/bin/sh
echo "uv $@" >>"{log}"
[ "{works}" = yes ] || exit 2
for folder; do :; done
mkdir -p "$folder/bin" && cp "{python}" "$folder/bin/python"
"""


class Machine:
    """A PATH, and what `environment.sh` says and does on it."""

    def __init__(self, folder):
        self.bin, self.folder, self.log = folder / "bin", folder, folder / "log"
        self.bin.mkdir()
        for tool in TOOLS:
            (self.bin / tool).symlink_to(shutil.which(tool))

    def command(self, name, text):
        (self.bin / name).unlink(missing_ok=True)
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)
        return self.bin / name

    def python(self, name, version, word="whole"):
        major, minor = version.split(".")
        return self.command(name, PYTHON.format(answer=f"{major}{minor:0>2} {word}", log=self.log))

    def uv(self, works=True):
        brought = self.python("brought-by-uv", "3.13")
        self.command("uv", UV.format(log=self.log, works="yes" if works else "no", python=brought))

    def run(self, *arguments, **environment):
        """(exit status, what was said)."""
        done = subprocess.run(
            ["sh", ROOT / "environment.sh", *arguments],
            env={"PATH": str(self.bin), **environment},
            cwd=self.folder,
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stderr

    def takes(self, **environment):
        status, said = self.run(**environment)
        assert status == 0, said
        return said.split(",")[0].rstrip(".\n")

    def refuses(self, **environment):
        status, said = self.run(**environment)
        assert status == 1, said
        return said

    def installed(self):
        """The requirements files of each call of pip, by name, and calls of uv as they were."""
        calls = self.log.read_text().splitlines() if self.log.exists() else []
        return [
            call if call.startswith("uv") else [Path(word).name for word in call.split() if word.endswith(".txt")]
            for call in calls
        ]


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_the_newest_python_for_which_everything_has_wheels_is_taken(machine):
    for minor in (11, 12, 13, 14):
        machine.python(f"python3.{minor}", f"3.{minor}")
    machine.python("python3", "3.14")
    assert machine.takes() == "python3.13: Python 3.13 with TensorFlow"
    (machine.bin / "python3.13").unlink()
    assert machine.takes() == "python3.12: Python 3.12 with TensorFlow"


@pytest.mark.parametrize("name", ["python3", "python"])
def test_one_that_has_no_number_in_its_name_is_asked_too(machine, name):
    machine.python(name, "3.11")
    assert machine.takes() == f"{name}: Python 3.11 with TensorFlow"


def test_a_stand_in_that_only_complains_is_passed_over(machine):
    machine.command("python3.13", "#!/bin/sh\necho 'pyenv: python3.13: command not found' >&2; exit 127\n")
    machine.command("python3.12", "#!/bin/sh\necho 'Python was not found; run without arguments'; exit 0\n")
    machine.python("python3", "3.11")
    assert machine.takes() == "python3: Python 3.11 with TensorFlow"


@pytest.mark.parametrize("word", ["bare", "odd"])
def test_one_that_can_make_no_environment_or_has_no_wheels_is_passed_over(machine, word):
    machine.python("python3.13", "3.13", word)
    machine.python("python3.12", "3.12")
    assert machine.takes() == "python3.12: Python 3.12 with TensorFlow"


def test_where_only_a_later_one_is_there_it_gets_torch(machine):
    machine.python("python3", "3.14")
    status, said = machine.run()
    assert status == 0 and said.startswith("python3: Python 3.14 with PyTorch, for TensorFlow has no wheels there yet")
    assert len(said.splitlines()) == 1


def test_uv_comes_before_a_later_one_and_after_one_that_fits(machine):
    machine.uv()
    machine.python("python3", "3.14")
    assert machine.takes() == "uv: Python 3.13 with TensorFlow"
    machine.python("python3.11", "3.11")
    assert machine.takes() == "python3.11: Python 3.11 with TensorFlow"


def test_uv_makes_the_environment_with_pip_in_it(machine):
    machine.uv()
    assert machine.run(".venv")[0] == 0
    assert machine.installed() == ["uv venv --quiet --seed --python 3.13 .venv", ["requirements.txt"]]


def test_where_uv_can_bring_none_the_later_one_is_taken_after_all(machine):
    machine.uv(works=False)
    machine.python("python3", "3.14")
    status, said = machine.run(".venv")
    assert status == 0 and "python3: Python 3.14 with PyTorch" in said
    assert machine.installed()[-1] == ["requirements-torch.txt"]


def test_where_uv_can_bring_none_and_nothing_else_is_there_the_error_says_what_to_type(machine):
    machine.uv(works=False)
    status, said = machine.run(".venv")
    assert status == 1 and "brew install python@3.13" in said


def test_where_nothing_fits_the_error_names_what_is_there_and_what_to_type_on_each_system(machine):
    machine.python("python3", "3.9")
    machine.python("python", "2.7")
    said = machine.refuses()
    assert said.startswith("Python 3.11 or later is needed; python3 is 3.9; python is 2.7;")
    for command in ("apt install python3 python3-venv", "dnf install python3.13", "brew install", "py install 3.13"):
        assert command in said


def test_debians_package_is_named_after_the_version(machine):
    machine.python("python3", "3.12", "bare")
    assert "sudo apt install python3.12-venv\n" in machine.refuses()


def test_python_overrules(machine):
    machine.python("python3.13", "3.13")
    mine = machine.python("my python", "3.14")
    assert machine.takes(PYTHON=str(mine)) == f"{mine}: Python 3.14 with PyTorch"
    machine.command("py", '#!/bin/sh\n[ "$1" = -3.12 ] && echo 312 whole\n')
    assert machine.takes(PYTHON="py -3.12") == "py -3.12: Python 3.12 with TensorFlow"


@pytest.mark.parametrize(
    ("version", "word", "backend", "fault"),
    [
        ("3.10", "whole", "", "is Python 3.10; 3.11 or later is needed"),
        ("3.13", "odd", "", "has no wheels"),
        ("3.14", "whole", "tensorflow", "TensorFlow has no wheels for Python 3.14"),
    ],
)
def test_a_python_that_was_named_and_cannot_be_is_refused(machine, version, word, backend, fault):
    machine.python("python3.13", "3.13")
    machine.python("mine", version, word)
    assert fault in machine.refuses(PYTHON="mine", BACKEND=backend)
    assert "is no Python that runs" in machine.refuses(PYTHON="nobody")


def test_backend_overrules(machine):
    machine.python("python3.13", "3.13")
    assert machine.takes(BACKEND="torch") == "python3.13: Python 3.13 with PyTorch"
    assert machine.takes(BACKEND="jax") == "python3.13: Python 3.13 with JAX"
    assert "take tensorflow, torch or jax" in machine.refuses(BACKEND="theano")


def test_torch_and_jax_are_content_with_a_later_python_and_tensorflow_is_not(machine):
    machine.python("python3", "3.14")
    assert machine.takes(BACKEND="jax") == "python3: Python 3.14 with JAX"
    assert "TensorFlow has no wheels for Python 3.14 here" in machine.refuses(BACKEND="tensorflow")


def test_a_mac_with_an_intel_processor_gets_torch_on_the_last_python_that_has_it(machine):
    machine.command("uname", "#!/bin/sh\necho Darwin x86_64\n")
    machine.python("python3.13", "3.13")
    assert "PyTorch has no wheels for Python 3.13 here" in machine.refuses()
    machine.python("python3.12", "3.12")
    assert machine.takes() == "python3.12: Python 3.12 with PyTorch"
    assert machine.takes(BACKEND="jax") == "python3.13: Python 3.13 with JAX"
    assert "BACKEND=torch" in machine.refuses(BACKEND="tensorflow")


def test_what_is_asked_for_is_installed_beside_what_the_project_needs(machine):
    machine.python("python3.12", "3.12")
    assert machine.run(".venv", "requirements-test.txt")[0] == 0
    assert machine.installed() == [["requirements.txt", "requirements-test.txt"]]


@pytest.mark.parametrize("reached", [True, False])
@pytest.mark.parametrize("system, card", [("Linux", False), ("Linux", True), ("Darwin", False)])
@pytest.mark.parametrize("backend", ["torch", "tensorflow"])
def test_pytorch_comes_without_cuda_where_no_card_is(machine, reached, system, card, backend):
    machine.command("uname", f"#!/bin/sh\necho {system}\n")
    machine.python("python3.13", "3.13")
    if card:
        machine.command("nvidia-smi", "#!/bin/sh\n")
    if reached:
        (machine.folder / "reached").touch()
    status, said = machine.run(".venv", BACKEND=backend, PIP_EXTRA_INDEX_URL="https://mine.example")
    small = reached and system == "Linux" and not card and backend == "torch"
    assert status == 0, said
    asked = machine.log.read_text().split()
    assert ("https://download.pytorch.org/whl/cpu" in asked) == small and "https://mine.example" in asked


def test_where_pip_fails_the_way_out_is_said_and_the_next_time_it_goes_on(machine):
    full = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"
    python = machine.python("python3.13", "3.13")
    works = python.read_text()
    python.write_text(works.replace('"-m pip")', f'"-m pip") echo "{full}" >&2; exit 1;'))
    status, said = machine.run(".venv", TMPDIR="/small")
    assert status == 1 and full in said
    assert ".venv/" in said and "3 GB" in said and "/small" in said and "TMPDIR=" in said
    assert not (machine.folder / ".venv" / "has-tensorflow").exists()
    python.write_text(works)
    (machine.folder / ".venv" / "bin" / "python").write_text(works)
    assert machine.run(".venv")[0] == 0
    assert (machine.folder / ".venv" / "has-tensorflow").exists()


def test_an_environment_that_is_there_is_kept(machine):
    machine.python("python3.12", "3.12")
    machine.run(".venv")
    machine.python("python3.13", "3.13")
    status, said = machine.run(".venv")
    assert status == 0 and said.startswith(".venv: Python 3.12 with TensorFlow, as it stands.")


def test_an_environment_of_another_python_than_the_one_that_is_named_is_made_anew(machine):
    machine.python("python3.12", "3.12")
    machine.python("python3.13", "3.13")
    machine.run(".venv")
    assert machine.run(".venv", PYTHON="python3.12")[1].startswith("python3.12: Python 3.12")
    assert machine.run(".venv")[1].startswith(".venv: Python 3.12")
    assert machine.run(".venv", PYTHON="python3.12")[1].startswith(".venv: Python 3.12")


def test_an_environment_that_is_too_old_or_too_new_for_the_backend_is_made_anew(machine):
    machine.python("python3.13", "3.13")
    machine.run(".venv")
    shutil.copy(machine.python("old", "3.10"), machine.folder / ".venv" / "bin" / "python")
    assert machine.run(".venv")[1].startswith("python3.13: Python 3.13")
    shutil.copy(machine.python("new", "3.14"), machine.folder / ".venv" / "bin" / "python")
    assert machine.run(".venv", BACKEND="tensorflow")[1].startswith("python3.13: Python 3.13")


def test_an_environment_whose_python_is_gone_is_made_anew(machine):
    machine.python("python3.12", "3.12")
    (machine.folder / ".venv" / "bin").mkdir(parents=True)
    (machine.folder / ".venv" / "bin" / "python").symlink_to("/nowhere/python")
    (machine.bin / "cp").unlink()
    machine.command("cp", f'#!/bin/sh\nrm -f "$2" && {shutil.which("cp")} "$1" "$2"\n')
    assert machine.run(".venv")[0] == 0
    assert machine.installed() == [["requirements.txt"]]


def test_a_backend_stays_once_it_was_asked_for(machine):
    machine.python("python3.13", "3.13")
    machine.run(".venv", BACKEND="torch")
    assert machine.run(".venv")[1].startswith(".venv: Python 3.13 with PyTorch, as it stands.")
    machine.run(".venv", BACKEND="tensorflow")
    assert machine.installed() == [
        ["requirements-torch.txt"],
        ["requirements-torch.txt"],
        ["requirements-torch.txt", "requirements.txt"],
    ]


def test_the_python_that_runs_this_answers_the_question():
    """The question that is put to every Python, asked of a real one."""
    text = (ROOT / "environment.sh").read_text(encoding="utf-8")
    question = text.partition("question='")[2].partition("'\n")[0]
    answer = subprocess.run([sys.executable, "-c", question], capture_output=True, text=True, check=True).stdout
    assert answer.split()[0] == f"{sys.version_info[0]}{sys.version_info[1]:02}"
    assert answer.split()[1] in ("whole", "bare", "odd")


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
@pytest.mark.parametrize(
    ("given", "backend"), [((), ""), (("BACKEND=torch",), "torch"), (("KERAS_BACKEND=jax",), "jax")]
)
def test_make_hands_python_and_backend_on(given, backend):
    environment = {k: v for k, v in os.environ.items() if k not in ("KERAS_BACKEND", "PYTHON", "BACKEND")}
    command = ["make", "--dry-run", "--always-make", "demo", "PYTHON=python3.12", *given]
    said = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout
    assert f'PYTHON="python3.12" BACKEND="{backend}" sh environment.sh .venv\n' in said
    assert "-m demo \n" in said


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
def test_make_hands_the_minutes_of_the_demonstration_on():
    command = ["make", "--dry-run", "--always-make", "demo", "DEMO_MINUTES=30"]
    assert "-m demo --minutes 30\n" in subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout
