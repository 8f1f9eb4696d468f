"""What `nn.Module` gives to every module: its methods and attributes, calls of `forward`, classes derived from it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from diabolo.checks.source.classes import BoundMethod, Instance
from diabolo.checks.source.torch_containers import (
    Bag,
    Container,
    ContainerClass,
    ParameterSet,
    children_of,
    freeze,
    modules_of,
    name_module,
)
from diabolo.checks.source.torch_layer import LayerClass, TorchClass, TorchLayer
from diabolo.checks.source.torch_state import state_of
from diabolo.checks.source.values import (
    NONE,
    Call,
    Constant,
    Function,
    ListValue,
    Native,
    Unknown,
    Value,
    tuple_of,
)
from diabolo.graph import Place

if TYPE_CHECKING:
    from diabolo.checks.source.interpreter import Interpreter

Method = Callable[["Interpreter", Value, Call], Value]

_SAME = (
    "to", "cuda", "cpu", "float", "half", "double", "bfloat16", "type", "share_memory", "apply", "compile", "xpu",
    "to_empty", "requires_grad", "module", "_orig_mod",
)  # fmt: skip
_QUIET = (
    "state_dict", "load_state_dict", "register_forward_hook", "register_full_backward_hook",
    "register_forward_pre_hook", "log", "log_dict", "print", "save_hyperparameters", "manual_backward", "optimizers",
    "lr_schedulers", "toggle_optimizer", "untoggle_optimizer", "reset_parameters", "extra_repr", "get_extra_state",
    "register_load_state_dict_pre_hook", "_register_load_state_dict_pre_hook", "clip_gradients",
)  # fmt: skip


class ModuleClass(TorchClass):
    """`nn.Module` and `LightningModule`."""

    def make(self, run: "Interpreter", call: Call) -> Value:
        """A bare module, to hang others on."""
        return Bag()


def prepare_instance(run: "Interpreter", cls: TorchClass, instance: Instance, call: Call) -> None:
    """`super().__init__(…)` of a class of the source: the object that it is built upon."""
    if isinstance(cls, LayerClass | ContainerClass):
        base = cls.make(run, call)
        instance.notes["torch base"] = base
        if isinstance(base, TorchLayer):
            base.record.title = instance.cls.name
            base.record.place = instance.place or base.record.place
        if instance.variable:
            name_module(base, instance.variable)


def attribute_of_instance(run: "Interpreter", instance: Instance, name: str, place: Place | None) -> Value | None:
    """An attribute that the class of the source does not define."""
    base = instance.notes.get("torch base")
    if isinstance(base, Container | TorchLayer):
        if name == "forward":
            return Native("forward", lambda run, call: _call_base(run, base, call))
        return base.attribute(run, name, place)
    if name == "forward":
        return None
    return attribute_of_module(run, instance, name, place)


def _call_base(run: "Interpreter", base: Value, call: Call) -> Value:
    return base.call(run, call)


def call_instance(run: "Interpreter", instance: Instance, call: Call) -> Value | None:
    """A call of a module: its `forward`; None where it has none."""
    instance.num_calls += 1
    if state_of(run).depth:
        instance.is_within = True
    method = instance.cls.find("forward")
    if isinstance(method, Function):
        return BoundMethod(function=method, instance=instance).call(run, call)
    base = instance.notes.get("torch base")
    if isinstance(base, TorchLayer):
        base.record.variable = base.record.variable or instance.variable
        return base.call(run, call)
    if isinstance(base, Container):
        base.named(instance.text)
        return base.call(run, call)
    return None


def attribute_of_module(run: "Interpreter", module: Value, name: str, place: Place | None) -> Value | None:
    """A method or attribute that every module has; None for anything else."""
    if name in _SAME:
        return module if name in ("module", "_orig_mod") else Native(name, lambda run, call: module)
    if name in _QUIET:
        if name == "save_hyperparameters":
            _keep_hyperparameters(run, module)
        if name == "manual_backward":
            return Native(name, _manual_backward)
        return Native(name, _used)
    if name in ("training", "device", "dtype", "logger", "trainer", "global_step", "current_epoch"):
        return Unknown(text=name)
    if name == "hparams" and isinstance(module, Instance):
        found = module.notes.get("hyperparameters")
        return found if isinstance(found, Bag) else Unknown(text="hparams")
    method = _METHODS.get(name)
    return None if method is None else Native(name, lambda run, call: method(run, module, call))


def _used(run: "Interpreter", call: Call) -> Value:
    for value in call.values:
        run.escape(value)
    return Unknown(text="result")


def _keep_hyperparameters(run: "Interpreter", module: Value) -> None:
    if isinstance(module, Instance):
        names = {name: value for name, value in run.frame.names.items() if value is not module}
        module.notes["hyperparameters"] = Bag(names=names)


def _manual_backward(run: "Interpreter", call: Call) -> Value:
    from diabolo.checks.source.torch_steps import backward

    first = call.value(0)
    return NONE if first is None else backward(run, first, call.place)


def _parameters(run: "Interpreter", module: Value, call: Call) -> Value:
    return ParameterSet(owners=(module,), text=f"{module.text}.parameters()")


def _named_parameters(run: "Interpreter", module: Value, call: Call) -> Value:
    pair = tuple_of([Unknown(text="name"), ParameterSet(owners=(module,), text=f"{module.text}.parameters()")])
    return ListValue([pair])


def _modules(run: "Interpreter", module: Value, call: Call) -> Value:
    return ListValue(list(modules_of(module)))


def _children(run: "Interpreter", module: Value, call: Call) -> Value:
    return ListValue(list(children_of(module).values()))


def _named_children(run: "Interpreter", module: Value, call: Call) -> Value:
    return ListValue([tuple_of([Constant(name), child]) for name, child in children_of(module).items()])


def _named_modules(run: "Interpreter", module: Value, call: Call) -> Value:
    return ListValue([tuple_of([Unknown(text="name"), child]) for child in modules_of(module)])


def _require(run: "Interpreter", module: Value, call: Call) -> Value:
    freeze(run, (module,), call.constant(0, "requires_grad", default=True))
    return module


def _freeze(run: "Interpreter", module: Value, call: Call) -> Value:
    freeze(run, (module,), False)
    return module


def _unfreeze(run: "Interpreter", module: Value, call: Call) -> Value:
    freeze(run, (module,), True)
    return module


def _mode(word: str) -> Method:
    def handler(run: "Interpreter", module: Value, call: Call) -> Value:
        state = state_of(run)
        chosen = word if call.constant(0, "mode", default=True) is not False else "eval"
        state.modes.append((chosen, module, len(run.tape.ops)))
        return module

    return handler


def _zero_grad(run: "Interpreter", module: Value, call: Call) -> Value:
    state_of(run).zeroed.append(tuple(state_of(run).loops))
    return NONE


def _add_module(run: "Interpreter", module: Value, call: Call) -> Value:
    name, value = call.constant(0, "name"), call.value(1, "module", "tensor", "param", "parameter")
    if value is None:
        return NONE
    if isinstance(name, str):
        module.set_attribute(run, name, value, call.place)
    else:
        run.escape(value)
    return NONE


def _get_submodule(run: "Interpreter", module: Value, call: Call) -> Value:
    name = call.constant(0, "target")
    if not isinstance(name, str):
        return Unknown(text="submodule")
    current: Value = module
    for part in name.split("."):
        current = current.attribute(run, part, call.place)
    return current


_METHODS: dict[str, Method] = {
    "parameters": _parameters, "buffers": _parameters, "named_parameters": _named_parameters,
    "named_buffers": _named_parameters, "modules": _modules, "children": _children, "named_modules": _named_modules,
    "named_children": _named_children, "requires_grad_": _require, "freeze": _freeze, "unfreeze": _unfreeze,
    "train": _mode("train"), "eval": _mode("eval"), "zero_grad": _zero_grad, "add_module": _add_module,
    "register_module": _add_module, "register_buffer": _add_module, "register_parameter": _add_module,
    "get_submodule": _get_submodule,
}  # fmt: skip
