"""Which engine runs a model on the CPU: plain torch, or the native stages where they were built."""

import logging
import os
import warnings
from functools import cache

from diabolo.errors import DiaboloError
from diabolo.kernels import find_library

ENGINES = ("auto", "plain", "fused")
"""Names that may be given; `auto`, the default, is `fused` where it was built and `plain` elsewhere."""
VARIABLE = "DIABOLO_ENGINE"
"""The environment variable that is asked where no engine is given."""
_MISSING = (
    "the native stage engine is not there (no C++ compiler at install, or built from other sources); models run on "
    "plain torch. To build it: install a C++ compiler and reinstall, or `python -m diabolo.kernels`"
)


def choose_engine(engine: str | None = None) -> str:
    """`plain` or `fused`, from a name; where it is None, from the environment; where that is empty, as by `auto`.

    Says once where the native stages are not there, with a warning if `fused` was asked for, in the log otherwise; the
    model then runs on plain torch.

    Raises:
        DiaboloError: the name is unknown.
    """
    asked_by = "engine" if engine is not None else VARIABLE
    wanted = engine if engine is not None else os.environ.get(VARIABLE, "").strip() or "auto"
    if wanted not in ENGINES:
        raise DiaboloError(f"`{asked_by}` (={wanted!r}) must be one of {', '.join(ENGINES)}")
    if wanted == "plain":
        return "plain"
    if find_library() is None:
        _say_missing(wanted)
        return "plain"
    return "fused"


@cache
def _say_missing(wanted: str) -> None:
    if wanted == "fused":
        warnings.warn(_MISSING, stacklevel=4)
    else:
        logging.getLogger("diabolo").info(_MISSING)
