"""`RunFolder`: where the files of a run lie, and the lock that lets one process write at a time."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from diabolo.files import make_folder, remove_leftovers
from diabolo.runs.history import EpochRow, read_history
from diabolo.runs.lock import OWNER_FILE, writer_lock
from diabolo.runs.record import RunRecord, read_record


@dataclass(frozen=True, kw_only=True)
class RunFolder:
    """The files of one run."""

    path: Path
    """The folder."""

    @property
    def record_file(self) -> Path:
        """What the run is and how to make it again."""
        return self.path / "run.toml"

    @property
    def history_file(self) -> Path:
        """One row an epoch."""
        return self.path / "history.csv"

    @property
    def model_file(self) -> Path:
        """The kept weights."""
        return self.path / "model.safetensors"

    @property
    def state_file(self) -> Path:
        """All that an exact resume needs."""
        return self.path / "state.safetensors"

    @property
    def curves_file(self) -> Path:
        """Loss and PSNR over epochs."""
        return self.path / "curves.png"

    @property
    def reconstructions_file(self) -> Path:
        """Best, median, worst and a fixed handful of validation images."""
        return self.path / "reconstructions.png"

    @property
    def report_file(self) -> Path:
        """Everything about the run on one page."""
        return self.path / "report.html"

    @property
    def test_psnr_file(self) -> Path:
        """PSNR of each test image of the kept weights, float32 (N,), dB, in the data set's order; not in old runs."""
        return self.path / "test-psnr.npy"

    @property
    def findings_file(self) -> Path:
        """What the doctor said before the training."""
        return self.path / "findings.json"

    def record(self) -> RunRecord:
        """Reads `run.toml`; raises `RunError` where there is none."""
        return read_record(self.record_file)

    def history(self) -> tuple[EpochRow, ...]:
        """Reads `history.csv`; raises `RunError` where there is none."""
        return read_history(self.history_file)

    def exists(self) -> bool:
        """Whether the folder holds a run."""
        return self.record_file.is_file()

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Makes the folder and holds its lock; a second writer is refused with the first one's process and host.

        The lock of a process that dies in any way is free again, and what it left half-written is removed.

        Raises:
            RunError: another process writes this run; see `writer_lock`.
            OutputError: the folder cannot be made or written.
        """
        make_folder(self.path)
        with writer_lock(self.path):
            remove_leftovers(self.path, [OWNER_FILE, *(file.name for file in self._written)])
            yield

    @property
    def _written(self) -> tuple[Path, ...]:
        """What only the holder of the lock writes; the report may be written again by another command meanwhile."""
        return (
            self.record_file, self.history_file, self.model_file, self.state_file, self.curves_file,
            self.reconstructions_file, self.test_psnr_file, self.findings_file,
        )  # fmt: skip


def free_folder(parent: Path, name: str) -> Path:
    """`parent/name`, or the first of `parent/name-2`, `-3`… that does not exist yet."""
    candidate, number = parent / name, 1
    while candidate.exists():
        number += 1
        candidate = parent / f"{name}-{number}"
    return candidate
