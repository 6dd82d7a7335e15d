"""Reads pickles of plain values with an interpreter of its own, which has no way to call, import or build anything.

A pickle is a program. Python's `pickle` can be told to find no class, but its memo still grows to any index that the
file names, and a tuple that holds itself twice, forty times over, takes years to hash. Here an opcode is either one
that makes numbers, texts, lists, tuples and dicts, or the end.
"""

import pickletools
from dataclasses import dataclass

import numpy as np

PLAIN_TYPES = (type(None), bool, int, float, str, bytes)
MOST_VALUES = 100_000  # with every repetition counted
DEEPEST = 20

_PUSHES = (
    *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
    *("UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "SHORT_BINBYTES", "BINBYTES", "BINBYTES8"),
)
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
_SCALARS = ("numpy.core.multiarray scalar", "numpy._core.multiarray scalar")


class Refused(Exception):
    """Something in a pickle that is no plain value; str() names it."""


def plain_value(data: bytes):
    """The value of a pickle.

    Args:
        data: a whole pickle of any protocol.

    Returns:
        None, bool, int, float, str, bytes, and lists, tuples and dicts of them. NumPy numbers come back as Python's.

    Raises:
        Refused: it holds anything else.
        Exception: of any kind, if it is damaged.
    """
    value = _run(data)
    _check(value)
    return value


def _run(data: bytes):
    stack, marks, memo = [], [], {}

    def since_mark():
        start = marks.pop()
        taken = stack[start:]
        del stack[start:]
        return taken

    for opcode, argument, _ in pickletools.genops(data):
        name = opcode.name
        if name in _PUSHES:
            stack.append(argument)
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name])
        elif name in ("EMPTY_LIST", "EMPTY_DICT"):
            stack.append([] if name == "EMPTY_LIST" else {})
        elif name == "MARK":
            marks.append(len(stack))
        elif name in ("TUPLE", "LIST"):
            stack.append((tuple if name == "TUPLE" else list)(since_mark()))
        elif name in ("TUPLE1", "TUPLE2", "TUPLE3"):
            stack[-int(name[-1]) :] = [tuple(stack[-int(name[-1]) :])]
        elif name == "APPEND":
            _a(list, stack[-2]).append(stack.pop())
        elif name == "APPENDS":
            items = since_mark()
            _a(list, stack[-1]).extend(items)
        elif name in ("SETITEM", "SETITEMS", "DICT"):
            items = since_mark() if name != "SETITEM" else [stack.pop(-2), stack.pop()]
            if name == "DICT":
                stack.append({})
            _set(_a(dict, stack[-1]), items)
        elif name in ("PUT", "BINPUT", "LONG_BINPUT"):
            memo[int(argument)] = stack[-1]
        elif name == "MEMOIZE":
            memo[len(memo)] = stack[-1]
        elif name in ("GET", "BINGET", "LONG_BINGET"):
            stack.append(memo[int(argument)])
        elif name == "GLOBAL":
            stack.append(_known(argument))
        elif name == "STACK_GLOBAL":
            function, module = _a(str, stack.pop()), _a(str, stack.pop())
            stack.append(_known(f"{module} {function}"))
        elif name == "REDUCE":
            arguments = _a(tuple, stack.pop())
            stack.append(_number(stack.pop(), arguments))
        elif name == "BUILD":
            state = _a(tuple, stack.pop())
            _a(_NumberType, stack[-1]).order = ">" if state[1] == ">" else "<"
        elif name == "STOP":
            return stack.pop()
        elif name not in ("PROTO", "FRAME"):
            raise Refused(f"a {name.lower().replace('_', ' ')}")
    raise EOFError("it has no end")


@dataclass
class _Stub:
    """Stands in for NumPy's `dtype` or `scalar`, which it names."""

    name: str


@dataclass
class _NumberType:
    """The type of one number, e.g. 'f8', and the order of its bytes."""

    code: str
    order: str = "<"


def _known(name: str) -> _Stub:
    if name == "numpy dtype" or name in _SCALARS:
        return _Stub(name)
    raise Refused(name.replace(" ", ".")[:80])


def _number(stub, arguments):
    """What a call of NumPy's `dtype` or `scalar` would give: a type, or a Python number."""
    if _a(_Stub, stub).name == "numpy dtype":
        code = arguments[0]
        if _a(str, code)[:1] not in ("b", "i", "u", "f") or not code[1:].isdecimal():
            raise Refused(f"a NumPy value of type {code[:20]!r}")
        return _NumberType(code)
    number_type, raw = arguments
    if not (isinstance(number_type, _NumberType) and isinstance(raw, bytes)):
        raise Refused("a NumPy value that is no number")
    return np.frombuffer(raw, number_type.order + number_type.code)[0].item()


def _a(kind: type, value):
    if type(value) is not kind:
        raise TypeError(f"a {type(value).__name__} stands where a {kind.__name__.strip('_')} should")
    return value


def _set(into: dict, items: list) -> None:
    for key, value in zip(items[::2], items[1::2], strict=True):
        if type(key) not in PLAIN_TYPES:  # to hash a tuple of tuples may never end
            raise Refused(f"a dict whose key is a {type(key).__name__}")
        into[key] = value


def _check(value) -> None:
    """Walk the value as it would be written out, every repetition anew: a small pickle can stand for 2 ** 40 values."""
    waiting, count = [(value, 0)], 0
    while waiting:
        item, depth = waiting.pop()
        count += 1
        if type(item) is int and item.bit_length() > 64:
            raise Refused(f"a number of {item.bit_length():,} bits")
        if type(item) in PLAIN_TYPES:
            continue
        if type(item) not in (dict, list, tuple):
            raise Refused(f"a {type(item).__name__.strip('_')}")
        if count + len(waiting) + len(item) > MOST_VALUES or depth > DEEPEST:
            raise Refused("values nested or repeated without end")
        for inner in item.values() if type(item) is dict else item:
            waiting.append((inner, depth + 1))
