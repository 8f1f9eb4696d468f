"""The arithmetic of `benchmarks/drop_in.py`: a ratio is of one round."""

import importlib
import sys
from pathlib import Path

import pytest


def test_each_training_is_held_against_the_epochs_of_its_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
    for name in ("header", "time_to_quality", "drop_in"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    script = importlib.import_module("drop_in")
    trainings = [{"steps_seconds": 10.0, "whole_seconds": 30.0}, {"steps_seconds": 20.0, "whole_seconds": 40.0}]
    found = script.ratios(trainings, [[10.0, 30.0], [10.0, 10.0]])
    assert found["steps_to_two_epochs"]["raw"] == [0.25, 1.0]
    assert found["whole_to_two_epochs"]["raw"] == [0.75, 2.0]
