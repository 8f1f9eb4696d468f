"""Exports and imports where writing fails: said in one sentence, and what was there stays as it was."""

import errno
import os
import threading
from pathlib import Path

import onnx
import pytest
from interop_builders import random_model

import diabolo.api.export as exports
from diabolo.api.export import SUFFIXES, export
from diabolo.api.import_model import import_model
from diabolo.errors import DiaboloError, OutputError
from diabolo.interop.keras.process import Job, save_with_keras
from diabolo.interop.probe import Difference
from diabolo.runs import RunFolder

LINE = "conv4 relu pool | up conv3"
FULL = "the disk is full; free some space and try again, nothing was half-written (No space left on device)"


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that ends in the middle of each file."""

    def write(self: Path, content: bytes | str, **options: object) -> None:
        with self.open("wb") as file:
            file.write(content[: len(content) // 2] if isinstance(content, bytes) else b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self))

    monkeypatch.setattr(Path, "write_bytes", write)
    monkeypatch.setattr(Path, "write_text", write)


def without_keras(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the place of real Keras: a file is written, and its results are the model's."""

    def save(ours: object, source: object, target: Path) -> Difference:
        with target.open("wb") as file:
            file.write(b"new")
        return Difference(largest=0.0, num_images=1)

    monkeypatch.setattr(exports, "_keras_difference", save)


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("format", ["onnx", "torch", "safetensors", "keras-source"])
def test_a_full_disk(format: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_keras(monkeypatch)
    target = tmp_path / f"ünder ☃{SUFFIXES[format]}"
    with target.open("wb") as file:
        file.write(b"old")
    with pytest.raises(OutputError) as raised:
        export(random_model(LINE), format, target)
    assert str(raised.value) == f"cannot write `{target}`: {FULL}"
    assert [path.name for path in tmp_path.iterdir()] == [target.name]
    assert target.read_bytes() == b"old"


def test_source_and_weights_are_written_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_keras(monkeypatch)
    done = export(random_model(LINE), "keras-source", tmp_path / "m.py")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.py", "m.weights.h5"]
    assert [path.name for path in done.beside] == ["m.weights.h5"]
    text = done.file.read_text()
    monkeypatch.setattr(exports, "_keras_difference", lambda *given: Difference(largest=1.0, num_images=1))
    with pytest.raises(DiaboloError, match=r"^the Keras model computes something else than the model"):
        export(random_model("conv4 relu pool | up conv3 tanh"), "keras-source", tmp_path / "m.py")
    assert done.file.read_text() == text
    assert done.beside[0].read_bytes() == b"new"
    assert len(list(tmp_path.iterdir())) == 2


def test_a_disk_that_is_full_for_keras(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What its process says of it is passed on as what it is."""
    from diabolo.interop.keras import keras_source, process
    from diabolo.interop.part import part_of

    monkeypatch.setattr(process, "_WORKER", tmp_path / "worker.py")
    (tmp_path / "worker.py").write_text("raise OSError(28, 'No space left on device')")
    (tmp_path / "m.keras").write_bytes(b"old")
    with pytest.raises(OutputError) as raised:
        export(random_model(LINE), "keras", tmp_path / "m.keras")
    assert str(raised.value) == f"cannot write `{tmp_path / 'm.keras'}`: {FULL}"
    assert (tmp_path / "m.keras").read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.keras", "worker.py"]
    model = random_model(LINE)
    weights = {name.removeprefix("layers."): value.numpy() for name, value in model.state_dict().items()}
    source = keras_source(part_of(model.graph, weights, "both"), version="x")
    job = Job(source=source, target=tmp_path / "x.keras", inputs=())
    (tmp_path / "worker.py").write_text("raise ModuleNotFoundError(\"No module named 'keras'\")")
    with pytest.raises(DiaboloError, match=r"^export to Keras needs `keras`, which is not installed; "):
        save_with_keras([job])
    (tmp_path / "worker.py").write_text("raise ValueError('a layer of its own mind')")
    with pytest.raises(DiaboloError, match=r"^Keras does not take the model: ValueError: a layer of its own mind$"):
        save_with_keras([job])


@pytest.mark.parametrize("place", ["a file/m.onnx", "a folder.onnx"])
def test_places_that_take_no_file(place: str, tmp_path: Path) -> None:
    (tmp_path / "a file").write_text("x")
    (tmp_path / "a folder.onnx").mkdir()
    with pytest.raises(OutputError, match="something on that path is not what it should be"):
        export(random_model(LINE), "onnx", tmp_path / place)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a file", "a folder.onnx"]


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES])
def test_a_folder_that_may_only_be_read(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As root every folder may be written, so the system's answer is put in its place."""
    real = os.open

    def refuse(path: str, flags: int, *more: int, **named: int) -> int:
        if flags & os.O_CREAT and str(path).startswith(str(tmp_path)):
            raise OSError(number, os.strerror(number), str(path))
        return real(path, flags, *more, **named)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(OutputError, match="no permission to write there; choose another folder or change"):
        export(random_model(LINE), "onnx", tmp_path / "m.onnx")
    assert list(tmp_path.iterdir()) == []


def test_two_at_once_leave_one_whole_file(tmp_path: Path) -> None:
    """Each of them is a whole file; the last one stays."""
    lines = [f"conv{count} relu pool | up conv3" for count in (4, 8)]
    threads = [
        threading.Thread(target=export, args=(random_model(line), "onnx", tmp_path / "m.onnx"))
        for line in lines
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [path.name for path in tmp_path.iterdir()] == ["m.onnx"]
    loaded = onnx.load(tmp_path / "m.onnx")
    onnx.checker.check_model(loaded, full_check=True)
    assert {prop.key: prop.value for prop in loaded.metadata_props}["line"] in lines


def test_an_import_onto_a_full_disk_is_no_run(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    done = export(random_model(LINE), "safetensors", tmp_path / "m.safetensors")
    request.getfixturevalue("full")
    with pytest.raises(OutputError, match="the disk is full"):
        import_model(done.file, tmp_path / "run")
    assert not RunFolder(path=tmp_path / "run").exists()
