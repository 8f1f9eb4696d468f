"""The text of the readings names every one of them; `docs/generate.py --check` holds the document to it."""

from diabolo.explain.read import all_kinds
from diabolo.explain.read_pair import all_pair_kinds
from diabolo.explain.reference import reference_text


def test_every_reading_is_described() -> None:
    text = reference_text()
    kinds = [kind for kind, _ in (*all_kinds(), *all_pair_kinds())]
    assert len(kinds) > 20
    for kind in kinds:
        assert text.count(f"**{kind.code} `{kind.name}`: {kind.title}.** {kind.meaning}\n\n{kind.recognised}") == 1
