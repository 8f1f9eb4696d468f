"""A saved Keras autoencoder as a line with weights; its file is read as data, and nothing in it is executed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diabolo.checks.live.keras_archive import read_description
from diabolo.checks.live.keras_config import read_config
from diabolo.errors import DataError, DiaboloError, clip
from diabolo.graph import ModelGraph, Node, build_graph
from diabolo.interop.keras.image_size import with_image_size
from diabolo.interop.keras.layer_list import stored_layers
from diabolo.interop.keras.to_line import KerasLine, keras_line
from diabolo.interop.keras.weights_file import open_weights
from diabolo.interop.keras.words import Word
from diabolo.vocabulary import Shape, describe


@dataclass(frozen=True, kw_only=True)
class ImportedModel:
    """A model that another program trained, as ours."""

    graph: ModelGraph
    """The line's graph."""
    weights: dict[str, NDArray[np.float32]] = field(repr=False)
    """Arrays by node and name, in torch's layout; layers of the line that need more keep their initial ones."""
    notes: tuple[str, ...] = ()
    """What a user must know."""


def read_keras_model(
    file: Path, *, config: Path | None = None, input_shape: Shape | None = None, waist: str | None = None
) -> ImportedModel:
    """Reads a model with its weights.

    Args:
        file: `.keras`, or `.h5` of a whole model, or of weights alone.
        config: a `.json` file (`model.to_json()`), `.keras` or `.h5` that describes the model, for weights alone.
        input_shape: (height, width, channels), for a model that takes any size.
        waist: name of the layer that gives the latent; None: as the model shows it.

    Raises:
        DataError: a file cannot be read, or its weights do not belong to the model.
        DiaboloError: a layer has no counterpart, with the reason.
    """
    described = file if config is None else config
    if file.name.endswith(".weights.h5") and config is None:
        raise DataError(
            f"`{file}` holds weights without a model; name a file that describes it: "
            "`--config model.json`, written by `model.to_json()`"
        )
    description = _description(described)
    if input_shape is not None:
        description = with_image_size(description, input_shape)
    subject = read_config(
        description.get("config"), str(description.get("class_name", "")), str(described), input_shape=input_shape
    )
    if subject.problems:
        raise DataError(f"`{described}`: {subject.problems[0].message}")
    if not subject.graphs:
        raise DataError(f"`{described}` holds no model")
    theirs = subject.graphs[0]
    shape = theirs.input_shape
    if len(shape) != 3 or 0 in shape:
        raise DiaboloError(
            f"`{described}` does not say how large its images are, or takes none; name their size: `--input 32x32x3`"
        )
    if input_shape is not None and shape != input_shape:
        raise DiaboloError(f"`{described}` takes images of {describe(shape)} only; leave `--input` out")
    line = keras_line(theirs, stored_layers(description), waist=waist)
    graph = build_graph(str(line.spec), shape)
    return ImportedModel(graph=graph, weights=_weights(file, graph, line), notes=line.notes)


def _description(file: Path) -> Mapping[str, Any]:
    try:
        return read_description(file)[0]
    except DataError as error:
        raise DataError(f"`{file}`: {error}") from None


def _weights(file: Path, graph: ModelGraph, line: KerasLine) -> dict[str, NDArray[np.float32]]:
    nodes = graph.nodes[1:]
    assert len(nodes) == len(line.words)
    weights: dict[str, NDArray[np.float32]] = {}
    num_values = sum(node.num_trainable + node.num_non_trainable for node in nodes)
    with open_weights(file, num_values) as stored:
        for node, word in zip(nodes, line.words, strict=True):
            assert node.kind == ("add" if word is None else word.layer.kind)
            _check_stride(node, word)
            if word is not None and word.stored is not None:
                read = stored.read(word.stored, word.names, word.shapes)
                if word.further is not None:
                    read += stored.read(word.further.stored, word.further.names, word.further.shapes)
                arrays = word.take(read)
                weights.update({f"{node.name}.{name}": array for name, array in arrays.items()})
    return weights


def _check_stride(node: Node, word: Word | None) -> None:
    """Sees that a skip convolution, whose stride a line works out from the shapes, has the stride that Keras's had.

    Raises:
        DiaboloError: another stride leads to the same shape.
    """
    theirs = None if word is None else word.layer.attributes().get("stride")
    ours = node.attributes.get("stride")
    if word is not None and word.layer.kind == "conv" and theirs != ours:
        path = node.name if word.stored is None else word.stored.path
        raise DiaboloError(
            f"`{clip(path)}` skips a block with a stride of {theirs}; a line takes {ours} there, the smallest that "
            "leads to the same size"
        )
