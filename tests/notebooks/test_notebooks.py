"""The four notebooks run from the first cell to the last: here, and in a stand-in for Google Colab."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import lines
from utils.colab import REPOSITORY
from utils.files.in_progress import folder_lock
from utils.speech import typeset

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ("Training", "Inference", "Inference+", "Compare")
STAND_IN = Path(__file__).parent / "colab_stand_in"
TINY_TRAINING = {
    "DATA_COUNT": 64,
    "IMAGE_SIZE": 32,
    "FILTERS_DIVIDED_BY": 32,
    "EPOCHS": 2,
    "PRINT_EVERY_N_BATCHES": 1,
    "ROWS": 2,
    "COLUMNS": 2,
    "READ": 40,
}
TINY = {
    "Training": TINY_TRAINING,
    "Inference": {"N_STEPS": 5, "UPSCALER": "lanczos"},
    "Inference+": {"NB_INF": 1, "UPSCALER": "lanczos", "SEARCH_STEPS": 3, "DIRECTION_SAMPLES": 40, "READ": 40},
    "Compare": {"COUNT": 12, "SEARCH_STEPS": 3, "N_STEPS": 3},
}


def squares_in_grey(folder, count=40):
    """Grey PNGs of 28 x 28 in two classes, a square that is small or large, anywhere."""
    rng = np.random.default_rng(0)
    for i in range(count):
        image, side = np.zeros((28, 28), np.uint8), (6, 14)[i % 2]
        top, left = rng.integers(0, 28 - side, 2)
        image[top : top + side, left : left + side] = rng.integers(90, 256)
        place = folder / ("small", "large")[i % 2]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(place / f"{i}.png")


def sprites_in_colour(folder, count=40):
    """Transparent PNGs of about 30 x 32 in one class, a disc of any colour."""
    rng, rows, columns = np.random.default_rng(0), *np.mgrid[:30, :32]
    folder.mkdir(parents=True)
    for i in range(count):
        radius, (y, x) = rng.integers(5, 12), rng.integers(10, 20, 2)
        inside = (rows - y) ** 2 + (columns - x) ** 2 < radius**2
        image = np.dstack([np.broadcast_to(rng.integers(60, 256, 3), (30, 32, 3)), 255 * inside]).astype(np.uint8)
        Image.fromarray(image).save(folder / f"{i}.png")


def opened(name, language="en"):
    """A notebook of the project as nbformat reads it; such packages take seconds, which other tests need not spend."""
    import nbformat

    folder = ROOT / "notebooks" / ("" if language == "en" else language)
    return nbformat.read(folder / f"{name}.ipynb", as_version=4)


def copy_of_the_project(folder):
    """What git knows of the working tree, in a folder of its own, so that notebooks write nothing into the project."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


LINE_BY_LINE = "import tensorflow\ntensorflow.config.run_functions_eagerly(True)\ndel tensorflow\n"


@contextmanager
def one_kernel(compiled):
    """A function like `run` whose notebooks share a process, which loads Keras once; each begins with no name bound.

    Unless `compiled`, TensorFlow runs line by line, which takes eleven seconds less than to compile for each size.
    """
    from jupyter_client import KernelManager
    from nbclient import NotebookClient
    from nbformat.v4 import new_code_cell
    from papermill.iorw import load_notebook_node
    from papermill.parameterize import parameterize_notebook

    manager = KernelManager(kernel_name="python3")
    compiled = compiled or os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow"
    begin = f"%reset -f\n{'' if compiled else LINE_BY_LINE}import os\nos.chdir({{!r}})\ndel os"

    def run_there(notebook, folder, **parameters):
        done = load_notebook_node(str(ROOT / "notebooks" / f"{notebook}.ipynb"))
        done = parameterize_notebook(done, parameters)
        done.cells.insert(0, new_code_cell(begin.format(str(folder))))
        NotebookClient(done, km=manager).execute()
        return done

    try:
        yield run_there
    finally:
        manager.shutdown_kernel(now=True)


def run(notebook, folder, output, **parameters):
    """Run a notebook in `folder`; gives it back with its outputs."""
    import papermill

    return papermill.execute_notebook(
        ROOT / "notebooks" / f"{notebook}.ipynb",
        output,
        parameters=parameters,
        cwd=folder,
        kernel_name="python3",
        progress_bar=False,
    )


def printed(notebook):
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "".join(output.get("text", "") for output in outputs)


