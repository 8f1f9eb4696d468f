"""Signals that ask to stop, memory that is short, HDF5 files on which the library loops, versions of the future."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from diabolo.checks.live.hdf5 import try_hdf5
from diabolo.cli.signals import StopOnSignal
from diabolo.errors import DataError, RunError, is_out_of_memory
from diabolo.runs import read_record


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGXCPU"])
def test_the_first_signal_asks_and_the_second_stops(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    number = signal.Signals[name]
    before = signal.getsignal(number)
    with StopOnSignal() as stop:
        assert not stop()
        signal.raise_signal(number)
        assert stop()
        assert stop.exit_code == 128 + number
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
    assert signal.getsignal(number) == before
    assert capfd.readouterr().err == "\nstopping after this step; again to stop at once\n"


def test_nohup_stays_nohup() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with StopOnSignal() as stop:
            signal.raise_signal(signal.SIGHUP)
            assert not stop()
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize(
    ("error", "is_so"),
    [
        (MemoryError(), True),
        (
            RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
            True,
        ),
        (RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_what_means_that_memory_is_short(error: Exception, is_so: bool) -> None:
    assert is_out_of_memory(error) is is_so


def test_a_training_that_needs_too_much_memory_says_so_and_leaves_a_run(tmp_path: Path) -> None:
    """A real limit of the address space, in a process of its own, set after everything is loaded."""
    program = (
        "import resource, sys, numpy as np, diabolo\n"
        "images = np.zeros((400, 64, 64, 3), np.uint8)\n"
        "line = 'conv256 relu pool | up conv3 sigmoid'\n"
        "small = 'conv2 pool | up conv3 sigmoid'\n"
        "diabolo.fit(small, images[:20], out=sys.argv[1] + '/warm', epochs=1, engine='plain')\n"
        "size = int(next(l for l in open('/proc/self/status') if l.startswith('VmSize')).split()[1]) << 10\n"
        "resource.setrlimit(resource.RLIMIT_AS, (size + (400 << 20),) * 2)\n"
        "try: diabolo.fit(line, images, out=sys.argv[1] + '/run', epochs=1, batch_size=300, engine='plain')\n"
        "except diabolo.DiaboloError as error: print('REFUSED', error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    said = next(line for line in done.stdout.splitlines() if line.startswith("REFUSED"))
    assert said == (
        "REFUSED out of memory with `batch_size` (=300); train again with `--set batch_size=150`, smaller images "
        f"(`--size`) or a smaller model; what was saved is whole: `diabolo train --resume {tmp_path}/run` goes on with "
        "it where there is more memory"
    )
    assert read_record(tmp_path / "run" / "run.toml").status == "running"


def test_an_hdf5_file_that_is_damaged_is_refused(tmp_path: Path) -> None:
    import h5py

    path = tmp_path / "model.h5"
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = "{}"
        file["weights"] = [1.0, 2.0]
    try_hdf5(path)
    content = path.read_bytes()
    path.write_bytes(content[:100])
    with pytest.raises(DataError, match="no HDF5 file, or a damaged one"):
        try_hdf5(path)


def test_an_hdf5_file_without_end_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit itself, with a reader that never comes to its end."""
    import diabolo.checks.live.hdf5 as module

    monkeypatch.setattr(module, "_SECONDS", 1)
    monkeypatch.setattr(module, "_WALK", module._WALK.replace("import h5py\n", "while True: pass\nimport h5py\n"))
    with pytest.raises(DataError, match="crashes or runs without end"):
        try_hdf5(tmp_path / "model.h5")


def test_a_run_of_another_format_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text('format = 99\n[versions]\ndiabolo = "7.0"\n')
    with pytest.raises(RunError, match=r"run format 99, and this diabolo reads format 1; use the version .* \(7\.0\)"):
        read_record(tmp_path / "run.toml")


def _npy(tail: bytes) -> bytes:
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2, 2)" + tail
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(64)


@pytest.mark.parametrize("tail", [b"", b", ((", b", 'x': 1L", b"}\n\x00", b", '''"])
def test_an_array_with_a_damaged_header_is_refused(tmp_path: Path, tail: bytes) -> None:
    """Found by fuzzing: numpy lets a TokenError of Python's tokenizer out."""
    from diabolo.data.arrays import load_npy, load_npz
    from diabolo.report.gather import _test_psnr

    path = tmp_path / "x.npy"
    path.write_bytes(_npy(tail))
    with pytest.raises(DataError):
        load_npy(path)
    with pytest.raises(DataError):
        load_npz(path)
    assert _test_psnr(path) == ()
