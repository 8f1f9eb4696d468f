"""Makes the real labelled histories of `tests/explain/histories`: small trainings, most with a mistake on purpose.

    OMP_NUM_THREADS=1 python tools/make_histories.py [NAME…]
    python tools/make_histories.py --take RUN…     takes over the histories of full runs on CIFAR-10

Every training is one of diabolo's own (`diabolo.train.train`) on the bundled sample of CIFAR-10, shrunk to 16×16; the
label says how it was made, and so what a reader of its curve has to find. Variant 2 of every kind is held out: no
constant of `diabolo.explain` was chosen by looking at it.
"""

import dataclasses
import json
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

import diabolo
from diabolo.files import write_text
from diabolo.runs import RunFolder
from diabolo.train import Diverged, EpochDone, find_recipe, train
from diabolo.train.images import TrainingImages

TARGET = Path(__file__).parent.parent / "tests" / "explain" / "histories" / "real"
HELD_OUT_VARIANT = 2
_DIGITS = 7  # significant digits that are kept

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


def small_images() -> NDArray[np.uint8]:
    """(2500, 16, 16, 3): the bundled sample, each pixel the mean of four."""
    sample = diabolo.load_data("cifar10-sample")
    images = np.concatenate([np.asarray(sample.train[:]), np.asarray(sample.test[:])]).astype(np.float64)
    means = images.reshape(len(images), 16, 2, 16, 2, 3).mean(axis=(2, 4))
    return np.clip(np.rint(means), 0, 255).astype(np.uint8)


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


def make(case: Case, seed: int) -> tuple[list[dict[str, float]], dict[str, Any]]:
    """The rows of a training and what is known about it besides."""
    images = small_images()
    torch.manual_seed(seed)
    model = diabolo.build(case.line, input_shape=(16, 16, 3), seed=seed)
    if case.frozen:
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(not _belongs(model, name, case.frozen))
    parts = TrainingImages(
        train=images,
        train_indices=np.arange(case.num_train),
        validation=images,
        validation_indices=np.arange(2000, 2000 + case.num_validation),
    )
    recipe = find_recipe("keras").with_settings({**case.settings, "validation": "held-out", "num_train_eval": 300})
    phases = [recipe.with_settings(case.before), recipe] if case.before else [recipe]
    rows: list[dict[str, float]] = []
    for phase in phases:
        done = len(rows)
        for event in train(model, parts, phase, seed=seed):
            if isinstance(event, EpochDone):
                row = dataclasses.asdict(event.row)
                row["epoch"] += done
                if case.accuracy:
                    row |= _accuracies(model, images, parts)
                    model.train()
                rows.append(row)
            if isinstance(event, Diverged):
                last = rows[-1] if rows else dict.fromkeys(("loss", "val_loss"), math.nan)
                broken = dict.fromkeys(last, math.nan) | {"epoch": event.epoch + done}
                rows.append(broken)
    graph = model.graph
    facts = {
        "line": model.line,
        "loss": recipe.loss,
        "seed": seed,
        "recipe": {**recipe.choices(), **({"frozen": case.frozen} if case.frozen else {})},
        "planned_epochs": sum(phase.epochs for phase in phases),
    }
    if case.references:
        facts["references"] = references(images, parts, math.prod(graph.latent_shape))
    return rows, facts


def _belongs(model: Any, name: str, part: str) -> bool:
    """Whether a parameter lies in a part of the model."""
    waist = model.line.split("|")[0].split()
    num_encoder = sum(word.startswith(("conv", "dense")) for word in waist)
    order = list(dict.fromkeys(other.rsplit(".", 1)[0] for other, _ in model.named_parameters()))
    index = order.index(name.rsplit(".", 1)[0])
    return (index < num_encoder) == (part == "encoder")


def _accuracies(model: Any, images: NDArray[np.uint8], parts: TrainingImages) -> dict[str, float]:
    model.eval()
    found = {}
    for name, indices in (("accuracy", parts.train_indices), ("val_accuracy", parts.validation_indices)):
        batch = torch.from_numpy(images[indices]).permute(0, 3, 1, 2).float() / 255
        with torch.no_grad():
            found[name] = float((model(batch).argmax(1) == batch.argmax(1)).float().mean())
    return found


