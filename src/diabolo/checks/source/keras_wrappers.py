"""Keras layers around something else: `Lambda` around a function, `TimeDistributed` and the like around a layer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from diabolo.checks.source.tape import LayerRecord
from diabolo.checks.source.values import (
    Argument,
    Call,
    DictValue,
    Function,
    Layer,
    ListValue,
    Native,
    Tensor,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from diabolo.checks.source.interpreter import Interpreter


@dataclass(eq=False)
class LambdaLayer(Layer):
    """`Lambda(function)`: the function is followed."""

    function: Value
    keywords: dict[str, Argument]

    def call(self, run: "Interpreter", call: Call) -> Value:
        """The nodes that the function makes; one node where it cannot be followed."""
        given = call.argument(0, "inputs")
        self.record.num_calls += 1
        if given is None:
            return run.call_unknown(self, call)
        value = given.value
        if not isinstance(value, ListValue):
            tensor = run.as_tensor(value, "keras", given.place)
            value = tensor if tensor is not None else value
        inner = Call(positional=(Argument(value=value, text=given.text, place=given.place),), keywords=self.keywords,
                     place=call.place)  # fmt: skip
        before = len(run.tape.ops)
        if isinstance(self.function, Function | Native) or hasattr(self.function, "function"):
            result = self.function.call(run, inner)
            if isinstance(result, Tensor):
                if len(run.tape.ops) > before:
                    return result
                return run.add_op("linear", "Lambda", (result,), place=call.place, shape=result.op.shape)
            if isinstance(result, ListValue):
                return result
        tensors = [value] if isinstance(value, Tensor) else [
            item for item in (value.elements(run) or []) if isinstance(item, Tensor)
        ]  # fmt: skip
        if not tensors:
            return run.call_unknown(self, call)
        return run.add_op("lambda", "Lambda", tensors, place=call.place, origin="keras")


def lambda_layer(run: "Interpreter", call: Call) -> Value:
    """`Lambda(function, arguments={…})`."""
    function = call.value(0, "function") or Unknown(text="Lambda")
    extra = call.value(None, "arguments")
    keywords: dict[str, Argument] = {}
    if isinstance(extra, DictValue) and extra.entries is not None:
        keywords = {str(name): Argument(value=value) for name, value in extra.entries.items()}
    record = run.tape.add_layer(LayerRecord(title="Lambda", kind="lambda", place=call.place))
    record.is_used = run.branch is not None
    return LambdaLayer(record, function, keywords)


@dataclass(eq=False)
class WrappedLayer(Layer):
    """A layer around a layer, whose inner one is not looked into."""

    inner: Value

    def call(self, run: "Interpreter", call: Call) -> Value:
        """One node."""
        given = call.argument(0, "inputs")
        tensor = run.as_tensor(given.value, "keras", given.place) if given is not None else None
        if tensor is None:
            return run.call_unknown(self, call)
        for state in call.keywords.values():
            run.escape(state.value)
        return run.add_op(
            self.record.kind, self.record.title, (tensor,), place=call.place, origin="keras", layer=self.record,
            input_places=(given.place if given is not None else None,),
        )  # fmt: skip


def _wrapper(title: str, kind: str) -> "Callable[[Interpreter, Call], Value]":
    def handler(run: "Interpreter", call: Call) -> Value:
        inner = call.value(0, "layer") or Unknown()
        run.escape(inner)
        record = run.tape.add_layer(LayerRecord(title=title, kind=kind, place=call.place))
        record.is_used = run.branch is not None
        return WrappedLayer(record, inner)

    return handler


def _spectral(run: "Interpreter", call: Call) -> Value:
    """Spectral normalisation changes weights, not what the layer is."""
    return call.value(0, "layer") or Unknown(text="SpectralNormalization")


WRAPPERS: dict[str, "Callable[[Interpreter, Call], Value]"] = {
    "TimeDistributed": _wrapper("TimeDistributed", "module"), "Bidirectional": _wrapper("Bidirectional", "recurrent"),
    "SpectralNormalization": _spectral, "WeightNormalization": _spectral, "Wrapper": _wrapper("Wrapper", "module"),
}  # fmt: skip
