"""What `diabolo explain` prints: readings as paragraphs, and of many histories a summary."""

import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from diabolo.explain import Reading
from diabolo.explain.wording import epochs
from diabolo.printable import printable

if TYPE_CHECKING:
    from diabolo.api.explain import Explanations

Style = Callable[[str, str], str]
"""(text, role) -> the text in the colour of its role: `name`, `title`, `quiet`."""

_MOST_NAMED = 3  # histories that a line of the summary names
_WORTH_NAMING = 0.2  # share of the histories above which a reading is not news, and none is named
_URGENT = ("EX201", "EX202", "EX301", "EX302")


def explanation_text(found: "Explanations", *, width: int = 100, style: Style | None = None) -> str:
    """The whole answer.

    Args:
        found: what was read.
        width: columns of a line.
        style: colours; none where it is None.
    """
    from diabolo.api.explain import MOST_IN_FULL

    style = style or _plain
    blocks = []
    if len(found) > MOST_IN_FULL:
        blocks.append(_summary(found, width, style))
    else:
        blocks += [
            "\n".join(
                [
                    f"{style(printable(one.name), 'name')}{style(f', {epochs(len(one.history.epochs))}', 'quiet')}",
                    *(_paragraphs(one.readings, width, style) or ["  Nothing to say: no reading fits these curves."]),
                ]
            )
            for one in found
        ]
    if found.pair:
        title = f"{printable(found[0].name)} and {printable(found[1].name)}"
        blocks.append("\n".join([style(title, "name"), *_paragraphs(found.pair, width, style)]))
    if found.left_out:
        blocks.append(_left_out(found, style))
    return "\n\n".join(blocks)


def _paragraphs(readings: Iterable[Reading], width: int, style: Style) -> list[str]:
    lines = []
    for reading in readings:
        likely = "" if reading.confidence == "sure" else ", likely"
        lines.append(f"  {style(reading.title, 'title')} {style(f'({reading.code}{likely})', 'quiet')}")
        for text in (reading.sentence, reading.next_step):
            if text:
                lines += textwrap.wrap(printable(text), width, initial_indent="    ", subsequent_indent="    ")
    return lines


def _summary(found: "Explanations", width: int, style: Style) -> str:
    lines = [style(f"{len(found):,} histories", "name")]
    for reading, having in found.counts:
        line = f"{len(having):>6,}  {reading.title} ({reading.code})"
        few = len(having) <= max(_MOST_NAMED, _WORTH_NAMING * len(found))
        if few or reading.code in _URGENT:
            named = [printable(one.history.source or one.name) for one in having[:_MOST_NAMED]]
            more = f" and {len(having) - _MOST_NAMED:,} more" if len(having) > _MOST_NAMED else ""
            line += f": {', '.join(named)}{more}"
        lines += textwrap.wrap(line, width, subsequent_indent=" " * 8, break_long_words=False, break_on_hyphens=False)
    lines.append("Name fewer for a paragraph on each, or take `--json` for all of them.")
    return "\n".join(lines)


def _left_out(found: "Explanations", style: Style) -> str:
    parts: Sequence[str] = [
        f"left out: {printable(part.source)}: {printable(part.reason)}" for part in found.left_out[:10]
    ]
    more = [f"left out: … and {len(found.left_out) - 10:,} more"] if len(found.left_out) > 10 else []
    return "\n".join(style(line, "quiet") for line in [*parts, *more])


def _plain(text: str, role: str) -> str:
    return text
