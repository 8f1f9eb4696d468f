"""Latents as a Parquet table: a row an image with `name`, `height`, `width`, `shape` and the flat `values`."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diabolo.errors import DataError
from diabolo.printable import printable
from diabolo.use.latents import FORMAT, LatentTable, import_pyarrow

_ROWS = 256  # that are read at a time


class ParquetWriter:
    """Writes row groups as batches come.

    Args:
        path: the file.
        table: what stands in its metadata.
    """

    def __init__(self, path: Path, table: LatentTable) -> None:
        self.path = path
        self.table = table
        self.writer: Any = None

    def add(self, names: Sequence[str], sizes: Sequence[tuple[int, int]], latents: NDArray[Any]) -> None:
        """As of `LatentWriter`."""
        arrow = import_pyarrow()
        if self.writer is None:
            self._open(latents.dtype)
        self.table.dtype = latents.dtype
        count, width = len(latents), int(np.prod(latents.shape[1:]))
        offsets = np.arange(count + 1, dtype=np.int32)
        shape = np.tile(np.array(latents.shape[1:], np.int32), count)
        columns = [
            arrow.array([name.encode("utf-8", "backslashreplace").decode() for name in names]),
            arrow.array([height for height, _ in sizes], arrow.int32()),
            arrow.array([width for _, width in sizes], arrow.int32()),
            arrow.ListArray.from_arrays(offsets * (latents.ndim - 1), arrow.array(shape)),
            arrow.ListArray.from_arrays(offsets * width, arrow.array(np.ascontiguousarray(latents).reshape(-1))),
        ]
        self.writer.write_table(arrow.Table.from_arrays(columns, schema=self.writer.schema))

    def close(self) -> None:
        """Ends the file."""
        if self.writer is None:
            self._open(self.table.dtype)
        self.writer.close()

    def _open(self, dtype: np.dtype[Any]) -> None:
        arrow = import_pyarrow()
        table = self.table
        said = {"line": table.line, "pool": table.pool, "kind": table.kind, "diabolo_format": str(FORMAT)}
        schema = arrow.schema(
            [
                ("name", arrow.string()),
                ("height", arrow.int32()),
                ("width", arrow.int32()),
                ("shape", arrow.list_(arrow.int32())),
                ("values", arrow.list_(arrow.from_numpy_dtype(dtype))),
            ],
            metadata=said,
        )
        self.writer = arrow.parquet.ParquetWriter(self.path, schema)


def parquet_table(path: Path) -> LatentTable:
    """What a Parquet file says beside the values.

    Raises:
        DataError: it is damaged, or no table of latents.
    """
    arrow = import_pyarrow()
    try:
        with arrow.parquet.ParquetFile(path) as file:
            said = {key.decode(): value.decode() for key, value in (file.schema_arrow.metadata or {}).items()}
            rows = file.read(["name", "height", "width", "shape"]).to_pydict()
    except (arrow.ArrowException, KeyError, UnicodeDecodeError, OSError, ValueError) as error:
        raise DataError(
            f"`{printable(path)}` is no Parquet file of latents, or damaged ({_first_line(error)})"
        ) from error
    return LatentTable(
        line=said.get("line", ""),
        pool=said.get("pool", ""),
        kind=said.get("kind", "latents"),
        names=rows["name"],
        sizes=list(zip(rows["height"], rows["width"], strict=True)),
        shapes=[tuple(shape) for shape in rows["shape"]],
    )


def parquet_values(path: Path, shapes: Sequence[tuple[int, ...]]) -> Iterator[NDArray[Any]]:
    """The latents of a Parquet file, one image at a time, (1, …).

    Raises:
        DataError: it is damaged.
    """
    arrow = import_pyarrow()
    number = 0
    try:
        with arrow.parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(_ROWS, columns=["values"]):
                for row in batch.column(0):
                    yield np.asarray(row.values).reshape(1, *shapes[number])
                    number += 1
    except (arrow.ArrowException, ValueError, IndexError, OSError) as error:
        raise DataError(f"`{printable(path)}` is damaged at image {number + 1} ({_first_line(error)})") from error


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:200]
