"""A comparison as the page shows it: verdict, pairs, warnings, what was left out, references."""

from dataclasses import replace

from diabolo.compare.comparison import Comparison, PairedModels
from diabolo.compare.metrics import METRICS
from diabolo.report.content import LeftOutPart, PairPart, ReferencePart, ReportContent, VerdictPart


def with_verdict(content: ReportContent, comparison: Comparison) -> ReportContent:
    """The page with the verdict of a comparison of its runs.

    Args:
        content: the page of the runs.
        comparison: of the same runs; its own references stand where the page has none yet.
    """
    known = {part.folder for part in content.left_out}
    left_out = tuple(
        LeftOutPart(folder=one.folder, reason=f"not in the comparison: {one.reason}")
        for one in comparison.left_out
        if one.folder not in known
    )
    references = tuple(
        ReferencePart(
            title=one.title,
            psnr=one.psnr,
            mse=one.mse,
            ssim=one.ssim,
            latent_values=one.latent_values,
            bytes_per_image=one.bytes_per_image,
            note=one.note,
        )
        for one in sorted(comparison.references, key=lambda one: -(one.psnr or 0.0))
        if one.psnr is not None
    )
    verdict = comparison.verdict
    return replace(
        content,
        verdict=VerdictPart(headline=verdict.headline, sentences=verdict.sentences),
        pairs=tuple(_pair(pair) for pair in comparison.pairs),
        warnings=tuple(warning.sentence for warning in comparison.warnings),
        left_out=content.left_out + left_out,
        references=content.references or references,
    )


def _pair(pair: PairedModels) -> PairPart:
    deciding = pair.differences[0] if pair.differences else None
    metric = METRICS[deciding.metric] if deciding is not None else None
    return PairPart(
        first=pair.first,
        second=pair.second,
        metric="" if metric is None else f"{metric.title}{',' + metric.unit if metric.unit else ''}",
        num_seeds=len(pair.seeds),
        difference=None if deciding is None else deciding.mean,
        interval=None if deciding is None else deciding.t_interval,
        bootstrap=None if deciding is None else deciding.bootstrap_interval,
        p_value=None if deciding is None else deciding.p_corrected,
        sentence=_words(pair),
    )


def _words(pair: PairedModels) -> str:
    metric = METRICS[pair.differences[0].metric] if pair.differences else None
    if pair.no_test or metric is None:
        words = f"No test: {pair.no_test or 'no seed is common'}."
    elif pair.better is not None:
        words = f"{pair.better} is better."
    else:
        words = "No difference shown."
        if pair.smallest is not None:
            shown = f"{metric.difference(pair.smallest)}{metric.unit}"
            words += f" {len(pair.seeds)} seeds would have shown {shown} in 80 % of such comparisons"
            half = pair.seeds_for_half
            words += f"; {half:,} seeds, half of it." if half is not None else "."
    if pair.images is not None:
        images = pair.images
        words += (
            f" Image by image, {pair.first} is better on {100 * images.share_first:.0f} % of "
            f"{images.num_images:,} test images (these trained models, not other seeds)."
        )
    return words
