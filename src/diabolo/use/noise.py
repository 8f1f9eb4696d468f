"""Noise for trying out how a model takes it away."""

import numpy as np
from numpy.typing import NDArray

from diabolo.errors import DiaboloError
from diabolo.graph import ModelGraph


def add_noise(images: NDArray[np.uint8], sigma: float, seed: int) -> NDArray[np.uint8]:
    """Images with Gaussian noise, as a camera would store them: clipped to 0…255 and rounded.

    Args:
        images: uint8, any shape.
        sigma: standard deviation of the noise, pixels in [0, 1].
        seed: of the noise.

    Raises:
        DiaboloError: `sigma` is no finite number from 0.
    """
    check_sigma(sigma)
    noise = np.random.default_rng(seed).standard_normal(images.shape, np.float32)
    return np.rint(np.clip(images + 255 * np.float32(sigma) * noise, 0, 255)).astype(np.uint8)


def check_sigma(sigma: float) -> None:
    """Refuses what is no standard deviation.

    Raises:
        DiaboloError: it is no finite number from 0.
    """
    if isinstance(sigma, bool) or not isinstance(sigma, int | float) or not 0 <= sigma < 1e6:
        raise DiaboloError(f"`sigma` (={sigma}) must be a number from 0: the deviation of the noise, pixels in 0..1")


def trained_noise(graph: ModelGraph) -> float:
    """The largest deviation of the `noise` layers before the latent that this model was trained with; 0: none."""
    deviations = [0.0]
    for node in graph.layers:
        if node.kind == "noise" and node.section != "decoder":
            std = node.attributes["std"]
            assert isinstance(std, int | float)
            deviations.append(float(std))
    return max(deviations)


def noise_note(graph: ModelGraph) -> str | None:
    """What a user must know who takes noise away with a model that never saw any; None for one that did."""
    if trained_noise(graph) > 0:
        return None
    return (
        "this model was trained without noise, so it was not taught to take any away: it only loses what does not fit "
        "through its waist. Put `noise[std=0.1]` at the beginning of the line and train it again"
    )
