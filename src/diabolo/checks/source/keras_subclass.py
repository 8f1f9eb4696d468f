"""Classes of the source that derive from `keras.Model`, `Layer` or a known layer: `build` and `call` are followed."""

import ast
import math
from typing import TYPE_CHECKING

from diabolo.checks.source.calling import unknown_call
from diabolo.checks.source.data import Data
from diabolo.checks.source.keras_layer import build_layer
from diabolo.checks.source.keras_training import Trainee, trainee_attribute
from diabolo.checks.source.library import LibraryClass
from diabolo.checks.source.models import FoundModel
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
    plain,
)
from diabolo.graph import Place
from diabolo.vocabulary import Shape

if TYPE_CHECKING:
    from diabolo.checks.source.classes import Instance
    from diabolo.checks.source.interpreter import Interpreter


class KerasBaseLayer(LibraryClass):
    """`keras.layers.Layer`."""

    path = "keras.layers.Layer"
    origin = "keras"

    def prepare(self, run: "Interpreter", instance: "Instance", call: Call) -> None:
        """Its name and the like are of no matter."""

    def instance_attribute(
        self, run: "Interpreter", instance: "Instance", name: str, place: Place | None
    ) -> Value | None:
        """`add_weight` and the like."""
        return subclass_attribute(run, instance, name, is_model=False)

    def instance_set(self, run: "Interpreter", instance: "Instance", name: str, value: Value) -> None:
        """`self.trainable = False`."""
        subclass_set(run, instance, name, value)

    def instance_call(self, run: "Interpreter", instance: "Instance", call: Call) -> Value | None:
        """Its `build` and `call`."""
        return call_instance(run, instance, call, is_model=False)


class KnownLayerClass(LibraryClass):
    """A class of Keras layers: called it makes a layer; classes may derive from it."""

    origin = "keras"

    def __init__(self, name: str) -> None:
        self.name = name
        self.path = f"keras.layers.{name}"

    def call(self, run: "Interpreter", call: Call) -> Value:
        """A layer."""
        layer = build_layer(run, self.name, call)
        if isinstance(layer, Layer):
            run.notes.setdefault("layers", {})[layer.record] = layer
        return layer

    def prepare(self, run: "Interpreter", instance: "Instance", call: Call) -> None:
        """A layer of this class behind the derived one."""
        instance.notes["layer"] = self.call(run, call)

    def instance_attribute(
        self, run: "Interpreter", instance: "Instance", name: str, place: Place | None
    ) -> Value | None:
        """The layer's, where it has it."""
        if name == "call":
            return Native(name, lambda run, call: self._layer(run, instance).call(run, call))
        if name == "__init__":
            return Native(name, lambda run, call: _prepared(self, run, instance, call))
        return subclass_attribute(run, instance, name, is_model=False)

    def instance_call(self, run: "Interpreter", instance: "Instance", call: Call) -> Value | None:
        """Its own `call` where the source gives it one, else the layer's."""
        if instance.cls.find("call") is not None:
            return call_instance(run, instance, call, is_model=False)
        return self._layer(run, instance).call(run, call)

    def _layer(self, run: "Interpreter", instance: "Instance") -> Value:
        if "layer" not in instance.notes:
            self.prepare(run, instance, Call(place=instance.place, is_complete=False))
        layer = instance.notes["layer"]
        assert isinstance(layer, Value)
        return layer


def _prepared(base: KnownLayerClass, run: "Interpreter", instance: "Instance", call: Call) -> Value:
    base.prepare(run, instance, call)
    return NONE


def subclass_attribute(run: "Interpreter", instance: "Instance", name: str, *, is_model: bool) -> Value | None:
    """What a base class gives its instances."""
    if is_model or name == "add_loss":
        given = trainee_attribute(run, trainee_of(instance), name)
        if given is not None:
            return given
    if name in ("add_weight", "add_variable"):
        return Native(name, lambda run, call: _add_weight(run, call))
    if name == "build":
        return Native(name, lambda run, call: _set_shape(instance, call))
    if name in ("trainable_weights", "trainable_variables", "weights", "variables", "losses", "optimizer",
                "compiled_loss", "compute_loss", "compiled_metrics"):  # fmt: skip
        return Unknown(text=name)
    if name == "trainable":
        return Constant(not instance.is_frozen)
    if name in ("built", "name", "dtype", "compute_dtype", "metrics"):
        return Unknown(text=name)
    if name == "layers":
        return ListValue([value for value in instance.names.values() if isinstance(value, Layer)])
    return None


def subclass_set(run: "Interpreter", instance: "Instance", name: str, value: Value) -> None:
    """`model.trainable = False` freezes what the instance holds."""
    if name == "trainable" and value.truth() is not None and run.branch is None:
        instance.is_frozen = value.truth() is False
        for part in layers_in(instance):
            part.is_trainable = not instance.is_frozen


