"""EX506: the difference is smaller than the noise of the curves."""

from diabolo.explain.pair_study import PairStudy
from diabolo.explain.reading import Kind, Reading
from diabolo.explain.wording import number

_DEVIATIONS = 2.0
"""Deviations of a difference of two single epochs below which it is not told from chance."""
_SMALLEST_DB = 0.05
_SMALLEST_SHARE = 0.012
"""Of the excess: as much as 0.05 dB. Nobody sees it, and seeds differ by more."""

KIND = Kind(
    code="EX506",
    name="within-noise",
    title="The curves cannot tell",
    meaning="The curves end closer to each other than each of them jumps from one epoch to the next.",
    recognised=(
        f"The levels at the end differ by less than {_DEVIATIONS:g}·√(σ₁² + σ₂²), σ being the epoch-to-epoch noise of "
        f"each (second differences, last half); or by less than {_SMALLEST_DB:g} dB, {_SMALLEST_SHARE:.1%} of the "
        "excess, whatever the noise."
    ),
    rank=40,
    silences=("EX507", "EX508", "EX509"),
)


def find(study: PairStudy) -> Reading | None:
    """Compares the difference at the end with the noise."""
    if not study.metric:
        return None
    difference = abs(study.lead)
    scale = min(study.first.scale, study.second.scale)
    smallest = _SMALLEST_DB if study.metric == "psnr" else _SMALLEST_SHARE * scale
    if not difference < max(_DEVIATIONS * study.noise, smallest):
        return None
    why = (
        f"a single epoch moves such a difference by {number(study.noise)}{study.unit}"
        if _DEVIATIONS * study.noise > smallest
        else "another seed moves it by more than that"
    )
    return KIND.reading(
        f"{study.names[0]} and {study.names[1]} end {number(difference)}{study.unit} apart in {study.metric_name}, and "
        f"{why}. The curves do not show which model is better.",
        confidence="sure" if difference < study.noise else "likely",
        next_step="Train both with several seeds: `diabolo compare … --seeds 5`.",
        difference=difference,
        noise=study.noise,
    )
