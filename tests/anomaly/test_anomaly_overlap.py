"""AUPRO against the definition, computed threshold by threshold; pixel AUROC against scikit-learn."""

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage.measure import label
from sklearn.metrics import roc_auc_score

from diabolo.anomaly import OverlapCurve, PixelScores
from diabolo.errors import DataError

Sample = list[tuple[NDArray[np.float32], NDArray[np.bool_] | None]]
BIN = 0.002  # ratio between neighbouring bins, less than 1 + 1/512


def made_up(random: np.random.Generator, num_images: int = 12, strength: float = 2.0) -> Sample:
    """Maps of noise that are higher in rectangles; some images are normal."""
    sample: Sample = []
    for number in range(num_images):
        scores = random.gamma(1.0, 0.01, (24, 31)).astype(np.float32)
        if number % 3 == 0:
            sample.append((scores, None))
            continue
        mask = np.zeros(scores.shape, bool)
        for _ in range(random.integers(1, 4)):
            top, left = random.integers(0, 20, 2)
            mask[top : top + random.integers(1, 6), left : left + random.integers(1, 9)] = True
        scores[mask] *= strength
        sample.append((scores, mask))
    return sample


def by_definition(sample: Sample, limit: float) -> float:
    """Every threshold, every region: the area from 0 to `limit` with straight lines, divided by it."""
    normal = np.concatenate([scores[~mask] if mask is not None else scores.ravel() for scores, mask in sample])
    regions = []
    for scores, mask in sample:
        if mask is not None:
            numbered = label(mask, connectivity=2)
            regions += [np.sort(scores[numbered == number]) for number in range(1, numbered.max() + 1)]
    normal.sort()
    thresholds = np.unique(np.concatenate([normal, *regions]))[::-1]
    rates = [0.0] + [1 - np.searchsorted(normal, value) / len(normal) for value in thresholds]
    overlaps = [0.0] + [
        float(np.mean([1 - np.searchsorted(region, value) / len(region) for region in regions])) for value in thresholds
    ]
    grid = np.linspace(0, limit, 200_001)
    return float(np.trapezoid(np.interp(grid, rates, overlaps), grid) / limit)


def measured(sample: Sample, **options: float) -> OverlapCurve:
    counted = PixelScores(**options)  # type: ignore[arg-type]
    for scores, mask in sample:
        counted.add(scores, mask)
    found = counted.result()
    assert found is not None
    return found


@pytest.mark.parametrize("limit", [0.05, 0.3, 1.0])
@pytest.mark.parametrize("strength", [1.0, 2.0, 6.0])
def test_area_is_that_of_the_definition(limit: float, strength: float) -> None:
    """Bins take neighbours within 0.2 % for ties; with 6,000 pixels that moves the area by less than 0.002."""
    sample = made_up(np.random.default_rng(int(10 * strength)), strength=strength)
    found = measured(sample, limit=limit)
    assert found.aupro == pytest.approx(by_definition(sample, limit), abs=0.002)
    assert found.interval[0] <= found.aupro <= found.interval[1]


def test_pixel_auroc_is_that_of_scikit_learn() -> None:
    sample = made_up(np.random.default_rng(3))
    labels = np.concatenate([np.zeros(s.size) if m is None else m.ravel() for s, m in sample])
    scores = np.concatenate([s.ravel() for s, _ in sample])
    assert measured(sample).pixel_auroc == pytest.approx(roc_auc_score(labels, scores), abs=BIN)


def test_maps_that_never_err_and_that_say_nothing() -> None:
    mask = np.zeros((8, 8), bool)
    mask[2:4, 2:4] = True
    assert measured([(mask.astype(np.float32), mask), (np.zeros((8, 8), np.float32), None)]).aupro == pytest.approx(1)
    assert measured([(1 - mask.astype(np.float32), mask)]).aupro == pytest.approx(0)
    flat = measured([(np.ones((8, 8), np.float32), mask)])
    assert (flat.aupro, flat.pixel_auroc) == (pytest.approx(0.15), pytest.approx(0.5))  # the diagonal


def test_every_region_counts_the_same() -> None:
    """A large region that is found and a small one that is not: half."""
    mask = np.zeros((20, 20), bool)
    mask[:10, :10] = True
    mask[15, 15] = True
    scores = np.full((20, 20), 0.1, np.float32)
    scores[:10, :10] = 1.0
    scores[15, 15] = 0.01
    found = measured([(scores, mask)])
    assert found.num_regions == 2
    assert found.aupro == pytest.approx(0.5)


def test_pixels_that_touch_by_a_corner_are_one_region() -> None:
    assert measured([(np.ones((4, 4), np.float32), np.eye(4, dtype=bool))]).num_regions == 1


def test_the_interval_covers_as_images_are_drawn_anew() -> None:
    """60 samples of 30 images: the interval holds the area of 600 images in at least 50 (a percentile bootstrap of
    few images covers a little less than its 95 %)."""
    random = np.random.default_rng(8)
    truth = measured(made_up(random, 600)).aupro
    inside = 0
    for _ in range(60):
        low, high = measured(made_up(random, 30)).interval
        inside += low <= truth <= high
    assert inside >= 50


def test_extreme_scores() -> None:
    mask = np.zeros((2, 3), bool)
    mask[0, 0] = True
    found = measured([(np.array([[3e38, 0.0, 0.0], [1e-45, 0.0, -1.0]], np.float32), mask)])
    assert found.aupro == pytest.approx(1)


def test_nothing_to_measure() -> None:
    assert PixelScores().result() is None
    counted = PixelScores()
    counted.add(np.ones((3, 3)), None)
    assert counted.result() is None
    counted = PixelScores()
    counted.add(np.ones((3, 3)), np.zeros((3, 3), bool))
    assert counted.result() is None
    counted = PixelScores()
    counted.add(np.ones((3, 3)), np.ones((3, 3), bool))  # no normal pixel
    assert counted.result() is None


@pytest.mark.parametrize("bad", [np.full((2, 2), np.nan), np.full((2, 2), np.inf), np.ones((2, 3)), np.ones(4)])
def test_maps_that_it_refuses(bad: NDArray[np.float64]) -> None:
    with pytest.raises(DataError):
        PixelScores().add(bad, np.ones((2, 2), bool))


@pytest.mark.parametrize("options", [{"limit": 0.0}, {"limit": 1.5}, {"confidence": 1.0}])
def test_options_that_it_refuses(options: dict[str, float]) -> None:
    with pytest.raises(DataError, match="must be"):
        PixelScores(**options)  # type: ignore[arg-type]
