"""Where rule sets are found: `rules("molnar")` gives lines/molnar.py, `rules("mine.py")` a file of your own.

A rule set is a Python file with two functions, `sample(n, seed)` and `draw(parameters, size)`; one that lies in this
folder needs no other registration. A file given by its path is run like any Python program: give only files that you
trust.
"""

import importlib
import importlib.util
import os
import re
from pathlib import Path
from types import ModuleType

_FOLDER = Path(__file__).parent
_NAME = re.compile(r"[a-z][a-z0-9_]*")
FUNCTIONS = ("sample", "draw")


def rule_names() -> list[str]:
    """Name the rule sets in this folder, in the order of the alphabet, without running any."""
    return sorted(path.stem for path in _FOLDER.glob("*.py") if _NAME.fullmatch(path.stem) and _has_functions(path))


def rules(name: str | os.PathLike) -> ModuleType:
    """Give a rule set as a module: `.sample(n, seed)` draws parameters by chance, `.draw(parameters, size)` images.

    Args:
        name: of a file in the folder lines/, without .py ("lines", "molnar", "nees", "nake", "mohr", ...), or the path
            of a Python file of your own, with .py. Its name is that of the data set: small letters, digits and _.

    Returns:
        The module.

    Raises:
        ValueError: there is no such rule set, or it lacks one of the two functions.
        FileNotFoundError: there is no file at the path.

    Example:
        >>> molnar = rules("molnar")
        >>> molnar.draw(molnar.sample(4, seed=1), size=512).shape
        (4, 512, 512, 3)
    """
    path = Path(name)
    if path.suffix != ".py":
        names = rule_names()
        if str(name) not in names:
            raise ValueError(
                f"there are no rules named {str(name)!r}; choose {', '.join(names)}, or the path of a .py file"
            )
        return importlib.import_module(f"lines.{name}")
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}; give the path of a Python file with sample and draw")
    if not _NAME.fullmatch(path.stem):
        raise ValueError(
            f"the rules in {path} would give their name to files and folders, {path.stem!r}; rename the file: a small "
            "letter, then small letters, digits and _"
        )
    specification = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    missing = [function for function in FUNCTIONS if not callable(getattr(module, function, None))]
    if missing:
        raise ValueError(
            f"{path} lacks {' and '.join(missing)}; a rule set has sample(n, seed) and draw(parameters, size)"
        )
    return module


def name_of(module: ModuleType) -> str:
    """The name of a rule set, which its files and folder take: lines, molnar, ..."""
    return module.__name__.rpartition(".")[2]


def _has_functions(path: Path) -> bool:
    text = path.read_text(encoding="utf-8")
    return all(re.search(rf"^def {function}\(", text, re.MULTILINE) for function in FUNCTIONS)
