"""`PairStudy`: what the readings of two histories ask, each computed once."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from diabolo.explain.history import Curve, History
from diabolo.explain.robust import level, noise, running_median
from diabolo.explain.study import Study

METRICS = ("psnr", "excess", "loss")
"""What two histories may be compared by, the best first."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PairStudy:
    """Two histories with the quantities that several readings need."""

    first: Study
    """One history."""
    second: Study
    """The other."""

    @cached_property
    def names(self) -> tuple[str, str]:
        """How sentences call the two; where both have one name, with seed or source."""
        one, other = self.first.history, self.second.history
        if one.name != other.name:
            return one.name, other.name
        if one.seed is not None and other.seed is not None and one.seed != other.seed:
            return f"{one.name} (seed {one.seed})", f"{other.name} (seed {other.seed})"
        if one.source != other.source and one.source and other.source:
            return one.source, other.source
        return f"{one.name} (first)", f"{other.name} (second)"

    @cached_property
    def same_loss(self) -> bool | None:
        """Whether both were trained on the same loss; None where it is not known."""
        one, other = self.first.history.loss, self.second.history.loss
        return one == other if one and other else None

    @cached_property
    def same_images(self) -> bool | None:
        """Whether both were validated on the same images; None where it is not known.

        Floors tell, too: a binary cross-entropy on the same images has the same floor, to rounding.
        """
        one, other = self.first.history, self.second.history
        if one.images and other.images:
            return one.images == other.images
        floors = (one.val_floor, other.val_floor)
        if self.same_loss and one.loss == "bce" and floors[0] is not None and floors[1] is not None:
            return abs(floors[0] - floors[1]) < 1e-4
        return None

    @cached_property
    def same_model(self) -> bool:
        """Whether both are trainings of the same line with the same recipe."""
        one, other = self.first.history, self.second.history
        known = bool(one.line and one.recipe and other.recipe)
        return known and one.line == other.line and dict(one.recipe) == dict(other.recipe)

    @cached_property
    def metric(self) -> str:
        """One of `METRICS`: PSNR where both have it, else the loss, if it is the same; empty where nothing fits."""
        curves = [study.history.curve("val_psnr") for study in (self.first, self.second)]
        if all(curve is not None for curve in curves):
            return "psnr"
        if self.same_loss is False or self.first.val is None or self.second.val is None:
            return ""
        return "excess" if self.first.floors_known and self.second.floors_known else "loss"

    @property
    def unit(self) -> str:
        """Behind a number of the metric."""
        return " dB" if self.metric == "psnr" else ""

    @property
    def metric_name(self) -> str:
        """How sentences call it."""
        return {"psnr": "PSNR", "excess": "loss above its floor", "loss": "validation loss"}[self.metric]

    def badness(self, history: Study) -> Curve:
        """The metric of one history, lower is better."""
        psnr = history.history.curve("val_psnr")
        if self.metric == "psnr":
            assert psnr is not None
            return -psnr
        assert history.val is not None
        return history.val

    @cached_property
    def lead(self) -> float:
        """By how much the first is better at the end, in the metric's unit; negative where the second is."""
        return self.lead_from(0)

    def lead_from(self, skipped: int) -> float:
        """The lead at the end without the last `skipped` epochs."""
        ends = []
        for study in (self.first, self.second):
            curve = self.badness(study)
            curve = curve[np.isfinite(curve)]
            ends.append(level(curve[: len(curve) - skipped], min(study.tail, max(1, len(curve) - skipped))))
        return ends[1] - ends[0]

    @cached_property
    def noise(self) -> float:
        """Deviation of a difference of single epochs: both histories' noise together; 0 where it is not known."""
        total = 0.0
        for study in (self.first, self.second):
            curve = self.badness(study)
            curve = curve[np.isfinite(curve)]
            found = noise(curve[-max(5, len(curve) // 2) :])
            total += found**2 if math.isfinite(found) else 0.0
        return math.sqrt(total)

    @cached_property
    def last_crossing(self) -> int | None:
        """Epoch of the last change of the lead, the curves smoothed; None where there is none in common epochs."""
        one, other = self.first, self.second
        common, at_one, at_other = np.intersect1d(one.history.epochs, other.history.epochs, return_indices=True)
        if len(common) < 4:
            return None
        gap = running_median(self.badness(other)[at_other], 5) - running_median(self.badness(one)[at_one], 5)
        signs = np.sign(gap)
        changes = np.flatnonzero(signs[1:] * signs[:-1] < 0)
        return int(common[changes[-1] + 1]) if len(changes) else None

    @property
    def better(self) -> int:
        """0 or 1: which history ends better."""
        return 0 if self.lead > 0 else 1


def study_pair(first: History, second: History) -> PairStudy:
    """Two histories, ready to be asked."""
    return PairStudy(first=Study(history=first), second=Study(history=second))
