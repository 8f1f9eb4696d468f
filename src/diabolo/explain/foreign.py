"""Histories that other programs wrote: Keras's `history.history` as JSON, CSVLogger, TensorBoard's CSV, plain CSV."""

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from diabolo.errors import DataError, clip
from diabolo.explain.column_names import EPOCH_NAMES, described, known_columns, plain_name
from diabolo.explain.history import LARGEST, Curve, History, floor_of
from diabolo.runs.loss_text import LOSS_NAMES, known_loss

_LARGEST = 50_000_000  # bytes
_LARGEST_EPOCH = 1e15  # beyond, it is no count of anything
_MISSING = ("", "none", "null", "na", "n/a", "-")
_TENSORBOARD = ["wall_time", "step", "value"]
_VALIDATION_WORDS = ("validation", "val", "valid", "test", "eval")
_LOSSES = ("loss", "train_loss", "val_loss")
_AS_JSON = "save it with `json.dump(history.history, open('history.json', 'w'))` and read that"


def read_foreign(path: str | Path, *, loss: str = "", floor: float | None = None, name: str | None = None) -> History:
    """Reads a history that diabolo did not make, or the `history.csv` of a run without its folder.

    Args:
        path: a `.json` or `.csv` file, or a folder of TensorBoard's CSV files, one a curve.
        loss: as in a recipe, `bce` or `mse` for example, where it is known.
        floor: loss of a perfect reconstruction of the images, where it is known.
        name: how sentences call it; the file's name by default.

    Raises:
        DataError: the file does not exist, cannot be read, is a pickle, or holds no losses.
    """
    if loss and not known_loss(loss):
        raise DataError(f"`loss` (={clip(loss)}) must be one of {', '.join(LOSS_NAMES)}, or a weighted sum of them")
    if floor is not None and not math.isfinite(floor):
        raise DataError(f"`floor` (={floor}) must be a number")
    path = Path(path).expanduser()
    table = _folder_table(path) if path.is_dir() else _table(path)
    return _history(table, path, loss=loss, floor=floor, name=name or path.stem or path.name)


def history_from_columns(
    values: Mapping[str, Sequence[float | None]], *, name: str = "history", loss: str = "", floor: float | None = None
) -> History:
    """A history from curves by name, as Keras's `history.history` is.

    Args:
        values: one sequence a curve, all of one length; None where an epoch has no value.
        name: how sentences call it.
        loss: as of `read_foreign`.
        floor: as of `read_foreign`.

    Raises:
        DataError: the sequences have different lengths, hold no numbers, or none of them is a loss.
    """
    return _history(_json_table(dict(values), Path(name)), Path(name), loss=loss, floor=floor, name=name)


class _Table:
    """Columns of texts or numbers by plain name; a missing value is None."""

    def __init__(self, columns: dict[str, list[float | None]], names: Iterable[str]) -> None:
        self.columns = columns
        self.names = tuple(names)


def _table(path: Path) -> _Table:
    content = _content(path)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = content.decode("utf-16") if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ""
        except UnicodeDecodeError:
            text = ""
        if not text:
            raise DataError(f"`{path}` is no text; a history is a JSON or CSV file in UTF-8") from None
    if text.lstrip()[:1] in ("{", "["):
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise DataError(f"`{path}` looks like JSON and is none ({error}); {_AS_JSON}") from None
        return _json_table(values, path)
    return _csv_table(text, path)


