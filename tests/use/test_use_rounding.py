"""Rounded latents against a search for the nearest step, and their error against what uniform steps must give."""

import numpy as np
import pytest

from diabolo.errors import DiaboloError
from diabolo.use.rounding import rounded, step_range


@pytest.mark.parametrize("shape", [(50, 3, 2, 4), (200, 4)])
@pytest.mark.parametrize("bits", [1, 4, 8])
def test_every_value_becomes_its_nearest_step(shape: tuple[int, ...], bits: int) -> None:
    latents = np.random.default_rng(0).normal(size=shape)
    low, high = step_range(latents)
    rows = latents.reshape(-1, 4)
    result = rounded(latents, bits, low, high)
    assert result.shape == shape
    for channel in range(4):
        steps = np.linspace(low[channel], high[channel], 2**bits)
        nearest = np.abs(rows[:, channel, None] - steps).min(axis=1)
        found = result.reshape(-1, 4)[:, channel]
        # float32 of values up to 5 is exact to about 3e-7; a step that is not the nearest is off by much more.
        np.testing.assert_allclose(np.abs(rows[:, channel] - found), nearest, atol=1e-6)
        assert len(np.unique(found)) <= 2**bits


def test_the_error_inside_is_that_of_uniform_noise() -> None:
    """Of a step d: d²/12 (Bennett 1948); values are uniform here, so that the law holds but for sampling: n = 1e5."""
    values = np.random.default_rng(1).uniform(-3, 5, (100_000, 1))
    low, high = np.array([-3.0]), np.array([5.0])
    error = np.mean((rounded(values, 6, low, high) - values) ** 2)
    assert error == pytest.approx((8 / 63) ** 2 / 12, rel=0.02)


def test_a_channel_that_never_varies_stays() -> None:
    latents = np.full((10, 2), 3.5)
    np.testing.assert_array_equal(rounded(latents, 4, *step_range(latents)), np.full((10, 2), np.float32(3.5)))


@pytest.mark.parametrize("latents", [np.empty((0, 4)), np.full((3, 4), np.nan), np.array([[1.0, np.inf]])])
def test_no_range_of_nothing(latents: np.ndarray) -> None:
    with pytest.raises(DiaboloError, match="`latents`"):
        step_range(latents)


@pytest.mark.parametrize("bits", [0, 17, -1, 8.0, True, "8"])
def test_bits_are_a_whole_number(bits: object) -> None:
    with pytest.raises(DiaboloError, match=r"`bits` \(="):
        rounded(np.zeros((1, 1)), bits, np.zeros(1), np.ones(1))  # type: ignore[arg-type]
