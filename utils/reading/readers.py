"""The reader of any rule set: one that ships, one kept beside the data set, or one made now."""

import hashlib
import os
from functools import lru_cache
from pathlib import Path
from types import ModuleType

import lines
from lines.registry import name_of
from utils.reading.adherence import calibrate
from utils.reading.reader import Reader, load
from utils.reading.teaching import MINUTES, teach

SHIPPED = Path(__file__).resolve().parents[2] / "data" / "readers"
KEPT = Path("data") / ".readers"  # of rules of one's own


def reader_of(
    rules: str | os.PathLike | ModuleType, minutes: float = MINUTES, kept: str | os.PathLike = KEPT
) -> Reader:
    """The reader of a rule set. The first time that a rule of one's own is read, it is made, in some five minutes.

    Args:
        rules: a rule set, its name in the gallery, or the path of a .py file.
        minutes: time limit of the training, where it is made.
        kept: the folder in which readers of one's own rules are kept, under a name that changes with the rule's code.

    Returns:
        A calibrated `Reader`.

    Raises:
        ValueError: there is no such rule set, or nothing of it can be read.
    """
    if not isinstance(rules, ModuleType):
        rules = lines.rules(rules)
    name = name_of(rules)
    shipped = SHIPPED / f"{name}.npz"
    if rules.__name__.startswith("lines.") and shipped.exists():
        return _loaded(shipped, shipped.stat().st_mtime_ns)
    path = Path(kept) / f"{name}-{digest_of(rules)}.npz"
    if path.exists() and path.with_suffix(".json").exists():
        return _loaded(path.resolve(), path.stat().st_mtime_ns)
    print(
        f"No reader of {name} is there yet: one is made now, in {minutes:g} minutes or so, and kept in {path.parent}/."
    )
    reader = make(rules, minutes)
    reader.save(path)
    return reader


@lru_cache(maxsize=4)
def _loaded(path: Path, changed: int) -> Reader:
    """The reader of a file, loaded once as long as the file stays the same: its network takes a second to build."""
    return load(path)


def make(rules: ModuleType, minutes: float = MINUTES, seed: int = 0) -> Reader:
    """Teach and calibrate a reader."""
    reader = teach(rules, minutes, seed=seed)
    calibrate(reader, rules, seed + 2)
    return reader


def digest_of(rules: ModuleType) -> str:
    """Eight hexadecimal digits of a rule set's code: a changed rule wants another reader."""
    return hashlib.sha256(Path(rules.__file__).read_bytes()).hexdigest()[:8]
