"""EX305: the train loss is far below the validation loss, which does not rise."""

import numpy as np

from diabolo.explain.reading import Kind, Reading
from diabolo.explain.robust import level, middle
from diabolo.explain.study import FEWEST_EPOCHS, Study
from diabolo.explain.wording import percent

_BELOW = 0.3
"""Share by which the train excess must lie below that of validation: two sets of 100 photographs differ by a tenth."""
_GREW = 0.15
"""How much that share must have grown since the first third; other images differ from the beginning."""

KIND = Kind(
    code="EX305",
    name="memorising",
    title="A growing gap to the train images",
    meaning=(
        "The model does much better on the images that it was trained on, and the gap grows: part of what it learns is "
        "those images. The validation loss does not suffer yet."
    ),
    recognised=(
        f"At the end the train loss lies at least {_BELOW:.0%} below the validation loss, both above their floors, and "
        f"that share has grown by {_GREW:.0%} since the first third. Silent where the floors are not known."
    ),
    rank=48,
)


def find(study: Study) -> Reading | None:
    """Compares the two levels at the end and in the first third."""
    train = study.train if study.train is not None else study.running
    if study.val is None or train is None or not study.floors_known or study.num_epochs < FEWEST_EPOCHS:
        return None
    third = max(2, len(train) // 3)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = 1 - train / study.val
    early, late = middle(share[:third]), level(share, study.tail)
    if not (late >= _BELOW and late - early >= _GREW):
        return None
    return KIND.reading(
        f"At the end the train loss, above its floor, is {percent(late)} lower than that of the "
        f"{study.history.validation_name}; in the first {third} epochs it was {percent(max(0.0, early))}.",
        confidence="sure" if late >= 0.5 else "likely",
        next_step="More images, or a smaller model, would help more than more epochs; watch the validation loss.",
        share=late,
        early_share=early,
    )
