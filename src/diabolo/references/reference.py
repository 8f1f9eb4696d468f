"""`Reference`: what a method without training reaches on some images."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

_NUMBERS = ("psnr", "mse", "ssim", "bce", "bce_excess", "latent_values", "bytes_per_image")


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A bar beside a model's; None for what is not known or would mean nothing."""

    name: str
    """`mean`, `pca`, `pca-blocks`, `jpeg`, `webp` or `bce-floor`."""
    title: str
    """As on a figure, with the latent size where it matters: `PCA with 1,024 values`."""
    psnr: float | None
    """Mean over images of the per-image PSNR in dB, reconstructions clipped to [0, 1]."""
    mse: float | None
    """Mean squared error, pixels in [0, 1]."""
    ssim: float | None
    """Mean structural similarity, at most 1."""
    bce: float | None
    """Binary cross-entropy in nats a pixel value; see `measure.py` for how 0 and 1 are treated."""
    bce_excess: float | None
    """The same above its floor on these images: the mean Kullback-Leibler divergence."""
    latent_values: int | None
    """Numbers that are kept of an image; None for codecs and for the floor."""
    bytes_per_image: float | None
    """Mean size of a file with its header; only for codecs."""
    note: str
    """What must be known to compare, in sentences; why there are no numbers, where there are none."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`.

        Raises:
            ValueError: something is missing or of the wrong kind.
        """
        texts = {key: values.get(key) for key in ("name", "title", "note")}
        numbers = {key: values.get(key) for key in _NUMBERS}
        good_texts = all(isinstance(text, str) for text in texts.values())
        if not good_texts or not set(_NUMBERS) <= set(values) or not all(map(_is_number, numbers.values())):
            raise ValueError(f"no reference: {dict(values)!r}")
        return cls(**texts, **numbers)  # type: ignore[arg-type]


def without_numbers(name: str, title: str, why: str, *, latent_values: int | None = None) -> Reference:
    """A reference that could not be had, and why, in a sentence."""
    return Reference(
        name=name,
        title=title,
        psnr=None,
        mse=None,
        ssim=None,
        bce=None,
        bce_excess=None,
        latent_values=latent_values,
        bytes_per_image=None,
        note=why,
    )


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value))
