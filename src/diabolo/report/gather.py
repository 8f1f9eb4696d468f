"""Run folders -> parts of the page: read, named where they are damaged, and grouped by what was trained how."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from diabolo.checks import SEVERITIES
from diabolo.errors import DiaboloError, RunError
from diabolo.graph import build_graph
from diabolo.report.content import FindingPart, LeftOutPart, ModelPart, RunPart
from diabolo.runs import RunFolder

COMPARISON_FILE = "comparison.json"
"""What makes a folder a comparison."""
_DEPTH = 3  # of folders below one that is no run, in which runs are sought
_SEVERITIES = {severity: rank for rank, severity in enumerate(SEVERITIES)}
_MOST_IMAGES = 1_000_000  # of which the PSNR is read


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


def group_runs(runs: Sequence[RunPart]) -> tuple[ModelPart, ...]:
    """Runs of the same line, recipe, images and engine together, by seed, in the order of their first run."""
    groups: dict[Any, list[RunPart]] = {}
    for run in runs:
        record = run.record
        recipe = tuple(sorted((name, str(value)) for name, value in record.recipe.items()))
        groups.setdefault((record.line, record.input_shape, recipe, record.data["digest"], record.engine), []).append(
            run
        )
    labels = _labels([group[0] for group in groups.values()])
    return tuple(
        ModelPart(
            label=label,
            graph=build_graph(group[0].record.line, group[0].record.input_shape),
            runs=tuple(sorted(group, key=lambda run: run.record.seed)),
        )
        for label, group in zip(labels, groups.values(), strict=True)
    )


def read_findings(folder: str) -> tuple[FindingPart, ...]:
    """What the doctor said before a training: the worst first, the same in several places once.

    Nothing where the file is missing or is none of ours.
    """
    counts: dict[FindingPart, int] = {}
    try:
        content = json.loads(RunFolder(path=Path(folder).expanduser()).findings_file.read_text(encoding="utf-8"))
        for entry in content["findings"]:
            part = FindingPart(**{name: str(entry[name]) for name in ("code", "name", "severity", "message", "remedy")})
            counts[part] = counts.get(part, 0) + 1
    except (OSError, ValueError, KeyError, TypeError):
        return ()
    found = (replace(part, times=times) for part, times in counts.items())
    return tuple(sorted(found, key=lambda part: _SEVERITIES.get(part.severity, len(_SEVERITIES))))


def _labels(firsts: Sequence[RunPart]) -> list[str]:
    """Names; where several models have the same, with what is different: recipe, engine, data, or a number."""
    names = [run.record.name for run in firsts]
    labels = list(names)
    for tell in (
        lambda run: str(run.record.recipe.get("name", "")),
        lambda run: run.record.engine,
        lambda run: str(run.record.data["name"]),
    ):
        for name in {label for label in labels if labels.count(label) > 1}:
            same = [index for index, label in enumerate(labels) if label == name]
            told = [tell(firsts[index]) for index in same]
            if len(set(told)) > 1:
                for index, word in zip(same, told, strict=True):
                    labels[index] = f"{labels[index]}, {word}"
    counts: dict[str, int] = {}
    for index, label in enumerate(list(labels)):
        counts[label] = counts.get(label, 0) + 1
        if counts[label] > 1:
            labels[index] = f"{label} #{counts[label]}"
    return labels


def _is_run(path: Path) -> bool:
    folder = RunFolder(path=path)
    return any(file.is_file() for file in (folder.record_file, folder.history_file, folder.model_file))


def _by_number(path: Path) -> tuple[str, int]:
    """`seed2` before `seed10`."""
    stem = path.name.rstrip("0123456789")
    return stem, int(path.name[len(stem) :][:9] or 0)


def _test_psnr(file: Path) -> tuple[float, ...]:
    """PSNR of each test image; nothing where the file is missing, or is none of ours."""
    if not file.is_file():
        return ()
    import numpy as np

    try:
        values = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return ()
    if values.ndim != 1 or values.dtype.kind != "f" or len(values) > _MOST_IMAGES:
        return ()
    return tuple(values.astype(float).tolist())