def _content(path: Path) -> bytes:
    try:
        if path.is_file() and path.stat().st_size > _LARGEST:
            raise DataError(f"`{path}` has more than {_LARGEST // 10**6} MB, which no history has; name another file")
        with path.open("rb") as file:
            content = file.read()
    except FileNotFoundError:
        raise DataError(f"there is no `{path}`; name a run folder, or a history as JSON or CSV") from None
    except (OSError, ValueError) as error:
        raise DataError(f"`{path}` cannot be read ({getattr(error, 'strerror', None) or error})") from None
    if path.suffix.lower() in (".pkl", ".pickle", ".p", ".joblib") or content[:2] in (
        b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05",
    ):  # fmt: skip
        raise DataError(f"`{path}` is a pickle, and opening one runs whatever code is in it; {_AS_JSON}")
    if content[:6] == b"\x93NUMPY" or path.suffix.lower() in (".npy", ".npz"):
        raise DataError(f"`{path}` is a NumPy file, in which a history is a pickle, and those are refused; {_AS_JSON}")
    if content[:8] == b"\x89HDF\r\n\x1a\n" or b"brain.Event:" in content[:64]:
        raise DataError(f"`{path}` is no JSON or CSV file; from TensorBoard, download the curves as CSV")
    if not content.strip():
        raise DataError(f"`{path}` is empty")
    return content


def _json_table(values: Any, path: Path) -> _Table:
    """Of `{name: [values]}`, the same within `history`, `{name: {"0": value}}` (pandas), or `[{name: value}]`."""
    if isinstance(values, dict) and isinstance(values.get("history"), dict | list):
        values = values["history"]
    if isinstance(values, list) and values and all(isinstance(row, dict) for row in values):
        names = list(dict.fromkeys(name for row in values for name in row))
        values = {name: [row.get(name) for row in values] for name in names}
    if not isinstance(values, dict):
        raise DataError(f"`{path}` holds no history: it must be an object of lists, as Keras's `history.history` is")
    columns: dict[str, list[float | None]] = {}
    for name, column in values.items():
        if isinstance(column, dict):
            column = list(column.values())
        if isinstance(column, np.ndarray | tuple):
            column = list(column)
        if isinstance(column, list):
            columns.setdefault(plain_name(name), [_number(value, name, path) for value in column])
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"`{name}` {length}" for name, length in list(lengths.items())[:6])
        raise DataError(f"`{path}` has curves of different lengths: {listed}; they must have one value an epoch")
    return _Table(columns, map(str, values))


def _csv_table(text: str, path: Path) -> _Table:
    first = text.lstrip("\r\n").splitlines()[0] if text.strip() else ""
    delimiter = max((",", ";", "\t"), key=first.count) if any(sign in first for sign in ",;\t") else ","
    try:
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise DataError(f"`{path}` is no CSV file ({error})") from None
    header = [plain_name(cell) for cell in rows[0]] if rows else []
    if not header or all(_is_number(cell) for cell in rows[0]):
        raise DataError(f"`{path}` has no row of names at its beginning, such as `epoch,loss,val_loss`; write one")
    if len(rows) == 1:
        raise DataError(f"`{path}` has names and no epoch yet")
    columns: dict[str, list[float | None]] = {}
    wanted = {*EPOCH_NAMES, *_TENSORBOARD, *known_columns(dict.fromkeys(header, np.empty(0)))}
    meant = {name: next(iter(known_columns({name: np.empty(0)})), "") for name in header}
    for index, name in enumerate(header):
        if name and name not in columns and (name in wanted or meant[name] or name.endswith("_excess")):
            columns[name] = [_number(row[index] if index < len(row) else "", name, path, number)
                             for number, row in enumerate(rows[1:], start=2)]  # fmt: skip
    if header == _TENSORBOARD:
        columns = {"epoch": columns["step"], _tensorboard_curve(path): columns["value"]}
    return _Table(columns, (cell.strip() for cell in rows[0]))


def _folder_table(folder: Path) -> _Table:
    """The curves of a folder of TensorBoard's CSV files, joined by step."""
    try:
        files = sorted(file for file in folder.iterdir() if file.suffix.lower() == ".csv")
    except OSError as error:
        raise DataError(f"`{folder}` cannot be read ({error.strerror})") from None
    tables = [table for file in files if "epoch" in (table := _table(file)).columns and len(table.columns) == 2]
    if not tables:
        raise DataError(
            f"`{folder}` is no run (it holds no `run.toml`), and there are no CSV files of TensorBoard in it; name a "
            "run folder, or a history as JSON or CSV"
        )
    steps = sorted({step for table in tables for step in table.columns["epoch"] if step is not None})
    columns: dict[str, list[float | None]] = {"epoch": list(steps)}
    for table in tables:
        curve = next(name for name in table.columns if name != "epoch")
        values = dict(zip(table.columns["epoch"], table.columns[curve], strict=True))
        columns.setdefault(curve, [values.get(step) for step in steps])
    return _Table(columns, columns)


