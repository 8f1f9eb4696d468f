"""The table of kinds of image file in docs/use.md: a real file for each row, and what comes out of it."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, features

from diabolo.data.images import UnreadableImageError, read_image

PIXELS = np.random.default_rng(5).integers(0, 256, (24, 31, 3), dtype=np.uint8)
SMOOTH = np.dstack([np.add.outer(np.arange(24) * 4, np.arange(31) * 3)] * 3).astype(np.uint8)


def png(path: Path, height: int, width: int, depth: int, kind: int, rows: bytes) -> Path:
    """A PNG put together by hand: Pillow writes no 16-bit colour, and no bombs."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + parts)
    return path


def test_16_bit_colour_keeps_its_upper_byte(tmp_path: Path) -> None:
    deep = np.random.default_rng(6).integers(0, 65536, (24, 31, 3)).astype(">u2")
    rows = b"".join(b"\0" + row.tobytes() for row in deep)
    np.testing.assert_array_equal(read_image(png(tmp_path / "x.png", 24, 31, 16, 2, rows), 3), deep >> 8)


def test_cmyk_is_turned_into_rgb_without_a_profile(tmp_path: Path) -> None:
    inks = np.random.default_rng(7).integers(0, 256, (24, 31, 4), dtype=np.uint8)
    Image.fromarray(inks, "CMYK").save(tmp_path / "x.tif")
    light = 255.0 - inks
    expected = light[..., :3] * light[..., 3:] / 255
    assert np.abs(read_image(tmp_path / "x.tif", 3) - expected).max() <= 1
    Image.fromarray(SMOOTH).convert("CMYK").save(tmp_path / "x.jpg", quality=95)
    assert np.abs(read_image(tmp_path / "x.jpg", 3).astype(int) - SMOOTH).max() <= 6


@pytest.mark.parametrize("suffix", ["gif", "png", "webp", "tif"])
def test_of_many_frames_or_pages_the_first(tmp_path: Path, suffix: str) -> None:
    first, second = (Image.fromarray(pixels) for pixels in (SMOOTH, 255 - SMOOTH))
    options = {"lossless": True} if suffix == "webp" else {}
    first.save(tmp_path / f"x.{suffix}", save_all=True, append_images=[second], **options)
    assert np.abs(read_image(tmp_path / f"x.{suffix}", 3).astype(int) - SMOOTH).max() <= 1


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow has no AVIF")
def test_avif(tmp_path: Path) -> None:
    Image.fromarray(SMOOTH).save(tmp_path / "x.avif", quality=95)
    assert np.abs(read_image(tmp_path / "x.avif", 3).astype(int) - SMOOTH).max() <= 6


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif", "bmp", "ppm"])
def test_truncated_files_are_refused(tmp_path: Path, suffix: str) -> None:
    Image.fromarray(np.tile(PIXELS, (20, 20, 1))).save(tmp_path / f"x.{suffix}")
    whole = (tmp_path / f"x.{suffix}").read_bytes()
    (tmp_path / f"x.{suffix}").write_bytes(whole[: len(whole) * 3 // 4])
    with pytest.raises(UnreadableImageError, match=r"broken image|not an image"):
        read_image(tmp_path / f"x.{suffix}", 3)


@pytest.mark.parametrize(
    ("side", "message"),
    [
        (10_000, "10000×10000, more than 89,478,485 pixels, the bound against image bombs"),
        (100_000, "more than 89,478,485 pixels, the bound against image bombs"),
    ],
)
def test_bombs(tmp_path: Path, side: int, message: str) -> None:
    with pytest.raises(UnreadableImageError) as raised:
        read_image(png(tmp_path / "x.png", side, side, 8, 0, bytes(1000)), 3)
    assert str(raised.value) == message
