"""The workbench for convolutional autoencoders: write one on a line, train it, look at it.

Importing this costs next to nothing: each name is loaded when it is first used.
"""

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from diabolo.api.build import build
    from diabolo.api.check import check
    from diabolo.api.compare import compare_models as compare
    from diabolo.api.estimator import AutoencoderTransformer as AutoencoderTransformer
    from diabolo.api.estimator import ValueRangeWarning as ValueRangeWarning
    from diabolo.api.explain import explain
    from diabolo.api.export import export
    from diabolo.api.fit import fit, resume
    from diabolo.api.import_model import import_model
    from diabolo.api.neighbours import neighbours
    from diabolo.api.own_images import decode, denoise, encode, interpolate, reconstruct
    from diabolo.api.sample import sample
    from diabolo.api.score import calibrate, score
    from diabolo.api.summary import summary
    from diabolo.data import load_data
    from diabolo.errors import DiaboloError
    from diabolo.model import AutoEncoder
    from diabolo.notation import Spec, parse
    from diabolo.train import Recipe
    from diabolo.use import Run, load

__version__ = "0.1.0"
__all__ = [
    "AutoEncoder", "DiaboloError", "Recipe", "Run", "Spec", "build", "calibrate", "check", "compare", "decode",
    "denoise", "encode", "explain", "export", "fit", "import_model", "interpolate", "load", "load_data",
    "neighbours", "parse", "reconstruct", "resume", "sample", "score", "summary",
]  # fmt: skip
# `AutoencoderTransformer` is not among them: `from diabolo import *` must not need scikit-learn.

_HOMES = {
    "AutoEncoder": ("diabolo.model", "AutoEncoder"),
    "AutoencoderTransformer": ("diabolo.api.estimator", "AutoencoderTransformer"),
    "DiaboloError": ("diabolo.errors", "DiaboloError"),
    "Recipe": ("diabolo.train", "Recipe"),
    "Run": ("diabolo.use", "Run"),
    "Spec": ("diabolo.notation", "Spec"),
    "ValueRangeWarning": ("diabolo.api.estimator", "ValueRangeWarning"),
    "build": ("diabolo.api.build", "build"),
    "calibrate": ("diabolo.api.score", "calibrate"),
    "check": ("diabolo.api.check", "check"),
    "compare": ("diabolo.api.compare", "compare_models"),
    "decode": ("diabolo.api.own_images", "decode"),
    "denoise": ("diabolo.api.own_images", "denoise"),
    "encode": ("diabolo.api.own_images", "encode"),
    "explain": ("diabolo.api.explain", "explain"),
    "export": ("diabolo.api.export", "export"),
    "fit": ("diabolo.api.fit", "fit"),
    "import_model": ("diabolo.api.import_model", "import_model"),
    "interpolate": ("diabolo.api.own_images", "interpolate"),
    "neighbours": ("diabolo.api.neighbours", "neighbours"),
    "reconstruct": ("diabolo.api.own_images", "reconstruct"),
    "resume": ("diabolo.api.fit", "resume"),
    "sample": ("diabolo.api.sample", "sample"),
    "score": ("diabolo.api.score", "score"),
    "load": ("diabolo.use", "load"),
    "load_data": ("diabolo.data", "load_data"),
    "parse": ("diabolo.notation", "parse"),
    "summary": ("diabolo.api.summary", "summary"),
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        module, attribute = _HOMES[name]
        return getattr(importlib.import_module(module), attribute)
    raise AttributeError(f"module 'diabolo' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*_HOMES, "__version__"])


class _Package(ModuleType):
    """This module: where a function and a package have one name (`explain`), the attribute stays the function."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _HOMES and isinstance(value, ModuleType)):  # Python sets it when the package is imported
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
