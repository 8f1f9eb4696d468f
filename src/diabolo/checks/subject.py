"""`Subject`: all that a front end could read of one file, line or model, and all that a rule may look at."""

from dataclasses import dataclass
from typing import Literal

from diabolo.checks.activity import Activity
from diabolo.checks.text import split_rows
from diabolo.graph import ModelGraph, Node, Place

Split = Literal["train", "validation", "test", "unknown"]
LossKind = Literal[
    "bce", "bce-logits", "mse", "mae", "huber", "kl", "ssim", "perceptual", "cross-entropy", "adversarial", "other"
]
Reduction = Literal["mean", "sum", "image-sum", "none", "unknown"]
"""`mean`: over everything. `sum`: over everything. `image-sum`: summed over an image's values, averaged over images."""


@dataclass(frozen=True, kw_only=True)
class Images:
    """An array or loader of images that a source hands to a training."""

    text: str
    """The expression as it is written: `x_train`."""
    split: Split = "unknown"
    """What its data set calls it."""
    low: float | None = None
    """Smallest value that it can have, where that is known: 0 of unscaled pixels."""
    high: float | None = None
    """Largest value that it can have, where that is known: 255 of unscaled pixels."""
    num_images: int | None = None
    """How many, where that is known."""
    is_labels: bool = False
    """Whether they are a data set's labels, not its images."""
    place: Place | None = None
    """Where it is handed over."""


@dataclass(frozen=True, kw_only=True)
class LossTerm:
    """One term of what is minimised."""

    kind: LossKind
    """What it measures."""
    text: str = ""
    """As it is written."""
    graph: str = ""
    """Name of the model whose output it reads; empty: not known."""
    output: str = ""
    """Name of the node of that model that it reads; empty: the model's output."""
    reduction: Reduction = "unknown"
    """How it becomes one number."""
    weight: float | None = 1.0
    """Factor in the sum; None: not known."""
    num_values: int | None = None
    """By how many values of an image the term was divided or multiplied beside its reduction, where that is known."""
    has_gradient: bool = True
    """False under `no_grad`, after `detach()`, `.item()`, `.numpy()`."""
    is_used: bool = True
    """Whether it reaches what is minimised."""
    target: Images | None = None
    """What the output is compared with, where that is known."""
    place: Place | None = None
    """Where it is written."""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A metric that a source asks for."""

    name: str
    """As it is written: `accuracy`."""
    place: Place | None = None
    """Where."""


@dataclass(frozen=True, kw_only=True)
class IdleWeight:
    """A loss weight that is stored and never used."""

    name: str
    """As it is written: `self.kl_weight`."""
    place: Place | None = None
    """Where it is stored."""


@dataclass(frozen=True, kw_only=True)
class Training:
    """What a source says of one training (`compile` and `fit`, or a loop); None and empty where it says nothing."""

    graph: str = ""
    """Name of the model that is trained."""
    losses: tuple[LossTerm, ...] = ()
    """Terms of the loss."""
    metrics: tuple[Metric, ...] = ()
    """Metrics asked for."""
    optimiser: str = ""
    """Its name, lower case."""
    learning_rate: float | None = None
    """The step size, where it is a number."""
    inputs: Images | None = None
    """What the model is fed."""
    targets: Images | None = None
    """What its output is compared with."""
    validation: Images | None = None
    """What it is validated on."""
    validation_targets: Images | None = None
    """What its validation output is compared with."""
    validation_split: float | None = None
    """Share of the inputs that is held out."""
    batch_size: int | None = None
    """Images a step."""
    epochs: int | None = None
    """Passes over the inputs."""
    chooses_by_validation: bool = False
    """Whether the validation images choose something: early stopping, best checkpoint."""
    place: Place | None = None
    """Where the training is started."""
    batch_place: Place | None = None
    """Where the batch size is written."""
    idle_weights: tuple[IdleWeight, ...] = ()
    """Loss weights that never reach the loss."""
    zeroes_gradients: bool | None = None
    """Whether gradients are set to zero between steps of a loop that is written out; None: no loop, or not known."""
    evaluation: Place | None = None
    """Where a loop that is written out applies the trained model without training it, if it does."""
    evaluates_in_evaluation_mode: bool | None = None
    """Whether `eval()` stands before that; None: not known."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What a front end could not do: `rule` is the code of the rule that reports it."""

    rule: str
    """`AE001` unreadable source, `AE002` not followed, `AE201` shapes that do not fit."""
    message: str
    """What and why, with the names of the source."""
    remedy: str = ""
    """What to do."""
    place: Place | None = None
    """Where."""
    model: str = ""
    """In which model."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One file, line or model, as far as it could be read."""

    source: str
    """Name of the file, the line itself, or the name of a live object; equal to `Place.source` of its places."""
    text: str | None = None
    """The source text that places point into; of a notebook None, see `cells`."""
    cells: tuple[str, ...] = ()
    """Texts of a notebook's cells, of all kinds, so that `Place.cell` counts as the notebook does."""
    graphs: tuple[ModelGraph, ...] = ()
    """Models found; of a class of layers that is used inside of a model, only the whole."""
    trainings: tuple[Training, ...] = ()
    """Trainings found."""
    idle: tuple[Node, ...] = ()
    """Layers that are built outside of any model and never called."""
    loose: tuple[ModelGraph, ...] = ()
    """Layer calls that reach no `Model(...)`: a snippet without its last lines. Wiring is known, the output is guessed
    to be the last call, so rules that need to be sure of the output leave them alone."""
    problems: tuple[Problem, ...] = ()
    """What could not be read or followed, and shapes that do not fit."""
    activity: Activity | None = None
    """What a trained run's layers do on real images."""

    @property
    def is_line(self) -> bool:
        """Whether it is one of our lines, which lies in no file."""
        return self.text is not None and self.text == self.source

    def graph(self, name: str) -> ModelGraph | None:
        """The model of that name, or the only one where the name is empty."""
        if not name:
            return self.graphs[0] if len(self.graphs) == 1 else None
        return next((graph for graph in self.graphs if graph.name == name), None)

    def row(self, place: Place) -> str:
        """The row of source text that a place starts in; empty where there is none."""
        text = self.cells[place.cell - 1] if place.cell else (self.text or "")
        rows = split_rows(text)
        return rows[place.row - 1] if 0 < place.row <= len(rows) else ""
