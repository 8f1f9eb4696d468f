"""Stand-ins for MLflow and trackio that record how they are called.

Their functions have the very parameters of MLflow 3.17.2 and trackio 0.43.0, as `inspect.signature` printed them, with
which the trackers were tried once for real: a call that those would refuse is refused here.
"""

import importlib.machinery
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

Calls = list[tuple[str, dict[str, Any]]]


def install(monkeypatch: pytest.MonkeyPatch, calls: Calls) -> None:
    """Puts both in the place of what may be installed."""
    mlflow, tracking = _module("mlflow"), _module("mlflow.tracking")
    tracking.MlflowClient = _mlflow_client(calls)  # type: ignore[attr-defined]
    mlflow.tracking = tracking  # type: ignore[attr-defined]
    trackio = _module("trackio")
    trackio.init = _trackio_init(calls)  # type: ignore[attr-defined]
    for module in (mlflow, tracking, trackio):
        monkeypatch.setitem(sys.modules, module.__name__, module)


def _module(name: str) -> ModuleType:
    module = ModuleType(name)
    module.__spec__ = importlib.machinery.ModuleSpec(name, None)
    return module


def _mlflow_client(calls: Calls) -> type:
    def note(name: str, values: dict[str, Any]) -> None:
        calls.append((f"mlflow.{name}", {key: value for key, value in values.items() if key != "self"}))

    class MlflowClient:
        def __init__(
            self,
            tracking_uri: str | None = None,
            registry_uri: str | None = None,
            workspace_store_uri: str | None = None,
        ) -> None:
            note("client", {"tracking_uri": tracking_uri})

        def get_experiment_by_name(self, name: str) -> None:
            return None

        def create_experiment(
            self, name: str, artifact_location: str | None = None, tags: dict[str, Any] | None = None
        ) -> str:
            note("create_experiment", {"name": name})
            return "7"

        def create_run(
            self,
            experiment_id: str,
            start_time: int | None = None,
            tags: dict[str, Any] | None = None,
            run_name: str | None = None,
        ) -> SimpleNamespace:
            note("create_run", {"experiment_id": experiment_id, "run_name": run_name})
            return SimpleNamespace(info=SimpleNamespace(run_id="r1"))

        def log_param(self, run_id: str, key: str, value: Any, synchronous: bool | None = None) -> Any:
            note("log_param", {"run_id": run_id, "key": key, "value": value})

        def log_metric(
            self,
            run_id: str,
            key: str,
            value: float,
            timestamp: int | None = None,
            step: int | None = None,
            synchronous: bool | None = None,
            dataset_name: str | None = None,
            dataset_digest: str | None = None,
            model_id: str | None = None,
        ) -> None:
            note("log_metric", {"run_id": run_id, "key": key, "value": value, "step": step})

        def set_terminated(self, run_id: str, status: str | None = None, end_time: int | None = None) -> None:
            note("set_terminated", {"run_id": run_id, "status": status})

    return MlflowClient


def _trackio_init(calls: Calls) -> Any:
    class Run:
        def log(self, metrics: dict, step: int | None = None) -> None:
            calls.append(("trackio.log", {"metrics": metrics, "step": step}))

        def finish(self) -> None:
            print("* Run finished. Uploading logs to Trackio (please wait...)")
            calls.append(("trackio.finish", {}))

    def init(
        project: str,
        name: str | None = None,
        group: str | None = None,
        space_id: str | None = None,
        server_url: str | None = None,
        dataset_id: str | None = None,
        bucket_id: str | None = None,
        config: dict | None = None,
        resume: str = "never",
        settings: Any = None,
        private: bool | None = None,
        embed: bool = True,
        auto_log_gpu: bool | None = None,
    ) -> Run:
        print(f"* Trackio project initialized: {project}")  # as it does, to stdout
        calls.append(
            ("trackio.init", {"project": project, "name": name, "space_id": space_id, "config": config, "embed": embed})
        )
        return Run()

    return init
