"""Calibration: from normal images, which score a run uses, and above which threshold an image is an alarm."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from diabolo.anomaly import auroc, false_alarm_threshold, images_needed
from diabolo.data import Skipped
from diabolo.errors import DataError, RunError
from diabolo.printable import printable
from diabolo.use.calibration import Calibration, calibration_file, weights_digest, write_calibration
from diabolo.use.encode import encode
from diabolo.use.latent_distance import MOST_VALUES, LatentStatistics, latent_statistics
from diabolo.use.made_up_defects import with_made_up_defects
from diabolo.use.normal_images import ImageArray, ImageFiles, NormalImages
from diabolo.use.run import Run
from diabolo.use.score import SCORES, find_score, score_images
from diabolo.use.score_stream import Reading
from diabolo.zoo.shipped import WEIGHTS

AUTO = "auto"
"""Instead of a score: the one that tells made-up defects best."""
DEFAULT = "peak"
"""The score where nothing was calibrated, or with too few images to choose one."""

_FEWEST, _MOST = 40, 400  # images that a score is chosen, or latent statistics are taken, from
_SHARE = 4  # of all images, one in so many


@dataclass(frozen=True, kw_only=True)
class Calibrated:
    """What `calibrate` made."""

    calibration: Calibration
    """As it was written beside the run."""
    file: Path
    """Where it lies."""
    skipped: tuple[Skipped, ...]
    """Files that are no images."""
    notes: tuple[str, ...]
    """Sentences that a user must see."""


def calibrate(
    run: Run,
    paths: Sequence[str | Path],
    *,
    false_alarm: float = 0.01,
    score: str = AUTO,
    reading: Reading | None = None,
    seed: int = 0,
) -> Calibrated:
    """Chooses score and threshold on normal images, and writes `anomaly.json` into the run's folder.

    The images must be like those to come, and none that the model was trained on: it knows those, and their scores are
    too low. Where a score is to be chosen (`auto`), or is `latent`, a quarter of the images (40 to 400, drawn by the
    seed) serves for that and takes no part in the threshold, whose false-alarm rate stays exact. The choice is by
    AUROC between these images and copies with made-up defects: no real defect is seen.

    Args:
        run: trained on normal images.
        paths: normal images, or folders of them.
        false_alarm: the share of normal images that may be called abnormal.
        score: of `SCORES`, or `auto`.
        reading: how files are read; scoring then fits images in the same way.
        seed: of the order of the images and of the made-up defects.

    Raises:
        DataError: no images, or too few for this rate; the message says how many are needed.
        DiaboloError: an option has a wrong value.
        OutputError: the file cannot be written.
        RunError: the run's weights came with diabolo.
    """
    reading = reading or Reading()
    done = _calibrated(run, lambda: ImageFiles(run, paths, reading, seed), false_alarm, score, seed)
    return replace(done, notes=(*done.notes, *_known_images(run, paths)))


def calibrate_on(
    run: Run,
    images: NDArray[np.uint8],
    *,
    false_alarm: float = 0.01,
    score: str = AUTO,
    memory: float | None = None,
    seed: int = 0,
) -> Calibrated:
    """As `calibrate`, on an array: uint8 (N, H, W, C), of a size that the model takes.

    Raises:
        DataError: too few images for this rate.
        DiaboloError: the model does not take the images, or an option has a wrong value.
        OutputError: the file cannot be written.
        RunError: the run's weights came with diabolo.
    """
    return _calibrated(run, lambda: ImageArray(run, images, memory, seed), false_alarm, score, seed)


def _calibrated(
    run: Run, open_images: Callable[[], NormalImages], false_alarm: float, score: str, seed: int
) -> Calibrated:
    if score != AUTO:
        find_score(score)
    if run.folder.path.resolve().is_relative_to(WEIGHTS.resolve()):
        raise RunError(
            f"`{run.name}` comes with diabolo, and nothing is written into its folder; train a run of your own, "
            f"`diabolo train {run.name} --out runs/{run.name}`, and calibrate that"
        )
    needed = images_needed(false_alarm)
    images = open_images()
    notes: list[str] = []
    spare = min(_MOST, max(_FEWEST, len(images) // _SHARE)) if score in (AUTO, "latent") else 0
    if score == AUTO and len(images) - spare < needed:
        notes.append(
            f"{len(images):,} images are too few to choose a score as well ({needed + _FEWEST:,} would do); "
            f"`{DEFAULT}` is taken"
        )
        score, spare = DEFAULT, 0
    if len(images) - spare < needed:
        besides = f" besides the {spare:,} that its statistics come from" if spare else ""
        raise DataError(
            f"`false_alarm` (={false_alarm:g}) needs at least {needed:,} normal images{besides}, and there are "
            f"{len(images):,}; add images, or ask for a higher rate"
        )
    latent: LatentStatistics | None = None
    choice: dict[str, float] = {}
    if spare:
        latent, choice = _study(run, images, spare, score, seed)
        score = max(choice, key=lambda name: choice[name]) if choice else score  # the first of equals
    scores: list[float] = []
    tops: list[float] = []
    for scored in images.scored_from(spare, score, latent):
        scores.extend(scored.scores[score])
        tops.extend(scored.map_of(score).max(axis=(1, 2)))
    threshold = false_alarm_threshold(np.asarray(scores), false_alarm)
    calibration = Calibration(
        score=score,
        threshold=threshold,
        map_top=float(np.sort(tops)[threshold.rank - 1]),
        fit=images.reading.fit,
        weights=weights_digest(run),
        choice=choice,
        latent=latent if score == "latent" else None,
    )
    write_calibration(run, calibration)
    return Calibrated(
        calibration=calibration, file=calibration_file(run), skipped=tuple(images.skipped), notes=tuple(notes)
    )


def _study(
    run: Run, images: NormalImages, count: int, score: str, seed: int
) -> tuple[LatentStatistics | None, dict[str, float]]:
    """What the first `count` normal images, which take no part in the threshold, are for.

    Returns:
        Statistics of latents (for `auto`: of the first half of the images; None where these are too long), and for
        `auto` the AUROC of each score between the second half and its copies with made-up defects.
    """
    num_latents = count if score == "latent" else count // 2
    memory = images.reading.memory
    latents: list[np.ndarray] = []
    found: dict[str, tuple[list[float], list[float]]] = {}
    statistics: LatentStatistics | None = None
    for number, image in enumerate(images.first(count)):
        if number < num_latents:
            latents.append(encode(run.model, image[None], pool="mean", memory=memory)[0])
            continue
        if statistics is None and latents and len(latents[0]) <= MOST_VALUES:
            statistics = latent_statistics(np.stack(latents))
        names = [name for name in SCORES if name != "latent" or statistics is not None]
        pair = np.stack([image, with_made_up_defects(image[None], seed=seed + number)[0]])
        scored = score_images(run.model, pair, names, latent=statistics, memory=memory)
        for name, values in scored.scores.items():
            for kind, value in zip(found.setdefault(name, ([], [])), values, strict=True):
                kind.append(float(value))
    if score == "latent":
        return latent_statistics(np.stack(latents)), {}
    if not found:
        raise DataError(f"too few of the first {count:,} files are images to choose a score; look at those left out")
    return statistics, {name: auroc(*map(np.asarray, kinds)).value for name, kinds in found.items()}


def _known_images(run: Run, paths: Sequence[str | Path]) -> list[str]:
    """A note for each path in the folder that the run was trained on."""
    trained_on = Path(run.record.data["source"]).expanduser().resolve()
    return [
        f"`{printable(path)}` lies in the folder that the run was trained on; images that it knows score too low, and "
        "there will be more false alarms than stated: calibrate on others"
        for path in map(Path, paths)
        if trained_on.is_dir() and path.resolve().is_relative_to(trained_on) and not _held_out(path, trained_on)
    ]


def _held_out(path: Path, folder: Path) -> bool:
    parts = path.resolve().relative_to(folder).parts
    return bool(parts) and parts[0].lower() in ("val", "valid", "validation", "test")
