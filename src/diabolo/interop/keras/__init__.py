"""Keras: a graph and its weights as readable Python source and as a `.keras` file, and both back again.

The source is written here; a `.keras` file is what real Keras, in a process of its own, saves of that source.
"""

from diabolo.interop.keras import (  # noqa: F401  (each registers its converters)
    plain,
    sampling,
    special,
    weighted,
)
from diabolo.interop.keras.registry import KERAS
from diabolo.interop.keras.source import KerasSource, keras_source

__all__ = ["KERAS", "KerasSource", "keras_source"]
