"""TensorBoard: event files in the run folder's `tensorboard`."""

from diabolo.interop.libraries import need
from diabolo.interop.trackers.tracker import choices_of, numbers_of
from diabolo.runs import EpochRow, RunFolder, RunRecord


class TensorBoardTracker:
    """Writes event files; what is written after a resume takes the place of all that was there."""

    def __init__(self, record: RunRecord, folder: RunFolder) -> None:
        need("tensorboard", "`--tracker tensorboard`")
        from torch.utils.tensorboard import SummaryWriter

        path = folder.path / "tensorboard"
        self.where = f"tensorboard --logdir {folder.path}"
        self.writer = SummaryWriter(str(path), purge_step=0)  # after a resume the whole history is written again
        rows = "\n".join(f"| {name} | `{value}` |" for name, value in choices_of(record).items())
        self.writer.add_text("run", f"| choice | value |\n|---|---|\n{rows}", 0)

    def epoch(self, row: EpochRow) -> None:
        """Writes the numbers of an epoch."""
        for name, value in numbers_of(row).items():
            self.writer.add_scalar(name, value, row.epoch)
        self.writer.flush()

    def close(self, status: str) -> None:
        """Ends the file."""
        self.writer.add_text("status", status, 0)
        self.writer.close()
