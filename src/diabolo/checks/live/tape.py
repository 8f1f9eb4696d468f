"""`Tape`: what a live module computed on one example, operation by operation, before it becomes a graph."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from diabolo.vocabulary import Shape, Value, Window


@dataclass(kw_only=True, eq=False)
class Entry:
    """One operation that ran."""

    kind: str
    """Its name in the vocabulary, or a foreign kind."""
    title: str
    """Class of the layer, or name of the function."""
    inputs: tuple["Entry", ...] = ()
    """Operations whose results it read, in the order of its arguments."""
    shape: Shape = ()
    """Of its result, channels last; empty where the batch does not come first."""
    attributes: Mapping[str, Value] = field(default_factory=dict)
    """Count and settings, as far as known."""
    layer: str = ""
    """Path of the layer that it is, or whose weights it used: `encoder.0`."""
    variable: str = ""
    """Name that users know it by."""
    num_trainable: int = 0
    """Trainable parameters, where it is the first to use them."""
    num_non_trainable: int = 0
    """Frozen parameters and kept averages, where it is the first to use them."""
    is_trainable: bool = True
    """Whether its parameters are trained."""
    is_random: bool = False
    """Whether it draws random numbers."""
    blocks_gradient: bool = False
    """Whether no gradient goes through it."""
    window: Window = field(default_factory=Window)
    """Its share of the receptive field."""
    is_kept: bool = False
    """Whether its result went somewhere that is not the graph: turned into a number, stored in an attribute."""


@dataclass(kw_only=True)
class Tape:
    """All operations of one forward pass, in order."""

    entries: list[Entry] = field(default_factory=list)
    """Inputs first."""

    def add(self, entry: Entry) -> Entry:
        """Puts an operation at the end."""
        self.entries.append(entry)
        return entry

    def read_by_none(self) -> list[Entry]:
        """Operations whose result no other one has read so far."""
        read = {id(source) for entry in self.entries for source in entry.inputs}
        return [entry for entry in self.entries if id(entry) not in read]
