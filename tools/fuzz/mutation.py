"""Edited copies of good inputs, as a hypothesis strategy."""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 1 << 40, (1 << 63) - 1, (1 << 64) - 1)
_MOST_EDITS = 8

Edit = tuple[int, int, int, bytes]
"""(operation, place in 1/65536 of the length, length or index, bytes to put in)."""


def edited_seeds(seeds: Sequence[bytes], words: Sequence[bytes] = ()) -> st.SearchStrategy[bytes]:
    """Good inputs with up to eight edits: bytes changed, cut, doubled, numbers and words put in; or any bytes."""
    edit = st.tuples(st.integers(0, 7), st.integers(0, 65535), st.integers(0, 255), st.binary(min_size=1, max_size=8))
    edited: Any = st.builds(
        lambda seed, edits: edit_bytes(seed, edits, words),
        st.sampled_from(list(seeds)),
        st.lists(edit, max_size=_MOST_EDITS),
    )
    return st.one_of(edited, edited, edited, st.binary(max_size=200))


def edit_bytes(content: bytes, edits: Sequence[Edit], words: Sequence[bytes]) -> bytes:
    """The content after the edits, in their order."""
    changed = bytearray(content)
    for operation, place, size, piece in edits:
        at = place * len(changed) >> 16
        if operation == 0:  # one bit
            if changed:
                changed[at] ^= 1 << (size % 8)
        elif operation == 1:
            changed[at : at + len(piece)] = piece
        elif operation == 2:
            changed[at:at] = piece
        elif operation == 3:
            del changed[at : at + size + 1]
        elif operation == 4:
            del changed[at:]
        elif operation == 5:
            changed[at:at] = changed[at : at + size + 1] * (1 + size % 5)
        elif operation == 6:
            width = (1, 2, 4, 8)[size % 4]
            number = _NUMBERS[(size >> 2) % len(_NUMBERS)] & ((1 << 8 * width) - 1)
            changed[at : at + width] = number.to_bytes(width, "little" if place % 2 else "big")
        elif words:
            word = words[size % len(words)]
            changed[at : at + (len(word) if place % 2 else 0)] = word
    return bytes(changed)
