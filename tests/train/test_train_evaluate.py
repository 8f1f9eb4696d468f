"""Evaluation and losses against plain numpy in float64."""

import math
import sys

import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio
from train_builders import NOISY, PLAIN, model, random_images

from diabolo.errors import DataError, RecipeError
from diabolo.train import LOSSES, ImageSource, evaluate, floor_of, images_at_once, loss_for

CPU = torch.device("cpu")
LINEAR = "conv4 relu bn pool | up conv3"


def numpy_loss(name: str, output: np.ndarray, target: np.ndarray) -> float:
    """float64, from the definition; `output` are logits for bce."""
    if name == "bce":
        return float(np.mean(np.logaddexp(0, output) - target * output))
    return float(np.mean((output - target) ** 2 if name == "mse" else np.abs(output - target)))


def trained_statistics(line: str):
    """A model whose moving statistics are not those of its batches, so that the modes differ."""
    built = model(line, seed=2)
    built.train()
    for seed in range(3):
        built(torch.from_numpy(random_images(20, seed)).permute(0, 3, 1, 2).float() / 255)
    return built


@pytest.mark.parametrize(
    ("line", "name"),
    [(PLAIN, "bce"), (PLAIN, "mse"), (PLAIN, "l1"), (LINEAR, "mse"), (LINEAR, "l1"), (NOISY, "bce")],
)
def test_evaluate_is_a_mean_over_pixel_values_in_evaluation_mode(name: str, line: str) -> None:
    """float32 sums of 192 values a row against float64: 1e-5 of the value."""
    built, images = trained_statistics(line), random_images(37, seed=9)
    indices = np.array([3, 1, 36, 20, 5, 7])
    measured = evaluate(built, ImageSource(images, CPU), indices, loss_for(name, built))
    target = images[indices].astype(np.float64) / 255
    with torch.no_grad():
        batch = torch.from_numpy(target).permute(0, 3, 1, 2).float()
        double = built.eval().double()
        output = (double.logits(batch.double()) if name == "bce" else double(batch.double())).permute(0, 2, 3, 1)
        pixels = double(batch.double()).permute(0, 2, 3, 1).clamp(0, 1).numpy()
    assert measured.loss == pytest.approx(numpy_loss(name, output.numpy(), target), rel=1e-5)
    mse = ((pixels - target) ** 2).mean(axis=(1, 2, 3))
    assert measured.num_images == 6
    assert measured.mse == pytest.approx(mse.mean(), rel=1e-5)
    np.testing.assert_allclose(measured.psnr_per_image, 10 * np.log10(1 / mse), rtol=1e-5)
    assert measured.psnr == pytest.approx((10 * np.log10(1 / mse)).mean(), rel=1e-5)
    assert -1 <= measured.ssim <= 1


def test_the_cut_into_batches_changes_nothing_and_the_mode_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    built, images = trained_statistics(PLAIN), random_images(23)
    source, everything, loss = ImageSource(images, CPU), np.arange(23), loss_for("bce", built)
    whole = evaluate(built, source, everything, loss)
    assert built.training
    monkeypatch.setattr(sys.modules["diabolo.train.evaluate"], "_MOST_AT_ONCE", 5)
    assert images_at_once(built) == 5
    cut = evaluate(built.eval(), source, everything, loss)
    assert not built.training
    assert cut.loss == pytest.approx(whole.loss, rel=1e-6)
    assert cut.psnr == pytest.approx(whole.psnr, rel=1e-6)


def test_without_metrics_only_the_loss_is_there() -> None:
    built, source = model(), ImageSource(random_images(12), CPU)
    loss = loss_for("bce", built)
    some = evaluate(built, source, np.arange(12), loss, with_metrics=False)
    assert some.loss == evaluate(built, source, np.arange(12), loss).loss
    assert math.isnan(some.mse)
    assert math.isnan(some.psnr)
    assert math.isnan(some.ssim)
    assert some.psnr_per_image.size == 0


