"""After a PyTorch source: models that were never called are called, then models and trainings are collected."""

import ast
from typing import TYPE_CHECKING

from diabolo.checks.source.classes import ClassValue, Instance
from diabolo.checks.source.models import FoundModel
from diabolo.checks.source.tape import Op
from diabolo.checks.source.torch_containers import Container, children_of, is_module, modules_of
from diabolo.checks.source.torch_found import collect
from diabolo.checks.source.torch_kind import BATCH
from diabolo.checks.source.torch_layer import TorchClass
from diabolo.checks.source.torch_mentions import trains
from diabolo.checks.source.torch_state import Span, TorchState, state_of
from diabolo.checks.source.torch_steps import backward
from diabolo.checks.source.torch_tensor import add_tensor
from diabolo.checks.source.values import Argument, Call, Constant, Function, Unknown, Value
from diabolo.graph import Place

if TYPE_CHECKING:
    from diabolo.checks.source.interpreter import Interpreter


def finish(run: "Interpreter") -> None:
    """Follows what was never called, and collects what was found."""
    state = state_of(run)
    _follow_examples(run, state)
    _follow_instances(run, state)
    _follow_classes(run, state)
    _follow_training_functions(run)
    collect(run)


def _follow_examples(run: "Interpreter", state: TorchState) -> None:
    """Models whose image size a `summary(…)` names."""
    for example in state.examples:
        if not any(span.model is example.model for span in state.spans):
            image = add_tensor(run, "input", "Input", (), (BATCH, *example.sizes), place=None)
            _call(run, example.model, [image])


def _follow_instances(run: "Interpreter", state: TorchState) -> None:
    """Model objects that the source builds and never calls."""
    inside = {
        id(child)
        for instance in run.instances
        if is_module(instance)
        for child in list(modules_of(instance))[1:]
    }
    called = {id(span.model) for span in state.spans}
    for instance in list(run.instances):
        if not is_module(instance) or id(instance) in inside or id(instance) in called:
            continue
        if instance.num_calls or instance.is_within:
            continue
        _follow_one(run, instance)


def _follow_classes(run: "Interpreter", state: TorchState) -> None:
    """Model classes that the source never instantiates, the last first: it is built of the others."""
    bases = {id(base) for cls in run.classes for base in cls.bases}
    for cls in reversed(list(run.classes)):
        if not isinstance(cls, ClassValue) or cls.num_instances or id(cls) in bases:
            continue
        if not any(isinstance(base, TorchClass) for base in cls.libraries()):
            continue
        instance = cls.call(run, Call(place=cls.place))
        if isinstance(instance, Instance):
            _follow_one(run, instance)


def _follow_one(run: "Interpreter", instance: Instance) -> None:
    """Calls a model with an image of which nothing is known, or follows its `training_step`."""
    step = instance.cls.find("training_step")
    if isinstance(step, Function):
        _follow_lightning(run, instance)
        if instance.num_calls:
            return
    if instance.cls.find("forward") is not None or "torch base" in instance.notes:
        _call(run, instance, _unknown_arguments(instance.cls.find("forward")))


def _follow_lightning(run: "Interpreter", instance: Instance) -> None:
    """What a trainer calls."""
    state = state_of(run)
    if isinstance(instance.cls.find("configure_optimizers"), Function):
        instance.attribute(run, "configure_optimizers", None).call(run, Call())
    method = instance.attribute(run, "training_step", None)
    steps = len(state.steps)
    arguments = (Argument(value=Unknown(text="batch")), Argument(value=Unknown(text="batch_idx")))
    result = method.call(run, Call(positional=arguments))
    loss = _loss_of(run, result)
    state.has_unknown_step = True  # the trainer sets gradients to zero
    if loss is not None and len(state.steps) == steps:
        function = instance.cls.find("training_step")
        place = run.place(function.node) if isinstance(function, Function) else None
        backward(run, loss, place)


def _loss_of(run: "Interpreter", result: Value) -> Value | None:
    from diabolo.checks.source.values import DictValue

    if isinstance(result, DictValue):
        return None if result.entries is None else result.entries.get("loss")
    return None if isinstance(result, Constant) else result


def _unknown_arguments(function: Value | None) -> list[Value]:
    """An unknown value for each parameter of `forward` that has no default."""
    if not isinstance(function, Function):
        return [Unknown(text="input")]
    arguments = function.node.args
    names = [parameter.arg for parameter in (*arguments.posonlyargs, *arguments.args)][1:]
    needed = [name for name in names if name not in function.defaults]
    return [Unknown(text=name) for name in needed] or ([Unknown(text=names[0])] if names else [])


def _call(run: "Interpreter", model: Value, values: list[Value]) -> None:
    call = Call(positional=tuple(Argument(value=value, text=value.text) for value in values))
    run.guard(lambda: model.call(run, call), None, f"`{model.text}`")


def _follow_training_functions(run: "Interpreter") -> None:
    """Functions with a training loop in them that the source never calls."""
    for function in list(run.functions):
        if function.num_calls or not isinstance(function.node, ast.FunctionDef) or not trains(run, function.node):
            continue
        known = len(run.problems)
        names = [parameter.arg for parameter in (*function.node.args.posonlyargs, *function.node.args.args)]
        needed = [Unknown(text=name) for name in names if name not in function.defaults]
        call = Call(positional=tuple(Argument(value=value) for value in needed))
        run.guard(lambda function=function, call=call: function.call(run, call), None, f"`{function.name}`")
        del run.problems[known:]  # of a call that never happens


__all__ = ["Container", "FoundModel", "Op", "Place", "Span", "children_of", "finish", "trains"]
