"""`keras.Sequential`: a list of layers that grows by `add`, and becomes a model once it is called or trained."""

from typing import TYPE_CHECKING

from diabolo.checks.source.data import Data
from diabolo.checks.source.keras_model import (
    FunctionalModel,
    KerasModel,
    handover_in,
    is_promising,
    note_input,
    note_output,
)
from diabolo.checks.source.library import LibraryClass
from diabolo.checks.source.models import FoundModel
from diabolo.checks.source.values import (
    NONE,
    Argument,
    Call,
    ListValue,
    Native,
    Tensor,
    Unknown,
    Value,
    plain,
)
from diabolo.graph import Place
from diabolo.vocabulary import Shape

if TYPE_CHECKING:
    from diabolo.checks.source.classes import Instance
    from diabolo.checks.source.interpreter import Interpreter


class SequentialModel(KerasModel):
    """`Sequential([…])` and what `.add` puts behind."""

    def __init__(self, run: "Interpreter", items: list[Value] | None, place: Place | None) -> None:
        super().__init__(place)
        self.items = items
        self.branch = run.branch
        self.record: FoundModel | None = None
        self.input: Tensor | None = None
        self.built: Shape = ()
        run.notes.setdefault("sequentials", []).append(self)

    def found(self, run: "Interpreter") -> FoundModel | None:
        """The record of it; its layers are applied to an input of its own the first time."""
        if self.record is None and self.items:
            self._build(run)
        return self.record

    def layers(self, run: "Interpreter") -> list[Value]:
        """Its layers."""
        return [item for item in self.items or [] if not isinstance(item, Tensor)]

    def parts(self):  # type: ignore[no-untyped-def]
        """Its layers: they are used where it is."""
        return iter(self.items or ())

    def attribute(self, run: "Interpreter", name: str, place: Place | None) -> Value:
        """`add`, `pop` and `build` beside the others'."""
        if name == "add":
            return Native(name, lambda run, call: self._add(run, call))
        if name == "pop":
            return Native(name, lambda run, call: self._pop(run))
        if name == "build":
            return Native(name, lambda run, call: self._set_shape(call))
        return super().attribute(run, name, place)

    def _add(self, run: "Interpreter", call: Call) -> Value:
        layer = call.value(0, "layer")
        if layer is None:
            return NONE
        run.hold(layer)
        if self.items is None or self.branch is not run.branch or self.record is not None:
            run.problem(
                "AE002", f"what `{self.text}` holds depends on something that is not known here: it was not followed",
                place=call.place, once=f"sequential {id(self)}",
            )  # fmt: skip
            run.escape(layer)
            run.escape(ListValue(self.items))
            self.items = None
        else:
            self.items.append(layer)
        return NONE

    def _pop(self, run: "Interpreter") -> Value:
        if self.items:
            run.escape(self.items.pop())
        return NONE

    def _set_shape(self, call: Call) -> Value:
        shape = call.constant(0, "input_shape")
        if isinstance(shape, tuple):
            self.built = tuple(side if isinstance(side, int) else 0 for side in shape[1:])
        return NONE

    def _build(self, run: "Interpreter") -> None:
        items = list(self.items or [])
        first = items[0]
        kept = run.branch
        run.branch = None
        try:
            if isinstance(first, Tensor):
                self.input = first
                items = items[1:]
            else:
                shape = self._input_shape(first)
                self.input = run.add_op("input", "InputLayer", (), place=self.place, origin="keras", shape=shape)
            result = self._chain(run, self.input, items, self.place)
        finally:
            run.branch = kept
        if isinstance(result, Tensor):
            self.record = run.models.add(
                FoundModel(name="", inputs=[self.input.op], outputs=[result.op], place=self.place, owner=self)
            )
            self.record.latent = handover_in(run, self.record)

    def _input_shape(self, first: Value) -> Shape:
        config = getattr(first, "config", None)
        if isinstance(config, dict):
            for name in ("input_shape", "batch_input_shape", "batch_shape"):
                shape = config.get(name)
                if isinstance(shape, tuple | list):
                    sides = shape if name == "input_shape" else shape[1:]
                    return tuple(side if isinstance(side, int) and side > 0 else 0 for side in sides)
            if isinstance(config.get("input_dim"), int):
                return (config["input_dim"],)
            if isinstance(config.get("input_shape"), int):
                return (config["input_shape"],)
        if isinstance(first, SequentialModel) and first.items:
            if isinstance(first.items[0], Tensor):
                return first.items[0].op.shape
            return first._input_shape(first.items[0])
        if isinstance(first, FunctionalModel):
            return first.inputs[0].op.shape
        if self.built:
            return self.built
        return self.trainee.hint.shape if self.trainee.hint is not None else ()

    def _chain(self, run: "Interpreter", tensor: Tensor, items: list[Value], place: Place | None) -> Value:
        value: Value = tensor
        for item in items:
            where = getattr(getattr(item, "record", None), "place", None) or getattr(item, "place", None) or place
            value = item.call(run, Call(positional=(Argument(value=value),), place=where, function_text=item.text))
        return value

    def call(self, run: "Interpreter", call: Call) -> Value:
        """Its layers one after another."""
        given = call.argument(0, "inputs")
        if self.items is None or given is None:
            return run.call_unknown(self, call)
        value = given.value
        if isinstance(value, Data) or (
            isinstance(value, Unknown) and value.op is None and not is_promising(run, value)
        ):
            return Data(text=f"{self.text}(…)")
        tensor = run.as_tensor(value, "keras", given.place)
        if tensor is None:
            return run.call_unknown(self, call)
        note_input(run, [tensor])
        self.is_within = True
        self.num_calls += 1
        items = self.items[1:] if self.items and isinstance(self.items[0], Tensor) else self.items
        result = self._chain(run, tensor, items, call.place)
        owners = run.notes.setdefault("owners", {})
        if isinstance(result, Tensor):
            owners[result.op] = self
            note_output(run, [result])
        return result


class SequentialClass(LibraryClass):
    """`keras.Sequential`."""

    path = "keras.Sequential"
    origin = "keras"

    def call(self, run: "Interpreter", call: Call) -> Value:
        """`Sequential([…])`."""
        given = call.value(0, "layers")
        items = given.elements(run) if given is not None else []
        if given is not None and plain(given, 0) is None:
            items = []
        if items is None:
            run.escape(given)
        return SequentialModel(run, items, call.place)

    def prepare(self, run: "Interpreter", instance: "Instance", call: Call) -> None:
        """A class that derives from `Sequential` holds one."""
        whole = self.call(run, call)
        instance.notes["sequential"] = whole
        if isinstance(whole, SequentialModel):
            whole.variable = instance.variable or instance.cls.name

    def _whole(self, run: "Interpreter", instance: "Instance") -> Value:
        if "sequential" not in instance.notes:
            self.prepare(run, instance, Call(place=instance.place))
        whole = instance.notes["sequential"]
        assert isinstance(whole, Value)
        return whole

    def instance_attribute(
        self, run: "Interpreter", instance: "Instance", name: str, place: Place | None
    ) -> Value | None:
        """As the `Sequential` that it holds."""
        if name == "__init__":
            return None
        return self._whole(run, instance).attribute(run, name, place)

    def instance_call(self, run: "Interpreter", instance: "Instance", call: Call) -> Value | None:
        """As the `Sequential` that it holds."""
        return self._whole(run, instance).call(run, call)
