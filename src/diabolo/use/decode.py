"""Latents in, images out."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diabolo.errors import DiaboloError
from diabolo.model import AutoEncoder
from diabolo.use.sight import size_is_fixed_by
from diabolo.use.tiles import collect
from diabolo.vocabulary import describe


def decode(model: AutoEncoder, latents: Any, *, memory: float | None = None) -> NDArray[np.float32]:
    """Images of latents, float32 (N, H, W, C) clipped to [0, 1]; the model's mode is put back.

    Args:
        model: on any device.
        latents: floats as `encode` gives them, (N, height, width, channels) or (N, features); flat vectors of a map of
            the model's own size are taken too.
        memory: MiB that activations may take. None: 1024.

    Raises:
        DiaboloError: the latents are not finite numbers of this model's latent shape.
    """
    values = check_latents(model, latents)
    return np.clip(collect(model, values, "decode", memory=memory), 0, 1)


def check_latents(model: AutoEncoder, latents: Any) -> NDArray[np.float32]:
    """The latents as float32 in the shape that the decoder reads.

    Raises:
        DiaboloError: as of `decode`.
    """
    values = np.asarray(latents)
    wanted = model.graph.latent_shape
    if values.dtype.kind != "f":
        raise DiaboloError(f"`latents` are {values.dtype}; the decoder takes floats, as `encode` gives them")
    if values.ndim == 2 and len(wanted) == 3 and values.shape[1] == math.prod(wanted):
        values = values.reshape(len(values), *wanted)
    any_size = len(wanted) == 3 and size_is_fixed_by(model.graph) is None
    same = values.ndim == len(wanted) + 1 and values.shape[1:] == wanted
    if not same and not (any_size and values.ndim == 4 and values.shape[3] == wanted[2] and 0 not in values.shape[1:]):
        raise DiaboloError(
            f"`latents` have shape {values.shape}; this model's are {describe(wanted)} an image"
            f"{' (height and width may differ)' if any_size else ''}; pooled latents cannot be decoded"
        )
    if not np.isfinite(values).all():
        raise DiaboloError("`latents` hold NaN or infinite values, which decode into nothing")
    return values.astype(np.float32, copy=False)
