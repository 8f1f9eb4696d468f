"""EX202: the loss is flat from the start: nothing was learnt, or nothing but the mean colour."""

import math

import numpy as np

from diabolo.explain.reading import Kind, Reading
from diabolo.explain.robust import level
from diabolo.explain.study import LN2, Study
from diabolo.explain.wording import loss, percent

_SMALLEST_FALL = 0.03
"""Share of the first excess that the loss must fall by: the first Adam epoch at any useful rate gives far more."""
_NEAR_LN2 = 0.012
"""From ln 2 = 0.6931, which an untrained sigmoid gives: ten times what initial weights were seen to move it by."""
_MEAN_PSNR = 15.0
"""dB; the mean image of CIFAR-10 reaches 12 to 13, any trained autoencoder of ours more than 16."""
_NEAR_MEAN = 0.6
"""dB above the mean image of the references."""
_FLAT_HALF = 0.02
"""Share of its level that the loss may fall by in its last half to count as flat there."""

KIND = Kind(
    code="EX202",
    name="nothing-learnt",
    title="Nothing was learnt",
    meaning=(
        "The loss has hardly moved since the first epoch, or it settled where a model stands that answers one colour "
        "for every image. Frozen weights, a rate of nearly 0, and units that a huge step has killed look alike."
    ),
    recognised=(
        f"(a) The train loss fell by less than {_SMALLEST_FALL:.0%} of its first excess over the floor, and its level "
        f"is that of an untrained or constant output: binary cross-entropy within {_NEAR_LN2:g} of ln 2 = 0.6931 "
        f"(one half everywhere), PSNR below {_MEAN_PSNR:g} dB, or no more than {_NEAR_MEAN:g} dB above the mean image "
        f"of the references. (b) It has such a PSNR and fell by less than {_FLAT_HALF:.0%} in its last half. Where the "
        "level is not known the fall must be tenfold smaller, and the reading is `likely`."
    ),
    rank=30,
    silences=("EX203", "EX204", "EX205", "EX206", "EX207", "EX301", "EX303", "EX304", "EX305", "EX401"),
)


def find(study: Study) -> Reading | None:
    """Compares the fall with the first loss, and the level with that of a constant output."""
    curve = study.learned[np.isfinite(study.learned)]
    if len(curve) < 3 or curve[0] <= 0:
        return None
    last = level(curve, study.tail)
    fall = (curve[0] - last) / curve[0]
    half = curve[len(curve) // 2 :]
    late_fall = (half[0] - level(half, study.tail)) / max(last, 1e-12)
    constant = _constant(study)
    if study.floors_known:
        flat = fall < _SMALLEST_FALL and constant
    else:
        raw = level(study.learned, study.tail)
        flat = (fall < _SMALLEST_FALL and abs(raw - LN2) < _NEAR_LN2) or (
            abs(fall) < _SMALLEST_FALL / 10 and len(curve) > 5
        )
    settled = constant and len(curve) > 5 and late_fall < _FLAT_HALF
    if not (flat or settled):
        return None
    sure = constant and abs(fall) < _SMALLEST_FALL
    last_raw = last + (study.history.train_floor or 0.0)
    where = f", and PSNR stands at {study.last_psnr:.1f} dB" if math.isfinite(study.last_psnr) else ""
    begin = (
        f"The train loss is {loss(last_raw)}, {percent(max(0.0, fall))} less than after the first epoch{where}."
        if fall < 0.2
        else f"The train loss has settled at {loss(last_raw)}{where}."
    )
    return KIND.reading(
        f"{begin} That is what a model gives that answers {_answer(last_raw, study)}.",
        confidence="sure" if sure else "likely",
        next_step=(
            "See that weights are trained at all (`diabolo check` finds layers without a gradient), that the learning "
            "rate is not nearly 0, and not so large that the first steps killed the units: try 0.001 with Adam."
        ),
        fall=float(fall),
        last=float(last_raw),
        psnr=study.last_psnr,
    )


def _answer(last: float, study: Study) -> str:
    if study.history.loss in ("bce", "") and abs(last - LN2) < _NEAR_LN2:
        return "one half for every pixel (binary cross-entropy ln 2 = 0.6931)"
    return "nearly the same for every image"


def _constant(study: Study) -> bool:
    """Whether the level is that of an output that does not depend on the image."""
    psnr = study.last_psnr
    if not math.isfinite(psnr) and math.isfinite(study.last_mse) and study.last_mse > 0:
        psnr = -10 * math.log10(study.last_mse)
    means = [one.psnr for one in study.references if one.latent_values == 0 and one.psnr is not None]
    if means and math.isfinite(psnr):
        return bool(psnr < means[0] + _NEAR_MEAN)
    if math.isfinite(psnr):
        return psnr < _MEAN_PSNR
    raw = level(study.learned, study.tail) + (study.history.train_floor or 0.0)
    return study.history.loss == "bce" and abs(raw - LN2) < _NEAR_LN2
