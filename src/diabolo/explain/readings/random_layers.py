"""EX304: the train loss lies above the validation loss to the end: dropout, noise, or a penalty."""

import math

from diabolo.explain.reading import Kind, Reading
from diabolo.explain.robust import level, noise, slope
from diabolo.explain.study import FEWEST_EPOCHS, Study
from diabolo.explain.wording import loss, percent

_KNOWN = 0.05
"""Share of the excess that the gap must be where the line has such layers."""
_UNKNOWN = 0.25
"""The same where the model is not known: train and validation images may have floors a tenth of the excess apart."""
_FALLS = 2.0
"""Times the fall of an epoch that the gap must be; the average over an epoch explains half of one fall."""
_CAUSES = {
    "dropout": "dropout", "noise": "noise on the input", "gaussian": "the sampling and the penalty of the bottleneck",
    "vq": "the penalty of the bottleneck",
}  # fmt: skip

KIND = Kind(
    code="EX304",
    name="harder-in-training",
    title="Train loss above validation: training is harder",
    meaning=(
        "Dropout, noise, sampling and penalties act in training only, so the train loss that is printed is that of a "
        "harder task than the validation loss."
    ),
    recognised=(
        "At the end the running train loss still lies above the loss in evaluation, by more than "
        f"{_FALLS:g} times its fall in an epoch and three times its noise, which an average over the epoch cannot "
        f"explain, and by at least {_KNOWN:.0%} of the excess where the line has such layers ({', '.join(_CAUSES)}), "
        f"or {_UNKNOWN:.0%} where the line is not known. Silent where the line has none."
    ),
    rank=70,
    silences=("EX303",),
)


def find(study: Study) -> Reading | None:
    """Looks for a gap that the fall of the loss does not explain."""
    kinds = study.history.kinds
    causes = [] if kinds is None else [text for kind, text in _CAUSES.items() if kind in kinds]
    if (
        study.running is None
        or study.val is None
        or study.num_epochs < FEWEST_EPOCHS
        or (kinds is not None and not causes)
    ):
        return None
    evaluated = study.train if study.train is not None else study.val
    gap = level(study.running - evaluated, study.tail)
    third = max(FEWEST_EPOCHS, len(study.times) // 3)
    falling = slope(study.times[-third:], study.running[-third:])[0]
    wander = noise((study.running - evaluated)[-third:])
    wander = 1.25 * wander / math.sqrt(study.tail) if math.isfinite(wander) else 0.0
    least = (_KNOWN if causes else _UNKNOWN) * study.scale
    if not gap > max(least, _FALLS * max(0.0, -falling), 3 * wander):
        return None
    why = " and ".join(dict.fromkeys(causes)) or "most likely dropout, noise or a penalty, which"
    train_base, base = study.history.train_floor or 0.0, study.history.val_floor or 0.0
    ends = level(study.running, study.tail) + train_base
    acts = "act" if len(causes) != 1 or "and" in why else "acts"
    return KIND.reading(
        f"To the end the train loss ({loss(ends)}) lies above the loss in evaluation "
        f"({loss(level(study.val, study.tail) + base)} on the {study.history.validation_name}), by "
        f"{percent(gap / study.scale)} of its excess and more than an average over the epoch explains: {why} {acts} in "
        "training only.",
        confidence="sure" if causes and gap > 2 * least else "likely",
        next_step="Nothing is wrong. Compare train and validation loss in evaluation mode only.",
        gap=gap,
        share=gap / study.scale,
    )
