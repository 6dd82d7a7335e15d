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

import numpy as np

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
        ValueError: an unknown name, a file without one of the two functions, or one with the name of another rule set.
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
    if path.stem in rule_names() and path.resolve().parent != _FOLDER.resolve():
        raise ValueError(f"{path.stem!r} is the name of a rule of the gallery; give the file {path} another name")
    specification = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    missing = [function for function in FUNCTIONS if not callable(getattr(module, function, None))]
    if missing:
        raise ValueError(
            f"{path} lacks {' and '.join(missing)}; a rule set has sample(n, seed) and draw(parameters, size)"
        )
    return module


def sampled(module: ModuleType, n: int, seed: int | np.random.Generator | None = None, **choices) -> dict:
    """Sample the parameters of a rule set, and check that they are numbers, one an image.

    Args:
        module: the rule set.
        n: number of images.
        seed: int, a generator, or None. A file of your own is given an int also where a generator is meant, for its
            `sample` may know no other seed.
        **choices: further arguments of its `sample`.

    Returns:
        Dict, name -> array (n,) of whole numbers, floats or booleans.

    Raises:
        ValueError: a parameter of another shape, of words, not finite, or with a name that the table has already.
    """
    if isinstance(seed, np.random.Generator) and module.__name__ == name_of(module):
        seed = int(seed.integers(2**31))
    parameters = {key: np.asarray(values) for key, values in module.sample(n, seed, **choices).items()}
    for key, values in parameters.items():
        given = f"sample of the rules {name_of(module)} gives {key}"
        if values.shape != (n,):
            raise ValueError(
                f"{given} the shape {values.shape} for {n} images; a parameter is one number an image, ({n},)"
            )
        if values.dtype.kind not in "biuf":
            raise ValueError(
                f"{given} as {str(values[0])!r}; a parameter is a number: give a word's place in a list, 0, 1, 2 ..."
            )
        if not np.isfinite(values).all():
            raise ValueError(f"{given} as nan or infinity; a parameter is a number: 0, say, where an image has none")
        if key == "file":
            raise ValueError(f"{given}; the table of parameters has a column of this name: choose another")
    return parameters


def drawn(module: ModuleType, parameters: dict, size: int) -> np.ndarray:
    """Draw the images of parameters, and check that they are images.

    Args:
        module: the rule set.
        parameters: as `sampled` gives them.
        size: side in pixels.

    Returns:
        uint8 (n, size, size, 3).

    Raises:
        ValueError: `draw` gives something else.
    """
    images = module.draw(parameters, size)
    expected = (len(next(iter(parameters.values()))), size, size, 3)
    if getattr(images, "dtype", None) != np.uint8 or images.shape != expected:
        found = f"{images.dtype} {images.shape}" if isinstance(images, np.ndarray) else type(images).__name__
        raise ValueError(f"draw of the rules {name_of(module)} gives {found}; an array uint8 {expected} is needed")
    return images


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
