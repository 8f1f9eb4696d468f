"""Use of bottlenecks: measured on what comes into those that reach the output, and written beside the test."""

from pathlib import Path

import numpy as np
import pytest
import torch

from diabolo.api.bottleneck_use import bottleneck_use, in_one_table
from diabolo.api.fit import fit
from diabolo.model import build_model

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (40, 8, 8, 3), np.uint8)


def test_use_is_what_the_layer_says_of_its_inputs() -> None:
    model = build_model("conv4 pool fsq[levels=3,3,3,3] | up conv3", (8, 8, 3), seed=2).train()
    batch = torch.from_numpy(IMAGES).float().div(255).permute(0, 3, 1, 2)
    inputs = model.layers["pool_1"](model.layers["conv_1"](batch)).detach()
    use = bottleneck_use(model, IMAGES)
    assert use == {"fsq_1": pytest.approx(model.layers["fsq_1"].diagnostics(inputs))}
    assert 0 < use["fsq_1"]["code_use"] <= 1
    assert model.training
    assert in_one_table(use) == {f"fsq_1_{name}": value for name, value in use["fsq_1"].items()}


def test_a_collapsed_latent_is_seen() -> None:
    model = build_model("flatten | gaussian3 | dense192 unflatten", (8, 8, 3))
    assert bottleneck_use(model, IMAGES)["gaussian_1"]["active"] == 3
    with torch.no_grad():
        model.layers["gaussian_1"].weight.zero_()
    assert bottleneck_use(model, IMAGES) == {"gaussian_1": {"kl": 0.0, "active": 0, "values": 3}}


@pytest.mark.parametrize(
    "line", ["conv4 pool | up conv3", "conv4 (pool vq8) pool | up conv3", "contractive pool | up conv3"]
)
def test_nothing_is_said_of_what_is_not_there(line: str) -> None:
    assert bottleneck_use(build_model(line, (8, 8, 3)), IMAGES) == {}


def test_only_the_chosen_images_are_looked_at() -> None:
    model = build_model("conv4 pool sparse | up conv3", (8, 8, 3))
    one = bottleneck_use(model, IMAGES, np.array([7]))
    assert one == bottleneck_use(model, IMAGES[7:8])
    assert bottleneck_use(model, IMAGES[:0]) == {}


def test_a_training_writes_it_beside_the_test_results(tmp_path: Path) -> None:
    data = tmp_path / "images.npz"
    np.savez(data, x_train=IMAGES[:32], x_test=IMAGES[32:])
    line = "unshuffle4 conv6[k=1] topk2 | conv48[k=1] shuffle4"
    run = fit(line, data, epochs=1, batch_size=8, loss="mse", out=tmp_path / "run", watch=lambda event: None)
    test = run.record.test
    assert test["topk_1_active"] == 2 * 2 * 2
    assert test["topk_1_values"] == 2 * 2 * 6
    assert 0 < test["topk_1_channels_used"] <= 1
