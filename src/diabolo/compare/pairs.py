"""Pairs of models: differences over the seeds that both have, corrected for the number of pairs."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from diabolo.compare.comparison import POWER, SURE_BELOW, ComparedModel, Difference, PairedModels
from diabolo.compare.images import image_difference
from diabolo.compare.metrics import LOSSES, METRICS, Metric
from diabolo.compare.sensitivity import sensitivity
from diabolo.stats import holm, paired_difference

MOST_WITH_ALL_PAIRS = 12
"""Models; of more, only the pairs with the best one are shown. The correction counts all pairs in any case."""


def best_model(models: Sequence[ComparedModel], metric: Metric) -> ComparedModel:
    """The model with the best mean, over the seeds that all have where there are some."""
    sign = 1 if metric.higher_is_better else -1
    common = sorted(set.intersection(*({run.seed for run in model.runs} for model in models)))
    if not common:
        return max(models, key=lambda model: sign * model.results[metric.name].mean)
    return max(models, key=lambda model: sign * math.fsum(_values(model, common, metric.name)))


def pair_models(
    models: Sequence[ComparedModel], metric: Metric, *, others: Sequence[str] = tuple(METRICS)
) -> tuple[PairedModels, ...]:
    """Pairs of models, each with the better one first, in the order of the models; without images.

    Args:
        models: by label.
        metric: that decides which is better.
        others: metrics whose differences are worked out too.
    """
    chosen = list(itertools.combinations(models, 2))
    num_pairs = len(chosen)
    if len(models) > MOST_WITH_ALL_PAIRS:
        best = best_model(models, metric)
        chosen = [pair for pair in chosen if best in pair]
    names = [metric.name, *(name for name in others if name != metric.name)]
    pairs = _corrected([_pair(first, second, metric, names) for first, second in chosen], num_pairs)
    return tuple(_judged(pair, num_pairs) for pair in pairs)


def with_images(
    pairs: Sequence[PairedModels],
    models: Sequence[ComparedModel],
    metric: Metric,
    test_psnr: Mapping[str, Mapping[int, NDArray[np.float32]]],
) -> tuple[PairedModels, ...]:
    """The pairs with their per-image differences, as far as the best model is in them and its runs have them.

    Args:
        pairs: from `pair_models`.
        models: the same.
        metric: the same.
        test_psnr: PSNR of each test image in dB, (N,), by label and seed.
    """
    if not pairs:
        return ()
    best = best_model(models, metric).label
    return tuple(
        replace(pair, images=image_difference(test_psnr[pair.first], test_psnr[pair.second], pair.seeds))
        if pair.differences and best in (pair.first, pair.second)
        else pair
        for pair in pairs
    )


def _pair(first: ComparedModel, second: ComparedModel, metric: Metric, names: Sequence[str]) -> PairedModels:
    seeds = tuple(sorted({run.seed for run in first.runs} & {run.seed for run in second.runs}))
    reason = _no_test(first, second, seeds, metric)
    if reason is not None:
        return _untested(first, second, seeds, reason)
    values = {model.label: _values(model, seeds, metric.name) for model in (first, second)}
    ahead = sum(values[first.label]) - sum(values[second.label])
    if (ahead if metric.higher_is_better else -ahead) < 0:
        first, second = second, first
    same_loss = first.recipe.get("loss") == second.recipe.get("loss")
    differences = tuple(
        _difference(name, _values(first, seeds, name), _values(second, seeds, name))
        for name in names
        if same_loss or name not in LOSSES
    )
    deciding, no_test = differences[0], ""
    if deciding.n < 2:
        no_test = f"they have one seed in common ({seeds[0]}), and what another would give is not known"
    elif deciding.deviation == 0:
        by = f"{metric.difference(deciding.mean)}{metric.unit}"
        no_test = f"they differ by the same {by} at every seed, so that nothing says how it varies"
        if deciding.mean == 0:
            no_test = "their results are the same at every seed"
    return replace(_untested(first, second, seeds, no_test), differences=differences)


def _no_test(first: ComparedModel, second: ComparedModel, seeds: Sequence[int], metric: Metric) -> str | None:
    """Why the numbers of two models cannot be subtracted at all."""
    if first.data["digest"] != second.data["digest"]:
        return "they were measured on different images"
    if metric.name in LOSSES and first.recipe.get("loss") != second.recipe.get("loss"):
        return f"they were trained on different losses ({first.recipe.get('loss')} and {second.recipe.get('loss')})"
    if not seeds:
        return "they have no seed in common"
    return None


def _untested(first: ComparedModel, second: ComparedModel, seeds: tuple[int, ...], reason: str) -> PairedModels:
    return PairedModels(
        first=first.label,
        second=second.label,
        seeds=seeds,
        differences=(),
        better=None,
        smallest=None,
        seeds_for_half=None,
        no_test=reason,
    )


def _values(model: ComparedModel, seeds: Sequence[int], name: str) -> list[float]:
    by_seed = {run.seed: run.test[name] for run in model.runs}
    return [by_seed[seed] for seed in seeds]


def _difference(name: str, first: Sequence[float], second: Sequence[float]) -> Difference:
    found = paired_difference(first, second)
    return Difference(
        metric=name,
        n=found.n,
        mean=found.mean,
        deviation=found.deviation if found.n > 1 else None,
        t_interval=found.t_interval,
        bootstrap_interval=found.bootstrap_interval,
        p_value=found.p_value,
        p_corrected=None,
    )


def _corrected(pairs: Sequence[PairedModels], num_pairs: int) -> list[PairedModels]:
    """The pairs with Holm's correction, metric by metric; pairs that are not shown or not tested count as p = 1."""
    differences = [list(pair.differences) for pair in pairs]
    for name in METRICS:
        places = [
            (row, column)
            for row, found in enumerate(differences)
            for column, difference in enumerate(found)
            if difference.metric == name and difference.p_value is not None
        ]
        p_values = [differences[row][column].p_value or 0.0 for row, column in places]
        corrected = holm([*p_values, *[1.0] * (num_pairs - len(places))])
        for (row, column), value in zip(places, corrected, strict=False):
            differences[row][column] = replace(differences[row][column], p_corrected=value)
    return [replace(pair, differences=tuple(found)) for pair, found in zip(pairs, differences, strict=True)]


def _judged(pair: PairedModels, num_pairs: int) -> PairedModels:
    """The pair with which model is better, or with what as many seeds would have shown.

    For the power every pair is judged as the strictest of Holm's steps does it, by 5 % over the number of pairs.
    """
    if pair.no_test or not pair.differences:
        return pair
    deciding = pair.differences[0]
    assert deciding.deviation is not None
    smallest, seeds_for_half = sensitivity(deciding.n, SURE_BELOW / num_pairs, POWER)
    return replace(
        pair,
        better=pair.first if deciding.p_corrected is not None and deciding.p_corrected < SURE_BELOW else None,
        smallest=smallest * deciding.deviation,
        seeds_for_half=seeds_for_half,
    )
