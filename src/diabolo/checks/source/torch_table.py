"""Every layer class of `torch.nn` that has a meaning here, by its name."""

from types import MappingProxyType

from diabolo.checks.source import torch_convolutions, torch_named, torch_plain, torch_sampling
from diabolo.checks.source.torch_kind import TorchKind


def _gather() -> dict[str, TorchKind]:
    found: dict[str, TorchKind] = {}
    for module in (torch_convolutions, torch_sampling, torch_plain, torch_named):
        for name, kind in module.LAYERS.items():
            assert name not in found, f"two entries are called {name}"
            found[name] = kind
    return found


TORCH_LAYERS = MappingProxyType(_gather())
"""Kinds by class name: `Conv2d`, `BatchNorm2d`."""
