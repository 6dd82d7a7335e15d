"""Values that a person typed, or that a command line handed over as text: papermill's `-p BACKGROUND "(0, 0, 0)"`.

Each is given back as a plain value, or refused in a sentence that names it.
"""

import math
import operator
import re

_NUMBER = re.compile(r"[+-]?\d+(?:\.\d*)?")
_SEPARATED = re.compile(r"\s*[\[(]?\s*(.*?)\s*,?\s*[\])]?\s*", re.DOTALL)


def numbers(value, name: str, count: int) -> tuple[float, ...]:
    """So many numbers, from a list or from text such as "(-3, 3)".

    Raises:
        ValueError: it is none.
    """
    try:
        if isinstance(value, str):
            words = re.split(r"\s*,\s*|\s+", _SEPARATED.fullmatch(value)[1])
            if not all(map(_NUMBER.fullmatch, words)):
                raise ValueError
            found = tuple(float(word) for word in words)
        else:
            found = tuple(float(one) for one in value)
        if len(found) == count and all(map(math.isfinite, found)):
            return found
    except (TypeError, ValueError):
        pass
    example = ", ".join("0" * count)
    raise ValueError(f"{name} is {value!r:.60}; give {count} numbers, such as ({example})")


def colour(value, name: str = "background (BACKGROUND)") -> tuple[int, int, int]:
    """Red, green and blue from 0 to 255.

    Example:
        >>> colour("(255, 255, 255)")
        (255, 255, 255)
    """
    found = numbers(value, name, 3)
    if not all(0 <= one <= 255 and one == int(one) for one in found):
        raise ValueError(f"{name} is {value!r:.60}; red, green and blue are whole numbers from 0 to 255")
    return tuple(int(one) for one in found)


def whole_number(value, name: str, least: int, most: int | None = None) -> int:
    """A whole number within bounds.

    Example:
        >>> whole_number("5", "ROWS", 1)
        5
    """
    try:
        found = int(value) if isinstance(value, str) else operator.index(value)
        if not isinstance(value, bool) and least <= found and (most is None or found <= most):
            return found
    except (TypeError, ValueError):
        pass
    bounds = f"of {least} or more" if most is None else f"from {least} to {most}"
    raise ValueError(f"{name} is {value!r:.60}; give a whole number {bounds}")


def time_limit(minutes) -> float | None:
    """A time limit in minutes, 0 or more, or None for none."""
    if minutes is None:
        return None
    try:
        found = float(minutes) if isinstance(minutes, str) else minutes
        if not isinstance(found, bool) and 0 <= found < float("inf"):
            return found
    except (TypeError, ValueError):
        pass
    raise ValueError(f"minutes (MINUTES) is {minutes!r:.60}; give a time limit of 0 or more, or None")


def sides(value, name: str = "image_size (IMAGE_SIZE)") -> tuple[int, int]:
    """Height and width in pixels, from one number for both, or from two."""
    if isinstance(value, str) and not value.strip().isdigit():
        value = numbers(value, name, 2)
    elif not isinstance(value, list | tuple):
        value = (value, value)
    if len(value) != 2:
        raise ValueError(f"{name} is {value!r:.60}; give the side in pixels, or (height, width)")
    most = 2**14
    return tuple(whole_number(int(one) if isinstance(one, float) else one, name, 1, most) for one in value)
