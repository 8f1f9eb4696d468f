"""EX101: too few epochs to say anything about the course."""

from diabolo.explain.reading import Kind, Reading
from diabolo.explain.study import FEWEST_EPOCHS, Study
from diabolo.explain.wording import epochs

KIND = Kind(
    code="EX101",
    name="too-short",
    title="Too short to say",
    meaning="There are too few epochs to tell the course of a curve from its noise.",
    recognised=(
        f"Fewer than {FEWEST_EPOCHS} epochs have a finite loss. The noise is estimated from second differences, and "
        "with fewer there are at most three of them."
    ),
    rank=20,
    silences=("EX203", "EX204", "EX205", "EX206", "EX301", "EX304", "EX305", "EX202"),
)


def find(study: Study) -> Reading | None:
    """Counts the epochs."""
    count = study.num_epochs
    if count >= FEWEST_EPOCHS:
        return None
    ended = study.rate_ended and count > 1
    schedule = (
        " The learning rate has ended near 0, as its schedule says, so more epochs mean a new training with a longer "
        "schedule."
        if ended
        else ""
    )
    what = epochs(count) if count else "no epoch with a loss"
    return KIND.reading(
        f"The history has {what}: that does not tell whether the loss still falls, or has settled.{schedule}",
        confidence="sure",
        next_step=f"Train for at least {FEWEST_EPOCHS} epochs, better 20, to read a curve; the numbers of the last "
        "epoch hold all the same.",
        num_epochs=count,
    )
