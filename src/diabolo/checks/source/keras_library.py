"""What Keras's and TensorFlow's names mean: layer classes, models, functions, losses, optimisers, callbacks."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from diabolo.checks.source.data import Data
from diabolo.checks.source.interpreter import is_torch_only
from diabolo.checks.source.keras_finish import finish
from diabolo.checks.source.keras_functions import function_of
from diabolo.checks.source.keras_layer import build_layer
from diabolo.checks.source.keras_loss import LossValue, loss_of
from diabolo.checks.source.keras_model import KerasModelClass
from diabolo.checks.source.keras_sequential import SequentialClass
from diabolo.checks.source.keras_subclass import KerasBaseLayer, KnownLayerClass
from diabolo.checks.source.keras_table import keras_kinds
from diabolo.checks.source.keras_training import NamedObject, TapeValue
from diabolo.checks.source.keras_wrappers import WRAPPERS, lambda_layer
from diabolo.checks.source.library import Library
from diabolo.checks.source.values import (
    Call,
    Constant,
    ListValue,
    Module,
    Native,
    Tensor,
    Unknown,
    Value,
    plain,
)
from diabolo.graph import Place
from diabolo.vocabulary import Shape

if TYPE_CHECKING:
    from diabolo.checks.source.interpreter import Interpreter

_ROOTS = ("keras", "tensorflow", "tf", "tf_keras", "keras_core", "keras_contrib", "tensorflow_addons", "tfa")
_MERGES = {
    "add": "Add", "subtract": "Subtract", "multiply": "Multiply", "average": "Average", "maximum": "Maximum",
    "minimum": "Minimum", "concatenate": "Concatenate", "dot": "Dot", "merge": "Concatenate",
}  # fmt: skip
_ALIASES = {
    "keras": "keras", "tf": "tensorflow", "tensorflow": "tensorflow", "layers": "keras.layers", "L": "keras.layers",
    "K": "keras.backend", "models": "keras.models", "optimizers": "keras.optimizers", "losses": "keras.losses",
    "callbacks": "keras.callbacks", "activations": "keras.activations", "datasets": "keras.datasets",
    "ops": "keras.ops", "np": "numpy", "numpy": "numpy", "plt": "matplotlib.pyplot",
    "regularizers": "keras.regularizers",
    "initializers": "keras.initializers", "backend": "keras.backend", "tfkl": "keras.layers", "tfk": "keras",
    "kl": "keras.layers", "KL": "keras.layers", "os": "os",
}  # fmt: skip
_CLASS_NAME = re.compile(r"[A-Z][A-Za-z0-9]+")
_OBJECTS = (
    "optimizers",
    "callbacks",
    "metrics",
    "regularizers",
    "initializers",
    "constraints",
    "schedules",
    "optimizer",
)
_CALLBACKS = ("EarlyStopping", "ModelCheckpoint", "ReduceLROnPlateau", "TensorBoard", "CSVLogger", "LambdaCallback")
_OPTIMISERS = ("Adam", "SGD", "RMSprop", "Adadelta", "Adagrad", "Adamax", "Nadam", "AdamW")


class KerasLibrary(Library):
    """Keras, in TensorFlow or on its own."""

    origin = "keras"

    def resolve(self, run: "Interpreter", path: str) -> Value | None:
        """What a dotted path of Keras or TensorFlow means."""
        root, _, rest = path.partition(".")
        if root not in _ROOTS or not rest or rest == "newaxis":
            return None
        name = path.rpartition(".")[2]
        parts = path.split(".")
        if name == "GradientTape":
            return Native(name, lambda run, call: TapeValue())
        if path.endswith(("activations.get", "losses.get")):
            return Native(name, _get)
        if "losses" in parts[:-1] or "objectives" in parts[:-1]:
            return loss_of(name)
        if any(part in _OBJECTS for part in parts[:-1]):
            return NamedObject(name)
        if "datasets" in parts or "preprocessing" in parts or "utils" in parts or "data" in parts:
            return None
        if "applications" in parts[:-1] and _CLASS_NAME.fullmatch(name):
            return Native(name, lambda run, call: _pretrained(run, name, call))
        named = self._named(name)
        if named is not None:
            return named
        if name in _MERGES and ("layers" in parts or "merge" in parts):
            return Native(name, lambda run, call: _merge(run, name, call))
        if parts[-2:] == ["random", name] or "nn" in parts or "ops" in parts or root in ("tf", "tensorflow", "keras"):
            return function_of(name)
        return None

    def bare(self, run: "Interpreter", name: str) -> Value | None:
        """A name of Keras in a snippet without imports."""
        if is_torch_only(run):
            return None
        if name in _ALIASES:
            return run.resolve(_ALIASES[name]) if _ALIASES[name] in ("keras.layers",) else Module(_ALIASES[name])
        if name in _OPTIMISERS or name in _CALLBACKS:
            return NamedObject(name)
        if name in _MERGES and name not in ("dot", "average", "maximum", "minimum"):
            return Native(name, lambda run, call: _merge(run, name, call))
        return self._named(name) or (loss_of(name) if name in ("binary_crossentropy", "mse", "mean_squared_error")
                                     else None)  # fmt: skip

    def finish(self, run: "Interpreter") -> None:
        """Follows what was defined and never called."""
        if self is run.libraries[0]:
            finish(run)

    def tensor_attribute(self, run: "Interpreter", tensor: Tensor, name: str, place: Place | None) -> Value:
        """Attributes of a Keras tensor."""
        if name in ("numpy", "eval", "get_shape", "set_shape", "as_list"):
            shape = super().tensor_attribute(run, tensor, "shape", place)
            return Native(name, lambda run, call: shape if name == "get_shape" else Unknown(text=name))
        if name in ("dtype", "name", "graph", "op", "ndim", "_keras_shape", "_keras_history", "history"):
            return Unknown(text=name)
        return super().tensor_attribute(run, tensor, name, place)

    def tensor_item(self, run: "Interpreter", tensor: Tensor, index: Value, place: Place | None) -> Value:
        """A slice; with its shape where it is plain."""
        return run.add_op(
            "split", "slice", (tensor,), place=place, origin=tensor.op.origin,
            shape=_sliced(tensor.op.shape, index),
        )  # fmt: skip

    def _named(self, name: str) -> Value | None:
        if name in keras_kinds():
            return KnownLayerClass(name)
        if name in ("Input", "InputLayer"):
            return Native(name, lambda run, call: _input(run, call))
        if name in ("Model", "Functional"):
            return KerasModelClass()
        if name == "Sequential":
            return SequentialClass()
        if name == "Layer":
            return KerasBaseLayer()
        if name == "Lambda":
            return Native(name, lambda_layer)
        if name in WRAPPERS:
            return Native(name, WRAPPERS[name])
        return None


@dataclass(eq=False)
class InputDescription(Value):
    """What an `Input` says, for `Sequential`."""

    shape: Shape


def _input(run: "Interpreter", call: Call) -> Value:
    shape = plain(call.value(0, "shape", "input_shape"), None)
    if "batch_shape" in call.keywords or "batch_input_shape" in call.keywords:
        batched = plain(call.value(None, "batch_shape", "batch_input_shape"))
        shape = batched[1:] if isinstance(batched, tuple) else None
    given = call.value(0, "shape", "input_shape")
    if shape is None and isinstance(given, ListValue) and given.items is not None:
        shape = tuple(plain(item, 0) for item in given.items)
    if isinstance(given, ListValue) and given.items is None:
        shape = None
    tensor = call.value(None, "tensor", "input_tensor")
    if isinstance(tensor, Tensor):
        return tensor
    result = run.add_op("input", "InputLayer", (), place=call.place, origin="keras", shape=read_shape(shape))
    return result


def read_shape(shape: object) -> Shape:
    """A shape of the source without the batch axis; 0 for a side that is None or not known."""
    if isinstance(shape, int) and shape > 0:
        return (shape,)
    if not isinstance(shape, tuple | list):
        return ()
    return tuple(side if isinstance(side, int) and not isinstance(side, bool) and side > 0 else 0 for side in shape)


def _merge(run: "Interpreter", name: str, call: Call) -> Value:
    """`concatenate([a, b], axis=-1)`, `add([a, b])`, and Keras 1's `merge([a, b], mode='concat')`."""
    inputs = call.argument(0, "inputs")
    if inputs is None:
        return Unknown(text=name)
    title = _MERGES[name]
    if name == "merge":
        modes = {"concat": "Concatenate", "sum": "Add", "mul": "Multiply", "ave": "Average"}
        mode = call.constant(1, "mode", default="sum")
        if mode not in modes:
            return run.call_unknown(Unknown(text="merge"), call)
        title = modes[mode]
    keywords = {key: value for key, value in call.keywords.items() if key in ("axis", "axes", "name", "normalize")}
    if "concat_axis" in call.keywords:
        keywords["axis"] = call.keywords["concat_axis"]
    if name == "concatenate" and len(call.positional) > 1:
        keywords["axis"] = call.positional[1]
    layer = build_layer(run, title, Call(keywords=keywords, place=call.place))
    return layer.call(run, Call(positional=(inputs,), place=call.place, function_text=call.function_text))


