"""Per-image PSNR of two models on the same test images: a closer look at these trained models than the seeds give."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from diabolo.compare.comparison import ImageDifference
from diabolo.errors import RunError
from diabolo.runs import RunFolder, RunRecord
from diabolo.stats import paired_difference

_SAME_MEAN = 1e-3  # dB by which the mean of float32 values may differ from the recorded mean of float64 ones


def read_test_psnr(folder: RunFolder, record: RunRecord) -> NDArray[np.float32] | None:
    """PSNR of each test image, dB, (N,); None where the run has no such file, as runs of before it was written.

    Raises:
        RunError: the file is damaged, or does not belong to the test results of the run.
    """
    file = folder.test_psnr_file
    if not file.exists():
        return None
    try:
        values = np.load(file, allow_pickle=False)
    except Exception as error:  # a damaged header fails in any way: numpy lets a TokenError out
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise RunError(f"`{file}` cannot be read ({reason}); it is damaged") from None
    number, mean = record.test.get("num_images", 0), record.test["psnr"]
    if not isinstance(values, np.ndarray) or values.dtype != np.float32 or values.shape != (number,):
        raise RunError(f"`{file}` does not hold one float32 value for each of {number:,.0f} test images; it is damaged")
    if not abs(float(values.mean(dtype=np.float64)) - mean) < _SAME_MEAN:
        raise RunError(f"`{file}` does not have the mean {mean:.2f} dB that `run.toml` says; one of them was changed")
    return values


def image_difference(
    first: Mapping[int, NDArray[np.float32]], second: Mapping[int, NDArray[np.float32]], seeds: Sequence[int]
) -> ImageDifference | None:
    """The per-image difference of two models, or None where not every run has its values.

    Args:
        first: PSNR of each test image in dB, (N,), by seed.
        second: the same of the other model, measured on the same images.
        seeds: that both have, at least one.
    """
    if not all(seed in values for values in (first, second) for seed in seeds):
        return None
    means = [np.stack([values[seed] for seed in seeds]).mean(axis=0, dtype=np.float64) for values in (first, second)]
    if not (np.isfinite(means[0]).all() and np.isfinite(means[1]).all()):
        return None
    found = paired_difference(means[0], means[1])
    return ImageDifference(
        num_images=found.n,
        seeds=tuple(seeds),
        mean=found.mean,
        interval=found.t_interval,
        share_first=float(np.mean((means[0] > means[1]) + 0.5 * (means[0] == means[1]))),
    )
