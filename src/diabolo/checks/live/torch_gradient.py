"""Which parameters of a live module a real backward pass leaves without gradient, though the graph shows no reason."""

from dataclasses import replace
from typing import TYPE_CHECKING

from diabolo.checks.live.torch_recorder import Recorder
from diabolo.checks.subject import Problem
from diabolo.graph import ModelGraph

if TYPE_CHECKING:
    from torch import Tensor, nn


def gradient_problems(
    module: "nn.Module", recorder: Recorder, results: "list[Tensor]", graph: ModelGraph, idle: list[str]
) -> list[Problem]:
    """Backward from the squared distance of all results to random values; one problem a layer.

    Layers that are never called, that end in a dead branch, or whose way to the output is cut off by an operation
    without gradient are left to the rules that read the graph.
    """
    if not _backward(results, recorder):
        return []
    explained = _explained(graph)
    problems = []
    for path, part in module.named_modules():
        if path in explained or any(path == other or path.startswith(f"{other}.") for other in idle):
            continue
        lost = [
            name for name, value in part.named_parameters(recurse=False) if value.requires_grad and value.grad is None
        ]
        was_called = id(part) in recorder.called or any(node.layer == path for node in graph.nodes)
        if lost and was_called:
            listed = " and ".join([", ".join(f"`{name}`" for name in lost[:-1]), f"`{lost[-1]}`"]).removeprefix(" and ")
            what = f"`{path}` ({type(part).__name__})" if path else f"`{type(part).__name__}` itself"
            problems.append(
                Problem(
                    rule="AE106",
                    message=f"{listed} of {what} get{'s' if len(lost) == 1 else ''} no gradient: nothing that "
                    "`forward` returns depends on them".replace("on them", "on it" if len(lost) == 1 else "on them"),
                    remedy="Use them in `forward`, or take them out.",
                )
            )
    return problems


def with_gradients(module: "nn.Module", graph: ModelGraph) -> ModelGraph:
    """The graph after the backward pass: a codebook that `argmin` reads may have learned by another way."""
    reached = {
        path
        for path, part in module.named_modules()
        if any(value.grad is not None for value in part.parameters(recurse=False))
    }
    return replace(graph, nodes=tuple(replace(node, is_reached=node.layer in reached) for node in graph.nodes))


def _backward(results: "list[Tensor]", recorder: Recorder) -> bool:
    """Whether there was anything to go back from."""
    import torch

    kept = recorder.kept_tensors()
    terms = [tensor for tensor in (*results, *kept) if tensor.requires_grad and tensor.is_floating_point()]
    if not terms:
        return False
    loss = sum(((term - torch.rand_like(term)) ** 2).mean() for term in terms)
    assert isinstance(loss, torch.Tensor)
    try:
        loss.backward()
    except RuntimeError:  # its own code has no backward, or changed a value that backward needs
        return False
    return True


def _explained(graph: ModelGraph) -> set[str]:
    """Layers for whose lack of gradient the graph shows a reason."""
    with_gradient: set[str] = set()
    for node in reversed(graph.nodes):
        is_output = node.name == graph.output or node.name in graph.outputs
        readers = [other for other in graph.consumers(node.name) if other.name in with_gradient]
        if (is_output or readers) and not node.blocks_gradient:
            with_gradient.add(node.name)
    return {node.layer for node in graph.nodes if node.layer and node.name not in with_gradient}
