"""The pages in French and in English say the same, and what they say is there: commands, numbers, links, names."""

import ast
import json
import os
import pkgutil
import re
import shlex
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import demo
import lines
from utils import colab, figures, latent
from utils.files.image_files import IMAGE_SUFFIXES

ROOT = Path(__file__).resolve().parents[1]
FRENCH, ENGLISH = "README.md", "README_EN.md"
DOOR = (FRENCH, ENGLISH)
MOST_LINES = 170  # of a door


def all_pages():
    """Every .md file of the project: none that a tool or a run has left."""
    found = [ROOT / "run" / "README.md"]
    for folder, inside, names in os.walk(ROOT):
        made = {"run", "data"} if Path(folder) == ROOT else {"site-packages"}
        inside[:] = [name for name in inside if name not in made and not name.startswith(".")]
        found += [Path(folder, name) for name in names if name.endswith(".md")]
    return sorted(path.relative_to(ROOT).as_posix() for path in found)


PAGES = all_pages()
TEXT = {name: (ROOT / name).read_text(encoding="utf-8") for name in PAGES}
PAIRS = [DOOR, *((name, name.replace("/fr/", "/en/")) for name in PAGES if name.startswith("docs/fr/"))]
OWN = [name for pair in PAIRS for name in pair if name in TEXT]  # the pages that are written in both languages
LOGS = {"benchmarks/LOG.md", "benchmarks/LEADERBOARD.md"}  # what was true on their days
NOTEBOOKS = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("notebooks/**/*.ipynb"))

FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
TARGET = re.compile(r"\]\(([^)\s]+)\)|\b(?:src|href)=\"([^\"]+)\"")
NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
RUN = re.compile(r"python -m ([\w.]+)([^\n#`]*)")
ADDRESS = re.compile(r"[a-z]+://")
QUICK = {"lines", "latent", "figures"}  # what an example may import to be run at every test

both = pytest.mark.parametrize(("french", "english"), PAIRS, ids=[french for french, _ in PAIRS])


def each(*names):
    return pytest.mark.parametrize("name", names)


def page(subject):
    """Both pages of a subject, as a parameter of a test."""
    return each(f"docs/fr/{subject}.md", f"docs/en/{subject}.md")


# Reading Markdown ----------------------------------------------------------------------------------------------------


def blocks(name, *languages):
    """The fenced blocks in these languages, without comments."""
    found = [body for language, body in FENCED.findall(TEXT[name]) if language in languages]
    return [re.sub(r"(?:^|[ \t]+)#\s.*$", "", body, flags=re.MULTILINE).strip() for body in found]


def prose(name):
    return FENCED.sub("", TEXT[name])


def code(name):
    """Commands and names: fenced blocks, and what stands between backticks."""
    return [*blocks(name, "sh", "powershell", "python", ""), *SPAN.findall(prose(name))]


def is_french(name):
    return name == FRENCH or name.startswith("docs/fr/")


def sections(text):
    """[(title, text), ...] by headings of the first and second level."""
    return [tuple(part.split("\n", 1)) for part in re.split(r"^##? ", text, flags=re.MULTILINE)[1:]]


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
    if is_french(name):
        text = re.sub(r"(?<=[0-9])[\u202f\u00a0 ](?=[0-9]{3}(?![0-9]))", "", text)
        text = re.sub(r"(?<=[0-9]),(?=[0-9])", ".", text)
    else:
        text = re.sub(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))", "", text)
    return NUMBER.findall(text)


def targets(name):
    """Where links and pictures lead."""
    return [first or second for first, second in TARGET.findall(prose(name))]


def headings(name):
    return re.findall(r"^(#+) (.+)$", prose(name), flags=re.MULTILINE)


def anchors(name):
    """The anchors that GitHub gives to headings, in their order."""
    titles = [re.sub(r"[`*]|\]\([^)]*\)", "", title) for _, title in headings(name)]
    plain = [re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-") for title in titles]
    return [f"{anchor}-{n}" if (n := plain[:i].count(anchor)) else anchor for i, anchor in enumerate(plain)]


def led_to(name, target):
    """The file and the anchor that a relative link leads to, from the project's folder; the anchor may be empty."""
    path, _, anchor = target.partition("#")
    whole = (ROOT / name).parent / path if path else ROOT / name
    return whole.resolve().relative_to(ROOT).as_posix(), anchor


def place(name, target):
    """Where a link leads, in either language alike: an address, or (file, number of the heading)."""
    if ADDRESS.match(target):
        return target.replace("notebooks/fr/", "notebooks/")
    file, anchor = led_to(name, target)
    number = anchors(file).index(anchor) if anchor else None
    file = FRENCH if file == ENGLISH else file.replace("docs/en/", "docs/fr/").replace("notebooks/fr/", "notebooks/")
    return file, number


def imports(text):
    """The last part of every name that a piece of Python imports."""
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import | ast.ImportFrom)]
    return {alias.name.rpartition(".")[2] for node in nodes for alias in node.names}


