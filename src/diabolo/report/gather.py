"""Run folders -> parts of the page: read, named where they are damaged, and grouped by what was trained how."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from diabolo.checks import SEVERITIES
from diabolo.compare.group import by_training
from diabolo.compare.names import labels_of
from diabolo.errors import DiaboloError, RunError
from diabolo.graph import build_graph
from diabolo.report.content import FindingPart, LeftOutPart, ModelPart, RunPart
from diabolo.runs import RunFolder

_SEVERITIES: dict[str, int] = {severity: rank for rank, severity in enumerate(SEVERITIES)}
_FINDING = ("code", "name", "severity", "message", "remedy")
_MOST_IMAGES = 1_000_000  # of which the PSNR is read


def read_runs(folders: Iterable[Path]) -> tuple[tuple[RunPart, ...], tuple[LeftOutPart, ...]]:
    """Reads run folders; those that cannot be read are named with the reason.

    Raises:
        RunError: none of them can be read.
    """
    runs: list[RunPart] = []
    left_out: list[LeftOutPart] = []
    for folder in dict.fromkeys(folders):
        try:
            runs.append(read_run(folder))
        except DiaboloError as error:
            left_out.append(LeftOutPart(folder=str(folder), reason=str(error)))
    if not runs:
        reasons = [part.reason for part in left_out]
        if len(reasons) == 1:
            raise RunError(reasons[0])
        raise RunError(
            "there is no run to report on; " + (f"the first of {len(reasons)}: {reasons[0]}" if reasons else "name one")
        )
    return tuple(runs), tuple(left_out)


def read_run(path: Path) -> RunPart:
    """Reads one run folder; a run before the end of its first epoch has no rows.

    Raises:
        RunError: there is no run, or a file of it is damaged.
    """
    folder = RunFolder(path=path.expanduser())
    record = folder.record()
    build_graph(record.line, record.input_shape)  # a line that was edited in `run.toml` is found here
    rows = folder.history() if folder.history_file.exists() else ()
    if not rows and record.test:
        raise RunError(f"`{path}` has test results and no history: `{folder.history_file.name}` is missing or empty")
    for name, value in record.test.items():
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise RunError(f"`{folder.record_file}` has `{name}` = {value!r} among its test results; it was edited")
    return RunPart(folder=str(path), record=record, rows=rows, test_psnr=_test_psnr(folder.path / "test-psnr.npy"))


def group_runs(runs: Sequence[RunPart]) -> tuple[tuple[ModelPart, ...], tuple[LeftOutPart, ...]]:
    """Runs of the same training together by seed, and those that are left out, as `diabolo compare` groups them."""
    parts, twice = by_training(runs, record_of=lambda run: run.record, folder_of=lambda run: run.folder)
    left_out = [LeftOutPart(folder=folder, reason=reason) for folder, reason in twice]
    labels = labels_of([part[0].record for part in parts]) if len(parts) > 1 else [parts[0][0].record.name]
    models = (
        ModelPart(label=label, graph=build_graph(part[0].record.line, part[0].record.input_shape), runs=tuple(part))
        for label, part in zip(labels, parts, strict=True)
    )
    return tuple(models), tuple(left_out)


def read_findings(folder: str) -> tuple[FindingPart, ...]:
    """What the doctor said before a training: the worst first, the same in several places once.

    Nothing where the file is missing or is none of ours.
    """
    counts: dict[FindingPart, int] = {}
    try:
        content = json.loads(RunFolder(path=Path(folder).expanduser()).findings_file.read_text(encoding="utf-8"))
        for entry in content["findings"]:
            code, name, severity, message, remedy = (str(entry[key]) for key in _FINDING)
            part = FindingPart(code=code, name=name, severity=severity, message=message, remedy=remedy)
            counts[part] = counts.get(part, 0) + 1
    except (OSError, ValueError, KeyError, TypeError):
        return ()
    found = (replace(part, times=times) for part, times in counts.items())
    return tuple(sorted(found, key=lambda part: _SEVERITIES.get(part.severity, len(_SEVERITIES))))


def _test_psnr(file: Path) -> tuple[float, ...]:
    """PSNR of each test image; nothing where the file is missing, or is none of ours."""
    if not file.is_file():
        return ()
    import numpy as np

    try:
        values = np.load(file, allow_pickle=False)
    except Exception:  # a damaged header fails in any way: numpy lets a TokenError out
        return ()
    if not isinstance(values, np.ndarray) or values.ndim != 1 or values.dtype.kind != "f" or len(values) > _MOST_IMAGES:
        return ()
    return tuple(values.astype(float).tolist())
