"""EX503: the two were trained on different losses, so that the losses cannot be compared."""

from diabolo.explain.pair_study import PairStudy
from diabolo.explain.reading import Kind, Reading

KIND = Kind(
    code="EX503",
    name="different-losses",
    title="The losses are not the same quantity",
    meaning="Two losses with different definitions have different units: the lower number is not the better model.",
    recognised="Both losses are known and not the same.",
    rank=30,
)


def find(study: PairStudy) -> Reading | None:
    """Compares the names of the losses."""
    if study.same_loss is not False:
        return None
    one, other = study.first.history, study.second.history
    has_psnr = study.metric == "psnr"
    return KIND.reading(
        f"{study.names[0]} was trained on {one.loss_title}, {study.names[1]} on {other.loss_title}: their loss curves "
        "cannot be laid on top of each other.",
        confidence="sure",
        next_step="Compare PSNR, MSE or SSIM instead." if has_psnr else "Log PSNR or MSE for both, and compare those.",
        first=one.loss,
        second=other.loss,
    )
