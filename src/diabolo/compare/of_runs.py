"""`compare_runs`: run folders -> `Comparison`; reads records and curves, never weights, and needs no torch."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from diabolo.compare.comparison import ComparedReference, Comparison
from diabolo.compare.fairness import unfairness
from diabolo.compare.folders import read_runs
from diabolo.compare.group import describe_models, drop_unreadable_lines, group_runs
from diabolo.compare.metrics import deciding_metric
from diabolo.compare.pairs import pair_models, with_images
from diabolo.compare.verdict import give_verdict, with_caution
from diabolo.errors import RunError


def compare_runs(
    folders: Iterable[str | Path],
    *,
    metric: str = "psnr",
    reasons: Mapping[str, str] | None = None,
    references: Sequence[ComparedReference] = (),
) -> Comparison:
    """Compares finished runs: grouped by line, recipe, images and engine, paired by seed.

    Runs that are missing, unfinished or damaged are named in `left_out` and enter no number.

    Args:
        folders: run folders.
        metric: that decides: `psnr`, `mse`, `ssim` or `loss`, on the test images at the end of training.
        reasons: why a training failed, by folder, where that is known better than from what it left there.
        references: what needs no training, on the same test images.

    Raises:
        RunError: none of the runs can be used.
        DiaboloError: no metric has that name.
    """
    chosen = deciding_metric(metric)
    runs, left_out = read_runs(folders, reasons)
    runs, impossible = drop_unreadable_lines(runs)
    groups, repeated = group_runs(runs)
    left_out += [*impossible, *repeated]
    if not groups:
        first = f"; the first of {len(left_out)}: {left_out[0].folder}: {left_out[0].reason}" if left_out else ""
        raise RunError(f"there is no finished run to compare{first}")
    models = describe_models(groups)
    test_psnr = {
        model.label: {run.run.seed: run.test_psnr for run in group if run.test_psnr is not None}
        for model, group in zip(models, groups, strict=True)
    }
    pairs = with_images(pair_models(models, chosen), models, chosen, test_psnr)
    warnings = unfairness(models, pairs, [[run.record for run in group] for group in groups])
    return Comparison(
        models=models,
        pairs=pairs,
        verdict=with_caution(give_verdict(models, pairs, chosen), warnings),
        warnings=warnings,
        left_out=tuple(left_out),
        references=tuple(references),
    )
