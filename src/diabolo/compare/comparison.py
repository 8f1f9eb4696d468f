"""`Comparison`: models over seeds, their paired differences, the verdict, and what makes it unfair; frozen values."""

from dataclasses import dataclass, field
from typing import Any

SURE_BELOW = 0.05
"""Of the corrected p-value: 'better' is said below it."""
POWER = 0.8
"""Probability with which the smallest difference would have been shown."""
KINDS = ("better", "partly", "no-difference", "none")
"""Of a verdict: one model is better than all others, than some; no pair differs; nothing can be said."""


@dataclass(frozen=True, kw_only=True)
class ComparedRun:
    """One run of a model."""

    folder: str
    """Its folder."""
    seed: int
    """Of initial weights and batch order."""
    test: dict[str, float]
    """Test results by metric: psnr (dB), mse, ssim, loss, excess."""
    val_psnr: tuple[float, ...]
    """PSNR on the validation images after each epoch, dB."""
    seconds: float
    """Of all training steps."""
    images_per_second: float
    """Median over epochs of the training speed."""


@dataclass(frozen=True, kw_only=True)
class Spread:
    """A metric over the runs of a model."""

    mean: float
    """Mean."""
    deviation: float | None
    """Standard deviation of the sample (n - 1); None for one run."""
    best: float
    """Of the best run."""
    n: int
    """Runs."""


@dataclass(frozen=True, kw_only=True)
class ComparedModel:
    """All runs of one line with one recipe on one data set."""

    label: str
    """Its name, and what tells it from another of the same name."""
    line: str
    """The canonical line."""
    recipe: dict[str, Any]
    """Every training choice by name."""
    data: dict[str, Any]
    """The table `data` of its first run: name, digest, counts."""
    engine: str
    """Which implementation trained it."""
    num_parameters: int
    """Trainable and not."""
    latent_shape: tuple[int, ...]
    """(height, width, channels) or (features,)."""
    num_latent_values: int
    """Values of one latent."""
    macs: int
    """Multiply-accumulates an image, forward."""
    seconds: float
    """Median over runs of the time of all training steps."""
    images_per_second: float
    """Median over runs of the training speed."""
    results: dict[str, Spread]
    """By metric."""
    runs: tuple[ComparedRun, ...]
    """By seed."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A metric of two models over the seeds that both have: first less second."""

    metric: str
    """Its name."""
    n: int
    """Pairs of runs."""
    mean: float
    """In the metric's unit."""
    deviation: float | None
    """Of the differences; None for one pair, 0 where all are the same."""
    t_interval: tuple[float, float] | None
    """95 %, Student's; None where there is none."""
    bootstrap_interval: tuple[float, float] | None
    """95 %, over pairs of runs; None where there are too few."""
    p_value: float | None
    """Of no difference, for this pair alone."""
    p_corrected: float | None
    """The same after Holm's correction over all pairs of models."""


@dataclass(frozen=True, kw_only=True)
class ImageDifference:
    """Per-image PSNR of two models: first less second, the mean over the seeds that both have.

    It speaks of these trained models on other images, not of what another seed would give.
    """

    num_images: int
    """Test images."""
    seeds: tuple[int, ...]
    """Over which the mean was taken."""
    mean: float
    """dB."""
    interval: tuple[float, float] | None
    """95 % over images, dB; None where all are the same."""
    share_first: float
    """Of images that the first model reconstructs better, 0 to 1; images alike to the last digit count half."""


@dataclass(frozen=True, kw_only=True)
class PairedModels:
    """Two models, run against run; the one with the better mean comes first."""

    first: str
    """Label."""
    second: str
    """Label."""
    seeds: tuple[int, ...]
    """That both have."""
    differences: tuple[Difference, ...]
    """One a metric, the deciding one first; none where no seed is common or the images differ."""
    better: str | None
    """Label of the model that is better by the deciding metric; None where that was not shown."""
    smallest: float | None
    """True difference that as many seeds would have shown with 80 % probability; None where nothing varies."""
    seeds_for_half: int | None
    """Seeds that would show half of it as often; None where there is none."""
    no_test: str = ""
    """Why there is no test, in words without a full stop; empty where there is one."""
    images: ImageDifference | None = None
    """Over test images; None where runs have no per-image results, or for pairs without the best model."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a reader should take home."""

    kind: str
    """One of `KINDS`."""
    headline: str
    """One sentence."""
    sentences: tuple[str, ...]
    """How sure, in which other metrics, and what it takes to know more."""
    metric: str
    """That decided."""
    best: str | None
    """Label of the model with the best mean; None where nothing can be said."""


@dataclass(frozen=True, kw_only=True)
class FairnessWarning:
    """Something that makes the comparison unfair or its numbers doubtful."""

    code: str
    """Short and stable: `latent-size`."""
    sentence: str
    """In words, with the numbers."""
    models: tuple[str, ...]
    """Labels that it is about."""


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """A run that is not in the comparison."""

    folder: str
    """Its folder."""
    reason: str
    """Why."""


@dataclass(frozen=True, kw_only=True)
class ComparedReference:
    """What a method without training reaches on the same test images; None where it has no such number."""

    title: str
    """`PCA with 1,024 values`."""
    psnr: float | None
    """dB."""
    mse: float | None
    """Pixels in [0, 1]."""
    ssim: float | None
    """At most 1."""
    bce_excess: float | None
    """Binary cross-entropy above its floor."""
    latent_values: int | None
    """Values that it keeps of an image."""
    bytes_per_image: float | None
    """Mean bytes of an image, for codecs."""
    note: str
    """What must be known to compare."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The whole of it; see `diabolo.compare.compare_runs`."""

    models: tuple[ComparedModel, ...]
    """In the order of their first run."""
    pairs: tuple[PairedModels, ...]
    """All pairs of models; with more than 12 models those with the best one."""
    verdict: Verdict
    """In words."""
    warnings: tuple[FairnessWarning, ...]
    """Why it may be unfair."""
    left_out: tuple[LeftOut, ...]
    """Runs that are not in it."""
    references: tuple[ComparedReference, ...] = ()
    """What needs no training, by `diabolo.references`."""
    made: dict[str, Any] = field(default_factory=dict)
    """Command, time and version that made it; empty in memory."""
