"""Files of latents: written as a stream, so that memory holds a few at a time, whatever the number of images.

`.npz` (NumPy, all in one), `.npy` (the bare array, with a `.json` beside it) and `.parquet` (a row an image). All carry
the files' names, the images' sizes, the model's line and the pool. No file holds Python objects.
"""

import contextlib
import json
import math
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from diabolo.errors import DiaboloError
from diabolo.files import atomic_path, output_errors, write_text
from diabolo.printable import printable

SUFFIXES = (".npz", ".npy", ".parquet")
"""What a file of latents may be called."""
FORMAT = 1
"""Version of what stands in a file beside the latents."""
_PIECE = 1 << 24  # bytes that are copied at a time


@dataclass(kw_only=True)
class LatentTable:
    """What stands in a file beside the latents."""

    line: str
    """The model's line."""
    pool: str = ""
    """`mean`, `max`, `flat`, or empty for the latents as they are."""
    kind: str = "latents"
    """`latents` (float32), or what a quantising bottleneck gave: `codes`, `packed`."""
    names: list[str] = field(default_factory=list)
    """Names of the image files, as they were given."""
    sizes: list[tuple[int, int]] = field(default_factory=list)
    """(height, width) of the images in pixels."""
    shapes: list[tuple[int, ...]] = field(default_factory=list)
    """Shape of the latent of each image."""
    dtype: np.dtype[Any] = field(default_factory=lambda: np.dtype(np.float32))
    """Type of the values."""

    @property
    def is_even(self) -> bool:
        """Whether all latents have one shape."""
        return len(set(self.shapes)) <= 1

    def note(self, names: Sequence[str], sizes: Sequence[tuple[int, int]], latents: NDArray[Any]) -> None:
        """Takes down what a batch of latents is."""
        assert len(names) == len(sizes) == len(latents)
        self.dtype = latents.dtype
        self.names.extend(names)
        self.sizes.extend(sizes)
        self.shapes.extend([latents.shape[1:]] * len(latents))


class LatentWriter(Protocol):
    """Takes latents batch by batch."""

    def add(self, names: Sequence[str], sizes: Sequence[tuple[int, int]], latents: NDArray[Any]) -> None:
        """Adds a batch: (N, …) of one shape, with a name and a size for each."""


@contextlib.contextmanager
def write_latents(target: Path, *, line: str, pool: str | None = None, kind: str = "latents") -> Iterator[LatentWriter]:
    """Opens a file of latents; it is there when the block ends without an error, and not otherwise.

    Args:
        target: its suffix says the format.
        line: the model's line.
        pool: as of `encode`.
        kind: as of `LatentTable`.

    Raises:
        DiaboloError: the suffix is none of the three, pyarrow is missing, or `.npy` gets latents of several shapes.
        OutputError: the file cannot be written.
    """
    check_suffix(target)
    table = LatentTable(line=line, pool=pool or "", kind=kind)
    with atomic_path(target) as temporary, contextlib.ExitStack() as stack:
        if target.suffix.lower() == ".parquet":
            from diabolo.use.latents_parquet import ParquetWriter

            parquet = ParquetWriter(temporary, table)
            stack.callback(parquet.close)
            yield parquet
            return
        raw = stack.enter_context(tempfile.TemporaryFile(dir=temporary.parent))
        yield _RawWriter(target, raw, table)
        raw.seek(0)
        if target.suffix.lower() == ".npz":
            _write_npz(temporary, raw, table)
        else:
            _write_npy(temporary, raw, table)
            write_text(target.with_suffix(".json"), json.dumps(_beside(table), indent=1))


def check_suffix(target: Path) -> None:
    """Refuses a name that no format goes with, and `.parquet` without its library, before any work is done.

    Raises:
        DiaboloError: the suffix is none of the three, or pyarrow is missing.
    """
    if target.suffix.lower() not in SUFFIXES:
        raise DiaboloError(f"`{printable(target)}`: latents go into a file that ends in {', '.join(SUFFIXES)}")
    if target.suffix.lower() == ".parquet":
        import_pyarrow()


def import_pyarrow() -> Any:
    """`pyarrow`, with its Parquet part.

    Raises:
        DiaboloError: it is not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise DiaboloError(
            "Parquet files need the library pyarrow, which is not installed; `pip install pyarrow`, or choose a name "
            "that ends in .npz"
        ) from error
    return pyarrow


class _RawWriter:
    """Values go into a nameless file; header and names can only be written when their number is known."""

    def __init__(self, target: Path, raw: IO[bytes], table: LatentTable) -> None:
        self.target = target
        self.raw = raw
        self.table = table
        self.needs_even = target.suffix.lower() == ".npy"

    def add(self, names: Sequence[str], sizes: Sequence[tuple[int, int]], latents: NDArray[Any]) -> None:
        self.table.note(names, sizes, latents)
        if self.needs_even and not self.table.is_even:
            raise DiaboloError(
                f"`{printable(self.target)}`: the images differ in size and so do their latents, "
                f"{self.table.shapes[0]} and {latents.shape[1:]}, which one array cannot hold; write a .npz or "
                ".parquet file, or say `--pool mean`, or bring images to one size by `--fit`"
            )
        with output_errors(self.target):
            self.raw.write(np.ascontiguousarray(latents).tobytes())


def _write_npz(target: Path, raw: IO[bytes], table: LatentTable) -> None:
    """`<kind>` as one array where shapes agree, else `<kind>_0`, `<kind>_1`…; `names`, `sizes`, `line`, `pool`."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        if table.is_even:
            _copy_array(archive, table.kind, raw, table.dtype, (len(table.names), *(table.shapes or [(0,)])[0]))
        else:
            for number, shape in enumerate(table.shapes):
                _copy_array(archive, f"{table.kind}_{number}", raw, table.dtype, shape)
        beside = {
            "names": np.array(table.names, dtype=np.str_),
            "sizes": np.array(table.sizes, dtype=np.int32).reshape(-1, 2),
            "line": np.array(table.line),
            "pool": np.array(table.pool),
            "format": np.array(FORMAT),
        }
        for name, array in beside.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def _write_npy(target: Path, raw: IO[bytes], table: LatentTable) -> None:
    with target.open("wb") as file:
        _copy(raw, file, table.dtype, (len(table.names), *(table.shapes or [(0,)])[0]))


def _copy_array(
    archive: zipfile.ZipFile, name: str, raw: IO[bytes], dtype: np.dtype[Any], shape: tuple[int, ...]
) -> None:
    with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
        _copy(raw, member, dtype, shape)


def _copy(raw: IO[bytes], file: IO[bytes], dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
    """An array of that shape: NumPy's header, then the next bytes of `raw`."""
    header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
    left = math.prod(shape) * dtype.itemsize
    while left:
        piece = raw.read(min(_PIECE, left))
        assert piece, "fewer values were written than were counted"
        file.write(piece)
        left -= len(piece)


def _beside(table: LatentTable) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "kind": table.kind,
        "line": table.line,
        "pool": table.pool,
        "names": table.names,
        "sizes": [list(size) for size in table.sizes],
    }