# The two say the same ------------------------------------------------------------------------------------------------


def test_each_page_is_there_in_both_languages():
    names = [{path.name for path in (ROOT / "docs" / language).iterdir()} for language in ("fr", "en")]
    assert names[0] == names[1] >= {"README.md", "data.md", "training.md"}


@both
def test_both_have_the_same_commands(french, english):
    assert blocks(french, "sh", "powershell", "python") == blocks(english, "sh", "powershell", "python")


@both
def test_both_have_the_same_blocks_in_the_same_order(french, english):
    def shapes(name):
        """Languages of the blocks; of text, which is told in the page's own words, what stands before the words."""
        first = re.compile(r"^ *(\S.*?)(?:\s{3,}.*)?$", re.MULTILINE)
        found = FENCED.findall(TEXT[name])
        return [(language, first.findall(body) if language == "text" else None) for language, body in found]

    assert shapes(french) == shapes(english)


@both
def test_both_have_the_same_headings_level_by_level(french, english):
    assert [level for level, _ in headings(french)] == [level for level, _ in headings(english)]


@both
def test_both_name_the_same_code_in_each_section(french, english):
    for (title, text), (_, same) in zip(*(sections(prose(name)) for name in (french, english)), strict=True):
        plain = [Counter(re.sub(r"<num\w+>", "<n>", span) for span in SPAN.findall(part)) for part in (text, same)]
        assert plain[0] == plain[1], title


@both
def test_both_hold_the_same_numbers_in_each_section(french, english):
    for (title, text), (_, same) in zip(*(sections(TEXT[name]) for name in (french, english)), strict=True):
        assert Counter(numbers(text, french)) == Counter(numbers(same, english)), title


@both
def test_their_tables_hold_the_same_numbers_in_the_same_order(french, english):
    for table, same_table in zip(tables(french), tables(english), strict=True):
        assert [len(row) for row in table] == [len(row) for row in same_table]
        for row, same_row in zip(table, same_table, strict=True):
            assert numbers("|".join(row), french) == numbers("|".join(same_row), english)


@both
def test_both_lead_to_the_same_places_in_the_same_order(french, english):
    places = [[place(name, target) for target in targets(name)] for name in (french, english)]
    assert places[0] == places[1]


@each(*OWN)
def test_only_its_first_link_leads_to_the_other_language(name):
    other = [led_to(name, target)[0] for target in targets(name) if not ADDRESS.match(target)]
    other = [file for file in other if file in OWN and is_french(file) != is_french(name)]
    assert other == [dict([*PAIRS, *(pair[::-1] for pair in PAIRS)])[name]]


@each(*(french for french, _ in PAIRS))
def test_no_line_breaks_before_a_french_mark(name):
    plain = TARGET.sub("", SPAN.sub("", prose(name)))
    assert re.findall(r".{12} [:;?!](?=\s|$|\))", plain) == []


# Links and names -----------------------------------------------------------------------------------------------------


@each(*PAGES)
def test_every_link_and_picture_leads_to_a_file(name):
    local = [target for target in targets(name) if not ADDRESS.match(target)]
    assert [target for target in local if not (ROOT / led_to(name, target)[0]).exists()] == []


@each(*PAGES)
def test_every_link_to_a_heading_leads_to_one(name):
    wanted = [led_to(name, target) for target in targets(name) if "#" in target and not ADDRESS.match(target)]
    assert [(file, anchor) for file, anchor in wanted if anchor not in anchors(file)] == []


