"""The waist of a graph that does not say where it is, against the waists that our lines write down."""

import pytest

from diabolo.checks.source import read_source
from diabolo.graph import build_graph
from diabolo.graph.waist import dominators, find_waist

LINES = [
    "conv64 relu (bn) pool conv16 relu (bn) pool | conv16 relu (bn) up conv32 relu (bn) up conv3 sigmoid",
    "conv64 relu bn pool conv16 relu bn pool | conv16 relu bn up conv32 relu bn up conv3 sigmoid",
    "conv64 relu pool bn conv16 relu pool bn | conv16 relu up bn conv32 relu up bn conv3 sigmoid",
    "conv8[stride=2] relu flatten dense64 | dense2048 unflatten relu deconv3 sigmoid",
    "unshuffle4 conv16 | conv48 shuffle4",
    "conv16[stride=2] 2*res{conv16 relu conv16} conv4[stride=2] | deconv16 res{conv16 relu conv16} deconv3 sigmoid",
]


@pytest.mark.parametrize("line", LINES)
def test_the_waist_is_where_the_line_has_it(line: str) -> None:
    graph = build_graph(line)
    assert find_waist(graph.nodes, graph.output) == graph.latent


def test_a_skip_around_the_narrowest_place_leaves_no_waist_there() -> None:
    subject = read_source(
        "i = Input((32, 32, 3))\n"
        "a = Conv2D(8, 3, padding='same')(i)\n"
        "b = Conv2D(2, 3, strides=4, padding='same')(a)\n"
        "c = UpSampling2D(4)(b)\n"
        "m = Model(i, Conv2D(3, 3, padding='same')(Concatenate()([a, c])))\n"
    )
    graph = subject.graphs[0]
    assert [graph[name].variable for name in dominators(graph.nodes, graph.output)[:2]] == ["i", "a"]
    assert graph[graph.latent].variable == "a"


def test_without_known_shapes_there_is_no_waist() -> None:
    subject = read_source(
        "i = Input((None, None, 3))\nz = Conv2D(2, 3, strides=4)(i)\nm = Model(i, Conv2DTranspose(3, 4, 4)(z))\n"
    )
    assert subject.graphs[0].latent == ""
    assert find_waist(subject.graphs[0].nodes, subject.graphs[0].output) == ""
