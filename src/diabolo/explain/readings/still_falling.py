"""EX203: the loss still falls; what more epochs would probably give."""

from diabolo.explain.outlook import Outlook
from diabolo.explain.reading import Kind, Reading
from diabolo.explain.study import Study
from diabolo.explain.wording import epochs, loss, percent

WORTH = 0.025
"""Share of the excess by which half as many epochs again must lower it: about a tenth of a decibel."""

KIND = Kind(
    code="EX203",
    name="still-falling",
    title="Still falling",
    meaning="The loss has not settled: more epochs would make a better model.",
    recognised=(
        "The Theil-Sen slope of the last half is below 0 with its 95 % interval, and the curve carried on by half as "
        f"many epochs again falls by at least {WORTH:.1%} of the excess over the floor (without a floor: of a tenth of "
        "all that it fell). A tenth of a decibel is 2.3% of the squared error. To carry it on, y = a + b·exp(-t/τ) and "
        "y = a + b·t^(-c) are fitted to the last half for forty τ and c each; all that fit within the 95 % profile, "
        "SSE ≤ SSE_min (1 + 3.84/m), give the interval. Sure where even its upper end is that much lower."
    ),
    rank=50,
)


def find(study: Study) -> Reading | None:
    """Carries the curve on, and looks whether that is worth it."""
    ahead = study.outlook
    if ahead is None or study.rate_ended or not study.trend[2] < 0:
        return None
    gain, least, most = gains(study, ahead)
    if gain < WORTH:
        return None
    floor = study.history.val_floor if study.val is not None else study.history.train_floor
    base = floor or 0.0
    sentence = (
        f"The {study.judged_name} still falls: another {epochs(ahead.num_epochs)} would probably bring it from "
        f"{loss(base + ahead.now)} to {loss(base + ahead.then)} ({loss(base + ahead.low)} to "
        f"{loss(base + ahead.high)})"
    )
    if study.floors_known and base > 0:
        sentence += f", its excess over the floor {percent(gain)} lower"
    sentence += "."
    sentence += _decibels(study)
    return KIND.reading(
        sentence,
        confidence="sure" if least >= WORTH else "likely",
        next_step="Train longer, with the same recipe, before you compare it with another model.",
        num_epochs=ahead.num_epochs,
        now=base + ahead.now,
        then=base + ahead.then,
        low=base + ahead.low,
        high=base + ahead.high,
        gain=gain,
        most_gain=most,
    )


def gains(study: Study, ahead: Outlook) -> tuple[float, float, float]:
    """How much lower the loss would be, as shares of the scale: the most probable, the least, the most."""
    return tuple((ahead.now - later) / study.scale for later in (ahead.then, ahead.high, ahead.low))  # type: ignore[return-value]


def _decibels(study: Study) -> str:
    ahead = study.psnr_outlook
    if ahead is None or ahead.then <= ahead.now:
        return ""
    low, high = max(0.0, ahead.low - ahead.now), ahead.high - ahead.now
    return f" In PSNR that is about {ahead.then - ahead.now:.2f} dB ({low:.2f} to {high:.2f})."
