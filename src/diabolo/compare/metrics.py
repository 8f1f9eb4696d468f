"""The metrics of a comparison: which way is better, and how their numbers are written."""

from dataclasses import dataclass

from diabolo.errors import DiaboloError, clip


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One test result of a run."""

    name: str
    """Its key in `run.toml`."""
    title: str
    """As a reader sees it."""
    unit: str
    """After a number, with its space; empty for pure numbers."""
    digits: int
    """Decimals of a value."""
    higher_is_better: bool
    """PSNR and SSIM; the others are errors."""

    def value(self, value: float) -> str:
        """A value without unit: `25.90`."""
        return f"{value:.{self.digits}f}"

    def difference(self, value: float) -> str:
        """A difference without unit, with as many decimals as show it, three more than a value's at most."""
        digits = self.digits
        while digits < self.digits + 3 and abs(value) < 10 ** (1 - digits) and value:
            digits += 1
        written = f"{value:.{digits}f}"
        return written.lstrip("-") if float(written) == 0 else written

    def interval(self, ends: tuple[float, float]) -> str:
        """`0.10 to 0.32 dB`."""
        return f"{self.difference(ends[0])} to {self.difference(ends[1])}{self.unit}"


METRICS = {
    metric.name: metric
    for metric in (
        Metric(name="psnr", title="PSNR", unit=" dB", digits=2, higher_is_better=True),
        Metric(name="mse", title="MSE", unit="", digits=5, higher_is_better=False),
        Metric(name="ssim", title="SSIM", unit="", digits=3, higher_is_better=True),
        Metric(name="loss", title="loss", unit="", digits=4, higher_is_better=False),
        Metric(name="excess", title="loss above its floor", unit="", digits=4, higher_is_better=False),
    )
}
DECIDING = ("psnr", "mse", "ssim", "loss")
"""Metrics that may decide a verdict; `excess` differs from `loss` by a constant of the images."""
LOSSES = ("loss", "excess")
"""Metrics that mean something only beside the same loss."""


def deciding_metric(name: str) -> Metric:
    """The metric of that name; raises `DiaboloError` where it decides nothing."""
    if name not in DECIDING:
        raise DiaboloError(f"`metric` (={clip(name)}) must be one of {', '.join(DECIDING)}")
    return METRICS[name]
