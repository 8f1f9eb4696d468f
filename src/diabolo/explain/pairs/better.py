"""EX509: which of the two curves is the better model, as far as single runs can tell."""

from diabolo.explain.pair_study import PairStudy
from diabolo.explain.reading import Kind, Reading
from diabolo.explain.robust import level
from diabolo.explain.wording import loss, number

KIND = Kind(
    code="EX509",
    name="better",
    title="The better curve",
    meaning=(
        "One model ends better, by more than the noise of the curves. How much of it is the seed, two runs cannot tell."
    ),
    recognised=(
        "The levels at the end (medians of the last tenth of the epochs, at least 3) differ by more than EX506 "
        "asks. PSNR is compared where both have it, else the loss where it is the same. Never "
        "`sure`: seeds were not repeated."
    ),
    rank=70,
)


def find(study: PairStudy) -> Reading | None:
    """Compares the levels at the end."""
    if not study.metric or study.lead == 0:
        return None
    winner, loser = study.names[study.better], study.names[1 - study.better]
    difference = abs(study.lead)
    hidden = ""
    if study.metric == "psnr" and study.same_loss and study.first.val is not None and study.second.val is not None:
        ends = [
            level(one.val, one.tail) + (one.history.val_floor or 0.0)  # type: ignore[arg-type]
            for one in (study.first, study.second)
        ]
        if abs(ends[0] - ends[1]) < 0.01 * max(abs(ends[0]), abs(ends[1])):
            hidden = (
                f" The losses ({loss(ends[0])} and {loss(ends[1])}) hardly differ, because most of them is their floor."
            )
    noise = f", {difference / study.noise:.0f} times the noise of the curves" if study.noise > 0 else ""
    return KIND.reading(
        f"{winner} ends {number(difference)}{study.unit} better in {study.metric_name} than {loser}{noise}.{hidden} "
        "That is one run each: another seed may give another order.",
        confidence="likely",
        next_step="To be sure, train both with several seeds: `diabolo compare … --seeds 5`.",
        better=winner,
        difference=difference,
        noise=study.noise,
    )