def told(notebook):
    """What its cells told in words of their own, beside what they printed."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "\n".join(output.data["text/markdown"] for output in outputs if "text/markdown" in output.get("data", {}))


def pictures(notebook):
    """The HTML of its pictures and films."""
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    shown = [output.data.get("text/html", "") for output in outputs if "data" in output]
    assert not [output for output in outputs if "image/png" in output.get("data", {})], "a picture without a text"
    return [html for html in shown if "<img" in html]


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A copy of the project in which three notebooks ran one after the other, and these with their outputs."""
    folder = tmp_path_factory.mktemp("done")
    project = copy_of_the_project(folder / "project")
    return project, {name: run(name, project, folder / f"{name}.ipynb", **TINY[name]) for name in NOTEBOOKS[:3]}


@pytest.mark.slow
def test_the_notebooks_run_one_after_the_other_and_leave_what_they_promise(done):
    project, notebooks = done
    left = {str(path.relative_to(project)) for path in project.rglob("*") if path.is_file()}
    assert {"run/gan/0001_lines/generator.h5", "run/gan/0001_lines/images/Converge.png", "output.zip"} <= left
    assert {f"run/inference/image_{i:02d}.png" for i in range(5)} <= left
    assert {f"run/inference/Super Resolution {i} (Lanczos).jpg" for i in range(5)} <= left
    assert {"run/inference/interpolation.gif", "inference.zip", "superresolution.zip"} <= left
    assert {f"run/inference+/{name}_0_0{i}.png" for name in ("image", "Vec") for i in (0, 1)} <= left
    assert {"run/inference+/Vec_0.txt", "run/inference+/SR_0_00 (Lanczos).jpg", "run/inference+/Z.gif"} <= left
    with zipfile.ZipFile(project / "output.zip") as archive:
        assert {"generator.h5", "params.pkl", "history.csv", "images/sample_0.png"} <= set(archive.namelist())
    least = {"Training": 7, "Inference": 5, "Inference+": 10}
    assert {name: len(pictures(notebooks[name])) >= least[name] for name in least} == dict.fromkeys(least, True)


@pytest.mark.thorough
def test_the_networks_that_ship_are_compared(done, tmp_path):
    project, _ = done
    compared = run("Compare", project, tmp_path / "Compare.ipynb", **TINY["Compare"])
    assert len(pictures(compared)) >= 5
    for name in ("samples", "reconstructions", "map", "manifolds", "ways"):
        assert (project / "run" / "compare" / f"{name}.png").exists()


OWN = {"squares": squares_in_grey, "sprites": sprites_in_colour}
OWN_DATA = {"squares": {}, "sprites": {"IMAGE_SIZE": 32, "FIT": "contain", "BACKGROUND": (255, 255, 255)}}


@pytest.fixture(scope="module", params=["squares", pytest.param("sprites", marks=pytest.mark.thorough)])
def own(request, tmp_path_factory):
    """The four notebooks run on images of one's own, for both models: (name, project, {notebook and model: it})."""
    name = request.param
    folder = tmp_path_factory.mktemp(name)
    project = copy_of_the_project(folder / "project")
    OWN[name](project / "data" / name)
    training = {**TINY_TRAINING, "IMAGE_SIZE": None, "FILTERS_DIVIDED_BY": 16, **OWN_DATA[name], "DATA_NAME": name}
    ran = {}
    with one_kernel(compiled=name == "sprites") as run_there:
        for run_id, model in enumerate(("WGANGP", "CVAE")):
            section = f"run/gan/000{run_id}_{name}"
            parameters = {**training, "MODEL": model, "RUN_ID": f"000{run_id}"}
            ran["Training", model] = run_there("Training", project, **parameters)
            for after in ("Inference", "Inference+"):
                chosen = {"GENERATOR": f"{section}/generator.h5", "FOLDER": f"run/{after} {model}", "UPSCALER": None}
                ran[after, model] = run_there(after, project, **{**TINY[after], **chosen})
        ran["Compare", "both"] = run_there("Compare", project, **TINY["Compare"], DATA_NAME=name)
    return name, project, ran


