"""Scores of arrays: each against its definition, written out with SciPy and scikit-image."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from score_builders import smooth_image, with_spot
from skimage.metrics import structural_similarity

from diabolo.errors import DiaboloError
from diabolo.model import AutoEncoder, build_model
from diabolo.use.heat_map import heat_map
from diabolo.use.latent_distance import latent_statistics
from diabolo.use.made_up_defects import with_made_up_defects
from diabolo.use.reconstruct import reconstruct
from diabolo.use.score import SCORES, score_images, smoothing

LINE = "conv8 relu pool | up conv3 sigmoid"


@pytest.fixture(scope="module")
def model() -> AutoEncoder:
    return build_model(LINE, (16, 16, 3)).eval()


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.stack([smooth_image(seed) for seed in range(5)])


def test_scores_are_what_they_say(model: AutoEncoder, images: np.ndarray) -> None:
    """Float32 maps against float64."""
    latents = model.encode(torch.from_numpy(images).permute(0, 3, 1, 2) / 255).detach().mean((2, 3)).numpy()
    statistics = latent_statistics(latents[:4])
    found = score_images(model, images, tuple(SCORES), latent=statistics)
    rebuilt = reconstruct(model, images).astype(np.float64)
    for number, image in enumerate(images / 255):
        error = ((rebuilt[number] - image) ** 2).mean(axis=2)
        smooth = gaussian_filter(error, 1.0)
        _, similar = structural_similarity(
            image, rebuilt[number], gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=1,
            channel_axis=-1, full=True,
        )  # fmt: skip
        different = 1 - similar.mean(axis=2)
        expected = {"mse": error.mean(), "peak": smooth.max(), "ssim": different.mean(), "ssim-peak": different.max()}
        for name, value in expected.items():
            assert found.scores[name][number] == pytest.approx(value, rel=1e-3), name
        np.testing.assert_allclose(found.maps["smoothed"][number], smooth, rtol=1e-3, atol=1e-7)
    np.testing.assert_allclose(found.scores["latent"], statistics.distances(latents), rtol=1e-4)


def test_images_of_another_size(model: AutoEncoder) -> None:
    image = smooth_image(1, 70)[None, :, :45]
    found = score_images(model, image, tuple(name for name in SCORES if name != "latent"))
    assert {values.shape for values in found.maps.values()} == {(1, 70, 45)}


def test_a_score_does_not_depend_on_its_neighbours(model: AutoEncoder, images: np.ndarray) -> None:
    together = score_images(model, images, ("peak", "ssim"))
    for number in range(len(images)):
        alone = score_images(model, images[number : number + 1], ("peak", "ssim"))
        for name in ("peak", "ssim"):
            assert alone.scores[name][0] == pytest.approx(together.scores[name][number], rel=1e-4)


def test_no_images(model: AutoEncoder) -> None:
    found = score_images(model, np.zeros((0, 16, 16, 3), np.uint8), ("peak", "mse", "ssim"))
    assert [len(values) for values in found.scores.values()] == [0, 0, 0]


def test_what_it_refuses(model: AutoEncoder, images: np.ndarray) -> None:
    with pytest.raises(DiaboloError, match=r"`score` \(=best\) must be one of peak, mse, ssim-peak, ssim, latent"):
        score_images(model, images, ("best",))
    with pytest.raises(DiaboloError, match="calibrate the run first"):
        score_images(model, images, ("latent",))
    broken = build_model(LINE, (16, 16, 3)).eval()
    with torch.no_grad():
        next(broken.parameters()).fill_(float("nan"))
    with pytest.raises(DiaboloError, match="NaN or infinite"):
        score_images(broken, images, ("mse",))


@pytest.mark.parametrize(("size", "sigma"), [((32, 32), 1.0), ((256, 256), 4.0), ((1, 1), 1.0), ((128, 4000), 2.0)])
def test_smoothing(size: tuple[int, int], sigma: float) -> None:
    assert smoothing(*size) == sigma


@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 9, 1), (64, 48, 3), (500, 3, 1)])
def test_made_up_defects(shape: tuple[int, int, int]) -> None:
    images = np.random.default_rng(0).integers(0, 256, (6, *shape), dtype=np.uint8)
    made = with_made_up_defects(images, seed=3)
    np.testing.assert_array_equal(made, with_made_up_defects(images, seed=3))
    assert made.shape == images.shape
    if shape[0] * shape[1] > 1000:
        changed = (made != images).any(axis=(1, 2, 3))
        assert changed.all()
        assert ((made != images).any(axis=3).mean(axis=(1, 2)) < 0.3).all()


def test_heat_map_shows_where(images: np.ndarray) -> None:
    image, mask = with_spot(images[0], 4)
    drawn = heat_map(image, mask.astype(np.float32), 0.5)
    assert drawn.shape == (128, 260, 3)
    np.testing.assert_array_equal(drawn[:, :128], image.repeat(8, 0).repeat(8, 1))
    painted = drawn[:, 132:].astype(int)
    outlined = (painted == 255).all(axis=2)
    spot = mask.repeat(8, 0).repeat(8, 1)
    assert outlined.any()
    assert not outlined[~spot].any()
    grey = np.rint(image.mean(axis=2))[..., None].repeat(3, 2).repeat(8, 0).repeat(8, 1)
    np.testing.assert_array_equal(painted[~spot], grey[~spot])  # a score of 0 has no colour


@pytest.mark.parametrize("top", [None, 0.0, 1.0])
def test_heat_map_of_nothing(top: float | None) -> None:
    image = np.full((4, 200, 1), 77, np.uint8)
    drawn = heat_map(image, np.zeros((4, 200), np.float32), top)
    assert drawn.shape == (128, 200 * 32 * 2 + 4, 3)
    assert (drawn[:, : 200 * 32] == 77).all()
