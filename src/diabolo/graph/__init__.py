"""Graphs of autoencoders: nodes, edges, shapes, costs and the summary; no torch."""

from diabolo.graph.from_spec import CIFAR_SHAPE, build_graph
from diabolo.graph.measures import Measures, measure
from diabolo.graph.model_graph import FOREIGN_KINDS, ModelGraph, Node, Origin, Place, Section
from diabolo.graph.summary import Summary, SummaryRow, keras_shape, summarise

__all__ = [
    "CIFAR_SHAPE", "FOREIGN_KINDS", "Measures", "ModelGraph", "Node", "Origin", "Place", "Section", "Summary",
    "SummaryRow", "build_graph",
    "keras_shape", "measure", "summarise",
]  # fmt: skip
