"""`summary`: the Keras-style table of a model, with what Keras leaves out; no torch for names, lines and specs."""

from typing import TYPE_CHECKING

from diabolo.graph import CIFAR_SHAPE, ModelGraph, Summary, build_graph, summarise
from diabolo.notation import Spec
from diabolo.vocabulary import Shape
from diabolo.zoo.resolve import resolve

if TYPE_CHECKING:
    from diabolo.model import AutoEncoder


def summary(model: "str | Spec | AutoEncoder", input_shape: Shape | None = None) -> Summary:
    """The summary of a model; `print` it, or take `to_dict()`.

    Args:
        model: a zoo name, a line, a spec, a run folder, `file.py:name`, or a built model.
        input_shape: (height, width, channels) of the images; 32×32×3 where nothing says otherwise.

    Raises:
        LineError, ShapeError: the line cannot be read, or does not fit the images.
    """
    return summarise(graph_of(model, input_shape))


def graph_of(model: "str | Spec | AutoEncoder", input_shape: Shape | None = None) -> ModelGraph:
    """The graph of a model; arguments and errors as of `summary`."""
    graph = getattr(model, "graph", None)
    if isinstance(graph, ModelGraph):
        return graph
    assert isinstance(model, str | Spec)
    named = resolve(model)
    return build_graph(named.spec, input_shape or named.input_shape or CIFAR_SHAPE)
