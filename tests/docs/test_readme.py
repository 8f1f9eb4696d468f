"""README's examples are run, word for word and in order, in one empty folder with a few photographs and no network.

Python blocks and the `diabolo …` lines of `sh` blocks are run. Not run: `git` and `make` (the first block).
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from diabolo.data import load_data

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(python|sh)\n(.*?)```", README, re.DOTALL)
PROGRAM = Path(sys.executable).with_name("diabolo")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the examples run: it holds `my-photos`, of several sizes."""
    photos = tmp_path / "my-photos" / "holiday"
    photos.mkdir(parents=True)
    for number, image in enumerate(load_data("cifar10-sample").train[:40]):
        Image.fromarray(image).resize((64, 48 + number % 3)).save(photos / f"{number}.jpg")
    return tmp_path


def test_the_examples_run(folder: Path) -> None:
    environment = {**os.environ, "DIABOLO_OFFLINE": "1", "DIABOLO_CACHE": str(folder / "cache")}
    commands: list[tuple[str, list[str]]] = []
    for language, code in BLOCKS:
        if language == "python":
            commands.append((code, [sys.executable, "-c", code]))
            continue
        for line in code.splitlines():
            if line.startswith("diabolo "):
                commands.append((line, [str(PROGRAM), *shlex.split(line)[1:]]))
            else:
                assert line.startswith(("git clone", "make demo")), f"nobody runs this line: {line}"
    assert len(commands) >= 8
    said = {}
    for shown, command in commands:
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{shown}\n{done.stdout}\n{done.stderr}"
        said[shown] = done.stdout
    python = next(output for shown, output in said.items() if "import diabolo" in shown)
    assert "Total params:         19,363" in python
    assert python.splitlines()[-1] == "torch.Size([8, 16, 8, 8]) torch.Size([8, 3, 32, 32])"
    assert len(list((folder / "reconstructed").glob("*.png"))) == 40


def test_every_command_and_option_in_the_table_exists() -> None:
    from typer.main import get_command

    from diabolo.cli.main import app

    commands = get_command(app).commands  # type: ignore[attr-defined]
    table = re.findall(r"^\| `diabolo (\w+)", README, re.MULTILINE)
    assert set(table) == set(commands)


def test_the_python_example_is_short() -> None:
    lines = [line for language, code in BLOCKS if language == "python" for line in code.splitlines() if line.strip()]
    assert len(lines) <= 15
