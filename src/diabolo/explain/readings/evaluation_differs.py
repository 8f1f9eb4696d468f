"""EX306: without its random layers the model is worse, on the train images too."""

import math

from diabolo.explain.reading import Kind, Reading
from diabolo.explain.robust import level, noise
from diabolo.explain.study import FEWEST_EPOCHS, Study
from diabolo.explain.wording import loss, percent

_ABOVE = 0.1
"""Share of the excess: the train loss in evaluation is of a part of the images, whose floor may be a little off."""
_CAUSES = {"dropout": "dropout", "noise": "noise", "gaussian": "sampling at the bottleneck"}

KIND = Kind(
    code="EX306",
    name="evaluation-differs",
    title="Worse in evaluation than in training",
    meaning=(
        "The layers have adapted to values that are dropped or disturbed. In evaluation they get clean ones, whose "
        "spread is another, and the output is worse, even on the train images. It is no over-fitting."
    ),
    recognised=(
        f"The line has {', '.join(_CAUSES)}, and at the end the loss of the train images in evaluation mode is at "
        f"least {_ABOVE:.0%} of the excess, and three times its noise, above the running train loss. Measured on our "
        "own runs: dropout after every ReLU of a small convolutional autoencoder raises it by a quarter to a half."
    ),
    rank=68,
    silences=("EX303", "EX304"),
)


def find(study: Study) -> Reading | None:
    """Compares the two train losses at the end."""
    kinds = study.history.kinds
    causes = [text for kind, text in _CAUSES.items() if kinds is not None and kind in kinds]
    if not causes or study.running is None or study.train is None or study.num_epochs < FEWEST_EPOCHS:
        return None
    third = max(FEWEST_EPOCHS, len(study.times) // 3)
    gap = level(study.train - study.running, study.tail)
    wander = noise((study.train - study.running)[-third:])
    error = 3 * 1.25 * wander / math.sqrt(study.tail) if math.isfinite(wander) else 0.0
    if not gap > max(_ABOVE * study.scale, error):
        return None
    base = study.history.train_floor or 0.0
    now, then = level(study.running, study.tail) + base, level(study.train, study.tail) + base
    return KIND.reading(
        f"On the train images the loss is {loss(now)} in training and {loss(then)} in evaluation, "
        f"{percent(gap / study.scale)} of its excess more: the model has got used to its {' and '.join(causes)}.",
        confidence="sure" if gap > 2 * _ABOVE * study.scale else "likely",
        next_step=(
            "Use less of it, and not after every layer: an autoencoder with a narrow latent seldom needs any. Read the "
            "validation loss; the train loss is of another task."
        ),
        gap=gap,
        share=gap / study.scale,
    )
