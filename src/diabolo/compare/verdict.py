"""The verdict in plain words: which model is better, by how much, how sure; or that no difference was shown."""

import math
from collections.abc import Sequence

from diabolo.compare.comparison import SURE_BELOW, ComparedModel, Difference, PairedModels, Verdict
from diabolo.compare.metrics import METRICS, Metric
from diabolo.compare.pairs import best_model

_MOST_NAMED = 4


def give_verdict(models: Sequence[ComparedModel], pairs: Sequence[PairedModels], metric: Metric) -> Verdict:
    """What the pairs say together.

    Args:
        models: at least one.
        pairs: of them, judged by the deciding metric.
        metric: that decides.
    """
    if len(models) < 2:
        said = models[0].results[metric.name]
        return _nothing(
            f"There is one model only, {models[0].label}: nothing to compare.", [_mean(said.mean, metric)], metric
        )
    tested = [pair for pair in pairs if not pair.no_test]
    if not tested:
        return _untested(models, pairs, metric)
    best = best_model(models, metric).label
    shown = [pair for pair in pairs if pair.better is not None]
    of_best = [pair for pair in pairs if best in (pair.first, pair.second)]
    num_pairs = len(models) * (len(models) - 1) // 2
    if len(of_best) == len(models) - 1 and all(pair.better == best for pair in of_best):
        return _better(best, of_best, metric, num_pairs)
    if shown:
        return _partly(best, of_best, shown, metric, num_pairs)
    return _no_difference(best, of_best, tested, metric)


def _better(best: str, of_best: Sequence[PairedModels], metric: Metric, num_pairs: int) -> Verdict:
    nearest = min(of_best, key=lambda pair: abs(pair.differences[0].mean))
    found = nearest.differences[0]
    others = nearest.second if len(of_best) == 1 else f"the other {len(of_best)}"
    closest = "" if len(of_best) == 1 else f"; the nearest is {nearest.second}"
    return Verdict(
        kind="better",
        headline=f"{best} is better than {others}: by {_by(found, metric)} {metric.title} "
        f"({_evidence(found, metric)}{closest}).",
        sentences=(*_sure(found, num_pairs), *_other_metrics(nearest, metric), *_of_images(nearest)),
        metric=metric.name,
        best=best,
    )


def _partly(
    best: str, of_best: Sequence[PairedModels], shown: Sequence[PairedModels], metric: Metric, num_pairs: int
) -> Verdict:
    beaten = [pair for pair in of_best if pair.better == best]
    open_pairs = [pair for pair in of_best if pair.better is None]
    rivals = _listed([_other(pair, best) for pair in open_pairs])
    if beaten:
        weakest = min(beaten, key=lambda pair: abs(pair.differences[0].mean))
        headline = (
            f"{best} is better than {_listed([pair.second for pair in beaten])} "
            f"(by {_by(weakest.differences[0], metric)} {metric.title} or more); "
            f"no difference from {rivals} is shown."
        )
    else:
        headline = f"{best} has the best mean {metric.title}, but no difference from {rivals} is shown."
    elsewhere = [
        f"{pair.first} is better than {pair.second}: by {_by(pair.differences[0], metric)} "
        f"({_evidence(pair.differences[0], metric)})."
        for pair in shown
        if pair not in beaten
    ]
    about = [sentence for pair in open_pairs[:_MOST_NAMED] for sentence in _would_have_shown(pair, metric, named=True)]
    correction = f"All p-values are corrected for {num_pairs} comparisons (Holm)."
    return Verdict(
        kind="partly",
        headline=headline,
        sentences=(*about, *elsewhere[:_MOST_NAMED], correction),
        metric=metric.name,
        best=best,
    )


def _no_difference(
    best: str, of_best: Sequence[PairedModels], tested: Sequence[PairedModels], metric: Metric
) -> Verdict:
    candidates = [pair for pair in of_best if not pair.no_test] or list(tested)
    if len(tested) == 1 or len(candidates) == 1:
        pair = candidates[0]
        found = pair.differences[0]
        return Verdict(
            kind="no-difference",
            headline=f"No difference shown between {pair.first} and {pair.second}: {pair.first} is ahead by "
            f"{_by(found, metric)} {metric.title} ({_evidence(found, metric)}).",
            sentences=(*_would_have_shown(pair, metric, named=False), *_of_images(pair)),
            metric=metric.name,
            best=best,
        )
    widest = max(candidates, key=lambda pair: abs(pair.differences[0].mean))
    count = len({label for pair in tested for label in (pair.first, pair.second)})
    return Verdict(
        kind="no-difference",
        headline=f"No difference shown between {count} models: the best mean {metric.title} is that of {best}, "
        f"{_by(widest.differences[0], metric)} ahead of {_other(widest, best)} at most.",
        sentences=tuple(
            sentence for pair in candidates[:_MOST_NAMED] for sentence in _would_have_shown(pair, metric, named=True)
        ),
        metric=metric.name,
        best=best,
    )


