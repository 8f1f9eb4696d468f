"""Samples come from the prior, are the same for the same seed; a model without a prior is refused with the reason."""

import numpy as np
import pytest
import torch

from diabolo.api.sample import in_rows
from diabolo.errors import DiaboloError
from diabolo.model import AutoEncoder, build_model
from diabolo.use.sample import sample

LINE = "flatten | gaussian4 | dense192 unflatten sigmoid"


def _model(line: str = LINE) -> AutoEncoder:
    return build_model(line, (8, 8, 3), seed=1).eval()


def test_samples_are_the_decoder_on_the_prior() -> None:
    """The latents are found again: the decoder is one layer, and more pixels than latents."""
    model = _model()
    images = sample(model, 5000, seed=3)
    assert images.shape == (5000, 8, 8, 3)
    assert images.dtype == np.float32
    weight = model.layers["dense_1"].weight.detach().double().numpy()
    logits = np.log(images / (1 - images)).reshape(5000, -1).astype(np.float64)
    latents = logits @ np.linalg.pinv(weight).T
    # Standard errors: 1/71 of a mean, 1/100 of a deviation and a covariance of 1/71; five of them.
    np.testing.assert_allclose(latents.mean(axis=0), 0, atol=5 / 71)
    np.testing.assert_allclose(np.cov(latents.T), np.eye(4), atol=5 / 50)


def test_the_same_seed_gives_the_same_images_and_another_others() -> None:
    model = _model()
    assert np.array_equal(sample(model, 3, seed=1), sample(model, 3, seed=1))
    assert not np.array_equal(sample(model, 3, seed=1), sample(model, 3, seed=2))
    # Other numbers of images add up in another order.
    np.testing.assert_allclose(sample(model, 5, seed=1)[:3], sample(model, 3, seed=1), atol=1e-5)


def test_temperature_zero_is_the_image_of_the_mean() -> None:
    model = _model()
    with torch.no_grad():
        mean = model.decode(torch.zeros(1, 4)).permute(0, 2, 3, 1).numpy()
    np.testing.assert_allclose(sample(model, 2, temperature=0.0), mean.repeat(2, axis=0), atol=1e-6)


def test_a_map_of_latents_can_be_drawn_too() -> None:
    assert sample(_model("conv4 pool | gaussian2 | up conv3 sigmoid"), 2).shape == (2, 8, 8, 3)


def test_a_model_without_a_prior_is_refused_with_the_reason(snapshot) -> None:
    messages = []
    for line in ("conv4 pool | up conv3", "conv4 pool vq8 | up conv3", "conv4 gaussian4 pool | up conv3"):
        with pytest.raises(DiaboloError) as caught:
            sample(_model(line), 1)
        messages.append(str(caught.value))
    assert messages == snapshot


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"num_images": 0}, r"number of samples \(=0\)"),
        ({"num_images": 2.5}, r"number of samples \(=2.5\)"),
        ({"num_images": 10**9}, "from 1 to 100,000"),
        ({"temperature": float("nan")}, r"`temperature` \(=nan\)"),
        ({"temperature": -1.0}, r"`temperature` \(=-1.0\)"),
        ({"seed": -1}, r"`seed` \(=-1\)"),
    ],
)
def test_wrong_choices_are_refused(choices, message) -> None:
    with pytest.raises(DiaboloError, match=message):
        sample(_model(), **choices)


@pytest.mark.parametrize("number", [1, 2, 5, 64])
def test_a_picture_holds_every_image(number: int) -> None:
    images = np.arange(number, dtype=np.uint8)[:, None, None, None] * np.ones((1, 6, 4, 3), np.uint8)
    page = in_rows(images)
    values, counts = np.unique(page, return_counts=True)
    found = dict(zip(values.tolist(), counts.tolist(), strict=True))
    assert all(found[index] == 6 * 4 * 3 for index in range(number))
