"""EX401: nearly all of the loss is its floor, while the pictures still differ."""

import math

import numpy as np

from diabolo.explain.reading import Kind, Reading
from diabolo.explain.study import Study
from diabolo.explain.wording import loss, percent

_SHARE = 0.05
"""Of the loss that the excess may be at most: below, the curve looks flat on any plot from 0."""
_LOSS_STILL = 0.02
_MSE_MOVES = 0.1
_GOOD = 40.0
"""dB, from which on nobody sees a difference in 8 bits."""

KIND = Kind(
    code="EX401",
    name="near-floor",
    title="The loss is nearly all floor",
    meaning=(
        "Binary cross-entropy of grey levels does not go to 0: a perfect copy costs the entropy of the pixels. What "
        "tells models apart is the small rest."
    ),
    recognised=(
        f"The floor is known, and at most {_SHARE:.0%} of the validation loss lies above it, at less than {_GOOD:g} "
        f"dB. Without a known floor: over the last half the loss moved by less than {_LOSS_STILL:.0%} of itself and "
        f"the MSE by more than {_MSE_MOVES:.0%}."
    ),
    rank=72,
)


def find(study: Study) -> Reading | None:
    """Compares the excess with the loss."""
    if study.val is None or study.last_psnr >= _GOOD:
        return None
    floor = study.history.val_floor
    finite = study.val[np.isfinite(study.val)]
    if floor is not None and floor > 0:
        excess = float(finite[-1])
        if not 0 <= excess <= _SHARE * (floor + excess):
            return None
        psnr = (
            f" At {study.last_psnr:.1f} dB the pictures can still get much better." if study.last_psnr < _GOOD else ""
        )
        return KIND.reading(
            f"Of the loss of {loss(floor + excess)}, {loss(floor)} is its floor: what a perfect copy of these images "
            f"costs. Only {loss(excess)} ({percent(excess / (floor + excess))}) says anything about the model.{psnr}",
            confidence="sure",
            next_step="Compare the excess over the floor, MSE or PSNR; look at the curve on a logarithmic axis.",
            floor=floor,
            excess=excess,
        )
    mse = study.history.curve("val_mse")
    if mse is None or study.floors_known or len(finite) < 6:
        return None
    middle = len(mse) // 2
    before, after = float(mse[middle]), float(mse[-1])
    moved = abs(float(finite[-1]) - float(finite[len(finite) // 2])) / max(abs(float(finite[-1])), 1e-12)
    if not (math.isfinite(before) and after > 0 and moved < _LOSS_STILL and abs(before - after) / after > _MSE_MOVES):
        return None
    return KIND.reading(
        f"Over the last half the loss moved by {percent(moved)}, and the squared error by "
        f"{percent(abs(before - after) / after)}: most of the loss is a floor that no model gets below.",
        confidence="likely",
        next_step="Read the squared error or the PSNR, not the loss.",
        loss_moved=moved,
        mse_before=before,
        mse_after=after,
    )
