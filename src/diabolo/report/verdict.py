"""The first sentences of a page whose runs were not compared: what they reach, and what cannot be said."""

import math
from collections.abc import Sequence
from pathlib import Path

from diabolo.compare.folders import imported_words
from diabolo.report.content import ModelPart, ReferencePart, RunPart, VerdictPart
from diabolo.report.spread import result_spread
from diabolo.runs import RunFolder

_UNFINISHED = {
    "running": "is not finished: it is running, or was killed",
    "stopped": "was stopped before its end",
    "diverged": "diverged: its loss became NaN or infinite",
    "trained": "has trained to its end, and its test images were not read",
}


def plain_verdict(models: Sequence[ModelPart], references: Sequence[ReferencePart]) -> VerdictPart:
    """What runs reach, without a claim that one model is better.

    Args:
        models: at least one.
        references: what needs no training, on the same test images.
    """
    if len(models) > 1:
        return _of_several(models)
    model = models[0]
    if len(model.runs) == 1:
        return _of_one_run(model.label, model.runs[0], references)
    found = result_spread(model, "psnr")
    if found is None:
        return VerdictPart(headline=f"No run of {model.label} has test results yet.")
    over = f"{found.mean:.2f} dB in one finished run of {len(model.runs)}"
    if found.deviation is not None:
        over = f"{found.mean:.2f} ± {found.deviation:.2f} dB on the test images over {found.num_runs} runs"
    return VerdictPart(
        headline=f"{model.label} reaches {over}.",
        sentences=(*_against(found.mean, references), *_selection(model.runs)),
    )


def _of_several(models: Sequence[ModelPart]) -> VerdictPart:
    found = [(model, spread) for model in models if (spread := result_spread(model, "psnr")) is not None]
    if not found:
        return VerdictPart(headline=f"None of the {len(models)} models has test results yet.")
    best, highest = max(found, key=lambda pair: pair[1].mean)
    seeds = f" ± {highest.deviation:.2f} dB over {highest.num_runs} runs" if highest.deviation is not None else " dB"
    sentences = [
        "These runs were not compared as an experiment, so this is no verdict: `diabolo compare` trains over several "
        "seeds and says how sure it is."
    ]
    if any(spread.num_runs < 2 for _, spread in found):
        sentences.append("Some models have one run only; what another seed would give is not known for them.")
    return VerdictPart(
        headline=f"Of {len(models)} models, {best.label} has the highest mean PSNR: {highest.mean:.2f}{seeds}.",
        sentences=(*sentences, *_selection([run for model in models for run in model.runs])),
    )


def _of_one_run(label: str, run: RunPart, references: Sequence[ReferencePart]) -> VerdictPart:
    record = run.record
    test = record.test
    if {"psnr", "mse", "ssim", "loss", "excess"} <= set(test):
        images = f"{test['num_images']:,.0f} test images" if "num_images" in test else "the test images"
        has_lowest = "psnr" not in str(record.recipe.get("loss"))  # no lowest value of decibels means anything
        above = f", which is {test['excess']:.4f} above the lowest possible" if has_lowest else ""
        sentences = [f"MSE {test['mse']:.5f}, SSIM {test['ssim']:.3f}, loss {test['loss']:.4f}{above}."]
        sentences += [*_against(test["psnr"], references), *_selection([run])]
        return VerdictPart(headline=f"{label} reaches {test['psnr']:.2f} dB on {images}.", sentences=tuple(sentences))
    if record.status == "imported" and not run.rows:
        words = imported_words(RunFolder(path=Path(run.folder)), record)
        return VerdictPart(headline=f"{label} has no results here: {words}")
    headline = f"{label} {_UNFINISHED.get(record.status, 'has no test results')}."
    if not run.rows:
        return VerdictPart(headline=headline, sentences=("No epoch is finished.",))
    last, epochs = run.rows[-1], record.recipe.get("epochs", "?")
    after = f"After epoch {last.epoch} of {epochs}"
    reached = f"{after} it reaches {last.val_psnr:.2f} dB on the validation images; the test images were not read."
    if not math.isfinite(last.val_psnr):
        reached = f"{after} its PSNR on the validation images is no finite number."
    return VerdictPart(headline=headline, sentences=(reached, *_selection([run])))


def _against(psnr: float, references: Sequence[ReferencePart]) -> list[str]:
    """How far it is from the best closed-form map with as many values, where that is known."""
    linear = [one for one in references if one.title.startswith("PCA") and one.psnr is not None]
    if not linear or not math.isfinite(psnr):
        return []
    best = max(linear, key=lambda one: one.psnr or 0.0)
    assert best.psnr is not None
    away = psnr - best.psnr
    if away < 0:
        return [f"{best.title} reaches {best.psnr:.2f} dB without any training: {-away:.2f} dB more."]
    return [f"{best.title}, which needs no training, reaches {best.psnr:.2f} dB: {away:.2f} dB less."]


def _selection(runs: Sequence[RunPart]) -> list[str]:
    """A caution where the validation images are the test images."""
    tested = [run for run in runs if run.record.recipe.get("validation") == "test"]
    if not tested:
        return []
    whose = "Its" if len(runs) == 1 else "Their" if len(tested) == len(runs) else "Some runs'"
    return [f"{whose} validation images are the test images: the curves are no independent evidence."]