def _tensorboard_curve(path: Path) -> str:
    """What a file such as `run-validation-tag-epoch_loss.csv` holds: TensorBoard writes it into the name alone."""
    run, _, tag = plain_name(path.stem).partition("_tag_")
    tag = tag or run
    is_validation = any(word in run.split("_") for word in _VALIDATION_WORDS) or tag.startswith("val")
    for meaning in ("psnr", "ssim", "mse", "learning_rate", "accuracy", "loss"):
        if meaning in tag or (meaning == "mse" and "squared_error" in tag):
            prefix = "val_" if is_validation and meaning != "learning_rate" else ""
            return f"{prefix}{meaning}"
    return "val_loss" if is_validation else "loss"


def _number(value: Any, name: Any, path: Path, row: int | None = None) -> float | None:
    if value is None or (isinstance(value, str) and value.strip().lower() in _MISSING):
        return None
    try:
        if isinstance(value, str):
            value = value.strip()
            if value.startswith("tensor(") or "," in value:
                value = value.removeprefix("tensor(").split(",")[0].rstrip(")")
        return float(value)
    except (TypeError, ValueError, OverflowError):
        where = "" if row is None else f" in row {row}"
        raise DataError(f"`{path}`{where}: `{clip(str(name))}` = `{clip(str(value))}` is no number") from None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _history(table: _Table, path: Path, *, loss: str, floor: float | None, name: str) -> History:
    counter = next((counter for counter in EPOCH_NAMES if counter in table.columns), None)
    length = len(next(iter(table.columns.values()), []))
    numbers = table.columns[counter] if counter else [float(index + 1) for index in range(length)]
    rows = [index for index, epoch in enumerate(numbers) if epoch is not None and abs(epoch) <= _LARGEST_EPOCH]
    epochs = sorted({int(numbers[index] or 0) for index in rows})
    place = {epoch: index for index, epoch in enumerate(epochs)}
    curves: dict[str, Curve] = {}
    broken = [False] * len(epochs)
    known = known_columns({column: np.empty(0) for column in table.columns})
    origin = _origins(table, known)
    for meaning, column in origin.items():
        curve = np.full(len(epochs), np.nan)
        for index in rows:  # several rows of an epoch (Lightning writes them) are one; the last value counts
            value = table.columns[column][index]
            if value is not None:
                at = place[int(numbers[index] or 0)]
                curve[at] = value
                broken[at] |= meaning in _LOSSES and not abs(value) < LARGEST
        curves[meaning] = curve
    if not any(meaning in curves for meaning in _LOSSES):
        raise DataError(
            f"`{path}` has no column that is a loss: it has {described(table.names)}; call them `loss` and `val_loss`"
        )
    if not epochs:
        raise DataError(f"`{path}` has no epoch")
    first = 1 if epochs[0] <= 0 else 0
    shift = 1 - epochs[0] if first else 0
    train_floor, val_floor = floor_of(curves, "train"), floor_of(curves, "val")
    if floor is not None:
        train_floor = val_floor = floor
    return History(
        name=name,
        source=str(path),
        epochs=np.array(epochs, dtype=np.int64) + shift,
        columns=curves,
        loss=loss,
        train_floor=train_floor,
        val_floor=val_floor,
        broken_from=next((epoch + shift for epoch, bad in zip(epochs, broken, strict=True) if bad), None),
    )


def _origins(table: _Table, known: Mapping[str, Curve]) -> dict[str, str]:
    """For each meaning the name of the column that has it."""
    marks = {column: np.array([float(index)]) for index, column in enumerate(table.columns)}
    names = list(table.columns)
    return {meaning: names[int(mark[0])] for meaning, mark in known_columns(marks).items() if meaning in known}
