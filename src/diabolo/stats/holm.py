"""Holm's correction: p-values of several comparisons, so that all of them together err as rarely as one."""

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Adjusted p-values in the order given; below 0.05 means 'shown' with at most 5 % error over all comparisons.

    The smallest is multiplied by their number m, the next by m - 1, …; none gets smaller than the one before it, none
    larger than 1 (Holm 1979, "A simple sequentially rejective multiple test procedure").
    """
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda place: p_values[place])):
        largest = max(largest, min(1.0, p_values[index] * (len(p_values) - rank)))
        adjusted[index] = largest
    return tuple(adjusted)