def references(images: NDArray[np.uint8], parts: TrainingImages, num_values: int) -> list[dict[str, Any]]:
    """PSNR in dB of the mean image and of PCA with as many values, fitted to the train images."""
    train_rows = images[parts.train_indices].reshape(len(parts.train_indices), -1) / 255.0
    test_rows = images[parts.validation_indices].reshape(len(parts.validation_indices), -1) / 255.0
    mean = train_rows.mean(axis=0)
    directions = np.linalg.svd(train_rows - mean, full_matrices=False)[2][:num_values]
    found = []
    for name, title, output, used in (
        ("mean-image", "the mean image", np.broadcast_to(mean, test_rows.shape), 0),
        (
            "pca", f"PCA with {len(directions)} values",
            np.clip(mean + (test_rows - mean) @ directions.T @ directions, 0, 1), len(directions),
        ),
    ):  # fmt: skip
        errors = np.mean((output - test_rows) ** 2, axis=1)
        found.append(
            {
                "name": name,
                "title": title,
                "psnr": round(float(np.mean(-10 * np.log10(errors))), 3),
                "mse": float(f"{errors.mean():.5g}"),
                "latent_values": used,
            }
        )
    return found


_OURS = ("epoch", "loss", "train_loss", "val_loss", "train_excess", "val_excess", "val_mse", "val_psnr", "val_ssim",
         "learning_rate")  # fmt: skip


def text_of(rows: list[dict[str, float]], form: str) -> str:
    """The rows as the file of a program would be."""
    names = _OURS if form == "csv" else ("loss", "val_loss", "accuracy", "val_accuracy")
    names = tuple(name for name in names if name in rows[0])
    short = [{name: float(f"{row.get(name, math.nan):.{_DIGITS}g}") for name in names} for row in rows]
    if form == "keras":
        return json.dumps({name: [row[name] for row in short] for name in names}) + "\n"
    if form == "logger":
        names = ("epoch", *sorted(names))
        short = [{**row, "epoch": number} for number, row in enumerate(short)]
    lines = [",".join(names), *(",".join(_number(name, row[name]) for name in names) for row in short)]
    return "\n".join(lines) + "\n"


def _number(name: str, value: float) -> str:
    return str(int(value)) if name == "epoch" else f"{value:.{_DIGITS}g}"


_COMPARED = ["EX506", "EX507", "EX508", "EX509"]
_SEEDS = "cifar10-method-2-keras-"
PAIRS: dict[str, tuple[tuple[str, str], list[str], list[str]]] = {
    "seeds-0": ((f"{_SEEDS}fused-0-50", f"{_SEEDS}fused-1-50"), ["EX505"], []),
    "seeds-1": ((f"{_SEEDS}plain-0-50", f"{_SEEDS}fused-1-50"), ["EX505"], []),
    "seeds-2": ((f"{_SEEDS}fused-2-50", f"{_SEEDS}fused-1-50"), ["EX505"], []),
    "seeds-short-0": ((f"{_SEEDS}fused-0-50", f"{_SEEDS}fused-1-30"), ["EX505", "EX508"], []),
    "seeds-short-2": ((f"{_SEEDS}fused-2-30", f"{_SEEDS}plain-1-50"), ["EX505", "EX508"], []),
    "losses-0": (("still-falling-0", "still-falling-1"), ["EX503"], _COMPARED),
    "losses-1": (("converged-1", "converged-0"), ["EX503"], _COMPARED),
    "losses-2": (("converged-2", "converged-0"), ["EX503"], _COMPARED),
    "dead-0": (("rate-zero-0", "still-falling-0"), ["EX501"], []),
    "dead-1": (("diverged-0", "still-falling-1"), ["EX501"], ["EX503"]),
    "dead-2": (("rate-tiny-2", "noise-2"), ["EX501"], []),
    "images-0": ((f"{_SEEDS}fused-0-50", "still-falling-0"), ["EX504"], []),
    "images-2": ((f"{_SEEDS}fused-2-50", "still-falling-2"), ["EX504"], []),
    "frozen-0": (("frozen-decoder-0", "schedule-0"), ["EX501/EX509"], ["EX508"]),
    "frozen-1": (("frozen-decoder-1", "late-break-1"), ["EX501/EX509"], ["EX508"]),
    "frozen-2": (("frozen-decoder-2", "schedule-2"), ["EX501/EX509"], ["EX508"]),
    "same-0": (("schedule-0", "schedule-0"), ["EX506"], []),
    "rates-2": (("still-falling-0", "still-falling-2"), ["EX508", "EX509"], []),
}
"""Real pairs: two labels, what must be read, what may be."""


