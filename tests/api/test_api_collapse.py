"""A variational latent that has really collapsed is called so by the training, the report, `explain` and the doctor."""

from pathlib import Path

import numpy as np
import pytest

import diabolo
from diabolo.api.report import write_report
from diabolo.cli.train import use_lines
from diabolo.explain import explain_history, history_of_run
from diabolo.use import Run

LINE = "flatten dense16 silu | gaussian4[beta={}] | dense192 unflatten sigmoid"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Slopes between two colours: easy for four values, and nothing like their mean."""
    random = np.random.default_rng(0)
    ends = random.integers(0, 256, (600, 2, 1, 1, 3))
    share = np.linspace(0, 1, 8)[None, :, None, None]
    images = (ends[:, 0] * (1 - share) + ends[:, 1] * share + np.zeros((1, 1, 8, 1))).astype(np.uint8)
    path = tmp_path_factory.mktemp("data") / "slopes.npz"
    np.savez(path, x_train=images[:500], x_test=images[500:])
    return path


def _trained(data: Path, folder: Path, beta: float) -> Run:
    return diabolo.fit(
        LINE.format(beta), data, epochs=12, batch_size=20, learning_rate=0.003, out=folder, watch=lambda event: None
    )


def test_beta_100_collapses_and_everything_says_so(data: Path, tmp_path: Path) -> None:
    run = _trained(data, tmp_path / "run", 100)
    lines = use_lines(run.record.test)
    assert lines[0].startswith("Bottleneck: gaussian 1: collapsed, its KL divergence is 0.")
    assert lines[1].startswith("Lower `beta`")
    (reading, *others) = explain_history(history_of_run(run.folder.path))
    assert (reading.code, reading.confidence) == ("EX208", "sure")
    assert "EX202" not in [other.code for other in others]
    assert "AE707" in [finding.code for finding in diabolo.check(run.folder.path)]
    html = write_report([run.folder.path], tmp_path / "report.html", references=False).read_text(encoding="utf-8")
    assert f"The latent of {run.name} has collapsed: its KL divergence is 0." in html
    assert "KL divergence of each channel" in html


def test_beta_1_does_not(data: Path, tmp_path: Path) -> None:
    run = _trained(data, tmp_path / "run", 1)
    assert len(use_lines(run.record.test)) == 1
    assert "collapsed" not in use_lines(run.record.test)[0]
    assert "EX208" not in [reading.code for reading in explain_history(history_of_run(run.folder.path))]
    assert "AE707" not in [finding.code for finding in diabolo.check(run.folder.path)]
