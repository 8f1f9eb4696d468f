"""The compiled stage engine as Python sees it: one library, found beside this file, and the stage as a C structure."""

import ctypes
import os
import warnings
from functools import cache
from pathlib import Path

from diabolo.kernels.compile import LIBRARY, sources_number

_WHOLE = (
    "images", "height", "width", "channels_in", "channels_out", "up", "pool", "relu", "bn", "relu_after", "side",
    "training", "threads",
)  # fmt: skip
_BEFORE_EPS = ("before", "x", "weight", "bias", "gamma", "beta", "mean", "variance")
_AFTER_EPS = ("z", "raw", "index", "y", "dz", "dx", "dweight", "dbias", "dgamma", "dbeta", "bn_sums", "bn_sums_before")
_VARIABLE = "DIABOLO_ISA"
_INTEGER, _ADDRESS = ctypes.c_int64, ctypes.c_void_p
_OUTSIDE = 2  # what diabolo_gather says of an index that is none
_LEVELS = {"baseline": 1, "avx2": 3, "avx512": 4}  # x86-64-v1, v3, v4; what is not there falls to the next lower


class StageStructure(ctypes.Structure):
    """`struct Stage` of native/stage.h, which says what each field means."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in _WHOLE),
        *((name, ctypes.c_void_p) for name in _BEFORE_EPS),
        ("eps", ctypes.c_double),
        *((name, ctypes.c_void_p) for name in _AFTER_EPS),
    )

    def come_after(self, before: "StageStructure | None") -> None:
        """Makes `before` the stage whose bn is finished here; None: `x` is taken as it is."""
        self._kept = before  # alive as long as this one
        self.before = None if before is None else ctypes.addressof(before)


class Library:
    """The library's functions."""

    def __init__(self, path: Path) -> None:
        native = ctypes.CDLL(str(path))
        for name in ("stage_size", "sources", "choose", "forward", "backward", "gather", "cross_entropy"):
            getattr(native, f"diabolo_{name}").restype = _INTEGER
        same_layout = native.diabolo_stage_size() == ctypes.sizeof(StageStructure)
        if not same_layout or native.diabolo_sources() != sources_number():
            raise OSError(f"{path} was built from other sources; build it again")
        native.diabolo_choose.argtypes = [ctypes.c_int64]
        native.diabolo_forward.argtypes = native.diabolo_backward.argtypes = [ctypes.POINTER(StageStructure)]
        native.diabolo_gather.argtypes = [_ADDRESS, _INTEGER, _INTEGER, _ADDRESS, _INTEGER, _ADDRESS, _INTEGER]
        native.diabolo_cross_entropy.argtypes = [_ADDRESS, _ADDRESS, _INTEGER, _ADDRESS, _ADDRESS, _INTEGER]
        self._native = native
        self.level = self.choose(_wanted_level())

    def choose(self, level: str) -> str:
        """Chooses the best instruction set up to `baseline`, `avx2` or `avx512`; returns the one that was found."""
        found = int(self._native.diabolo_choose(_LEVELS[level]))
        self.level = next(name for name, number in _LEVELS.items() if number == found)
        return self.level

    def forward(self, stage: StageStructure) -> None:
        """Runs a stage."""
        _done(self._native.diabolo_forward(ctypes.byref(stage)))

    def backward(self, stage: StageStructure) -> None:
        """Runs a stage's gradients."""
        _done(self._native.diabolo_backward(ctypes.byref(stage)))

    def gather(self, images: int, count: int, size: int, indices: int, taken: int, out: int, threads: int) -> None:
        """`taken` of `count` images of `size` bytes, by index, as floats in [0, 1]; the rest are addresses."""
        status = self._native.diabolo_gather(images, count, size, indices, taken, out, threads)
        if status == _OUTSIDE:
            raise IndexError(f"an index of an image is not from 0 to {count - 1}")
        _done(status)

    def cross_entropy(self, logits: int, images: int, count: int, gradient: int | None, threads: int) -> float:
        """The mean binary cross-entropy of `count` values; the rest are addresses."""
        loss = ctypes.c_double()
        _done(self._native.diabolo_cross_entropy(logits, images, count, ctypes.byref(loss), gradient, threads))
        return loss.value


def _done(status: int) -> None:
    if status:
        raise MemoryError("stage engine: no memory")


def _wanted_level() -> str:
    """The highest instruction set, or the one that the environment asks for."""
    wanted = os.environ.get(_VARIABLE, "").strip() or "avx512"
    if wanted not in _LEVELS:
        warnings.warn(
            f"`{_VARIABLE}` (={wanted!r}) has no effect: it must be one of {', '.join(_LEVELS)}", stacklevel=2
        )
        return "avx512"
    return wanted


@cache
def find_library() -> Library | None:
    """The engine, or None where it was not built (or cannot be loaded)."""
    path = Path(os.environ.get("DIABOLO_STAGES_LIBRARY", LIBRARY))
    if not path.exists():
        return None
    try:
        return Library(path)
    except (OSError, AttributeError):
        return None
