"""`anomaly.json` beside a run: which score it uses, above which threshold an image is an alarm, how sure that is."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from diabolo.anomaly import Threshold
from diabolo.data.images import FITS
from diabolo.errors import RunError
from diabolo.files import write_text
from diabolo.runs import current_versions
from diabolo.use.latent_distance import LatentStatistics
from diabolo.use.run import Run
from diabolo.use.score import SCORES

FORMAT = 1
"""Version of the file's format; another one is refused by name."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Calibration:
    """What normal images say of a run."""

    score: str
    """Which of `SCORES`."""
    threshold: Threshold
    """Images that score higher are alarms."""
    map_top: float
    """The same threshold for the largest value of an image's per-pixel scores; heat maps end there."""
    fit: str | None
    """How images were brought to the model's size; None: they were not."""
    weights: str
    """`sha256:<hex>` of the run's `model.safetensors`; other weights need another calibration."""
    choice: Mapping[str, float] = field(default_factory=dict)
    """Where the score was chosen: AUROC of each for made-up defects in normal images."""
    latent: LatentStatistics | None = None
    """Of normal images, for the score `latent`."""


def calibration_file(run: Run) -> Path:
    """Where a run's calibration lies."""
    return run.folder.path / "anomaly.json"


def weights_digest(run: Run) -> str:
    """`sha256:<hex>` of the kept weights.

    Raises:
        RunError: there are none.
    """
    try:
        with run.folder.model_file.open("rb") as file:
            return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    except OSError as error:
        raise RunError(f"`{run.folder.model_file}` cannot be read ({error.strerror}); was the run trained?") from None


def write_calibration(run: Run, calibration: Calibration) -> Path:
    """Writes `anomaly.json` atomically and returns its path.

    Raises:
        OutputError: it cannot be written.
    """
    content = {
        "format": FORMAT,
        "score": calibration.score,
        "threshold": asdict(calibration.threshold),
        "map_top": calibration.map_top,
        "fit": calibration.fit,
        "weights": calibration.weights,
        "choice": dict(calibration.choice),
        "latent": None if calibration.latent is None else calibration.latent.to_dict(),
        "created": datetime.now().astimezone().isoformat(timespec="seconds"),
        "versions": current_versions(),
    }
    target = calibration_file(run)
    write_text(target, json.dumps(content, indent=2) + "\n")
    return target


def read_calibration(run: Run) -> Calibration | None:
    """The calibration of a run; None where there is none.

    Raises:
        RunError: the file is damaged, of another version, or belongs to other weights.
    """
    source = calibration_file(run)
    again = "calibrate again (`diabolo score RUN --calibrate FOLDER`)"
    try:
        content = json.loads(source.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RunError(f"`{source}` cannot be read ({error.strerror}); is it a file that you may read?") from None
    except (ValueError, RecursionError) as error:  # no JSON, or no UTF-8
        raise RunError(f"`{source}` is damaged ({error}); {again}") from None
    version = content.get("format") if isinstance(content, dict) else None
    if version != FORMAT:
        raise RunError(f"`{source}` has format {version!r}, and this diabolo reads format {FORMAT}; {again}")
    try:
        calibration = _read(content)
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(f"`{source}` is damaged ({type(error).__name__}: {error}); {again}") from None
    if calibration.weights != weights_digest(run):
        raise RunError(f"`{source}` was made for other weights than the run has now; {again}")
    return calibration


def _read(content: dict[str, Any]) -> Calibration:
    values = content["threshold"]
    low, high = map(_number, values["interval"])
    threshold = Threshold(
        value=_number(values["value"]),
        asked=_number(values["asked"]),
        expected=_number(values["expected"]),
        interval=(low, high),
        confidence=_number(values["confidence"]),
        num_images=_count(values["num_images"]),
        rank=_count(values["rank"]),
    )
    if threshold.rank > threshold.num_images or not 0 < threshold.confidence < 1:
        raise ValueError("the threshold contradicts itself")
    if content["score"] not in SCORES:
        raise ValueError(f"there is no score {content['score']!r}")
    if content["fit"] is not None and content["fit"] not in FITS:
        raise ValueError(f"there is no fit {content['fit']!r}")
    if (content["latent"] is None) == (content["score"] == "latent"):
        raise ValueError("`latent` and `score` do not go together")
    return Calibration(
        score=content["score"],
        threshold=threshold,
        map_top=_number(content["map_top"]),
        fit=content["fit"],
        weights=str(content["weights"]),
        choice={str(name): _number(value) for name, value in content["choice"].items()},
        latent=None if content["latent"] is None else LatentStatistics.from_dict(content["latent"]),
    )


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is no number")
    return float(value)


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{value!r} is no number of images")
    return value
