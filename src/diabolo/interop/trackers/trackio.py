"""trackio: the project `diabolo` in trackio's own folder (`$TRACKIO_DIR`, or its cache), unless it is told a server."""

from typing import Any

from diabolo.interop.libraries import need
from diabolo.interop.trackers.tracker import choices_of, numbers_of
from diabolo.runs import EpochRow, RunFolder, RunRecord


class TrackioTracker:
    """Writes trackio's local data base."""

    def __init__(self, record: RunRecord, folder: RunFolder) -> None:
        trackio: Any = need("trackio", "`--tracker trackio`")
        self.where = "trackio show --project diabolo"
        config = {name: str(value) for name, value in choices_of(record).items()}
        self.run = trackio.init(project="diabolo", name=folder.path.name, config=config, embed=False)

    def epoch(self, row: EpochRow) -> None:
        """Writes the numbers of an epoch."""
        self.run.log(numbers_of(row), step=row.epoch)

    def close(self, status: str) -> None:
        """Waits until all is written."""
        self.run.finish()
