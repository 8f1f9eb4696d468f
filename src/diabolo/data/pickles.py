"""Reads the pickles of the CIFAR archives without executing anything that is in them.

A pickle is a program. Here it is only taken apart into opcodes (`pickletools.genops`), and a small stack machine
keeps those that build plain values and numpy arrays; there is no call, no import and no attribute in it.
"""

import pickletools
from dataclasses import dataclass
from typing import Any

import numpy as np

from diabolo.errors import DataError

_GLOBALS = {
    "numpy.core.multiarray _reconstruct": "array",
    "numpy ndarray": "ndarray",
    "numpy dtype": "dtype",
}
_MARK = object()
_LATIN = {"STRING", "BINSTRING", "SHORT_BINSTRING"}  # Python 2 strings: bytes that genops shows as Latin-1
_PLAIN = {"BININT", "BININT1", "BININT2", "INT", "LONG", "LONG1", "BINUNICODE", "UNICODE", "BINBYTES", "SHORT_BINBYTES"}
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_TUPLES = {"EMPTY_TUPLE": 0, "TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


@dataclass(frozen=True)
class _Name:
    """One of the three permitted globals, as a word: nothing stands behind it."""

    word: str


@dataclass
class _Record:
    """What a call would have made: what was called, and the state given to it later."""

    word: str
    arguments: tuple[Any, ...]
    state: Any = None


def read_pickle(content: bytes, *, where: str) -> dict[bytes, Any]:
    """Reads a pickled dictionary of numbers, byte strings, lists and uint8 arrays.

    Args:
        content: the pickle.
        where: name of the file, for errors.

    Returns:
        The dictionary, arrays as `np.ndarray` of uint8, Python 2 strings as bytes.

    Raises:
        DataError: the pickle is broken, or asks for anything else than the three names that a numpy array needs.
    """
    try:
        value = _arrays(_run(content, where), where)
    except DataError:
        raise
    except Exception as error:  # a broken pickle fails anywhere, in any way: every way means the same
        raise DataError(f"`{where}`: not a readable pickle ({error}); fetch the file again") from error
    if not isinstance(value, dict):
        raise DataError(f"`{where}`: holds no dictionary of images and labels; is this the right file?")
    return value


def _run(content: bytes, where: str) -> Any:
    stack: list[Any] = []
    memo: dict[int, Any] = {}

    def pop_to_mark() -> list[Any]:
        for place in range(len(stack) - 1, -1, -1):
            if stack[place] is _MARK:
                items = stack[place + 1 :]
                del stack[place:]
                return items
        raise ValueError("a mark is missing")

    argument: Any
    for opcode, argument, position in pickletools.genops(content):
        name = opcode.name
        if name in ("PROTO", "FRAME"):
            continue
        if name == "STOP":
            return stack[-1]
        if name in _LATIN:
            stack.append(argument.encode("latin-1"))
        elif name in _PLAIN:
            stack.append(argument)
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name])
        elif name == "MARK":
            stack.append(_MARK)
        elif name in ("EMPTY_LIST", "EMPTY_DICT"):
            stack.append([] if name == "EMPTY_LIST" else {})
        elif name in ("LIST", "TUPLE", "DICT"):
            items = pop_to_mark()
            stack.append(_pairs(items) if name == "DICT" else items if name == "LIST" else tuple(items))
        elif name in _TUPLES:
            count = _TUPLES[name]
            items = [stack.pop() for _ in range(count)][::-1]
            stack.append(tuple(items))
        elif name in ("PUT", "BINPUT", "LONG_BINPUT"):
            memo[argument] = stack[-1]
        elif name == "MEMOIZE":
            memo[len(memo)] = stack[-1]
        elif name in ("GET", "BINGET", "LONG_BINGET"):
            stack.append(memo[argument])
        elif name in ("APPEND", "APPENDS"):
            items = pop_to_mark() if name == "APPENDS" else [stack.pop()]
            _expect(stack[-1], list).extend(items)
        elif name in ("SETITEM", "SETITEMS"):
            items = pop_to_mark() if name == "SETITEMS" else [stack.pop() for _ in range(2)][::-1]
            _expect(stack[-1], dict).update(_pairs(items))
        elif name == "GLOBAL":
            if argument not in _GLOBALS:
                raise DataError(
                    f"`{where}`: at byte {position} this pickle asks for `{argument.replace(' ', '.')}`, which no "
                    "data set needs; nothing was executed, and the file should not be trusted"
                )
            stack.append(_Name(_GLOBALS[argument]))
        elif name == "REDUCE":
            arguments = _expect(stack.pop(), tuple)
            stack.append(_Record(_expect(stack.pop(), _Name).word, arguments))
        elif name == "BUILD":
            state = stack.pop()
            _expect(stack[-1], _Record).state = state
        else:
            raise DataError(
                f"`{where}`: at byte {position} this pickle uses `{name}`, which no data set needs; "
                "nothing was executed, and the file should not be trusted"
            )
    raise ValueError("it has no end")


def _expect(value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise ValueError(f"{type(value).__name__} where {kind.__name__} was expected")
    return value


def _pairs(items: list[Any]) -> dict[Any, Any]:
    return dict(zip(items[::2], items[1::2], strict=True))


def _arrays(value: Any, where: str) -> Any:
    """The dictionary with its recorded arrays made real; only one level deep, as the archives are."""
    if not isinstance(value, dict):
        return value
    return {key: _array(item, where) if isinstance(item, _Record) else item for key, item in value.items()}


def _array(record: _Record, where: str) -> np.ndarray:
    _version, shape, kind, is_fortran, content = _expect(record.state, tuple)
    if record.word != "array" or kind.word != "dtype" or kind.arguments[0] not in (b"u1", "u1", b"|u1", "|u1"):
        raise DataError(f"`{where}`: holds an array that is not of 8-bit numbers; is this the right file?")
    return np.frombuffer(_expect(content, bytes), np.uint8).reshape(shape, order="F" if is_fortran else "C")
