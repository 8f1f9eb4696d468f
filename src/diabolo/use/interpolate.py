"""From one image to another through the latent space."""

import numpy as np
from numpy.typing import NDArray

from diabolo.errors import DiaboloError
from diabolo.model import AutoEncoder
from diabolo.use.decode import decode
from diabolo.use.encode import encode

PATHS = ("straight", "arc")
"""Ways from one latent to another."""
_MOST_STEPS = 1000


def interpolate(
    model: AutoEncoder,
    first: NDArray[np.uint8],
    second: NDArray[np.uint8],
    *,
    steps: int = 8,
    path: str | None = None,
    memory: float | None = None,
) -> NDArray[np.float32]:
    """Images of latents on the way from one image's to the other's, both ends included.

    `straight` is (1 - t) · a + t · b. `arc` turns at an even angle from the one to the other (slerp, Shoemake 1985),
    which keeps the length of Gaussian latents: on the straight line between two of them the middle is shorter than
    any that the decoder was trained with (White 2016, https://arxiv.org/abs/1609.04468).

    Args:
        model: on any device.
        first: uint8 (H, W, C), of a size that the model takes.
        second: uint8 of the same shape.
        steps: how many images, at least 2; the first and the last are the reconstructions of the two.
        path: `straight` or `arc`; None: `arc` for a model with a `gaussian` bottleneck, else `straight`.
        memory: MiB that activations may take. None: 1024.

    Returns:
        float32 (steps, H, W, C) in [0, 1].

    Raises:
        DiaboloError: `steps` or `path` has a wrong value, or the images differ in size or do not suit the model.
    """
    if isinstance(steps, bool) or not isinstance(steps, int) or not 2 <= steps <= _MOST_STEPS:
        raise DiaboloError(f"`steps` (={steps}) must be a whole number from 2 to {_MOST_STEPS:,}")
    if path is not None and path not in PATHS:
        raise DiaboloError(f"`path` (={path}) must be straight or arc")
    if first.shape != second.shape:
        raise DiaboloError(
            f"the two images have shapes {first.shape} and {second.shape}; bring them to one size, as by `fit`"
        )
    latents = encode(model, np.stack([first, second]), memory=memory)
    chosen = path or ("arc" if any(node.kind == "gaussian" for node in model.graph.layers) else "straight")
    between = _arc if chosen == "arc" else _straight
    height, width = first.shape[:2]
    made = []
    for share in np.linspace(0, 1, steps):  # one at a time: a step of a large image takes all the memory there is
        latent = between(latents[0], latents[1], float(share))[None].astype(np.float32)
        made.append(decode(model, latent, memory=memory)[0, :height, :width])
    return np.stack(made)


def _straight(first: NDArray[np.float32], second: NDArray[np.float32], share: float) -> NDArray[np.floating]:
    return (1 - share) * first + share * second


def _arc(first: NDArray[np.float32], second: NDArray[np.float32], share: float) -> NDArray[np.floating]:
    """slerp: sin((1-t)θ)/sin θ · a + sin(tθ)/sin θ · b, θ the angle between the two; straight where it is 0 or 180°."""
    a, b = first.astype(np.float64), second.astype(np.float64)
    lengths = np.linalg.norm(a) * np.linalg.norm(b)
    angle = float(np.arccos(np.clip((a * b).sum() / lengths, -1, 1))) if lengths > 0 else 0.0
    if np.sin(angle) < 1e-6:
        return _straight(first, second, share)
    turned: NDArray[np.floating] = (np.sin((1 - share) * angle) * a + np.sin(share * angle) * b) / np.sin(angle)
    return turned
