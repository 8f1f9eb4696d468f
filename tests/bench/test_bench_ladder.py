"""`benchmarks/ladder.py`: which runs it takes, what it reads of them, and that its lines are of their sizes."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

from diabolo.graph import build_graph, measure

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    for name in ("header", "ladder"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    found = importlib.import_module("ladder")
    monkeypatch.setattr(found, "RESULTS", tmp_path)
    monkeypatch.setattr(found, "RUNS", tmp_path / "ladder")
    return found


def run(folder: Path, line: str, *, seed: int, psnr: float, recipe: str = "fast", status: str = "finished") -> Path:
    folder.mkdir(parents=True)
    text = f'line = "{line}"\nseed = {seed}\nstatus = "{status}"\n[recipe]\nname = "{recipe}"\n[test]\npsnr = {psnr}\n'
    (folder / "run.toml").write_text(text)
    (folder / "history.csv").write_text("epoch\n")
    return folder


def test_lines_have_the_latents_that_they_stand_for(script: ModuleType) -> None:
    for size, line in script.QUESTION.items():
        assert measure(build_graph(line)).num_latent_values == size
    for num_bytes, line in script.HALVES.items():
        bits = measure(build_graph(line)).latent_bits
        assert bits is not None
        assert round(bits) == 8 * num_bytes


def test_taken_runs_are_read_by_line_and_recipe(script: ModuleType, tmp_path: Path) -> None:
    line = script.QUESTION[256]
    for seed, psnr in enumerate((23.0, 25.0)):
        script.take(run(tmp_path / "runs" / f"a{seed}", line, seed=seed, psnr=psnr))
    script.take(run(tmp_path / "runs" / "b", line, seed=0, psnr=20.0, recipe="keras"))
    script.take(run(tmp_path / "runs" / "c", script.QUESTION[64], seed=0, psnr=10.0))
    assert script.runs_of(line, "fast", "ladder/*") == {0: 23.0, 1: 25.0}
    assert script.question("fast")[256] == (24.0, "24.00 ± 1.41")
    assert script.question("keras")[256] == (20.0, "20.00 (one seed)")
    assert script.question("keras").keys() == {256}


def test_half_the_bytes_are_of_the_zoo_or_of_the_runs(script: ModuleType, tmp_path: Path) -> None:
    assert script.lloyd_of(128) is None
    script.take(run(tmp_path / "run", script.HALVES[128], seed=0, psnr=27.0))
    assert script.lloyd_of(128) == "27.00 (one seed)"
    assert script.lloyd_of(512) is not None


@pytest.mark.parametrize(
    ("status", "line", "message"),
    [("stopped", None, "is stopped, not finished"), ("finished", "conv4 | conv3", "the ladder has no such line")],
)
def test_other_runs_are_refused(
    script: ModuleType, tmp_path: Path, status: str, line: str | None, message: str
) -> None:
    folder = run(tmp_path / "run", line or script.QUESTION[64], seed=0, psnr=1.0, status=status)
    with pytest.raises(SystemExit, match=message):
        script.take(folder)
    assert not script.RUNS.exists()
