"""Reads single images as uint8 arrays, whatever their file format and colour mode, and fits them to a size."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from diabolo.data.dataset import Skipped
from diabolo.data.pillow_warnings import without_pillow_warnings
from diabolo.errors import DataError

if TYPE_CHECKING:
    from PIL import Image

Fit = Literal["crop", "pad", "stretch"]
FITS: tuple[str, ...] = ("crop", "pad", "stretch")
FIT_HELP = (
    "`crop` (resize the shorter side, cut the centre out), `pad` (resize the longer side, reflect the edges outwards) "
    "or `stretch` (change the proportions)"
)

# Formats that Pillow decodes by itself and recognises by their first bytes; never EPS, which starts another program.
_FORMATS = ("PNG", "JPEG", "MPO", "WEBP", "AVIF", "BMP", "DIB", "GIF", "TIFF", "PPM", "JPEG2000", "ICO", "SGI")
_ORIENTATION = 0x0112  # EXIF tag; values from 5 on turn the image by a quarter
_GREY_MODES = ("1", "L", "LA", "La", "I", "F")


class UnreadableImageError(Exception):
    """An image cannot be used; the text is the reason, without the path."""


@dataclass(frozen=True, kw_only=True)
class ImageHeader:
    """What is known of an image before its pixels are decoded."""

    height: int
    """Pixels, after turning it as its EXIF data say."""
    width: int
    """Pixels, after turning it as its EXIF data say."""
    is_grey: bool
    """It has no colours: one channel holds it whole."""


def read_images(
    paths: Sequence[Path], *, channels: int, size: tuple[int, int] | None = None, fit: str | None = None
) -> tuple[list[np.ndarray], tuple[Skipped, ...]]:
    """Reads the user's image files.

    Args:
        paths: files; those that cannot be read are skipped.
        channels: 1 (grey) or 3 (RGB).
        size: (height, width) in pixels that every image is fitted to; None keeps each at its own size.
        fit: "crop", "pad" or "stretch"; needed for images whose proportions differ from those of `size`.

    Returns:
        The images that could be read, uint8 (H, W, C), in order; and the files skipped, with reasons.

    Raises:
        DataError: a wrong `channels`, `size` or `fit`, or proportions that need a `fit` and there is none.
    """
    check_options(size=size, fit=fit, channels=channels)
    images: list[np.ndarray] = []
    skipped: list[Skipped] = []
    for path in paths:
        try:
            image = read_image(path, channels)
        except UnreadableImageError as error:
            skipped.append(Skipped(path=path, reason=str(error)))
            continue
        images.append(image if size is None else fit_image(image, size, fit, name=str(path)))
    return images, tuple(skipped)


def read_header(path: Path) -> ImageHeader:
    """Size and colour of an image, without decoding it.

    Raises:
        UnreadableImageError: no image, or larger than Pillow's bound against image bombs.
    """
    with without_pillow_warnings(), _open(path) as image:
        try:
            turned = image.getexif().get(_ORIENTATION, 1) in (5, 6, 7, 8)
        except Exception:  # broken EXIF data: the image itself may still be good, and is then read as it lies
            turned = False
        height, width = (image.width, image.height) if turned else (image.height, image.width)
        return ImageHeader(height=height, width=width, is_grey=_is_grey(image))


def read_image(path: Path, channels: int) -> np.ndarray:
    """One image as uint8 (H, W, channels): first frame, turned as its EXIF data say, transparency over white.

    Raises:
        UnreadableImageError: no image, broken, too large, or of a kind that has no 8-bit meaning.
    """
    from PIL import Image, ImageOps

    with without_pillow_warnings(), _open(path) as opened:
        try:
            opened.load()
        except Image.DecompressionBombError as error:
            raise UnreadableImageError(_too_large(opened)) from error
        except Exception as error:  # a broken file fails in any way its decoder pleases
            raise UnreadableImageError(f"broken image ({_reason(error)})") from error
        image = opened
        try:
            image = ImageOps.exif_transpose(opened)
        except Exception:  # broken EXIF data, as above
            image = opened
        try:
            pixels = np.asarray(_to_mode(_to_8_bits(image), "L" if channels == 1 else "RGB"))
        except (ValueError, OSError) as error:  # Pillow knows no way from this mode, as from CIE L*a*b*
            raise UnreadableImageError(f"colour mode {image.mode}, which cannot be turned into 8-bit RGB") from error
    return pixels.reshape(*pixels.shape[:2], channels).copy()


def fit_image(image: np.ndarray, size: tuple[int, int], fit: str | None, *, name: str) -> np.ndarray:
    """Fits one image to a size by Lanczos resampling.

    Args:
        image: uint8 (H, W, C), C is 1 or 3.
        size: (height, width) in pixels.
        fit: "crop", "pad" (by reflection at the edges) or "stretch"; None is enough where the proportions agree.
        name: of the image, for errors.

    Returns:
        uint8 (height, width, C).

    Raises:
        DataError: the proportions differ and `fit` is None.
    """
    height, width = image.shape[:2]
    if (height, width) == size:
        return image
    if height * size[1] == width * size[0]:
        return _resize(image, size, None)
    if fit is None:
        raise DataError(
            f"`{name}` is {height}×{width}, which has other proportions than `size` (={size[0]}×{size[1]}); "
            f"say how it shall fit with `fit`: {FIT_HELP}"
        )
    if fit == "stretch":
        return _resize(image, size, None)
    if fit == "crop":
        scale = max(size[0] / height, size[1] / width)
        inner = (size[0] / scale, size[1] / scale)
        top, left = (height - inner[0]) / 2, (width - inner[1]) / 2
        box = (max(left, 0.0), max(top, 0.0), min(left + inner[1], width), min(top + inner[0], height))
        return _resize(image, size, box)
    scale = min(size[0] / height, size[1] / width)
    inner_size = (min(size[0], max(1, round(height * scale))), min(size[1], max(1, round(width * scale))))
    inside = _resize(image, inner_size, None)
    above, before = (size[0] - inner_size[0]) // 2, (size[1] - inner_size[1]) // 2
    border = (
        (above, size[0] - inner_size[0] - above),
        (before, size[1] - inner_size[1] - before),
        (0, 0),
    )
    return np.pad(inside, border, mode="reflect")


def check_options(*, size: object, fit: object, channels: object) -> tuple[int, int] | None:
    """Checks the three options of an image source and returns the size as (height, width).

    Raises:
        DataError: an option has a value that it cannot have.
    """
    if channels is not None and (isinstance(channels, bool) or channels not in (1, 3)):
        raise DataError(f"`channels` (={channels}) must be 1 (grey) or 3 (colour)")
    if fit is not None and fit not in FITS:
        raise DataError(f"`fit` (={fit}) must be {FIT_HELP}")
    if size is None:
        return None
    pair = (size, size) if isinstance(size, int) else size
    if (
        not isinstance(pair, (tuple, list))
        or len(pair) != 2
        or not all(isinstance(side, int) and not isinstance(side, bool) and 1 <= side <= 16384 for side in pair)
    ):
        raise DataError(f"`size` (={size}) must be a whole number of pixels or (height, width), each from 1 to 16384")
    return pair[0], pair[1]


def _open(path: Path) -> "Image.Image":
    from PIL import Image

    if not path.is_file():  # a pipe would wait for ever
        raise UnreadableImageError(_why_no_file(path))
    Image.init()
    formats = [name for name in _FORMATS if name in Image.OPEN]
    try:
        image = Image.open(path, formats=formats)
    except Image.DecompressionBombError as error:
        raise UnreadableImageError(_too_large(None)) from error
    except Image.UnidentifiedImageError as error:
        raise UnreadableImageError("not an image") from error
    except OSError as error:
        raise UnreadableImageError(_lower(error.strerror) or "not an image") from error
    except Exception as error:  # parsers of broken headers fail in any way they please
        raise UnreadableImageError(f"broken image ({_reason(error)})") from error
    if Image.MAX_IMAGE_PIXELS is not None and image.width * image.height > Image.MAX_IMAGE_PIXELS:
        image.close()
        raise UnreadableImageError(_too_large(image))
    return image


def _why_no_file(path: Path) -> str:
    if path.is_dir():
        try:
            os.scandir(path).close()
        except OSError as error:
            return f"folder that cannot be read ({error.strerror})"
        return "a link to a folder that it lies in" if path.is_symlink() else "not a file"
    if path.exists():
        return "not a file"
    return "a link to nothing" if path.is_symlink() else "no such file"


def _too_large(image: "Image.Image | None") -> str:
    """Why a large image is not read: a file of a few kilobytes may unpack to all the memory there is."""
    from PIL import Image

    size = "" if image is None else f"{image.height}×{image.width}, "
    return f"{size}more than {Image.MAX_IMAGE_PIXELS or 0:,} pixels, the bound against image bombs"


def _reason(error: Exception) -> str:
    """What a decoder complained of, on one line."""
    text = "".join(letter if letter.isprintable() else " " for letter in str(error))
    return " ".join(text.split())[:200] or type(error).__name__


def _lower(text: str | None) -> str:
    return text[:1].lower() + text[1:] if text else ""


def _is_grey(image: "Image.Image") -> bool:
    return (image.mode in _GREY_MODES or image.mode.startswith("I;16")) and "transparency" not in image.info


def _to_8_bits(image: "Image.Image") -> "Image.Image":
    """16-bit and 32-bit modes as 8-bit grey; other modes as they are."""
    from PIL import Image

    if image.mode == "F":
        raise UnreadableImageError("floating-point pixels, of unknown range; save it with 8 or 16 bits")
    if image.mode != "I" and not image.mode.startswith("I;16"):
        return image
    values = np.asarray(image)
    if values.min() < 0 or values.max() > 65535:
        raise UnreadableImageError("32-bit pixels, of unknown range; save it with 8 or 16 bits")
    levels = ((np.arange(65536) + 128) // 257).astype(np.uint8)  # 257 = 65535 / 255, rounded to nearest
    return Image.fromarray(levels[values])


def _to_mode(image: "Image.Image", mode: str) -> "Image.Image":
    """Mode "L" or "RGB"; what is transparent shows white."""
    from PIL import Image

    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        above = image.convert("RGBA")
        white = Image.new("RGBA", above.size, (255, 255, 255, 255))
        image = Image.alpha_composite(white, above).convert("RGB")
    return image if image.mode == mode else image.convert(mode)


def _resize(image: np.ndarray, size: tuple[int, int], box: tuple[float, float, float, float] | None) -> np.ndarray:
    from PIL import Image

    channels = image.shape[2]
    picture = Image.fromarray(image[:, :, 0] if channels == 1 else image)
    resized = picture.resize((size[1], size[0]), Image.Resampling.LANCZOS, box=box)
    return np.asarray(resized).reshape(*size, channels)