def trainee_of(instance: "Instance") -> Trainee:
    """What an instance knows of its training."""
    known = instance.notes.get("trainee")
    if not isinstance(known, Trainee):
        known = Trainee(found=lambda run: model_of(run, instance))
        instance.notes["trainee"] = known
    return known


def _add_weight(run: "Interpreter", call: Call) -> Value:
    """A weight of a custom layer: a constant node with its parameters."""
    shape = plain(call.value(None, "shape") or call.value(0))
    if not isinstance(shape, tuple | int):
        shape = plain(call.value(1))
    sides = (shape,) if isinstance(shape, int) else shape if isinstance(shape, tuple) else ()
    known = all(isinstance(side, int) for side in sides)
    total = math.prod(side for side in sides if isinstance(side, int)) if known and "shape" in call.keywords else 0
    record = run.tape.add_layer(LayerRecord(title="Weight", kind="constant", place=call.place))
    if call.constant(None, "trainable", default=True) is False:
        record.num_non_trainable = total
    else:
        record.num_trainable = total
    record.is_used = True
    shape_known = sides if known and total else ()
    return run.add_op("constant", "Weight", (), place=call.place, origin="keras", layer=record, shape=shape_known)


def _set_shape(instance: "Instance", call: Call) -> Value:
    shape = call.constant(0, "input_shape")
    if isinstance(shape, tuple) and trainee_of(instance).hint is None:
        sides = tuple(side if isinstance(side, int) else 0 for side in shape[1:])
        trainee_of(instance).hint = Data(shape=sides)
    return NONE


def call_instance(run: "Interpreter", instance: "Instance", call: Call, *, is_model: bool) -> Value | None:
    """Follows the `call` of an instance; None where its class has none."""
    method = instance.cls.find("call")
    if not isinstance(method, Function):
        return None
    given = call.argument(0, "inputs", "x")
    is_fresh = (
        given is not None
        and isinstance(given.value, Data | Unknown)
        and not (isinstance(given.value, Unknown) and given.value.op is not None)
    )
    if is_model and is_fresh and isinstance(instance.notes.get("result"), Value):
        result = instance.notes["result"]  # the same model on other images
        assert isinstance(result, Value)
        return result
    positional = list(call.positional)
    if is_fresh and given is not None and positional and positional[0] is given:
        tensor = run.as_tensor(given.value, "keras", given.place)
        if tensor is not None:
            positional[0] = Argument(value=tensor, text=given.text, place=given.place)
    for argument in positional:
        run.hold(argument.value)
    inputs = [value for argument in positional for value in _flat(argument.value)]
    if not instance.is_built:
        instance.is_built = True
        _build(run, instance, inputs[0] if inputs else None, call.place)
    keywords = dict(call.keywords)
    names = [parameter.arg for parameter in (*method.node.args.args, *method.node.args.kwonlyargs)]
    if "training" in names[1 + len(positional) :] and "training" not in keywords:
        keywords["training"] = Argument(value=Constant(True))
    depth = run.notes.get("instances open", 0)
    run.notes["instances open"] = depth + 1
    instance.num_calls += 1
    try:
        result = run.call_function(
            method, Call(
                positional=(Argument(value=instance), *positional), keywords=keywords, place=call.place,
                is_complete=call.is_complete, function_text=call.function_text,
            ),
        )  # fmt: skip
    finally:
        run.notes["instances open"] = depth
    if is_fresh:
        run.escape(result)  # applied to images, not part of a larger model: nothing has to read what comes out
    from diabolo.checks.source.keras_model import note_input, note_output

    tensors = [value for value in inputs if isinstance(value, Tensor)]
    note_input(run, tensors)
    note_output(run, list(_flat(result)))
    starts = [tensor.op for tensor in tensors if tensor.op.kind == "input"]
    if is_model and depth == 0 and starts and "record" not in instance.notes and len(starts) == len(tensors):
        instance.notes["result"] = result
        instance.notes["ends"] = (starts, [value.op for value in _flat(result) if isinstance(value, Tensor)])
    elif depth or not starts:
        instance.is_within = True
    return result


def _flat(value: Value) -> list[Value]:
    if isinstance(value, ListValue) and value.items is not None:
        return [part for item in value.items for part in _flat(item)]
    from diabolo.checks.source.values import DictValue

    if isinstance(value, DictValue) and value.entries is not None:
        return [part for item in value.entries.values() for part in _flat(item)]
    return [value]


