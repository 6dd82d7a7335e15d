"""The registry of rule sets: `rules("molnar")` is lines/molnar.py, `rules("mine.py")` a file of your own.

A rule set is a Python file with two functions, `sample(n, seed)` and `draw(parameters, size)`; a file in this folder
needs no other registration. A file given by its path is executed like any Python program: give only files that you
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
LANGUAGES = ("en", "fr")


def rule_names() -> list[str]:
    """The names of the rule sets in this folder, sorted, a list of strings; no rule set is executed."""
    return sorted(path.stem for path in _FOLDER.glob("*.py") if _NAME.fullmatch(path.stem) and _has_functions(path))


def rules(name: str | os.PathLike) -> ModuleType:
    """Load a rule set as a module: `.sample(n, seed)` samples parameters, `.draw(parameters, size)` draws images.

    Args:
        name: name of a file in the folder lines/, without .py ("lines", "molnar", "nees", "nake", "mohr", ...), or the
            path of a Python file, with .py. The file's name becomes that of the data set: small letters, digits and _.

    Returns:
        The module.

    Raises:
        ValueError: an unknown name, or a file without one of the two functions.
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
    """The name of a rule set, which its files and folder have: lines, molnar, ..."""
    return module.__name__.rpartition(".")[2]


def parameter_names(module: ModuleType, language: str = "en") -> dict[str, str]:
    """What the parameters of a rule set are called for people.

    Args:
        module: the rule set. Its dict `NAMES`, if it has one, maps parameters to an English and a French name, and
            where the values are kinds rather than amounts, to the pairs of names of these as well.
        language: "en" or "fr".

    Returns:
        Dict, parameter -> name; a parameter without a name keeps its own.
    """
    named, number = getattr(module, "NAMES", {}), LANGUAGES.index(language)
    return {name: named[name][number] if name in named else name for name in module.sample(1, 0)}


def value_names(module: ModuleType, parameter: str, language: str = "en") -> list[str] | None:
    """The names of a parameter's values 0, 1, 2 ... where they are kinds, such as pens; None where they are amounts."""
    named = getattr(module, "NAMES", {}).get(parameter, ())
    return [pair[LANGUAGES.index(language)] for pair in named[2]] if len(named) > 2 else None


def _has_functions(path: Path) -> bool:
    text = path.read_text(encoding="utf-8")
    return all(re.search(rf"^def {function}\(", text, re.MULTILINE) for function in FUNCTIONS)
