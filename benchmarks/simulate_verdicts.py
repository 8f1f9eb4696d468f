"""How often the verdict of a comparison errs, by simulation: `python benchmarks/simulate_verdicts.py`.

Each simulated comparison goes through the code that judges real ones. Results: `results/simulated-verdicts.json`.
"""

import argparse
import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diabolo.compare import METRICS, ComparedModel, ComparedRun, Spread
from diabolo.compare.comparison import POWER, SURE_BELOW
from diabolo.compare.pairs import pair_models
from diabolo.compare.verdict import give_verdict
from diabolo.stats import smallest_difference
from header import say, write_results

PSNR = METRICS["psnr"]
NUM_SEEDS = (3, 5, 10)
NUM_MODELS = (2, 3, 5)
NOISES = ("normal", "skewed")
BETWEEN_SEEDS = 0.2  # dB by which seeds move all models together, which pairing takes out
WITHIN = 0.1  # dB of each model's own noise


def noise(kind: str, shape: tuple[int, ...], random: np.random.Generator) -> NDArray[np.float64]:
    """Noise of mean 0 and deviation `WITHIN`; `skewed`: mostly near the best of a model, at times far below."""
    if kind == "normal":
        return random.normal(0, WITHIN, shape)
    return WITHIN * (1 - random.gamma(1.0, 1.0, shape))  # skewness -2


def made_up_models(values: NDArray[np.float64]) -> tuple[ComparedModel, ...]:
    """Models with these test PSNRs, (models, seeds)."""
    return tuple(_model(f"model-{number}", row) for number, row in enumerate(values))


def simulate(
    *, num_models: int, num_seeds: int, kind: str, gain: float, times: int, random: np.random.Generator
) -> dict[str, Any]:
    """Comparisons of equal models, of which the first is better by `gain` dB.

    Returns:
        Share with a verdict 'better' or 'partly', with one about models that are equal, with one for the better model
        over the second, and coverage of both intervals.
    """
    counts = {"any": 0, "wrong": 0, "right": 0, "t": 0, "bootstrap": 0, "pairs": 0, "bootstraps": 0}
    for _ in range(times):
        values = 26 + random.normal(0, BETWEEN_SEEDS, num_seeds) + noise(kind, (num_models, num_seeds), random)
        values[0] += gain
        models = made_up_models(values)
        pairs = pair_models(models, PSNR, others=())
        verdict = give_verdict(models, pairs, PSNR)
        counts["any"] += verdict.kind in ("better", "partly")
        better = [(pair.better, pair.second) for pair in pairs if pair.better is not None]
        counts["wrong"] += any(gain == 0 or first != "model-0" for first, _ in better)
        counts["right"] += ("model-0", "model-1") in better
        for pair in pairs:
            truth = gain * ((pair.first == "model-0") - (pair.second == "model-0"))
            found = pair.differences[0]
            assert found.t_interval is not None
            counts["pairs"] += 1
            counts["t"] += found.t_interval[0] <= truth <= found.t_interval[1]
            if found.bootstrap_interval is not None:
                counts["bootstraps"] += 1
                counts["bootstrap"] += found.bootstrap_interval[0] <= truth <= found.bootstrap_interval[1]
    return {
        "comparisons": times,
        "gain_db": gain,
        "verdict_better": counts["any"] / times,
        "wrong_better": counts["wrong"] / times,
        "first_over_second": counts["right"] / times,
        "t_interval_covers": counts["t"] / counts["pairs"],
        "bootstrap_interval_covers": counts["bootstrap"] / counts["bootstraps"] if counts["bootstraps"] else None,
    }


