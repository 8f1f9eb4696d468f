"""`Data`: arrays and data sets of images as a source handles them: range, split and number; nothing is loaded."""

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from diabolo.checks.source.tape import Op
from diabolo.checks.source.values import (
    Argument,
    Call,
    Constant,
    ListValue,
    Native,
    Tensor,
    Unknown,
    Value,
    constant_of,
    plain,
)
from diabolo.checks.subject import Images, Split
from diabolo.graph import Origin, Place
from diabolo.vocabulary import Shape

if TYPE_CHECKING:
    from diabolo.checks.source.interpreter import Interpreter

_SPLIT_WORDS: tuple[tuple[Split, str], ...] = (
    ("validation", r"val(?:id|idation)?|dev"),
    ("test", r"test(?:ing)?|tst|te"),
    ("train", r"train(?:ing)?|trn|tr"),
)


_BEFORE = "[xy]|images?|imgs?|data|ds|inputs?"
_BEHIND = "[xy]|images?|imgs?|data|set|ds"


@dataclass(eq=False, kw_only=True)
class Data(Value):
    """An array, data set or generator of images or labels."""

    shape: Shape = ()
    """Of one image, as the array has it; empty where it is not known."""
    num_images: int | None = None
    low: float | None = None
    high: float | None = None
    split: Split = "unknown"
    is_labels: bool = False
    is_scalar: bool = False
    """Whether it is a number drawn from data, such as its maximum."""
    batch_size: int | None = None
    """Of a batched data set."""
    has_pairs: bool = False
    """Whether it gives pairs of images and targets."""
    gives_input_as_target: bool | None = None
    """Of pairs: whether the target is the input itself."""
    target: "Data | None" = None
    """Of pairs: the targets, where they are known."""
    origin: Origin = "keras"
    op: Op | None = None
    """The input that stands for it, once it was used as a tensor."""
    text: str = ""

    @property
    def length(self) -> int | None:
        """For `len`."""
        return self.num_images

    def images(self, argument: Argument | None = None) -> Images:
        """The record of it where it is handed to a training."""
        text = argument.text if argument is not None and argument.text else self.text
        split = self.split if self.split != "unknown" else split_of(text)
        return Images(
            text=text, split=split, low=self.low, high=self.high, num_images=self.num_images,
            is_labels=self.is_labels, place=None if argument is None else argument.place,
        )  # fmt: skip

    def changed(self, **changes: Any) -> "Data":
        """The same with other properties, a new array."""
        return replace(self, op=None, **changes)

    def to_tensor(self, run: "Interpreter", origin: Origin, place: Place | None) -> Tensor:
        """The input that stands for it in a model."""
        if self.op is None:
            result = run.add_op("input", "Input", (), place=place, origin=origin, shape=self.shape)
            result.op.variable = self.text
            self.op = result.op
        return Tensor(self.op)

    def named(self, name: str) -> None:
        """Its first name."""
        self.text = self.text or name

    def attribute(self, run: "Interpreter", name: str, place: Place | None) -> Value:
        """What sources ask of arrays and data sets."""
        if name == "shape":
            if not self.shape:
                return Unknown(text="shape")
            sides: list[Value] = [Constant(self.num_images) if self.num_images is not None else Unknown(text="n")]
            return ListValue([*sides, *(Constant(side) for side in self.shape)], is_mutable=False)
        if name in ("T", "real", "flat", "values", "data", "numpy_"):
            return self
        if name in ("next", "class_names", "samples", "n"):
            return Unknown(text=name)
        return Native(name, lambda run, call: self._method(run, name, call))

    def _method(self, run: "Interpreter", name: str, call: Call) -> Value:
        if name in ("astype", "copy", "float", "to", "cuda", "cpu", "shuffle", "cache", "prefetch", "repeat", "numpy",
                    "squeeze", "contiguous", "with_options", "as_numpy_iterator", "enumerate"):  # fmt: skip
            return self
        if name == "reshape":
            return self.reshaped(call.values)
        if name in ("min", "max", "mean", "std", "sum", "item"):
            if call.positional or call.keywords:
                return self.changed(low=None, high=None, shape=())
            value = {"max": self.high, "min": self.low}.get(name)
            return Constant(value) if value is not None else Data(is_scalar=True, text=f"{self.text}.{name}()")
        if name == "clip":
            return self.clipped(call.constant(0), call.constant(1))
        if name == "batch":
            size = call.constant(0, "batch_size")
            return self.changed(batch_size=size if isinstance(size, int) else None)
        if name in ("take", "skip"):
            return self.changed(num_images=None)
        if name == "map":
            return self.mapped(run, call)
        return Unknown(text=f"{self.text}.{name}()")

    def mapped(self, run: "Interpreter", call: Call) -> Value:
        """`data.map(function)`: the function is followed on one element."""
        function = call.value(0)
        if function is None:
            return Unknown(text=self.text)
        single = self.changed(has_pairs=False)
        given: list[Value] = [single, self.changed(is_labels=True, has_pairs=False)] if self.has_pairs else [single]
        result = run.call_value(function, *given, place=call.place)
        if isinstance(result, Data):
            return result.changed(num_images=self.num_images, split=self.split, batch_size=self.batch_size)
        pair = result.elements(run) if isinstance(result, ListValue) else None
        if pair is not None and len(pair) == 2 and isinstance(pair[0], Data):
            same: bool | None = None
            if pair[1] is pair[0] or isinstance(pair[1], Data):
                same = pair[1] is pair[0] or not (isinstance(pair[1], Data) and pair[1].is_labels)
            return pair[0].changed(
                target=pair[1] if isinstance(pair[1], Data) and pair[1] is not pair[0] else None,
                has_pairs=True, gives_input_as_target=same, num_images=self.num_images, split=self.split,
                batch_size=self.batch_size,
            )  # fmt: skip
        return Unknown(text=self.text)

    def reshaped(self, values: list[Value]) -> "Data":
        """`data.reshape(…)`: all sides behind the first are one image's."""
        if len(values) == 1 and isinstance(values[0], ListValue):
            values = values[0].items or []
        sides = [plain(value) for value in values[1:]]
        known = bool(sides) and all(isinstance(side, int) for side in sides)
        if known and -1 not in sides:
            return self.changed(shape=tuple(sides))
        if known and sides == [-1] and self.shape:
            size = 1
            for side in self.shape:
                size *= side
            return self.changed(shape=(size,))
        return self.changed(shape=())

    def clipped(self, low: Any, high: Any) -> "Data":
        """`clip(data, low, high)`."""
        numbers = [value if isinstance(value, int | float) else None for value in (low, high)]
        return self.changed(low=numbers[0], high=numbers[1])

    def item(self, run: "Interpreter", index: Value, place: Place | None) -> Value:
        """A part of it."""
        cut = plain(index, None)
        if isinstance(cut, slice):
            return self.changed(num_images=_sliced(self.num_images, cut), text="")
        if isinstance(index, ListValue) and index.items:
            return self._part([plain(part, NotImplemented) for part in index.items])
        if self.has_pairs and cut in (0, 1):
            return self.changed(has_pairs=False, is_labels=cut == 1 and not self.gives_input_as_target)
        return self.changed(num_images=None)

    def _part(self, cuts: list[Any]) -> "Data":
        """`data[..., None]`, `data[:100, :, :, 0:1]`: what remains of the number and the shape."""
        first = cuts[0]
        count = self.num_images
        if isinstance(first, slice):
            count = _sliced(count, first)
        elif first is not ...:
            count = None
        if first is ... and cuts[1:] == [None]:
            return self.changed(shape=(*self.shape, 1) if self.shape else (), num_images=count, text="")
        rest = cuts[1:]
        whole = slice(None)
        if isinstance(first, slice) and self.shape and rest and all(cut == whole for cut in rest[:-1]):
            if rest[-1] is None and (len(rest) == len(self.shape) + 1 or rest[:1] == [...]):
                return self.changed(shape=(*self.shape, 1), num_images=count, text="")
            if rest[-1] == whole:
                return self.changed(num_images=count, text="")
        return self.changed(shape=(), num_images=count, text="")

    def element(self, run: "Interpreter") -> Value:
        """A batch of it."""
        if self.has_pairs:
            first = self.changed(has_pairs=False, target=None, text="")
            second = self.target
            if second is None:
                labels = self.changed(has_pairs=False, is_labels=True, text="")
                second = first if self.gives_input_as_target else labels
            return ListValue([first, second], is_mutable=False)
        return self

    def binary(
        self, run: "Interpreter", operator: str, other: Value, is_left: bool, place: Place | None
    ) -> Value | None:
        """Arithmetic: what it does to the range of values."""
        if operator in ("==", "!=", "<", "<=", ">", ">=", "in", "not in"):
            return Unknown()
        if isinstance(other, Tensor):
            return self.changed(low=None, high=None, text="") if is_noise(other.op) else None
        amount = plain(other)
        if self.is_scalar or not isinstance(amount, int | float):
            if isinstance(other, Data) and other.is_scalar and operator == "/":
                return self.changed(low=0.0 if self.low == 0 else None, high=1.0 if self.low == 0 else None)
            return self.changed(low=None, high=None)
        ends = [_computed(operator, end, float(amount), is_left) for end in (self.low, self.high)]
        if None in ends:
            return self.changed(low=None, high=None)
        low, high = sorted(end for end in ends if end is not None)
        return self.changed(low=low, high=high)

    def unary(self, run: "Interpreter", operator: str, place: Place | None) -> Value | None:
        """`-data`."""
        if self.low is None or self.high is None or operator != "-":
            return self.changed(low=None, high=None)
        return self.changed(low=-self.high, high=-self.low)

    def set_item(self, run: "Interpreter", index: Value, value: Value, place: Place | None) -> None:
        """Writes into it: its range is not known any more."""
        self.low = self.high = None


