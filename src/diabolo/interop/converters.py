"""`Converters`: how each kind of layer becomes something else, registered by the file of its family."""

from collections.abc import Callable
from typing import Generic, TypeVar

from diabolo.errors import DiaboloError
from diabolo.interop.part import Part, words_of

Converter = TypeVar("Converter", bound=Callable)

TRAINING_ONLY = frozenset({"dropout", "noise", "sparse", "contractive"})
"""Kinds that do nothing in evaluation; a target that cannot train leaves them out."""


class Converters(Generic[Converter]):
    """The converters of one target by the kind of layer that they take.

    Args:
        target: name of the format, for messages.
        reasons: why kinds have no counterpart, by kind.
    """

    def __init__(self, target: str, reasons: dict[str, str] | None = None) -> None:
        self.target = target
        self.reasons = reasons or {}
        self._by_kind: dict[str, Converter] = {}

    def of(self, *kinds: str) -> Callable[[Converter], Converter]:
        """Registers a converter of these kinds; a second one for a kind is refused."""

        def register(converter: Converter) -> Converter:
            for kind in kinds:
                assert kind not in self._by_kind, f"two converters of {kind} to {self.target}"
                self._by_kind[kind] = converter
            return converter

        return register

    def __getitem__(self, kind: str) -> Converter:
        return self._by_kind[kind]

    def known(self) -> frozenset[str]:
        """Kinds that can be converted, those that are left out included."""
        return frozenset(self._by_kind) | TRAINING_ONLY

    def check(self, part: Part) -> None:
        """Sees that every layer of a part has a counterpart.

        Raises:
            DiaboloError: one has none; the message names the first of each kind, and why.
        """
        missing = {node.kind: node for node in reversed(part.nodes) if node.kind not in self.known()}
        if missing:
            listed = "; ".join(
                f"`{words_of(node)}` ({node.name}) has no counterpart there"
                + (f": {self.reasons[kind]}" if kind in self.reasons else "")
                for kind, node in reversed(missing.items())
            )
            raise DiaboloError(f"the model cannot become {self.target}: {listed}")

    def left_out(self, part: Part) -> tuple[str, ...]:
        """Names of the layers that are left out since they do nothing in evaluation."""
        return tuple(node.name for node in part.nodes if node.kind in TRAINING_ONLY - frozenset(self._by_kind))
