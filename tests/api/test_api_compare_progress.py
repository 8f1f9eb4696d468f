"""How far a comparison is, and how long it will take."""

import io
import time
from pathlib import Path

import pytest

from diabolo.api import compare_progress
from diabolo.api.compare import default_parallel
from diabolo.api.compare_plan import PlannedRun, plan_comparison
from diabolo.api.compare_progress import ComparisonProgress, Estimator, RunningRun, duration
from diabolo.cli import compare_display
from diabolo.cli.compare_display import ComparisonDisplay
from diabolo.data import load_data
from diabolo.errors import DiaboloError


def planned(tmp_path: Path) -> tuple[PlannedRun, ...]:
    return plan_comparison(
        ["conv4 pool | up conv3 sigmoid", "conv8 pool | up conv3 sigmoid"], "cifar10-sample", seeds=2, recipe="fast",
        settings={"epochs": 4}, out=tmp_path / "out", device="cpu", engine="plain", threads=1, data_options={},
    ).runs  # fmt: skip


def finish_epochs(run: PlannedRun, number: int) -> None:
    run.folder.path.mkdir(parents=True, exist_ok=True)
    run.folder.history_file.write_text("epoch\n" + "1\n" * number)


def test_time_left_is_by_work_and_not_by_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second model costs twice as much; what was done before does not count as speed."""
    runs = planned(tmp_path)
    assert [(run.model[-6:] == runs[0].model[-6:], run.seed) for run in runs] == [
        (True, 0), (False, 0), (True, 1), (False, 1),
    ]  # fmt: skip
    cheap, dear = runs[0].cost, runs[1].cost
    assert dear == 2 * cheap
    finish_epochs(runs[0], 4)
    now = time.monotonic()
    monkeypatch.setattr(compare_progress.time, "monotonic", lambda: now)
    estimator = Estimator(runs)
    estimator.close(runs[0])
    estimator.forgive()
    first = estimator.progress([runs[1]])
    assert (first.num_done, first.seconds_left) == (1, None)
    assert first.share_done == pytest.approx(4 / 24)
    now += 60
    finish_epochs(runs[1], 1)
    second = estimator.progress([runs[1]])
    assert second.running == (RunningRun(name=f"{runs[1].model} seed 0", epoch=1, epochs=4),)
    assert second.seconds_left == pytest.approx(60 * (24 - 6) / 2)


def test_an_unreadable_history_counts_nothing(tmp_path: Path) -> None:
    runs = planned(tmp_path)
    runs[0].folder.history_file.mkdir(parents=True)
    assert Estimator(runs).progress([]).share_done == 0


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.2, "0 s"), (89, "89 s"), (90, "2 min"), (3600, "60 min"), (5400, "1 h 30 min")]
)
def test_durations_are_read_at_a_glance(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_a_log_has_lines_and_no_escape_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(compare_display.sys, "stdout", stream)
    tick = ComparisonProgress(
        num_runs=4, num_done=1, share_done=0.25, seconds_left=120.0, message="",
        running=(RunningRun(name="a seed 1", epoch=2, epochs=3),),
    )  # fmt: skip
    with ComparisonDisplay() as display:
        display(tick)
        monkeypatch.setattr(compare_display, "SECONDS_BETWEEN_LINES", 0.0)
        display(tick)
    assert stream.getvalue() == "[1/4] 25% done, about 2 min left: a seed 1 2/3\n"


def test_what_the_cores_allow() -> None:
    assert default_parallel(1, "cuda NVIDIA") == 1
    assert default_parallel(10_000) == 1
    assert default_parallel(1) >= 1


def test_images_must_have_a_name(tmp_path: Path) -> None:
    with pytest.raises(DiaboloError, match="save them first"):
        plan_comparison(
            ["method-2"], load_data("cifar10-sample"), seeds=1, recipe="fast", settings={}, out=tmp_path,  # type: ignore[arg-type]
            device="cpu", engine=None, threads=1, data_options={},
        )  # fmt: skip