def _untested(models: Sequence[ComparedModel], pairs: Sequence[PairedModels], metric: Metric) -> Verdict:
    """No pair can be tested: one seed, no common seed, no spread, or numbers that cannot be subtracted."""
    lone = [pair for pair in pairs if len(pair.seeds) == 1 and pair.differences]
    if lone:
        pair = lone[0]
        found = pair.differences[0]
        return _nothing(
            "No verdict: one seed says nothing about the next one.",
            [
                f"With seed {pair.seeds[0]}, {pair.first} is ahead of {pair.second} by "
                f"{_by(found, metric)} {metric.title}. The same model differs from seed to seed too, and by how much "
                "one seed does not tell.",
                "Train with `--seeds 5` or more.",
            ],
            metric,
        )
    reasons = dict.fromkeys(f"{pair.first} and {pair.second}: {pair.no_test}." for pair in pairs)
    return _nothing("No verdict: the models cannot be compared.", list(reasons)[:_MOST_NAMED], metric)


def _nothing(headline: str, sentences: Sequence[str], metric: Metric) -> Verdict:
    return Verdict(kind="none", headline=headline, sentences=tuple(sentences), metric=metric.name, best=None)


def _by(found: Difference, metric: Metric) -> str:
    return f"{metric.difference(abs(found.mean))}{metric.unit}"


def _evidence(found: Difference, metric: Metric) -> str:
    """`95 % interval 0.10 to 0.32 dB, 5 seeds, p = 0.004`; ends as amounts by which the first is ahead."""
    parts = []
    if found.t_interval is not None:
        parts.append(f"95 % interval {metric.interval(_ahead(found.t_interval, metric))}")
    parts.append(f"{found.n} {'seed' if found.n == 1 else 'seeds'}")
    if found.p_corrected is not None:
        parts.append(_p(found.p_corrected))
    return ", ".join(parts)


def _ahead(interval: tuple[float, float], metric: Metric) -> tuple[float, float]:
    return interval if metric.higher_is_better else (-interval[1], -interval[0])


def _p(value: float) -> str:
    return "p < 0.0001" if value < 0.0001 else f"p = {value:.2g}" if value < 0.1 else f"p = {value:.2f}"


def _sure(found: Difference, num_pairs: int) -> list[str]:
    assert found.p_corrected is not None
    corrected = f", corrected for {num_pairs} comparisons (Holm)" if num_pairs > 1 else ""
    odds = _one_in(found.p_corrected)
    return [
        f"How sure: were the two equally good, a difference as large as this would come {odds} "
        f"(paired t-test over seeds{corrected})."
    ]


def _one_in(p_value: float) -> str:
    if p_value < 1e-6:
        return "less than once in a million such comparisons"
    times = 1 / p_value
    rounded = round(times, -max(0, int(math.log10(times)) - 1))
    return f"about once in {rounded:,.0f} such comparisons"


def _other_metrics(pair: PairedModels, metric: Metric) -> list[str]:
    """The same pair in the other metrics, each with its interval, as amounts by which the first is better or worse."""
    said = []
    for found in pair.differences[1:]:
        if found.metric == "excess":
            continue
        other = METRICS[found.metric]
        is_better = (found.mean > 0) == other.higher_is_better
        interval = ""
        if found.t_interval is not None:
            ends = found.t_interval if found.mean > 0 else (-found.t_interval[1], -found.t_interval[0])
            interval = f" ({other.interval(ends)})"
        said.append(f"{_by(found, other)} {'better' if is_better else 'worse'} in {other.title}{interval}")
    return [f"In the other metrics {pair.first} is {'; '.join(said)}."] if said else []


def _would_have_shown(pair: PairedModels, metric: Metric, *, named: bool) -> list[str]:
    """The smallest difference that as many seeds show, and how many show half of it."""
    if pair.smallest is None:
        return [f"{pair.first} and {pair.second} cannot be compared: {pair.no_test}."] if pair.no_test else []
    found = pair.differences[0]
    between = f"{pair.first} and {pair.second} ({_by(found, metric)}, {_evidence(found, metric)}): " if named else ""
    half = f"{metric.difference(pair.smallest / 2)}{metric.unit}"
    more = (
        f"to show {half} takes about {pair.seeds_for_half} seeds" if pair.seeds_for_half else f"{half} is out of reach"
    )
    sentence = (
        f"{found.n} seeds show a true difference of {metric.difference(pair.smallest)}{metric.unit} in 8 of 10 such "
        f"comparisons; {more}"
    )
    alone = (
        ["By itself this interval leaves out 0, but of several comparisons one may do so by chance."]
        if found.p_value is not None and found.p_value < SURE_BELOW
        else []
    )
    return [f"{between}{sentence}.", *alone]


def _of_images(pair: PairedModels) -> list[str]:
    """What the images say, and of what they do not speak."""
    if pair.images is None:
        return []
    images = pair.images
    interval = f" (95 % interval {images.interval[0]:+.3f} to {images.interval[1]:+.3f} dB)" if images.interval else ""
    return [
        f"Image by image, {pair.first} is better on {images.share_first:.0%} of {images.num_images:,} test images, by "
        f"{images.mean:+.3f} dB on average{interval}. This speaks of these trained models on other images, not of "
        "what another seed would give."
    ]


def _mean(value: float, metric: Metric) -> str:
    return f"It reaches {metric.title} {metric.value(value)}{metric.unit}."


def _other(pair: PairedModels, label: str) -> str:
    return pair.second if pair.first == label else pair.first


def _listed(labels: Sequence[str]) -> str:
    if len(labels) > _MOST_NAMED:
        return f"{', '.join(labels[:_MOST_NAMED])} and {len(labels) - _MOST_NAMED} more"
    return f"{', '.join(labels[:-1])} and {labels[-1]}" if len(labels) > 1 else labels[0]
