"""The text on all readings, from the readings; `docs/generate.py` puts it into docs/explain.md."""

from diabolo.explain.read import all_kinds
from diabolo.explain.read_pair import all_pair_kinds
from diabolo.explain.reading import Kind


def reference_text() -> str:
    """Every reading: what it means and how it is recognised, as Markdown without a final newline."""
    singles = sorted((kind for kind, _ in all_kinds()), key=lambda kind: kind.code)
    pairs = sorted((kind for kind, _ in all_pair_kinds()), key=lambda kind: kind.code)
    return "\n\n".join(["### Of one history", *map(_section, singles), "### Of two histories", *map(_section, pairs)])


def _section(kind: Kind) -> str:
    silences = f"\n\nBeside it these say nothing: {', '.join(sorted(kind.silences))}." if kind.silences else ""
    return f"**{kind.code} `{kind.name}`: {kind.title}.** {kind.meaning}\n\n{kind.recognised}{silences}"
