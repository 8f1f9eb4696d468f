"""The table of all layers, from the vocabulary: `python -m diabolo.notation.reference docs/line.md` writes it."""

import sys
from pathlib import Path

from diabolo.errors import DiaboloError
from diabolo.files import write_text
from diabolo.notation.printer import print_value
from diabolo.vocabulary import KINDS, LayerKind, Setting

BEGIN = "<!-- table of layers: written by `python -m diabolo.notation.reference docs/line.md` -->"
END = "<!-- end of the table of layers -->"


def reference_table() -> str:
    """All layer names with their number, settings and meaning, as a Markdown table without a final newline."""
    heads = ["| Name | Number | Settings and their defaults | What it does | In a summary |", "|---|---|---|---|---|"]
    return "\n".join([*heads, *map(_row, KINDS.values())])


def with_table(text: str) -> str:
    """The text of a document with the table between its two markers brought up to date.

    Raises:
        DiaboloError: a marker is missing.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise DiaboloError(f"the document needs the two lines `{BEGIN}` and `{END}` around its table")
    return f"{before}{begin}\n\n{reference_table()}\n\n{end}{after}"


def _row(kind: LayerKind) -> str:
    settings = "<br>".join(map(_setting, kind.settings)) or "–"
    return f"| `{kind.name}` | {_number(kind)} | {settings} | {kind.meaning} | {kind.title} |"


def _number(kind: LayerKind) -> str:
    if kind.count is None:
        return "–"
    if kind.count.default is None:
        return f"{kind.count.name}, must be given"
    return f"{kind.count.name}, {kind.count.default} where left out"


def _setting(setting: Setting) -> str:
    return f"`{setting.name}={print_value(setting.default)}` {setting.meaning}{_allowed(setting)}"


def _allowed(setting: Setting) -> str:
    if isinstance(setting.default, bool):
        return " (`yes` or `no`)"
    if setting.choices:
        return f" ({' or '.join(f'`{choice}`' for choice in setting.choices)})"
    least, most = (None if bound is None else f"{bound:,.10g}" for bound in (setting.minimum, setting.maximum))
    return f" (from {least}{f' to {most}' if most else ''})"


def main() -> None:
    """Brings the table in the documents named on the command line up to date."""
    for name in sys.argv[1:]:
        document = Path(name)
        write_text(document, with_table(document.read_text(encoding="utf-8")))


if __name__ == "__main__":
    main()
