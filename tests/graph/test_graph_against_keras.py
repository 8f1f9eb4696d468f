"""Shapes, parameter counts and MACs of every layer that Keras has, against real Keras."""

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from keras_reference import MAKERS, count, keras_layers, macs

from diabolo.errors import ShapeError
from diabolo.graph import ModelGraph, build_graph, keras_shape, measure
from diabolo.vocabulary import KINDS, bottleneck
from diabolo.zoo import zoo


def agrees_with_keras(graph: ModelGraph) -> None:
    model, made = keras_layers(graph)
    for node in graph.nodes[1:]:
        layer = made[node.name]
        assert keras_shape(node.shape) == str(tuple(layer.output.shape)), node.name
        assert node.num_trainable == count(layer.trainable_weights), node.name
        assert node.num_non_trainable == count(layer.non_trainable_weights), node.name
        assert node.macs == macs(node, layer, graph[node.inputs[0]].shape), node.name
    measures = measure(graph)
    assert measures.num_trainable == count(model.trainable_weights)
    assert measures.num_non_trainable == count(model.non_trainable_weights)
    assert measures.num_parameters == model.count_params()
    used = {layer.name for layer in model.layers}
    assert [node.name for node in graph.unconnected] == [name for name, layer in made.items() if layer.name not in used]


def _keras_has_all_of(line: str) -> bool:
    return all(node.kind in MAKERS for node in build_graph(line).nodes[1:])


LINES = [
    *((model.line, (32, 32, 3)) for model in zoo().values() if _keras_has_all_of(model.line)),
    ("conv8[k=5 stride=2] leaky gn4 pool | deconv8 silu deconv6[k=3 bias=no] gelu conv3 tanh", (28, 28, 3)),
    ("conv6[groups=3 bias=no] conv8[k=4] conv4[k=2 dilation=3] | conv3", (9, 7, 3)),
    ("res[skip=conv]{conv8[stride=2] relu} avgpool3 | (dropout noise) up6[mode=bilinear] conv1", (36, 12, 1)),
    ("dwconv ln dwconv[k=5 dilation=2 bias=no] rms dwconv[k=2 stride=3] | dwconv[k=4] up3 conv2", (9, 12, 2)),
    ("(dwconv[k=3 pad=valid] rms) flatten ln dense4 rms[eps=0.1] | dense96 unflatten", (4, 8, 3)),
    ("pool3 conv4 flatten dense5[bias=no] bn | dense36 unflatten gn4 up3 conv1", (9, 9, 1)),
    ("2*{conv4 res{bn relu}} (pool pool5) | deconv3[k=7 stride=3] avgpool3", (5, 11, 3)),
    ("res[skip=conv]{conv4 pool} | up conv4 (flatten dense7)  avgpool9 up9[mode=bilinear] conv2", (18, 36, 2)),
    ("res[skip=conv k=3]{conv6 relu} | res[skip=conv k=4]{conv4[stride=2]} up conv2", (6, 10, 2)),
    (
        "(conv8[k=3 pad=valid] conv4[k=2 stride=2 pad=valid]) deconv4[k=5] pool | deconv8[k=1 stride=1] conv3",
        (10, 14, 3),
    ),
]


@pytest.mark.parametrize(("line", "shape"), LINES)
def test_models(line: str, shape: tuple[int, int, int]) -> None:
    agrees_with_keras(build_graph(line, shape))


def test_every_layer_that_keras_has_stands_in_a_tested_line() -> None:
    tested = {node.kind for line, shape in LINES for node in build_graph(line, shape).nodes[1:]}
    assert tested == set(MAKERS)
    assert set(KINDS) - tested == {
        "shuffle",
        "unshuffle",
        "gdn",
        "attention",
        *(kind.name for kind in bottleneck.KINDS),
    }


def only_layer(line: str, shape: tuple[int, int, int]) -> ModelGraph:
    """The layer on a side branch, where its output may have any shape."""
    return build_graph(f"({line}) | relu", shape)


SHAPES = st.tuples(st.integers(1, 17), st.integers(1, 17), st.sampled_from([1, 2, 6]))


@settings(max_examples=60, deadline=None)
@given(
    shape=SHAPES, channels=st.sampled_from([2, 6]), k=st.integers(1, 7), stride=st.integers(1, 4),
    dilation=st.integers(1, 3), groups=st.sampled_from([1, 1, 2]), pad=st.sampled_from(["same", "valid"]),
    bias=st.sampled_from(["yes", "no"]),
)  # fmt: skip
@example(shape=(5, 6, 2), channels=6, k=4, stride=2, dilation=1, groups=2, pad="same", bias="no")
def test_convolutions(shape, channels, k, stride, dilation, groups, pad, bias) -> None:
    assume(stride == 1 or dilation == 1)  # Keras refuses the two together
    assume(shape[2] % groups == 0)
    span = dilation * (k - 1) + 1
    line = f"conv{channels}[k={k} stride={stride} dilation={dilation} groups={groups} pad={pad} bias={bias}]"
    if pad == "valid" and min(shape[:2]) < span:
        with pytest.raises(ShapeError, match=f"at least {span}×{span}"):
            only_layer(line, shape)
    else:
        agrees_with_keras(only_layer(line, shape))


@settings(max_examples=30, deadline=None)
@given(shape=SHAPES, k=st.integers(1, 7), stride=st.integers(1, 4), bias=st.sampled_from(["yes", "no"]))
def test_transposed_convolutions(shape, k, stride, bias) -> None:
    line = f"deconv5[k={k} stride={stride} bias={bias}]"
    if k < stride:
        with pytest.raises(ShapeError, match="leaves holes"):
            only_layer(line, shape)
    else:
        agrees_with_keras(only_layer(line, shape))


@settings(max_examples=30, deadline=None)
@given(shape=SHAPES, kind=st.sampled_from(["pool", "avgpool", "up"]), size=st.integers(2, 6))
def test_changes_of_resolution(shape, kind, size) -> None:
    agrees_with_keras(only_layer(f"{kind}{size}", shape))
