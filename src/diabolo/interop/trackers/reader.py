"""`TrackerReader`: hands a training's events to trackers, and goes on without one that fails."""

import contextlib
import importlib
import importlib.util
import sys
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from diabolo.errors import DiaboloError, clip
from diabolo.interop.trackers.tracker import Tracker
from diabolo.runs import RunFolder, RunRecord
from diabolo.train import Diverged, EpochDone, Event, Stopped, Trained

_HOMES = {"tensorboard": "TensorBoardTracker", "mlflow": "MlflowTracker", "trackio": "TrackioTracker"}
TRACKERS = tuple(_HOMES)
"""Names of the trackers."""


def open_trackers(
    names: Sequence[str], record: RunRecord, folder: RunFolder, say: Callable[[str], None]
) -> "TrackerReader":
    """Makes trackers ready; nothing is written before the first epoch is done.

    Args:
        names: of `TRACKERS`, each once.
        record: of the run.
        folder: of the run.
        say: takes notes for the user.

    Raises:
        DiaboloError: there is no such tracker, or it is not installed.
    """
    for name in names:
        if name not in _HOMES:
            raise DiaboloError(f"`tracker` (={clip(name)}) must be one of {', '.join(TRACKERS)}")
        if importlib.util.find_spec(name) is None:
            raise DiaboloError(f"`tracker` (={name}) is not installed; `pip install {name}` brings it")
    return TrackerReader(list(dict.fromkeys(names)), record, folder, say)


class TrackerReader:
    """A reader of events, and a context: on leaving it all trackers are closed."""

    def __init__(self, names: list[str], record: RunRecord, folder: RunFolder, say: Callable[[str], None]) -> None:
        self.record, self.folder, self.say = record, folder, say
        self.trackers: dict[str, Tracker | None] = dict.fromkeys(names)  # None: not open yet
        self.status = "failed"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._each(lambda tracker: tracker.close(self.status), open_them=False)

    def __call__(self, event: Event) -> None:
        """Reads one event."""
        match event:
            case EpochDone():
                new = {name for name, tracker in self.trackers.items() if tracker is None}
                if new:  # after a resume this is the whole history
                    for row in event.history[:-1]:
                        self._each(lambda tracker, row=row: tracker.epoch(row))  # type: ignore[misc]
                self._each(lambda tracker: tracker.epoch(event.row))
            case Stopped():
                self.status = "stopped"
            case Diverged():
                self.status = "diverged"
            case Trained():
                self.status = "trained"

    def _each(self, do: Callable[[Tracker], None], *, open_them: bool = True) -> None:
        for name in list(self.trackers):
            try:
                tracker = self.trackers[name]
                if tracker is None and not open_them:
                    continue
                with contextlib.redirect_stdout(sys.stderr):  # trackio prints, and stdout is ours: it may be JSON
                    if tracker is None:
                        tracker = self.trackers[name] = self._open(name)
                    do(tracker)
            except Exception as error:  # whatever another program raises, the training goes on
                del self.trackers[name]
                self.say(f"tracker {name} is left out from here on: {str(error) or type(error).__name__}")

    def _open(self, name: str) -> Tracker:
        module = importlib.import_module(f"diabolo.interop.trackers.{name}")
        tracker: Tracker = getattr(module, _HOMES[name])(self.record, self.folder)
        self.say(f"tracker {name}: {tracker.where}")
        return tracker
