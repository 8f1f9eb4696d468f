"""New images out of a variational model: the decoder on latents from the prior."""

import numpy as np
from numpy.typing import NDArray

from diabolo.errors import DiaboloError
from diabolo.layers import Bottleneck
from diabolo.layers.gaussian import GaussianBottleneck
from diabolo.layers.quantizer import Quantizer
from diabolo.model import AutoEncoder
from diabolo.use.decode import decode

MOST_SAMPLES = 100_000
"""Most images of one call."""


def sample(
    model: AutoEncoder, num_images: int = 64, *, seed: int = 0, temperature: float = 1.0, memory: float | None = None
) -> NDArray[np.float32]:
    """Images of latents that are drawn from the prior N(0, 1), float32 (N, H, W, C) clipped to [0, 1].

    Args:
        model: a variational model, its latent what a `gaussian` bottleneck gives.
        num_images: how many.
        seed: of the latents; the same seed gives the same latents on every machine.
        temperature: factor of the latents' standard deviation; below 1 images are more alike and more typical.
        memory: MiB that activations may take. None: 1024.

    Raises:
        DiaboloError: the model has no prior to draw from, or an argument has a wrong value.
    """
    if isinstance(num_images, bool) or not isinstance(num_images, int) or not 1 <= num_images <= MOST_SAMPLES:
        raise DiaboloError(f"the number of samples (={num_images}) must be a whole number from 1 to {MOST_SAMPLES:,}")
    if not 0 <= temperature <= 10:
        raise DiaboloError(f"`temperature` (={temperature}) must be a number from 0 to 10")
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise DiaboloError(f"`seed` (={seed}) must be a whole number, 0 or more")
    check_prior(model)
    shape = (num_images, *model.graph.latent_shape)
    latents = np.random.default_rng(seed).standard_normal(shape, dtype=np.float32) * np.float32(temperature)
    return decode(model, latents, memory=memory)


def check_prior(model: AutoEncoder) -> None:
    """Refuses a model whose latents come from no known distribution.

    Raises:
        DiaboloError: and says why there is none.
    """
    layer = dict(model.layers.items()).get(model.graph.latent)
    if isinstance(layer, GaussianBottleneck):
        return
    kinds = {model.graph[name].kind for name, inner in model.layers.items() if isinstance(inner, Bottleneck)}
    if isinstance(layer, Quantizer):
        reason = (
            "its codes follow no distribution that is known before training: samples need a prior that is learned over "
            "the codes (van den Oord et al. 2017), which diabolo does not train; `encode --codes digits` gives the "
            "codes to train one on"
        )
    elif "gaussian" in kinds:
        reason = "layers stand between its `gaussian` and the decoder; put `gaussian` last before the decoder"
    else:
        reason = (
            "nothing holds its latents to a distribution that could be drawn from; a variational model has "
            "`gaussian` before the decoder, as in `… | gaussian32 | …`"
        )
    raise DiaboloError(f"`{model.line}` cannot be sampled: {reason}")
