"""The doors of the rooms: what notebooks and pages call through one is in its `__all__`."""

import ast
import importlib
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOORS = ("figures", "latent", "loaders", "reading", "runs", "super_resolution")


def sources():
    """The code of all notebooks and the Python examples of all pages."""
    for path in sorted((ROOT / "notebooks").rglob("*.ipynb")):
        cells = [cell for cell in json.loads(path.read_text("utf-8"))["cells"] if cell["cell_type"] == "code"]
        yield from (re.sub(r"^(\s*)[!%].*", r"\1pass", "".join(cell["source"]), flags=re.M) for cell in cells)
    for path in sorted([*ROOT.glob("README*.md"), *(ROOT / "docs").rglob("*.md")]):
        yield from re.findall(r"```python\n(.*?)```", path.read_text("utf-8"), re.S)


def called_through(door):
    """Names that are imported from a door, or called as <door>.<name>."""
    found = set()
    for source in sources():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ImportFrom) and node.module == f"utils.{door}":
                found |= {name.name for name in node.names}
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == door:
                found.add(node.attr)
    return {name for name in found if not (ROOT / "utils" / door / f"{name}.py").exists()}


@pytest.mark.parametrize("door", DOORS)
def test_what_is_called_through_a_door_is_promised_there(door):
    assert called_through(door) <= set(importlib.import_module(f"utils.{door}").__all__)


def test_the_doors_are_used():
    called = {door: called_through(door) for door in DOORS}
    assert {"generate_latent_points", "interpolate_points", "film"} <= called["latent"]
    assert {"animate", "plot_generated", "show_vectors"} <= called["figures"]
    assert sum(map(len, called.values())) > 30
