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

    @property
    def dead(self) -> tuple[int, ...]:
        """Channels, from 0, that have one value on all images and positions: 0 after a relu."""
        pairs = enumerate(zip(self.share_zero, self.deviation, strict=True))
        return tuple(index for index, (zero, deviation) in pairs if zero == 1.0 or deviation == 0.0)


@dataclass(frozen=True, kw_only=True)
class Activity:
    """A trained run on `num_images` real images, in evaluation mode where nothing else is said."""

    num_images: int
    """Images looked at."""
    images: str = ""
    """Which: `500 validation images of cifar10`; empty where nothing is known of them."""
    channels: Mapping[str, ChannelActivity] = field(default_factory=dict)
    """By node name: activations."""
    latent_deviation: tuple[float, ...] = ()
    """Of each latent value, or of each latent channel for maps (then the root mean square over its positions): its
    standard deviation over images."""
    kl: tuple[float, ...] = ()
    """KL divergence from the prior of each latent channel, nats an image, for a variational bottleneck; empty
    without."""
    mse: float
    """Mean squared error, pixels in [0, 1]."""
    mse_training_mode: float
    """The same with bn on the statistics of the batch; equal to `mse` without bn."""
    mse_mean_image: float
    """Of the mean image: what a model reaches that says nothing about the image."""
    output_deviation: float
    """Root mean square over pixels of the reconstructions' standard deviation over images."""
    image_deviation: float
    """The same of the images."""
    share_black: tuple[float, ...]
    """By colour channel: share of the images' light that falls on pixels which are black, below half a grey level, in
    every reconstruction. A border that is black in nearly all images has hardly any light."""
    checkerboard: float
    """Energy of the reconstructions at the frequencies of the last up-sampling's grid, over the images' own there; at
    most about 1 where there is no pattern, since reconstructions are smoother than images."""
