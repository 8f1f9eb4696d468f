"""One file a target; adding one is adding a file that defines `TARGET`."""

import importlib
import pkgutil

from target import Target


def _all() -> dict[str, Target]:
    found = [importlib.import_module(f"{__name__}.{module.name}").TARGET for module in pkgutil.iter_modules(__path__)]
    names = [target.name for target in found]
    assert len(set(names)) == len(names), f"two targets of one name: {sorted(names)}"
    return {target.name: target for target in found}


TARGETS = _all()
