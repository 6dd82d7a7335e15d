"""The two READMEs say the same, and what they say is there: commands, numbers, links, names."""

import ast
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import lines
from utils import colab, figures, latent
from utils.files.image_files import IMAGE_SUFFIXES

ROOT = Path(__file__).resolve().parents[1]
FRENCH, ENGLISH = "README.md", "README_EN.md"
TEXT = {name: (ROOT / name).read_text(encoding="utf-8") for name in (FRENCH, ENGLISH)}
NOTEBOOKS = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("notebooks/*.ipynb"))

FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
TARGET = re.compile(r"\]\(([^)\s]+)\)|\b(?:src|href)=\"([^\"]+)\"")
NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
QUICK = {"lines", "latent", "figures"}  # what an example may import to be run at every test


def each(*names):
    return pytest.mark.parametrize("name", names)


# Reading Markdown ----------------------------------------------------------------------------------------------------


def blocks(name, *languages):
    """The fenced blocks in these languages, without comments."""
    found = [body for language, body in FENCED.findall(TEXT[name]) if language in languages]
    return [re.sub(r"(?:^|[ \t]+)#\s.*$", "", body, flags=re.MULTILINE).strip() for body in found]


def prose(name):
    return FENCED.sub("", TEXT[name])


def sections(text):
    """[(title, text), ...] by headings of the second level."""
    return [tuple(part.split("\n", 1)) for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]]


def tables(name):
    """A list of rows for each table, a row a list of cells."""
    found = re.findall(r"(?:^\|.*\n)+", prose(name), flags=re.MULTILINE)
    return [[row.strip("|").split("|") for row in table.splitlines()] for table in found]


def table_of(name, cell):
    """The rows of the table whose first row begins with this cell: {first cell: other cells}, without backticks."""
    table = next(table for table in tables(name) if f"`{cell}`" in table[2][0])
    rows = [[text.strip(" `") for text in row] for row in table[2:]]
    return {first: rest for first, *rest in rows}


def numbers(text, name):
    """The numbers in a text, in order, written alike: French writes 1 234,5 where English writes 1,234.5."""
    if name == FRENCH:
        text = re.sub(r"(?<=[0-9])[\u202f\u00a0 ](?=[0-9]{3}(?![0-9]))", "", text)
        text = re.sub(r"(?<=[0-9]),(?=[0-9])", ".", text)
    else:
        text = re.sub(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))", "", text)
    return NUMBER.findall(text)


def targets(name):
    """Where links and pictures lead."""
    return [first or second for first, second in TARGET.findall(prose(name))]


def anchors(name):
    """The anchors that GitHub gives to headings."""
    titles = re.findall(r"^#+ (.+)$", prose(name), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-") for title in titles}


def imports(code):
    """The last part of every name that a piece of Python imports."""
    nodes = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Import | ast.ImportFrom)]
    return {alias.name.rpartition(".")[2] for node in nodes for alias in node.names}


# The two say the same ------------------------------------------------------------------------------------------------


def test_both_have_the_same_commands():
    assert blocks(FRENCH, "sh", "powershell", "python") == blocks(ENGLISH, "sh", "powershell", "python")


def test_both_have_the_same_headings_level_by_level():
    levels = [re.findall(r"^(#+) ", prose(name), flags=re.MULTILINE) for name in TEXT]
    assert levels[0] == levels[1]


def test_both_name_the_same_code_in_each_section():
    for (title, french), (_, english) in zip(*(sections(prose(name)) for name in TEXT), strict=True):
        assert Counter(SPAN.findall(french)) == Counter(SPAN.findall(english)), title


def test_both_hold_the_same_numbers_in_each_section():
    for (title, french), (_, english) in zip(*(sections(TEXT[name]) for name in TEXT), strict=True):
        assert Counter(numbers(french, FRENCH)) == Counter(numbers(english, ENGLISH)), title


def test_their_tables_hold_the_same_numbers_in_the_same_order():
    for french, english in zip(tables(FRENCH), tables(ENGLISH), strict=True):
        assert [len(row) for row in french] == [len(row) for row in english]
        for row, same_row in zip(french, english, strict=True):
            assert numbers("|".join(row), FRENCH) == numbers("|".join(same_row), ENGLISH)


def test_both_lead_to_the_same_places_in_the_same_order():
    def places(name):
        return [target for target in targets(name) if "#" not in target and not target.startswith("README")]

    assert places(FRENCH) == places(ENGLISH)


# Links ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", sorted({target for name in TEXT for target in targets(name)}))
def test_a_local_link_leads_to_a_file(target):
    if not re.match(r"https?://|#", target):
        assert (ROOT / target.partition("#")[0]).is_file()


@each(*TEXT)
def test_a_link_within_the_text_leads_to_a_heading(name):
    wanted = [target[1:] for target in targets(name) if target.startswith("#")]
    assert wanted
    assert [anchor for anchor in wanted if anchor not in anchors(name)] == []


