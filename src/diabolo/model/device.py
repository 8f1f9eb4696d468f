"""Where a model computes: what a user may ask for, and where a model is."""

import torch
from torch import nn

from diabolo.errors import DiaboloError, clip

DEVICES = ("auto", "cpu", "cuda", "mps")
"""Names that may be given, also with a number (`cuda:1`); `auto` is `cuda` where there is one and `cpu` elsewhere."""


def choose_device(name: str) -> torch.device:
    """The device of that name, tried with one number.

    Raises:
        DiaboloError: there is no such name, or no such device here.
    """
    if not isinstance(name, str) or name.split(":")[0] not in DEVICES:
        raise DiaboloError(f"`device` (={clip(str(name))}) must be auto, cpu, cuda or mps")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:  # torch raises all three for what is not there
        reason = str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else type(error).__name__
        raise DiaboloError(
            f"`device` (={clip(name)}) cannot be used here ({clip(reason)}); leave it out, or say cpu"
        ) from None
    return device


def device_of(model: nn.Module) -> torch.device:
    """Where a model's values are; the CPU for one that has none."""
    return next((value.device for values in (model.parameters(), model.buffers()) for value in values), _CPU)


_CPU = torch.device("cpu")
