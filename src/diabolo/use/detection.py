"""How well scores find defects, where it is known which images have one, and where in the image."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from diabolo.anomaly import Auroc, OverlapCurve, PixelScores, auroc
from diabolo.data.images import UnreadableImageError, fit_image, read_header, read_image
from diabolo.printable import printable
from diabolo.use.anomaly_folder import GOOD, Labelled
from diabolo.use.score import SCORES, MapKind, Scored


@dataclass(frozen=True, kw_only=True)
class Detection:
    """How well one score tells defect images from normal ones."""

    auroc: Auroc
    """Of all defects."""
    kinds: Mapping[str, Auroc]
    """Of each kind of defect, where there are several."""
    pixels: OverlapCurve | None
    """How well the per-pixel scores find the defects; None without masks."""


class DetectionTally:
    """Takes labelled images and their scores as they come.

    Args:
        names: of `SCORES`.
        labels: what is known of each file.

    Attributes:
        notes: sentences that a user must see, one for each mask that could not be used.
    """

    def __init__(self, names: list[str], labels: list[Labelled]) -> None:
        self.names = names
        self.labels = {label.path: label for label in labels}
        self.scores: dict[str, dict[str, list[float]]] = {name: {} for name in names}
        self.pixels: dict[MapKind, PixelScores] = {SCORES[name].map: PixelScores() for name in names}
        self.notes: list[str] = []

    def add(self, path: Path, scored: Scored, place: int, fit: str | None) -> str:
        """Takes the image at this place of `scored`, fitted as `fit` says, and returns its kind."""
        label = self.labels[path]
        for name in self.names:
            self.scores[name].setdefault(label.kind, []).append(float(scored.scores[name][place]))
        shape = next(iter(scored.maps.values())).shape[1:]
        mask = None
        if label.kind != GOOD:
            if label.mask is None:
                return label.kind
            mask = self._mask(label, (shape[0], shape[1]), fit)
            if mask is None:
                return label.kind
        for kind, counted in self.pixels.items():
            counted.add(scored.maps[kind][place], mask)
        return label.kind

    def result(self) -> dict[str, Detection] | None:
        """What each score finds; None where normal or defect images are missing, as when none could be read."""
        found = {}
        curves = {kind: counted.result() for kind, counted in self.pixels.items()}
        for name, kinds in self.scores.items():
            normal = np.asarray(kinds.get(GOOD, []))
            defects = {kind: np.asarray(values) for kind, values in sorted(kinds.items()) if kind != GOOD}
            if not (len(normal) and defects):
                return None
            found[name] = Detection(
                auroc=auroc(normal, np.concatenate([*defects.values()])),
                kinds={kind: auroc(normal, values) for kind, values in defects.items()} if len(defects) > 1 else {},
                pixels=curves[SCORES[name].map],
            )
        return found

    def _mask(self, label: Labelled, size: tuple[int, int], fit: str | None) -> NDArray[np.bool_] | None:
        """The mask at the size that the image was scored at; None where it cannot be used, with a note."""
        assert label.mask is not None
        reason = None
        try:
            mask: NDArray[np.bool_] = read_image(label.mask, 1)[..., 0] > 0
            header = read_header(label.path)
            if mask.shape != (header.height, header.width):
                reason = f"it is {mask.shape[0]}×{mask.shape[1]}, and its image {header.height}×{header.width}"
            elif mask.shape != size:
                pixels = mask[..., None].astype(np.uint8) * 255
                mask = fit_image(pixels, size, fit, name=printable(label.mask))[..., 0] >= 128
        except (UnreadableImageError, OSError) as error:
            reason = str(error)
        if reason is None and not mask.any():
            reason = "it shows no defect, or none at the model's size"
        if reason is None:
            return mask
        self.notes.append(f"mask `{printable(label.mask)}` is not used: {reason}")
        return None
