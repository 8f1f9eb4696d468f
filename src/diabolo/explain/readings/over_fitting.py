"""EX301: the validation loss rises while the train loss falls on."""

import math

import numpy as np

from diabolo.explain.reading import Kind, Reading
from diabolo.explain.robust import level, middle, running_median
from diabolo.explain.study import FEWEST_EPOCHS, Study
from diabolo.explain.wording import loss, percent

_RISE = 0.03
"""Share of the excess that the validation loss must rise by: an eighth of a decibel."""
_SURE_RISE = 0.1
_ERRORS = 5.0
"""Standard errors of the last level that the rise must be."""

KIND = Kind(
    code="EX301",
    name="over-fitting",
    title="Over-fitting",
    meaning=(
        "From some epoch on the model learns its train images by heart: the validation loss rises while the train loss "
        "goes on falling."
    ),
    recognised=(
        "The lowest running median of the validation loss lies before the last tenth; the level at the end (the median "
        f"of a tenth of the epochs, as wide as the running one) is at least {_RISE:.0%} of the excess and {_ERRORS:g} "
        "standard errors (1.25 σ/√m) higher; and the train loss fell on in between. It began at that lowest median. "
        f"Sure from {_SURE_RISE:.0%} on."
    ),
    rank=35,
    silences=("EX203", "EX204", "EX305"),
)


def find(study: Study) -> Reading | None:
    """Looks for a validation loss that turned while the train loss did not."""
    train = study.train if study.train is not None else study.running
    if study.val is None or train is None or study.num_epochs < FEWEST_EPOCHS:
        return None
    # As wide as the window of the last level: the lowest of many narrow medians is low by chance alone.
    smooth = running_median(study.val, max(5, study.tail | 1))
    best = int(np.nanargmin(smooth))
    if best >= len(smooth) - study.tail:
        return None
    end = level(study.val, study.tail)
    rise = end - float(smooth[best])
    error = 1.25 * study.noise / math.sqrt(study.tail)
    share = rise / study.scale
    around = train[max(0, best - study.tail // 2) : best + study.tail // 2 + 1]
    train_then, train_now = middle(around), level(train, study.tail)
    if rise <= _ERRORS * error or share < _RISE or not train_now < train_then:
        return None
    epoch = int(study.times[best])
    base, train_base = study.history.val_floor or 0.0, study.history.train_floor or 0.0
    return KIND.reading(
        f"Since epoch {epoch:,} the loss on the {study.history.validation_name} has risen from "
        f"{loss(base + float(smooth[best]))} to {loss(base + end)} ({percent(share)} of what is left of it), while the "
        f"train loss fell from {loss(train_base + train_then)} to {loss(train_base + train_now)}.",
        confidence="sure" if share >= _SURE_RISE and train_now < 0.97 * train_then else "likely",
        next_step=(
            f"Take the weights of epoch {epoch:,} (`keep=best` does), or stop there. For a better model get more "
            "images, or a smaller latent, weight decay, noise on the input."
        ),
        first_epoch=epoch,
        rise=rise,
        share=share,
        train_then=train_base + train_then,
        train_now=train_base + train_now,
    )
