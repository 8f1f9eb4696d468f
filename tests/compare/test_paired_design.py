"""The design is paired by construction: two models share initial weights where they share layers, and image order."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from diabolo.api.job import new_job
from diabolo.train import train
from diabolo.train.images import ImageSource, epoch_order

DEAD = "conv8 relu (bn) pool | up conv6 relu conv3 sigmoid"
ALIVE = "conv8 relu bn pool | up conv6 relu conv3 sigmoid"
WIDER = "conv9 relu pool | up conv6 relu conv3 sigmoid"


def kernels(line: str, images: np.ndarray, seed: int) -> dict[str, torch.Tensor]:
    job = new_job(line, images, seed=seed, engine="plain")
    return {name: value for name, value in job.model.state_dict().items() if value.dim() == 4}


def test_layers_of_the_same_name_and_shape_start_from_the_same_weights() -> None:
    images = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 3), dtype=np.uint8)
    dead, alive = kernels(DEAD, images, 3), kernels(ALIVE, images, 3)
    assert len(dead) == 3
    assert dead.keys() == alive.keys()
    assert all(torch.equal(dead[name], alive[name]) for name in dead)
    wider = kernels(WIDER, images, 3)
    shared = [name for name in dead if name in wider and dead[name].shape == wider[name].shape]
    assert shared, "the last convolution has the same shape in both"
    assert all(torch.equal(dead[name], wider[name]) for name in shared)
    other = kernels(DEAD, images, 4)
    assert not any(torch.equal(dead[name], other[name]) for name in dead)


def test_both_see_the_images_in_the_same_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a training reads, batch by batch, recorded where images are fetched."""
    images = np.random.default_rng(1).integers(0, 256, (40, 8, 8, 3), dtype=np.uint8)
    fetch = ImageSource.batches
    seen: list[bytes] = []

    def recorded(*arguments: Any, **options: Any) -> Iterator[torch.Tensor]:
        for batch in fetch(*arguments, **options):
            seen.append(batch.contiguous().numpy().tobytes())
            yield batch

    monkeypatch.setattr(ImageSource, "batches", recorded)

    def batches(line: str, seed: int) -> list[bytes]:
        seen.clear()
        job = new_job(line, images, settings={"epochs": 2, "batch_size": 16}, seed=seed, engine="plain")
        for _ in train(job.model, job.images, job.recipe, seed=seed):
            pass
        return list(seen)

    first, second = batches(DEAD, 5), batches(WIDER, 5)
    assert len(first) > 4
    assert first == second
    assert first != batches(DEAD, 6)
    assert not np.array_equal(epoch_order(40, 5, 1), epoch_order(40, 5, 2))
