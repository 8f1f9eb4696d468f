"""Run folders -> runs that can be compared; what is missing, unfinished or damaged is named with the reason."""

import math
import shlex
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from diabolo.compare.comparison import ComparedRun, LeftOut
from diabolo.compare.images import read_test_psnr
from diabolo.compare.metrics import METRICS
from diabolo.errors import DiaboloError, RunError
from diabolo.printable import printable
from diabolo.runs import EpochRow, RunFolder, RunRecord, without_home

_DEPTH = 3  # of folders below one that is no run, in which runs are sought
_UNFINISHED = {
    "running": "it is not finished: it is running, or was killed",
    "stopped": "it was stopped before its end",
    "diverged": "it diverged: its loss became NaN or infinite",
    "trained": "it has trained to its end, and its test images were not read",
}


@dataclass(frozen=True, kw_only=True)
class FinishedRun:
    """A run that can be compared."""

    record: RunRecord
    """Its `run.toml`."""
    run: ComparedRun
    """Its numbers."""
    test_psnr: NDArray[np.float32] | None
    """PSNR of each test image, dB, (N,); None where the run has none."""


def find_runs(path: Path) -> list[Path]:
    """The folder itself where it is a run, or is nothing at all; otherwise the runs below it, by name.

    A folder below that holds a history or weights and no `run.toml` counts as a run, so that it is named as damaged.
    """
    if _is_run(path) or not path.is_dir():
        return [path]
    found: list[Path] = []
    level = [path]
    for _ in range(_DEPTH):
        below = [child for parent in level for child in sorted(parent.iterdir(), key=_by_number) if child.is_dir()]
        found += [child for child in below if _is_run(child)]
        level = [child for child in below if not _is_run(child)]
    return found or [path]


def read_runs(
    folders: Iterable[str | Path], reasons: Mapping[str, str] | None = None
) -> tuple[list[FinishedRun], list[LeftOut]]:
    """Reads run folders, each once, in the order given.

    Args:
        folders: runs.
        reasons: why a training failed, by folder, where that is known better than from what it left there.
    """
    runs: list[FinishedRun] = []
    left_out: list[LeftOut] = []
    for folder in dict.fromkeys(map(str, folders)):
        try:
            runs.append(read_finished_run(Path(folder)))
        except DiaboloError as error:
            reason = (reasons or {}).get(folder) or str(error)
            left_out.append(LeftOut(folder=without_home(folder), reason=reason))
    return runs, left_out


def read_finished_run(path: Path) -> FinishedRun:
    """Reads a run.

    Raises:
        RunError: there is none, it is not finished, or a file of it is missing or damaged.
    """
    folder = RunFolder(path=path.expanduser())
    record = folder.record()
    if record.status == "imported":
        raise RunError(imported_words(folder, record))
    if record.status != "finished":
        raise RunError(_UNFINISHED[record.status])
    rows = folder.history()
    epochs = record.recipe.get("epochs")
    if [row.epoch for row in rows] != list(range(1, len(rows) + 1)) or len(rows) != epochs:
        raise RunError(
            f"`{folder.history_file}` has {len(rows)} rows and the recipe {epochs} epochs; it was edited or damaged"
        )
    results = _test_results(folder, record)
    return FinishedRun(
        record=record,
        run=ComparedRun(
            folder=without_home(str(path)),
            seed=record.seed,
            test=results,
            val_psnr=tuple(row.val_psnr for row in rows),
            seconds=math.fsum(row.seconds for row in rows),
            images_per_second=_speed(rows),
        ),
        test_psnr=read_test_psnr(folder, record),
    )


def imported_words(folder: RunFolder, record: RunRecord) -> str:
    """Why a run by `diabolo import` has no curves and no results, what it came from, and the command to train it."""
    source = str(record.data.get("source", "")).removeprefix("imported from ").rpartition(", sha256 ")[0]
    origin = f" from `{printable(source)}`" if source else ""
    where = shlex.quote(str(folder.path))
    return (
        f"it was imported{origin} and not trained here, so it has no curves and no test results; "
        f"train it further: diabolo train --from {where} --data DATA"
    )


def _test_results(folder: RunFolder, record: RunRecord) -> dict[str, float]:
    results = {}
    for name in METRICS:
        value = record.test.get(name)
        if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
            said = "is missing" if value is None else f"is {value!r}, no finite number"
            raise RunError(f"in `{folder.record_file}` the test result `{name}` {said}")
        results[name] = float(value)
    return results


def _speed(rows: Iterable[EpochRow]) -> float:
    return statistics.median(row.images_per_second for row in rows)


def _is_run(path: Path) -> bool:
    folder = RunFolder(path=path)
    return any(file.is_file() for file in (folder.record_file, folder.history_file, folder.model_file))


def _by_number(path: Path) -> tuple[str, int]:
    """`seed2` before `seed10`."""
    stem = path.name.rstrip("0123456789")
    return stem, int(path.name[len(stem) :][:9] or 0)
