"""The libraries that the interpreter knows."""

import re

from diabolo.checks.source.data_library import DataLibrary
from diabolo.checks.source.keras_library import KerasLibrary
from diabolo.checks.source.library import Library
from diabolo.checks.source.standard import StandardLibrary

_TORCH = re.compile(r"torch|lightning|\bnn\b|\bF\s*\.|\bConv2d\b|\bModule\b")
"""What every source that can mean PyTorch holds, snippets without imports included."""


def libraries_for(text: str) -> tuple[Library, ...]:
    """New ones for one reading, in the order in which they are asked; PyTorch's only where it can be meant.

    Loading it takes a tenth of a second, which is a quarter of the time that a short Keras source takes.
    """
    if not _TORCH.search(text):
        return KerasLibrary(), DataLibrary(), StandardLibrary()
    from diabolo.checks.source.torch_library import TorchLibrary

    return KerasLibrary(), TorchLibrary(), DataLibrary(), StandardLibrary()
