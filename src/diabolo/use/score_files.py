"""Image files in, anomaly scores out: numbers, alarms, heat maps, and how well they find known defects."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from diabolo.data import Skipped
from diabolo.errors import DiaboloError
from diabolo.files import make_folder, write_array, write_text
from diabolo.use.anomaly_folder import labelled_images
from diabolo.use.calibrate import DEFAULT
from diabolo.use.calibration import Calibration, read_calibration
from diabolo.use.detection import Detection, DetectionTally
from diabolo.use.heat_map import heat_map
from diabolo.use.pictures import ResultNames, write_png
from diabolo.use.run import Run
from diabolo.use.score import SCORES, find_score
from diabolo.use.score_stream import Reading, ScoreStream
from diabolo.use.walk import find_files

ALL = "all"
"""Instead of a score: every one."""


@dataclass(frozen=True, kw_only=True)
class ScoredFile:
    """One image and how strange it is."""

    path: Path
    """The file."""
    scores: Mapping[str, float]
    """By name of the score; larger is stranger."""
    is_alarm: bool | None
    """Whether the calibrated score is above its threshold; None without a calibration of one of the scores."""
    kind: str | None
    """`good`, or which defect it has, where the folder says so."""
    heat_map: Path | None
    """The PNG file, where one was written."""


@dataclass(frozen=True, kw_only=True)
class ScoredFiles:
    """All images, and what they say together."""

    images: tuple[ScoredFile, ...]
    """In the order of the files."""
    names: tuple[str, ...]
    """The scores."""
    calibration: Calibration | None
    """What alarms are decided by."""
    detection: Mapping[str, Detection] | None
    """How well each score finds the defects, where the folder says which images have some."""
    skipped: tuple[Skipped, ...]
    """Files that are no images."""
    notes: tuple[str, ...]
    """Sentences that a user must see."""


def score_files(
    run: Run,
    paths: Sequence[str | Path],
    *,
    score: str | None = None,
    output: Path | None = None,
    raw: bool = False,
    reading: Reading | None = None,
    each: Callable[[ScoredFile], None] | None = None,
) -> ScoredFiles:
    """Scores image files; memory holds a few images at a time.

    Args:
        run: trained on normal images.
        paths: files, or folders. One folder that `labelled_images` knows is evaluated as well.
        score: of `SCORES`, or `all`; None: the calibrated one, or `peak` where nothing is calibrated.
        output: folder for heat maps, one PNG an image.
        raw: also write the per-pixel scores there, float32 (height, width), as `.npy`.
        reading: how files are read; without a `fit` of its own, that of the calibration.
        each: called with each result when it is there.

    Raises:
        DataError: nothing to read, no readable image, or an image of another size, no `fit` and a model that needs it.
        DiaboloError: an option has a wrong value, or `latent` is asked for and not calibrated.
        RunError: the calibration is damaged, or was made for other weights.
        OutputError: the folder cannot be written.
    """
    if raw and output is None:
        raise DiaboloError("`raw` writes per-pixel scores into the folder of heat maps; say which with `output`")
    calibration = read_calibration(run)
    reading, notes = _as_calibrated(reading or Reading(), calibration)
    names = _names(score, calibration)
    decides = calibration if calibration is not None and calibration.score in names else None
    if calibration is not None and decides is None:
        notes.append(f"the run is calibrated for `{calibration.score}`, so that `{names[0]}` has no threshold")
    folder = Path(paths[0]) if len(paths) == 1 else None
    labels = labelled_images(folder) if folder is not None and folder.is_dir() else None
    files = [label.path for label in labels] if labels else find_files(paths, output=output)
    latent = None if calibration is None else calibration.latent
    stream = ScoreStream(run, files, names, latent=latent, reading=reading, stage="scoring")
    tally = DetectionTally(names, labels) if labels else None
    maps = None if output is None else _Maps(output, files, calibration, raw=raw)
    images: list[ScoredFile] = []
    for batch, scored in stream:
        for place, one in enumerate(batch):
            scores = {name: float(scored.scores[name][place]) for name in names}
            shown = scored.map_of(names[0])[place]
            images.append(
                ScoredFile(
                    path=one.path,
                    scores=scores,
                    is_alarm=None if decides is None else scores[decides.score] > decides.threshold.value,
                    kind=None if tally is None else tally.add(one.path, scored, place, reading.fit),
                    heat_map=None if maps is None else maps.write(one.path, one.image, shown, names[0]),
                )
            )
            if each is not None:
                each(images[-1])
    return ScoredFiles(
        images=tuple(images),
        names=tuple(names),
        calibration=decides,
        detection=None if tally is None else tally.result(),
        skipped=tuple(stream.skipped),
        notes=(*notes, *(tally.notes if tally is not None else ())),
    )


def write_table(target: Path, scored: ScoredFiles) -> None:
    """Writes a CSV file, a row an image: path, the scores, alarm (0 or 1) and kind where they are known.

    Raises:
        OutputError: it cannot be written.
    """
    text = io.StringIO(newline="")
    rows = csv.writer(text)
    with_alarm, with_kind = scored.calibration is not None, any(one.kind is not None for one in scored.images)
    rows.writerow(["path", *scored.names, *["alarm"] * with_alarm, *["kind"] * with_kind])
    for one in scored.images:
        path = str(one.path).encode("utf-8", "backslashreplace").decode()  # a name may be no text at all
        values = [repr(one.scores[name]) for name in scored.names]
        rows.writerow([path, *values, *[int(bool(one.is_alarm))] * with_alarm, *[one.kind] * with_kind])
    write_text(target, text.getvalue())


def _as_calibrated(reading: Reading, calibration: Calibration | None) -> tuple[Reading, list[str]]:
    """The reading with the calibration's fit where it has none, and a note where the two differ."""
    if calibration is None or calibration.fit == reading.fit:
        return reading, []
    if reading.fit is None:
        return Reading(**{**vars(reading), "fit": calibration.fit}), []
    was = "images at their own size" if calibration.fit is None else f"`fit={calibration.fit}`"
    return reading, [f"the threshold was calibrated with {was}; with `fit={reading.fit}` its rate may be another"]


def _names(score: str | None, calibration: Calibration | None) -> list[str]:
    """The scores that are meant, the one that is shown first."""
    decided = DEFAULT if calibration is None else calibration.score
    if score is None:
        return [decided]
    if score == ALL:
        has_latent = calibration is not None and calibration.latent is not None
        return [decided, *(name for name in SCORES if name != decided and (name != "latent" or has_latent))]
    return [find_score(score).name]


class _Maps:
    """Writes heat maps into a folder."""

    def __init__(self, output: Path, files: Sequence[Path], calibration: Calibration | None, *, raw: bool) -> None:
        self.output, self.raw = make_folder(output), raw
        self.names = ResultNames(output, files)
        self.calibration = calibration

    def write(self, source: Path, image: np.ndarray, scores: np.ndarray, name: str) -> Path:
        """One heat map; returns its file."""
        target = self.output / self.names.take(source)
        same = self.calibration is not None and SCORES[self.calibration.score].map == SCORES[name].map
        write_png(target, heat_map(image, scores, self.calibration.map_top if self.calibration and same else None))
        if self.raw:
            write_array(target.with_suffix(".npy"), scores)
        return target
