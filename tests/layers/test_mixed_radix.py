"""Codes as bytes against Python's whole numbers."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diabolo.layers.mixed_radix import pack, unpack

RADICES = st.lists(st.one_of(st.integers(1, 5), st.integers(1, 256), st.integers(1, 2**32)), min_size=0, max_size=40)


@settings(deadline=None, max_examples=200)
@given(radices=RADICES, spare=st.integers(0, 5), seed=st.integers(0, 2**32 - 1))
def test_bytes_are_the_number_that_the_digits_make_and_come_back(radices: list[int], spare: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    digits = np.array([[random.integers(0, radix) for radix in radices] for _ in range(6)], np.int64).reshape(2, 3, -1)
    digits[0, 0] = 0
    digits[0, 1] = np.array(radices, np.int64) - 1
    num_bytes = -(-(math.prod(radices) - 1).bit_length() // 8) + spare
    packed = pack(digits, radices, num_bytes)
    assert packed.shape == (2, 3, num_bytes)
    assert packed.dtype == np.uint8
    for place in np.ndindex(2, 3):
        number = 0
        for digit, radix in zip(digits[place].tolist(), radices, strict=True):
            number = number * radix + digit
        assert packed[place].tobytes() == number.to_bytes(num_bytes, "little")
    np.testing.assert_array_equal(unpack(packed, radices), digits)


def test_no_rows_are_no_bytes() -> None:
    packed = pack(np.zeros((0, 4, 4, 3), np.int64), (5, 6, 7), 1)
    assert packed.shape == (0, 4, 4, 1)
    assert unpack(packed, (5, 6, 7)).shape == (0, 4, 4, 3)


@pytest.mark.parametrize(
    ("digits", "radices", "num_bytes", "message"),
    [
        ([[5, 0]], (5, 3), 1, "not below its radix"),
        ([[-1, 0]], (5, 3), 1, "negative"),
        ([[0, 0]], (256, 2), 1, "1 bytes do not hold 512 numbers"),
        ([[0, 0]], (5,), 1, "2 digits and 1 radices"),
        ([[0]], (0,), 1, "from 1 to"),
        ([[0]], (2**33,), 8, "from 1 to"),
    ],
)
def test_what_does_not_fit_is_refused(digits, radices, num_bytes, message) -> None:
    with pytest.raises(ValueError, match=message):
        pack(np.array(digits), radices, num_bytes)


def test_bytes_beyond_the_last_code_are_refused() -> None:
    with pytest.raises(ValueError, match="beyond the last code"):
        unpack(np.array([[15]], np.uint8), (5, 3))
