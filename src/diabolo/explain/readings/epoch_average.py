"""EX303: the train loss lies above the validation loss because it is an average over the epoch."""

import numpy as np

from diabolo.explain.reading import Kind, Reading
from diabolo.explain.robust import level, middle
from diabolo.explain.study import Study
from diabolo.explain.wording import loss

_ABOVE = 0.05
"""Share of the validation excess by which the running loss must lie above it: less is not seen on a plot."""
_SHRINKS = 0.5
"""To what share of the early gap the late one must have fallen: the average lags only while the loss falls."""

KIND = Kind(
    code="EX303",
    name="epoch-average",
    title="Train loss above validation: an average",
    meaning=(
        "The train loss that is printed is the mean over an epoch in which the weights get better; the validation loss "
        "is taken at its end. While the loss falls fast, training seems to be worse than validation."
    ),
    recognised=(
        f"In most of the first third of the epochs the running train loss is at least {_ABOVE:.0%} of the excess above "
        "the validation loss (and above the train loss in evaluation, where that is known), and the gap has shrunk to "
        f"less than {_SHRINKS:.0%} of itself at the end."
    ),
    rank=75,
)


def find(study: Study) -> Reading | None:
    """Looks for a gap that is there while the loss falls, and then is not."""
    if study.running is None or study.val is None:
        return None
    count = len(study.running)
    third = count if count < 6 else max(2, count // 3)
    gap = study.running - study.val
    if study.train is not None:
        gap = np.minimum(gap, study.running - study.train)
    size = np.maximum(study.val, 1e-12) if study.floors_known else np.full(count, 3 * study.scale)
    wide = gap[:third] > _ABOVE * size[:third]
    early = middle(gap[:third])
    if np.mean(wide) < 0.6 or count < 2:
        return None
    if count >= 6 and level(gap, study.tail) > _SHRINKS * early:
        return None
    worst = int(np.nanargmax(gap[:third]))
    train_base, base = study.history.train_floor or 0.0, study.history.val_floor or 0.0
    return KIND.reading(
        f"In epoch {int(study.times[worst]):,} the train loss was {loss(train_base + float(study.running[worst]))}, "
        f"above the {loss(base + float(study.val[worst]))} on the {study.history.validation_name}: it is an average "
        "over an epoch in which the loss fell. The gap closes as the fall slows.",
        confidence="sure" if study.train is not None and count >= 6 else "likely",
        next_step="Nothing is wrong. Shift the train curve half an epoch to the left, or evaluate it after the epoch.",
        running=train_base + float(study.running[worst]),
        val_loss=base + float(study.val[worst]),
    )
