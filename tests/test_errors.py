"""Words that messages share."""

import pytest

from diabolo.errors import counted


@pytest.mark.parametrize(
    ("number", "shown"), [(0, "0 images"), (1, "1 image"), (2, "2 images"), (12345, "12,345 images")]
)
def test_a_number_of_things(number: int, shown: str) -> None:
    assert counted(number, "image") == shown
