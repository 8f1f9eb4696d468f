"""Single images: every colour mode ends in the right 8-bit values, and broken or huge files get a reason."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from diabolo.data import read_images
from diabolo.data.images import UnreadableImageError, fit_image, read_header, read_image
from diabolo.errors import DataError


@pytest.fixture
def pixels() -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (9, 7, 3), dtype=np.uint8)


@pytest.mark.parametrize("suffix", ["png", "bmp", "ppm", "tif", "webp"])
def test_lossless_formats(tmp_path: Path, pixels: np.ndarray, suffix: str) -> None:
    path = tmp_path / f"image.{suffix}"
    Image.fromarray(pixels).save(path, **({"lossless": True} if suffix == "webp" else {}))
    np.testing.assert_array_equal(read_image(path, 3), pixels)


def test_jpeg_and_gif(tmp_path: Path) -> None:
    flat = np.full((8, 8, 3), (200, 40, 90), np.uint8)
    Image.fromarray(flat).save(tmp_path / "a.jpg", quality=95)
    Image.fromarray(flat).save(tmp_path / "a.gif")
    assert np.abs(read_image(tmp_path / "a.jpg", 3).astype(int) - flat).max() <= 4
    assert np.abs(read_image(tmp_path / "a.gif", 3).astype(int) - flat).max() <= 4


def test_transparency_shows_white(tmp_path: Path, pixels: np.ndarray) -> None:
    alpha = np.random.default_rng(4).integers(0, 256, (9, 7, 1), dtype=np.uint8)
    Image.fromarray(np.concatenate([pixels, alpha], axis=2)).save(tmp_path / "rgba.png")
    part = alpha / 255
    expected = pixels * part + 255 * (1 - part)
    assert np.abs(read_image(tmp_path / "rgba.png", 3) - expected).max() <= 1  # Pillow rounds twice


def test_palette(tmp_path: Path) -> None:
    image = Image.fromarray(np.arange(4, dtype=np.uint8).reshape(2, 2), "L").convert("P")
    image.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120])
    image.save(tmp_path / "p.png")
    image.save(tmp_path / "transparent.png", transparency=1)
    expected = np.array([[[10, 20, 30], [40, 50, 60]], [[70, 80, 90], [100, 110, 120]]], np.uint8)
    np.testing.assert_array_equal(read_image(tmp_path / "p.png", 3), expected)
    expected[0, 1] = 255
    np.testing.assert_array_equal(read_image(tmp_path / "transparent.png", 3), expected)


def test_16_bit_grey(tmp_path: Path) -> None:
    values = np.array([[0, 128, 129, 257], [65535, 65406, 32768, 1000]], np.uint16)
    for name in ("a.png", "a.tif"):
        Image.fromarray(values).save(tmp_path / name)
        np.testing.assert_array_equal(read_image(tmp_path / name, 1)[..., 0], np.rint(values / 257))
        assert read_header(tmp_path / name).is_grey


def test_grey_and_colour(tmp_path: Path, pixels: np.ndarray) -> None:
    Image.fromarray(pixels[..., 0]).save(tmp_path / "grey.png")
    Image.fromarray(pixels).save(tmp_path / "colour.png")
    np.testing.assert_array_equal(read_image(tmp_path / "grey.png", 3), np.repeat(pixels[..., :1], 3, axis=2))
    grey = read_image(tmp_path / "colour.png", 1)[..., 0]
    assert np.abs(grey - pixels @ [0.299, 0.587, 0.114]).max() <= 0.51
    assert (read_header(tmp_path / "grey.png").is_grey, read_header(tmp_path / "colour.png").is_grey) == (True, False)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(tmp_path: Path, pixels: np.ndarray, orientation: int) -> None:
    turns = {
        1: lambda a: a, 2: lambda a: a[:, ::-1], 3: lambda a: a[::-1, ::-1], 4: lambda a: a[::-1],
        5: lambda a: a.swapaxes(0, 1), 6: lambda a: np.rot90(a, -1), 7: lambda a: a.swapaxes(0, 1)[::-1, ::-1],
        8: lambda a: np.rot90(a),
    }  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(pixels).save(tmp_path / "a.png", exif=exif)
    expected = turns[orientation](pixels)
    np.testing.assert_array_equal(read_image(tmp_path / "a.png", 3), expected)
    header = read_header(tmp_path / "a.png")
    assert (header.height, header.width) == expected.shape[:2]


def test_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.fromarray(np.zeros((4, 4), np.float32)).save(tmp_path / "float.tif")
    Image.fromarray(np.full((4, 4), 70_000, np.int32)).save(tmp_path / "deep.tif")
    (tmp_path / "text.eps").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 4 4\n")
    Image.fromarray(np.zeros((40, 40), np.uint8)).save(tmp_path / "bomb.png")
    Image.fromarray(np.zeros((90, 90), np.uint8)).save(tmp_path / "worse.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1500)
    for name, reason in {
        "float.tif": "floating-point pixels",
        "deep.tif": "32-bit pixels",
        "text.eps": "not an image",
        "bomb.png": "more than 1,500 pixels",
        "worse.png": "more than 1,500 pixels",
        "none.png": "no such file",
        ".": "not a file",
    }.items():
        with pytest.raises(UnreadableImageError, match=reason):
            read_image(tmp_path / name, 3)


def test_read_images_skips_and_keeps_the_order(tmp_path: Path, pixels: np.ndarray) -> None:
    Image.fromarray(pixels).save(tmp_path / "a.png")
    Image.fromarray(pixels[:4]).save(tmp_path / "b.png")
    (tmp_path / "c.png").write_text("x")
    paths = [tmp_path / "b.png", tmp_path / "c.png", tmp_path / "a.png"]
    images, skipped = read_images(paths, channels=3)
    assert [image.shape for image in images] == [(4, 7, 3), (9, 7, 3)]
    assert [(item.path, item.reason) for item in skipped] == [(tmp_path / "c.png", "not an image")]
    images, _ = read_images(paths, channels=1, size=(6, 6), fit="pad")
    assert [image.shape for image in images] == [(6, 6, 1)] * 2
    with pytest.raises(DataError, match=r"b\.png` is 4×7, which has other proportions"):
        read_images(paths, channels=3, size=(6, 6))


def gradient(height: int, width: int) -> np.ndarray:
    """Red rises with the row, green with the column; blue is 0."""
    image = np.zeros((height, width, 3), np.uint8)
    image[..., 0] = np.arange(height)[:, None]
    image[..., 1] = np.arange(width)
    return image


def test_crop_takes_the_centre() -> None:
    np.testing.assert_array_equal(fit_image(gradient(8, 20), (8, 8), "crop", name="x"), gradient(8, 20)[:, 6:14])
    np.testing.assert_array_equal(fit_image(gradient(20, 8), (8, 8), "crop", name="x"), gradient(20, 8)[6:14])


def test_pad_reflects_the_edges() -> None:
    padded = fit_image(gradient(8, 4), (8, 8), "pad", name="x")
    np.testing.assert_array_equal(padded[0, :, 1], [2, 1, 0, 1, 2, 3, 2, 1])
    np.testing.assert_array_equal(padded[:, 0, 0], np.arange(8))


def test_stretch_keeps_every_corner() -> None:
    stretched = fit_image(gradient(64, 128), (32, 32), "stretch", name="x").astype(int)
    assert stretched[0, 0].max() <= 3
    assert abs(stretched[-1, -1, 0] - 63) <= 1
    assert abs(stretched[-1, -1, 1] - 126) <= 2


@pytest.mark.parametrize("shape", [(1, 100), (100, 1), (3, 7), (1, 1), (333, 2)])
@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
@pytest.mark.parametrize("size", [(1, 1), (5, 8), (32, 32)])
def test_any_shape_fits_any_size(shape: tuple[int, int], fit: str, size: tuple[int, int]) -> None:
    image = np.full((*shape, 3), 77, np.uint8)
    fitted = fit_image(image, size, fit, name="x")
    assert fitted.shape == (*size, 3)
    assert set(fitted.reshape(-1).tolist()) == {77}
