"""Latents of a quantising bottleneck as codes and as bytes, and back: what a file of compressed images holds."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from diabolo.errors import DiaboloError
from diabolo.layers.quantizer import Quantizer
from diabolo.model import AutoEncoder
from diabolo.model.device import device_of


def quantizer_of(model: AutoEncoder) -> Quantizer:
    """The bottleneck whose output is the model's latent.

    Raises:
        DiaboloError: the latent is not made of codes.
    """
    quantizers = {name: layer for name, layer in model.layers.items() if isinstance(layer, Quantizer)}
    if model.graph.latent in quantizers:
        return quantizers[model.graph.latent]
    if quantizers:
        kind = model.graph[min(quantizers)].kind
        raise DiaboloError(
            f"the latent of `{model.line}` is not what its `{kind}` gives, so that it has no codes; put the quantiser "
            "last before the decoder"
        )
    raise DiaboloError(
        f"the latent of `{model.line}` is made of numbers, not of codes; a model with `vq`, `fsq` or `lloyd` last "
        "before the decoder has codes"
    )


def latents_to_codes(model: AutoEncoder, latents: NDArray[np.floating]) -> NDArray[np.int64]:
    """Codes of latents that this model's encoder gave.

    Args:
        model: with a quantiser at its waist.
        latents: (N, height, width, channels) or (N, features), as `encode` gives them.

    Returns:
        (N, height, width, digits) or (N, digits): one digit for `vq`, one for each channel for `fsq` and `lloyd`.

    Raises:
        DiaboloError: the model has no codes, or the latents are not of its shape.
    """
    quantizer = quantizer_of(model)
    values = np.asarray(latents)
    channels = model.graph.latent_shape[-1]
    if values.dtype.kind != "f" or values.ndim != len(model.graph.latent_shape) + 1 or values.shape[-1] != channels:
        raise DiaboloError(
            f"`latents` are {values.dtype} of shape {values.shape}; this model's are floats, with {_axes(model)} and "
            f"{channels} on the last"
        )
    codes = quantizer.codes_of(_to_front(torch.from_numpy(np.array(values, np.float32))).to(device_of(model)))
    return _to_end(codes)


def codes_to_latents(model: AutoEncoder, codes: Any) -> NDArray[np.float32]:
    """The inverse of `latents_to_codes`: what the decoder reads, float32 (N, height, width, channels) or (N, features).

    Raises:
        DiaboloError: the model has no codes, or these are none of its own.
    """
    quantizer = quantizer_of(model)
    checked = _check(model, quantizer, codes)
    return _to_end(quantizer.from_codes(_to_front(torch.from_numpy(checked)).to(device_of(model))).float())


def pack_codes(model: AutoEncoder, codes: Any) -> NDArray[np.uint8]:
    """Codes -> bytes, uint8 (N, height, width, bytes) or (N, bytes): those of a position are one whole number.

    The bits of a position are rounded up to whole bytes: `lloyd[bits=128]` takes 16.

    Raises:
        DiaboloError: as of `codes_to_latents`.
    """
    quantizer = quantizer_of(model)
    return quantizer.pack(_to_front(torch.from_numpy(_check(model, quantizer, codes))))


def unpack_codes(model: AutoEncoder, packed: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The inverse of `pack_codes`.

    Raises:
        DiaboloError: the model has no codes, or the bytes are none of its codes.
    """
    quantizer = quantizer_of(model)
    packed = np.asarray(packed)
    if packed.ndim != len(model.graph.latent_shape) + 1:
        raise DiaboloError(f"packed codes have shape {packed.shape}; this model's have {_axes(model)}")
    return _to_end(quantizer.unpack(packed))


def _check(model: AutoEncoder, quantizer: Quantizer, codes: Any) -> NDArray[np.int64]:
    values = np.asarray(codes)
    levels = np.array(quantizer.num_levels, np.int64)
    if values.dtype.kind not in "iu":
        raise DiaboloError(f"`codes` are {values.dtype}; they must be whole numbers, as `encode` gives them")
    if values.ndim != len(model.graph.latent_shape) + 1 or values.shape[-1] != len(levels):
        raise DiaboloError(
            f"`codes` have shape {values.shape}; this model's have {_axes(model)}, with {len(levels)} "
            f"{'digit' if len(levels) == 1 else 'digits'} on the last"
        )
    if ((values < 0) | (values >= levels)).any():
        raise DiaboloError(
            "`codes` hold a number that this model has no code for; they are damaged, or another model wrote them"
        )
    return values.astype(np.int64, copy=False)


def _axes(model: AutoEncoder) -> str:
    return "axes (N, height, width, ·)" if len(model.graph.latent_shape) == 3 else "axes (N, ·)"


def _to_front(values: torch.Tensor) -> torch.Tensor:
    return values.movedim(-1, 1)


def _to_end(values: torch.Tensor) -> NDArray[Any]:
    return np.ascontiguousarray(values.movedim(1, -1).cpu().numpy())
