"""The text on all readings, from the readings: `python -m diabolo.explain.reference docs/explain.md` writes it."""

import sys
from pathlib import Path

from diabolo.errors import DiaboloError
from diabolo.explain.read import all_kinds
from diabolo.explain.read_pair import all_pair_kinds
from diabolo.explain.reading import Kind
from diabolo.files import write_text

BEGIN = "<!-- readings: written by `python -m diabolo.explain.reference docs/explain.md` -->"
END = "<!-- end of the readings -->"


def reference_text() -> str:
    """Every reading: what it means and how it is recognised, as Markdown without a final newline."""
    singles = sorted((kind for kind, _ in all_kinds()), key=lambda kind: kind.code)
    pairs = sorted((kind for kind, _ in all_pair_kinds()), key=lambda kind: kind.code)
    return "\n\n".join(["### Of one history", *map(_section, singles), "### Of two histories", *map(_section, pairs)])


def with_readings(text: str) -> str:
    """The text of a document with the part between its two markers brought up to date.

    Raises:
        DiaboloError: a marker is missing.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise DiaboloError(f"the document needs the two lines `{BEGIN}` and `{END}` around its readings")
    return f"{before}{begin}\n\n{reference_text()}\n\n{end}{after}"


def _section(kind: Kind) -> str:
    silences = f"\n\nBeside it these say nothing: {', '.join(sorted(kind.silences))}." if kind.silences else ""
    return f"**{kind.code} `{kind.name}`: {kind.title}.** {kind.meaning}\n\n{kind.recognised}{silences}"


def main() -> None:
    """Brings the part in the documents named on the command line up to date."""
    for name in sys.argv[1:]:
        document = Path(name)
        write_text(document, with_readings(document.read_text(encoding="utf-8")))


if __name__ == "__main__":
    main()
