"""`Target`: one reader of foreign input, with good inputs to start from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Target:
    """What is fuzzed."""

    name: str
    """On the command line."""
    about: str
    """What is read, in a few words."""
    seeds: Callable[[], Sequence[bytes]]
    """Makes good inputs, of which the fuzzed ones are edited copies."""
    run: Callable[[bytes, Path], str]
    """Reads one input, with a scratch folder; returns what became of it in a word (`read`, `DataError`…).

    Anything that it raises is a failure: an exception that is no refusal in words, or a promise that does not hold.
    """
    modules: tuple[str, ...]
    """Whose branches lead atheris."""
    words: tuple[bytes, ...] = ()
    """Pieces of the format, which edits put in."""
    strategy: Callable[[], Any] | None = None
    """A hypothesis strategy of inputs; by default edits of the seeds."""


def refused(error: Exception) -> str:
    """The name of a refusal; a refusal in words has some."""
    assert str(error).strip(), f"{type(error).__name__} without a word"
    str(error).encode("utf-8", "surrogateescape")
    return type(error).__name__
