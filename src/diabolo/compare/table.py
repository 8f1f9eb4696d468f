"""A comparison as text for a terminal."""

from collections.abc import Sequence

from diabolo.compare.comparison import ComparedModel, Comparison, PairedModels, Spread
from diabolo.compare.metrics import METRICS

_MOST_PAIRS = 15
_MOST_LEFT_OUT = 10


def comparison_text(comparison: Comparison) -> list[str]:
    """Verdict, table of models, pairs, references, warnings, runs left out."""
    lines = [comparison.verdict.headline, *(f"  {sentence}" for sentence in comparison.verdict.sentences), ""]
    lines += _models(comparison)
    if any(pair.differences for pair in comparison.pairs):
        lines += ["", *_pairs(comparison)]
    if comparison.references:
        lines += ["", *_references(comparison)]
    if comparison.warnings:
        lines += ["", "What makes this comparison less than fair:"]
        lines += [f"  {warning.code}: {warning.sentence}" for warning in comparison.warnings]
    if comparison.left_out:
        lines += ["", f"Left out ({len(comparison.left_out)}):"]
        lines += [f"  {run.folder}: {run.reason}" for run in comparison.left_out[:_MOST_LEFT_OUT]]
        if len(comparison.left_out) > _MOST_LEFT_OUT:
            lines.append(f"  … and {len(comparison.left_out) - _MOST_LEFT_OUT} more")
    return lines


def grid(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table: the first column to the left, the others to the right."""
    widths = [max(len(row[column]) for row in [heads, *rows]) for column in range(len(heads))]
    lines = [_aligned(row, widths) for row in [heads, *rows]]
    return [lines[0], "─" * (sum(widths) + 2 * (len(widths) - 1)), *lines[1:]]


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(row, widths, strict=True)
    cells = [f"{first[0]:<{first[1]}}", *(f"{cell:>{width}}" for cell, width in others)]
    return "  ".join(cells).rstrip()


def _models(comparison: Comparison) -> list[str]:
    names = list(METRICS)
    heads = ["model", "n", "params", "latent", "MMAC", "img/s", *(_head(name) for name in names)]
    rows = [
        [
            model.label,
            str(len(model.runs)),
            f"{model.num_parameters:,}",
            f"{model.num_latent_values:,}",
            f"{model.macs / 1e6:.2f}",
            f"{model.images_per_second:,.0f}",
            *(
                _spread(
                    model.results[name],
                    name,
                )
                for name in names
            ),
        ]
        for model in comparison.models
    ]
    best = [
        f"best {METRICS[name].title}: {_best_of(comparison.models, name)}" for name in ("psnr", "mse", "ssim", "loss")
    ]
    return [
        "On the test images at the end of training, mean ± deviation over n seeds:",
        *grid(heads, rows),
        f"Single runs: {'; '.join(best)}",
        "Lines:",
        *(f"  {model.label}: {model.line}" for model in comparison.models),
    ]


def _head(name: str) -> str:
    return {"psnr": "PSNR dB", "mse": "MSE", "ssim": "SSIM", "loss": "loss", "excess": "above floor"}[name]


def _spread(spread: Spread, name: str) -> str:
    metric = METRICS[name]
    if spread.deviation is None:
        return metric.value(spread.mean)
    return f"{metric.value(spread.mean)} ± {metric.difference(spread.deviation)}"


def _best_of(models: Sequence[ComparedModel], name: str) -> str:
    """The best single run by a metric, with its seed."""
    metric = METRICS[name]
    sign = 1 if metric.higher_is_better else -1
    model, run = max(
        ((model, run) for model in models for run in model.runs), key=lambda pair: sign * pair[1].test[name]
    )
    return f"{metric.value(run.test[name])}{metric.unit} ({model.label}, seed {run.seed})"


def _pairs(comparison: Comparison) -> list[str]:
    metric = METRICS[comparison.verdict.metric]
    shown = [pair for pair in comparison.pairs if pair.differences]
    heads = ["first - second", "seeds", f"{metric.title}{metric.unit}", "t interval", "bootstrap", "p (Holm)", "better"]
    lines = [
        f"Paired differences in {metric.title} over seeds, 95 % intervals of each pair alone:",
        *grid(heads, [_pair_row(pair) for pair in shown[:_MOST_PAIRS]]),
    ]
    if len(shown) > _MOST_PAIRS:
        lines.append(f"… and {len(shown) - _MOST_PAIRS} more")
    if any(difference.n < 5 for pair in shown for difference in pair.differences[:1]):
        lines.append("Below 5 seeds there is no bootstrap interval: so few runs have too few resamples.")
    for pair in shown:
        if pair.images is not None:
            low, high = pair.images.interval or (pair.images.mean, pair.images.mean)
            lines.append(
                f"Over {pair.images.num_images:,} images (not seeds), {pair.first} - {pair.second}: "
                f"{pair.images.mean:+.3f} dB ({low:+.3f} to {high:+.3f}), better on {pair.images.share_first:.0%}"
            )
    return lines


def _pair_row(pair: PairedModels) -> list[str]:
    found = pair.differences[0]
    metric = METRICS[found.metric]
    intervals = [
        "-" if ends is None else f"{metric.difference(ends[0])} to {metric.difference(ends[1])}"
        for ends in (found.t_interval, found.bootstrap_interval)
    ]
    p_value = "-" if found.p_corrected is None else f"{found.p_corrected:.2g}"
    return [
        f"{pair.first} - {pair.second}",
        str(found.n),
        metric.difference(found.mean),
        *intervals,
        p_value,
        pair.better or ("no test" if pair.no_test else "not shown"),
    ]


def _references(comparison: Comparison) -> list[str]:
    rows = [
        [
            one.title,
            "-" if one.psnr is None else f"{one.psnr:.2f}",
            "-" if one.mse is None else f"{one.mse:.5f}",
            "-" if one.ssim is None else f"{one.ssim:.3f}",
            "-" if one.latent_values is None else f"{one.latent_values:,}",
            "-" if one.bytes_per_image is None else f"{one.bytes_per_image:,.0f}",
        ]
        for one in comparison.references
    ]
    heads = ["without training", "PSNR dB", "MSE", "SSIM", "values", "bytes"]
    return ["On the same test images:", *grid(heads, rows)]
