"""What the command lines share: values within bounds, and errors on one line instead of a traceback."""

import argparse
import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from utils.files.errors import one_line


def from_on(least: float, kind: Callable = int, most: float = math.inf) -> Callable[[str], float]:
    """A `type` of argparse for numbers within bounds.

    Args:
        least, most: the bounds, themselves included.
        kind: int or float; infinity and NaN are none.

    Returns:
        Function of the text that gives the number, and raises argparse.ArgumentTypeError for others.

    Example:
        >>> from_on(1)("5")
        5
    """

    def number(text):
        try:
            found = kind(text)
        except ValueError:
            found = math.nan
        if math.isfinite(found) and least <= found <= most:
            return found
        bounds = f"of {least} or more" if most == math.inf else f"from {least} to {most}"
        raise argparse.ArgumentTypeError(f"{text!r:.60} is no {'whole ' if kind is int else ''}number {bounds}")

    return number


@contextmanager
def on_one_line(program: str, way_on: str = "stopped") -> Iterator[None]:
    """Let the block do a command's work; what is wrong with its input or the disk ends it with one line and status 2.

    Args:
        program: what the line begins with, such as "python -m lines".
        way_on: what is said on Ctrl-C, with status 130.

    Raises:
        SystemExit: the block met a ValueError, an OSError, a MemoryError, a number that is none, or Ctrl-C.
    """
    try:
        yield
    except KeyboardInterrupt:
        print(f"\n{program}: {way_on}", file=sys.stderr)
        sys.exit(130)
    except (ValueError, OSError, MemoryError, FloatingPointError) as error:
        print(f"{program}: {one_line(error, 1000)}", file=sys.stderr)
        sys.exit(2)
