"""EX204: the loss has settled."""

from diabolo.explain.reading import Kind, Reading
from diabolo.explain.readings.still_falling import WORTH, gains
from diabolo.explain.study import Study
from diabolo.explain.wording import epochs, loss, percent

KIND = Kind(
    code="EX204",
    name="converged",
    title="Converged",
    meaning="The loss has settled at this learning rate: more epochs alone would change little.",
    recognised=(
        "Carried on as for EX203 by half as many epochs again, the loss falls by less than "
        f"{WORTH:.1%} of the excess, or its trend over the last half cannot be told from none; and it does not rise. "
        "Sure where the lower end of the interval is that little, too."
    ),
    rank=60,
)


def find(study: Study) -> Reading | None:
    """Carries the curve on, and looks whether nothing much would come."""
    ahead = study.outlook
    if study.rate_ended or study.num_epochs < 6:
        return None
    if ahead is None:
        return None
    gain, _, most = gains(study, ahead)
    falling = study.trend[2] < 0
    if falling and gain >= WORTH:
        return None
    base = (study.history.val_floor if study.val is not None else study.history.train_floor) or 0.0
    half = max(1, len(study.times) // 2)
    return KIND.reading(
        f"The {study.judged_name} has settled at {loss(base + ahead.now)}: over the last {epochs(half)} it moved with "
        f"its noise only, and another {epochs(ahead.num_epochs)} would take off {percent(max(0.0, gain))} of what is "
        f"left{'' if most < WORTH else f', at the very most {percent(most)}'}.",
        confidence="sure" if most < WORTH else "likely",
        next_step=(
            "For a better model change the model or lower the learning rate (`--set schedule=cosine`), not the number "
            "of epochs."
        ),
        level=base + ahead.now,
        gain=gain,
        most_gain=most,
        num_epochs=ahead.num_epochs,
    )
