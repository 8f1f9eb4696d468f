"""What the machine can do at best, measured: GFLOP/s of fused multiply-adds, GB/s of a STREAM triad.

In C where there is a compiler; else in numpy, which reaches less, and says so.
"""

import ctypes
import itertools
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from diabolo.kernels.compile import CompileError, find_compiler

_SOURCE = Path(__file__).parent / "native" / "peak.c"
_TRIES = 10
_VALUES = 1 << 25  # of each of the triad's three arrays: 128 MiB, four times the largest cache in common use
_COUNT = 3_000_000
_MATRIX = 2048


@dataclass(frozen=True, kw_only=True)
class Peak:
    """The machine's limits with so many threads at once."""

    gflops: float
    """10⁹ operations a second, a multiply and an add being two; the best of several tries."""
    gigabytes: float
    """10⁹ bytes a second that a triad reads and writes (12 bytes a value); the best of several tries."""
    how: str
    """What was run for it."""


def measure_peak(threads: int, *, num_values: int = _VALUES, tries: int = _TRIES) -> Peak:
    """Measures both limits with all threads at work; takes a second or two.

    Args:
        threads: how many work at once.
        num_values: float32 values of each array of the triad.
        tries: of which the best counts.
    """
    with tempfile.TemporaryDirectory(prefix="diabolo-peak-") as folder, ThreadPoolExecutor(threads) as pool:
        native = _compile(Path(folder))
        arrays = [np.full(num_values, value, np.float32) for value in (0.0, 1.0, 2.0)]
        bounds = [num_values * number // threads for number in range(threads + 1)]
        slices = [[array[low:high] for array in arrays] for low, high in itertools.pairwise(bounds)]
        if native is None:
            matrix = np.ones((_MATRIX, _MATRIX), np.float32)
            gflops = 2 * _MATRIX**3 / _best(lambda: np.dot(matrix, matrix), tries) / 1e9
            seconds = _best(lambda: list(pool.map(_numpy_triad, slices)), tries)
            return Peak(
                gflops=gflops,
                gigabytes=20 * num_values / seconds / 1e9,
                how="numpy's matrix product and two passes of numpy, for want of a compiler; the real peaks are higher",
            )
        counts = [_COUNT] * threads
        seconds = _best(lambda: list(pool.map(native.diabolo_multiply_add, counts)), tries)
        gflops = native.diabolo_operations() * _COUNT * threads / seconds / 1e9
        seconds = _best(lambda: list(pool.map(lambda parts: _native_triad(native, parts), slices)), tries)
        return Peak(
            gflops=gflops,
            gigabytes=12 * num_values / seconds / 1e9,
            how=f"fused multiply-adds in registers, and a triad over {12 * num_values / 2**20:.0f} MiB, in C",
        )


def _compile(folder: Path) -> ctypes.CDLL | None:
    """The C functions; None without a compiler."""
    target = folder / "peak.so"
    try:
        compiler = find_compiler()
    except CompileError:
        return None
    for native in (["-march=native"], ["-mcpu=native"], []):
        command = [*compiler, "-x", "c", "-O3", "-ffp-contract=fast", *native, "-shared", "-fPIC"]
        try:
            done = subprocess.run([*command, str(_SOURCE), "-o", str(target)], capture_output=True, check=False)
        except OSError:
            return None
        if done.returncode == 0:
            library = ctypes.CDLL(str(target))
            library.diabolo_operations.restype = ctypes.c_long
            library.diabolo_multiply_add.argtypes = [ctypes.c_long]
            library.diabolo_multiply_add.restype = ctypes.c_float
            library.diabolo_triad.argtypes = [*[ctypes.c_void_p] * 3, ctypes.c_long]
            library.diabolo_triad.restype = None
            return library
    return None


def _native_triad(native: ctypes.CDLL, parts: list[np.ndarray]) -> None:
    native.diabolo_triad(*(part.ctypes.data for part in parts), len(parts[0]))


def _numpy_triad(parts: list[np.ndarray]) -> None:
    a, b, c = parts
    np.multiply(c, 0.5, out=a)
    np.add(a, b, out=a)


def _best(work: Callable[[], object], tries: int) -> float:
    """Seconds of the fastest try."""
    fastest = float("inf")
    for _ in range(tries):
        started = time.perf_counter()
        work()
        fastest = min(fastest, time.perf_counter() - started)
    return fastest