@each(*TEXT, *NOTEBOOKS)
def test_badges_and_clone_lines_lead_to_the_repository(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert colab.CLONE_LINE.search(text)
    assert set(colab.NOTEBOOK_LINK.findall(text)) == ({name} if name in NOTEBOOKS else set(NOTEBOOKS))
    assert colab.addressed(text) == text


# Commands and examples -----------------------------------------------------------------------------------------------


@each(*TEXT)
def test_make_demo_and_make_test_come_before_any_other_command(name):
    assert blocks(name, "sh", "powershell", "python")[0].splitlines() == ["make demo", "make test"]
    assert not SPAN.search(TEXT[name].partition("```")[0])


@each(*TEXT)
def test_every_make_target_exists(name):
    code = [*blocks(name, "sh", "powershell"), *SPAN.findall(prose(name))]
    named = {target for text in code for target in re.findall(r"\bmake (?:[A-Z_]+=\S+ )*([a-z-]+)", text)}
    there = set(re.findall(r"^([a-z-]+):(?!=)", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert {"demo", "test"} <= named
    assert named <= there


@each(*TEXT)
def test_the_demo_trains_for_as_long_as_the_makefile_says(name):
    minutes = re.search(r"^DEMO_MINUTES \?= (\S+)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)[1]
    two_commands = sections(TEXT[name])[1][1]
    assert f"-p MINUTES {minutes}\n" in TEXT[name]
    assert re.search(rf"\b{minutes}[\u00a0 ]minutes", two_commands)


@each(*TEXT)
def test_quick_python_examples_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    examples = [code for code in blocks(name, "python") if imports(code) <= QUICK]
    assert len(examples) >= 2
    for code in examples:
        exec(compile(code, name, "exec"), {})
    assert len(list(Path("run").iterdir())) >= 2


@pytest.mark.slow
def test_all_python_examples_run_in_their_order(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines.write_dataset("data/lines", 100, seed=1, progress=False)
    code = "\n".join(blocks(ENGLISH, "python"))
    for large, small in (("divide=4", "divide=128"), ("epochs=1201", "epochs=1"), ("gan/0001", "gan/0002")):
        assert large in code
        code = code.replace(large, small)
    z = latent.generate_latent_points(100, 1, seed=1)
    figures.plot_generated(lines.draw(lines.sample(1, seed=1)), 1, folder="run/inference", show=False, z=z)
    made = {}
    exec(compile(code, ENGLISH, "exec"), made)
    assert Path("run/gan/0002_lines/generator.h5").is_file()
    assert (made["z"] == z).all()
    assert {path.name for path in Path("run").iterdir() if path.is_file()} == {"middle.png", "points.txt", "way.gif"}
    assert Path("run/large/Super Resolution 0.jpg").is_file()


# Facts ---------------------------------------------------------------------------------------------------------------


@each(*TEXT)
def test_the_table_of_arguments_holds_the_published_values(name):
    from models.recipes import published

    rows = table_of(name, "input_dim")
    assert list(rows) == list(published())
    for column, network in enumerate(("readme", "notebook"), start=1):
        for argument, value in published(network).items():
            cell = rows[argument][column]
            if isinstance(value, str | None):
                assert cell == str(value), argument
            else:
                values = value if isinstance(value, list) else [value]
                assert [float(number) for number in numbers(cell, name)] == values, argument


@each(*TEXT)
def test_the_palette_is_the_data_sets(name):
    codes = re.findall(r"`#([0-9A-F]{6})`", TEXT[name])
    assert [tuple(bytes.fromhex(code)) for code in codes] == [tuple(color) for color in lines.PALETTE.tolist()]


@each(*TEXT)
def test_the_number_of_possible_images_is_counted_right(name):
    anywhere, sketch, around_48 = 4 * 128, 4 * len(lines.POSITIONS), 4 * 8
    y2 = lines.sample(100_000, seed=1)["y2"]
    assert ((y2 >= 44) & (y2 <= 51)).mean().round(3) == 0.999
    for count in (anywhere**3, sketch**2 * around_48, sketch**3):
        assert str(count) in numbers(TEXT[name], name)


@each(*TEXT)
def test_the_options_of_python_m_lines_are_the_programs(name):
    command = [sys.executable, "-m", "lines", "--help"]
    help_text = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert set(table_of(name, "--count")) == set(re.findall(r"--[a-z]\w*", help_text)) - {"--help"}


@each(*TEXT)
def test_every_image_format_is_named(name):
    assert [suffix for suffix in IMAGE_SUFFIXES if f"`{suffix}`" not in TEXT[name]] == []


@each(*TEXT)
def test_every_room_of_the_house_is_there(name):
    house = next(body for body in blocks(name, "text") if body.startswith("README"))
    rooms = {room for line in house.splitlines() for room in re.split(r"\s{3,}", line)[0].split()}
    made_later = {"data/", "run/"}
    assert made_later < rooms
    assert [room for room in rooms - made_later if not (ROOT / room).exists()] == []