def _build(run: "Interpreter", instance: "Instance", first: Value | None, place: Place | None) -> None:
    method = instance.cls.find("build")
    if not isinstance(method, Function):
        return
    shape: Shape = first.op.shape if isinstance(first, Tensor) else ()
    given: Value = Unknown(text="input_shape")
    if shape:
        given = constant_of((None, *(side or None for side in shape)))
    run.call_value(method, instance, given, place=place)


def model_of(run: "Interpreter", instance: "Instance") -> FoundModel | None:
    """The record of a subclassed model: from its first call, else from a call on an input of its own."""
    from diabolo.checks.source.keras_model import FunctionalModel, handover_in
    from diabolo.checks.source.keras_sequential import SequentialModel

    for name in ("functional", "sequential"):
        whole = instance.notes.get(name)
        if isinstance(whole, FunctionalModel | SequentialModel):
            whole.variable = whole.variable or instance.variable
            return whole.found(run)
    record = instance.notes.get("record")
    if isinstance(record, FoundModel):
        return record
    if "ends" not in instance.notes and not instance.notes.get("tried"):
        instance.notes["tried"] = True
        _call_on_input(run, instance)
    ends = instance.notes.get("ends")
    if not isinstance(ends, tuple) or not ends[1]:
        return None
    made = FoundModel(
        name=instance.variable or instance.cls.name, inputs=list(ends[0]), outputs=list(ends[1]),
        place=instance.cls.place, owner=instance, idle=idle_layers(run, instance),
    )  # fmt: skip
    run.models.add(made)
    instance.notes["record"] = made
    made.latent = handover_in(run, made)
    return made


def _call_on_input(run: "Interpreter", instance: "Instance") -> None:
    """Applies a model to an input of its own; without `call`, its `train_step`."""
    hint = trainee_of(instance).hint
    shape = hint.shape if hint is not None else ()
    kept_branch, kept_depth = run.branch, run.notes.get("instances open", 0)
    run.branch, run.notes["instances open"] = None, 0
    try:
        method = instance.cls.find("call")
        start = run.add_op("input", "InputLayer", (), place=instance.cls.place, origin="keras", shape=shape)
        if isinstance(method, Function):
            names = [parameter.arg for parameter in method.node.args.args]
            start.op.variable = names[1] if len(names) > 1 else "inputs"
            call_instance(run, instance, Call(
                positional=(Argument(value=start, text=start.op.variable),), place=instance.cls.place
            ), is_model=True)  # fmt: skip
            return
        step = instance.cls.find("train_step")
        if isinstance(step, Function):
            _follow_step(run, instance, step, start)
    finally:
        run.branch, run.notes["instances open"] = kept_branch, kept_depth


def _follow_step(run: "Interpreter", instance: "Instance", step: Function, start: Tensor) -> None:
    """A model that has a `train_step` and no `call`: its output is what a loss compares with the images."""
    start.op.variable = "data"
    before = len(run.tape.ops)
    names = [parameter.arg for parameter in step.node.args.args]
    if len(names) < 2:
        return
    run.notes["stepping"] = trainee_of(instance)
    try:
        run.call_value(step, instance, start, place=instance.cls.place)
    finally:
        run.notes["stepping"] = None
    for op in run.tape.ops[before:]:
        if op.kind == "loss" and start.op in op.inputs and len(op.inputs) == 2:
            output = op.inputs[0] if op.inputs[1] is start.op else op.inputs[1]
            if output is not start.op:
                instance.notes["ends"] = ([start.op], [output])
                return


def idle_layers(run: "Interpreter", instance: "Instance") -> list[LayerRecord]:
    """Layers that an instance holds and never calls, nor any method that was not followed."""
    pending: set[str] = set()
    for cls in instance.cls.lineage():
        for value in cls.names.values():
            if isinstance(value, Function) and not value.num_calls and not isinstance(value.node, ast.Lambda):
                pending |= {node.attr for node in ast.walk(value.node) if isinstance(node, ast.Attribute)}
    found: list[LayerRecord] = []
    for name, value in instance.names.items():
        for record in _records(value):
            if name in pending:
                record.is_used = True
            elif not record.num_calls and not record.is_used:
                found.append(record)
    return list(dict.fromkeys(found))


def layers_in(instance: "Instance") -> list[LayerRecord]:
    """All layers that an instance holds."""
    return [record for value in instance.names.values() for record in _records(value)]


def _records(value: Value, depth: int = 0) -> list[LayerRecord]:
    from diabolo.checks.source.classes import Instance

    if isinstance(value, Layer):
        return [value.record]
    if depth > 6 or isinstance(value, Unknown | Tensor):
        return []
    if isinstance(value, Instance | ListValue) or hasattr(value, "layers") or hasattr(value, "entries"):
        return [record for part in value.parts() for record in _records(part, depth + 1)]
    return []


__all__ = ["KerasBaseLayer", "KnownLayerClass", "call_instance", "model_of", "unknown_call"]