def _computed(operator: str, end: float | None, amount: float, is_left: bool) -> float | None:
    if end is None:
        return None
    try:
        if operator == "+":
            return end + amount
        if operator == "-":
            return end - amount if is_left else amount - end
        if operator == "*":
            return end * amount
        if operator in ("/", "//") and is_left:
            return end / amount
    except (ZeroDivisionError, OverflowError):
        return None
    return None


def _sliced(count: int | None, cut: slice) -> int | None:
    ends = (cut.start, cut.stop, cut.step)
    if not all(isinstance(end, int | None) for end in ends):
        return None
    if count is not None:
        return len(range(count)[cut])
    if cut.step in (None, 1) and (cut.start or 0) >= 0 and cut.stop is not None and cut.stop >= 0:
        return None
    return None


def is_noise(op: Op, depth: int = 0) -> bool:
    """Whether an operation's result depends on random numbers and constants alone."""
    if op.kind in ("sample", "constant"):
        return True
    return depth < 10 and bool(op.inputs) and all(is_noise(source, depth + 1) for source in op.inputs)


def split_of(text: str) -> Split:
    """What the words of a name say: `x_test`, `test_images`, `val_ds`, `X_train`; `unknown` where they say nothing."""
    words = re.findall(r"[a-z]+", re.sub(r"([a-z])([A-Z])", r"\1_\2", text).lower())
    joined = " ".join(words)
    for split, pattern in _SPLIT_WORDS:
        if re.search(rf"\b(?:{_BEFORE})?(?:{pattern})(?:{_BEHIND})?\b", joined):
            return split
    return "unknown"


def images_of(value: Value | None, argument: Argument | None) -> Images | None:
    """The record of anything that is handed to a training as images; None where nothing is."""
    if value is None or argument is None or (isinstance(value, Constant) and value.value is None):
        return None
    if isinstance(value, Data):
        return value.images(argument)
    text = argument.text or value.text
    return Images(text=text, split=split_of(text), place=argument.place, is_labels=_is_label_name(text))


def _is_label_name(text: str) -> bool:
    """Whether a name that the source never defines says that it holds labels: `y_train` beside nothing else."""
    return bool(re.fullmatch(r"(?:train|test|val|valid)?_?labels?(?:_?(?:train|test|val|valid))?", text.lower()))


__all__ = ["Data", "constant_of", "images_of", "split_of"]
