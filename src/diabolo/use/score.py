"""Anomaly scores: how strange is an image to an autoencoder that was trained on normal ones, and where?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from diabolo.errors import DiaboloError, clip
from diabolo.metrics.similarity_map import structural_similarity_map
from diabolo.model import AutoEncoder
from diabolo.use.encode import encode
from diabolo.use.latent_distance import LatentStatistics
from diabolo.use.reconstruct import reconstruct

MapKind = Literal["error", "smoothed", "dissimilarity"]
"""Per-pixel scores: squared error (mean over channels); the same after a Gaussian filter; 1 - SSIM."""


@dataclass(frozen=True, kw_only=True)
class Score:
    """A way to give an image one number; larger is stranger."""

    name: str
    """As on the command line."""
    text: str
    """What it is, in a few words."""
    map: MapKind
    """The per-pixel scores that belong to it."""


SCORES = {
    score.name: score
    for score in (
        Score(name="peak", text="largest value of the squared error after a Gaussian filter", map="smoothed"),
        Score(name="mse", text="mean squared error", map="error"),
        Score(name="ssim-peak", text="largest value of 1 - SSIM over windows", map="dissimilarity"),
        Score(name="ssim", text="1 - SSIM, mean over windows", map="dissimilarity"),
        Score(
            name="latent", text="Mahalanobis distance of the pooled latent to those of normal images", map="smoothed"
        ),
    )
}
"""By name; where two are equally good, the first is taken."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Scored:
    """Scores of N images of one size."""

    scores: dict[str, NDArray[np.float64]]
    """(N,) of each score asked for."""
    maps: dict[MapKind, NDArray[np.float32]]
    """(N, height, width) of each kind that these scores have, at least 0."""

    def map_of(self, name: str) -> NDArray[np.float32]:
        """(N, height, width) per-pixel scores that belong to a score."""
        return self.maps[SCORES[name].map]


_VALUES_AT_ONCE = 4_000_000  # pixel values whose temporaries live together


def find_score(name: str) -> Score:
    """The score of that name.

    Raises:
        DiaboloError: there is none.
    """
    if name not in SCORES:
        raise DiaboloError(f"`score` (={clip(str(name))}) must be one of {', '.join(SCORES)}")
    return SCORES[name]


def smoothing(height: int, width: int) -> float:
    """σ of the Gaussian filter in pixels: a 64th of the shorter side, at least 1 (4 for 256 × 256)."""
    return max(1.0, min(height, width) / 64)


def score_images(
    model: AutoEncoder,
    images: NDArray[np.uint8],
    names: Sequence[str] = ("peak",),
    *,
    latent: LatentStatistics | None = None,
    memory: float | None = None,
) -> Scored:
    """Scores images, each as a whole and pixel by pixel.

    Args:
        model: trained on normal images.
        images: uint8 (N, H, W, C), of a size that the model takes.
        names: of `SCORES`.
        latent: of normal images; needed for the score `latent`.
        memory: as of `reconstruct`.

    Raises:
        DiaboloError: no such score, `latent` without its statistics, images that the model does not take, or a model
            whose results are not finite.
    """
    asked = [find_score(name) for name in names]
    reconstructions = reconstruct(model, images, memory=memory)
    if not np.isfinite(reconstructions).all():
        raise DiaboloError("the model's reconstructions are NaN or infinite; did its training diverge?")
    maps = error_maps(images, reconstructions, {score.map for score in asked})
    scores = {score.name: _image_scores(score.name, maps[score.map]) for score in asked if score.name != "latent"}
    if any(score.name == "latent" for score in asked):
        if latent is None:
            raise DiaboloError("the score `latent` needs normal images to compare with; calibrate the run first")
        scores["latent"] = latent.distances(encode(model, images, pool="mean", memory=memory))
    return Scored(scores=scores, maps=maps)


def error_maps(
    images: NDArray[np.uint8], reconstructions: NDArray[np.float32], kinds: set[MapKind]
) -> dict[MapKind, NDArray[np.float32]]:
    """Per-pixel scores (N, H, W) of uint8 images and float reconstructions in [0, 1], both (N, H, W, C)."""
    maps: dict[MapKind, NDArray[np.float32]] = {kind: np.empty(images.shape[:3], np.float32) for kind in kinds}
    sigma = smoothing(*images.shape[1:3])
    at_once = max(1, _VALUES_AT_ONCE // max(1, images[:1].size))
    for start in range(0, len(images), at_once):
        chunk = slice(start, start + at_once)
        pixels, rebuilt = images[chunk].astype(np.float32) / 255, reconstructions[chunk]
        error = np.square(rebuilt - pixels).mean(axis=3)
        if "error" in kinds:
            maps["error"][chunk] = error
        if "smoothed" in kinds:
            maps["smoothed"][chunk] = ndimage.gaussian_filter(error, (0, sigma, sigma))
        if "dissimilarity" in kinds:
            pair = (torch.from_numpy(values).permute(0, 3, 1, 2) for values in (rebuilt, pixels))
            # Rounding takes an exact copy below 0.
            maps["dissimilarity"][chunk] = np.maximum(1 - structural_similarity_map(*pair).numpy(), 0)
    return maps


def _image_scores(name: str, maps: NDArray[np.float32]) -> NDArray[np.float64]:
    if name in ("mse", "ssim"):
        return maps.mean(axis=(1, 2), dtype=np.float64)
    return maps.max(axis=(1, 2)).astype(np.float64)
