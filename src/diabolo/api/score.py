"""`score` and `calibrate`: anomaly scores of image files in one call, as `diabolo score` does."""

from collections.abc import Sequence
from pathlib import Path

from diabolo.data.dataset import Report
from diabolo.use import Run
from diabolo.use.anomaly_folder import normal_images
from diabolo.use.calibrate import AUTO, Calibrated
from diabolo.use.calibrate import calibrate as calibrate_run
from diabolo.use.open import open_model
from diabolo.use.score_files import ScoredFiles, score_files
from diabolo.use.score_stream import Reading


def score(
    run: str | Path | Run,
    paths: str | Path | Sequence[str | Path],
    *,
    score: str | None = None,
    output: str | Path | None = None,
    raw: bool = False,
    fit: str | None = None,
    memory: float | None = None,
    workers: int | None = None,
    report: Report | None = None,
) -> ScoredFiles:
    """Scores images by how strange they are to a run that was trained on normal ones.

    A folder with `good/`, `defect/` and `mask/`, or laid out as the MVTec data sets, is evaluated as well.

    Args:
        run: a run or its folder.
        paths: files, or folders of images.
        score: `peak`, `mse`, `ssim-peak`, `ssim`, `latent` or `all`; None: the calibrated one, or `peak`.
        output: folder for heat maps, one PNG an image.
        raw: also write the per-pixel scores there, as `.npy`.
        fit: `crop`, `pad` or `stretch`, to bring images to the model's size; None: as calibrated.
        memory: MiB that activations may take.
        workers: threads that decode images.
        report: reader of progress.

    Raises:
        DiaboloError: as of `diabolo.use.score_files.score_files`.
    """
    return score_files(
        open_model(run),
        _listed(paths),
        score=score,
        output=None if output is None else Path(output),
        raw=raw,
        reading=Reading(fit=fit, memory=memory, workers=workers, report=report),
    )


def calibrate(
    run: str | Path | Run,
    normal: str | Path | Sequence[str | Path],
    *,
    false_alarm: float = 0.01,
    score: str = AUTO,
    fit: str | None = None,
    memory: float | None = None,
    workers: int | None = None,
    report: Report | None = None,
    seed: int = 0,
) -> Calibrated:
    """Chooses a threshold on normal images that the run has not seen, and writes it beside the run.

    Args:
        run: a run or its folder.
        normal: normal images or folders of them; of a folder that is laid out for evaluation, `train/good` or `good`.
        false_alarm: the share of normal images that may be called abnormal.
        score: of those of `score`, or `auto`: the one that tells made-up defects best.
        fit: as of `score`.
        memory: as of `score`.
        workers: as of `score`.
        report: reader of progress.
        seed: of the order of the images and of the made-up defects.

    Raises:
        DataError: no images, or too few for this rate; the message says how many are needed.
        DiaboloError: an option has a wrong value.
    """
    return calibrate_run(
        open_model(run),
        [normal_images(Path(path)) for path in _listed(normal)],
        false_alarm=false_alarm,
        score=score,
        reading=Reading(fit=fit, memory=memory, workers=workers, report=report),
        seed=seed,
    )


def _listed(paths: str | Path | Sequence[str | Path]) -> list[str | Path]:
    return [paths] if isinstance(paths, str | Path) else list(paths)
