"""JSON that others may have written: parameters, cards, directions. Whatever is wrong with it is one ValueError."""

import json
import math
import os
from pathlib import Path

LARGEST = 2**20  # bytes; a card has ten thousand
DEEPEST = 20  # lists within lists; a card has four


def read_json(path: str | os.PathLike, largest: int = LARGEST) -> dict:
    """Read a JSON file that holds an object.

    Args:
        path: the file, UTF-8.
        largest: bytes that it may have; nothing of a larger file is read.

    Returns:
        The object as a dict. Its numbers are finite and have at most 64 bits.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is too large, no JSON, no object, nested too deep, or holds NaN or a number too large.

    Example:
        >>> read_json("run/gan/0001_lines/params.json")["z_dim"]
        100
    """
    path = Path(path)
    if path.stat().st_size > largest:
        raise ValueError(f"{path} has more than {largest:,} bytes, too many for what it should hold: it was not read")
    try:
        value = parse_json(path.read_text("utf-8-sig"))  # -sig: Windows' Notepad may put a mark before the text
    except ValueError as error:
        raise ValueError(
            f"{path} cannot be read as JSON ({error}): write it again, or take it from its source"
        ) from None
    if not isinstance(value, dict):
        raise ValueError(f"{path} holds a {type(value).__name__}, and a JSON object {{...}} is expected")
    return value


def parse_json(text: str):
    """Parse JSON of finite numbers and modest depth.

    Raises:
        ValueError: it is none; the message is one line.
    """
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    waiting = [(value, 0)]
    while waiting:
        item, depth = waiting.pop()
        if depth > DEEPEST:
            raise ValueError("it is nested too deep")
        if isinstance(item, list | dict):
            waiting += [(inner, depth + 1) for inner in (item.values() if isinstance(item, dict) else item)]
        elif isinstance(item, float) and not math.isfinite(item):
            raise ValueError("it holds a number too large to be one")
        elif isinstance(item, int) and item.bit_length() > 64:
            raise ValueError(f"it holds a whole number of {item.bit_length():,} bits")
    return value


def _refuse_constant(name):
    raise ValueError(f"it holds {name}")
