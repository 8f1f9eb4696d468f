"""Receptive fields, against what really depends on what: gradients of Keras models, boolean propagation in numpy."""

import keras
import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from keras_reference import keras_layers

from diabolo.graph import ModelGraph, Node, build_graph, measure
from diabolo.graph.receptive_field import receptive_fields, seen_pixels

SIZE = 24


def field_by_gradients(graph: ModelGraph, name: str) -> int:
    """Side of the largest square of pixels whose gradient is not zero; all weights one, so that nothing cancels."""
    model, made = keras_layers(graph)
    for weight in model.trainable_weights:
        weight.assign(np.ones(weight.shape) if "bias" not in weight.path else np.zeros(weight.shape))
    part = keras.Model(model.input, made[name].output)
    images = torch.ones(1, *graph.input_shape, requires_grad=True)
    values = part(images)[0]
    if values.ndim == 3:  # rows and columns are alike, so the diagonal has every position of both
        values = values.sum(-1).diagonal()
    longest = 0
    for value in values:
        (gradient,) = torch.autograd.grad(value, images, retain_graph=True)
        seen = gradient[0].abs().sum(-1) > 0
        for axis in (0, 1):
            pixels = torch.nonzero(seen.any(dim=1 - axis)).ravel()
            longest = max(longest, int(pixels.max() - pixels.min()) + 1)
    return longest


LINES = [
    "conv2 avgpool conv2 avgpool | conv2 up conv2 up conv1",
    "conv2[k=5] conv2[k=2] avgpool3 | up3 conv1[k=4]",
    "conv2[stride=2] conv2[stride=2] | deconv2 deconv1",
    "conv2[k=5 stride=3] | deconv1[k=7 stride=3]",
    "conv2[k=3 dilation=2] avgpool4 | up2 conv2 up2 conv1",
    "avgpool conv2 | up[mode=bilinear] conv1[k=1]",
    "avgpool3 conv2[k=1] | up3[mode=bilinear] conv1[k=2]",
    "res{conv1[k=7]} conv2[stride=2] res{conv2 (conv2[k=9]) conv2} | up conv1",
    "res[skip=conv]{conv2[k=2 stride=2]} | deconv1[k=3]",
    "res[skip=conv k=5]{conv2[stride=2] relu} | deconv1[k=2]",
    "dwconv[k=5] conv2 dwconv[k=2 stride=2] | dwconv up conv1",
    "avgpool deconv2[k=6 stride=1] | avgpool3 conv2[k=2] deconv2[k=3 stride=1] up6 conv1",
    "avgpool avgpool flatten | unflatten up up conv1",
    "avgpool avgpool flatten dense3 | dense36 unflatten up up conv1",
    "avgpool3 conv2[k=3 pad=valid] conv2[k=4 stride=2 pad=valid] | up4 up3 conv1[k=2]",
]


@pytest.mark.parametrize("line", LINES)
def test_gradients_of_keras_reach_as_far_as_measured(line: str) -> None:
    graph = build_graph(line, (SIZE, SIZE, 1))
    fields = measure(graph).receptive_field
    assert fields == (field_by_gradients(graph, graph.latent), field_by_gradients(graph, graph.output))


def propagate(graph: ModelGraph) -> dict[str, list[tuple[int, int]]]:
    """Along one axis: boolean matrices, positions × pixels, through each layer by its definition."""
    size = graph.input_shape[0]
    depends = {graph.input.name: np.eye(size, dtype=bool)}
    for node in graph.nodes[1:]:
        depends[node.name] = np.logical_or.reduce(
            [connections(node, len(depends[name])) @ depends[name] for name in node.inputs]
        )
    return {name: [ends(row) for row in matrix] for name, matrix in depends.items()}


def ends(row: np.ndarray) -> tuple[int, int]:
    pixels = np.flatnonzero(row)
    return int(pixels[0]), int(pixels[-1])


def connections(node: Node, size: int) -> np.ndarray:
    """Which inputs each output of a layer reads, along one axis, by the definition of the layer."""
    a = node.attributes
    if node.kind in ("conv", "pool"):
        k, stride = (a["k"], a["stride"]) if node.kind == "conv" else (a["size"], a["size"])
        count = -(-size // stride)
        left = max((count - 1) * stride + k - size, 0) // 2
        return np.array([[0 <= i - (o * stride - left) < k for i in range(size)] for o in range(count)])
    if node.kind == "up":
        return np.array([[o // a["size"] == i for i in range(size)] for o in range(size * a["size"])])
    if node.kind == "deconv":
        crop = (a["k"] - a["stride"]) // 2
        return np.array(
            [[0 <= o + crop - i * a["stride"] < a["k"] for i in range(size)] for o in range(size * a["stride"])]
        )
    return np.eye(size, dtype=bool)


LAYERS = st.one_of(
    st.builds("conv2[k={} stride={}]".format, st.integers(1, 6), st.integers(1, 3)),
    st.builds("pool{}".format, st.integers(2, 4)),
    st.builds("up{}".format, st.integers(2, 3)),
    st.builds("deconv2[k={} stride={}]".format, st.integers(3, 6), st.integers(1, 3)),
    st.builds("res{{conv2[k={}] (pool conv2) }}".format, st.integers(1, 5)).map(lambda text: "conv2[k=1] " + text),
    st.just("bn relu"),
)


@settings(max_examples=80, deadline=None)
@given(layers=st.lists(LAYERS, min_size=1, max_size=6), size=st.integers(5, 40))
def test_boolean_propagation_reaches_as_far_as_measured(layers: list[str], size: int) -> None:
    # On a side branch any chain of layers is a valid line; then the branch is taken for the whole.
    chain = " ".join(layers)
    inner = build_graph(f"({chain}) | relu", (size, size, 1))
    assume(max(node.shape[0] for node in inner.nodes) <= 400)
    graph = ModelGraph(nodes=inner.nodes[:-1], latent=inner.nodes[-2].name, output=inner.nodes[-2].name)
    expected = propagate(graph)
    assert seen_pixels(graph, 0) == {node.name: expected[node.name] for node in graph.layers}
    longest = {node.name: max(last - first + 1 for first, last in expected[node.name]) for node in graph.layers}
    assert receptive_fields(graph) == longest


def test_attention_sees_the_whole_image_from_every_position() -> None:
    graph = build_graph("conv4 pool res{attention[heads=2]} conv4 | attention[heads=1] up conv3", (8, 12, 3))
    assert seen_pixels(graph, 1)["attention_1"] == [(0, 11)] * 6
    assert {name: len(seen) for name, seen in seen_pixels(graph, 0).items()}["conv_2"] == 4
    assert measure(graph).receptive_field == (12, 12)


def test_fields_do_not_leave_the_image_and_sides_may_differ() -> None:
    assert measure(build_graph("9*conv4 | conv3", (8, 20, 3))).receptive_field == (19, 20)
    assert measure(build_graph("conv4[k=99] | conv3", (8, 8, 3))).receptive_field == (8, 8)
