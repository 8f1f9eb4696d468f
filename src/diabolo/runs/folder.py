"""`RunFolder`: where the files of a run lie, and the lock that lets one process write at a time."""

import contextlib
import json
import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import filelock

from diabolo.errors import OutputError, RunError
from diabolo.files import make_folder, output_errors, write_text
from diabolo.runs.history import EpochRow, read_history
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

        The system frees the lock of a process that dies in any way.

        Raises:
            RunError: another process writes this run.
            OutputError: the folder cannot be made or written.
        """
        make_folder(self.path)
        owner = self.path / ".writer.json"
        lock = filelock.FileLock(self.path / ".writer.lock", timeout=0)
        try:
            with output_errors(self.path):
                lock.acquire()
        except filelock.Timeout:
            raise RunError(
                f"`{self.path}` is being written by {_owner(owner)}; wait for it, or choose another `--out`"
            ) from None
        except NotImplementedError:
            raise OutputError(
                f"cannot write `{self.path}`: its file system has no locks, so that two trainings could mix their "
                "files there; choose a folder on another one"
            ) from None
        try:
            write_text(owner, json.dumps({"pid": os.getpid(), "host": platform.node()}))
            yield
        finally:
            owner.unlink(missing_ok=True)
            lock.release()


def _owner(file: Path) -> str:
    try:
        owner = json.loads(file.read_text())
        return f"process {owner['pid']} on {owner['host']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


def free_folder(parent: Path, name: str) -> Path:
    """`parent/name`, or the first of `parent/name-2`, `-3`… that does not exist yet."""
    candidate, number = parent / name, 1
    while candidate.exists():
        number += 1
        candidate = parent / f"{name}-{number}"
    return candidate
