"""After a PyTorch source: models that were never called are called, then models and trainings are collected."""

import ast
from typing import TYPE_CHECKING

from diabolo.checks.source.classes import ClassValue, Instance
from diabolo.checks.source.tape import Op
from diabolo.checks.source.torch_batch import UnknownBatch
from diabolo.checks.source.torch_containers import Container, is_module, modules_of
from diabolo.checks.source.torch_found import collect
from diabolo.checks.source.torch_kind import BATCH
from diabolo.checks.source.torch_layer import TorchClass, TorchLayer
from diabolo.checks.source.torch_mentions import trains
from diabolo.checks.source.torch_state import TorchState, state_of
from diabolo.checks.source.torch_steps import backward
from diabolo.checks.source.torch_tensor import add_tensor, dims_of_op
from diabolo.checks.source.values import Argument, Call, Constant, Function, Unknown, Value

if TYPE_CHECKING:
    from diabolo.checks.source.interpreter import Interpreter


def finish(run: "Interpreter") -> None:
    """Follows what was never called, and collects what was found."""
    state = state_of(run)
    _follow_examples(run, state)
    _follow_instances(run, state)
    _follow_classes(run, state)
    _follow_containers(run, state)
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
        id(child) for instance in run.instances if is_module(instance) for child in list(modules_of(instance))[1:]
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


def _follow_containers(run: "Interpreter", state: TorchState) -> None:
    """`net = nn.Sequential(…)` that is part of nothing and never called."""
    containers = [one for one in run.notes.get("torch containers", []) if isinstance(one, Container)]
    holders = [*containers, *(instance for instance in run.instances if is_module(instance))]
    inside = {id(child) for holder in holders for child in list(modules_of(holder))[1:]}
    for container in containers:
        layers = [module.record for module in modules_of(container) if isinstance(module, TorchLayer)]
        is_open = container.kind == "Sequential" and bool(container.variable) and id(container) not in inside
        if is_open and layers and not any(layer.num_calls or layer.is_used for layer in layers):
            _call(run, container, [UnknownBatch("input")])


def _follow_one(run: "Interpreter", instance: Instance) -> None:
    """Calls a model with an image of which nothing is known, or follows its `training_step`."""
    step = instance.cls.find("training_step")
    if isinstance(step, Function):
        _follow_lightning(run, instance)
        if instance.num_calls:
            return
    if instance.cls.find("forward") is not None or "torch base" in instance.notes:
        values = _unknown_arguments(instance.cls.find("forward"))
        _call(run, instance, values)
        if len(values) == 1:
            _try_sizes(run, instance)


_SIDES = (28, 32, 64, 96, 128, 224, 256)
"""Sides of images that a model with a dense layer behind its maps is tried with."""


def _try_sizes(run: "Interpreter", instance: Instance) -> None:
    """Where a dense layer says how many values the maps must have, the one usual image size that fits."""
    state = state_of(run)
    span = next((span for span in reversed(state.spans) if span.model is instance), None)
    if span is None or len(span.inputs) != 1:
        return
    dims = dims_of_op(span.inputs[0])
    ops = run.tape.ops[span.first : span.last]
    is_bound = any(
        op.kind == "dense"
        and op.inputs
        and op.inputs[0].kind in ("flatten", "reshape")
        and _has_open_sides(op.inputs[0])
        for op in ops
    )
    if len(dims) != 4 or dims[2] or not dims[1] or not is_bound or len(ops) > _MOST_TRIED:
        return
    fitting: list[int] = []
    spans, problems = list(state.spans), list(run.problems)
    state.is_trial = True
    for side in _SIDES:
        before = state.num_misfits
        image = add_tensor(run, "input", "Input", (), (BATCH, dims[1], side, side), place=None)
        _call(run, instance, [image])
        if state.num_misfits == before:
            fitting.append(side)
    state.is_trial = False
    for trial in state.spans[len(spans) :]:
        run.tape.set_aside.update(run.tape.ops[trial.first : trial.last])
    state.spans[:], run.problems[:] = spans, problems
    if len(fitting) == 1:
        image = add_tensor(run, "input", "Input", (), (BATCH, dims[1], fitting[0], fitting[0]), place=None)
        image.op.variable = span.inputs[0].variable
        _call(run, instance, [image])


_MOST_TRIED = 400


def _has_open_sides(op: Op) -> bool:
    return any(0 in dims_of_op(source)[2:] for source in op.inputs)


def _follow_lightning(run: "Interpreter", instance: Instance) -> None:
    """What a trainer calls."""
    state = state_of(run)
    if isinstance(instance.cls.find("configure_optimizers"), Function):
        instance.attribute(run, "configure_optimizers", None).call(run, Call())
    method = instance.attribute(run, "training_step", None)
    steps = len(state.steps)
    arguments = (Argument(value=UnknownBatch("batch")), Argument(value=Unknown(text="batch_idx")))
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
        return [UnknownBatch("input")]
    arguments = function.node.args
    names = [parameter.arg for parameter in (*arguments.posonlyargs, *arguments.args)][1:]
    needed = [name for name in names if name not in function.defaults]
    first = needed[:1] or names[:1]  # what a model is called on is a tensor; the others may be
    return [*(UnknownBatch(name) for name in first), *(Unknown(text=name) for name in needed[1:])]


def _call(run: "Interpreter", model: Value, values: list[Value]) -> None:
    given = [value.to_tensor(run, "torch", None) if isinstance(value, UnknownBatch) else value for value in values]
    call = Call(positional=tuple(Argument(value=value, text=value.text) for value in given))
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
        _follow_function(run, function, call)
        del run.problems[known:]  # of a call that never happens


def _follow_function(run: "Interpreter", function: Function, call: Call) -> None:
    run.guard(lambda: function.call(run, call), None, f"`{function.name}`")