def _get(run: "Interpreter", call: Call) -> Value:
    """`activations.get('relu')`: the function of that name, or what is given itself."""
    value = call.value(0, "identifier") or Unknown()
    if not isinstance(value, Constant) or not isinstance(value.value, str):
        return value
    found = loss_of(value.value) if "loss" in call.function_text else function_of(value.value)
    return found or value


def _pretrained(run: "Interpreter", name: str, call: Call) -> Value:
    """A model of `keras.applications`: known to exist, not looked into."""
    run.escape(call.value(None, "input_tensor"))
    return Unknown(text=name)


def _sliced(shape: Shape, index: Value) -> Shape:
    """The shape of `x[:, :, :, 0:3]` and the like; empty where it is not plain."""
    parts = index.items if isinstance(index, ListValue) else [index]
    if not shape or parts is None or len(parts) > len(shape) + 1:
        return ()
    cuts = [plain(part, ...) for part in parts]
    if not isinstance(cuts[0], slice) or any(not isinstance(cut, slice | int) for cut in cuts):
        return ()
    result: list[int] = []
    for position, side in enumerate(shape, start=1):
        cut = cuts[position] if position < len(cuts) else slice(None)
        if isinstance(cut, slice):
            result.append(len(range(side)[cut]) if side and _is_plain(cut) else side if cut == slice(None) else 0)
    return tuple(result)


def _is_plain(cut: slice) -> bool:
    return all(isinstance(end, int | None) for end in (cut.start, cut.stop, cut.step)) and cut.step != 0


__all__ = ["Constant", "Data", "InputDescription", "KerasLibrary", "LossValue", "read_shape"]
