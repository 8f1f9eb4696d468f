"""Runs on disk: record, history, folder; no torch, so that old runs are read at once."""

from diabolo.runs.folder import RunFolder, free_folder
from diabolo.runs.history import EpochRow, read_history, row_from_dict, write_history
from diabolo.runs.log import epoch_line
from diabolo.runs.provenance import command_line, current_machine, current_versions, without_home
from diabolo.runs.record import FORMAT, STATUSES, RunRecord, read_record, write_record

__all__ = [
    "FORMAT", "STATUSES", "EpochRow", "RunFolder", "RunRecord", "command_line", "current_machine", "current_versions",
    "epoch_line", "free_folder", "read_history", "read_record", "row_from_dict", "without_home", "write_history",
    "write_record",
]  # fmt: skip
