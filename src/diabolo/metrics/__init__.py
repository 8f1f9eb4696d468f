"""How far a reconstruction is from its image: MSE, PSNR and SSIM, and the floor under binary cross-entropy."""

from diabolo.metrics.accumulator import ImageMetrics, MetricValues, PerImageValues
from diabolo.metrics.entropy import pixel_entropy
from diabolo.metrics.pixelwise import MAX_PSNR_DB, mean_squared_error, peak_signal_to_noise
from diabolo.metrics.similarity import structural_similarity

__all__ = [
    "MAX_PSNR_DB",
    "ImageMetrics",
    "MetricValues",
    "PerImageValues",
    "mean_squared_error",
    "peak_signal_to_noise",
    "pixel_entropy",
    "structural_similarity",
]
