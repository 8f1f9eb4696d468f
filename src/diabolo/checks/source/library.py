"""`Library`: what Keras, PyTorch or the standard library mean by names, and by operations on their tensors."""

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from diabolo.checks.source.tape import Op
from diabolo.checks.source.values import Call, Constant, Function, Tensor, Unknown, Value, constant_of
from diabolo.graph import Origin, Place
from diabolo.vocabulary import Value as Plain

if TYPE_CHECKING:
    from diabolo.checks.source.classes import ClassValue, Instance
    from diabolo.checks.source.interpreter import Interpreter

_ARITHMETIC = {"+": "add", "-": "subtract", "*": "multiply"}


class Library:
    """One library: the interpreter asks each in turn."""

    origin: Origin = "keras"
    """Whose tensors it makes."""

    def resolve(self, run: "Interpreter", path: str) -> Value | None:
        """What a dotted path means: `keras.layers.Conv2D`; None where this library does not know it."""
        return None

    def bare(self, run: "Interpreter", name: str) -> Value | None:
        """What a name means that the source never defines, as in a snippet without imports; None: nothing."""
        return None

    def entered(self, run: "Interpreter", function: Function, call: Call) -> "Callable[[Value | None], None] | None":
        """Told before a function of the source is followed; what it gives is called with the result afterwards."""
        return None

    def rounds(
        self, run: "Interpreter", node: "ast.For | ast.AsyncFor", iterable: Value, elements: list[Value] | None
    ) -> "tuple[list[Value], Callable[[], None]] | None":
        """Which elements of a loop are followed, and what to call afterwards; None: as it is done without a library.

        `elements` is None where it is not known what the loop goes through.
        """
        return None

    def finish(self, run: "Interpreter") -> None:
        """Called after the source: models that were defined and never called are followed here."""

    def tensor_attribute(self, run: "Interpreter", tensor: Tensor, name: str, place: Place | None) -> Value:
        """`tensor.name`."""
        if name == "shape":
            shape = tensor.op.shape
            if not shape:
                return Unknown(text="shape")
            return constant_of((None, *(side or None for side in shape)))
        return Unknown(text=f"{tensor.text}.{name}", sources=(tensor,))

    def set_tensor_attribute(
        self, run: "Interpreter", tensor: Tensor, name: str, value: Value, place: Place | None
    ) -> None:
        """`tensor.name = value`."""
        run.escape(value)

    def tensor_item(self, run: "Interpreter", tensor: Tensor, index: Value, place: Place | None) -> Value:
        """`tensor[index]`: a part of it, whose shape is not worked out."""
        return run.add_op("split", "slice", (tensor,), place=place, origin=tensor.op.origin)

    def tensor_binary(
        self, run: "Interpreter", tensor: Tensor, operator: str, other: Value, is_left: bool, place: Place | None
    ) -> Value | None:
        """`tensor operator other`, or the other way round where `is_left` is false."""
        if operator in ("==", "!=", "<", "<=", ">", ">=", "in", "not in", "is", "is not"):
            return Unknown(text="comparison")
        second = other if isinstance(other, Tensor) else None
        if second is None and isinstance(other, Unknown) and other.op is not None:
            second = Tensor(other.op)
        if second is None:
            return self._with_constant(run, tensor, operator, other, is_left, place)
        pair = (tensor, second) if is_left else (second, tensor)
        _check_fit(run, pair, operator, place)
        return run.add_op(
            _ARITHMETIC.get(operator, "arithmetic"),
            operator,
            pair,
            place=place,
            origin=tensor.op.origin,
            shape_rule=broadcast,
            attributes={"operator": operator},
        )

    def _with_constant(
        self, run: "Interpreter", tensor: Tensor, operator: str, other: Value, is_left: bool, place: Place | None
    ) -> Value:
        attributes: dict[str, Plain] = {"operator": operator}
        if isinstance(other, Constant) and isinstance(other.value, int | float):
            attributes["constant"] = float(other.value) if abs(other.value) < 1e300 else 0.0
        else:
            run.escape(other)
        if not is_left:
            attributes["reversed"] = True
        return run.add_op(
            "arithmetic", operator, (tensor,), place=place, origin=tensor.op.origin, shape_rule=first_shape,
            attributes=attributes,
        )  # fmt: skip

    def tensor_unary(self, run: "Interpreter", tensor: Tensor, operator: str, place: Place | None) -> Value | None:
        """`-tensor`."""
        if operator == "not":
            return Unknown()
        return run.add_op(
            "arithmetic", operator, (tensor,), place=place, origin=tensor.op.origin, shape_rule=first_shape,
            attributes={"operator": operator},
        )  # fmt: skip