@pytest.mark.slow
def test_any_images_go_through_every_notebook_and_each_knows_which_they_are(own):
    name, project, ran = own
    record = json.loads((project / f"run/gan/0000_{name}/run.json").read_text())
    sides, fit = {"squares": ([28, 28, 1], "cover"), "sprites": ([32, 32, 3], "contain")}[name]
    assert [*record["image_size"], record["channels"], record["fit"]] == [*sides, fit]
    assert record["background"] == list(OWN_DATA[name].get("BACKGROUND", (0, 0, 0)))
    for model in ("WGANGP", "CVAE"):
        assert f"Trained on: {name}." in told(ran["Inference+", model])
    assert f"Data: {name}." in told(ran["Compare", "both"])
    with Image.open(project / "run/Inference CVAE/Super Resolution 0 (Lanczos).jpg") as enlarged:  # no network of lines
        assert enlarged.mode == {1: "L", 3: "RGB"}[sides[2]] and enlarged.size == (4 * sides[1], 4 * sides[0])
    assert {f"run/compare/{figure}.png" for figure in ("samples", "reconstructions", "map", "manifolds", "ways")} <= {
        str(path.relative_to(project)) for path in project.rglob("*.png")
    }


@pytest.mark.slow
def test_no_notebook_tells_of_rules_critics_or_lines_where_there_are_none(own):
    name, _, ran = own
    for (notebook, model), done in ran.items():
        words = told(done)
        assert not re.search(r"\blines?\b|\brules kept|keep all the rules|\bverticals?\b", words), (notebook, model)
        assert "critic" not in words or (notebook, model) == ("Training", "WGANGP")
    for report in (ran["Training", "CVAE"], ran["Inference+", "WGANGP"]):
        assert "of 40 images are clearly different" in told(report) and "kernel distance" in told(report)
    assert f"data/{name}/" in told(ran["Training", "CVAE"]) and "encoder" in told(ran["Training", "CVAE"])


@pytest.mark.slow
@pytest.mark.parametrize("mode, refusal", [("build", "FileExistsError"), ("load", "FolderInUse")])
def test_training_writes_nothing_into_a_run_that_is_not_its_own(tmp_path, mode, refusal):
    project = copy_of_the_project(tmp_path / "project")
    folder = project / "run" / "gan" / "0001_lines"
    folder.mkdir(parents=True)
    for name in ("params.json", "run.json", "history.csv"):
        (folder / name).write_text("{}\n")
    with ExitStack() as stack:
        if mode == "load":
            stack.enter_context(folder_lock(folder, "training"))
        with pytest.raises(Exception, match=refusal):  # of papermill
            run("Training", project, tmp_path / "Training.ipynb", **{**TINY_TRAINING, "MODE": mode})
    assert {path.name: path.read_text() for path in folder.rglob("*") if path.is_file()} == {
        "params.json": "{}\n",
        "run.json": "{}\n",
        "history.csv": "{}\n",
    }


