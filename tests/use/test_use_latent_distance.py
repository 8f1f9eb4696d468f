"""Mahalanobis distances against scikit-learn and SciPy; what does harm to a covariance and must not."""

import numpy as np
import pytest
from scipy.spatial.distance import mahalanobis
from sklearn.covariance import LedoitWolf

from diabolo.errors import DataError, DiaboloError
from diabolo.use.latent_distance import MOST_VALUES, LatentStatistics, latent_statistics


@pytest.mark.parametrize(("n", "size"), [(200, 5), (30, 16), (12, 40)])
def test_distance_is_that_of_scikit_learn(n: int, size: int) -> None:
    """Kept as float32: relative 1e-4, times the condition of the covariance, which is below 100 here."""
    random = np.random.default_rng(n)
    latents = random.normal(3, 1, (n, size)) @ random.normal(0, 1, (size, size))
    others = random.normal(0, 5, (20, size))
    found = latent_statistics(latents).distances(others)
    reference = LedoitWolf().fit(latents)
    expected = np.sqrt(reference.mahalanobis(others))
    np.testing.assert_allclose(found, expected, rtol=2e-3)
    one = mahalanobis(others[0], reference.location_, np.linalg.inv(reference.covariance_))
    assert found[0] == pytest.approx(one, rel=2e-3)


def test_it_survives_its_file() -> None:
    latents = np.random.default_rng(0).normal(size=(50, 7))
    statistics = latent_statistics(latents)
    again = LatentStatistics.from_dict(statistics.to_dict())
    np.testing.assert_array_equal(again.distances(latents), statistics.distances(latents))


def test_dead_channels_and_equal_images() -> None:
    latents = np.random.default_rng(1).normal(size=(50, 4))
    latents[:, 2] = 0.5
    distances = latent_statistics(latents).distances(latents)
    assert np.isfinite(distances).all()
    assert np.isfinite(latent_statistics(latents[:2]).distances(latents)).all()
    equal = latent_statistics(np.ones((5, 3)))
    assert equal.distances(np.ones((1, 3)))[0] == 0
    assert equal.distances(np.ones((1, 3)) * 2)[0] > 0


def test_what_it_refuses() -> None:
    with pytest.raises(DataError, match="at least 2"):
        latent_statistics(np.ones((1, 3)))
    with pytest.raises(DataError, match="1,024 values"):
        latent_statistics(np.ones((3, MOST_VALUES + 1)))
    with pytest.raises(DataError, match="NaN"):
        latent_statistics(np.full((3, 2), np.nan))
    with pytest.raises(DiaboloError, match=r"takes \(N, 3\)"):
        latent_statistics(np.random.default_rng(2).random((9, 3))).distances(np.ones((2, 4)))


@pytest.mark.parametrize(
    "change",
    [
        {"values": 0},
        {"values": 10**6},
        {"values": "x"},
        {"mean": "!"},
        {"mean": "AAAA"},
        {"whitening": None},
        {"mean": "AADAfwAAwH8AAMB/"},  # three NaNs
    ],
)
def test_a_damaged_file(change: dict[str, object]) -> None:
    values = latent_statistics(np.random.default_rng(3).random((9, 3))).to_dict()
    with pytest.raises((KeyError, TypeError, ValueError)):
        LatentStatistics.from_dict({**values, **change})
