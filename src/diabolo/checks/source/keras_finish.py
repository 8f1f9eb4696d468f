"""After the source: functions and classes that nothing calls are followed too, and models get their graphs."""

import ast
from functools import partial
from typing import TYPE_CHECKING

from diabolo.checks.source.calling import unknown_call
from diabolo.checks.source.classes import ClassValue, Instance
from diabolo.checks.source.interpreter import is_torch_only, tensors_in
from diabolo.checks.source.keras_model import KerasModelClass
from diabolo.checks.source.keras_sequential import SequentialModel
from diabolo.checks.source.keras_subclass import KerasBaseLayer, KnownLayerClass, model_of
from diabolo.checks.source.values import Argument, Call, Function, Unknown, Value

if TYPE_CHECKING:
    from diabolo.checks.source.interpreter import Interpreter

_LAYERS = (KerasBaseLayer, KnownLayerClass)


def finish(run: "Interpreter") -> None:
    """Follows uncalled functions, classes without instances, models without a call, `Sequential`s."""
    _functions(run)
    _classes(run)
    for instance in list(run.instances):
        if _is_model(instance.cls) and not instance.is_within:
            run.guard(partial(model_of, run, instance), instance.cls.place, f"`{instance.text}`")
    for model in list(run.notes.get("sequentials", [])):
        assert isinstance(model, SequentialModel)
        if not model.is_within:
            run.guard(partial(model.found, run), model.place, f"`{model.text}`")


def _is_model(cls: ClassValue) -> bool:
    return any(isinstance(base, KerasModelClass) for base in cls.libraries())


def _functions(run: "Interpreter") -> None:
    """Functions that nothing calls, those that no other mentions first; what they return is given to somebody."""
    mentioned = _mentions(run)
    waiting = sorted(run.functions, key=lambda function: function.name in mentioned)
    for function in waiting:
        if function.num_calls or isinstance(function.node, ast.Lambda) or function.owner is not None:
            continue
        run.guard(partial(_follow, run, function), run.place(function.node), f"`{function.name}`")


def _mentions(run: "Interpreter") -> set[str]:
    """Names that functions and classes of the source use."""
    found: set[str] = set()
    for statement in run.source.statements:
        own = statement.name if isinstance(statement, ast.FunctionDef) else ""
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found |= {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and node.id != own}
    return found


def _follow(run: "Interpreter", function: Function, *first: Value) -> None:
    kept = run.frame
    before = len(run.tape.ops)
    try:
        result = run.call_function(function, unknown_call(function, *first, place=run.place(function.node)))
        for tensor in tensors_in(result):
            if tensor.op.index >= before or tensor.op.kind != "input":
                run.tape.returned[tensor.op] = None
        run.escape(result)
    finally:
        run.frame = kept


def _classes(run: "Interpreter") -> None:
    """Classes that nothing makes an instance of: models, layers, and those that build models in their methods."""
    for cls in list(run.classes):
        if cls.num_instances or _is_base(run, cls) or any(base.origin != "keras" for base in cls.libraries()):
            continue
        if cls.libraries() or _speaks_of_keras(run, cls):
            run.guard(partial(_instantiate, run, cls), cls.place, f"`{cls.name}`")
    for instance in list(run.instances):
        if not instance.cls.libraries() and _speaks_of_keras(run, instance.cls):
            _methods(run, instance)


def _is_base(run: "Interpreter", cls: ClassValue) -> bool:
    """Whether another class of the source derives from it."""
    return any(base is cls for other in run.classes for base in other.bases)


def _instantiate(run: "Interpreter", cls: ClassValue) -> None:
    method = cls.find("__init__")
    call = Call(place=cls.place)
    if isinstance(method, Function):
        unknown = unknown_call(method, Unknown(), place=cls.place)
        call = Call(positional=unknown.positional[1:], place=cls.place)
    instance = cls.call(run, call)
    assert isinstance(instance, Instance)
    if not _is_model(cls) and any(isinstance(base, _LAYERS) for base in cls.libraries()):
        _apply(run, instance)


def _apply(run: "Interpreter", instance: Instance) -> None:
    """A custom layer that nothing calls here: its wiring is looked at all the same."""
    method = instance.cls.find("call")
    if not isinstance(method, Function):
        run.escape(instance)
        return
    names = [parameter.arg for parameter in method.node.args.args][1:2]
    start = run.add_op("input", "InputLayer", (), place=instance.cls.place, origin="keras")
    start.op.variable = names[0] if names else "inputs"
    result = instance.call(run, Call(positional=(Argument(value=start),), place=instance.cls.place))
    for tensor in tensors_in(result):
        run.tape.returned[tensor.op] = None
    run.escape(result)


def _speaks_of_keras(run: "Interpreter", cls: ClassValue) -> bool:
    """Whether a class without a known base builds layers or models in its methods."""
    known = run.notes.setdefault("speaks of keras", {})
    if cls not in known:
        known[cls] = not is_torch_only(run) and _builds_layers(cls)
    return bool(known[cls])


def _builds_layers(cls: ClassValue) -> bool:
    words = ("Model", "Sequential", "Conv2D", "Dense", "Input", "Conv2DTranspose")
    for node in ast.walk(cls.node):
        name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
        if name in words:
            return True
    return False


def _methods(run: "Interpreter", instance: Instance) -> None:
    """Methods of a plain object that nothing calls."""
    for cls in instance.cls.lineage():
        for name, method in list(cls.names.items()):
            if isinstance(method, Function) and not method.num_calls and not name.startswith("__"):
                run.guard(partial(_follow, run, method, instance), run.place(method.node), f"`{name}`")
