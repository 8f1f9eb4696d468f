"""EX504: the two were validated on different images."""

from diabolo.explain.pair_study import PairStudy
from diabolo.explain.reading import Kind, Reading
from diabolo.explain.wording import loss

KIND = Kind(
    code="EX504",
    name="different-images",
    title="Not the same validation images",
    meaning="Some images are easier than others: numbers on different images do not tell models apart.",
    recognised=(
        "The runs record other data, or another way to choose the validation images; or the floors of their binary "
        "cross-entropies differ by more than 0.0001, and on the same images they are equal."
    ),
    rank=20,
    silences=("EX502", "EX505", "EX506", "EX507", "EX508", "EX509"),
)


def find(study: PairStudy) -> Reading | None:
    """Compares what is known of the images."""
    if study.same_images is not False:
        return None
    one, other = study.first.history, study.second.history
    floors = ""
    if one.loss == other.loss == "bce" and one.val_floor is not None and other.val_floor is not None:
        floors = f" The floors of their losses are {loss(one.val_floor)} and {loss(other.val_floor)}."
    return KIND.reading(
        f"{study.names[0]} and {study.names[1]} were validated on different images ({one.validation_name} and "
        f"{other.validation_name}), so the curves do not tell which model is better.{floors}",
        confidence="sure",
        next_step="Evaluate both on the same images (`diabolo eval`), or train both with `diabolo compare`.",
        first=one.images,
        second=other.images,
    )
