"""The trainings whose curves are known: what is done in each, and what a reader of the curve has to find."""

import dataclasses
from collections.abc import Iterator
from typing import Any

PLAIN = "conv16 relu pool conv8 relu pool | conv8 relu up conv16 relu up conv3 sigmoid"
NORMALISED = "conv16 relu bn pool conv8 relu bn pool | conv8 relu bn up conv16 relu bn up conv3 sigmoid"
SMALL = "conv8 relu pool4 conv2 pool | up conv8 relu up4 conv3 sigmoid"
DENSE = "flatten dense64 | dense256 relu dense768 unflatten sigmoid"
WIDE = "flatten dense1024 relu dense512 | dense1024 relu dense768 unflatten sigmoid"
OPEN = "conv16 relu pool conv8 | up conv16 relu conv3"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """One training and what its curve must be read as."""

    kind: str
    """What was done; the file's name, with the number of the variant."""
    line: str
    """The model."""
    expected: tuple[str, ...]
    """Codes that must be read; `A/B`: one of them."""
    allowed: tuple[str, ...] = ()
    """Codes that may be read besides."""
    settings: dict[str, Any] = dataclasses.field(default_factory=dict)
    """Changes to the recipe `keras`, which has a constant learning rate."""
    variants: tuple[dict[str, Any], ...] = ({}, {}, {})
    """Further changes, one training each; the keys below, `line`, or choices of the recipe."""
    num_train: int = 600
    """Train images."""
    num_validation: int = 300
    """Validation images."""
    frozen: str = ""
    """`encoder` or `decoder`: its weights stay as they were drawn."""
    before: dict[str, Any] = dataclasses.field(default_factory=dict)
    """Choices of a first training of the same model, whose history comes first."""
    accuracy: bool = False
    """Whether Keras's accuracy is logged: the share of pixels whose largest channel is the right one."""
    references: bool = False
    """Whether the label holds what PCA and the mean image reach."""
    format: str = "csv"
    """`csv`: ours; `keras`: the JSON of a Keras history; `logger`: Keras's CSVLogger."""


