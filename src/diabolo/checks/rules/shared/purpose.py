"""What a model is trained for: whether it reconstructs its input, what its loss reads, what range its output has."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from diabolo.checks.naming import called
from diabolo.checks.rules.shared.kinds import RESHAPING
from diabolo.checks.rules.shared.walk import before, is_known
from diabolo.checks.subject import Images, LossTerm, Subject, Training
from diabolo.graph import ModelGraph, Node

Purpose = Literal["certain", "likely", "no"]
"""Whether a model is an autoencoder: `certain` where a training or a line says so, `likely` by its names."""

_CALLED_AUTOENCODER = re.compile(
    r"(?i:auto_?encod)|(?<![a-z])v?ae(?![a-z])|[A-Z]*AE(?=$|[^A-Za-z]|[A-Z][a-z])", re.ASCII
)
_CALLED_ENCODER = re.compile(r"(?<![a-z])enc(oder)?(?![a-z])", re.IGNORECASE)
_CALLED_DECODER = re.compile(r"(?<![a-z])dec(oder|oded)?(?![a-z])", re.IGNORECASE)
_CALLED_RECONSTRUCTION = re.compile(r"(?<![a-z])(recon|rebuil|x_hat|rec(?![a-z]))", re.IGNORECASE)
_CALLED_A_PART = re.compile(r"discrim|classif|critic|block|layer|stage|head|embed|attention", re.IGNORECASE)
_CALLED_LATENT = re.compile(r"(encoded|latents?|codes?|z)(_?\d+)?", re.ASCII | re.IGNORECASE)
_CALLED_NOISY = re.compile(r"nois|corrupt|mask|degrad|damag", re.IGNORECASE)
_SEES_THROUGH = RESHAPING | {"crop", "resize", "up", "pad", "dropout"}


def is_autoencoder(subject: Subject, graph: ModelGraph) -> Purpose:
    """Whether a model reconstructs what it is fed; one whose output does not depend on its input (AE110) does not."""
    return is_meant_to_reconstruct(subject, graph) if graph.input.name in graph.connected else "no"


def is_meant_to_reconstruct(subject: Subject, graph: ModelGraph) -> Purpose:
    """Whether a model is meant to reconstruct what it is fed: by its training, as a line, or by its names."""
    if graph.origin == "line":
        return "certain"
    for training in trainings_of(subject, graph):
        if training.targets is not None and training.inputs is not None:
            return "certain" if _same_images(training.inputs, training.targets) else "no"
        if training.inputs is not None:
            for term in training.losses:
                if term.target is not None and _same_images(training.inputs, term.target):
                    return "certain"
    named = _CALLED_AUTOENCODER.search(graph.name) and not _CALLED_A_PART.search(graph.name)
    return "likely" if named or _names_its_latent(graph) or _has_two_halves(graph) else "no"


def reconstructs_or_maps_images(subject: Subject, graph: ModelGraph) -> bool:
    """Whether a model is meant to reconstruct, or puts out a map of the same shape as its images."""
    output = graph[graph.output]
    if len(output.shape) == 3 and is_known(output) and output.shape == graph.input_shape:
        return True
    return is_meant_to_reconstruct(subject, graph) != "no"


def _names_its_latent(graph: ModelGraph) -> bool:
    """Whether something inside is called the latent, and something behind it the reconstruction."""
    names = [node.variable for node in graph.layers]
    latent = any(is_called_latent(node) for node in graph.layers if node.name != graph.output)
    return latent and any(_CALLED_DECODER.search(name) or _CALLED_RECONSTRUCTION.search(name) for name in names)


def _has_two_halves(graph: ModelGraph) -> bool:
    """Whether layers are called encoder and decoder, and as many channels come out as go in: else it may segment."""
    first, last = graph.input.shape, graph[graph.output].shape
    if first and last and first[-1] and last[-1] and first[-1] != last[-1]:
        return False
    names = [node.variable for node in graph.layers]
    return all(any(pattern.search(name) for name in names) for pattern in (_CALLED_ENCODER, _CALLED_DECODER))


def has_narrow_waist(graph: ModelGraph) -> bool:
    """Whether the latent is known and is a place where the map is smaller: a full-sized waist is a mere first layer.

    On a line the writer says where the waist is.
    """
    if not graph.latent or graph[graph.latent].kind == "input":
        return False
    latent = graph.latent_shape
    if graph.origin == "line" or len(latent) != 3 or len(graph.input_shape) != 3:
        return True
    return latent[:2] != graph.input_shape[:2]


def is_classifier(subject: Subject, graph: ModelGraph) -> bool:
    """Whether a model is no autoencoder and puts out classes or features, so that nobody misses single pixels."""
    if is_autoencoder(subject, graph) != "no":
        return False
    return any(node.kind in ("dense", "globalpool", "softmax") for node in graph.layers)


def is_called_latent(node: Node) -> bool:
    """Whether its writer calls it the latent: `encoded`, `z` …; `bottleneck` would be a U-Net as often."""
    return node.kind != "input" and _CALLED_LATENT.fullmatch(node.variable.rpartition(".")[2]) is not None


def trainings_of(subject: Subject, graph: ModelGraph) -> list[Training]:
    """The trainings of one model."""
    return [training for training in subject.trainings if subject.graph(training.graph) is graph]


def _same_images(inputs: Images, targets: Images) -> bool:
    """Whether the targets are the inputs, or the inputs are the targets with noise added."""
    fed, wanted = "".join(inputs.text.split()), "".join(targets.text.split())
    if not fed or not wanted or targets.is_labels:
        return False
    return fed == wanted or (_CALLED_NOISY.search(fed) is not None and _CALLED_NOISY.search(wanted) is None)


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A term of a loss, with the model's output that it reads."""

    training: Training
    """Of which it is a term."""
    term: LossTerm
    """The term."""
    graph: ModelGraph
    """The model."""
    output: Node
    """The node whose output is compared."""
    target: Images | None
    """What it is compared with, where that is known."""


def compared(subject: Subject) -> Iterator[Compared]:
    """Every used term of every loss of which it is certain what it reads."""
    for training in subject.trainings:
        for term in training.losses:
            graph = subject.graph(term.graph or training.graph)
            if graph is None or not term.is_used or (graph.outputs and not term.output):
                continue
            name = term.output or graph.output
            if name in graph.by_name:
                yield Compared(
                    training=training,
                    term=term,
                    graph=graph,
                    output=graph[name],
                    target=term.target or training.targets,
                )


def last_operation(graph: ModelGraph, node: Node) -> Node | None:
    """The operation that gives an output its range of values; None where several tensors meet or nothing is known."""
    return node if node.kind not in _SEES_THROUGH else before(graph, node, passing=_SEES_THROUGH)


def is_image_like(graph: ModelGraph, node: Node) -> bool:
    """Whether a node puts out maps, or as many values as the model is fed, so that it can be a reconstruction."""
    if len(node.shape) == 3:
        return True
    return is_known(node) and node.shape == graph.input_shape


def output_title(graph: ModelGraph, node: Node) -> str:
    """An output as messages call it: its own name, or the model's."""
    if node.variable or not graph.name:
        return called(node, brief=True)
    return f"the output of `{graph.name}`"