def pair_up() -> None:
    """Writes the labels of the pairs."""
    labels = json.loads((TARGET / "labels.json").read_text())
    pairs = {}
    for name, (members, expected, allowed) in PAIRS.items():
        assert set(members) <= labels.keys(), f"{name}: run `--take` first"
        pairs[f"pair-{name}"] = {
            "members": members,
            "facts": [{"name": f"{member} {letter}"} for member, letter in zip(members, "ab", strict=True)],
            "held_out": name.endswith(str(HELD_OUT_VARIANT)),
            "expected": expected,
            "allowed": allowed,
        }
    write_text(TARGET / "pairs.json", json.dumps(pairs, indent=1) + "\n")


def take(folders: list[str]) -> None:
    """Copies the histories of full runs on CIFAR-10 and labels them by what is known: the line and the recipe.

    What a history of 30 epochs should be read as is known from the 20 that follow.
    """
    labels_file = TARGET / "labels.json"
    labels = json.loads(labels_file.read_text())
    for folder in folders:
        run = RunFolder(path=Path(folder))
        record, rows = run.record(), [dataclasses.asdict(row) for row in run.history()]
        name = f"cifar10-{record.name}-{record.recipe['name']}-{record.engine}-{record.seed}"
        write_text(TARGET / f"{name}.csv", text_of(rows, "csv"))
        facts = {"line": record.line, "loss": record.recipe["loss"], "seed": record.seed, "input_shape": [32, 32, 3],
                 "recipe": record.recipe, "name": record.name}  # fmt: skip
        lag = ["EX302"] if record.name != "method-1" else []
        if record.recipe["name"] == "keras":
            cuts = {4: ["EX101", *lag], 10: lag, 30: ["EX203", *lag, "EX401"], len(rows): [*lag, "EX401"]}
        else:
            cuts = {len(rows): ["EX101", "EX401"]}
        for count, expected in cuts.items():
            allowed = [
                *NOTES,
                *(STATE if count != 30 and count >= 6 else ()),
                *([] if record.name == "method-1" else ["EX302"]),
            ]
            labels[f"{name}-{count}"] = {
                "file": f"{name}.csv",
                "held_out": record.seed == HELD_OUT_VARIANT or record.name == "method-1",
                "made": {"run": name, "epochs": count},
                "facts": {**facts, "epochs": count},
                "expected": expected,
                "allowed": allowed,
            }
    write_text(labels_file, json.dumps(dict(sorted(labels.items())), indent=1) + "\n")
    pair_up()


def main(wanted: list[str]) -> None:
    """Makes the histories whose names begin with one of the words, or all, and their labels."""
    torch.set_num_threads(1)
    labels_file = TARGET / "labels.json"
    labels = json.loads(labels_file.read_text()) if labels_file.exists() else {}
    for position, (name, number, case) in enumerate(variants()):
        if wanted and not any(name.startswith(word) for word in wanted):
            continue
        rows, facts = make(case, seed=100 + position)
        suffix = "json" if case.format == "keras" else "csv"
        write_text(TARGET / f"{name}.{suffix}", text_of(rows, case.format))
        labels[name] = {
            "file": f"{name}.{suffix}",
            "held_out": number == HELD_OUT_VARIANT,
            "made": {
                **case.settings,
                **{name: value for name, value in (("frozen", case.frozen), ("before", case.before)) if value},
                "num_train": case.num_train,
                "line": case.line,
            },
            "facts": facts if case.format == "csv" else {},
            "expected": list(case.expected),
            "allowed": list(case.allowed),
        }
        write_text(labels_file, json.dumps(dict(sorted(labels.items())), indent=1) + "\n")
        last = rows[-1]
        print(f"{name}: {len(rows)} epochs, loss {last['loss']:.5g}, val_loss {last['val_loss']:.5g}", flush=True)


if __name__ == "__main__":
    take(sys.argv[2:]) if sys.argv[1:2] == ["--take"] else main(sys.argv[1:])
