"""`ReportContent`: all that stands on the page, as plain frozen values; making them may need torch, the page none."""

from collections.abc import Sequence
from dataclasses import dataclass

from diabolo.graph import ModelGraph
from diabolo.runs import EpochRow, RunRecord

METRICS = ("psnr", "mse", "ssim", "loss", "excess")
"""Test results in the order of the table."""


@dataclass(frozen=True, kw_only=True)
class RunPart:
    """One run as its folder says it."""

    folder: str
    """The folder, as the user named it."""
    record: RunRecord
    """Its `run.toml`."""
    rows: tuple[EpochRow, ...]
    """Its history; empty before the first epoch is done."""
    test_psnr: Sequence[float] = ()
    """PSNR of each test image in dB, in the data set's order; empty where the run has none."""


@dataclass(frozen=True, kw_only=True)
class LeftOutPart:
    """A run that is not on the page."""

    folder: str
    """Its folder."""
    reason: str
    """Why."""


@dataclass(frozen=True, kw_only=True)
class FindingPart:
    """What the doctor said; see `diabolo.checks.Finding`."""

    code: str
    """Of the rule."""
    name: str
    """Of the rule."""
    severity: str
    """`error`, `warning` or `note`."""
    message: str
    """What is wrong."""
    remedy: str
    """What to do."""
    times: int = 1
    """In how many places the same is said."""


@dataclass(frozen=True, kw_only=True)
class ReadingPart:
    """What a curve says; see `diabolo.explain.Reading`."""

    code: str
    """Of the reading."""
    title: str
    """Short."""
    sentence: str
    """In words, with the numbers."""
    next_step: str
    """What to do next; may be empty."""
    confidence: str
    """`sure` or `likely`."""


@dataclass(frozen=True, kw_only=True)
class ReferencePart:
    """What a method without training reaches; see `diabolo.references.Reference`. None where it is not known."""

    title: str
    """`PCA with 1,024 values`."""
    psnr: float | None = None
    """dB."""
    mse: float | None = None
    """Pixels in [0, 1]."""
    ssim: float | None = None
    """At most 1."""
    latent_values: int | None = None
    """Values that it keeps of an image."""
    bytes_per_image: float | None = None
    """Mean bytes of an image, for codecs."""
    note: str = ""
    """What must be known to compare."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One image and what a model made of it; PNG files."""

    number: int
    """Position among the validation images, from 0."""
    original: bytes
    """As it came in."""
    reconstruction: bytes
    """As it came out."""
    difference: bytes
    """Grey where equal, lighter where too light."""
    psnr: float
    """dB; infinite for an exact copy."""


@dataclass(frozen=True, kw_only=True)
class PictureGroup:
    """Pictures under one heading."""

    name: str
    """`best`, `median`, `worst`."""
    pictures: tuple[Picture, ...]
    """From left to right."""


@dataclass(frozen=True, kw_only=True)
class ModelPictures:
    """The pictures of one model, from one of its runs."""

    groups: tuple[PictureGroup, ...]
    """Best, median, worst."""
    choice: tuple[Picture, ...]
    """For the reader's choice: the same images for every model."""
    caption: str
    """Which run and which images, in words."""
    psnr: Sequence[float] = ()
    """PSNR in dB of all the validation images that were looked at."""
    images: str = "validation images"
    """Which images these are, in words."""


@dataclass(frozen=True, kw_only=True)
class LatentPart:
    """How much each latent channel is used."""

    deviation: tuple[float, ...]
    """Of each channel, over images; for maps the root mean square over positions."""
    images: str
    """Over which images, in words."""
    kl: tuple[float, ...] = ()
    """KL divergence of each channel from the prior, nats an image, where the bottleneck is variational; or empty."""


@dataclass(frozen=True, kw_only=True)
class ModelPart:
    """All runs of one line with one recipe on one data set."""

    label: str
    """The model's name, and what tells it from another of the same name."""
    graph: ModelGraph
    """What the line says."""
    runs: tuple[RunPart, ...]
    """By seed; at least one."""
    findings: tuple[FindingPart, ...] = ()
    """The doctor's."""
    readings: tuple[ReadingPart, ...] = ()
    """Of its curves."""
    latent: LatentPart | None = None
    """None where weights or images were not to be had."""
    pictures: ModelPictures | None = None
    """None where weights or images were not to be had."""
    pictures_missing: str = ""
    """Then why, in a sentence; empty where none were wanted."""


@dataclass(frozen=True, kw_only=True)
class VerdictPart:
    """What a reader should take home."""

    headline: str
    """One sentence."""
    sentences: tuple[str, ...] = ()
    """What must be known with it."""


@dataclass(frozen=True, kw_only=True)
class PairPart:
    """Two models compared over the seeds that both have."""

    first: str
    """Label of a model."""
    second: str
    """Label of the other."""
    metric: str
    """`PSNR, dB`; empty where there is no difference."""
    num_seeds: int
    """Pairs of runs."""
    difference: float | None
    """Mean of first minus second; None where no seed is common."""
    interval: tuple[float, float] | None = None
    """95 %, Student's, over seeds; None where there is none."""
    bootstrap: tuple[float, float] | None = None
    """95 %, bootstrap over seeds; None where there is none."""
    p_value: float | None = None
    """After Holm's correction; None where there is none."""
    sentence: str = ""
    """The same in words."""


@dataclass(frozen=True, kw_only=True)
class ReportContent:
    """A whole page."""

    title: str
    """Heading."""
    verdict: VerdictPart
    """First of all."""
    models: tuple[ModelPart, ...]
    """At least one."""
    pairs: tuple[PairPart, ...] = ()
    """Of a comparison."""
    warnings: tuple[str, ...] = ()
    """Why a comparison is not fair, or what else to know."""
    left_out: tuple[LeftOutPart, ...] = ()
    """Runs that could not be read."""
    references: tuple[ReferencePart, ...] = ()
    """What needs no training, on the same images."""
    readings: tuple[ReadingPart, ...] = ()
    """Of two curves together."""
    command: str = ""
    """What makes the page again."""
    created: str = ""
    """When, local time."""
    version: str = ""
    """Of diabolo."""
