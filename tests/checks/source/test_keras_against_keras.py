"""Graphs of source text against the models that Keras makes of the same text: layers, shapes, parameters."""

import math
import os
from typing import Any

import pytest

os.environ.setdefault("KERAS_BACKEND", "torch")
import keras
from keras_cases import CASES, HEAD, SUBCLASSED

from diabolo.checks.source import read_source
from diabolo.graph import ModelGraph

SPLIT_OFF = {
    "ReLU", "Sigmoid", "Tanh", "ELU", "Softplus", "GELU", "SiLU", "LeakyReLU", "Softmax", "SELU",
}  # fmt: skip


def executed(source: str) -> keras.Model:
    names: dict[str, Any] = {}
    exec(compile(HEAD + source, "case", "exec"), names)
    return names["model"]


def read(source: str) -> ModelGraph:
    subject = read_source(HEAD + source, "case.py", is_guarded=False)
    assert not subject.problems, [problem.message for problem in subject.problems]
    assert not subject.loose
    assert len(subject.graphs) == 1 or any(graph.name == "model" for graph in subject.graphs)
    return subject.graph("model") or subject.graphs[0]


def parameters(weights: list[Any]) -> int:
    return sum(math.prod(weight.shape) for weight in weights)


def layers_of(model: keras.Model) -> list[tuple[str, tuple[int, ...], int]]:
    found = []
    whole = model._functional if isinstance(model, keras.Sequential) else model
    for operation in whole._operations:
        if isinstance(operation, keras.Model):
            found += layers_of(operation)
        elif not isinstance(operation, keras.layers.InputLayer):
            shape = tuple(side or 0 for side in operation._inbound_nodes[-1].outputs[0].shape[1:])
            count = operation.count_params() if isinstance(operation, keras.Layer) else 0
            found.append((type(operation).__name__, shape, count))
    return sorted(found)


def nodes_of(graph: ModelGraph) -> list[tuple[str, tuple[int, ...], int]]:
    """The same of a graph: an activation that ends a layer belongs to it, calls of one layer count once."""
    found: dict[str, tuple[str, tuple[int, ...], int]] = {}
    for node in graph.layers:
        if node.kind == "input":
            continue
        key = node.layer or node.name
        known = found.get(key)
        count = node.num_trainable + node.num_non_trainable
        title = node.title if known is None else known[0]
        found[key] = (title, node.shape, count if known is None else known[2])
    return sorted(found.values())


@pytest.mark.parametrize("name", CASES)
def test_layers_shapes_and_parameters_are_those_of_keras(name: str) -> None:
    model, graph = executed(CASES[name]), read(CASES[name])
    found = [("Add" if title == "+" else title, shape, count) for title, shape, count in nodes_of(graph)]
    assert sorted(found) == layers_of(model)
    assert sum(node.num_trainable for node in graph.layers) == parameters(model.trainable_weights)
    assert sum(node.num_non_trainable for node in graph.layers) == parameters(model.non_trainable_weights)
    shapes = [tuple(side or 0 for side in tensor.shape[1:]) for tensor in model.outputs]
    assert [graph[name].shape for name in (graph.output, *graph.outputs)] == shapes


@pytest.mark.parametrize("name", SUBCLASSED)
def test_parameters_of_subclassed_models_are_those_of_keras(name: str) -> None:
    source = SUBCLASSED[name] + "model.build((None, 32, 32, 3))\n"
    graph = read(source)
    model = executed(SUBCLASSED[name])
    images = keras.ops.zeros((1, 32, 32, 3))
    assert tuple(model(images).shape[1:]) == graph[graph.output].shape
    assert sum(node.num_trainable for node in graph.layers) == parameters(model.trainable_weights)
    assert sum(node.num_non_trainable for node in graph.layers) == parameters(model.non_trainable_weights)


def test_the_question_counts_what_its_author_saw() -> None:
    counts = {}
    for name in ("method-1", "method-2"):
        graph = read(CASES[name])
        counts[name] = (
            sum(node.num_trainable + node.num_non_trainable for node in graph.layers),
            sum(node.num_trainable for node in graph.layers),
            sum(node.num_non_trainable for node in graph.layers),
        )
    assert counts == {"method-1": (18_851, 18_851, 0), "method-2": (19_363, 19_107, 256)}
