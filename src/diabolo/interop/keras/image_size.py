"""The size of images in a Keras configuration: read from it, or put into it where it takes any."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from diabolo.vocabulary import Shape

_NAMES = ("batch_shape", "batch_input_shape")  # of Keras 3, and of Keras 2


def with_image_size(description: Mapping[str, Any], size: Shape) -> Mapping[str, Any]:
    """A model's description whose inputs say (height, width, channels) where they left it open.

    A line has a size of its own. Inner models follow what they are given, so that only the outermost inputs matter.
    """
    changed = copy.deepcopy(dict(description))
    for shape in _input_shapes(changed.get("config")):
        if isinstance(shape, list) and len(shape) == len(size) + 1:
            shape[1:] = [side if known is None else known for side, known in zip(size, shape[1:], strict=True)]
    return changed


def _input_shapes(config: Any) -> Iterator[Any]:
    layers = config.get("layers") if isinstance(config, Mapping) else config
    for index, layer in enumerate(layers if isinstance(layers, list) else ()):
        inner = layer.get("config") if isinstance(layer, Mapping) else None
        if isinstance(inner, Mapping) and (layer.get("class_name") == "InputLayer" or index == 0):
            yield from (inner.get(name) for name in _NAMES)
