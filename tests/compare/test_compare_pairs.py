"""Paired differences of models, beside SciPy and by simulation through the code that judges real comparisons."""

import math

import numpy as np
import pytest
from compare_builders import RECIPE, model
from scipy import stats

from diabolo.compare.metrics import METRICS
from diabolo.compare.pairs import MOST_WITH_ALL_PAIRS, pair_models
from diabolo.compare.sensitivity import sensitivity

PSNR = METRICS["psnr"]
A = [26.0, 26.2, 25.9, 26.3, 26.1]
B = [25.6, 25.9, 25.5, 25.8, 25.8]


@pytest.mark.parametrize("name", ["psnr", "mse", "ssim", "loss"])
def test_the_better_comes_first_and_the_test_is_scipys(name: str) -> None:
    """Whichever is named first; PSNR and SSIM are better when higher, errors when lower."""
    good, bad = model("good", A), model("bad", B)
    for models in ((good, bad), (bad, good)):
        (pair,) = pair_models(models, METRICS[name])
        assert (pair.first, pair.second, pair.better) == ("good", "bad", "good")
        found = pair.differences[0]
        assert (found.metric, found.n, pair.seeds) == (name, 5, (0, 1, 2, 3, 4))
        values = [[run.test[name] for run in one.runs] for one in (good, bad)]
        theirs = stats.ttest_rel(*values)
        assert found.p_value == pytest.approx(theirs.pvalue, rel=1e-9)
        assert found.p_corrected == found.p_value
        assert found.t_interval == pytest.approx(tuple(theirs.confidence_interval(0.95)), rel=1e-9)
        assert found.bootstrap_interval is not None
        assert {difference.metric for difference in pair.differences} == set(METRICS)


def test_runs_are_paired_by_seed_and_not_by_place() -> None:
    """The second model lacks seed 0; its seed 1 must meet seed 1."""
    (pair,) = pair_models([model("a", A), model("b", B[1:], first_seed=1)], PSNR)
    assert pair.seeds == (1, 2, 3, 4)
    assert pair.differences[0].mean == pytest.approx(np.mean(np.subtract(A[1:], B[1:])))


def test_several_pairs_are_corrected_together() -> None:
    """Three models: the smallest p-value times 3, the next times 2."""
    random = np.random.default_rng(0)
    models = [model(name, 26 + random.normal(0, 0.1, 6)) for name in "abc"]
    pairs = pair_models(models, PSNR)
    raw = sorted(pair.differences[0].p_value or 0 for pair in pairs)
    corrected = sorted(pair.differences[0].p_corrected or 0 for pair in pairs)
    assert corrected[0] == pytest.approx(min(1.0, 3 * raw[0]))
    assert corrected[1] == pytest.approx(min(1.0, max(3 * raw[0], 2 * raw[1])))
    assert all((pair.better is not None) == ((pair.differences[0].p_corrected or 0) < 0.05) for pair in pairs)


def test_of_many_models_the_pairs_with_the_best_are_shown_and_all_are_counted() -> None:
    random = np.random.default_rng(1)
    number = MOST_WITH_ALL_PAIRS + 1
    models = [model(f"m{place}", 26 + random.normal(0, 0.1, 4)) for place in range(number - 1)]
    models.append(model("best", 27 + random.normal(0, 0.1, 4)))
    pairs = pair_models(models, PSNR)
    assert len(pairs) == number - 1
    assert all(pair.first == "best" for pair in pairs)
    raw = min(pair.differences[0].p_value or 0 for pair in pairs)
    corrected = min(pair.differences[0].p_corrected or 0 for pair in pairs)
    assert corrected == pytest.approx(min(1.0, raw * math.comb(number, 2)))


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        (model("b", [25.6]), "they have one seed in common (0), and what another would give is not known"),
        (model("b", B, first_seed=5), "they have no seed in common"),
        (
            model("b", [value - 0.25 for value in A]),
            "they differ by the same 0.25 dB at every seed, so that nothing says how it varies",
        ),
        (model("b", A), "their results are the same at every seed"),
        (model("b", B, data={"name": "others", "digest": "sha256:00"}), "they were measured on different images"),
    ],
)
def test_what_cannot_be_tested_says_why(second: object, reason: str) -> None:
    (pair,) = pair_models([model("a", A), second], PSNR)  # type: ignore[list-item]
    assert pair.no_test == reason
    assert (pair.better, pair.smallest, pair.seeds_for_half) == (None, None, None)


