"""Names of files as a terminal may show them."""

import os
from pathlib import Path


def printable(name: str | Path) -> str:
    """A file name on one line: whatever would move the cursor or cannot be written becomes `�`."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in os.fspath(name))
