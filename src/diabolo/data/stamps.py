"""Remembers which files of the cache were verified, so that a start need not hash them again.

A stamp names a file's size, place and times to the nanosecond beside the digest that was found. Whatever writes into a
file changes its times; what no clock shows (a disk that forgets) `diabolo data verify` finds, which asks no stamp.
"""

import contextlib
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from diabolo.errors import OutputError
from diabolo.files import write_text

_FILE = "verified.json"
_SETTLED = 2.0  # seconds; a younger file might change again within one tick of its file system's clock


def look_at(path: Path) -> dict[str, int]:
    """What tells one state of a file from another; raises `OSError` where there is none."""
    found = path.stat()
    return {
        "size": found.st_size,
        "modified_ns": found.st_mtime_ns,
        "changed_ns": found.st_ctime_ns,
        "inode": found.st_ino,
    }


def is_verified(stamp: Mapping[str, Any] | None, look: Mapping[str, int], digest: str) -> bool:
    """Whether a file that looks like this was found to have this digest."""
    return stamp is not None and dict(stamp) == {**look, "sha256": digest}


def read_stamps(folder: Path) -> dict[str, dict[str, Any]]:
    """Stamps by part; none where they are missing or damaged."""
    try:
        content = json.loads((folder / _FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(content, dict):
        return {}
    return {part: stamp for part, stamp in content.items() if isinstance(stamp, dict)}


def write_stamps(folder: Path, looks: Mapping[str, Mapping[str, int]], digests: Mapping[str, str]) -> None:
    """Stamps files that were just verified, but for those that are too young; does nothing where it may not write."""
    oldest = time.time_ns() - int(_SETTLED * 1e9)
    stamps = {
        part: {**look, "sha256": digests[part]}
        for part, look in looks.items()
        if max(look["modified_ns"], look["changed_ns"]) < oldest
    }
    if stamps and stamps != read_stamps(folder):
        with contextlib.suppress(OutputError):
            write_text(folder / _FILE, json.dumps(stamps, indent=1) + "\n")
