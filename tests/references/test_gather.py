"""`references_for` against float64, PIL and torch on small images; what it says where something cannot be had."""

import io
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from reference_builders import cross_entropy, linear_by_svd, mean_psnr, smooth_images

from diabolo.data import ImagesOnDisk, Progress
from diabolo.errors import DataError, DiaboloError
from diabolo.metrics import pixel_entropy, structural_similarity
from diabolo.references import Reference, gather, linear, references_for
from diabolo.references.pieces import Part

TRAIN = smooth_images(300, 12, 8, 3, seed=1)
TEST = smooth_images(60, 12, 8, 3, seed=2)
FOUND = references_for(TRAIN, TEST, latent_values=96, block=(4, 4))
BY_NAME = {one.name: one for one in FOUND}


def floats(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1) / 255


def test_names_and_their_order() -> None:
    assert [one.name for one in FOUND] == ["mean", "pca", "pca-blocks", "jpeg", "webp", "bce-floor"]
    assert [one.title for one in FOUND] == [
        "mean image",
        "PCA with 96 values",
        "PCA of 4×4 blocks, 16 of 48",
        "JPEG within 96 bytes",
        "WebP within 96 bytes",
        "floor of cross-entropy",
    ]
    assert [one.latent_values for one in FOUND] == [0, 96, 96, None, None, None]


def check(found: Reference, rebuilt: np.ndarray) -> None:
    """All numbers of a reference against float64; `found` comes from float32, good to 1e-6 of the range."""
    images = floats(TEST)
    assert found.psnr == pytest.approx(mean_psnr(rebuilt, images), abs=1e-3)
    assert found.mse == pytest.approx(float(((rebuilt.clip(0, 1) - images) ** 2).mean()), rel=1e-4)
    shape = (60, 12, 8, 3)
    pair = [torch.from_numpy(x.reshape(shape).astype(np.float32)).permute(0, 3, 1, 2) for x in (rebuilt, images)]
    ssim = float(structural_similarity(pair[0].clamp(0, 1), pair[1]).double().mean())
    assert found.ssim == pytest.approx(ssim, abs=1e-5)
    assert found.bce == pytest.approx(cross_entropy(rebuilt, images), abs=1e-6)
    assert found.bce_excess == pytest.approx(found.bce - pixel_entropy(TEST), abs=1e-9)


def test_mean_image() -> None:
    check(BY_NAME["mean"], np.broadcast_to(floats(TRAIN).mean(0), (60, 288)))


def test_whole_images() -> None:
    check(BY_NAME["pca"], linear_by_svd(floats(TRAIN), floats(TEST), 96))


def test_blocks() -> None:
    def cut(images: np.ndarray) -> np.ndarray:
        """Block by block with plain loops."""
        blocks = [
            image[top : top + 4, left : left + 4].reshape(-1)
            for image in images
            for top in range(0, 12, 4)
            for left in range(0, 8, 4)
        ]
        return np.array(blocks) / 255

    rows = linear_by_svd(cut(TRAIN), cut(TEST), 16)
    rebuilt = np.empty((60, 12, 8, 3))
    places = [(n, top, left) for n in range(60) for top in range(0, 12, 4) for left in range(0, 8, 4)]
    for row, (number, top, left) in zip(rows, places, strict=True):
        rebuilt[number, top : top + 4, left : left + 4] = row.reshape(4, 4, 3)
    check(BY_NAME["pca-blocks"], rebuilt.reshape(60, -1))


def test_a_block_as_large_as_the_image_is_the_whole_image() -> None:
    found = {one.name: one for one in references_for(TRAIN, TEST, latent_values=50, block=(12, 8))}
    assert found["pca-blocks"].psnr == found["pca"].psnr
    assert found["pca-blocks"].bce == found["pca"].bce


def test_codecs_against_pillow() -> None:
    """Bytes enough for any quality: then each file is the one of quality 100."""
    found = {one.name: one for one in references_for(TRAIN, TEST, latent_values=20_000)}
    for name, options in (("jpeg", {"optimize": True, "subsampling": 0}), ("webp", {"method": 4})):
        rebuilt, sizes = [], []
        for image in TEST:
            file = io.BytesIO()
            Image.fromarray(image).save(file, name, quality=100, **options)
            sizes.append(len(file.getvalue()))
            rebuilt.append(np.asarray(Image.open(file).convert("RGB")).reshape(-1) / 255)
        check(found[name], np.array(rebuilt))
        assert found[name].bytes_per_image == np.mean(sizes)


def test_files_keep_within_the_budget() -> None:
    found = {one.name: one for one in references_for(TRAIN, TEST, latent_values=500)}
    assert found["jpeg"].bytes_per_image <= 500
    assert found["webp"].bytes_per_image <= 500
    assert found["webp"].note == (
        "One byte for each latent value; 20 bytes are header. A model's values are floats, not bytes."
    )


