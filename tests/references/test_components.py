"""Principal components against the singular values of the same rows in float64."""

import numpy as np
import pytest
from reference_builders import linear_by_svd, smooth_images

from diabolo.references.components import fit_components


@pytest.mark.parametrize("num_kept", [1, 7, 40])
def test_reconstructions_are_those_of_singular_values(num_kept: int) -> None:
    rows = smooth_images(3000, 6, 5, 3).reshape(3000, -1)
    train, test = rows[:2500], rows[2500:]
    components = fit_components([train[:900], train[900:901], train[901:]], num_kept)
    expected = linear_by_svd(train / 255, test / 255, num_kept)
    # float32 in the projection: 90 products of about 1, so a few times 1e-7
    assert np.abs(components.reconstruct(test) - expected).max() < 5e-6


def test_sums_of_products_are_exact() -> None:
    """The extremes of a byte, more rows than one product takes: every partial sum still fits float32."""
    rng = np.random.default_rng(1)
    rows = rng.choice(np.array([0, 255], np.uint8), (5000, 12))
    components = fit_components([rows])
    covariance = np.cov(rows.astype(np.float64).T, bias=True)
    by_directions = components.directions.T @ covariance @ components.directions
    off_diagonal = by_directions - np.diag(np.diag(by_directions))
    assert np.abs(off_diagonal).max() < 1e-9 * np.abs(by_directions).max()
    np.testing.assert_allclose(components.mean, rows.mean(0) / 255, rtol=1e-14)


def test_the_order_of_the_rows_does_not_count() -> None:
    rows = smooth_images(2000, 4, 4, 1).reshape(2000, -1)
    shuffled = np.random.default_rng(2).permutation(rows)
    first, second = fit_components([rows], 5), fit_components([shuffled[:3], shuffled[3:]], 5)
    np.testing.assert_array_equal(first.directions, second.directions)
    np.testing.assert_array_equal(first.mean, second.mean)


@pytest.mark.parametrize("num_rows", [20, 48, 49, 300])
def test_few_rows_and_many_are_the_same(num_rows: int) -> None:
    """Fewer rows than values go another way; both against the singular values."""
    rows = smooth_images(num_rows, 4, 4, 3).reshape(num_rows, -1)
    components = fit_components([rows[:10], rows[10:]], 12)
    expected = linear_by_svd(rows / 255, rows / 255, 12)
    assert np.abs(components.reconstruct(rows) - expected).max() < 5e-6
    np.testing.assert_allclose(components.directions.T @ components.directions, np.eye(12), atol=1e-12)


def test_directions_are_orthonormal_and_in_order() -> None:
    rows = smooth_images(500, 4, 4, 3).reshape(500, -1)
    components = fit_components([rows])
    np.testing.assert_allclose(components.directions.T @ components.directions, np.eye(48), atol=1e-12)
    variances = (rows / 255 @ components.directions).var(0)
    assert (np.diff(variances) < 1e-12).all()


@pytest.mark.parametrize(
    ("rows", "rank"),
    [
        (np.full((100, 8), 77, np.uint8), 0),  # nothing varies
        (np.full((1, 8), 3, np.uint8), 0),  # one row
        (np.arange(16, dtype=np.uint8).reshape(2, 8), 1),  # two rows differ in one direction
        (np.repeat(np.arange(100, dtype=np.uint8)[:, None], 8, axis=1), 1),  # all columns the same
    ],
)
def test_only_directions_that_vary_are_kept(rows: np.ndarray, rank: int) -> None:
    components = fit_components([rows])
    assert components.directions.shape == (8, rank)
    # with all of them the rows come back, up to float32
    assert np.abs(components.reconstruct(rows) - rows / 255).max() < 2e-6
