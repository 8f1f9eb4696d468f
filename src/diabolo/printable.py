"""Text from outside as a terminal may show it: a name cannot move the cursor, change colours or start a line."""

import os
from pathlib import Path

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def printable(name: str | Path) -> str:
    """A name on one line: control characters, line ends and bytes that are no text become `�`."""
    return "".join(letter if letter.isprintable() else REPLACEMENT for letter in os.fspath(name))


def printable_lines(text: str) -> str:
    """A message of several lines; its line ends stay, everything else is as in `printable`."""
    return "\n".join(map(printable, text.split("\n")))
