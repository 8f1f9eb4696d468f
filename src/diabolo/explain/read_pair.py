"""`explain_pair`: which of two curves is the better model, and when they cannot tell."""

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache

from diabolo.explain.history import History
from diabolo.explain.pair_study import PairStudy, study_pair
from diabolo.explain.read import without_silenced
from diabolo.explain.reading import Kind, Reading


@cache
def all_pair_kinds() -> tuple[tuple[Kind, Callable[[PairStudy], Reading | None]], ...]:
    """Every kind of reading of two histories with its function, in the order of importance."""
    from diabolo.explain import pairs as folder

    found = [
        importlib.import_module(f"{folder.__name__}.{module.name}") for module in pkgutil.iter_modules(folder.__path__)
    ]
    kinds = [(module.KIND, module.find) for module in found]
    assert len({kind.code for kind, _ in kinds}) == len(kinds), "two readings have the same code"
    return tuple(sorted(kinds, key=lambda pair: (pair[0].rank, pair[0].code)))


def explain_pair(first: History, second: History) -> tuple[Reading, ...]:
    """What two histories say together, the most important first; none where nothing can be compared.

    Args:
        first: one history.
        second: the other.
    """
    study = study_pair(first, second)
    found = [reading for _, find in all_pair_kinds() if (reading := find(study)) is not None]
    return without_silenced(found, {kind.code: kind for kind, _ in all_pair_kinds()})
