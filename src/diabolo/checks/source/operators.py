"""Operators on abstract values: arithmetic on constants with bounds, lists, and whatever a library's values mean."""

import ast
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from diabolo.checks.source.values import Constant, DictValue, ListValue, Unknown, Value, is_key
from diabolo.graph import Place

if TYPE_CHECKING:
    from diabolo.checks.source.interpreter import Interpreter

SYMBOLS: dict[type, str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
    ast.MatMult: "@", ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^", ast.LShift: "<<", ast.RShift: ">>",
    ast.UAdd: "u+", ast.USub: "-", ast.Not: "not", ast.Invert: "~", ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<",
    ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Is: "is", ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in",
}  # fmt: skip

_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv,
    "%": operator.mod, "**": operator.pow, "&": operator.and_, "|": operator.or_, "^": operator.xor,
    "<<": operator.lshift, ">>": operator.rshift,
}  # fmt: skip
_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "in": lambda item, container: item in container, "not in": lambda item, container: item not in container,
}  # fmt: skip
_LARGEST = 10**30
"""Whole numbers beyond it are not computed with."""
_LONGEST = 10_000
"""Strings and lists longer than that are not built."""


def binary(run: "Interpreter", symbol: str, left: Value, right: Value, place: Place | None) -> Value:
    """`left symbol right`."""
    if isinstance(left, Constant) and isinstance(right, Constant):
        return _constants(symbol, left.value, right.value)
    if isinstance(left, ListValue) or (isinstance(right, ListValue) and symbol == "*"):
        found = _lists(run, symbol, left, right)
        if found is not None:
            return found
    if symbol == "|" and isinstance(left, DictValue) and isinstance(right, DictValue):
        known = left.entries is not None and right.entries is not None
        return DictValue({**(left.entries or {}), **(right.entries or {})} if known else None, branch=run.branch)
    if isinstance(left, Constant) and isinstance(left.value, str) and symbol == "%":
        return Unknown(text="string")
    found = left.binary(run, symbol, right, True, place)
    if found is None:
        found = right.binary(run, symbol, left, False, place)
    if found is not None:
        return found
    run.escape(left)
    run.escape(right)
    return Unknown(sources=tuple(value for value in (left, right) if not isinstance(value, Constant)))


def compare(run: "Interpreter", symbol: str, left: Value, right: Value, place: Place | None) -> Value:
    """`left symbol right` for comparisons."""
    if symbol in ("is", "is not"):
        answer = _identity(left, right)
        return Unknown() if answer is None else Constant(answer is (symbol == "is"))
    if symbol in ("in", "not in"):
        return _membership(symbol, left, right)
    first, second = _comparable(left), _comparable(right)
    if first is not ... and second is not ...:
        try:
            return Constant(bool(_COMPARISONS[symbol](first, second)))
        except (TypeError, ValueError):
            return Unknown()
    found = left.binary(run, symbol, right, True, place)
    return found if found is not None else Unknown()


def unary(run: "Interpreter", symbol: str, value: Value, place: Place | None) -> Value:
    """`symbol value`."""
    if symbol == "not":
        truth = value.truth()
        return Unknown() if truth is None else Constant(not truth)
    if isinstance(value, Constant) and isinstance(value.value, int | float):
        if symbol == "-":
            return Constant(-value.value)
        if symbol == "~" and isinstance(value.value, int):
            return Constant(~value.value)
        return Constant(+value.value)
    found = value.unary(run, symbol, place)
    return found if found is not None else Unknown(sources=(value,))


def formatted(run: "Interpreter", value: Value, part: ast.FormattedValue) -> str | None:
    """A value inside of an f-string; None where it is not known or not worth building."""
    if not isinstance(value, Constant) or not isinstance(value.value, str | int | float | bool | None):
        return None
    form = ""
    if part.format_spec is not None:
        inner = run.evaluate(part.format_spec)
        if not isinstance(inner, Constant) or not isinstance(inner.value, str) or len(inner.value) > 5:
            return None
        form = inner.value
    digits = "".join(character if character.isdecimal() else " " for character in form).split()
    if any(int(number) > 1000 for number in digits):
        return None
    try:
        shown = repr(value.value) if part.conversion == ord("r") else value.value
        return format(shown, form)
    except (ValueError, TypeError, OverflowError):
        return None


