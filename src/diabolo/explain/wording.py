"""Numbers and epochs as sentences write them."""

import math


def number(value: float) -> str:
    """Three significant digits: `0.00932`, `12.4`; whole thousands with commas."""
    if not math.isfinite(value):
        return str(value)
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return f"{value:,.0f}" if abs(value) < 1e9 else f"{value:.2e}"
    if abs(value) < 1e-6:
        return f"{value:.1e}"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:.{digits}f}"


def loss(value: float) -> str:
    """A loss with four digits after the point, or more where it is small."""
    return f"{value:.4f}" if 0.01 <= abs(value) < 1000 else number(value)


def percent(share: float) -> str:
    """`3%`, `0.4%`."""
    value = 100 * share
    if not math.isfinite(value):
        return str(value)
    return f"{value:,.0f}%" if abs(value) >= 10 else f"{value:.2g}%" if abs(value) >= 0.1 else "less than 0.1%"


def epochs(count: int) -> str:
    """`1 epoch`, `12 epochs`."""
    return f"{count:,} epoch{'' if count == 1 else 's'}"
