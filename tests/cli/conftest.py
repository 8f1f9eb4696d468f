"""Fixtures of the command line's tests: the real entry point in this process, and few images to train on."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from cli_builders import LINE, Answer, Command, environment

from diabolo.cli.main import main
from diabolo.data import load_data


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty folder, no network, no user's cache, a terminal of fixed width."""
    for name, value in environment(tmp_path / "user-cache").items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def diabolo(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """`diabolo(*arguments)` as a shell would run it, without a new process."""

    def run(*arguments: str | Path) -> Answer:
        monkeypatch.setattr(sys, "argv", ["diabolo", *map(str, arguments)])
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as error:
            code = int(error.code or 0)
        captured = capsys.readouterr()
        return Answer(code, captured.out, captured.err)

    return run


@pytest.fixture(scope="session")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty photographs of the sample as an .npz file."""
    sample = load_data("cifar10-sample")
    path = tmp_path_factory.mktemp("few") / "few.npz"
    np.savez(path, x_train=sample.train[:48], x_test=sample.test[:12])
    return path


@pytest.fixture(scope="session")
def trained(few: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small finished run."""
    from diabolo.api.fit import fit

    folder = tmp_path_factory.mktemp("runs") / "small"
    before = os.environ.get("DIABOLO_OFFLINE")
    os.environ["DIABOLO_OFFLINE"] = "1"
    try:
        fit(LINE, few, epochs=2, batch_size=16, out=folder, watch=lambda event: None)
    finally:
        os.environ.pop("DIABOLO_OFFLINE")
        if before is not None:
            os.environ["DIABOLO_OFFLINE"] = before
    return folder
