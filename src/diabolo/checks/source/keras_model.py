"""Keras models of a source: functional ones, `Sequential`, and what a call of a whole model adds to another."""

from typing import TYPE_CHECKING

from diabolo.checks.source.data import Data
from diabolo.checks.source.keras_layer import KerasLayer
from diabolo.checks.source.keras_training import Trainee, trainee_attribute
from diabolo.checks.source.library import LibraryClass
from diabolo.checks.source.models import FoundModel, body_of
from diabolo.checks.source.tape import Op
from diabolo.checks.source.values import (
    Call,
    ListValue,
    Native,
    Tensor,
    Unknown,
    Value,
    constant_of,
)
from diabolo.graph import Place
from diabolo.vocabulary import Misfit, Shape

if TYPE_CHECKING:
    from diabolo.checks.source.classes import Instance
    from diabolo.checks.source.interpreter import Interpreter

MAX_COPIED = 20_000
"""Most operations that calls of models copy in one source."""


class KerasModel(Value):
    """What functional models and `Sequential` have in common."""

    def __init__(self, place: Place | None) -> None:
        self.place = place
        self.variable = ""
        self.is_within = False
        self.trainee = Trainee(found=self.found)
        self.num_calls = 0

    @property
    def text(self) -> str:  # type: ignore[override]
        """Its variable."""
        return self.variable or "model"

    def named(self, name: str) -> None:
        """Its first name."""
        self.variable = self.variable or name

    def truth(self) -> bool | None:
        """An object is true."""
        return True

    def found(self, run: "Interpreter") -> FoundModel | None:
        """The record of it."""
        raise NotImplementedError

    def layers(self, run: "Interpreter") -> list[Value]:
        """Its layers as `model.layers` gives them."""
        raise NotImplementedError

    def attribute(self, run: "Interpreter", name: str, place: Place | None) -> Value:
        """What sources ask of a model."""
        given = trainee_attribute(run, self.trainee, name)
        if given is not None:
            return given
        if name == "layers":
            return ListValue(self.layers(run), branch=run.branch)
        if name == "get_layer":
            return Native(name, lambda run, call: self._layer(run, call))
        if name in ("input", "output", "inputs", "outputs"):
            return self._end(run, name)
        if name in ("output_shape", "input_shape"):
            end = self._end(run, name.partition("_")[0])
            if isinstance(end, Tensor) and end.op.shape:
                return constant_of((None, *(side or None for side in end.op.shape)))
        if name == "name":
            return Unknown(text="name")
        return Unknown(text=f"{self.text}.{name}")

    def set_attribute(self, run: "Interpreter", name: str, value: Value, place: Place | None) -> None:
        """`model.trainable = False` freezes its layers."""
        if name == "trainable" and run.branch is None:
            for layer in self.layers(run):
                layer.set_attribute(run, name, value, place)
        else:
            run.escape(value)

    def _end(self, run: "Interpreter", name: str) -> Value:
        found = self.found(run)
        if found is None:
            return Unknown(text=f"{self.text}.{name}")
        ends = [Tensor(op) for op in (found.inputs if name.startswith("input") else found.outputs)]
        return ends[0] if len(ends) == 1 and not name.endswith("s") else ListValue(list(ends), branch=run.branch)

    def _layer(self, run: "Interpreter", call: Call) -> Value:
        index, name = call.constant(None, "index"), call.constant(0, "name")
        layers = self.layers(run)
        if isinstance(index, int) and -len(layers) <= index < len(layers):
            return layers[index]
        for layer in layers:
            if isinstance(name, str) and isinstance(layer, KerasLayer) and layer.config.get("name") == name:
                return layer
        return Unknown(text=f"{self.text}.get_layer()", sources=())


