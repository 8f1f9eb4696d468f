"""References that were measured before, in the user's cache: one small file for each question."""

import contextlib
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from diabolo.data.cache import default_cache_folder
from diabolo.errors import OutputError
from diabolo.files import write_text
from diabolo.references.reference import Reference

_FORMAT = 1  # raise it when a number would come out differently


def cache_key(**question: Any) -> str:
    """A name for a question: the digest of the images, the part, the latent, and whatever else decides the answer.

    Args:
        question: values that JSON knows.
    """
    import PIL

    asked = json.dumps({**question, "format": _FORMAT, "pillow": PIL.__version__}, sort_keys=True)
    return hashlib.sha256(asked.encode()).hexdigest()


def read_references(key: str, cache_folder: Path | None = None) -> tuple[Reference, ...] | None:
    """The answer to a question asked before; None where there is none, or its file is damaged."""
    try:
        content = json.loads(_path(key, cache_folder).read_text(encoding="utf-8"))
        if content["key"] != key or not content["references"]:
            return None
        return tuple(Reference.from_dict(values) for values in content["references"])
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def write_references(key: str, references: Sequence[Reference], cache_folder: Path | None = None) -> None:
    """Keeps an answer; where the cache cannot be written, it is only measured again the next time."""
    content = {"key": key, "references": [reference.to_dict() for reference in references]}
    with contextlib.suppress(OutputError):
        write_text(_path(key, cache_folder), json.dumps(content, indent=1, allow_nan=False) + "\n")


def _path(key: str, cache_folder: Path | None) -> Path:
    return (cache_folder or default_cache_folder()) / "references" / f"{key[:32]}.json"