def test_the_floor_is_the_entropy() -> None:
    floor = BY_NAME["bce-floor"]
    assert floor.bce == pytest.approx(pixel_entropy(TEST), rel=1e-12)
    assert (floor.bce_excess, floor.psnr) == (0.0, None)
    assert floor.note == (
        f"A perfect copy of these images has a binary cross-entropy of {pixel_entropy(TEST):.4f} nats a value."
    )


def test_a_budget_that_no_quality_meets() -> None:
    jpeg = BY_NAME["jpeg"]
    assert (jpeg.psnr, jpeg.mse, jpeg.bytes_per_image) == (None, None, None)
    assert jpeg.note.startswith("Left out: no quality makes 60 of 60 images that small; the header alone has ")


def test_only_the_chosen_images_count() -> None:
    train = np.concatenate([TRAIN, 255 - TRAIN])
    test = np.concatenate([TEST[:5] // 2, TEST])
    found = references_for(
        train,
        test,
        latent_values=96,
        block=(4, 4),
        train_indices=np.arange(300),
        test_indices=np.arange(5, 65),
    )
    assert found == FOUND


def test_images_on_disk(tmp_path: Path) -> None:
    on_disk = []
    for name, images in (("train", TRAIN), ("test", TEST)):
        np.save(tmp_path / f"{name}.npy", images)
        on_disk.append(ImagesOnDisk.of(np.load(tmp_path / f"{name}.npy", mmap_mode="r")))
    assert None not in on_disk
    assert references_for(*on_disk, latent_values=96, block=(4, 4)) == FOUND  # type: ignore[arg-type]


def test_pieces_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seven images at a time: the same to rounding."""
    monkeypatch.setattr("diabolo.references.pieces.VALUES_AT_A_TIME", 7 * 288)
    for one, other in zip(references_for(TRAIN, TEST, latent_values=96, block=(4, 4)), FOUND, strict=True):
        assert one.note == other.note
        assert one.psnr == pytest.approx(other.psnr, abs=1e-4)
        assert one.bce == pytest.approx(other.bce, abs=1e-7)


def test_more_values_than_an_image_has() -> None:
    found = {one.name: one for one in references_for(TRAIN, TEST, latent_values=500, block=(4, 4))}
    assert found["pca"].title == "PCA with 288 values"
    assert found["pca"].latent_values == 288
    assert found["pca"].psnr > 90  # all directions: a copy, up to rounding
    assert found["pca"].note == (
        "The best linear map of whole images to 288 numbers, fitted to 300 images. The latent has 500 values, but an "
        "image only 288."
    )
    assert found["pca-blocks"].note == (
        "The best linear map of each block to 48 numbers, fitted to 300 images. It keeps 288 of the 500 values."
    )


def test_few_train_images() -> None:
    found = {one.name: one for one in references_for(TRAIN[:10], TEST, latent_values=96)}
    assert found["pca"].latent_values == 9
    assert found["pca"].note == (
        "The best linear map of whole images to 9 numbers, fitted to 10 images. The images that it was fitted to vary "
        "in 9 directions only."
    )
    alone = {one.name: one for one in references_for(TRAIN[:1], TEST, latent_values=96)}
    assert alone["pca"].psnr == alone["mean"].psnr
    assert "fitted to 1 image." in alone["pca"].note


def test_constant_images() -> None:
    grey = np.full((20, 8, 8, 1), 100, np.uint8)
    found = {one.name: one for one in references_for(grey, grey[:3], latent_values=16, block=(2, 2))}
    assert found["mean"].psnr == 100.0
    assert found["pca"].psnr == 100.0
    assert all(math.isfinite(one.bce) for one in found.values() if one.bce is not None)


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 1, 3), (2, 3, 1), (17, 5, 3)])
def test_odd_sizes(shape: tuple[int, int, int]) -> None:
    images = smooth_images(30, *shape)
    found = references_for(images, images[:4], latent_values=700)
    assert {one.name for one in found} == {"mean", "pca", "jpeg", "webp", "bce-floor"}
    for one in found:
        assert one.psnr is None or math.isfinite(one.psnr)


def test_black_and_white_images_have_a_finite_cross_entropy() -> None:
    """Clipped PCA says exactly 0 and 1 where the pixel may be neither."""
    images = np.random.default_rng(3).choice(np.array([0, 1, 254, 255], np.uint8), (40, 4, 4, 1))
    for one in references_for(images[:30], images[30:], latent_values=4, block=(2, 2)):
        assert one.bce_excess is None or 0 <= one.bce_excess < 6


def test_large_images_have_no_whole_pca(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linear, "MOST_VALUES", 200)
    found = {one.name: one for one in references_for(TRAIN, TEST, latent_values=96, block=(4, 4))}
    assert found["pca"].psnr is None
    assert found["pca"].note == "Left out: an image has 288 values, and PCA of whole images is computed up to 200."
    assert found["mean"].psnr == pytest.approx(BY_NAME["mean"].psnr, abs=1e-6)
    assert found["pca-blocks"] == BY_NAME["pca-blocks"]
    whole = {one.name: one for one in references_for(TRAIN, TEST, latent_values=96, block=(12, 8))}
    assert whole["pca-blocks"].note == "Left out: a block has 288 values, and PCA is computed up to 200."


def test_many_images_are_sampled_and_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gather, "MOST_TRAIN_IMAGES", 100)
    monkeypatch.setattr(gather, "MOST_TEST_IMAGES", 20)
    monkeypatch.setattr(gather, "MOST_CODED_VALUES", 10 * 288)
    found = {one.name: one for one in references_for(TRAIN, TEST, latent_values=96)}
    assert found["pca"].note.endswith("fitted to 100 of 300 images. Measured on 20 of 60 images.")
    wide = {one.name: one for one in references_for(TRAIN, TEST, latent_values=600)}
    assert wide["webp"].note.endswith(" Measured on 10 of 60 images.")
    chosen = np.linspace(0, 59, 10).round().astype(int)
    alone = {one.name: one for one in references_for(TRAIN, TEST[chosen], latent_values=600)}
    assert wide["webp"].bce == pytest.approx(alone["webp"].bce, rel=1e-12)


def test_more_blocks_than_values() -> None:
    found = {one.name: one for one in references_for(TRAIN, TEST, latent_values=3, block=(4, 4))}
    assert found["pca-blocks"].note == "Left out: 6 blocks for 3 values."


def test_a_pillow_without_webp(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("diabolo.references.coded.is_available", lambda codec: codec.name != "webp")
    found = {one.name: one for one in references_for(TRAIN[:20], TEST[:5], latent_values=500)}
    assert found["webp"].note == "Left out: this Pillow writes no WebP."
    assert found["jpeg"].psnr is not None


def test_images_that_a_format_cannot_hold() -> None:
    """WebP ends at 16,383 pixels a side."""
    images = np.zeros((3, 16_400, 1, 1), np.uint8)
    found = {one.name: one for one in references_for(images, images, latent_values=2000)}
    assert found["webp"].psnr is None
    assert found["webp"].note.startswith("Left out: WebP cannot hold such images (")
    assert found["jpeg"].psnr is not None


def test_progress_ends_with_all_images() -> None:
    said: list[Progress] = []
    references_for(TRAIN, TEST, latent_values=96, block=(4, 4), report=said.append)
    last = {one.stage: one for one in said}
    assert all(one.done == one.total for one in last.values())
    assert last["fitting PCA"].total == 300
    assert last["coding as WebP"].total == 60


@pytest.mark.parametrize("values", [0, -3, 1.5, True, "64", None, float("nan")])
def test_no_number_of_values(values: object) -> None:
    with pytest.raises(DiaboloError, match=r"`latent_values` .* must be a whole number from 1"):
        references_for(TRAIN, TEST, latent_values=values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("train", "test", "message"),
    [
        (TRAIN, TEST[:, :8], "the images of `train` are 12×8×3 and those of `test` 8×8×3; they must be the same"),
        (TRAIN[:0], TEST, "`train` has no images (shape (0, 12, 8, 3), 0 chosen)"),
        (TRAIN, TEST[:0], "`test` has no images (shape (0, 12, 8, 3), 0 chosen)"),
        (TRAIN / 255, TEST, "`train` is float64 (300, 12, 8, 3); references need uint8 images of shape (N, H, W, C)"),
        (TRAIN, TEST[0], "`test` is uint8 (12, 8, 3); references need uint8 images of shape (N, H, W, C)"),
        ([[1]], TEST, "`train` is list ; references need uint8 images of shape (N, H, W, C)"),
    ],
)
def test_wrong_images(train: np.ndarray, test: np.ndarray, message: str) -> None:
    with pytest.raises(DataError) as error:
        references_for(train, test, latent_values=10)
    assert str(error.value) == message


def test_a_part_is_sampled_evenly() -> None:
    part = Part(images=TRAIN, indices=np.arange(100, 200))
    assert part.at_most(4, 10**9).indices.tolist() == [100, 133, 166, 199]
    assert part.at_most(1000, 2 * 288).indices.tolist() == [100, 199]
    assert len(part.at_most(1000, 1)) == 1
    assert part.at_most(100, 10**9) is part
