"""Models read from source text against the same text run by real PyTorch: layers, sizes and parameters."""

from typing import Any

import pytest
import torch
from torch_models_source import MODELS

from diabolo.checks.source.read import read_source
from diabolo.checks.source.torch_table import TORCH_LAYERS
from diabolo.checks.subject import Subject
from diabolo.graph import ModelGraph


def read(source: str) -> Subject:
    return read_source(source, "model.py", is_guarded=False)


def read_with_image(name: str) -> ModelGraph:
    source, sizes = MODELS[name]
    subject = read(f"{source}\nmodel = Net()\ny = model(torch.randn(2, {', '.join(map(str, sizes))}))\n")
    assert not subject.problems, subject.problems
    (graph,) = subject.graphs
    return graph


def run_really(source: str, sizes: tuple[int, ...]) -> tuple[torch.nn.Module, list[tuple[str, tuple[int, ...]]], int]:
    """The model as PyTorch builds it, each call of a leaf with its shape, and parameters of the layers called."""
    names: dict[str, Any] = {}
    exec(source, names)
    model = names["Net"]().eval()
    image = torch.rand(2, *sizes)
    with torch.no_grad():
        model(image)  # lazy layers are made
    called: list[tuple[str, tuple[int, ...]]] = []
    used: dict[int, int] = {}

    def hook(module: torch.nn.Module, _: Any, output: Any) -> None:
        shape = tuple(output.shape[1:])
        name = type(module).__name__
        called.append((name, (*shape[1:], shape[0]) if len(shape) == 3 else shape))
        used[id(module)] = sum(p.numel() for p in module.parameters(recurse=False))

    for module in model.modules():
        if not list(module.children()):
            module.register_forward_hook(hook)
    with torch.no_grad():
        model(image)
    own = sum(p.numel() for m in model.modules() if list(m.children()) for p in m.parameters(recurse=False))
    return model, called, sum(used.values()) + own


@pytest.mark.parametrize("name", MODELS)
def test_layers_sizes_and_parameters_are_pytorchs(name: str) -> None:
    graph = read_with_image(name)
    _, called, num_parameters = run_really(*MODELS[name])
    read_layers = [
        (node.title, node.shape)
        for node in graph.nodes
        if node.layer and node.title.replace("Lazy", "") in TORCH_LAYERS
    ]
    assert [(title.replace("Lazy", ""), shape) for title, shape in read_layers] == called
    assert sum(node.num_trainable for node in graph.nodes) == num_parameters


@pytest.mark.parametrize("name", MODELS)
def test_the_output_has_pytorchs_shape(name: str) -> None:
    source, sizes = MODELS[name]
    model, _, _ = run_really(source, sizes)
    with torch.no_grad():
        result = model(torch.rand(1, *sizes))
    first = result[0] if isinstance(result, tuple) else result
    graph = read_with_image(name)
    height_width_channels = (*first.shape[2:], first.shape[1])
    assert graph[graph.output].shape == height_width_channels
    assert graph.input_shape == (*sizes[1:], sizes[0])


@pytest.mark.parametrize("name", MODELS)
def test_nothing_is_dead_idle_or_wrong_in_them(name: str) -> None:
    graph = read_with_image(name)
    assert graph.unconnected == ()
    assert graph.idle == ()
    assert graph.origin == "torch"


@pytest.mark.parametrize("name", MODELS)
def test_a_class_that_is_never_called_is_followed_all_the_same(name: str) -> None:
    source, sizes = MODELS[name]
    subject = read(source)
    (graph,) = subject.graphs
    assert graph.name == "Net"
    whole = read_with_image(name)
    if name == "unet":  # whether sizes differ is not known there, and that is said
        assert any("which way is taken" in problem.message for problem in subject.problems)
        return
    assert [node.kind for node in graph.nodes] == [node.kind for node in whole.nodes]
    assert not [problem for problem in subject.problems if problem.rule != "AE002"]
    if name != "lazy":
        assert graph.input_shape[-1] == sizes[0]


@pytest.mark.parametrize("name", ["dense", "vae"])
def test_a_dense_layer_behind_maps_tells_the_image_size(name: str) -> None:
    source, sizes = MODELS[name]
    (graph,) = read(source).graphs
    assert graph.input_shape == (*sizes[1:], sizes[0])


def test_places_are_those_of_calls_and_constructions() -> None:
    subject = read("""
import torch.nn as nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 8, kernel_size=3)
    def forward(self, x):
        return self.c(x)
""")
    (graph,) = subject.graphs
    node = graph[graph.output]
    rows = (subject.text or "").split("\n")

    def cut(place: Any) -> str:
        return rows[place.row - 1][place.start : place.end]

    assert node.place is not None
    assert cut(node.place) == "self.c(x)"
    assert {name: cut(place) for name, place in node.arguments.items()} == {
        "in_channels": "3", "out_channels": "8", "kernel_size": "3",
    }  # fmt: skip
    assert node.arguments_end is not None
    assert rows[node.arguments_end.row - 1][node.arguments_end.start :] == ")"
    (place,) = node.input_places
    assert cut(place) == "x"
    assert node.variable == "self.c"
