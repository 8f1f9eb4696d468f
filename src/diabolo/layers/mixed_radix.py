"""Codes of several radices as bytes and back: the digits of a position are one whole number, its bytes are kept."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_LIMB = 32  # bits of a piece of the large numbers; a product of two fits a uint64
_MASK = np.uint64(2**_LIMB - 1)


def pack(digits: NDArray[np.integer], radices: Sequence[int], num_bytes: int) -> NDArray[np.uint8]:
    """Digits (..., len(radices)) -> bytes uint8 (..., num_bytes), least significant first.

    The number is ((d₀ · r₁ + d₁) · r₂ + d₂) …, so that codes of equal length compare as their digits do.

    Args:
        digits: each at least 0 and below its radix.
        radices: each at least 1 and at most 2³².
        num_bytes: at least what the product of all radices needs.

    Raises:
        ValueError: a digit is outside its radix, or the bytes do not hold all numbers.
    """
    digits = np.asarray(digits)
    _check_room(radices, num_bytes)
    if digits.shape[-1] != len(radices):
        raise ValueError(f"there are {digits.shape[-1]} digits and {len(radices)} radices")
    limits = np.array(radices, np.int64)
    if ((digits < 0) | (digits >= limits)).any():
        raise ValueError("a digit is negative, or not below its radix")
    rows = digits.reshape(math.prod(digits.shape[:-1]), len(radices)).astype(np.uint64)
    limbs = [np.zeros(len(rows), np.uint64) for _ in range(-(-num_bytes * 8 // _LIMB))]
    for first, last in _groups(radices):
        value, product = np.zeros(len(rows), np.uint64), 1
        for column in range(first, last):
            value = value * np.uint64(radices[column]) + rows[:, column]
            product *= radices[column]
        for index, limb in enumerate(limbs):  # number · product + value, the carry from limb to limb
            value = limb * np.uint64(product) + value
            limbs[index] = value & _MASK
            value >>= np.uint64(_LIMB)
    stacked = np.stack(limbs, axis=1).astype("<u4") if limbs else np.zeros((len(rows), 0), "<u4")
    return stacked.view(np.uint8)[:, :num_bytes].reshape(*digits.shape[:-1], num_bytes)


def unpack(packed: NDArray[np.uint8], radices: Sequence[int]) -> NDArray[np.int64]:
    """The inverse of `pack`: bytes uint8 (..., num_bytes) -> digits int64 (..., len(radices)).

    Raises:
        ValueError: the bytes are of a number that no digits give, as those of another model or damaged ones may be.
    """
    packed = np.asarray(packed)
    _check_room(radices, packed.shape[-1])
    num_limbs = -(-packed.shape[-1] * 8 // _LIMB)
    rows = math.prod(packed.shape[:-1])
    padded = np.zeros((rows, num_limbs * 4), np.uint8)
    padded[:, : packed.shape[-1]] = packed.reshape(rows, packed.shape[-1])
    limbs = [column.astype(np.uint64) for column in padded.view("<u4").T]
    digits = np.zeros((rows, len(radices)), np.int64)
    for first, last in reversed(_groups(radices)):
        product = np.uint64(math.prod(radices[first:last]))
        rest = np.zeros(rows, np.uint64)
        for index in reversed(range(num_limbs)):  # long division, the remainder from limb to limb
            value = (rest << np.uint64(_LIMB)) | limbs[index]
            limbs[index], rest = value // product, value % product
        for column in reversed(range(first, last)):
            rest, digit = np.divmod(rest, np.uint64(radices[column]))
            digits[:, column] = digit
    if any(limb.any() for limb in limbs):
        raise ValueError("the bytes are of a number beyond the last code")
    return digits.reshape(*packed.shape[:-1], len(radices))


def _check_room(radices: Sequence[int], num_bytes: int) -> None:
    if any(not 1 <= radix <= 2**_LIMB for radix in radices):
        raise ValueError(f"radices are whole numbers from 1 to 2^{_LIMB}")
    if math.prod(radices) > 256**num_bytes:
        raise ValueError(f"{num_bytes} bytes do not hold {math.prod(radices)} numbers")


def _groups(radices: Sequence[int]) -> list[tuple[int, int]]:
    """Runs of neighbours whose product is at most 2³²: one step of the large numbers each."""
    groups: list[tuple[int, int]] = []
    first, product = 0, 1
    for column, radix in enumerate(radices):
        if product * radix > 2**_LIMB:
            groups.append((first, column))
            first, product = column, 1
        product *= radix
    return [*groups, (first, len(radices))] if radices else []
