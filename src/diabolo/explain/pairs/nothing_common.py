"""EX502: the two have no quantity in common."""

from diabolo.explain.pair_study import PairStudy
from diabolo.explain.reading import Kind, Reading

KIND = Kind(
    code="EX502",
    name="nothing-in-common",
    title="Nothing to compare by",
    meaning="The two histories have no curve of the same quantity.",
    recognised="They do not both have a PSNR, and their losses differ or one has no validation loss.",
    rank=35,
)


def find(study: PairStudy) -> Reading | None:
    """Looks for a common metric."""
    if study.metric:
        return None
    return KIND.reading(
        f"{study.names[0]} and {study.names[1]} have no validation curve of the same quantity: which is better cannot "
        "be read from them.",
        confidence="sure",
        next_step="Log `val_loss` with the same loss, or PSNR, for both.",
    )
