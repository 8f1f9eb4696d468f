"""EX207: the curve is flat because the learning rate has ended, not because the model has."""

import numpy as np

from diabolo.explain.reading import Kind, Reading
from diabolo.explain.study import FEWEST_EPOCHS, Study
from diabolo.explain.wording import number

KIND = Kind(
    code="EX207",
    name="schedule-ended",
    title="The learning rate has ended",
    meaning=(
        "The schedule brought the learning rate near 0, so the curve flattens whatever the model could still learn. "
        "It can be read neither as converged nor as still falling."
    ),
    recognised="The last learning rate is less than a twentieth of the highest: such steps move nothing.",
    rank=58,
    silences=("EX203", "EX204"),
)


def find(study: Study) -> Reading | None:
    """Looks at the learning rate."""
    if not study.rate_ended or study.num_epochs < FEWEST_EPOCHS:
        return None
    rate = study.history.columns["learning_rate"]
    rate = rate[np.isfinite(rate)]
    return KIND.reading(
        f"The learning rate went from {number(float(rate.max()))} to {number(float(rate[-1]))}: the flat end of the "
        "curve is its doing, and does not say whether a longer training would be better.",
        confidence="sure",
        next_step="To see what more epochs give, train again with a longer schedule (`--set epochs=…`) and compare.",
        highest=float(rate.max()),
        last=float(rate[-1]),
    )