def simulate_stated(*, num_models: int, num_seeds: int, kind: str, times: int, random: np.random.Generator) -> float:
    """Share of comparisons that show what an earlier one of the same models stated as the smallest difference."""
    shown = 0
    for _ in range(times):
        gain = 0.0
        for _ in range(2):  # the earlier one, of equal models; then one with a difference as large as it stated
            values = 26 + random.normal(0, BETWEEN_SEEDS, num_seeds) + noise(kind, (num_models, num_seeds), random)
            values[0] += gain
            first = next(
                pair
                for pair in pair_models(made_up_models(values), PSNR, others=())
                if {pair.first, pair.second} == {"model-0", "model-1"}
            )
            gain = first.smallest or 0.0
        shown += first.better == "model-0"
    return shown / times


def smallest(num_models: int, num_seeds: int) -> float:
    """What the comparison would state if it knew the noise, in dB."""
    alpha = SURE_BELOW / math.comb(num_models, 2)
    return smallest_difference(WITHIN * math.sqrt(2), num_seeds, alpha=alpha, power=POWER)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=2000, help="simulated comparisons of each setting")
    times: int = parser.parse_args().times
    arms: dict[str, Any] = {}
    say(
        f"{'noise':<7} {'models':>6} {'seeds':>5} | equal: any better | t covers, bootstrap "
        "| better by the smallest: shown"
    )
    for place, (kind, num_models, num_seeds) in enumerate(itertools.product(NOISES, NUM_MODELS, NUM_SEEDS)):
        options = {"num_models": num_models, "num_seeds": num_seeds, "kind": kind, "times": times}
        equal = simulate(gain=0.0, random=np.random.default_rng([place, 0]), **options)
        gain = smallest(num_models, num_seeds)
        better = simulate(gain=gain, random=np.random.default_rng([place, 1]), **options)
        stated = simulate_stated(random=np.random.default_rng([place, 2]), **options)
        arms[f"{kind}, {num_models} models, {num_seeds} seeds"] = {
            "equal": equal,
            "first_is_better": better,
            "shown_of_what_was_stated": stated,
        }
        bootstrap = equal["bootstrap_interval_covers"]
        say(
            f"{kind:<7} {num_models:>6} {num_seeds:>5} | {equal['verdict_better']:>17.2%} | "
            f"{equal['t_interval_covers']:.2%}, {'none' if bootstrap is None else f'{bootstrap:.2%}'} | "
            f"{gain:.3f} dB: {better['first_over_second']:.1%}, of equal ones {better['wrong_better']:.1%}; "
            f"of what was stated {stated:.1%}"
        )
    target = write_results(
        "simulated-verdicts",
        unit="shares; dB",
        method=f"Test PSNR of a model and a seed: 26 dB + a normal effect of the seed ({BETWEEN_SEEDS} dB) for all "
        f"models + own noise of deviation {WITHIN} dB (normal; or skewed: one minus an exponential). "
        "`equal`: all models alike. `first_is_better`: one is better than all others by the difference that is stated "
        "to be shown with 80 % probability where the true deviation is known. `shown_of_what_was_stated`: how often a "
        "comparison shows a true difference as large as an earlier one of the same models stated, by the deviation of "
        "its own few seeds; of more than two models this is judged by the strictest step of Holm's, and is more.",
        arms=arms,
        settings={"between_seeds_db": BETWEEN_SEEDS, "within_db": WITHIN, "times": times},
    )
    say(f"Raw results: {target}")


def _model(label: str, psnrs: Sequence[float] | NDArray[np.float64]) -> ComparedModel:
    runs = tuple(
        ComparedRun(
            folder=label, seed=seed, test={"psnr": float(psnr)}, val_psnr=(), seconds=1.0, images_per_second=1.0
        )
        for seed, psnr in enumerate(psnrs)
    )
    spread = Spread(mean=float(np.mean(psnrs)), deviation=None, best=float(np.max(psnrs)), n=len(runs))
    return ComparedModel(
        label=label, line="", recipe={}, data={"digest": ""}, engine="", num_parameters=0, latent_shape=(),
        num_latent_values=0, macs=0, seconds=1.0, images_per_second=1.0, results={"psnr": spread}, runs=runs,
    )  # fmt: skip


if __name__ == "__main__":
    main()
