"""What users read: help texts, and the answer to each mistake, word for word."""

from pathlib import Path

import numpy as np
import pytest
from cli_builders import LINE, Command
from syrupy.assertion import SnapshotAssertion

COMMANDS = [
    "",
    "demo",
    "check",
    "rule",
    "zoo",
    "summary",
    "train",
    "eval",
    "reconstruct",
    "encode",
    "neighbours",
    "score",
    "import",
    "export",
    "sample",
    "decode",
    "denoise",
    "interpolate",
    "data",
    "data list",
    "data get",
    "data verify",
]

MISTAKES = {
    "unknown model": ("summary", "methud-2"),
    "unknown model, none near": ("summary", "transformer"),
    "unknown layer": ("summary", "conv64relu pool | up conv3 sigmoid"),
    "unknown setting": ("summary", "conv64[stripe=2] | conv3"),
    "no waist": ("summary", "conv64 relu conv3"),
    "empty line": ("summary", ""),
    "wrong size at the end": ("summary", "conv8 pool pool | up conv3"),
    "wrong channels at the end": ("summary", "conv8 pool | up conv4"),
    "no such folder": ("summary", "runs/nowhere"),
    "no such file": ("summary", "models.py:small"),
    "input: no size": ("summary", "method-2", "--input", "large"),
    "input: no channels": ("summary", "method-2", "--input", "32x32"),
    "input: zero": ("summary", "method-2", "--input", "32x0x3"),
    "input: odd": ("summary", "method-2", "--input", "31x31x3"),
    "train: nothing": ("train",),
    "train: both": ("train", LINE, "--resume", "run"),
    "train: resume and set": ("train", "--resume", "run", "--set", "epochs=3"),
    "train: resume and others": ("train", "--resume", "run", "--recipe", "keras", "--seed", "1", "--data", "few"),
    "train: resume nowhere": ("train", "--resume", "nowhere"),
    "train: resume and engine": ("train", "--resume", "run", "--engine", "fused"),
    "train: unknown engine": ("train", LINE, "--data", "FEW", "--engine", "fast"),
    "train: unknown recipe": ("train", LINE, "--recipe", "fsat"),
    "train: loss needs a sigmoid": ("train", "conv8 pool | up conv3", "--data", "FEW"),
    "train: images of another size": ("train", "method-2", "--data", "odd.npz"),
    "train: unknown data": ("train", LINE, "--data", "cifar"),
    "set: no value": ("train", LINE, "--set", "epochs"),
    "set: no name": ("train", LINE, "--set", "=3"),
    "set: unknown name": ("train", LINE, "--set", "epoch=3"),
    "set: no number": ("train", LINE, "--set", "epochs=three"),
    "set: half a number": ("train", LINE, "--set", "epochs=1.5"),
    "set: out of range": ("train", LINE, "--set", "epochs=0"),
    "set: unknown choice": ("train", LINE, "--set", "loss=ssim"),
    "size: no number": ("train", LINE, "--data", "FEW", "--size", "big"),
    "size: with channels": ("train", LINE, "--data", "FEW", "--size", "32x32x3"),
    "fit: unknown": ("train", LINE, "--data", "FEW", "--size", "16", "--fit", "squeeze"),
    "out: a run already": ("train", LINE, "--data", "FEW", "--out", "TRAINED"),
    "eval: nowhere": ("eval", "nowhere"),
    "eval: unknown engine": ("eval", "TRAINED", "--engine", "torch"),
    "eval: unknown part": ("eval", "TRAINED", "--part", "all"),
    "eval: images of another size": ("eval", "TRAINED", "--data", "odd.npz"),
    "resume: finished": ("train", "--resume", "TRAINED"),
    "reconstruct: no such file": ("reconstruct", "TRAINED", "nothing.png"),
    "reconstruct: no image": ("reconstruct", "TRAINED", "notes.txt"),
    "reconstruct: unknown fit": ("reconstruct", "TRAINED", "large.png", "--fit", "squeeze"),
    "data: unknown name": ("data", "get", "cifar11"),
    "data: offline": ("data", "get", "cifar10"),
    "demo: another run is there": ("demo", "--data", "FEW", "--out", "OTHER", "--epochs", "1"),
    "check: nothing": ("check",),
    "check: unknown format": ("check", LINE, "--format", "xml"),
    "check: unknown rule": ("check", LINE, "--select", "AE999"),
    "check: no such model": ("check", "methud-2"),
    "check: no size": ("check", LINE, "--input", "big"),
    "rule: unknown code": ("rule", "AE11"),
    "rule: unknown name": ("rule", "dead-brunch"),
    "typer: unknown command": ("trian",),
    "typer: unknown option": ("train", LINE, "--epochs", "3"),
    "typer: no number": ("train", LINE, "--seed", "x"),
    "typer: out of range": ("train", LINE, "--threads", "0"),
    "typer: argument missing": ("summary",),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_help(command: str, diabolo: Command, snapshot: SnapshotAssertion) -> None:
    answer = diabolo(*command.split(), "--help")
    assert answer.code == 0
    assert answer.err == ""
    assert max(map(len, answer.out.splitlines())) <= 80
    assert "..." not in answer.out.replace("[ARGS]...", "").replace("}...", "").replace("[FILE]...", ""), (
        "a text is cut off"
    )
    assert answer.out == snapshot


@pytest.fixture
def names(tmp_path: Path, few: Path, trained: Path) -> dict[str, Path]:
    """What stands for paths in the mistakes, and files that they talk of."""
    from PIL import Image

    np.savez(tmp_path / "odd.npz", images=np.zeros((20, 15, 15, 3), np.uint8))
    (tmp_path / "notes.txt").write_text("no image\n")
    Image.new("RGB", (40, 50)).save(tmp_path / "large.png")
    other = tmp_path / "other" / "method-1"
    other.mkdir(parents=True)
    (other / "run.toml").write_text((trained / "run.toml").read_text())
    return {"FEW": few, "TRAINED": trained, "OTHER": other.parent}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes(
    mistake: str, diabolo: Command, names: dict[str, Path], tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    answer = diabolo(*(names.get(word, word) for word in MISTAKES[mistake]))
    assert answer.code == 2
    message = answer.err
    for short, path in (*names.items(), ("TMP", tmp_path)):
        message = message.replace(str(path), short)
    assert "Traceback" not in message
    assert message == snapshot


def test_a_mistake_leaves_nothing_behind(diabolo: Command, few: Path, tmp_path: Path) -> None:
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    for words in (("--set", "epoch=1"), ("--recipe", "none"), ("--size", "x"), ("--data", "nothing")):
        assert diabolo("train", LINE, "--data", few, *words).code == 2
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_long_word_is_not_repeated_whole(diabolo: Command) -> None:
    for arguments in (
        ("summary", "x" * 200),
        ("summary", "method-2", "--input", "9" * 5000),
        ("data", "get", "y" * 9),
    ):
        assert len(diabolo(*arguments).err) < 1000
