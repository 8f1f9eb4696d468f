"""`Activity`: what the layers of a trained run do on real images, as plain numbers, so that rules need no torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class ChannelActivity:
    """One node's output over all images and positions, by channel."""

    share_zero: tuple[float, ...]
    """Share of values that are exactly 0."""
    deviation: tuple[float, ...]
    """Standard deviation."""


@dataclass(frozen=True, kw_only=True)
class Activity:
    """A trained run on `num_images` real images."""

    num_images: int
    """Images looked at."""
    channels: Mapping[str, ChannelActivity] = field(default_factory=dict)
    """By node name: activations and the latent."""
    latent_deviation: tuple[float, ...] = ()
    """Standard deviation over images of each latent value, or of each latent channel for maps."""
    kl: tuple[float, ...] = ()
    """KL divergence from the prior of each latent channel, nats, for a variational bottleneck; empty without."""
    mse: float
    """Mean squared error in evaluation mode, pixels in [0, 1]."""
    mse_training_mode: float
    """The same with bn on the statistics of the batch."""
    mse_mean_image: float
    """Of the mean image: what a model reaches that says nothing about the image."""
    output_deviation: float
    """Root mean square over pixels of the reconstructions' standard deviation over images; images' own: see below."""
    image_deviation: float
    """The same of the images."""
    share_black: tuple[float, ...]
    """By colour channel: share of pixels that are 0 in every reconstruction, of those that are not in the images."""
    checkerboard: float
    """Energy of the reconstructions at the finest frequencies that up-sampling leaves, over the images' own; about 1
    where there is no pattern."""
