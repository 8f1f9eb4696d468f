"""The document holds the text of every reading."""

from pathlib import Path

import pytest

from diabolo.errors import DiaboloError
from diabolo.explain.reference import with_readings

DOCUMENT = Path(__file__).parents[2] / "docs" / "explain.md"


def test_the_document_is_up_to_date() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert with_readings(text) == text, "run `python -m diabolo.explain.reference docs/explain.md`"


def test_a_document_without_markers_is_refused() -> None:
    with pytest.raises(DiaboloError, match="needs the two lines"):
        with_readings("# Nothing")
