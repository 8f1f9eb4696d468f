"""Layer objects of `torch.nn` in a source: how a class makes one, and what calling it or reading its weights means."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from diabolo.checks.source.classes import Instance
from diabolo.checks.source.library import LibraryClass
from diabolo.checks.source.tape import LayerRecord
from diabolo.checks.source.torch_apply import apply_kind
from diabolo.checks.source.torch_arguments import end_of, first_tensor, places_of, settings_of
from diabolo.checks.source.torch_kind import REQUIRED, Dims, TorchKind, number, numbers
from diabolo.checks.source.torch_named import SEVERAL_RESULTS
from diabolo.checks.source.torch_tensor import add_parameter, as_tensor, dims_of, overwrite
from diabolo.checks.source.values import Call, Constant, Layer, ListValue, Unknown, Value, tuple_of
from diabolo.graph import Origin, Place

if TYPE_CHECKING:
    from diabolo.checks.source.interpreter import Interpreter


class TorchClass(LibraryClass):
    """A class of `torch.nn`, to be called or to derive from."""

    origin: Origin = "torch"

    def __init__(self, path: str) -> None:
        self.path = path

    @property
    def name(self) -> str:
        """Without the module."""
        return self.path.rpartition(".")[2]

    def make(self, run: "Interpreter", call: Call) -> Value:
        """An object of the class."""
        raise NotImplementedError

    def call(self, run: "Interpreter", call: Call) -> Value:
        """An object of the class."""
        return self.make(run, call)

    def attribute(self, run: "Interpreter", name: str, place: Place | None) -> Value:
        """Methods that are called on the class: `nn.Module.__init__(self)`."""
        if name == "__init__":
            return InitialiserOf(self)
        return Unknown(text=f"{self.path}.{name}")

    def prepare(self, run: "Interpreter", instance: Instance, call: Call) -> None:
        """`super().__init__(…)` of a class of the source: the object that it is built upon."""
        from diabolo.checks.source.torch_module import prepare_instance

        prepare_instance(run, self, instance, call)

    def instance_attribute(
        self, run: "Interpreter", instance: Instance, name: str, place: Place | None
    ) -> Value | None:
        """What `nn.Module` gives to its instances, and what the object that it is built upon has."""
        from diabolo.checks.source.torch_module import attribute_of_instance

        return attribute_of_instance(run, instance, name, place)

    def instance_call(self, run: "Interpreter", instance: Instance, call: Call) -> Value | None:
        """`forward`."""
        from diabolo.checks.source.torch_module import call_instance

        return call_instance(run, instance, call)


class InitialiserOf(Value):
    """`nn.Module.__init__`, called with the instance."""

    def __init__(self, cls: TorchClass) -> None:
        self.cls = cls

    def call(self, run: "Interpreter", call: Call) -> Value:
        """Prepares the instance that is handed over."""
        first = call.value(0)
        if isinstance(first, Instance):
            self.cls.prepare(run, first, replace(call, positional=call.positional[1:]))
        return Constant(None)


class LayerClass(TorchClass):
    """A layer class: `nn.Conv2d`."""

    def __init__(self, path: str, kind: TorchKind) -> None:
        super().__init__(path)
        self.kind = kind

    def make(self, run: "Interpreter", call: Call) -> Value:
        """A layer object."""
        kind = self.kind
        settings = settings_of(kind.parameters, kind.settings({}), call)
        trained, kept = kind.weights((), settings)
        record = LayerRecord(
            title=self.name,
            kind=kind.kind,
            place=call.place,
            attributes=kind.attributes(settings),
            arguments=places_of(kind.parameters, call),
            arguments_end=end_of(call),
            num_trainable=trained,
            num_non_trainable=kept,
        )
        run.tape.add_layer(record)
        run.notes.setdefault("torch layers", set()).add(record)
        return TorchLayer(record=record, kind=kind, settings=settings)


@dataclass(eq=False, kw_only=True)
class TorchLayer(Layer):
    """A layer object."""

    kind: TorchKind
    settings: dict[str, object] = field(default_factory=dict)
    names: dict[str, Value] = field(default_factory=dict)
    """Attributes that the source sets."""

    def call(self, run: "Interpreter", call: Call) -> Value:
        """Its result on a tensor."""
        argument = first_tensor(call)
        if argument is None:
            for value in call.values:
                run.escape(value)
            self.record.is_used = True
            return Unknown(text=self.text)
        self._learn(dims_of(argument.value))
        for value in call.values:
            if value is not argument.value and not isinstance(value, Constant):
                run.escape(value)
        result = apply_kind(
            run,
            self.kind,
            self.record.title,
            argument,
            self.settings,
            place=call.place,
            record=self.record,
            name=f"`{self.record.variable}` ({self.record.title})" if self.record.variable else "",
        )
        if self.settings.get("inplace") is True:
            overwrite(argument.value, result)
        return self._with_further(run, result, call)

    def _learn(self, dims: Dims) -> None:
        """A lazy class takes its channels from its first input."""
        required = {name for name, default in self.kind.parameters if default is REQUIRED}
        if self.record.title.startswith("Lazy") and dims and "in_channels" not in required:
            trained, kept = self.kind.weights(dims, self.settings)
            self.record.num_trainable = self.record.num_trainable or trained
            self.record.num_non_trainable = self.record.num_non_trainable or kept

    def _with_further(self, run: "Interpreter", result: Value, call: Call) -> Value:
        """The results of classes that give several."""
        count = SEVERAL_RESULTS.get(self.record.title, 1)
        if self.settings.get("return_indices") is True:
            count = 2
        if count == 1:
            return result
        first = as_tensor(run, result)
        assert first is not None
        first.op.is_held = True
        return ListValue([result, *(Unknown(text=self.text, sources=()) for _ in range(count - 1))], is_mutable=False)

    def attribute(self, run: "Interpreter", name: str, place: Place | None) -> Value:
        """Its weights, its settings, and what every module has."""
        from diabolo.checks.source.torch_module import attribute_of_module

        if name in self.names:
            return self.names[name]
        if name in ("weight", "bias") and self.record.num_trainable:
            if name == "bias" and self.settings.get("bias") is False:
                return Constant(None)
            return add_parameter(run, self._weight_dims() if name == "weight" else (), record=self.record, place=place)
        if name == "forward":
            return self
        found = attribute_of_module(run, self, name, place)
        if found is not None:
            return found
        value = self.settings.get(name)
        if isinstance(value, (int, float, str, bool)):
            return Constant(value)
        if isinstance(value, tuple):
            return tuple_of([Constant(item) for item in value])
        return Unknown(text=f"{self.text}.{name}")

    def _weight_dims(self) -> Dims:
        settings = self.settings
        if self.kind.kind == "dense":
            return number(settings, "out_features") or 0, number(settings, "in_features") or 0
        if self.kind.kind in ("conv", "deconv"):
            kernel = numbers(settings, "kernel_size", 2) or (0, 0)
            groups = number(settings, "groups") or 1
            into, out = number(settings, "in_channels") or 0, number(settings, "out_channels") or 0
            return (into, out // groups, *kernel) if self.kind.kind == "deconv" else (out, into // groups, *kernel)
        return ()

    def set_attribute(self, run: "Interpreter", name: str, value: Value, place: Place | None) -> None:
        """Another module's weights make it share them; anything else is only kept."""
        if name == "weight":
            self.record.is_used = True
            run.escape(value)
        self.names[name] = value

    def parts(self) -> Iterator[Value]:
        """Nothing that could get lost."""
        return iter(())
