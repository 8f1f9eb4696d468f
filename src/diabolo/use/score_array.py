"""Arrays of images in, anomaly scores out, with the run's own threshold."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diabolo.use.calibrate import DEFAULT
from diabolo.use.calibration import read_calibration
from diabolo.use.reconstruct import check_images
from diabolo.use.run import Run
from diabolo.use.score import find_score, score_images


@dataclass(frozen=True, kw_only=True, eq=False)
class ScoredImages:
    """How strange N images are to a run; larger is stranger."""

    name: str
    """Which score, of `SCORES`."""
    scores: NDArray[np.float64]
    """(N,), one an image."""
    maps: NDArray[np.float32]
    """(N, height, width), the per-pixel scores that belong to it."""
    threshold: float | None
    """Above it an image is an alarm; None where the run is not calibrated for this score."""

    @property
    def alarms(self) -> NDArray[np.bool_] | None:
        """(N,), which images are alarms; None without a threshold."""
        return None if self.threshold is None else self.scores > self.threshold


def score_array(
    run: Run, images: NDArray[np.uint8], *, score: str | None = None, memory: float | None = None
) -> ScoredImages:
    """Scores images of one size.

    Args:
        run: trained on normal images.
        images: uint8 (N, H, W, C), of a size that the model takes.
        score: of `SCORES`; None: the calibrated one, or `peak` where nothing is calibrated.
        memory: MiB that activations may take. None: 1024.

    Raises:
        DiaboloError: the model does not take the images, there is no such score, or `latent` is not calibrated.
        RunError: the calibration is damaged, or was made for other weights.
    """
    calibration = read_calibration(run)
    decided = DEFAULT if calibration is None else calibration.score
    name = decided if score is None else find_score(score).name
    check_images(run.model, images)
    latent = None if calibration is None else calibration.latent
    scored = score_images(run.model, images, [name], latent=latent, memory=memory)
    has_threshold = calibration is not None and calibration.score == name
    return ScoredImages(
        name=name,
        scores=scored.scores[name],
        maps=scored.map_of(name),
        threshold=calibration.threshold.value if calibration is not None and has_threshold else None,
    )
