"""The arithmetic of `benchmarks/time_to_quality.py`: what is extrapolated and from what."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    for name in ("header", "time_to_quality"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return importlib.import_module("time_to_quality")


def rows(*seconds: float) -> list[dict[str, float]]:
    return [{"seconds": value, "val_loss": 0.6, "test_mse": 0.01} for value in seconds]


def test_fifty_epochs_are_fifty_medians_without_the_first(script: ModuleType) -> None:
    arm = script.compare_with([{"seconds": 20.0}, {"seconds": 50.0}], rows(90, 10, 12, 20), whole=False, peak=100.0)
    assert arm["seconds_of_50_epochs"] == 600
    assert arm["extrapolated"] is True
    assert arm["times_as_fast"] == [30.0, 12.0]


def test_all_epochs_are_added_up_where_all_were_run(script: ModuleType) -> None:
    arm = script.compare_with([{"seconds": 10.0}], rows(*range(1, 51)), whole=True, peak=100.0)
    assert arm["seconds_of_50_epochs"] == sum(range(1, 51))
    assert arm["extrapolated"] is False
