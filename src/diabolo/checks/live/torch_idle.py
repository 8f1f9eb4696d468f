"""Layers of a live module that are built and never called."""

from collections.abc import Iterator
from types import CodeType, FunctionType
from typing import TYPE_CHECKING

from diabolo.checks.live.torch_recorder import Recorder, is_layer

if TYPE_CHECKING:
    from torch import nn

_LISTS = ("ModuleList", "ModuleDict")


def idle_layers(module: "nn.Module", recorder: Recorder) -> "list[tuple[str, nn.Module]]":
    """Paths and modules, the outermost of each; without those that any method but `__init__` mentions.

    What `forward` mentions may be called for other images or in another mode, and what another method mentions may be
    called by a training.
    """
    used = {entry.layer for entry in recorder.tape.entries}
    return list(_idle(module, "", recorder, used, set()))


def _idle(
    module: "nn.Module", path: str, recorder: Recorder, used: set[str], seen: set[int]
) -> "Iterator[tuple[str, nn.Module]]":
    for name, child in module.named_children():
        if id(child) in seen:
            continue
        seen.add(id(child))
        inner = f"{path}.{name}" if path else name
        if type(child).__name__ in _LISTS:  # `forward` may take some of its members
            is_partly_used = _is_used(child, recorder, used)
            if not _is_mentioned(module, name, besides=("forward",) if is_partly_used else ()):
                yield from _idle(child, inner, recorder, used, seen)
        elif _is_used(child, recorder, used):
            if not is_layer(child):
                yield from _idle(child, inner, recorder, used, seen)
        elif not (_is_mentioned(module, name) or _is_of_a_loss(child)):
            yield inner, child


def _is_used(module: "nn.Module", recorder: Recorder, used: set[str]) -> bool:
    return any(id(part) in recorder.called or recorder.paths.get(id(part), "?") in used for part in module.modules())


def _is_mentioned(owner: "nn.Module", name: str, besides: tuple[str, ...] = ()) -> bool:
    """Whether a method of the owner other than `__init__` and those named mentions the attribute, or looks names up."""
    if type(owner).__name__ in _LISTS:
        return False  # its owner was asked already
    classes = [cls for cls in type(owner).__mro__ if not cls.__module__.startswith(("torch.", "builtins"))]
    for method in (*vars(owner).values(), *(method for cls in classes for method in vars(cls).values())):
        function = getattr(method, "__func__", getattr(method, "fget", method))
        if isinstance(function, FunctionType) and function.__name__ not in ("__init__", *besides):
            words = set(_names(function.__code__))
            if name in words or "getattr" in words:
                return True
    return False


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
        elif isinstance(constant, str):
            yield constant


def _is_of_a_loss(module: "nn.Module") -> bool:
    """Whether it is a loss, a metric, or a frozen network as perceptual losses have: a training calls it."""
    parameters = list(module.parameters())
    if type(module).__name__.endswith(("Loss", "Metric", "Identity")):
        return True
    return bool(parameters) and not any(parameter.requires_grad for parameter in parameters)