@each(*DOOR, *NOTEBOOKS)
def test_badges_and_clone_lines_lead_to_the_repository(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert colab.CLONE_LINE.search(text)
    assert set(colab.NOTEBOOK_LINK.findall(text)) == ({name} if name in NOTEBOOKS else set(NOTEBOOKS))
    assert colab.addressed(text) == text


@each("docs/fr/README.md", "docs/en/README.md", *DOOR)
def test_every_page_is_listed(name):
    folder = "docs/fr" if is_french(name) else "docs/en"
    listed = {led_to(name, target)[0] for target in targets(name) if not ADDRESS.match(target)}
    assert {path.relative_to(ROOT).as_posix() for path in (ROOT / folder).glob("*.md")} - {name} <= listed


@each(*(name for name in PAGES if name not in LOGS))
def test_every_dotted_name_is_there(name):
    ends = r"(?!\.?(?:md|py|pde|zip|png|h5|json|jpg|csv)\b)"
    text = "\n".join([*code(name), TEXT[name]])
    named = set(re.findall(rf"(?<![\w./\\-])(?:utils|models|lines|benchmarks|tests)(?:\.{ends}[A-Za-z_]\w*)+", text))
    for dotted in sorted(named):
        path = ROOT.joinpath(*dotted.split("."))
        if not path.is_dir() and not path.with_suffix(".py").is_file():  # then it is something within a module
            pkgutil.resolve_name(dotted)


@each(*(name for name in PAGES if name not in LOGS))
def test_every_path_of_the_project_is_there(name):
    rooms = r"(?:docs|lines|models|utils|tests|benchmarks|notebooks|data/generators|data/upscalers|Z-anim)"
    named = {span for span in SPAN.findall(prose(name)) if re.fullmatch(rf"{rooms}/[\w./+-]*", span)}
    yours = {"tests/lines/test_waves.py"}  # the reader writes it
    assert [path for path in sorted(named - yours) if not (ROOT / path).exists()] == []


@each(*OWN)
def test_every_setting_is_a_parameter_of_a_notebook(name):
    cells = [cell for notebook in NOTEBOOKS for cell in json.loads((ROOT / notebook).read_text("utf-8"))["cells"]]
    settings = {word for cell in cells for word in re.findall(r"^([A-Z][A-Z_]+) = ", "".join(cell["source"]), re.M)}
    named = {span.partition(" = ")[0].partition("[")[0] for span in SPAN.findall(prose(name))}
    named = {word for word in named if re.fullmatch(r"[A-Z]{2,}(?:_[A-Z]+)*", word)}
    elsewhere = {"WGANGP", "CVAE", "NAMES", "PARAMETERS", "PROCESS_ID", "KERAS_BACKEND"}
    assert sorted(named - settings - elsewhere) == []


# Commands and examples -----------------------------------------------------------------------------------------------


@each(*DOOR)
def test_the_door_has_one_page(name):
    assert len(TEXT[name].splitlines()) <= MOST_LINES


@each(*DOOR)
def test_make_demo_and_make_test_come_before_any_other_command(name):
    assert blocks(name, "sh", "powershell", "python")[0].splitlines() == ["make demo", "make test"]
    assert not SPAN.search(TEXT[name].partition("```")[0])


@each(*PAGES)
def test_every_make_target_exists(name):
    text = [*blocks(name, "sh", "powershell"), *SPAN.findall(prose(name))]
    named = {target for piece in text for target in re.findall(r"\bmake (?:[A-Z_]+=\S+ )*([a-z-]+)", piece)}
    there = set(re.findall(r"^([a-z-]+):(?!=)", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert named <= there
    assert name not in DOOR or {"demo", "test", "check", "test-all"} <= named


@each(*(name for name in PAGES if name not in LOGS))
def test_every_module_that_is_run_is_there(name):
    run = {module for module, _ in RUN.findall(TEXT[name])}
    ours = {
        module for module in run if module.split(".")[0] in ("lines", "models", "utils", "benchmarks", "tests", "demo")
    }
    for module in ours:
        path = ROOT.joinpath(*module.split("."))
        assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), module


@each(*DOOR)
def test_the_demo_trains_for_as_long_as_it_says(name):
    two_commands = sections(TEXT[name])[2][1]
    assert re.search(rf"\b{demo.MINUTES}[\u00a0 ]minutes", two_commands)


def quick_examples(name):
    return [text for text in blocks(name, "python") if imports(text) <= QUICK]


@each(*filter(quick_examples, OWN))
def test_quick_python_examples_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for example in quick_examples(name):
        exec(compile(example, name, "exec"), {})
    assert any(Path("run").iterdir())


def smaller(text, sizes):
    """A piece of Python that does the same work on less: each size in it is replaced, and must be there."""
    for large, small in sizes.items():
        assert large in text
        text = text.replace(large, small)
    return text


@pytest.mark.slow
def test_the_door_s_example_runs_as_it_stands(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (example,) = blocks(ENGLISH, "python")
    sizes = {
        "10_000": "40",
        "s, steps=4001)": "s, divide=8, steps=1), n_critic_every_100th=1",
        "epochs=4001": "epochs=1",
        "[1], 60)": "[1], 3)",
    }
    exec(compile(smaller(example, sizes), ENGLISH, "exec"), {})
    assert {path.name for path in Path("run").iterdir() if path.is_file()} == {"sheet.png", "film.gif"}
    assert Path("run/gan/0002_lines/generator_ema.h5").is_file()


@pytest.mark.slow
def test_all_python_examples_run_in_their_order(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines.write_dataset("data/lines", 100, seed=1, progress=False)
    names = [f"docs/en/{subject}.md" for subject in ("data", "training", "latent", "super_resolution")]
    others = [name for name in OWN if name.startswith("docs/en/") and name not in names and blocks(name, "python")]
    assert others == [
        "docs/en/elsewhere.md",
        "docs/en/gallery.md",
        "docs/en/own_rules.md",
    ]  # whose examples have tests of their own
    text = "\n".join(block for name in names for block in blocks(name, "python"))
    text = smaller(text, {"divide=4": "divide=128", "epochs=1201": "epochs=1", "gan/0001": "gan/0002"})
    z = latent.generate_latent_points(100, 1, seed=1)
    figures.plot_generated(lines.draw(lines.sample(1, seed=1)), 1, folder="run/inference", show=False, z=z)
    made = {}
    exec(compile(text, "docs/en", "exec"), made)
    assert Path("run/gan/0002_lines/generator.h5").is_file()
    assert (made["z"] == z).all()
    assert {path.name for path in Path("run").iterdir() if path.is_file()} == {"middle.png", "points.txt", "way.gif"}
    assert Path("run/large/Super Resolution 0.jpg").is_file()


# Facts ---------------------------------------------------------------------------------------------------------------


@page("training")
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


@page("training")
def test_the_table_of_keywords_is_the_recipe_s(name):
    from models.recipes import Recipe

    keywords = Recipe().keywords() | {"precision": "auto", "seed": None}
    rows = table_of(name, "loss")
    assert set(rows) == set(keywords)
    for keyword, value in keywords.items():
        default = rows[keyword][-1]
        assert float(numbers(default, name)[0]) == value if isinstance(value, float | int) else default == str(value)
    assert len(keywords) == 19 and re.search("^(Dix-neuf mots-clés|Nineteen keywords)", TEXT[name], re.MULTILINE)


@page("gpu")
def test_the_ways_to_distribute_are_the_code_s(name):
    from models.engine.distributed import BATCHES

    line = next(line for line in TEXT[name].splitlines() if "DISTRIBUTE" in line)
    assert tuple(re.findall(r'"(\w+)"', line)) == BATCHES


@page("data")
def test_the_palette_is_the_data_sets(name):
    codes = re.findall(r"`#([0-9A-F]{6})`", TEXT[name])
    assert [tuple(bytes.fromhex(color)) for color in codes] == [tuple(color) for color in lines.PALETTE.tolist()]


@page("data")
def test_the_number_of_possible_images_is_counted_right(name):
    anywhere, sketch, around_48 = 4 * 128, 4 * len(lines.POSITIONS), 4 * 8
    y2 = lines.sample(100_000, seed=1)["y2"]
    assert ((y2 >= 44) & (y2 <= 51)).mean().round(3) == 0.999
    for count in (anywhere**3, sketch**2 * around_48, sketch**3):
        assert str(count) in numbers(TEXT[name], name)


@page("data")
def test_the_options_of_python_m_lines_are_the_programs(name):
    command = [sys.executable, "-m", "lines", "--help"]
    help_text = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert set(table_of(name, "--count")) == set(re.findall(r"--[a-z]\w*", help_text)) - {"--help"}


@page("training")
def test_the_options_of_python_m_models_train_are_the_programs(name):
    from models.recipes import STEPS
    from models.train import completed, parser

    usual = parser().parse_args([])
    completed(usual)
    rows = table_of(name, "--data")
    assert set(rows) <= set(re.findall(r"--[a-z][\w-]*", parser().format_help()))
    for option in ("data", "model", "recipe", "seed"):
        assert rows[f"--{option}"][-1] == str(getattr(usual, option))
    assert Counter(numbers(rows["--steps"][-1], name)) == Counter(map(str, STEPS.values()))


RUNS = {run for name in OWN for text in code(name) for run in RUN.findall(text)}
TRAINS = sorted({words for module, words in RUNS if module == "models.train"} - {"", " --help"})


@pytest.mark.parametrize("words", TRAINS)
def test_every_command_that_trains_is_understood(words):
    from models.train import parser

    assert parser().parse_args(shlex.split(words))


@page("own_images")
def test_every_image_format_is_named(name):
    assert [suffix for suffix in IMAGE_SUFFIXES if f"`{suffix}`" not in TEXT[name]] == []


@page("results")
def test_the_results_are_those_that_make_report_wrote(name):
    from benchmarks.results import OTHER_ROWS, ROWS

    (table,) = tables(name)
    for column, heading in enumerate(table[0][2:], start=2):
        report = json.loads((ROOT / "docs" / f"results_{heading.strip(' `')}.json").read_text(encoding="utf-8"))
        written = [f"{number(report):.1%}" for number in ROWS.values()]
        written += [number(report) for number in OTHER_ROWS.values()]
        shown = [numbers(row[column], name) for row in table[2:]]
        assert shown == [NUMBER.findall(number) for number in written]
    if not is_french(name):
        assert [row[0].strip() for row in table[2:]] == [*ROWS, *OTHER_ROWS]


@each(*DOOR)
def test_the_door_s_results_are_rows_of_the_whole_table(name):
    whole = table_rows(f"docs/{'fr' if is_french(name) else 'en'}/results.md")
    rows = [row for table in tables(name) for row in map("|".join, table) if "three_lines_128" in row or "%" in row]
    assert len(rows) == 7  # a head and six
    assert [row for row in rows if row not in whole] == []


def table_rows(name):
    return ["|".join(row) for table in tables(name) for row in table]


# The house -----------------------------------------------------------------------------------------------------------


def rooms_in(name):
    """The paths that the tree of the house shows; what is indented lies in the folder above it."""
    house = next(body for body in blocks(name, "text") if body.startswith("notebooks/"))
    rooms, above = [], ""
    for line in house.splitlines():
        names = re.split(r"\s{3,}", line.strip())[0].split()
        rooms += [f"{above if line.startswith(' ') else ''}{room}" for room in names]
        above = above if line.startswith(" ") else names[-1]
    return rooms


@each(*DOOR)
def test_every_room_of_the_house_is_there(name):
    assert [room for room in rooms_in(name) if not (ROOT / room).is_dir()] == []


@each(*DOOR)
def test_the_tree_shows_every_room(name):
    packages = [path.parent for room in ("utils", "models") for path in (ROOT / room).glob("*/__init__.py")]
    top = map(
        ROOT.joinpath, ["lines", "models", "utils", "benchmarks", "demo", "tests", "docs", "notebooks", "data", "run"]
    )
    missing = {f"{path.relative_to(ROOT).as_posix()}/" for path in [*packages, *top]} - set(rooms_in(name))
    assert missing == set()


def test_the_note_in_run_is_all_of_run_that_is_kept():
    ignored = subprocess.run(
        ["git", "check-ignore", "--no-index", "run/README.md", "run/gan/x.png", "run/README.txt", "run/a/README.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if ignored.returncode > 1:
        pytest.skip("this is no git repository")
    assert ignored.stdout.split() == ["run/gan/x.png", "run/README.txt", "run/a/README.md"]


def test_the_citation_names_the_repository():
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert len(colab.CITED.findall(text)) == 2
    assert colab.addressed(text) == text


def test_what_is_cited_is_what_the_readmes_say():
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    title = re.search(r"^title: (.*)$", text, re.MULTILINE)[1]
    year = re.search(r"^  year: (\d+)$", text, re.MULTILINE)[1]
    family = list(dict.fromkeys(re.findall(r"^ +family-names: (.*)$", text, re.MULTILINE)))[:2]
    for name in DOOR:
        line = next(line for line in TEXT[name].splitlines() if "CITATION.cff" in line)
        assert all(word in line for word in (title, year, *family))