class FunctionalModel(KerasModel):
    """`Model(inputs, outputs)`."""

    def __init__(self, run: "Interpreter", inputs: list[Tensor], outputs: list[Tensor], place: Place | None) -> None:
        super().__init__(place)
        self.inputs, self.outputs = inputs, outputs
        record = FoundModel(
            name="", inputs=[tensor.op for tensor in inputs], outputs=[tensor.op for tensor in outputs], place=place,
            owner=self,
        )  # fmt: skip
        self.record = run.models.add(record)
        record.latent = handover_in(run, record)

    def found(self, run: "Interpreter") -> FoundModel | None:
        """The record of it."""
        return self.record

    def layers(self, run: "Interpreter") -> list[Value]:
        """Its input and layers in order; a model inside of it counts as one."""
        values: dict[Value, None] = {}
        for op in body_of(self.record):
            owner = run.notes.get("owners", {}).get(op)
            if owner is not None and op not in self.record.inputs:
                values[owner] = None
            elif op in self.record.inputs:
                values[Unknown(text=op.variable or "input")] = None
            elif op.layer is not None:
                values[run.notes.get("layers", {}).get(op.layer, Unknown(text=op.title))] = None
        return list(values)

    def call(self, run: "Interpreter", call: Call) -> Value:
        """Its operations again, on other inputs."""
        given = call.argument(0, "inputs")
        values = given.value.elements(run) if given is not None and isinstance(given.value, ListValue) else None
        values = values if values is not None else [given.value] if given is not None else []
        tensors: list[Tensor] = []
        for value in values:
            if isinstance(value, Unknown) and value.op is None and not is_promising(run, value):
                return Unknown(text=f"{self.text}(…)")
            tensor = run.as_tensor(value, "keras", call.place) if not isinstance(value, Data) else None
            if tensor is None:
                return Data(text=f"{self.text}(…)")
            tensors.append(tensor)
        if len(tensors) != len(self.inputs):
            return run.call_unknown(self, call)
        note_input(run, tensors)
        self.is_within = True
        self.num_calls += 1
        results = copy_ops(run, self, tensors, given.place if given is not None else None, call.place)
        outputs: list[Value] = [Tensor(results[tensor.op]) for tensor in self.outputs]
        note_output(run, outputs)
        return outputs[0] if len(outputs) == 1 else ListValue(outputs)

    def copied(self, run: "Interpreter") -> Value:
        """A model of its own with the same layers."""
        return self


def copy_ops(
    run: "Interpreter", model: FunctionalModel, tensors: list[Tensor], input_place: Place | None, place: Place | None
) -> dict[Op, Op]:
    """The operations of a model once more, on other inputs; weights stay shared."""
    results: dict[Op, Op] = {old.op: new.op for old, new in zip(model.inputs, tensors, strict=True)}
    owners = run.notes.setdefault("owners", {})
    copied = run.notes.get("copied", 0)
    for op in body_of(model.record):
        if op in results:
            continue
        copied += 1
        if copied > MAX_COPIED:
            run.problem("AE002", f"`{model.text}` is called too often to be followed", place=place, once="copied")
            results[op] = op
            continue
        sources = [Tensor(results.get(source, source)) for source in op.inputs]
        shape = _shape_again(run, op, tuple(source.op.shape for source in sources), model, place)
        first = any(source in [tensor.op for tensor in tensors] for source in (s.op for s in sources))
        places = [input_place] * len(sources) if first and len(sources) == 1 and op.place is None else op.input_places
        new = run.add_op(
            op.kind, op.title, sources, place=op.place, origin=op.origin, shape=shape, shape_rule=op.shape_rule,
            attributes=op.attributes, layer=op.layer, owns_parameters=op.owns_parameters, input_places=places,
            window=op.window, is_random=op.is_random, blocks_gradient=op.blocks_gradient,
        )  # fmt: skip
        new.op.copied_from = op
        new.op.variable = op.variable
        owners[new.op] = model
        results[op] = new.op
    run.notes["copied"] = copied
    return results


