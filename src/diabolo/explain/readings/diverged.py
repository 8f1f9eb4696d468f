"""EX201: the loss became NaN or infinite, or rose above where it began."""

import numpy as np

from diabolo.explain.reading import Kind, Reading
from diabolo.explain.robust import level
from diabolo.explain.study import Study
from diabolo.explain.wording import number

_ABOVE_START = 1.2
"""Times the first value that the train loss must end at: more than noise and data order move a first epoch."""
_SURELY_ABOVE = 3.0
"""Times the first value from which on nothing else is thinkable."""

KIND = Kind(
    code="EX201",
    name="diverged",
    title="The training diverged",
    meaning="The loss became NaN or infinite, or it ended far above where it began. The weights are of no use.",
    recognised=(
        "A loss is NaN or infinite (not merely missing), or the run's status says so; or the median of the last train "
        f"losses is more than {_ABOVE_START:g} times the first one, above the floor where it is known, and more than "
        "all epochs between have moved around their course. A rise of the validation loss alone is over-fitting."
    ),
    rank=10,
    silences=(
        "EX101", "EX202", "EX203", "EX204", "EX205", "EX206", "EX207", "EX301", "EX302", "EX303", "EX304", "EX305",
        "EX401", "EX402",
    ),
)  # fmt: skip

_NEXT = (
    "Train again with a learning rate of a tenth, or with the gradient clipped (`--set clip_norm=1`). Look at the "
    "range of images and output first: values of 0 to 255, or an output that nothing bounds, have the same effect."
)


def find(study: Study) -> Reading | None:
    """Looks for NaN, infinity, and a train loss that ends above its beginning."""
    broken = study.history.broken_from
    if broken is not None:
        finite = study.learned[np.isfinite(study.learned)]
        before = f" The last loss before that was {number(float(finite[-1]))}." if len(finite) else ""
        return KIND.reading(
            f"From epoch {broken:,} on the loss is no number.{before}",
            confidence="sure",
            next_step=_NEXT,
            first_epoch=broken,
            broken_from=broken,
        )
    curve = study.learned
    curve = curve[np.isfinite(curve)]
    if len(curve) < 2 or curve[0] <= 0:
        return None
    last, best = level(curve, min(len(curve) - 1, study.tail)), float(curve.min())
    rise, wander = last - curve[0], float(np.median(np.abs(np.diff(curve))))
    if last <= _ABOVE_START * curve[0] or (rise <= 2 * wander and len(curve) > 3):
        return None
    where = int(study.times[np.isfinite(study.learned)][int(curve.argmin())])
    return KIND.reading(
        f"The loss ends at {number(last)}, {last / curve[0]:.3g} times what it was after the first epoch "
        f"({number(float(curve[0]))}); its lowest was {number(best)} in epoch {where:,}.",
        confidence="sure" if last > _SURELY_ABOVE * curve[0] else "likely",
        next_step=_NEXT,
        first_epoch=where,
        last=last,
        first=float(curve[0]),
        lowest=best,
    )
