"""EX206: the loss jumps from epoch to epoch: steps that are too large."""

import math

import numpy as np

from diabolo.explain.reading import Kind, Reading
from diabolo.explain.robust import noise
from diabolo.explain.study import Study
from diabolo.explain.wording import number, percent

_NOISY = 0.12
"""Noise of the loss after an epoch, as a share of the excess. BatchNorm at Keras's defaults gives 3 to 6%."""
_TRAIN_NOISY = 0.04
"""The same of the running train loss, which is an average over hundreds of steps and so far smoother."""
_RISES = 0.25
"""Share of epochs that must rise: a curve with a single spike is not oscillating."""

KIND = Kind(
    code="EX206",
    name="oscillating",
    title="It jumps from epoch to epoch",
    meaning=(
        "The loss after an epoch is far from the loss after the next one: the steps carry the weights past the place "
        "they should settle in."
    ),
    recognised=(
        "The noise of the last half, σ = 1.4826 · median |y(t-1) - 2 y(t) + y(t+1)| / √6, is at least "
        f"{_NOISY:.0%} of the excess over the floor, and at least {_RISES:.0%} of the epochs rise. Sure where the "
        f"running train loss jumps as well (at least {_TRAIN_NOISY:.0%}); where it is smooth, moving averages of "
        "BatchNorm or too few validation images can be the cause, too."
    ),
    rank=40,
    silences=("EX204", "EX301", "EX305"),
)


def find(study: Study) -> Reading | None:
    """Compares the noise with what is left of the loss."""
    curve = study.judged[np.isfinite(study.judged)]
    if len(curve) < 8:
        return None
    half = curve[len(curve) // 2 :]
    share = study.noise / study.scale
    rises = float(np.mean(np.diff(half) > 0))
    if share < _NOISY or rises < _RISES or study.noise <= 0:
        return None
    train_share = math.nan
    if study.running is not None and study.val is not None:
        running = study.running[np.isfinite(study.running)]
        train_share = noise(running[len(running) // 2 :]) / study.scale
    jumps = not math.isfinite(train_share) or train_share >= _TRAIN_NOISY
    where = "" if jumps else ", while the running train loss is smooth"
    return KIND.reading(
        f"From one epoch to the next the {study.judged_name} jumps by about {number(study.noise)}, {percent(share)} of "
        f"what is left of it{where}; {rises:.0%} of the last epochs rise.",
        confidence="sure" if jumps and share > 2 * _NOISY and math.isfinite(train_share) else "likely",
        next_step=(
            "Lower the learning rate to a third, or let it fall towards the end (`--set schedule=cosine`); with very "
            "small batches or few validation images take more. Compare models by several epochs, not the last one."
            if jumps
            else "Lower the learning rate to a third, lower BatchNorm's `momentum`, or take more validation images."
        ),
        noise=study.noise,
        share=share,
        rises=rises,
    )
