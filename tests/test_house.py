"""The rooms of the house and their floors: arrows run one way, from a room to rooms below its own.

A room is a package or module of `utils`, the packages `lines`, `benchmarks` and `demo`, and each module or package of
`models`. Imports inside functions count as those at the top of a file do. To count them:

    python tests/test_house.py
"""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FLOORS = (  # from the ground up; rooms on one floor do not know each other
    {"utils.progress", "utils.quiet", "utils.images", "utils.speech"},
    {"utils.files"},
    {"utils.figures", "utils.colab"},
    {"utils.loaders", "lines"},
    {"utils.reading", "utils.super_resolution"},
    {"utils.latent"},
    {"utils.runs"},
    {"models.engine", "models.SuperResolution"},
    {"models.losses", "models.critic", "models.generators", "models.augmentation"},
    {"models.recipes"},
    {"models.WGANGP", "models.CVAE"},
    {"models.plan"},
    {"utils.explorer", "utils.z_anim", "models.train", "models.rule", "models.session"},
    {"benchmarks", "demo"},
)
FLOOR = {room: number for number, floor in enumerate(FLOORS) for room in floor}
PACKAGES = ("utils", "models", "lines", "benchmarks", "demo")
WHOLE = ("lines", "benchmarks", "demo")  # packages that are one room


def module_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module):
    """The room that a module lies in, or None for the empty doors `utils` and `models`."""
    package, _, rest = module.partition(".")
    return package if package in WHOLE else f"{package}.{rest.split('.')[0]}" if rest else None


def modules():
    """All modules of the project, {name: path}."""
    return {module_of(path): path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))}


def imports(path, known):
    """The project's modules that a file imports: a list of (line, module)."""
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, name.name) for name in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            for name in node.names:
                inner = f"{node.module}.{name.name}"
                found.append((node.lineno, inner if inner in known else node.module))
    return [(line, module) for line, module in found if module.split(".")[0] in PACKAGES]


def arrows():
    """Arrows between rooms: {(from, to): where}, `where` as <file>:<line>."""
    known, found = modules(), {}
    for module, path in known.items():
        for line, other in imports(path, known):
            ends = room_of(module), room_of(other)
            if None not in ends and ends[0] != ends[1]:
                found.setdefault(ends, f"{path.relative_to(ROOT)}:{line}")
    return found


def module_circles():
    """Circles of modules, also within a room: a list of lists of names; imports inside functions left out."""
    known = modules()
    graph = {module: set() for module in known}
    for module, path in known.items():
        top = {
            node.lineno
            for node in ast.parse(path.read_text("utf-8")).body
            if isinstance(node, ast.Import | ast.ImportFrom)
        }
        graph[module] = {other for line, other in imports(path, known) if line in top and other in known} - {module}
    circles, state = [], {}

    def visit(module, way):
        state[module] = "open"
        for other in sorted(graph[module]):
            if state.get(other) == "open":
                circles.append([*way[way.index(other) :], other] if other in way else [module, other])
            elif other not in state:
                visit(other, [*way, other])
        state[module] = "done"

    for module in graph:
        if module not in state:
            visit(module, [module])
    return circles


def test_every_module_lies_in_a_room_that_has_a_floor():
    rooms = {room_of(module) for module in modules()} - {None}
    assert rooms == set(FLOOR)


def test_a_room_imports_only_from_floors_below_its_own():
    upwards = {ends: where for ends, where in arrows().items() if FLOOR[ends[1]] >= FLOOR[ends[0]]}
    assert not upwards, "\n".join(f"{where}: {a} imports {b}" for (a, b), where in upwards.items())


def test_no_modules_import_each_other_in_a_circle():
    assert module_circles() == []


@pytest.mark.parametrize("line", ["from utils.latent import paths", "import utils.runs", "from utils import explorer"])
def test_an_arrow_that_runs_up_would_be_seen(tmp_path, line):
    source = tmp_path / "lower.py"
    source.write_text(f"def later():\n    {line}\n")
    ((_, module),) = imports(source, modules())
    assert FLOOR[room_of(module)] > FLOOR["utils.files"]


def main():
    found = arrows()
    print(f"{len(FLOOR)} rooms on {len(FLOORS)} floors, {len(found)} arrows,", end=" ")
    print(f"{sum(FLOOR[b] >= FLOOR[a] for a, b in found)} upwards, {len(module_circles())} circles of modules")
    for number, floor in reversed(list(enumerate(FLOORS))):
        print(f"{number:3} {', '.join(sorted(floor))}")


if __name__ == "__main__":
    main()
