"""Histories that nobody would draw: every one has an answer, and none that contradicts itself."""

import math

import numpy as np
import pytest

from diabolo.explain import History, Reading, all_kinds, explain_history, explain_pair, history_from_columns
from diabolo.explain.read import MOST_READINGS

SHAPES = {
    "constant": lambda count, random: np.full(count, 0.5),
    "zero": lambda count, random: np.zeros(count),
    "missing": lambda count, random: [None] * count,
    "nan": lambda count, random: np.full(count, np.nan),
    "infinite": lambda count, random: np.full(count, -np.inf),
    "negative": lambda count, random: -np.arange(count) * 1.0,
    "huge": lambda count, random: 1e300 * random.random(count),
    "tiny": lambda count, random: 1e-300 * random.random(count),
    "noise": lambda count, random: random.random(count),
    "gaps": lambda count, random: np.where(random.random(count) < 0.4, np.nan, random.random(count)),
    "falling": lambda count, random: 1 / np.arange(1.0, count + 1),
    "rising": lambda count, random: np.arange(count) + 1.0,
}
COUNTS = (1, 2, 4, 6, 7, 12, 40)


def strange(random: np.random.Generator) -> History:
    count = int(random.choice(COUNTS))
    names = ["loss", *random.choice(["val_loss", "val_psnr", "accuracy", "lr"], random.integers(5), replace=False)]
    curves = {str(name): SHAPES[str(random.choice(list(SHAPES)))](count, random) for name in names}
    loss = str(random.choice(["", "bce", "mse"]))
    return history_from_columns(curves, loss=loss, floor=0.5 if random.random() < 0.3 else None)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.filterwarnings("error")
def test_anything_is_read(seed: int) -> None:
    random = np.random.default_rng(seed)
    for _ in range(40):
        one = strange(random)
        check(explain_history(one), explain_pair(one, strange(random)))


def check(readings: tuple[Reading, ...], pair: tuple[Reading, ...]) -> None:
    assert len(readings) <= MOST_READINGS
    silenced: set[str] = set()
    kinds = {kind.code: kind for kind, _ in all_kinds()}
    for reading in readings:
        assert reading.code not in silenced
        silenced.update(kinds[reading.code].silences)
    for reading in (*readings, *pair):
        assert reading.sentence.endswith((".", ".)"))
        assert " nan" not in reading.sentence
        values = reading.to_dict()["evidence"].values()
        assert all(not isinstance(value, float) or math.isfinite(value) for value in values)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_few_epochs_are_too_few(count: int) -> None:
    readings = explain_history(history_from_columns({"loss": [0.6] * count, "val_loss": [0.6] * count}))
    assert [reading.code for reading in readings] == ["EX101"]


def test_nothing_but_nan_has_diverged() -> None:
    readings = explain_history(history_from_columns({"loss": [math.nan] * 9, "val_loss": [math.inf] * 9}))
    assert [(reading.code, reading.confidence) for reading in readings] == [("EX201", "sure")]


def test_ten_thousand_epochs_are_thinned() -> None:
    course = np.linspace(1, 5, 10_000) ** -2
    readings = explain_history(history_from_columns({"loss": course, "val_loss": course * 1.01}))
    assert [reading.code for reading in readings] == ["EX203"]


def test_a_missing_column_only_silences_its_readings() -> None:
    time = np.arange(1.0, 41)
    full = {"loss": 0.05 * time**-0.6, "val_loss": 0.051 * time**-0.6, "accuracy": 0 * time}
    with_it = {reading.code for reading in explain_history(history_from_columns(full))}
    without = {
        reading.code for reading in explain_history(history_from_columns({n: full[n] for n in ("loss", "val_loss")}))
    }
    assert with_it - without == {"EX103"}


def test_codes_and_names_are_unique_and_ranked() -> None:
    kinds = [kind for kind, _ in all_kinds()]
    assert len({kind.name for kind in kinds}) == len(kinds)
    assert len({kind.rank for kind in kinds}) == len(kinds)
    assert all(code in {kind.code for kind in kinds} for kind in kinds for code in kind.silences)


def test_of_one_file_twice_the_curves_cannot_tell() -> None:
    time = np.arange(1.0, 41)
    history = history_from_columns({"loss": 1 / time, "val_loss": 1 / time}, loss="mse")
    assert [reading.code for reading in explain_pair(history, history)] == ["EX506"]


def test_a_pair_does_not_depend_on_the_order() -> None:
    time = np.arange(1.0, 41)
    one = history_from_columns({"loss": 0.01 + np.exp(-time), "val_loss": 0.01 + np.exp(-time)}, name="one", loss="mse")
    two = history_from_columns({"loss": 0.02 + np.exp(-time), "val_loss": 0.02 + np.exp(-time)}, name="two", loss="mse")
    for pair in ((one, two), (two, one)):
        (reading,) = explain_pair(*pair)
        assert reading.evidence["better"] == "one"
        assert reading.confidence == "likely"
