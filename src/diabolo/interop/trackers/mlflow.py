"""MLflow: a run in the experiment `diabolo`, in files of the run folder unless MLflow is told a server."""

import os
from typing import Any

from diabolo.interop.libraries import need
from diabolo.interop.trackers.tracker import choices_of, numbers_of
from diabolo.runs import EpochRow, RunFolder, RunRecord

_STATUSES = {"trained": "FINISHED", "stopped": "KILLED", "diverged": "FAILED", "failed": "FAILED"}
_LONGEST = 500  # characters of a parameter that MLflow keeps


class MlflowTracker:
    """Writes to `$MLFLOW_TRACKING_URI`, where that is set; to files in the run folder otherwise."""

    def __init__(self, record: RunRecord, folder: RunFolder) -> None:
        need("mlflow", "`--tracker mlflow`")
        from mlflow.tracking import MlflowClient

        place = os.environ.get("MLFLOW_TRACKING_URI") or (folder.path.absolute() / "mlflow").as_uri()
        self.where = f"mlflow ui --backend-store-uri {place}"
        if place.startswith("file:"):
            os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
        self.client: Any = MlflowClient(tracking_uri=place)
        known = self.client.get_experiment_by_name("diabolo")
        experiment = self.client.create_experiment("diabolo") if known is None else known.experiment_id
        tags = {"diabolo.run": str(folder.path), "diabolo.command": record.command}
        self.run_id = self.client.create_run(experiment, run_name=folder.path.name, tags=tags).info.run_id
        for name, value in choices_of(record).items():
            self.client.log_param(self.run_id, name, str(value)[:_LONGEST])

    def epoch(self, row: EpochRow) -> None:
        """Writes the numbers of an epoch."""
        for name, value in numbers_of(row).items():
            self.client.log_metric(self.run_id, name, value, step=row.epoch)

    def close(self, status: str) -> None:
        """Ends MLflow's run."""
        self.client.set_terminated(self.run_id, _STATUSES.get(status, "FAILED"))
