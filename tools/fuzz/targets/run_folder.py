"""Run folders in which one file is damaged, edited by hand or made by somebody hostile."""

import shutil
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
from target import Target, refused

_FILES = ("run.toml", "history.csv", "model.safetensors", "state.safetensors", "findings.json", "test-psnr.npy")


def run(data: bytes, scratch: Path) -> str:
    """Reads a run by every door; the first byte says which file has the rest for its content."""
    from diabolo.api.compare import compare_folders
    from diabolo.api.explain import explain
    from diabolo.api.job import resumed_job
    from diabolo.errors import DiaboloError
    from diabolo.report.gather import read_findings, read_run
    from diabolo.use import Run

    name = _FILES[(data[:1] or b"\0")[0] % len(_FILES)]
    folder, finished = _damaged(scratch / "run", name, data[1:]), _damaged(scratch / "finished", name, data[1:])
    if name != "run.toml":
        (finished / "run.toml").unlink()
        (finished / "run.toml").write_bytes(_finished_record())
    doors = {
        "model": lambda: Run(folder).model,
        "show": lambda: (Run(folder)._repr_html_(), Run(folder).history),
        "report": lambda: (read_run(folder), read_findings(str(folder))),
        "explain": lambda: str(explain(folder)),
        "compare": lambda: compare_folders([finished]),
        "resume": lambda: resumed_job(folder),
    }
    refusals = set()
    try:
        for door in doors.values():
            try:
                door()
            except DiaboloError as error:
                refusals.add(refused(error))
    finally:
        shutil.rmtree(folder)
        shutil.rmtree(finished)
    return f"{name}: {'read' if not refusals else 'refused'}"


def _damaged(folder: Path, name: str, content: bytes) -> Path:
    """A copy of the run in which one file has this content."""
    folder.mkdir()
    for other in _FILES:
        if other != name:
            (folder / other).hardlink_to(_run() / other)
    (folder / name).write_bytes(content)
    return folder


def _finished_record() -> bytes:
    """The record of the run after its test images were read: only then it can be compared, and not be resumed."""
    return (_run() / "run.toml").read_bytes().replace(b'status = "trained"', b'status = "finished"', 1)


@cache
def _run() -> Path:
    """A finished run of two epochs on forty images."""
    import diabolo

    folder = Path(tempfile.mkdtemp(prefix="diabolo-fuzz-run-"))
    draw = np.random.default_rng(0)
    np.save(folder / "images.npy", draw.integers(0, 256, (40, 8, 8, 3), dtype=np.uint8))
    diabolo.fit(
        "conv2 relu bn pool | up conv3 sigmoid",
        folder / "images.npy",
        out=folder / "run",
        epochs=2,
        batch_size=20,
        engine="plain",
        watch=lambda event: None,
    )
    text = (folder / "run" / "run.toml").read_text()
    (folder / "run" / "run.toml").write_text(text.replace('status = "finished"', 'status = "trained"', 1))
    return folder / "run"


def _seeds() -> list[bytes]:
    return [
        *(bytes([index]) + (_run() / name).read_bytes() for index, name in enumerate(_FILES)),
        b"\0" + _finished_record(),
    ]


TARGET = Target(
    name="run-folder",
    about="run folders with one bad file",
    seeds=_seeds,
    run=run,
    modules=("diabolo.runs", "diabolo.use", "diabolo.report.gather", "diabolo.compare", "diabolo.api.job"),
    words=(
        b'line = "conv100000000 | conv3"',
        b"format = 2",
        b"input_shape = [",
        b"1000000000",
        b"-1",
        b"nan",
        b"inf",
        b'status = "finished"',
        b'status = "running"',
        b"threads = 0",
        b"threads = 100000",
        b"[data]\n",
        b"[recipe]\n",
        b"[test]\n",
        b'name = "/etc/passwd"',
        b'device = "cuda"',
        b'engine = "fused"',
        b"epochs = 10000000000000000000",
        b"psnr = 'x'",
        b"\0",
        b"1,",
        b"\n",
        b"NaN",
        b"<f8",
        b"|O",
        b"(1000000000000,)",
        b"[]",
        b"{}",
        b"null",
    ),
)