def _shape_again(
    run: "Interpreter", op: Op, shapes: tuple[Shape, ...], model: FunctionalModel, place: Place | None
) -> Shape:
    if op.shape_rule is None or shapes == tuple(source.shape for source in op.inputs):
        return op.shape
    try:
        return op.shape_rule(shapes)
    except Misfit as misfit:
        run.problem("AE201", f"`{op.variable or op.title}` in `{model.text}`: {misfit}", place=place or op.place)
        return ()


def is_promising(run: "Interpreter", value: Unknown) -> bool:
    """Whether an unknown value inside of a function is a parameter that may be a tensor."""
    return run.frame.function is not None and not value.is_undefined and not value.sources


def note_output(run: "Interpreter", values: list[Value]) -> None:
    """Remembers what came out of a model, to see where the writer splits the whole."""
    results = run.notes.setdefault("results", set())
    for value in values:
        if isinstance(value, Tensor):
            results.add(value.op)


def note_input(run: "Interpreter", tensors: list[Tensor]) -> None:
    """Remembers where a model is fed what came out of another."""
    results, handovers = run.notes.setdefault("results", set()), run.notes.setdefault("handovers", set())
    for tensor in tensors:
        if tensor.op in results:
            handovers.add(tensor.op)


def handover_in(run: "Interpreter", model: FoundModel) -> Op | None:
    """Where one part of a model hands over to another; None unless there is one such place."""
    handovers = run.notes.get("handovers", set())
    places = [op for op in body_of(model) if op in handovers and op not in model.inputs and op not in model.outputs]
    return places[0] if len(places) == 1 else None


class KerasModelClass(LibraryClass):
    """`keras.Model`: called with tensors it makes a model; classes derive from it."""

    path = "keras.Model"
    origin = "keras"

    def call(self, run: "Interpreter", call: Call) -> Value:
        """`Model(inputs, outputs)`."""
        return functional(run, call) or run.call_unknown(self, call)

    def prepare(self, run: "Interpreter", instance: "Instance", call: Call) -> None:
        """`super().__init__(inputs=…, outputs=…)` makes a functional model of the instance."""
        if call.argument(0, "inputs", "input") is not None and call.argument(1, "outputs", "output") is not None:
            instance.notes["functional"] = functional(run, call)

    def instance_attribute(
        self, run: "Interpreter", instance: "Instance", name: str, place: Place | None
    ) -> Value | None:
        """As a functional model, or as a subclassed one."""
        from diabolo.checks.source.keras_subclass import subclass_attribute

        whole = instance.notes.get("functional")
        if isinstance(whole, FunctionalModel):
            return whole.attribute(run, name, place)
        return subclass_attribute(run, instance, name, is_model=True)

    def instance_set(self, run: "Interpreter", instance: "Instance", name: str, value: Value) -> None:
        """`self.trainable = False`."""
        from diabolo.checks.source.keras_subclass import subclass_set

        subclass_set(run, instance, name, value)

    def instance_call(self, run: "Interpreter", instance: "Instance", call: Call) -> Value | None:
        """As a functional model, or its `call`."""
        from diabolo.checks.source.keras_subclass import call_instance

        whole = instance.notes.get("functional")
        if isinstance(whole, FunctionalModel) and instance.cls.find("call") is None:
            whole.variable = whole.variable or instance.variable
            return whole.call(run, call)
        return call_instance(run, instance, call, is_model=True)


def functional(run: "Interpreter", call: Call) -> Value | None:
    """A functional model from `Model(inputs, outputs)`; None where an end is not known."""
    ends: list[list[Tensor]] = []
    for position, names in enumerate((("inputs", "input"), ("outputs", "output"))):
        given = call.value(position, *names)
        if given is None:
            return None
        parts = list(given.parts()) if not isinstance(given, Tensor | Unknown) else [given]
        if any(isinstance(part, Unknown) and part.op is None for part in parts):
            return None
        tensors = [run.as_tensor(part, "keras", call.place) for part in parts]
        known = [tensor for tensor in tensors if tensor is not None]
        if not known or len(known) != len(tensors):
            return None
        ends.append(known)
    return FunctionalModel(run, ends[0], ends[1], call.place)
