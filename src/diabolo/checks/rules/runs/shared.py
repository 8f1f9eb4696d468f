"""What the rules on trained runs share: a sound run to vary, and how they count."""

from dataclasses import replace
from typing import Any

from diabolo.checks.activity import Activity, ChannelActivity

LINE = "conv16 relu pool | conv16 relu up conv3 sigmoid"
"""The line of the examples."""
VARIATIONAL = "conv16 relu pool flatten | gaussian8 | dense4096 unflatten[h=16 w=16 c=16] up conv3 sigmoid"
"""A line with a variational bottleneck."""

_LIVING = ChannelActivity(share_zero=(0.42,) * 16, deviation=(0.21,) * 16)
_SOUND = Activity(
    num_images=500,
    images="500 validation images of cifar10-sample",
    channels={"relu_1": _LIVING, "relu_2": _LIVING},
    latent_deviation=(0.4,) * 16,
    mse=0.0046,
    mse_training_mode=0.0046,
    mse_mean_image=0.0613,
    output_deviation=0.236,
    image_deviation=0.2476,
    share_black=(0.0, 0.0, 0.0),
    checkerboard=0.3,
)


def sound(**changes: Any) -> Activity:
    """What a run does that learned something (measured on a small one of `LINE`), with some of it changed."""
    return replace(_SOUND, **changes)


def with_dead(number: int, total: int = 16) -> ChannelActivity:
    """A layer some channels of which are always 0."""
    living = total - number
    return ChannelActivity(share_zero=(1.0,) * number + (0.42,) * living, deviation=(0.0,) * number + (0.21,) * living)


def on_images(activity: Activity) -> str:
    """`on 500 validation images of cifar10`."""
    return f"on {activity.images or f'{activity.num_images:,} images'}"
