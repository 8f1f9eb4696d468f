"""What the curves of compared models say against the comparison: not done learning, or ahead by the last epoch only."""

import math
import statistics
from collections.abc import Sequence

from diabolo.compare.comparison import ComparedModel, FairnessWarning, PairedModels

STILL_LEARNING_DB = 0.05
"""Gain in validation PSNR over the last tenth of the epochs from which a model counts as not yet converged."""
_EPOCHS_BEFORE = 3  # in which the better model must not have been ahead, for its lead to be the last epoch's only
_MOST_NAMED = 5


def not_converged(models: Sequence[ComparedModel]) -> list[FairnessWarning]:
    """Models whose validation PSNR still rose at the end, or whose single epoch cannot say."""
    found: list[FairnessWarning] = []
    single = [model.label for model in models if all(len(run.val_psnr) < 2 for run in model.runs)]
    if single:
        found.append(
            FairnessWarning(
                code="one-epoch",
                sentence=f"{_named(single)} trained for one epoch: nothing says whether more would change the order.",
                models=tuple(single),
            )
        )
    gains = {model.label: gain for model in models if (gain := _late_gain(model)) is not None}
    rising = [label for label, (gain, _) in gains.items() if gain >= STILL_LEARNING_DB]
    if rising:
        listed = ", ".join(f"{label} {gains[label][0]:+.2f} dB" for label in rising[:_MOST_NAMED])
        more = f" and {len(rising) - _MOST_NAMED} more" if len(rising) > _MOST_NAMED else ""
        numbers = {gains[label][1] for label in rising}
        over = f"the last {next(iter(numbers))} epochs" if len(numbers) == 1 and numbers != {1} else "the last epochs"
        over = "the last epoch" if numbers == {1} else over
        found.append(
            FairnessWarning(
                code="not-converged",
                sentence=f"Still learning at the end: over {over} validation PSNR rose ({listed}{more}). "
                "More epochs may change the order.",
                models=tuple(rising),
            )
        )
    return found


def ahead_at_the_end_only(pairs: Sequence[PairedModels], models: Sequence[ComparedModel]) -> list[FairnessWarning]:
    """Pairs whose better model was not ahead on the validation images in the epochs before the last."""
    by_label = {model.label: model for model in models}
    return [
        warning
        for pair in pairs
        if pair.better is not None
        and (warning := _late_lead(by_label[pair.first], by_label[pair.second], pair.seeds)) is not None
    ]


def _late_lead(first: ComparedModel, second: ComparedModel, seeds: Sequence[int]) -> FairnessWarning | None:
    ahead = []
    for seed in seeds:
        curves = [next(run.val_psnr for run in model.runs if run.seed == seed) for model in (first, second)]
        if len(curves[0]) != len(curves[1]):
            return None
        ahead.append([a - b for a, b in zip(*curves, strict=True)])
    by_epoch = [statistics.fmean(column) for column in zip(*ahead, strict=True)]
    before = by_epoch[-1 - _EPOCHS_BEFORE : -1]
    if len(by_epoch) < 3 or by_epoch[-1] <= 0 or any(not lead <= 0 for lead in before):
        return None
    return FairnessWarning(
        code="last-epoch-only",
        sentence=f"{first.label} is ahead of {second.label} in its last epoch only: {by_epoch[-1]:+.2f} dB on the "
        f"validation images there, {statistics.fmean(before):+.2f} dB in the {len(before)} epochs before. "
        "Train for longer before you believe the order.",
        models=(first.label, second.label),
    )


def _late_gain(model: ComparedModel) -> tuple[float, int] | None:
    """Mean gain in dB over the last tenth of the epochs, and how many these are; None where there is none."""
    gains, number = [], 1
    for run in model.runs:
        if len(run.val_psnr) > 1:
            number = max(1, len(run.val_psnr) // 10)
            gains.append(run.val_psnr[-1] - run.val_psnr[-1 - number])
    gain = statistics.fmean(gains) if gains else math.nan
    return (gain, number) if math.isfinite(gain) else None


def _named(labels: Sequence[str]) -> str:
    if len(labels) > _MOST_NAMED:
        return f"{', '.join(labels[:_MOST_NAMED])} and {len(labels) - _MOST_NAMED} more"
    return " and ".join([", ".join(labels[:-1]), labels[-1]]) if len(labels) > 1 else labels[0]