def start_in_colab(origin, folder, monkeypatch):
    """Start a session of the stand-in for Colab, which clones `origin`; gives the folder of its notebooks."""
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "init.defaultBranch=main"]
    for command in (["init", "-q"], ["add", "-A", "-f"], ["commit", "-q", "-m", "for the test"]):
        subprocess.run([*git, *command], cwd=origin, check=True)
    environment = {
        "PYTHONPATH": os.pathsep.join([str(STAND_IN), *filter(None, [os.environ.get("PYTHONPATH")])]),
        "COLAB_UPLOADS": str(folder / "uploads"),
        "COLAB_DOWNLOADS": str(folder / "downloads"),
        "COLAB_PIP": str(folder / "pip.txt"),
        "GIT_CONFIG_COUNT": "1",  # the clone line's address leads to the copy made above
        "GIT_CONFIG_KEY_0": f"url.{origin.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": REPOSITORY,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    (folder / "content").mkdir()
    return folder / "content"


@pytest.mark.thorough  # and in `make test-colab`
def test_in_colab_they_fetch_the_project_take_uploads_and_hand_out_downloads(done, tmp_path, monkeypatch):
    """Its training goes on with one that began elsewhere, which the project fetched brings along."""
    origin = copy_of_the_project(tmp_path / "origin")
    shutil.copytree(done[0] / "run" / "gan" / "0001_lines", origin / "run" / "gan" / "0001_drawn")
    session = start_in_colab(origin, tmp_path, monkeypatch)
    uploads, downloads, asked = tmp_path / "uploads", tmp_path / "downloads", tmp_path / "pip.txt"
    drawn = TINY_TRAINING["DATA_COUNT"]
    lines.write_dataset(tmp_path / "drawn", drawn, seed=1, archive=uploads / "drawn.zip", progress=False)

    parameters = {**TINY_TRAINING, "DATA_ARCHIVE": "drawn.zip", "MODE": "load", "EPOCHS": 3}
    training = run("Training", session, tmp_path / "Training.ipynb", **parameters)
    assert "3 steps done" in printed(training) and "Found 64 images" in printed(training)
    assert not (uploads / "drawn.zip").exists()
    assert {path.name for path in downloads.iterdir()} == {"output.zip", "generator.h5"}

    shutil.copy(downloads / "generator.h5", uploads)
    shutil.rmtree(session / "trois-lignes" / "run")  # a fresh session knows no earlier run
    run("Inference", session, tmp_path / "Inference.ipynb", **TINY["Inference"], GENERATOR="generator.h5")
    assert {path.name for path in downloads.iterdir()} >= {"inference.zip", "superresolution.zip"}
    (downloads / "inference.zip").unlink()
    run("Inference+", session, tmp_path / "Inference+.ipynb", **TINY["Inference+"])
    assert (downloads / "inference.zip").exists()
    assert asked.read_text() == 3 * f"install --quiet -r {session}/trois-lignes/requirements-kernel.txt\n"


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_first_cell_that_was_cut_off_in_colab_goes_on_next_time(name, tmp_path, monkeypatch):
    (tmp_path / "origin" / "models").mkdir(parents=True)
    for kept in ("models/WGANGP.py", "requirements-kernel.txt"):
        shutil.copy(ROOT / kept, tmp_path / "origin" / kept)
    session = start_in_colab(tmp_path / "origin", tmp_path, monkeypatch)
    notebook = opened(name)
    notebook.cells = [next(cell for cell in notebook.cells if cell.cell_type == "code")]

    def run_first_cell():
        import nbclient

        place = {"metadata": {"path": str(session)}}
        nbclient.NotebookClient(notebook, kernel_name="python3", resources=place).execute()

    (session / "part" / ".git").mkdir(parents=True)  # cut off while it cloned
    with monkeypatch.context() as without:
        without.delenv("COLAB_PIP")  # and again before pip was done, which fails for want of this
        run_first_cell()
    (session / "trois-lignes" / "mine").touch()
    run_first_cell()
    assert (session / "trois-lignes" / "mine").exists() and not (session / "part").exists()
    asked = f"install --quiet -r {session}/trois-lignes/requirements-kernel.txt\n"
    assert (tmp_path / "pip.txt").read_text() == asked


def parameters_of(notebook):
    """The names of all parameters, by cell: some stand in the tagged one, the others folded before it."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return {i: names for i, cell in enumerate(cells) if (names := re.findall(r"^([A-Z][A-Z_]+) =", cell.source, re.M))}


@pytest.mark.parametrize("name", NOTEBOOKS)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_each_notebook_has_one_cell_of_parameters_each_explained_and_a_badge(name, language):
    notebook = opened(name, language)
    tagged = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    assert len(tagged) == 1 and f'LANGUAGE = "{language}"' in tagged[0].source
    place = "notebooks/" if language == "en" else "notebooks/fr/"
    assert notebook.cells[0].cell_type == "markdown" and f"{place}{name}.ipynb" in notebook.cells[0].source
    table = next(cell.source for cell in notebook.cells if re.match(r"## Param[eè]t", cell.source))
    first_cells = re.findall(r"^\| (`.*?) \|", table, re.M)
    explained = [one for cell in first_cells for one in re.findall(r"`([A-Z_]+)`", cell)]
    given = [one for names in parameters_of(notebook).values() for one in names if one != "RUN_FOLDER"]
    assert sorted(explained) == sorted(given)


def test_what_a_run_changes_comes_after_all_parameters():
    """papermill puts the parameters of a run below the tagged cell: what stands further down would win over them."""
    notebook = opened("Training")
    tagged = next(i for i, cell in enumerate(notebook.cells) if "parameters" in cell.metadata.get("tags", []))
    later = "\n".join(cell.source for cell in notebook.cells[tagged + 1 :] if cell.cell_type == "code")
    assert not re.findall(r"^(?!RUN_FOLDER)([A-Z_]+) =", later, re.M)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_both_languages_have_the_same_cells_code_links_and_numbers(name):
    english, french = opened(name).cells, opened(name, "fr").cells
    assert [cell.cell_type for cell in english] == [cell.cell_type for cell in french]
    assert [cell.metadata for cell in english] == [cell.metadata for cell in french]
    for one, other in zip(english, french, strict=True):
        if one.cell_type == "code":
            assert other.source == one.source.replace('LANGUAGE = "en"', 'LANGUAGE = "fr"')
            continue
        assert one.source.strip() and other.source.strip() and other.source != one.source
        assert typeset(other.source) == other.source, "no line begins with a French mark"
        there, here = (re.sub(r"\]\([^)]*/(?:en/|fr/)?", "](", text) for text in (one.source, other.source))
        assert re.findall(r"\]\(\S+\)", there) == re.findall(r"\]\(\S+\)", here)
        assert numbers_in(one.source) == numbers_in(other.source)
        assert set(re.findall(r"`([^`]+)`", one.source)) - {"data/<name>/"} == (
            set(re.findall(r"`([^`]+)`", other.source)) - {"data/<nom>/"}
        )


def numbers_in(text):
    """The numbers of a text as values, whatever its language writes them like; links and code left out."""
    plain = re.sub(r"\]\([^)]*\)|`[^`]*`|\$[^$]*\$", "", text)
    plain = re.sub(r"(?<=\d)[,\u202f](?=\d{3})", "", plain).replace("\u202f", " ")
    return sorted(float(one.replace(",", ".")) for one in re.findall(r"\d+(?:[.,]\d+)?", plain))


@pytest.mark.parametrize("name", NOTEBOOKS)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_stored_picture_has_a_text_and_a_caption_and_a_sentence_above_it(name, language):
    notebook = opened(name, language)
    shown = pictures(notebook)
    assert len(shown) >= {"Training": 7, "Inference": 5, "Inference+": 10, "Compare": 5}[name]
    for html in shown:
        assert re.search(r'alt="[^"]{20,}"', html) and re.search(r"<figcaption><em>[^<]{5,}</em></figcaption>", html)
    for i, cell in enumerate(notebook.cells):
        if cell.cell_type == "code" and "<img" in str(cell.outputs):
            told_above = notebook.cells[i - 1].cell_type == "markdown" or "text/markdown" in cell.outputs[0].data
            assert told_above, cell.source


@pytest.mark.parametrize("name", NOTEBOOKS)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_no_stored_notebook_shows_a_warning_a_folder_of_this_machine_or_a_long_table(name, language):
    cells = [cell for cell in opened(name, language).cells if cell.cell_type == "code"]
    for cell in cells:
        for output in cell.outputs:
            assert output.get("name") != "stderr", output.text
            words = output.get("text", "") + output.get("data", {}).get("text/markdown", "")
            assert "Warning" not in words and not re.search(r"(?<![\w.])/(?:home|root|work|tmp|Users)/", words)
            seen = re.sub(r"<details>.*?</details>", "", words, flags=re.S)
            assert len(re.findall(r"^\|", seen, re.M)) <= 8  # a head, a rule, six rows


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_code_is_short_or_folded(name):
    for cell in opened(name).cells:
        if cell.cell_type == "code" and not cell.metadata.get("jupyter", {}).get("source_hidden"):
            assert len(cell.source.splitlines()) <= (12 if "parameters" in cell.metadata.get("tags", []) else 8), (
                cell.source
            )
        elif cell.cell_type == "code":
            assert cell.source.startswith("# @title ") and cell.metadata["cellView"] == "form"


@pytest.mark.parametrize("name", NOTEBOOKS)
@pytest.mark.parametrize("place", [".", "notebooks", "run/demo", "notebooks/mine/deep"])
def test_the_first_cell_finds_the_project_upwards_from_any_folder(tmp_path, monkeypatch, name, place):
    notebook = opened(name)
    cell = next(cell.source for cell in notebook.cells if cell.cell_type == "code")
    code = re.sub(r"^( +)[!%].*", r"\1pass", cell, flags=re.M)  # what Colab alone would fetch
    for folder in ("models", place):
        (tmp_path / "project" / folder).mkdir(parents=True, exist_ok=True)
    (tmp_path / "project" / "models" / "WGANGP.py").touch()
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path / "project" / place)
    exec(compile(code, name, "exec"), {})
    assert Path.cwd() == tmp_path / "project" and sys.path[0] == str(tmp_path / "project")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"lies in no folder of the project"):
        exec(compile(code, name, "exec"), {})


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_no_notebook_defines_what_another_needs(name):
    notebook = opened(name)
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    assert not [source for source in code if re.search(r"^(def|class) ", source, re.M)]
