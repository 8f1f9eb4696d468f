"""`explain`: curves in words, of runs, of files that other programs wrote, and of two of them together; no torch."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diabolo.compare.folders import find_runs
from diabolo.errors import DataError, DiaboloError, clip
from diabolo.explain import (
    History,
    Reading,
    explain_history,
    explain_pair,
    history_from_columns,
    history_of_run,
    read_foreign,
)
from diabolo.runs import RunFolder

if TYPE_CHECKING:
    from diabolo.use import Run

MOST_IN_FULL = 6
"""Histories that are explained one by one; of more there is a summary."""


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """What one history says."""

    history: History
    """The curves."""
    readings: tuple[Reading, ...]
    """The most important first."""

    @property
    def name(self) -> str:
        """How sentences call it."""
        return self.history.name

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "name": self.history.name,
            "source": self.history.source,
            "num_epochs": len(self.history.epochs),
            "readings": [reading.to_dict() for reading in self.readings],
        }


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """A history that could not be read."""

    source: str
    """The folder or file."""
    reason: str
    """Why."""


class Explanations(Sequence[Explanation]):
    """What several histories say, as a sequence that prints well in a terminal and in a notebook.

    Attributes:
        pair: what two histories say together; empty unless there are exactly two.
        left_out: what could not be read.
    """

    def __init__(
        self, found: Sequence[Explanation], pair: Sequence[Reading] = (), left_out: Sequence[LeftOut] = ()
    ) -> None:
        self._found = tuple(found)
        self.pair = tuple(pair)
        self.left_out = tuple(left_out)

    def __getitem__(self, index: Any) -> Any:
        return self._found[index]

    def __len__(self) -> int:
        return len(self._found)

    def __iter__(self) -> Iterator[Explanation]:
        return iter(self._found)

    @property
    def counts(self) -> tuple[tuple[Reading, list[Explanation]], ...]:
        """For each code a reading of it and the explanations that have it, the most frequent first."""
        having: dict[str, tuple[Reading, list[Explanation]]] = {}
        for explanation in self:
            for reading in explanation.readings:
                having.setdefault(reading.code, (reading, []))[1].append(explanation)
        return tuple(sorted(having.values(), key=lambda entry: (-len(entry[1]), entry[0].code)))

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "histories": [explanation.to_dict() for explanation in self],
            "pair": [reading.to_dict() for reading in self.pair],
            "left_out": [{"source": part.source, "reason": part.reason} for part in self.left_out],
        }

    def __str__(self) -> str:
        from diabolo.api.explain_text import explanation_text

        return explanation_text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f'<pre style="white-space:pre-wrap;font:13px/1.5 system-ui,sans-serif">{escape(str(self))}</pre>'


def explain(
    *what: "str | Path | Run | History | Mapping[str, Any]",
    references: bool | Iterable[Any] = False,
    loss: str = "",
    floor: float | None = None,
) -> Explanations:
    """Reads one or several histories in words: what each says, and of two which is the better model.

    Args:
        what: run folders, folders that hold some, `Run`s, files of other programs (Keras's history as JSON, CSV), or
            what `model.fit` of Keras returned (`history`, or its `history.history`).
        references: what needs no training, on the images of a run: True looks for it, for each run, which may load
            images; or `Reference`s.
        loss: `bce`, `mse`, `l1`: what a history that is no run was trained on.
        floor: loss of a perfect reconstruction of its images, where it is known.

    Raises:
        DiaboloError: none of them can be read; where only some cannot, they are named in `left_out`.
    """
    if not what:
        raise DataError("there is nothing to explain: name a run folder, or a history as JSON or CSV")
    found: list[Explanation] = []
    left_out: list[LeftOut] = []
    for item in _items(what):
        try:
            history = read_history(item, loss=loss, floor=floor)
            known = _references(history) if references is True else references or ()
        except DiaboloError as error:
            left_out.append(LeftOut(source=str(item) if isinstance(item, Path) else clip(str(item)), reason=str(error)))
            continue
        found.append(Explanation(history=history, readings=explain_history(history, references=tuple(known))))
    if not found:
        more = "" if len(left_out) == 1 else f"none of {len(left_out)} histories can be read; the first: "
        raise DataError(f"{more}{left_out[0].reason}")
    found = _told_apart(found)
    pair = explain_pair(found[0].history, found[1].history) if len(found) == 2 else ()
    return Explanations(found, pair, left_out)


def read_history(item: Any, *, loss: str = "", floor: float | None = None) -> History:
    """The history of anything that has one; arguments and errors as of `explain`."""
    if isinstance(item, History):
        return item
    folder = getattr(item, "folder", None)
    if isinstance(folder, RunFolder):
        return history_of_run(folder.path)
    values = getattr(item, "history", item)
    if isinstance(values, Mapping):
        return history_from_columns(values, loss=loss, floor=floor)
    if not isinstance(item, str | Path):
        raise DataError(
            f"`{clip(repr(item))}` ({type(item).__name__}) has no history; `explain` takes run folders, runs, files, "
            "and what Keras's `fit` returns"
        )
    path = Path(item).expanduser()
    if path.is_dir() and (RunFolder(path=path).exists() or RunFolder(path=path).history_file.exists()):
        return history_of_run(path)
    if path.name == "history.csv" and RunFolder(path=path.parent).exists():
        return history_of_run(path.parent)
    return read_foreign(path, loss=loss, floor=floor)


def _items(what: Iterable[Any]) -> Iterator[Any]:
    """The things themselves, and in place of a folder that holds runs those runs."""
    for item in what:
        if isinstance(item, str) and "\0" in item:
            raise DataError("a path with a zero byte in it cannot be read; name a run folder or a file")
        if isinstance(item, str | Path) and Path(item).expanduser().is_dir():
            yield from find_runs(Path(item).expanduser())
        else:
            yield Path(item) if isinstance(item, str) else item


def _told_apart(found: list[Explanation]) -> list[Explanation]:
    """Explanations with different names: those that are called alike get their seed, or their source."""
    names = [explanation.name for explanation in found]
    twice = {name for name in names if names.count(name) > 1} if len(names) < 50 else set()
    return [
        replace(explanation, history=replace(explanation.history, name=_longer_name(explanation.history, found)))
        if explanation.name in twice
        else explanation
        for explanation in found
    ]


def _longer_name(history: History, found: list[Explanation]) -> str:
    seeds = [other.history.seed for other in found if other.name == history.name]
    if history.seed is not None and len(set(seeds)) == len(seeds):
        return f"{history.name} (seed {history.seed})"
    return f"{history.name} ({history.source})" if history.source else history.name


def _references(history: History) -> tuple[Any, ...]:
    """`Reference`s on the validation images of a run; none where it is no run, or its images cannot be had."""
    if not history.line:
        return ()
    from diabolo.api.references import references_of_run

    try:
        return references_of_run(history.source, part="validation")
    except DiaboloError:
        return ()
