"""A sample as every benchmark reports it: median, quartiles, extremes, and the raw values in the order measured."""

import statistics
from collections.abc import Sequence
from typing import Any


def spread(values: Sequence[float]) -> dict[str, Any]:
    """Median, interquartile range, extremes and n of a sample, with the raw values in the order measured."""
    quartiles = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else [values[0]] * 3
    return {
        "n": len(values),
        "median": statistics.median(values),
        "lower_quartile": quartiles[0],
        "upper_quartile": quartiles[2],
        "min": min(values),
        "max": max(values),
        "raw": list(values),
    }