STATE = ("EX203", "EX204")
NOTES = ("EX303", "EX401")
CASES = (
    Case(
        kind="still-falling", line=PLAIN, expected=("EX203",), allowed=NOTES,
        settings={"epochs": 30, "batch_size": 50, "learning_rate": 3e-4},
        variants=({}, {"loss": "mse"}, {"learning_rate": 2e-4}, {"line": NORMALISED, "batch_size": 20}),
    ),
    Case(
        kind="converged", line=SMALL, expected=("EX204",), allowed=NOTES,
        settings={"epochs": 100, "batch_size": 50, "learning_rate": 0.003},
        variants=({}, {"loss": "mse"}, {"loss": "l1"}),
    ),
    Case(
        kind="capacity", line=WIDE, expected=("EX301/EX305",), allowed=(*STATE, *NOTES), num_train=100,
        settings={"epochs": 80, "batch_size": 20, "learning_rate": 0.001},
        variants=({}, {"loss": "mse", "num_train": 60}, {"num_train": 80, "learning_rate": 5e-4}, {"loss": "mse"}),
    ),
    Case(
        kind="diverged", line=OPEN, expected=("EX201",), allowed=("EX101",),
        settings={"epochs": 20, "batch_size": 20, "learning_rate": 0.6, "optimiser": "sgd", "loss": "mse"},
        variants=({"learning_rate": 3.0}, {"learning_rate": 1.5}, {"learning_rate": 8.0}),
    ),
    Case(
        kind="step-too-large", line=PLAIN, expected=("EX206/EX202/EX201",),
        # With 30 steps an epoch momentum 0.99 has three quarters of the initial averages left after the first.
        allowed=("EX302", *STATE, *NOTES),
        settings={"epochs": 40, "batch_size": 20, "learning_rate": 0.05},
        variants=(
            {"line": NORMALISED}, {"learning_rate": 0.03}, {"line": NORMALISED, "learning_rate": 0.1, "loss": "mse"},
            {"line": NORMALISED, "learning_rate": 0.2, "loss": "mse"},
        ),
    ),
    Case(
        kind="rate-zero", line=PLAIN, expected=("EX202",), settings={"epochs": 15, "learning_rate": 0.0},
        variants=({}, {"loss": "mse"}, {"batch_size": 50}), allowed=("EX401",),
    ),
    Case(
        kind="rate-tiny", line=PLAIN, expected=("EX202",), allowed=("EX203",),
        settings={"epochs": 20, "batch_size": 50, "learning_rate": 1e-7},
        variants=({}, {"loss": "mse", "learning_rate": 5e-7}, {"learning_rate": 3e-7, "loss": "mse"}),
    ),
    Case(
        kind="momentum", line=NORMALISED.replace("bn", "bn[momentum=0.999]"), expected=("EX302",),
        allowed=(*STATE, "EX401"), settings={"epochs": 40, "batch_size": 50, "learning_rate": 0.002},
        variants=({}, {"loss": "mse"}, {"batch_size": 100, "epochs": 60}),
    ),
    Case(
        kind="lagging", line=NORMALISED, expected=("EX302",), allowed=(*STATE, *NOTES, "EX206"),
        settings={"epochs": 50, "batch_size": 60, "learning_rate": 0.001},
        variants=({}, {"loss": "mse"}, {"epochs": 30}, {"epochs": 12}),
    ),
    Case(
        kind="dropout", line=PLAIN.replace("relu", "relu dropout[p=0.3]"), expected=("EX304/EX306",),
        allowed=(*STATE, *NOTES), settings={"epochs": 50, "batch_size": 30, "learning_rate": 0.002},
        variants=({}, {"loss": "mse"}, {"line": DENSE.replace("relu", "relu dropout"), "learning_rate": 0.001}),
    ),
    Case(
        kind="noise", line=f"noise[std=0.5] {PLAIN}", expected=("EX304/EX306",), allowed=(*STATE, *NOTES),
        settings={"epochs": 50, "batch_size": 30, "learning_rate": 0.003},
        variants=({}, {"loss": "mse"}, {"line": f"noise[std=0.7] {PLAIN}"}),
    ),
    Case(
        kind="frozen-decoder", line=PLAIN, frozen="decoder", expected=("EX402",), allowed=("EX202", *STATE, *NOTES),
        settings={"epochs": 40, "batch_size": 30, "learning_rate": 0.002}, references=True,
        variants=({}, {"loss": "mse"}, {"loss": "mse", "learning_rate": 0.005}),
    ),
    Case(
        kind="too-narrow", line=SMALL, expected=("EX402",), allowed=(*STATE, *NOTES), references=True,
        settings={"epochs": 50, "batch_size": 50, "learning_rate": 0.002},
        variants=({}, {"loss": "mse"}, {"learning_rate": 0.004}),
    ),
    Case(
        kind="late-break", line=PLAIN, expected=("EX205",), allowed=(*STATE, *NOTES),
        before={"epochs": 15, "learning_rate": 3e-7},
        settings={"epochs": 25, "batch_size": 50, "learning_rate": 0.002},
        variants=({}, {"loss": "mse"}, {"loss": "mse", "learning_rate": 0.001}),
    ),
    Case(
        kind="schedule", line=PLAIN, expected=("EX207",), allowed=NOTES,
        settings={"epochs": 30, "batch_size": 30, "learning_rate": 0.004, "schedule": "cosine"},
        variants=({}, {"schedule": "one-cycle", "warmup": 0.3}, {"loss": "mse"}),
    ),
    Case(
        kind="accuracy", line=PLAIN, expected=("EX103",), allowed=(*STATE, *NOTES), accuracy=True, format="keras",
        settings={"epochs": 25, "batch_size": 50, "learning_rate": 0.002},
        variants=({}, {"loss": "mse", "format": "logger"}, {"loss": "mse"}),
    ),
    Case(
        kind="short", line=PLAIN, expected=("EX101",), allowed=NOTES,
        settings={"epochs": 3, "batch_size": 50}, variants=({}, {"epochs": 2}, {"epochs": 1}),
    ),
    Case(
        kind="foreign", line=PLAIN, expected=("EX203",), allowed=NOTES, format="keras",
        settings={"epochs": 25, "batch_size": 50, "learning_rate": 5e-4},
        variants=({}, {"format": "logger", "loss": "mse"}, {"loss": "mse"}),
    ),
    Case(
        kind="penalty", line=PLAIN.replace("|", "| gaussian8[beta=0.02] |"), expected=("EX304",),
        allowed=(*STATE, *NOTES), settings={"epochs": 40, "batch_size": 30, "learning_rate": 0.002},
        variants=({}, {"loss": "mse", "line": PLAIN.replace("|", "| gaussian8[beta=0.002] |")}, {"epochs": 60}),
    ),
)  # fmt: skip


def variants() -> Iterator[tuple[str, int, Case]]:
    """Every training: its name, the number of the variant, and the case with the variant's changes."""
    fields = {field.name for field in dataclasses.fields(Case)}
    for case in CASES:
        for number, changes in enumerate(case.variants):
            own = {name: value for name, value in changes.items() if name in fields}
            recipe = {name: value for name, value in changes.items() if name not in fields}
            yield (
                f"{case.kind}-{number}",
                number,
                dataclasses.replace(case, **own, settings={**case.settings, **recipe}),
            )
