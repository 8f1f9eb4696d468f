"""The rules, one file each, in a folder for each family; every module here that defines `RULE` is found by itself."""

import importlib
import pkgutil
from functools import cache
from types import MappingProxyType
from typing import get_args

from diabolo.checks.rule import Family, Rule


@cache
def all_rules() -> MappingProxyType[str, Rule]:
    """Every rule by its code, in the order of codes."""
    found: dict[str, Rule] = {}
    for number, family in enumerate(get_args(Family)):
        package = importlib.import_module(f"{__name__}.{family}")
        for entry in pkgutil.iter_modules(package.__path__):
            rule = getattr(importlib.import_module(f"{package.__name__}.{entry.name}"), "RULE", None)
            if rule is None:  # a helper of the family
                continue
            assert rule.code.startswith(f"AE{number}"), f"{rule.code} does not belong in {family}"
            assert rule.code not in found, f"two rules have the code {rule.code}"
            assert all(rule.name != other.name for other in found.values()), f"two rules are called {rule.name}"
            found[rule.code] = rule
    return MappingProxyType(dict(sorted(found.items())))


def family_of(rule: Rule) -> Family:
    """The family that a rule's code belongs to."""
    return get_args(Family)[int(rule.code[2])]
