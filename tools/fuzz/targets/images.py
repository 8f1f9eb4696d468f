"""Image files of every format that is read."""

import io
from pathlib import Path

import numpy as np
from target import Target, refused


def run(data: bytes, scratch: Path) -> str:
    """Reads the header and the pixels, in colour and in grey; what is read is uint8 of the promised shape."""
    from diabolo.data.images import UnreadableImageError, read_header, read_images

    path = scratch / "image"
    path.write_bytes(data)
    try:
        header = read_header(path)
        assert header.height > 0
        assert header.width > 0
    except UnreadableImageError as error:
        refused(error)
    outcome = ""
    for channels in (1, 3):
        images, skipped = read_images([path], channels=channels)
        assert len(images) + len(skipped) == 1
        for image in images:
            assert image.dtype == np.uint8
            assert image.ndim == 3
            assert image.shape[2] == channels
            assert min(image.shape) > 0
        outcome = "read" if images else "skipped"
        for one in skipped:
            assert one.reason.strip()
    return outcome


def _seeds() -> list[bytes]:
    from PIL import Image, features

    draw = np.random.default_rng(0)
    pixels = draw.integers(0, 256, (9, 13, 4), dtype=np.uint8)
    colour, grey = Image.fromarray(pixels[..., :3]), Image.fromarray(pixels[..., 0])
    alpha = Image.fromarray(pixels)
    deep = Image.fromarray(draw.integers(0, 65536, (9, 13), dtype=np.uint16))
    turned = Image.Exif()
    turned[0x0112] = 6
    made = [
        _saved(colour, "PNG"),
        _saved(alpha, "PNG"),
        _saved(grey, "PNG"),
        _saved(deep, "PNG"),
        _saved(colour.quantize(16), "PNG", transparency=3),
        _saved(colour, "PNG", interlace=1),
        _saved(colour, "JPEG", exif=turned.tobytes()),
        _saved(colour.convert("CMYK"), "JPEG"),
        _saved(grey, "JPEG"),
        _saved(colour, "JPEG", progressive=True),
        _saved(colour, "WEBP"),
        _saved(alpha, "WEBP", lossless=True),
        _saved(colour, "BMP"),
        _saved(colour.quantize(4), "BMP"),
        _saved(colour, "GIF"),
        _saved(colour, "GIF", save_all=True, append_images=[grey.convert("RGB")]),
        _saved(colour, "PPM"),
        _saved(grey, "PPM"),
        _saved(deep, "PPM"),
        _saved(colour, "TIFF"),
        _saved(colour, "TIFF", compression="tiff_lzw"),
        _saved(deep, "TIFF", compression="tiff_adobe_deflate"),
        _saved(grey.convert("F"), "TIFF"),
        _saved(colour.convert("CMYK"), "TIFF"),
        _saved(alpha.resize((16, 16)), "ICO"),
        _saved(colour, "SGI"),
    ]
    if features.check("jpg_2000"):
        made.append(_saved(colour, "JPEG2000"))
    if features.check("avif"):
        made.append(_saved(colour, "AVIF"))
    return made


def _saved(image: object, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)  # type: ignore[attr-defined]
    return file.getvalue()


TARGET = Target(
    name="images",
    about="image files",
    seeds=_seeds,
    run=run,
    modules=("diabolo.data.images",),
    words=(
        b"IHDR",
        b"IDAT",
        b"acTL",
        b"eXIf",
        b"zTXt",
        b"\xff\xd8\xff\xe1",
        b"\xff\xc0",
        b"\xff\xda",
        b"Exif\0\0",
        b"VP8X",
        b"VP8L",
        b"ANIM",
        b"II*\0",
        b"MM\0*",
        b"GIF89a",
        b"P6 ",
        b"P5 65536 65536 255\n",
        b"BM",
        b"\x01\xda",
        b"avif",
    ),
)