class LibraryClass(Value):
    """A class of a library that classes of the source derive from: `keras.Model`, `nn.Module`."""

    path: str = ""
    """Its dotted path."""
    origin: Origin = "keras"
    """Whose it is."""

    @property
    def text(self) -> str:  # type: ignore[override]
        """Its name."""
        return self.path.rpartition(".")[2]

    def truth(self) -> bool | None:
        """A class is true."""
        return True

    def prepare(self, run: "Interpreter", instance: "Instance", call: Call) -> None:
        """Its `__init__`, also through `super().__init__(…)`."""

    def instance_attribute(
        self, run: "Interpreter", instance: "Instance", name: str, place: Place | None
    ) -> Value | None:
        """An attribute or method that the class gives its instances; None where it has no such one."""
        return None

    def instance_set(self, run: "Interpreter", instance: "Instance", name: str, value: Value) -> None:
        """Told after `self.name = value`."""

    def instance_call(self, run: "Interpreter", instance: "Instance", call: Call) -> Value | None:
        """`instance(…)`; None: instances of it cannot be called."""
        return None

    def derived(self, run: "Interpreter", cls: "ClassValue") -> None:
        """Told when the source defines a class that derives from it."""


def _check_fit(run: "Interpreter", pair: tuple[Tensor, Tensor], operator: str, place: Place | None) -> None:
    """Reports two tensors of known sizes that cannot be added, multiplied…"""
    one, other = (tensor.op.shape for tensor in pair)
    if operator == "@" or len(one) != len(other) or len(one) < 2:
        return
    if any(min(sides) > 1 and sides[0] != sides[1] for sides in zip(one, other, strict=True)):
        names = " and ".join(f"`{tensor.text}`" for tensor in pair)
        shapes = " and ".join("×".join(str(side) if side else "?" for side in shape) for shape in (one, other))
        run.problem(
            "AE201", f"{names} have {shapes} values, so `{operator}` cannot join them", place=place,
            remedy="Bring them to the same height, width and channels.",
        )  # fmt: skip


def first_shape(shapes: tuple[tuple[int, ...], ...]) -> tuple[int, ...]:
    """The shape of the first input: of functions of each value by itself."""
    return shapes[0] if shapes else ()


def broadcast(shapes: tuple[tuple[int, ...], ...]) -> tuple[int, ...]:
    """The shape of an elementwise operation on several tensors; empty where one is not known."""
    if not shapes or not all(shapes):
        return ()
    rank = max(map(len, shapes))
    # A weight of (channels,) stands beside maps without a batch axis; a row of features beside a map has one.
    aligned = [(1,) * (rank - len(shape)) + shape for shape in shapes]
    return tuple(_side(sides) for sides in zip(*aligned, strict=True))


def _side(sides: tuple[int, ...]) -> int:
    """One side of a result: what is not 1; 0 where that is not known."""
    wide = {side for side in sides if side != 1}
    if len(wide - {0}) == 1:
        return (wide - {0}).pop()
    return 0 if wide else 1


def is_foreign(op: Op) -> bool:
    """Whether nothing is known of what an operation does."""
    return op.kind in ("unknown", "module", "lambda")
