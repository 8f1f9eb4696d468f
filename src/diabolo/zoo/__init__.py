"""The models that come with diabolo: one record a file, found by itself; no torch."""

import difflib
import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from diabolo.errors import DiaboloError, clip
from diabolo.zoo import records
from diabolo.zoo.record import ZooModel

__all__ = ["ZooModel", "find_model", "zoo"]

_ORDER = ("method-1", "method-2", "pool-bn", "bn-relu")  # the question's own first, the rest by name


@cache
def zoo() -> Mapping[str, ZooModel]:
    """Every model of the zoo by name, the question's four first."""
    found: dict[str, ZooModel] = {}
    for module in pkgutil.iter_modules(records.__path__):
        model: ZooModel = importlib.import_module(f"{records.__name__}.{module.name}").MODEL
        assert model.name not in found, f"two zoo models are called {model.name}"
        found[model.name] = model
    names = sorted(found, key=lambda name: (_ORDER.index(name) if name in _ORDER else len(_ORDER), name))
    return MappingProxyType({name: found[name] for name in names})


def find_model(name: str) -> ZooModel:
    """The zoo model of that name.

    Raises:
        DiaboloError: there is none; the message names the likeliest.
    """
    if name in zoo():
        return zoo()[name]
    close = difflib.get_close_matches(name, zoo(), n=1, cutoff=0.5)
    hint = f"did you mean `{close[0]}`?" if close else f"there are {', '.join(zoo())}"
    raise DiaboloError(f"no model `{clip(name)}` in the zoo; {hint} (`diabolo zoo` shows them)")
