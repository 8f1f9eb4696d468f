"""EX205: a plateau that broke late."""

import math

import numpy as np

from diabolo.explain.reading import Kind, Reading
from diabolo.explain.robust import running_median
from diabolo.explain.study import Study
from diabolo.explain.wording import epochs, loss

_SHORTEST = 0.15
"""Share of the epochs that a plateau lasts at least, and no fewer than 4."""
_FLAT = 0.03
"""Share of the whole fall that the loss may fall by on it."""
_AFTER = 0.3
"""Share of the whole fall that must come after it."""

KIND = Kind(
    code="EX205",
    name="late-break",
    title="A plateau that broke late",
    meaning="The loss stood still for a while and then fell again: what looked settled was not.",
    recognised=(
        f"A stretch of at least {_SHORTEST:.0%} of the epochs (and 4) takes less than {_FLAT:.0%} of the whole fall of "
        f"the train loss, and at least {_AFTER:.0%} of it come afterwards. A convex curve never does that: where 30% "
        "are still to come, 15% of the epochs take at least 4.5%."
    ),
    rank=55,
)


def find(study: Study) -> Reading | None:
    """Looks for the longest flat stretch with much of the fall behind it."""
    curve = study.learned
    keep = np.isfinite(curve)
    times, curve = study.times[keep], running_median(curve[keep], 3)
    count = len(curve)
    if count < 8:
        return None
    lowest = np.minimum.accumulate(curve)
    fall = lowest[0] - lowest[-1]
    if fall <= 6 * study.noise or fall <= 0:
        return None
    left = (lowest - lowest[-1]) / fall
    shortest = max(4, math.ceil(_SHORTEST * count))
    best = None
    for start in range(count - shortest):
        # The first epoch after `start` that is more than `_FLAT` below it ends the stretch.
        end = start + int(np.searchsorted(-(left[start:]), -(left[start] - _FLAT), side="right")) - 1
        if end - start >= shortest and left[end] >= _AFTER and (best is None or end - start > best[1] - best[0]):
            best = (start, end)
    if best is None:
        return None
    start, end = best
    base = study.history.train_floor or 0.0
    return KIND.reading(
        f"From epoch {int(times[start]):,} to {int(times[end]):,} the train loss stood at about "
        f"{loss(base + float(curve[end]))}; then it broke, and {left[end]:.0%} of all that it fell came afterwards.",
        confidence="sure" if end - start >= 2 * shortest or left[end] > 0.6 else "likely",
        next_step=(
            f"Do not stop a training of this model within {epochs(int(times[end] - times[start]))} of standing still. "
            "A larger learning rate, a shorter warm-up or another initialisation shortens such a plateau."
        ),
        first_epoch=int(times[end]),
        plateau_from=int(times[start]),
        plateau_to=int(times[end]),
        fell_afterwards=float(left[end]),
    )
