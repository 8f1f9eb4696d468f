"""Where images come from in a source: Keras's data sets, numpy's functions on arrays, folders, generators, splits."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from diabolo.checks.source.data import Data
from diabolo.checks.source.library import Library
from diabolo.checks.source.values import (
    Call,
    Constant,
    ListValue,
    Native,
    Tensor,
    Unknown,
    Value,
    plain,
    tuple_of,
)
from diabolo.graph import Place
from diabolo.vocabulary import Shape

if TYPE_CHECKING:
    from diabolo.checks.source.interpreter import Interpreter

SETS: dict[str, tuple[Shape, int, int]] = {
    "cifar10": ((32, 32, 3), 50_000, 10_000), "cifar100": ((32, 32, 3), 50_000, 10_000),
    "mnist": ((28, 28), 60_000, 10_000), "fashion_mnist": ((28, 28), 60_000, 10_000),
}  # fmt: skip
"""Shape of an image, numbers of train and test images of the sets that Keras loads, pixels 0..255."""
_ROOTS = ("keras", "tensorflow", "tf", "tf_keras", "numpy", "np", "sklearn", "skimage", "cv2")


def load_data(run: "Interpreter", name: str) -> Value:
    """`(x_train, y_train), (x_test, y_test)`."""
    shape, num_train, num_test = SETS[name]
    pairs = [
        tuple_of([
            Data(shape=shape, num_images=number, low=0.0, high=255.0, split=split),  # type: ignore[arg-type]
            Data(shape=(1,), num_images=number, low=0.0, split=split, is_labels=True),  # type: ignore[arg-type]
        ])
        for number, split in ((num_train, "train"), (num_test, "test"))
    ]  # fmt: skip
    return tuple_of(pairs)


@dataclass(eq=False)
class DataSet(Value):
    """`keras.datasets.cifar10`."""

    name: str

    @property
    def text(self) -> str:  # type: ignore[override]
        """Its name."""
        return self.name

    def attribute(self, run: "Interpreter", name: str, place: Place | None) -> Value:
        """`load_data`."""
        if name == "load_data":
            return Native("load_data", lambda run, call: load_data(run, self.name))
        return super().attribute(run, name, place)


@dataclass(eq=False)
class Generator(Value):
    """An `ImageDataGenerator`: its rescaling gives the range."""

    scale: float | None
    is_changed: bool
    """Whether it standardises, so that the range is not known."""

    def attribute(self, run: "Interpreter", name: str, place: Place | None) -> Value:
        """`flow`, `flow_from_directory`."""
        return Native(name, lambda run, call: self._flow(run, name, call))

    def _flow(self, run: "Interpreter", name: str, call: Call) -> Value:
        if name == "fit":
            return Constant(None)
        size = call.constant(None, "batch_size", default=32)
        batch = size if isinstance(size, int) else None
        if name == "flow":
            first = call.value(0, "x")
            base = first if isinstance(first, Data) else Data(text=first.text if first else "")
            low, high = self._range(base.low, base.high)
            second = call.value(1, "y")
            return base.changed(
                low=low, high=high, batch_size=batch, has_pairs=second is not None,
                gives_input_as_target=second is first if second is not None else None,
            )  # fmt: skip
        if name in ("flow_from_directory", "flow_from_dataframe"):
            mode = call.constant(None, "class_mode", default="categorical")
            low, high = self._range(0.0, 255.0)
            sides = call.constant(None, "target_size", default=(256, 256))
            shape = (*sides, 3) if isinstance(sides, tuple) and len(sides) == 2 else ()
            shape = shape if call.constant(None, "color_mode", default="rgb") == "rgb" else ()
            subset = call.constant(None, "subset")
            split = {"training": "train", "validation": "validation"}.get(subset, "unknown")
            return Data(
                shape=shape, low=low, high=high, batch_size=batch, has_pairs=mode is not None,
                gives_input_as_target=mode == "input", split=split,  # type: ignore[arg-type]
            )  # fmt: skip
        return Unknown(text=name)

    def _range(self, low: float | None, high: float | None) -> tuple[float | None, float | None]:
        if self.is_changed or low is None or high is None or self.scale is None:
            return None, None
        return low * self.scale, high * self.scale


def _generator(run: "Interpreter", call: Call) -> Value:
    scale = call.constant(None, "rescale", default=1.0)
    names = ("featurewise_center", "samplewise_center", "featurewise_std_normalization", "zca_whitening",
             "samplewise_std_normalization", "preprocessing_function")  # fmt: skip
    changed = any(plain(call.value(None, name)) not in (None, False) or name == "preprocessing_function"
                  for name in names if name in call.keywords)  # fmt: skip
    if "rescale" in call.keywords and not isinstance(scale, int | float):
        changed = True
    return Generator(float(scale) if isinstance(scale, int | float) else None, changed)


def _from_directory(run: "Interpreter", call: Call) -> Value:
    labels = call.constant(None, "labels", default="inferred")
    mode = call.constant(None, "label_mode", default="int")
    size = call.constant(None, "image_size", default=(256, 256))
    channels = {"rgb": 3, "grayscale": 1, "rgba": 4}.get(call.constant(None, "color_mode", default="rgb"), 0)
    batch = call.constant(None, "batch_size", default=32)
    split = {"training": "train", "validation": "validation"}.get(call.constant(None, "subset"), "unknown")
    return Data(
        shape=(*size, channels) if isinstance(size, tuple) and len(size) == 2 else (), low=0.0, high=255.0,
        batch_size=batch if isinstance(batch, int) else None,
        has_pairs=labels is not None and mode is not None, gives_input_as_target=False,
        split=split,  # type: ignore[arg-type]
    )  # fmt: skip


def _split(run: "Interpreter", call: Call) -> Value:
    """`train_test_split(a, b, test_size=…)`: two parts of each array."""
    share = call.constant(None, "test_size", default=0.25)
    parts: list[Value] = []
    for argument in call.positional:
        value = argument.value
        base = value if isinstance(value, Data) else Data(text="")
        total = base.num_images
        held: int | None = None
        if total is not None and isinstance(share, float) and 0 < share < 1:
            held = -int(-total * share // 1)
        elif isinstance(share, int):
            held = share
        rest = total - held if total is not None and held is not None else None
        second = "test" if base.split == "test" else "validation"
        parts.append(base.changed(num_images=rest, split="train", text=""))
        parts.append(base.changed(num_images=held, split=second, text=""))
    if not parts or any(not isinstance(value, Data | Unknown) for value in call.values[: len(call.positional)]):
        return Unknown(text="train_test_split")
    return ListValue(parts)


def _first(run: "Interpreter", call: Call) -> Value:
    value = call.value(0, "a", "arr", "x", "object", "value")
    return value if isinstance(value, Data) else _other(run, call)


def _reshape(run: "Interpreter", call: Call) -> Value:
    value, shape = call.value(0, "a"), call.value(1, "newshape", "shape")
    return value.reshaped([shape]) if isinstance(value, Data) and shape is not None else _other(run, call)


def _expand(run: "Interpreter", call: Call) -> Value:
    value, axis = call.value(0, "a", "input"), call.constant(1, "axis")
    if not isinstance(value, Data):
        return _other(run, call)
    return value.changed(shape=(*value.shape, 1) if axis in (-1, len(value.shape) + 1) and value.shape else ())


def _clip(run: "Interpreter", call: Call) -> Value:
    value = call.value(0, "a", "t", "x")
    low, high = call.constant(1, "a_min", "clip_value_min"), call.constant(2, "a_max", "clip_value_max")
    return value.clipped(low, high) if isinstance(value, Data) else _other(run, call)


def _concatenate(run: "Interpreter", call: Call) -> Value:
    value = call.value(0)
    parts = value.elements(run) if value is not None else None
    if not parts or not all(isinstance(part, Data) for part in parts):
        return _other(run, call)
    arrays = [part for part in parts if isinstance(part, Data)]
    lows, highs = [part.low for part in arrays], [part.high for part in arrays]
    counts = [part.num_images for part in arrays]
    splits = {part.split for part in arrays}
    return arrays[0].changed(
        low=min(low for low in lows if low is not None) if None not in lows else None,
        high=max(high for high in highs if high is not None) if None not in highs else None,
        num_images=sum(count for count in counts if count is not None) if None not in counts else None,
        split=splits.pop() if len(splits) == 1 else "unknown", text="",
    )  # fmt: skip


def _array(run: "Interpreter", call: Call) -> Value:
    value = call.value(0)
    return value if isinstance(value, Data | ListValue | Constant) else _other(run, call)


def _random(run: "Interpreter", call: Call) -> Value:
    return Data(text="random")


def _slices(run: "Interpreter", call: Call) -> Value:
    """`tf.data.Dataset.from_tensor_slices`."""
    value = call.value(0)
    if isinstance(value, Data):
        return value.changed()
    pair = value.elements(run) if isinstance(value, ListValue) else None
    if pair is not None and len(pair) == 2 and isinstance(pair[0], Data):
        return pair[0].changed(has_pairs=True, gives_input_as_target=pair[1] is pair[0] or not (
            isinstance(pair[1], Data) and pair[1].is_labels
        ))  # fmt: skip
    return Unknown(text="from_tensor_slices")


def _other(run: "Interpreter", call: Call) -> Value:
    if any(isinstance(value, Tensor) for value in call.values):
        return run.call_unknown(Unknown(text=call.function_text), call)
    for value in call.values:
        run.escape(value)
    return Unknown(text=call.function_text)


Handler = Callable[["Interpreter", Call], Value]

_FUNCTIONS: dict[str, Handler] = {
    "ImageDataGenerator": _generator, "image_dataset_from_directory": _from_directory, "train_test_split": _split,
    "reshape": _reshape, "expand_dims": _expand, "clip": _clip, "clip_by_value": _clip, "concatenate": _concatenate,
    "vstack": _concatenate, "append": _other, "array": _array, "asarray": _array, "float32": _first,
    "astype": _first, "copy": _first, "from_tensor_slices": _slices, "normal": _random, "rand": _random,
    "randn": _random, "random_sample": _random, "uniform": _random, "shuffle": _other, "cast": _first,
    "convert_to_tensor": _first, "constant": _first,
}  # fmt: skip


class DataLibrary(Library):
    """Arrays and data sets."""

    origin = "line"

    def resolve(self, run: "Interpreter", path: str) -> Value | None:
        """Data sets, and functions on arrays."""
        root = path.partition(".")[0]
        name = path.rpartition(".")[2]
        if root not in _ROOTS:
            return None
        if name == "newaxis":
            return Constant(None)
        if name in SETS and ("datasets" in path or path.count(".") <= 2):
            return DataSet(name)
        if name == "load_data":
            owner = path.split(".")[-2]
            return Native("load_data", lambda run, call: load_data(run, owner)) if owner in SETS else None
        if root in ("keras", "tensorflow", "tf", "tf_keras") and name not in (
            "ImageDataGenerator", "image_dataset_from_directory", "from_tensor_slices",
        ):  # fmt: skip
            return None
        handler = _FUNCTIONS.get(name)
        return None if handler is None else Native(name, handler)

    def bare(self, run: "Interpreter", name: str) -> Value | None:
        """Names of a snippet without imports."""
        if name in SETS:
            return DataSet(name)
        if name in ("ImageDataGenerator", "image_dataset_from_directory", "train_test_split"):
            return Native(name, _FUNCTIONS[name])
        return None