def test_losses_are_compared_only_with_themselves() -> None:
    other = model("b", B, recipe={**RECIPE, "loss": "mse"})
    (pair,) = pair_models([model("a", A), other], PSNR)
    assert {difference.metric for difference in pair.differences} == {"psnr", "mse", "ssim"}
    (pair,) = pair_models([model("a", A), other], METRICS["loss"])
    assert pair.no_test == "they were trained on different losses (bce and mse)"
    assert pair.differences == ()


def test_two_seeds_have_an_interval_and_one_model_has_no_pairs() -> None:
    (pair,) = pair_models([model("a", A[:2]), model("b", B[:2])], PSNR)
    found = pair.differences[0]
    assert found.t_interval is not None
    assert found.bootstrap_interval is None
    assert pair_models([model("a", A)], PSNR) == ()


def test_equal_models_are_rarely_told_apart_and_what_is_stated_is_shown() -> None:
    """The small brother of `benchmarks/simulate_verdicts.py`; bounds are three standard errors of 300 comparisons."""
    random = np.random.default_rng(7)
    times, seeds = 300, 5
    smallest, _ = sensitivity(seeds, 0.05, 0.8)

    def compared(gain: float) -> object:
        shared = 26 + random.normal(0, 0.2, seeds)
        first, second = (shared + random.normal(0, 0.1, seeds) for _ in range(2))
        return pair_models([model("a", first + gain), model("b", second)], PSNR, others=())[0]

    false = shown = covered = 0
    for _ in range(times):
        equal = compared(0.0)
        false += equal.better is not None  # type: ignore[attr-defined]
        low, high = equal.differences[0].t_interval  # type: ignore[attr-defined]
        covered += low <= 0 <= high
        assert equal.smallest == pytest.approx(smallest * equal.differences[0].deviation)  # type: ignore[attr-defined]
        shown += compared(equal.smallest).better == "a"  # type: ignore[attr-defined]
    assert false / times < 0.05 + 3 * math.sqrt(0.05 * 0.95 / times)
    assert abs(covered / times - 0.95) < 3 * math.sqrt(0.05 * 0.95 / times)
    assert abs(shown / times - 0.8) < 3 * math.sqrt(0.8 * 0.2 / times)


@pytest.mark.parametrize(("num_seeds", "alpha"), [(3, 0.05), (5, 0.05), (10, 0.005)])
def test_seeds_for_half_are_enough_and_one_less_is_not(num_seeds: int, alpha: float) -> None:
    """By simulation of both steps: a deviation from `num_seeds`, then a comparison with as many as were said."""
    smallest, needed = sensitivity(num_seeds, alpha, 0.8)
    assert needed is not None
    random = np.random.default_rng(num_seeds)
    times = 40_000

    def shown(planned: int) -> float:
        known = np.sqrt(random.chisquare(num_seeds - 1, times) / (num_seeds - 1))
        means = smallest / 2 * known + random.normal(0, 1 / math.sqrt(planned), times)
        deviations = np.sqrt(random.chisquare(planned - 1, times) / (planned - 1))
        limit = stats.t.ppf(1 - alpha / 2, planned - 1)
        return float(np.mean(np.abs(means) * math.sqrt(planned) / deviations > limit))

    error = 3 * math.sqrt(0.8 * 0.2 / times)
    assert shown(needed) > 0.8 - error
    assert shown(needed - 1) < 0.8 + error
