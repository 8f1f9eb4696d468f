"""Losses beyond the three plain ones: MS-SSIM against scikit-image and SciPy, Charbonnier by its formula, mixtures."""

import math

import numpy as np
import pytest
import torch
from scipy.signal import convolve2d
from skimage.measure import block_reduce
from skimage.metrics import structural_similarity
from train_builders import model, random_images, run

from diabolo.errors import RecipeError
from diabolo.metrics import structural_similarity as reported
from diabolo.runs.loss_text import print_mixture, read_mixture
from diabolo.train import LOSSES, find_loss, floor_of, loss_for
from diabolo.train.multi_scale import WEIGHTS, multi_scale_similarity, num_scales
from diabolo.train.recipe import find_recipe


def pair(*shape: int, noise: float = 0.1, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Smooth pictures (N, C, H, W) in [0, 1] and noisy copies of them, float64."""
    random = np.random.default_rng(seed)
    walks = random.normal(size=shape).cumsum(axis=2).cumsum(axis=3)
    images = (walks - walks.min()) / np.ptp(walks)
    return np.clip(images + noise * random.normal(size=shape), 0, 1), images


def contrast_and_brightness(output: np.ndarray, image: np.ndarray) -> tuple[float, float]:
    """Means over windows of contrast·structure, and of that times brightness, of one channel, by convolutions."""
    offsets = np.arange(11) - 5
    line = np.exp(-0.5 * (offsets / 1.5) ** 2)
    window = np.outer(line, line) / line.sum() ** 2
    mean = {"x": output, "y": image, "xx": output**2, "yy": image**2, "xy": output * image}
    mean = {name: convolve2d(values, window, mode="valid") for name, values in mean.items()}
    covariance = mean["xy"] - mean["x"] * mean["y"]
    variances = mean["xx"] - mean["x"] ** 2 + mean["yy"] - mean["y"] ** 2
    contrast = (2 * covariance + 0.03**2) / (variances + 0.03**2)
    brightness = (2 * mean["x"] * mean["y"] + 0.01**2) / (mean["x"] ** 2 + mean["y"] ** 2 + 0.01**2)
    return contrast.mean(), (contrast * brightness).mean()


def reference(output: np.ndarray, image: np.ndarray, scales: int) -> float:
    """MS-SSIM of one image (C, H, W) as the paper has it, with the exponents of its first scales made a sum of 1."""
    per_channel = []
    for x, y in zip(output, image, strict=True):
        product = 1.0
        for scale in range(scales):
            contrast, both = contrast_and_brightness(x, y)
            product *= (both if scale == scales - 1 else contrast) ** (WEIGHTS[scale] / sum(WEIGHTS[:scales]))
            even = (slice(len(x) // 2 * 2), slice(x.shape[1] // 2 * 2))  # a row or column that is left over is dropped
            x, y = block_reduce(x[even], 2, np.mean), block_reduce(y[even], 2, np.mean)
        per_channel.append(product)
    return float(np.mean(per_channel))


def as_tensors(*arrays: np.ndarray) -> list[torch.Tensor]:
    return [torch.from_numpy(array) for array in arrays]


@pytest.mark.parametrize("shape", [(4, 3, 20, 21), (2, 1, 11, 15)])
def test_with_one_scale_it_is_the_ssim_of_scikit_image(shape: tuple[int, ...]) -> None:
    """The filter is kept in float32, which is good to 1e-7 of a mean and, over C2, to some 1e-4 of a window."""
    outputs, images = pair(*shape)
    expected = [
        structural_similarity(
            image, output, data_range=1, channel_axis=0, gaussian_weights=True, sigma=1.5,
            use_sample_covariance=False,
        )
        for output, image in zip(outputs, images, strict=True)
    ]  # fmt: skip
    assert num_scales(*shape[2:]) == 1
    np.testing.assert_allclose(multi_scale_similarity(*as_tensors(outputs, images)), expected, atol=1e-5)


@pytest.mark.parametrize("side", [1, 2, 7, 10])
def test_smaller_images_than_the_window_have_the_ssim_that_is_reported(side: int) -> None:
    outputs, images = (tensor.float() for tensor in as_tensors(*pair(3, 3, side, side + 1)))
    torch.testing.assert_close(multi_scale_similarity(outputs, images), reported(outputs, images), rtol=0, atol=1e-5)


@pytest.mark.parametrize(("shape", "scales"), [((4, 3, 32, 32), 2), ((2, 3, 64, 48), 3), ((1, 1, 176, 180), 5)])
def test_several_scales_are_those_of_the_paper(shape: tuple[int, ...], scales: int) -> None:
    outputs, images = pair(*shape)
    expected = [reference(output, image, scales) for output, image in zip(outputs, images, strict=True)]
    assert num_scales(*shape[2:]) == scales
    np.testing.assert_allclose(multi_scale_similarity(*as_tensors(outputs, images)), expected, atol=1e-5)
    single = multi_scale_similarity(*(tensor.float() for tensor in as_tensors(outputs, images)))
    np.testing.assert_allclose(single, expected, atol=1e-4)


def test_its_gradient_is_right_and_finite_everywhere() -> None:
    outputs, images = as_tensors(*pair(1, 1, 22, 22))
    assert torch.autograd.gradcheck(lambda x: multi_scale_similarity(x, images), outputs.requires_grad_(), atol=1e-6)
    for strange in (images.clone(), 1 - images, torch.zeros_like(images), torch.ones_like(images) * 3):
        strange = strange.requires_grad_()
        value = LOSSES["ms-ssim"].function(strange, images)
        value.backward()
        assert torch.isfinite(strange.grad).all()
        assert -1e-9 <= value.item() <= 1.5
    assert multi_scale_similarity(images, images).item() == pytest.approx(1)


def test_charbonnier_by_its_formula() -> None:
    outputs, images = as_tensors(*pair(3, 3, 8, 8))
    function = LOSSES["charbonnier"].function
    errors = (outputs - images).numpy().ravel()
    assert function(outputs, images).item() == pytest.approx(np.mean([math.hypot(error, 1e-3) for error in errors]))
    assert function(images, images).item() == pytest.approx(LOSSES["charbonnier"].floor(random_images(1)))
    assert torch.autograd.gradcheck(lambda x: function(x, images), outputs.requires_grad_())


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("mse", "mse"),
        ("1*mse", "mse"),
        (" 0.84 * ms-ssim + 0.16*l1 ", "0.84*ms-ssim+0.16*l1"),
        ("mse+l1", "mse+l1"),
        (".5*bce+2e-3*psnr", "0.5*bce+0.002*psnr"),
        ("1e-7*l1+1000000000000000000000*mse", "1e-07*l1+1e21*mse"),
    ],
)
def test_mixtures_are_read_and_printed(text: str, canonical: str) -> None:
    assert print_mixture(read_mixture(text)) == canonical
    assert read_mixture(canonical) == read_mixture(text)
    assert find_recipe("fast").with_settings({"loss": text}).loss == canonical


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must be one of bce, mse, l1, psnr, charbonnier, ms-ssim, or a weighted sum of them, as `0.84"),
        ("ssim", "must be one of"),
        ("mse+", "must be one of"),
        ("-1*mse", "must be one of"),
        ("0.5mse", "must be one of"),
        ("nan*mse", "must be one of"),
        ("mse-l1", "must be one of"),
        ("0*mse+l1", "must be a sum with weights above 0; leave `mse` out"),
        ("1e999*mse", "must be a sum with weights above 0"),
        ("mse+0.5*mse", "must be a sum that names `mse` once"),
    ],
)
def test_mixtures_that_are_refused(text: str, message: str) -> None:
    with pytest.raises(RecipeError) as caught:
        find_recipe("fast").with_settings({"loss": text})
    assert str(caught.value).startswith(f"`loss` (={text}) {message}")


def test_a_mixture_is_the_weighted_sum_of_its_parts() -> None:
    outputs, images = as_tensors(*pair(3, 3, 32, 32))
    mixed = find_loss("0.84*ms-ssim+0.16*l1")
    parts = {name: LOSSES[name].function(outputs, images).item() for name in ("ms-ssim", "l1")}
    assert mixed.function(outputs, images).item() == pytest.approx(0.84 * parts["ms-ssim"] + 0.16 * parts["l1"])
    assert (mixed.unit, mixed.from_logits) == ("0.84 × similarity, 0 to 1 + 0.16 × pixel range", False)
    logits = torch.logit(outputs.clamp(0.01, 0.99))
    mixed, bytes_ = find_loss("0.5*bce+2*charbonnier"), random_images(7)
    assert mixed.from_logits
    expected = 0.5 * LOSSES["bce"].function(logits, images) + 2 * LOSSES["charbonnier"].function(
        torch.sigmoid(logits), images
    )
    assert mixed.function(logits, images).item() == pytest.approx(expected.item())
    indices = np.arange(7)
    assert floor_of(mixed, bytes_, indices) == pytest.approx(0.5 * floor_of(LOSSES["bce"], bytes_, indices) + 0.002)
    with pytest.raises(RecipeError, match=r"does not end in `sigmoid`"):
        loss_for("mse+bce", model("conv4 pool | up conv3"))


@pytest.mark.parametrize("loss", ["charbonnier", "ms-ssim", "0.84*ms-ssim+0.16*l1", "bce+0.1*l1"])
def test_they_fall(loss: str) -> None:
    history = run(loss=loss, optimiser="adam", learning_rate=0.02, epochs=8)[-1].history
    assert history[-1].train_excess < 0.95 * history[0].train_excess
