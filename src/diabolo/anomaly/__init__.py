"""Statistics of anomaly scores: thresholds with a false-alarm rate, AUROC and AUPRO with intervals; no torch."""

from diabolo.anomaly.detection import Auroc, auroc
from diabolo.anomaly.false_alarms import (
    CONFIDENCE,
    Threshold,
    false_alarm_threshold,
    images_needed,
)
from diabolo.anomaly.overlap import LIMIT, OverlapCurve, PixelScores

__all__ = [
    "CONFIDENCE", "LIMIT", "Auroc", "OverlapCurve", "PixelScores", "Threshold", "auroc", "false_alarm_threshold",
    "images_needed",
]  # fmt: skip
