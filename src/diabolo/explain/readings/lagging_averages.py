"""EX302: moving averages of BatchNorm that lag behind: the model in evaluation is not the one that was trained."""

import numpy as np

from diabolo.explain.history import Curve
from diabolo.explain.reading import Kind, Reading
from diabolo.explain.robust import middle
from diabolo.explain.study import Study
from diabolo.explain.wording import epochs, loss

_ABOVE = 0.25
"""Share of the running train excess by which the evaluated loss must lie above it. Without such averages it lies below:
the running loss is a mean over an epoch in which the loss falls."""
_FADES = 0.6
"""Share of the epochs of the lag in which the gap must shrink to be sure: averages catch up, jumping weights do not."""
_LATEST = 5
"""Epochs within which it must begin; the first ones can be hidden, since their running loss holds the first steps."""
_SAME = 0.35
"""Share of that gap by which the losses on train and validation images, both in evaluation, may differ."""

KIND = Kind(
    code="EX302",
    name="lagging-averages",
    title="BatchNorm's averages lag behind",
    meaning=(
        "In evaluation BatchNorm uses moving averages that begin at mean 0 and variance 1. While they have not caught "
        "up, every evaluated loss is far above the loss of training. It is no over-fitting: the train images suffer "
        "alike."
    ),
    recognised=(
        f"Beginning in the first {_LATEST} epochs the loss in evaluation lies more than {_ABOVE:.0%} of the excess "
        "above the running train loss, for at least two epochs. It is sure where a train loss in evaluation mode is "
        f"there, agrees with the validation loss (within {_SAME:.0%} of the gap), the line has BatchNorm, and the gap "
        f"shrinks in at least {_FADES:.0%} of those epochs. From two losses alone it is likely, and only where the gap "
        "then shrinks by half."
    ),
    rank=25,
)


def find(study: Study) -> Reading | None:
    """Looks for evaluated losses far above the running train loss from the beginning on."""
    kinds = study.history.kinds
    if study.running is None or study.val is None or (kinds is not None and "bn" not in kinds):
        return None
    evaluated = study.train if study.train is not None else study.val
    span = _span(study, evaluated)
    if span is None:
        return None
    start, end = span
    gap = evaluated - study.running
    known = study.train is not None
    if known:
        differences = np.abs(study.val - evaluated)[start : end + 1] / gap[start : end + 1]
        if not middle(differences) <= _SAME:
            return None
    lasting = end >= len(gap) - 1 and len(gap) > 1
    if not known and (lasting or not gap[-1] < 0.5 * np.nanmax(gap[: end + 1])):
        return None
    fading = float(np.mean(np.diff(gap[start : end + 1]) < 0)) if end > start else 0.0
    worst = start + int(np.nanargmax(gap[start : end + 1]))
    base, train_base = study.history.val_floor or 0.0, study.history.train_floor or 0.0
    both = f", and {loss(train_base + float(evaluated[worst]))} on the train images in the same mode" if known else ""
    until = "to the end" if lasting else f"until epoch {int(study.times[end]):,}"
    sentence = (
        f"{until.capitalize() if lasting else 'U' + until[1:]} the model in evaluation is worse than in training: in "
        f"epoch {int(study.times[worst]):,} the running train loss was "
        f"{loss(train_base + float(study.running[worst]))}, but {loss(base + float(study.val[worst]))} on the "
        f"{study.history.validation_name}{both}. That is BatchNorm's moving averages catching up, no over-fitting."
    )
    return KIND.reading(
        sentence,
        title="BatchNorm's averages still lag at the end" if lasting else "",
        confidence="sure" if known and kinds is not None and (fading >= _FADES or end - start < 3) else "likely",
        next_step=(
            "The kept model is worse than it need be: take a lower `momentum` (0.9 in Keras's sense), smaller batches "
            "or more epochs."
            if lasting
            else f"Do not judge the first {epochs(end + 1)}; a `momentum` of 0.9 or smaller batches shorten them."
        ),
        first_epoch=int(study.times[start]),
        last_epoch=int(study.times[end]),
        running=train_base + float(study.running[worst]),
        val_loss=base + float(study.val[worst]),
    )


def _span(study: Study, evaluated: Curve) -> tuple[int, int] | None:
    """First and last index of the lag."""
    assert study.running is not None
    size = np.maximum(study.running, 1e-12) if study.floors_known else np.full(len(evaluated), study.scale)
    above = (evaluated - study.running) > _ABOVE * size
    starts = np.flatnonzero(above[: max(2, min(_LATEST, len(above) // 2))])
    if not len(starts):
        return None
    start = end = int(starts[0])
    misses = 0
    for index in range(start + 1, len(above)):
        misses = 0 if above[index] else misses + 1
        if misses == 3:
            break
        if above[index]:
            end = index
    if end - start < 1 and len(above) > 2:
        return None
    return start, end
