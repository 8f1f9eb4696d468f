"""Every word of the vocabulary has a builder, and every builder a word."""

import pytest

from diabolo.layers import known_kinds
from diabolo.layers.registry import builds
from diabolo.vocabulary import KINDS


def test_words_and_builders_agree() -> None:
    assert known_kinds() == {*KINDS, "add"}  # `add` ends a `res{…}`; the line has no word for it


def test_a_second_builder_is_refused() -> None:
    with pytest.raises(AssertionError, match="two builders for conv"):
        builds("conv")(lambda request: None)
