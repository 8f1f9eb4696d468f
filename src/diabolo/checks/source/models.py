"""`Models`: the models that libraries find while a source is followed, before they become graphs."""

from dataclasses import dataclass, field
from typing import Any

from diabolo.checks.source.tape import LayerRecord, Op
from diabolo.graph import Origin, Place


@dataclass(eq=False, kw_only=True)
class FoundModel:
    """A model as the operations between its inputs and outputs."""

    name: str
    """Variable or class; may be given later."""
    inputs: list[Op]
    outputs: list[Op]
    """The first is the reconstruction."""
    place: Place | None = None
    origin: Origin = "keras"
    idle: list[LayerRecord] = field(default_factory=list)
    """Layer objects that belong to it and are never called."""
    latent: Op | None = None
    """Where the writer splits it: what the encoder gives to the decoder."""
    is_within: bool = False
    """Whether it was called inside of another model, which is then the whole."""
    is_trained: bool = False
    """Whether the source trains it."""
    owner: Any = None
    """The value of the source that it is."""
    node_names: dict[Op, str] = field(default_factory=dict)
    """Once its graph is made: what its operations are called there."""


class Models:
    """All models of one source, in their order."""

    def __init__(self) -> None:
        self.found: list[FoundModel] = []

    def add(self, model: FoundModel) -> FoundModel:
        """Records a model."""
        self.found.append(model)
        return model


def body_of(model: FoundModel) -> dict[Op, None]:
    """The operations that a model's outputs depend on, down to its inputs, in the order of the tape."""
    reached: set[Op] = set()
    stops = set(model.inputs)
    waiting = list(model.outputs)
    while waiting:
        op = waiting.pop()
        if op not in reached:
            reached.add(op)
            if op not in stops:
                waiting.extend(op.inputs)
    return dict.fromkeys(sorted(reached | stops, key=lambda op: op.index))
