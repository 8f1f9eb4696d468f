"""Latents rounded to few bits: how much of a latent's precision a decoder needs."""

import numpy as np
from numpy.typing import NDArray

from diabolo.errors import DiaboloError

_ENDS = (0.1, 99.9)  # percentiles of a channel that the first and the last step stand for


def step_range(latents: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Smallest and largest value that is told apart in each channel: its 0.1 and 99.9 percentile.

    Args:
        latents: of train images, (N, height, width, channels) or (N, features); channels are on the last axis.

    Returns:
        Both float64 (channels,).

    Raises:
        DiaboloError: there are no latents, or some are not finite.
    """
    rows = np.asarray(latents, np.float64).reshape(-1, latents.shape[-1])
    if not len(rows) or not np.isfinite(rows).all():
        raise DiaboloError("`latents` hold no values, or some that are not finite; no range can be taken of them")
    low, high = np.percentile(rows, _ENDS, axis=0)
    return low, high


def rounded(
    latents: NDArray[np.floating], bits: int, low: NDArray[np.float64], high: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Latents of which each value is one of 2^bits, in even steps from `low` to `high` of its channel.

    Values beyond the ends become the ends. A channel that never varies has one value.

    Args:
        latents: channels on the last axis.
        bits: of a value, 1 to 16.
        low: of each channel, as of `step_range`.
        high: of each channel.

    Raises:
        DiaboloError: `bits` is no such number.
    """
    if isinstance(bits, bool) or not isinstance(bits, int) or not 1 <= bits <= 16:
        raise DiaboloError(f"`bits` (={bits!r}) must be a whole number from 1 to 16")
    last = 2**bits - 1
    width = np.where(high > low, high - low, 1.0)
    steps = np.rint(np.clip((np.asarray(latents, np.float64) - low) / width, 0, 1) * last)
    return (low + steps / last * width).astype(np.float32)
