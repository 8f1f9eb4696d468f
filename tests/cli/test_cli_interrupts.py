"""Ctrl-C and SIGTERM amid commands that write results: what is said is so, and nothing half-written stays."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_builders import PROGRAM, Command
from PIL import Image

from diabolo.data import load_data
from diabolo.data.dataset import Progress

COPIES = 1500
SIGNALS = [signal.SIGINT, signal.SIGTERM]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """One photograph under very many names."""
    folder = tmp_path / "photos"
    folder.mkdir()
    first = folder / "0.png"
    Image.fromarray(load_data("cifar10-sample").train[0]).resize((160, 160)).save(first)
    for number in range(1, COPIES):
        os.link(first, folder / f"{number}.png")
    return folder


def interrupted(*arguments: object, number: signal.Signals, when: Callable[[], bool]) -> str:
    """What a command says on stderr that gets a signal as soon as something has come to be."""
    process = subprocess.Popen(
        [PROGRAM, *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        until = time.monotonic() + 60
        while not when():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < until
            time.sleep(0.005)
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 128 + number, errors
    assert errors.count("\n") == 1, errors
    return errors


def temporary_files(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob(".*")]


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("command", ["reconstruct", "denoise", "score"])
def test_images_that_are_written_are_counted_and_whole(
    command: str, number: signal.Signals, trained: Path, photos: Path
) -> None:
    out = Path("out")
    out.mkdir()
    Image.new("RGB", (4, 4)).save(out / "other.png")
    said = interrupted(
        command, trained, photos, "-o", out, number=number, when=lambda: len(list(out.glob("[0-9]*.png"))) > 2
    )
    match = re.fullmatch(r"stopped: ([\d,]+) of 1,500 images are written into `out`, all whole\n", said)
    assert match is not None, said
    written = list(out.glob("[0-9]*.png"))
    assert 2 < int(match[1]) == len(written) < COPIES
    for path in written:
        Image.open(path).load()
    assert temporary_files(out) == []


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("suffix", ["npz", "npy", "parquet"])
def test_a_file_that_is_not_finished_is_not_there(
    suffix: str, number: signal.Signals, trained: Path, photos: Path
) -> None:
    if suffix == "parquet":
        pytest.importorskip("pyarrow")
    out = Path("out")
    out.mkdir()
    said = interrupted(
        "encode", trained, photos, "-o", f"out/latents.{suffix}", number=number, when=lambda: any(out.iterdir())
    )
    assert said == f"stopped: `out/latents.{suffix}` is not written\n"
    assert list(out.iterdir()) == []


def test_a_file_of_before_stays(trained: Path, photos: Path) -> None:
    out = Path("out")
    out.mkdir()
    (out / "latents.npz").write_bytes(b"before")
    when = lambda: len(list(out.iterdir())) > 1  # noqa: E731
    said = interrupted("encode", trained, photos, "-o", "out/latents.npz", number=signal.SIGINT, when=when)
    assert said == "stopped: `out/latents.npz` is as it was\n"
    assert (out / "latents.npz").read_bytes() == b"before"


def test_decoding_counts_what_it_has_written(trained: Path, photos: Path, diabolo: Command) -> None:
    assert diabolo("encode", trained, photos, "-o", "latents.npz").code == 0
    out = Path("out")
    when = lambda: out.is_dir() and len(list(out.glob("*.png"))) > 2  # noqa: E731
    said = interrupted("decode", trained, "latents.npz", "-o", out, number=signal.SIGTERM, when=when)
    match = re.fullmatch(r"stopped: ([\d,]+)(?: of 1,500)? images are written into `out`, all whole\n", said)
    assert match is not None, said
    assert int(match[1].replace(",", "")) == len(list(out.iterdir())) < COPIES


RUN = "RUN"


@pytest.mark.parametrize(
    ("arguments", "work", "words"),
    [
        (["reconstruct", RUN, "a.png", "-o", "out"], "use.files.reconstruct_files", "no image is written into `out`"),
        (
            ["denoise", RUN, "a.png", "-o", "out", "--sheet", "sheet.png"],
            "use.denoise.denoise_files",
            "no image is written into `out`; `sheet.png` is not written",
        ),
        (["encode", RUN, "a.png"], "use.encode_files.encode_files", "`latents.npz` is not written"),
        (["decode", RUN, "latents.npz"], "use.decode_files.decode_files", "no image is written into `decoded`"),
        (
            ["score", RUN, "a.png", "-o", "maps", "--csv", "scores.csv"],
            "use.score_files.score_files",
            "no image is written into `maps`; `scores.csv` is not written",
        ),
        (["score", RUN, "a.png"], "use.score_files.score_files", "nothing is written"),
        (["neighbours", RUN, "a.png", "."], "api.neighbours.neighbours", "nothing is written"),
        (["neighbours", RUN, "a.png", ".", "-o", "n.png"], "api.neighbours.neighbours", "`n.png` is not written"),
        (["sample", RUN], "api.sample.sample", "`samples.png` is not written"),
        (
            ["interpolate", RUN, "a.png", "b.png"],
            "use.interpolate_files.interpolate_files",
            "`interpolated.png` is not written",
        ),
        (["export", RUN, "--to", "onnx"], "api.export.export", "`small.onnx` is not written"),
        (["import", "x.keras", "--out", "mine"], "api.import_model.import_model", "`mine/run.toml` is not written"),
        (["import", "x.keras"], "api.import_model.import_model", "`runs/x/run.toml` is not written"),
        (["data", "verify", "cifar10"], "data.verify", "nothing is written"),
        (
            ["data", "get", "cifar10"],
            "data.get",
            "`cifar10` is not in the cache yet; fetch it again with: diabolo data get cifar10",
        ),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, list) else "",
)
def test_what_is_left_is_said(
    arguments: list[str], work: str, words: str, diabolo: Command, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The signal comes when the command begins to work; handlers are put back after it."""

    def stop(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(10)

    monkeypatch.setattr(f"diabolo.{work}", stop)
    before = signal.getsignal(signal.SIGTERM)
    answer = diabolo(*[str(trained) if word == RUN else word for word in arguments])
    assert (answer.code, answer.err) == (143, f"stopped: {words}\n")
    assert signal.getsignal(signal.SIGTERM) == before


def test_one_that_was_written_before_the_signal_is_said_to_be_there(
    diabolo: Command, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_and_stop(*_: object, report: Callable[[Progress], None], **__: object) -> None:
        report(Progress(stage="encoding", done=1, total=1, unit="images"))
        Path("latents.npz").write_bytes(b"whole")
        raise KeyboardInterrupt

    monkeypatch.setattr("diabolo.use.encode_files.encode_files", write_and_stop)
    answer = diabolo("encode", trained, "a.png")
    assert (answer.code, answer.err) == (130, "stopped: `latents.npz` is written, whole\n")


def test_a_second_signal_ends_at_once(trained: Path) -> None:
    """While the first is being answered, here by a result that takes for ever to clean up."""
    code = (
        "import sys, time, diabolo.use.encode_files as module\n"
        "def slow(*_, **__):\n"
        "    try:\n"
        "        print('working', flush=True); time.sleep(60)\n"
        "    finally:\n"
        "        print('cleaning', flush=True); time.sleep(60)\n"
        "module.encode_files = slow\n"
        f"sys.argv = ['diabolo', 'encode', {str(trained)!r}, 'a.png']\n"
        "from diabolo.cli.main import main\n"
        "main()\n"
    )
    python = str(Path(PROGRAM).with_name("python"))
    process = subprocess.Popen([python, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for word in ("working", "cleaning"):
        assert process.stdout.readline() == f"{word}\n"
        process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == -signal.SIGINT
