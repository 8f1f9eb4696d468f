"""EX103: accuracy, a metric that says nothing about reconstructed images."""

from diabolo.explain.reading import Kind, Reading
from diabolo.explain.robust import level
from diabolo.explain.study import Study

KIND = Kind(
    code="EX103",
    name="accuracy-says-nothing",
    title="Accuracy says nothing here",
    meaning="Accuracy is a metric of classes. On images it counts coincidences, not likeness.",
    recognised="The history has a column `accuracy` or `val_accuracy` (`acc`, `binary_accuracy` and the like).",
    rank=80,
)


def find(study: Study) -> Reading | None:
    """Looks for the column."""
    for name in ("val_accuracy", "accuracy"):
        curve = study.history.curve(name)
        if curve is None:
            continue
        last = level(curve, 1)
        return KIND.reading(
            f"`{name}` ({last:.3g} at the end) counts how often the largest channel, or a rounded value, is the same; "
            "a good and a bad reconstruction can have the same accuracy.",
            confidence="sure",
            next_step="Leave it out, and log mean squared error, PSNR or SSIM instead.",
            last=last,
        )
    return None
