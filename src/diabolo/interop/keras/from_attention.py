"""Keras's `Reshape`, `MultiHeadAttention` of one value, `Reshape` as the line's `attention`."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from diabolo.interop.keras.words import Arrays, Call, Word, word
from diabolo.vocabulary import Shape

_MAPS = ("query", "key", "value")


def attention_word(call: Call, shape: Shape) -> Word:
    """The word of a `MultiHeadAttention` over the positions of a map.

    Args:
        call: the layer.
        shape: (height, width, channels) of the map whose positions it reads as rows.

    Raises:
        DiaboloError: it is another attention than the line's.
    """
    channels, heads, width = shape[-1], call.get("num_heads"), call.get("key_dim")
    if len(set(call.node.inputs)) > 1:
        raise call.refuse("it looks from one value at another; `attention` looks from one at itself")
    if not isinstance(heads, int) or not isinstance(width, int) or heads * width != channels:
        raise call.refuse(f"`num_heads` × `key_dim` (={heads} × {width}) must be its {channels} channels")
    others = {
        "value_dim": (None, width), "use_bias": (True,), "output_shape": (None,), "dropout": (0, None), "gate": (None,),
        "attention_axes": (None, 1, [1]),
    }  # fmt: skip
    for name, allowed in others.items():
        if call.get(name, allowed[0]) not in allowed:
            raise call.refuse(f"`{name}` is {call.get(name)!r}; leave it out")
    by_head = (channels, heads, width)
    shapes = [each for _ in _MAPS for each in (by_head, by_head[1:])]
    return Word(
        layer=word("attention", heads=heads),
        stored=call.stored,
        names=tuple(f"{name}/{part}" for name in (*_MAPS, "output") for part in ("kernel", "bias")),
        shapes=(*shapes, (heads, width, channels), (channels,)),
        take=_take,
    )


def _take(arrays: Sequence[NDArray[np.float32]]) -> Arrays:
    """Kernels (channels, heads, width) and biases (heads, width) of the three maps, then those of the last."""
    channels = len(arrays[-1])
    kernels = {name: arrays[2 * index].reshape(channels, channels).T for index, name in enumerate(_MAPS)}
    return {
        **kernels,
        "biases": np.stack([arrays[1], arrays[3], arrays[5]]).reshape(3, channels),
        "weight": arrays[6].reshape(channels, channels).T,
        "bias": arrays[7],
    }
