"""Files whose names are no text, or would act on the terminal: they are shown as names, and stop no command."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from cli_builders import LINE, PROGRAM, Command
from PIL import Image

ODD = [
    b"red\x1b[31m.png",  # a colour
    b"bell\x07\x08\x08.png",  # a sound, and two steps to the left
    b"two\nlines.png",
    b"latin\xe9.png",  # not UTF-8
    "c1\u009b2J.png".encode(),  # clears a terminal that knows control codes of eight bits
    "left\u202egnp.exe".encode(),  # turns the direction of writing
    b"<img src=x onerror=alert(1)>.png",
]


@pytest.fixture
def odd_folder(tmp_path: Path) -> Path:
    """Forty images, and broken ones with odd names."""
    folder = tmp_path / "photos"
    folder.mkdir()
    draw = np.random.default_rng(0)
    for number in range(40):
        Image.fromarray(draw.integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(folder / f"{number:02}.png")
    for name in ODD:
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(b"no image")
    return folder


def acts_on_a_terminal(text: str) -> list[str]:
    """Characters that do more than to be seen, but for the ends of lines."""
    return [letter for letter in text if not (letter.isprintable() or letter == "\n")]


def shown_names() -> Iterator[str]:
    for name in ODD:
        stem = name.decode("utf-8", "replace")
        yield "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in stem)


def test_names_of_files_that_were_left_out(odd_folder: Path, tmp_path: Path) -> None:
    """In a process of its own, with the real stdout; a terminal that knows Latin-1 only gets escapes of the rest."""
    command = [PROGRAM, "train", LINE, "--data", odd_folder, "--set", "epochs=1", "--out", tmp_path / "run", "--json"]
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    shown = done.stderr.decode("latin-1")
    assert acts_on_a_terminal(shown) == []
    assert "7 of 47 files skipped" in shown
    shown = shown.replace("\\ufffd", "\N{REPLACEMENT CHARACTER}")
    for name in shown_names():
        assert f"{name}: not an image" in shown, name
    assert json.loads(done.stdout)["status"] == "finished"


def test_the_commands_for_own_images(odd_folder: Path, trained: Path, tmp_path: Path) -> None:
    good = Path(os.fsdecode(os.fsencode(odd_folder) + b"/good\xe9\x1b[2J.png"))
    (odd_folder / "00.png").rename(good)
    for words in (["encode", trained, odd_folder, "-o", tmp_path / "latents.npz"],
                  ["reconstruct", trained, odd_folder, "-o", tmp_path / "made"]):  # fmt: skip
        done = subprocess.run([PROGRAM, *words], capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        assert acts_on_a_terminal(done.stdout.decode() + done.stderr.decode()) == [], words
        assert b"7 files left out" in done.stderr
    names = np.load(tmp_path / "latents.npz", allow_pickle=False)["names"]
    assert len(names) == 40


@pytest.mark.parametrize(
    "words",
    [
        ("eval", "no\x1b[31mrun\udce9"),
        ("summary", "file\x1b]0;title\x07.py:name"),
        ("check", "no\x1b[2J\udcff.py"),
        ("train", "method-2", "--data", "no\x1b[31m\udce9"),
        ("explain", "no\x1b[31m.csv"),
        ("report", "no\x1b[31m"),
        ("compare", "no\x1b[31m", "also\udce9"),
        ("data", "get", "no\x1b[31m"),
        ("import", "no\x1b[31m.keras"),
        ("encode", "no\x1b[31m", "nothing.png", "-o", "x.npz"),
        ("neighbours", "no\x1b[31m", "a", "b"),
        ("rule", "no\x1b[31m"),
        ("zoo", "no\x1b[31m"),
    ],
    ids=lambda words: words[0],
)
def test_errors_repeat_no_control_characters(words: tuple[str, ...], diabolo: Command) -> None:
    answer = diabolo(*words)
    assert answer.code == 2, answer.err
    assert acts_on_a_terminal(answer.err) == []
    assert "Traceback" not in answer.err


def test_a_name_in_a_run_of_somebody_else(trained: Path, tmp_path: Path, diabolo: Command) -> None:
    """`run.toml` may hold any name; it reaches the terminal in the commands that read runs."""
    stranger = tmp_path / "stranger"
    stranger.mkdir()
    for file in trained.iterdir():
        if file.is_file():
            (stranger / file.name).write_bytes(file.read_bytes())
    record = stranger / "run.toml"
    record.write_text(
        re.sub(
            r'^name = ".*"',
            'name = "evil\\\\u001b]0;owned\\\\u0007\\\\u001b[2J"',
            record.read_text(),
            count=1,
            flags=re.M,
        )
    )
    target = tmp_path / "model.safetensors"
    commands = [
        ("eval", stranger), ("explain", stranger), ("check", stranger), ("summary", stranger),
        ("export", stranger, "--to", "safetensors", "-o", target),
        ("report", stranger, "-o", tmp_path / "r.html"), ("draw", stranger, "-o", tmp_path / "d.svg"),
    ]  # fmt: skip
    for words in commands:
        answer = diabolo(*words)
        assert acts_on_a_terminal(answer.out + answer.err) == [], words
        assert answer.code in (0, 1), (words, answer.err)
