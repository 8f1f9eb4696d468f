"""The libraries that the interpreter knows."""

from diabolo.checks.source.data_library import DataLibrary
from diabolo.checks.source.keras_library import KerasLibrary
from diabolo.checks.source.library import Library
from diabolo.checks.source.standard import StandardLibrary
from diabolo.checks.source.torch_library import TorchLibrary


def all_libraries() -> tuple[Library, ...]:
    """New ones for one reading, in the order in which they are asked."""
    return KerasLibrary(), TorchLibrary(), DataLibrary(), StandardLibrary()
