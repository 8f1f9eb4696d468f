"""The question's four models: ours against the real Keras ones, in inference, in training, and over training steps."""

import keras
import numpy as np
import pytest
import torch
import torch.nn.functional as F

from diabolo.model import AutoEncoder, build_model
from diabolo.train.adam import KerasAdam
from diabolo.zoo import find_model

from .carry import carry, randomise, to_keras, to_ours
from .question import QUESTION

torch.set_num_threads(1)  # small tensors: two threads mostly wait for each other

OUTPUT_TOLERANCE = 1e-5  # float32 sums of up to 576 products, in another order; sigmoid outputs
STEP_TOLERANCE = 1e-4  # losses and moving statistics after three steps; seen: 8e-6
# Adam's first steps are ±lr however small a gradient is, so that rounding turns the signs of gradients that are near 0
# (seen: 1.5e-3 in a weight); what that does to outputs, 3e-4 at most here.
AFTER_STEPS_TOLERANCE = 1e-3
NUM_STEPS = 3
COUNTS = {name: (18_851, 18_851) if name == "method-1" else (19_363, 19_107) for name in QUESTION}

variant = pytest.mark.parametrize("name", QUESTION)


def _pair(name: str, *, seed: int = 0, trained: bool = False) -> "tuple[AutoEncoder, keras.Model, list]":
    ours = build_model(find_model(name).line, seed=seed)
    if trained:
        randomise(ours, seed)
    theirs = QUESTION[name]()
    return ours, theirs, carry(ours, theirs)


def _images(count: int, seed: int) -> torch.Tensor:
    """Smooth random images in [0, 1], so that losses move in three steps as they do on photographs."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand((count, 3, 5, 5), generator=generator)
    return F.interpolate(coarse, size=(32, 32), mode="bicubic").clamp(0, 1)


def _statistics_gap(ours: AutoEncoder, pairs: list) -> float:
    gaps = [0.0]
    for name, layer in pairs:
        if name.startswith("bn"):
            _, _, mean, variance = layer.get_weights()
            gaps.append(np.abs(mean - ours.layers[name].moving_mean.numpy()).max())
            gaps.append(np.abs(variance - ours.layers[name].moving_variance.numpy()).max())
    return float(max(gaps))


@variant
def test_counts_are_keras_own(name: str) -> None:
    ours, theirs, _ = _pair(name)
    measures = ours.summary().measures
    assert (measures.num_parameters, measures.num_trainable) == COUNTS[name]
    assert theirs.count_params() == measures.num_parameters
    trainable = sum(int(np.prod(variable.shape)) for variable in theirs.trainable_variables)
    assert trainable == measures.num_trainable


@variant
def test_outputs_in_inference(name: str) -> None:
    ours, theirs, _ = _pair(name, seed=3, trained=True)
    images = _images(6, seed=1)
    with torch.no_grad():
        result = to_keras(ours.eval()(images))
        wanted = keras.ops.convert_to_numpy(theirs(to_keras(images), training=False))
    assert np.ptp(wanted) > 0.1
    np.testing.assert_allclose(result, wanted, rtol=0, atol=OUTPUT_TOLERANCE)


@variant
@pytest.mark.parametrize("trained", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_outputs_and_moving_statistics_in_training(name: str, trained: bool, dtype: torch.dtype) -> None:
    ours, theirs, pairs = _pair(name, seed=4, trained=trained)
    ours.to(dtype)
    images = _images(6, seed=2)
    before = {key: value.clone() for key, value in ours.named_buffers()}
    with torch.no_grad():
        result = to_keras(ours.train()(images.to(dtype)))
        wanted = keras.ops.convert_to_numpy(theirs(to_keras(images), training=True))
    np.testing.assert_allclose(result, wanted, rtol=0, atol=OUTPUT_TOLERANCE)
    assert _statistics_gap(ours, pairs) < OUTPUT_TOLERANCE
    assert all(not torch.equal(value, before[key]) for key, value in ours.named_buffers())


def _our_steps(ours: AutoEncoder, batches: list[torch.Tensor]) -> list[float]:
    optimiser = KerasAdam(ours.parameters(), rate=1e-3)
    losses = []
    ours.train()
    for images in batches:
        optimiser.zero_grad()
        loss = F.binary_cross_entropy_with_logits(ours.logits(images), images)
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses


def _compare_after(ours: AutoEncoder, theirs: "keras.Model", pairs: list) -> None:
    assert _statistics_gap(ours, pairs) < STEP_TOLERANCE
    images = _images(6, seed=9)
    with torch.no_grad():
        result = to_keras(ours.eval()(images))
        wanted = keras.ops.convert_to_numpy(theirs(to_keras(images), training=False))
    np.testing.assert_allclose(result, wanted, rtol=0, atol=AFTER_STEPS_TOLERANCE)


@variant
def test_three_training_steps(name: str) -> None:
    ours, theirs, pairs = _pair(name, seed=5)
    theirs.compile(optimizer="adam", loss="binary_crossentropy")
    batches = [_images(8, seed) for seed in range(NUM_STEPS)]
    wanted = []
    for images in batches:
        theirs.reset_metrics()  # `train_on_batch` returns the mean since the last reset
        wanted.append(float(theirs.train_on_batch(to_keras(images), to_keras(images))))
    losses = _our_steps(ours, batches)
    assert wanted[-1] < wanted[0]
    np.testing.assert_allclose(losses, wanted, rtol=0, atol=STEP_TOLERANCE)
    _compare_after(ours, theirs, pairs)


def test_three_steps_of_keras_own_fit() -> None:
    ours, theirs, pairs = _pair("method-2", seed=6)
    theirs.compile(optimizer="adam", loss="binary_crossentropy")
    images = _images(8 * NUM_STEPS, seed=7)
    history = theirs.fit(to_keras(images), to_keras(images), batch_size=8, epochs=1, shuffle=False, verbose=0)
    losses = _our_steps(ours, list(images.split(8)))
    assert np.mean(losses) == pytest.approx(history.history["loss"][0], abs=STEP_TOLERANCE)
    _compare_after(ours, theirs, pairs)


def test_images_go_there_and_back() -> None:
    images = _images(2, seed=0)
    assert torch.equal(to_ours(to_keras(images)), images)
