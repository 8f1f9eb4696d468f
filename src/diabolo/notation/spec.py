"""`Spec`: what a line says, frozen and hashable; its printed line is its identity."""

from dataclasses import dataclass, field

from diabolo.vocabulary import KINDS, Attributes, Value


@dataclass(frozen=True, kw_only=True)
class Span:
    """Characters `start` to `end` (exclusive) of the line as it was typed."""

    start: int
    """Index of the first character."""
    end: int
    """Index after the last character."""


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One layer of the line, as `conv64[k=5]`."""

    kind: str
    """Its name in the vocabulary."""
    count: int | None = None
    """The number after the name; None where none is written or the default is meant."""
    settings: tuple[tuple[str, Value], ...] = ()
    """Settings that differ from their defaults, in the vocabulary's order; put so when given otherwise."""
    span: Span | None = field(default=None, compare=False, repr=False)
    """Where it stands on the line; no part of its identity."""

    def __post_init__(self) -> None:
        kind = KINDS.get(self.kind)
        if kind is None or any(kind.setting(name) is None for name, _ in self.settings):
            return  # no layer of the vocabulary: reading the printed line back says so
        given = dict(self.settings)
        kept = tuple(
            (known.name, given[known.name])
            for known in kind.settings
            if given.get(known.name, known.default) != known.default
        )
        object.__setattr__(self, "settings", kept)
        if kind.count is not None and self.count == kind.count.default:
            object.__setattr__(self, "count", None)

    def attributes(self) -> Attributes:
        """Count and settings by name, with all defaults filled in."""
        kind = KINDS[self.kind]
        filled: dict[str, Value] = {}
        if kind.count is not None:
            value = self.count if self.count is not None else kind.count.default
            assert value is not None
            filled[kind.count.name] = value
        filled.update({setting.name: setting.default for setting in kind.settings})
        filled.update(self.settings)
        return filled


@dataclass(frozen=True, kw_only=True)
class Side:
    """`( … )`: a side branch, built and called, its result dropped."""

    items: "Items"
    """What stands in the branch; not empty."""
    span: Span | None = field(default=None, compare=False, repr=False)
    """Where it stands on the line; no part of its identity."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """`{ … }`, `res{ … }`, `3*res{ … }`: items taken together, perhaps with a skip connection, perhaps repeated."""

    items: "Items"
    """What stands in the group; not empty."""
    kind: str = ""
    """Empty for a plain group, `res` for `x + f(x)`."""
    skip: str = "identity"
    """For `res`: what the skip connection does, `identity` or `conv` (a convolution to the shape of the branch)."""
    skip_kernel: int = 1
    """For `skip=conv`: side of its kernel, `k` on the line; 1 wherever there is none."""
    repeat: int = 1
    """How many times it stands in a row, each with weights of its own."""
    span: Span | None = field(default=None, compare=False, repr=False)
    """Where it stands on the line; no part of its identity."""

    def __post_init__(self) -> None:
        if self.skip != "conv" or self.kind != "res":
            object.__setattr__(self, "skip_kernel", 1)


Item = Layer | Side | Group
Items = tuple[Item, ...]


@dataclass(frozen=True, kw_only=True)
class Spec:
    """An autoencoder as a line says it: encoder, bottleneck (may be empty), decoder.

    Two specs are equal when they say the same; `str(spec)` is the canonical line, and `parse(str(spec)) == spec`.
    """

    encoder: Items
    """From the image to the waist."""
    bottleneck: Items = ()
    """Between the two `|`; empty where the line has only one."""
    decoder: Items
    """From the waist back to an image."""
    source: str | None = field(default=None, compare=False, repr=False)
    """The line as it was typed, to which the spans belong; None for a spec made by a program."""

    def __str__(self) -> str:
        from diabolo.notation.printer import print_spec

        return print_spec(self)

    def located(self) -> "Spec":
        """This spec with spans: itself, or, where a program made it, its printed line read back."""
        from diabolo.notation.parser import parse

        return self if self.source is not None else parse(str(self))
