"""Trains a case on small images, and says what is known about it."""

import dataclasses
import math
from typing import Any

import numpy as np
import torch
from cases import Case
from numpy.typing import NDArray

import diabolo
from diabolo.train import Diverged, EpochDone, find_recipe, train
from diabolo.train.images import TrainingImages


def small_images() -> NDArray[np.uint8]:
    """(2500, 16, 16, 3): the bundled sample, each pixel the mean of four."""
    sample = diabolo.load_data("cifar10-sample")
    images = np.concatenate([np.asarray(sample.train[:]), np.asarray(sample.test[:])]).astype(np.float64)
    means = images.reshape(len(images), 16, 2, 16, 2, 3).mean(axis=(2, 4))
    return np.clip(np.rint(means), 0, 255).astype(np.uint8)


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
