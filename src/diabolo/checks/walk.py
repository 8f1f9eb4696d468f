"""Which files of a folder the doctor looks at: Python files and notebooks that can hold a network."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from diabolo.checks.config import config_for

SUFFIXES = (".py", ".ipynb", ".keras")
"""Files that are looked into."""
_NETWORKS = re.compile(rb"keras|torch|Conv2D|nn\.Module")


def find_files(folder: Path) -> Iterator[Path]:
    """Files below a folder that may hold networks, in the order of their names.

    What the configuration excludes is left out, and so are folders without permission. Links to folders are not
    followed: they may lead in a circle.

    Raises:
        DiaboloError: a configuration is wrong.
    """
    for parent, folders, files in os.walk(folder):
        here = Path(parent)
        config = config_for(here)
        folders[:] = sorted(name for name in folders if not config.excludes(here / name))
        for name in sorted(files):
            path = here / name
            if name.endswith(SUFFIXES) and not config.excludes(path) and may_hold_network(path):
                yield path


def may_hold_network(path: Path) -> bool:
    """Whether a file mentions Keras or PyTorch at all; a file that cannot be read may."""
    if path.suffix == ".keras":
        return True
    try:
        return _NETWORKS.search(path.read_bytes()) is not None
    except OSError:
        return True
