"""Calls of Keras layers as operations of a tape: from a live model as from a saved one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from diabolo.checks.live.tape import Entry, Tape
from diabolo.checks.source.keras_activations import ACTIVATIONS, activation_attributes
from diabolo.checks.source.keras_table import plan_layer
from diabolo.checks.subject import Problem
from diabolo.vocabulary import Misfit, Shape

_OPERATIONS = {
    "Add": "add", "Subtract": "subtract", "Multiply": "multiply", "Concatenate": "concat", "Stack": "concat",
    "GetItem": "split", "Split": "split", "Unstack": "split", "Reshape": "reshape", "ExpandDims": "reshape",
    "Squeeze": "reshape", "Ravel": "reshape", "Transpose": "permute", "Pad": "pad", "Relu": "relu",
    "Sigmoid": "sigmoid", "Tanh": "tanh", "LeakyRelu": "leaky", "Gelu": "gelu", "Silu": "silu", "Softmax": "softmax",
    "Elu": "elu", "Selu": "selu", "Softplus": "softplus", "Average": "average",
}  # fmt: skip
"""Functions of `keras.ops` by the classes that models keep of them."""
_ACTIVATION_LAYERS = {"ReLU": "relu", "LeakyReLU": "leaky_relu", "ELU": "elu", "Softmax": "softmax"}
"""Activations that are given to a layer as layers themselves."""


@dataclass(frozen=True, kw_only=True)
class LayerCall:
    """One call of a layer or operation, by plain values."""

    class_name: str
    """Of the layer, as Keras has it."""
    name: str
    """Of the layer in its model."""
    layer: str
    """The same for all calls of one layer object."""
    config: Mapping[str, Any]
    """As `layer.get_config()` gives it."""
    inputs: tuple[Entry, ...]
    """Operations that it reads."""
    shape: Shape | None = None
    """Of its result, where it is known; else it is worked out."""
    num_trainable: int | None = None
    """Trainable parameters, where they are known; else they are worked out."""
    num_non_trainable: int | None = None
    """Others."""
    is_operation: bool = False
    """Whether it is a function of Keras (`keras.ops`), not a layer."""
    is_custom: bool = False
    """Whether its class is the user's own."""


@dataclass
class KerasTape:
    """The operations of one Keras model, with what went wrong."""

    tape: Tape = field(default_factory=Tape)
    problems: list[Problem] = field(default_factory=list)
    counted: set[str] = field(default_factory=set)

    def add_input(self, name: str, shape: Shape) -> Entry:
        """An input of the model."""
        return self.tape.add(Entry(kind="input", title="InputLayer", variable=name, shape=shape))

    def add_call(self, call: LayerCall) -> Entry:
        """A call; the activation that a layer ends with becomes an operation of its own, which has the layer's name."""
        plan = None if call.is_custom or call.is_operation else plan_layer(call.class_name, call.config)
        if plan is None:
            return self.tape.add(self._plain(call))
        shapes = tuple(entry.shape for entry in call.inputs)
        shape = call.shape
        if shape is None:
            try:
                shape = plan.shape(shapes) if shapes else ()
            except Misfit as misfit:
                self.problems.append(Problem(rule="AE201", message=f"`{call.name}` ({call.class_name}): {misfit}"))
                shape = ()
        trainable, frozen, is_trainable = self._count(call, plan.count(shapes) if shapes else (0, 0))
        activation = _activation(plan.activation)
        kind, attributes = plan.kind, dict(plan.attributes)
        if kind == "linear" and activation:  # a layer that is nothing else
            kind, attributes = _activation_kind(activation)[0], activation_attributes(activation)
            activation = ""
        main = Entry(
            kind="reshape" if kind == "unflatten" and len(shapes[0]) > 1 else kind,
            title=call.class_name,
            inputs=call.inputs,
            shape=shape,
            attributes=attributes,
            layer=call.layer,
            variable="" if activation else call.name,
            num_trainable=trainable,
            num_non_trainable=frozen,
            is_trainable=is_trainable,
            is_random=plan.is_random,
            window=plan.window,
        )
        self.tape.add(main)
        if not activation:
            return main
        kind, title = _activation_kind(activation)
        return self.tape.add(
            Entry(
                kind=kind,
                title=title,
                inputs=(main,),
                shape=shape,
                attributes=activation_attributes(activation),
                layer=call.layer,
                variable=call.name,
            )
        )

    def _plain(self, call: LayerCall) -> Entry:
        kind = _OPERATIONS.get(call.class_name, "arithmetic" if call.is_operation else "unknown")
        if len(call.inputs) < 2 and kind in ("add", "subtract", "multiply", "average"):
            kind = "arithmetic"  # with a constant
        if call.is_custom or call.class_name == "Lambda":
            kind = "unknown" if call.is_custom else "lambda"
        shape = call.shape
        if shape is None:
            same = {entry.shape for entry in call.inputs}
            shape = same.pop() if kind in ("add", "subtract", "multiply", "arithmetic") and len(same) == 1 else ()
        trainable, frozen, is_trainable = self._count(call, (0, 0))
        return Entry(
            kind=kind,
            title=call.class_name,
            inputs=call.inputs,
            shape=shape,
            layer=call.layer,
            variable=call.name,
            num_trainable=trainable,
            num_non_trainable=frozen,
            is_trainable=is_trainable,
        )

    def _count(self, call: LayerCall, worked_out: tuple[int, int]) -> tuple[int, int, bool]:
        """Trainable and other parameters of a layer's first call, 0 of a further one; whether it is trained at all."""
        is_trainable = call.config.get("trainable", True) is not False
        if call.num_trainable is None:
            trainable, frozen = worked_out if is_trainable else (0, sum(worked_out))
        else:
            trainable, frozen = call.num_trainable, call.num_non_trainable or 0
        if call.layer in self.counted:
            return 0, 0, is_trainable
        self.counted.add(call.layer)
        return trainable, frozen, is_trainable


def _activation(value: Any) -> str:
    """The name of an activation that does something; empty where there is none."""
    if isinstance(value, Mapping):  # serialised: {"class_name": "LeakyReLU", …} or {"class_name": "function", …}
        inner = value.get("config")
        value = inner if isinstance(inner, str) else value.get("class_name")
    if value is None or value == "linear":
        return ""
    return _ACTIVATION_LAYERS.get(value, value) if isinstance(value, str) else "activation"


def _activation_kind(name: str) -> tuple[str, str]:
    return ACTIVATIONS.get(name, ("unknown", name))


def shape_of(sizes: Sequence[Any] | None) -> Shape:
    """(batch, height, width, channels) as Keras has it, without the batch; 0 for unknown sides."""
    if sizes is None or len(sizes) < 2:
        return ()
    return tuple(size if isinstance(size, int) and size > 0 else 0 for size in sizes[1:])
