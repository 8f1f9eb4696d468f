"""EX507: the lead changed near the end."""

from diabolo.explain.pair_study import PairStudy
from diabolo.explain.reading import Kind, Reading

_LATE = 0.2
"""Share of the epochs at the end in which a change of the lead is late."""

KIND = Kind(
    code="EX507",
    name="late-crossing",
    title="The curves crossed near the end",
    meaning="The lead changed within the last epochs: a little shorter or longer, and the other model would have won.",
    recognised=(
        f"The curves, as running medians of 5 epochs, cross within the last {_LATE:.0%} of the epochs that both have, "
        "or the lead has another sign one level (a tenth of the epochs) earlier."
    ),
    rank=50,
    silences=("EX509",),
)


def find(study: PairStudy) -> Reading | None:
    """Looks for the last change of the lead."""
    if not study.metric or min(study.first.num_epochs, study.second.num_epochs) < 6:
        return None
    last = int(min(study.first.times[-1], study.second.times[-1]))
    crossing = study.last_crossing
    if crossing is None or crossing <= last - max(2, _LATE * last):
        return None
    return KIND.reading(
        f"{study.names[study.better]} leads since epoch {crossing:,} of {last:,} only; before, "
        f"{study.names[1 - study.better]} was ahead.",
        confidence="likely",
        next_step="Train both on until neither falls any more, then compare.",
        first_epoch=crossing,
        crossing=crossing,
    )
