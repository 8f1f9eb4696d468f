"""Keras layer objects of a source: what their constructor says, and the nodes that a call of one makes."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from diabolo.checks.source.data import Data
from diabolo.checks.source.keras_activations import ACTIVATIONS, activation_attributes
from diabolo.checks.source.keras_plan import UNKNOWN, Plan
from diabolo.checks.source.keras_table import keras_kinds, modern_config, plan_layer
from diabolo.checks.source.tape import LayerRecord
from diabolo.checks.source.values import (
    NONE,
    Argument,
    Call,
    Constant,
    Function,
    Layer,
    ListValue,
    Native,
    Tensor,
    Unknown,
    Value,
    constant_of,
    is_none,
    plain,
)
from diabolo.graph import Place
from diabolo.vocabulary import Misfit, Shape

if TYPE_CHECKING:
    from diabolo.checks.source.interpreter import Interpreter

_FROZEN = ("trainable",)


class KerasLayer(Layer):
    """A layer of a known class."""

    def __init__(self, record: LayerRecord, plan: Plan, config: dict[str, Any], activation: Value | None) -> None:
        super().__init__(record)
        self.plan = plan
        self.config = config
        self.activation = activation
        """A callable that the source gives as `activation`, where it is not a name."""
        self.is_counted = False
        self.last: Tensor | None = None
        """The result of its last call."""
        self.first_input: Tensor | None = None

    def call(self, run: "Interpreter", call: Call) -> Value:
        """The node of the layer, and that of its activation."""
        given = call.value(0, "inputs", "x")
        if isinstance(given, Data):
            return self._on_data(run, given)
        arguments = self._tensors(run, call)
        if not arguments:
            self.record.is_used = True
            run.escape(ListValue(call.values))
            return Unknown(text=f"{self.text}(…)")
        for extra in (*call.positional[1:], *call.keywords.values()):
            if not any(extra.value is argument.value for argument in arguments):
                run.escape(extra.value)
        inputs = [argument.value for argument in arguments]
        tensors = [tensor for tensor in inputs if isinstance(tensor, Tensor)]
        shapes = tuple(tensor.op.shape for tensor in tensors)
        shape = self._shape(run, tensors, shapes, call.place)
        self._count(shapes)
        kind, title = self.plan.kind, self.record.title
        if kind == "linear" and self.plan.activation is not None:
            result = self._activate(run, tensors[0], call.place, title, self.record, True)
        else:
            if kind == "unflatten" and len(shapes[0]) > 1:
                kind = "reshape"
            result = run.add_op(
                kind, title, tensors, place=call.place, origin="keras", shape=shape, shape_rule=self.plan.shape,
                attributes=self.plan.attributes, layer=self.record, window=self.plan.window,
                is_random=self.plan.is_random, input_places=[argument.place for argument in arguments],
            )  # fmt: skip
            if self.plan.activation is not None and self.plan.activation != "linear":
                result = self._activate(run, result, call.place, "", self.record, False)
        if isinstance(given, Unknown) and not given.is_undefined and run.frame.function is None:
            run.escape(result)  # applied to something that may be an array: nothing has to read what comes out
        self.first_input = self.first_input or tensors[0]
        self.last = result
        return result

    def _on_data(self, run: "Interpreter", data: Data) -> Value:
        """A layer applied to images outside of a model: `Rescaling` changes their range."""
        self.record.is_used = True
        if self.plan.attributes.get("operator") != "rescale":
            return data.changed(low=None, high=None, shape=())
        scale, offset = self.plan.attributes.get("scale"), self.plan.attributes.get("offset")
        if not isinstance(scale, int | float) or not isinstance(offset, int | float):
            return data.changed(low=None, high=None)
        ends = [end * scale + offset if end is not None else None for end in (data.low, data.high)]
        return data.changed(low=ends[0], high=ends[1])

    def _tensors(self, run: "Interpreter", call: Call) -> list[Argument]:
        """The inputs: one argument, or the members of a list."""
        kind = keras_kinds().get(self.record.title)
        given = call.argument(0, "inputs", "x", "query")
        if given is None:
            return []
        many = given.value.elements(run) if isinstance(given.value, ListValue) else None
        arguments = (
            [given]
            if many is None
            else [
                Argument(value=value, place=place)
                for value, place in zip(
                    many, given.parts if len(given.parts) == len(many) else [None] * len(many), strict=True
                )
            ]
        )
        if kind is not None and kind.names[0] in ("MultiHeadAttention",):
            arguments = list(call.positional[:3]) + [
                call.keywords[name] for name in ("query", "value", "key") if name in call.keywords
            ]
        found: list[Argument] = []
        for argument in arguments:
            tensor = run.as_tensor(argument.value, "keras", argument.place or call.place)
            if tensor is None:
                run.escape(argument.value)
            else:
                found.append(replace(argument, value=tensor))
        return found

    def _shape(
        self, run: "Interpreter", tensors: list[Tensor], shapes: tuple[Shape, ...], place: Place | None
    ) -> Shape:
        try:
            return self.plan.shape(shapes)
        except Misfit as misfit:
            run.problem(
                "AE201", f"`{self.text}` ({self.record.title}): {misfit}" if self.record.variable
                else f"`{self.record.title}`: {misfit}", place=place, remedy="",
            )  # fmt: skip
            return ()

    def _count(self, shapes: tuple[Shape, ...]) -> None:
        """Parameters exist from the first call on, as in Keras."""
        if self.is_counted:
            return
        self.is_counted = True
        trained, others = self.plan.count(shapes)
        self.record.num_trainable, self.record.num_non_trainable = trained, others

    def _activate(
        self, run: "Interpreter", tensor: Tensor, place: Place | None, title: str, record: LayerRecord, is_layer: bool
    ) -> Tensor:
        """The node of an activation: a layer of its own, or the end of another."""
        name = self.plan.activation
        if name is UNKNOWN and self.activation is not None:
            value = self.activation
            if isinstance(value, Layer):
                followed = value.call(run, Call(positional=(Argument(value=tensor),), place=place))
            elif isinstance(value, Function | Native) or hasattr(value, "cls"):
                followed = run.call_value(value, tensor, place=place)
            else:
                followed = NONE
            if isinstance(followed, Tensor):
                record.num_calls += is_layer
                return followed
            run.escape(value)
        kind, known_title = ACTIVATIONS.get(name, ("unknown", "activation")) if isinstance(name, str) else (
            "unknown", "activation",
        )  # fmt: skip
        return run.add_op(
            kind, title or known_title, (tensor,), place=place, origin="keras", shape=tensor.op.shape,
            shape_rule=lambda shapes: shapes[0], layer=record, owns_parameters=is_layer,
            attributes=activation_attributes(name) if isinstance(name, str) else {},
        )  # fmt: skip

    def attribute(self, run: "Interpreter", name: str, place: Place | None) -> Value:
        """What sources ask of a layer."""
        if name == "output" and self.last is not None:
            return self.last
        if name == "input" and self.first_input is not None:
            return self.first_input
        if name in ("output_shape", "input_shape"):
            tensor = self.last if name == "output_shape" else self.first_input
            if tensor is not None and tensor.op.shape:
                return constant_of((None, *(side or None for side in tensor.op.shape)))
        if name == "name":
            return Constant(self.config["name"]) if isinstance(self.config.get("name"), str) else Unknown(text="name")
        if name == "trainable":
            return Constant(self.record.is_trainable)
        if name in self.config and isinstance(self.config[name], int | float | str | bool | tuple):
            return constant_of(self.config[name])
        if name in ("kernel", "weights", "get_weights", "variables", "trainable_weights"):
            self.record.is_used = True
        return Unknown(text=f"{self.text}.{name}")

    def set_attribute(self, run: "Interpreter", name: str, value: Value, place: Place | None) -> None:
        """`layer.trainable = False` freezes it."""
        if name in _FROZEN and run.branch is None:
            self.freeze(value.truth() is False)
        else:
            run.escape(value)

    def freeze(self, is_frozen: bool) -> None:
        """Sets whether its parameters are trained."""
        self.record.is_trainable = not is_frozen


def build_layer(run: "Interpreter", name: str, call: Call, title: str = "") -> Value:
    """A layer object of a known class, from the call of its class."""
    kind = keras_kinds()[name]
    arguments = _named(name, kind.parameters, call)
    config: dict[str, Any] = {}
    activation: Value | None = None
    for parameter, argument in arguments.items():
        value = plain(argument.value, UNKNOWN)
        if parameter == "activation":
            value, activation = read_activation(argument.value)
        elif (
            parameter.endswith(("_regularizer", "_initializer", "_constraint")) and value is UNKNOWN
        ) or value is UNKNOWN:
            run.escape(argument.value)
        config[parameter] = value
    config = modern_config(name, config)
    if not call.is_complete:
        for parameter in kind.parameters:
            config.setdefault(parameter, UNKNOWN)
    plan = plan_layer(name, config)
    assert plan is not None
    record = LayerRecord(
        title=title or name, kind=plan.kind, place=call.place, attributes=plan.attributes,
        arguments={parameter: argument.place for parameter, argument in arguments.items() if argument.place},
        arguments_end=call.arguments_end, is_trainable=config.get("trainable", True) is not False,
    )  # fmt: skip
    run.tape.add_layer(record)
    record.is_used = run.branch is not None
    layer = KerasLayer(record, plan, config, activation)
    return layer


def _named(name: str, parameters: tuple[str, ...], call: Call) -> dict[str, Argument]:
    """Arguments by the names of their parameters; `Convolution2D(32, 3, 3)` of Keras 1 is understood."""
    positional = list(call.positional)
    is_old = name.startswith(("Convolution", "Deconvolution")) or {"border_mode", "subsample"} & set(call.keywords)
    if is_old and name.endswith("2D") and len(positional) >= 3:
        sides = [plain(argument.value) for argument in positional[1:3]]
        if all(isinstance(side, int) for side in sides):
            kernel = replace(positional[1], value=constant_of(tuple(sides)), place=None)
            positional = [positional[0], kernel]
    named = dict(zip(parameters, positional, strict=False))
    if {"nb_row", "nb_col"} <= set(call.keywords):
        sides = [plain(call.keywords[word].value) for word in ("nb_row", "nb_col")]
        named["kernel_size"] = Argument(value=constant_of(tuple(sides)))
    return {**named, **{word: argument for word, argument in call.keywords.items() if word not in ("nb_row", "nb_col")}}


def read_activation(value: Value) -> tuple[Any, Value | None]:
    """An `activation=` argument: its name where it is one, else the value itself."""
    if is_none(value):
        return None, None
    if isinstance(value, Constant) and isinstance(value.value, str):
        return value.value, None
    name = getattr(value, "activation_name", None)
    if isinstance(name, str):
        return name, None
    if isinstance(value, KerasLayer) and value.plan.kind == "linear" and isinstance(value.plan.activation, str):
        value.record.is_used = True
        return value.plan.activation, None
    return UNKNOWN, value
