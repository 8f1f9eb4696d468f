"""`explain_history`: what one history says, in order of importance; the readings lie in `readings/`, one file each."""

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

from diabolo.explain.history import History
from diabolo.explain.reading import Kind, Reading
from diabolo.explain.study import Study

MOST_READINGS = 5
"""Readings of one history: more than a reader takes in are not given."""


@cache
def all_kinds() -> tuple[tuple[Kind, Callable[[Study], Reading | None]], ...]:
    """Every kind of reading of one history with its function, in the order of importance."""
    from diabolo.explain import readings as folder

    found = [
        importlib.import_module(f"{folder.__name__}.{module.name}") for module in pkgutil.iter_modules(folder.__path__)
    ]
    kinds = [(module.KIND, module.find) for module in found]
    assert len({kind.code for kind, _ in kinds}) == len(kinds), "two readings have the same code"
    return tuple(sorted(kinds, key=lambda pair: (pair[0].rank, pair[0].code)))


def explain_history(history: History, *, references: Iterable[Any] = ()) -> tuple[Reading, ...]:
    """What a history says, the most important first; at most five readings.

    Args:
        history: the curves.
        references: what needs no training on the same images: objects with `title`, `psnr` (dB or None) and
            `latent_values`, as `diabolo.references.Reference`.
    """
    study = Study(history=history, references=tuple(references))
    found = [reading for _, find in all_kinds() if (reading := find(study)) is not None]
    return without_silenced(found, {kind.code: kind for kind, _ in all_kinds()})[:MOST_READINGS]


def without_silenced(found: Sequence[Reading], kinds: dict[str, Kind]) -> tuple[Reading, ...]:
    """The readings, in order, without those that an earlier one silences."""
    kept: list[Reading] = []
    silenced: set[str] = set()
    for reading in found:
        if reading.code not in silenced:
            kept.append(reading)
            silenced.update(kinds[reading.code].silences)
    return tuple(kept)
