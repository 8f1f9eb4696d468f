"""Statistics of comparisons: paired differences with intervals, Holm's correction, power; no torch."""

from diabolo.stats.holm import holm
from diabolo.stats.paired import PairedDifference, paired_difference
from diabolo.stats.power import power_of, seeds_needed, smallest_difference

__all__ = [
    "PairedDifference", "holm", "paired_difference", "power_of", "seeds_needed", "smallest_difference",
]  # fmt: skip
