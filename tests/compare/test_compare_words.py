"""What a reader is told: verdicts, warnings and the table, word for word."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from compare_builders import OTHER_LINE, RECIPE, model, write_run
from syrupy.assertion import SnapshotAssertion

from diabolo.compare import ComparedModel, ComparedReference, compare_runs, comparison_text
from diabolo.compare.convergence import ahead_at_the_end_only, not_converged
from diabolo.compare.fairness import unfairness
from diabolo.compare.metrics import METRICS
from diabolo.compare.pairs import pair_models
from diabolo.compare.verdict import give_verdict
from diabolo.runs import RunFolder

PSNR = METRICS["psnr"]
A = [26.0, 26.2, 25.9, 26.3, 26.1]
B = [25.6, 25.9, 25.5, 25.8, 25.8]
NEAR = [26.1, 26.1, 26.0, 26.2, 26.0]


def verdict(models: Sequence[ComparedModel], metric: str = "psnr") -> list[str]:
    found = give_verdict(models, pair_models(models, METRICS[metric]), METRICS[metric])
    return [f"{found.kind} ({found.best})", found.headline, *found.sentences]


@pytest.mark.parametrize(
    ("models", "metric"),
    [
        ([model("a", A), model("b", B)], "psnr"),
        ([model("a", A), model("b", B)], "loss"),
        ([model("a", A), model("b", NEAR)], "psnr"),
        ([model("a", A), model("b", NEAR)], "mse"),
        ([model("a", A), model("b", B), model("c", [24.0, 24.2, 24.1, 24.3, 24.0])], "psnr"),
        ([model("a", A), model("b", NEAR), model("c", B)], "psnr"),
        ([model("a", A), model("b", NEAR), model("c", [26.0, 26.1, 26.0, 26.1, 26.2])], "psnr"),
        ([model("a", A[:1]), model("b", B[:1])], "psnr"),
        ([model("a", A[:2]), model("b", B[:2])], "psnr"),
        ([model("a", A), model("b", A)], "psnr"),
        ([model("a", A), model("b", B, first_seed=9)], "psnr"),
        ([model("a", A)], "psnr"),
        ([model("a", A), model("b", B, recipe={**RECIPE, "loss": "mse"})], "loss"),
    ],
    ids=[
        "better", "better in loss", "no difference", "no difference in mse", "better of three", "partly",
        "no difference of three", "one seed", "two seeds", "equal", "no seed in common", "one model", "other losses",
    ],
)  # fmt: skip
def test_verdicts(models: list[ComparedModel], metric: str, snapshot: SnapshotAssertion) -> None:
    assert verdict(models, metric) == snapshot


def test_a_model_that_cannot_be_compared_does_not_hide_the_others() -> None:
    """The one with the best mean has other seeds; the other two are compared all the same."""
    models = [model("apart", [27.0], first_seed=50), model("a", A), model("b", NEAR)]
    found = verdict(models)
    assert found[0] == "no-difference (apart)"
    assert found[1] == "No difference shown: apart has the best mean PSNR, and cannot be compared."
    assert found[2] == "apart and a cannot be compared: they have no seed in common."
    assert verdict([*models[:2], model("b", B)])[1].startswith("apart has the best mean PSNR, but no difference from ")


def test_the_best_is_told_by_the_seeds_that_all_have() -> None:
    """A lucky seed that only the second model has must not make it the best."""
    found = verdict([model("a", A), model("b", [*B, 40.0])])
    assert found[0] == "better (a)"


def compared(tmp_path: Path, **second: Any) -> list[tuple[str, str]]:
    """Warnings about two models that are the same but for what is given."""
    seeds = second.pop("seeds", 3)
    first = [
        write_run(tmp_path / "a" / str(seed), 26 + seed / 10, seed=seed, name="a", **second.pop("first", {}))
        for seed in range(3)
    ]
    line = second.pop("line", OTHER_LINE)
    other = [
        write_run(tmp_path / "b" / str(seed), 25 + seed / 9, seed=seed, name="b", line=line, **second)
        for seed in range(seeds)
    ]
    return [(warning.code, warning.sentence) for warning in compare_runs([*first, *other]).warnings]


def test_a_fair_comparison_has_no_warning(tmp_path: Path) -> None:
    assert compared(tmp_path) == []


@pytest.mark.parametrize(
    ("code", "second"),
    [
        ("images", {"data": {"name": "others", "digest": "sha256:00", "source": "cache"}}),
        ("loss", {"recipe": {"loss": "mse"}}),
        ("split", {"recipe": {"validation_fraction": 0.2}}),
        ("split", {"recipe": {"validation": "test", "keep": "last"}}),
        ("validated-on-test", {"recipe": {"validation": "test", "keep": "last"}}),
        ("selected-on-test", {"recipe": {"validation": "test"}}),
        ("latent-size", {"line": "conv8 relu bn pool | up conv3 sigmoid"}),
        ("parameters", {"line": "conv8 relu bn pool | up conv3 sigmoid"}),
        ("macs", {"line": "conv8 relu bn pool | up conv3 sigmoid"}),
        ("time", {"val_psnr": (20.0, 24.0, 24.5, 24.9, 25.0, 25.0)}),
        ("machines", {"threads": 2}),
        ("machines", {"machine": {"processor": "another", "cores": 2}}),
        ("recipe", {"recipe": {"learning_rate": 0.1}}),
        ("engine", {"engine": "fused"}),
        ("seeds", {"seeds": 4}),
        ("two-seeds", {"seeds": 2}),
        ("not-converged", {"val_psnr": (20.0, 23.0, 24.0, 24.5)}),
        ("one-epoch", {"val_psnr": (20.0,)}),
    ],
)
def test_what_is_unfair_is_said_with_numbers(
    tmp_path: Path, code: str, second: dict, snapshot: SnapshotAssertion
) -> None:
    found = dict(compared(tmp_path, **second))
    assert found[code] == snapshot


def test_a_verdict_points_at_what_may_turn_it_round(tmp_path: Path) -> None:
    rising = (20.0, 23.0, 24.0, 24.5)
    other: dict[str, Any] = {"line": OTHER_LINE, "recipe": {"learning_rate": 0.1}}
    folders = [
        write_run(tmp_path / name / str(seed), psnr, seed=seed, name=name, val_psnr=rising, **more)
        for name, psnrs, more in (("a", A, {}), ("b", [24.0, 24.3, 24.1, 24.2, 24.0], other))
        for seed, psnr in enumerate(psnrs)
    ]
    found = compare_runs(folders).verdict
    assert found.kind == "better"
    assert found.sentences[-1] == (
        "This is about these trainings; before you take it for the models, read what makes it unfair: "
        "recipe, not-converged."
    )


def with_curve(label: str, psnrs: Sequence[float], curve: Sequence[float]) -> ComparedModel:
    import dataclasses

    made = model(label, psnrs)
    runs = tuple(dataclasses.replace(run, val_psnr=tuple(curve)) for run in made.runs)
    return dataclasses.replace(made, runs=runs)


def test_a_lead_of_the_last_epoch_only_is_told(snapshot: SnapshotAssertion) -> None:
    first = with_curve("a", A, [20, 21, 22, 25.1])
    second = with_curve("b", B, [21, 22, 24, 25.0])
    models = [first, second]
    (warning,) = ahead_at_the_end_only(pair_models(models, PSNR), models)
    assert warning.sentence == snapshot
    steady = [with_curve("a", A, [21.5, 21, 24.5, 25.1]), second]
    assert ahead_at_the_end_only(pair_models(steady, PSNR), steady) == []
    short = [with_curve("a", A, [20, 25.1]), with_curve("b", B, [21, 25.0])]
    assert ahead_at_the_end_only(pair_models(short, PSNR), short) == []
    equal = [with_curve("a", A, [20, 21, 22, 25.1]), with_curve("b", NEAR, [21, 22, 24, 25.0])]
    assert ahead_at_the_end_only(pair_models(equal, PSNR), equal) == [], "nothing is better there"


def test_curves_that_are_no_numbers_say_nothing() -> None:
    assert not_converged([with_curve("a", A, [20, float("nan"), 22, float("nan")])]) == []


def test_the_gain_is_that_of_the_last_tenth() -> None:
    rising = with_curve("a", A, [20 + 0.012 * epoch for epoch in range(50)])
    (warning,) = not_converged([rising])
    assert "over the last 5 epochs validation PSNR rose (a +0.06 dB)" in warning.sentence


def test_the_text_of_a_comparison(tmp_path: Path, snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folders = [
        write_run(Path(name) / f"seed{seed}", psnr, seed=seed, name=name, line=line)
        for name, line, psnrs in (("first", "conv4 relu bn pool | up conv3 sigmoid", A), ("second", OTHER_LINE, B))
        for seed, psnr in enumerate(psnrs)
    ]
    (folders[3] / "history.csv").unlink()
    reference = ComparedReference(
        title="PCA with 64 values", psnr=27.5, mse=0.00178, ssim=0.9, bce_excess=None, latent_values=64,
        bytes_per_image=None, note="",
    )  # fmt: skip
    assert comparison_text(compare_runs(folders, references=[reference])) == snapshot


def test_of_many_runs_left_out_the_first_are_named(tmp_path: Path) -> None:
    good = write_run(tmp_path / "good", 26.0)
    text = comparison_text(compare_runs([good, *(tmp_path / str(number) for number in range(30))]))
    assert "Left out (30):" in text
    assert text[-1] == "  … and 20 more"


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.42, "0.42"), (0.0312, "0.031"), (-0.0031, "-0.0031"), (0.0, "0.00"), (1e-9, "0.00000"), (-1e-9, "0.00000")],
)
def test_small_differences_keep_their_digits(value: float, written: str) -> None:
    assert PSNR.difference(value) == written


def test_intervals_of_errors_are_told_as_amounts_ahead() -> None:
    """The loss of the better model is lower, so its difference is negative; the words are of how far it is ahead."""
    headline = verdict([model("a", A), model("b", B)], "loss")[1]
    mean = np.mean([10 ** (-b / 10) - 10 ** (-a / 10) for a, b in zip(A, B, strict=True)])
    assert f"by {METRICS['loss'].difference(float(mean))} loss" in headline
    assert "interval 0." in headline


@pytest.mark.parametrize(
    ("short", "long", "sentence"),
    [
        (0.01, 0.4175, None),
        (0.9, 0.99, None),
        (0.0, 0.0, None),
        (0.01, 1.0, "b has 1.0 s of training, and a less than 0.1 s."),
        (2.0, 2.5, "b has 2.5 s of training, and a 2.0 s, 1.2 times as much."),
        (9.96, 417.5, "b has 418 s of training, and a 10 s, 42 times as much."),
        (3.0, 3750.0, "b has 3,750 s of training, and a 3.0 s, 1,200 times as much."),
        (100.0, 109.0, None),
    ],
)
def test_times_are_compared_where_they_mean_something(
    tmp_path: Path, short: float, long: float, sentence: str | None
) -> None:
    record = RunFolder(path=write_run(tmp_path / "run", 25)).record()
    models = [model("a", A, seconds=short), model("b", A, seconds=long)]
    found = {warning.code: warning.sentence for warning in unfairness(models, [], [[record], [record]])}
    assert found.get("time") == sentence