def _constants(symbol: str, left: Any, right: Any) -> Value:
    function = _ARITHMETIC.get(symbol)
    if function is None or not _is_modest(symbol, left, right):
        return Unknown()
    try:
        result = function(left, right)
    except (TypeError, ValueError, ArithmeticError, MemoryError):
        return Unknown()
    if isinstance(result, complex) or (isinstance(result, str | bytes) and len(result) > _LONGEST):
        return Unknown()
    return Constant(result)


def _is_modest(symbol: str, left: Any, right: Any) -> bool:
    """Whether an operation gives something of moderate size: `9**9**9` does not."""
    for value in (left, right):
        if isinstance(value, int) and abs(value) > _LARGEST:
            return False
    if isinstance(left, str | bytes) and symbol == "%":
        return len(left) < 200 and not any(
            f"%{digit}" in str(left) or f".{digit}" in str(left) for digit in "123456789"
        )
    if symbol == "**":
        return isinstance(left, float) or isinstance(right, float) or abs(_number(right)) * _bits(left) <= 100
    if symbol == "<<":
        return 0 <= _number(right) <= 100
    if symbol == "*" and (isinstance(left, str | bytes) or isinstance(right, str | bytes)):
        size = len(left) if isinstance(left, str | bytes) else len(right)
        times = right if isinstance(left, str | bytes) else left
        return size * max(0, _number(times)) <= _LONGEST
    return True


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 10**9


def _bits(value: Any) -> int:
    return max(1, int(value).bit_length()) if isinstance(value, int) else 10**9


def _lists(run: "Interpreter", symbol: str, left: Value, right: Value) -> Value | None:
    if symbol == "+" and isinstance(left, ListValue) and isinstance(right, ListValue):
        if left.items is None or right.items is None or len(left.items) + len(right.items) > _LONGEST:
            run.escape(left)
            run.escape(right)
            return ListValue(None)
        return ListValue([*left.items, *right.items], left.is_mutable, run.branch)
    if symbol == "+" and isinstance(left, ListValue):
        others = right.elements(run)
        if others is not None and left.items is not None and not isinstance(right, Constant):
            return ListValue([*left.items, *others], left.is_mutable, run.branch)
    if symbol == "*":
        several, times = (left, right) if isinstance(left, ListValue) else (right, left)
        if isinstance(several, ListValue) and isinstance(times, Constant) and isinstance(times.value, int):
            if several.items is None or len(several.items) * max(0, times.value) > _LONGEST:
                run.escape(several)
                return ListValue(None)
            return ListValue(several.items * times.value, several.is_mutable, run.branch)
    return None


def _identity(left: Value, right: Value) -> bool | None:
    if isinstance(left, Constant) and isinstance(right, Constant):
        return left.value is right.value or (type(left.value) is type(right.value) and left.value == right.value)
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return None
    if isinstance(left, Constant) or isinstance(right, Constant):
        return False  # an object is never None, True or a number
    return True if left is right else None


def _membership(symbol: str, left: Value, right: Value) -> Value:
    item = _comparable(left)
    found: bool | None = None
    if isinstance(right, DictValue) and right.entries is not None and item is not ... and is_key(item):
        found = item in right.entries
    elif isinstance(right, ListValue) and right.items is not None:
        others = [_comparable(other) for other in right.items]
        if item is not ... and all(other is not ... for other in others):
            found = item in others
        elif any(other is left for other in right.items):
            found = True
    elif isinstance(right, Constant) and isinstance(right.value, str) and isinstance(item, str):
        found = item in right.value
    return Unknown() if found is None else Constant(found is (symbol == "in"))


def _comparable(value: Value) -> Any:
    """The plain value of a constant or of a list of constants; `...` where it is not known."""
    if isinstance(value, Constant):
        return value.value
    if isinstance(value, ListValue) and value.items is not None:
        items = [_comparable(item) for item in value.items]
        if any(item is ... for item in items):
            return ...
        return items if value.is_mutable else tuple(items)
    return ...