def test_no_images_and_a_failing_model_leave_the_mode_as_it_was() -> None:
    built, source = model(), ImageSource(random_images(12), CPU)
    with pytest.raises(DataError, match="no images"):
        evaluate(built, source, np.arange(0), loss_for("bce", built))
    built.layers["conv_2"].register_forward_hook(lambda *args: (_ for _ in ()).throw(MemoryError()))
    with pytest.raises(MemoryError):
        evaluate(built, source, np.arange(3), loss_for("bce", built))
    assert built.training


def test_large_images_are_evaluated_a_few_at_a_time() -> None:
    """64 MiB for the largest activation: 250 images in the question's network, one of 2048×2048."""
    from diabolo.model import build_model

    assert images_at_once(build_model("conv64 relu pool | up conv3 sigmoid", (32, 32, 3))) == 250
    assert images_at_once(build_model("conv64 relu pool | up conv3 sigmoid", (512, 512, 3))) == 1
    assert images_at_once(build_model("conv16 relu pool | up conv3 sigmoid", (256, 256, 3))) == 16


def test_every_loss_says_its_unit_and_its_floor() -> None:
    images = random_images(9)
    perfect = images.astype(np.float64) / 255
    with np.errstate(divide="ignore", invalid="ignore"):
        entropy = -np.nan_to_num(perfect * np.log(perfect)) - np.nan_to_num((1 - perfect) * np.log1p(-perfect))
    floors = {
        "bce": entropy[[1, 4, 8]].mean(),
        "mse": 0.0,
        "l1": 0.0,
        "psnr": -60.0,
        "charbonnier": 0.001,
        "ms-ssim": 0.0,
    }
    assert LOSSES.keys() == floors.keys()
    for name, loss in LOSSES.items():
        assert loss.unit
        assert loss.title
        assert floor_of(loss, images, np.array([1, 4, 8])) == pytest.approx(floors[name], rel=1e-12)


def test_the_loss_of_the_psnr_is_minus_its_mean_over_images() -> None:
    """Against scikit-image, in float64; where images are 20 dB apart the mean of MSEs would be another number."""
    random = np.random.default_rng(0)
    images = random.uniform(size=(6, 3, 8, 8))
    outputs = images + random.normal(size=images.shape) * np.geomspace(0.01, 0.3, 6)[:, None, None, None]
    expected = [
        peak_signal_noise_ratio(image, output, data_range=1) for image, output in zip(images, outputs, strict=True)
    ]
    function = LOSSES["psnr"].function
    loss = function(torch.from_numpy(outputs), torch.from_numpy(images))
    assert float(loss) == pytest.approx(-np.mean(expected), abs=0.02), "1e-6 beside an MSE of 1e-4 is 0.04 dB of one"
    perfect = torch.from_numpy(images)
    assert torch.autograd.gradcheck(
        lambda output: function(output, perfect), torch.from_numpy(outputs).requires_grad_()
    )
    at_the_floor = perfect.clone().requires_grad_()
    function(at_the_floor, perfect).backward()
    assert function(perfect, perfect).item() == pytest.approx(-60)
    assert at_the_floor.grad is not None
    assert not at_the_floor.grad.any()


def test_a_floor_over_many_images_is_the_mean_over_all(monkeypatch: pytest.MonkeyPatch) -> None:
    images = random_images(23)
    whole = LOSSES["bce"].floor(images)
    monkeypatch.setattr("diabolo.train.losses._IMAGES_AT_A_TIME", 5)
    assert floor_of(LOSSES["bce"], images, np.arange(23)) == pytest.approx(whole, rel=1e-12)


def test_binary_cross_entropy_needs_a_sigmoid() -> None:
    with pytest.raises(
        RecipeError, match=r"does not end in `sigmoid`; write `sigmoid` at its end, or train with `--set"
    ):
        loss_for("bce", model(LINEAR))


def test_a_source_gives_floats_in_the_order_asked_for() -> None:
    images = random_images(10)
    for array in (images, images[::-1][::-1]):
        batch = ImageSource(array, CPU).batch(np.array([7, 2, 2]))
        assert batch.dtype == torch.float32
        assert batch.is_contiguous(memory_format=torch.channels_last)
        wanted = images[[7, 2, 2]].transpose(0, 3, 1, 2).astype(np.float32) / np.float32(255)
        np.testing.assert_array_equal(batch.numpy(), wanted)
