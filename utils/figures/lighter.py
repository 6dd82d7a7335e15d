"""Reduce the pictures stored in notebooks and folders: `python -m utils.figures.lighter notebooks docs`.

Figures and films shown by our code, as HTML, are light already. Cells may also show files by themselves, for example
sheets with `display(Image(path))`; `make notebooks` reduces these last, in the notebook's file only. Pictures get a
palette if they look the same (`lighter_png`); the metadata of the run (papermill's, times of execution, states of
widgets) goes, as do widgets, which need a kernel, and the cell of parameters that papermill put in. All else stays.
"""

import argparse
import base64
import json
import os
import re
from pathlib import Path

from utils.figures.palettes import lighter_png, within_notebook
from utils.files import write_bytes

# of notebooks and cells; different after every run, and a widget's state is of no use without its kernel
RUN_METADATA = ("papermill", "execution", "widgets")
PICTURE = re.compile(r"(?<=data:image/png;base64,)[A-Za-z0-9+/=]+")
WIDGET = "application/vnd.jupyter.widget-view+json"  # shows nothing without its kernel
INJECTED = "injected-parameters"  # papermill's tag


def lighten(path: str | os.PathLike) -> int:
    """Rewrite a notebook or PNG if it can be lighter.

    Args:
        path: a file in .ipynb or .png.

    Returns:
        The number of bytes saved.

    Raises:
        ValueError: the file has another ending, or is not what its ending says.
    """
    path = Path(path)
    kinds = {".ipynb": lighter_notebook, ".png": lighter_png}
    if path.suffix not in kinds:
        raise ValueError(f"{path} is neither a notebook (.ipynb) nor a picture (.png)")
    before = path.read_bytes()
    try:
        after = kinds[path.suffix](before)
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        raise ValueError(f"{path} cannot be read as {path.suffix}: {error}") from error
    if after != before:
        write_bytes(path, after)
    return len(before) - len(after)


def lighter_notebook(content: bytes) -> bytes:
    """Reduce a notebook's file: only pictures and what belongs to the run change."""
    notebook = json.loads(content)
    notebook["cells"] = [cell for cell in notebook["cells"] if INJECTED not in cell["metadata"].get("tags", [])]
    for part in (notebook, *notebook["cells"]):
        for key in RUN_METADATA:
            part["metadata"].pop(key, None)
    for cell in notebook["cells"]:
        if "outputs" in cell:
            cell["outputs"] = [output for output in cell["outputs"] if WIDGET not in output.get("data", {})]
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "image/png" in data:
                png = base64.b64decode(_text(data["image/png"]))
                light = lighter_png(png, output.get("metadata", {}).get("image/png", {}).get("width"))
                if light is not png:
                    data["image/png"] = base64.b64encode(light).decode()
            if "data:image/png" in _text(data.get("text/html", "")):
                html = PICTURE.sub(lambda found: _within(found[0]), _text(data["text/html"]))
                data["text/html"] = html.splitlines(keepends=True)
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()


def _within(encoded: str) -> str:
    """A picture in base64, with fewer colours if it is too heavy for a notebook."""
    return base64.b64encode(within_notebook(base64.b64decode(encoded))).decode()


def _text(value: str | list[str]) -> str:
    """Join a text that a notebook's file stores as one string or as a list of lines."""
    return value if isinstance(value, str) else "".join(value)


def files_of(path: str | os.PathLike) -> list[Path]:
    """The notebooks and PNG files below a folder; a file itself."""
    path = Path(path)
    return sorted(found for kind in ("*.ipynb", "*.png") for found in path.rglob(kind)) if path.is_dir() else [path]


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m utils.figures.lighter", description="Reduce stored pictures.")
    parser.add_argument(
        "paths",
        nargs="+",
        help="notebooks, PNG files, or folders of them (not a run's images, whose exact pixels matter)",
        metavar="PATH",
    )
    for path in (file for given in parser.parse_args(arguments).paths for file in files_of(given)):
        saved = lighten(path)
        if saved:
            print(f"{path}: lighter by {saved / 1000:.0f} kB, now {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
