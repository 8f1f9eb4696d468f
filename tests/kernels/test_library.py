"""Which library is loaded, and which of its instruction sets is used."""

import platform
import re
from pathlib import Path

import pytest

import diabolo.kernels.library as library_module
from diabolo.kernels import find_library
from diabolo.kernels.compile import LIBRARY
from diabolo.kernels.library import Library

needs_engine = pytest.mark.skipif(not LIBRARY.exists(), reason="the stage engine was not built here")


def best_level() -> str:
    """What the system says that the processor has."""
    info = Path("/proc/cpuinfo")
    if platform.machine() != "x86_64" or not info.exists():
        pytest.skip("no list of the processor's instructions")
    flags = set(next(line for line in info.read_text().splitlines() if line.startswith("flags")).split())
    if {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"} <= flags:
        return "avx512"
    return "avx2" if {"avx2", "fma", "bmi1", "bmi2"} <= flags else "baseline"


@needs_engine
def test_the_best_instruction_set_is_the_default(monkeypatch):
    monkeypatch.delenv("DIABOLO_ISA", raising=False)
    assert Library(LIBRARY).level == best_level()


@needs_engine
@pytest.mark.parametrize("level", ["baseline", "avx2", "avx512"])
def test_the_environment_asks_for_less(level, monkeypatch):
    order = ["baseline", "avx2", "avx512"]
    monkeypatch.setenv("DIABOLO_ISA", level)
    assert Library(LIBRARY).level == min(level, best_level(), key=order.index)


@needs_engine
def test_an_unknown_instruction_set_is_said(monkeypatch):
    monkeypatch.setenv("DIABOLO_ISA", "avx9")
    message = "`DIABOLO_ISA` (='avx9') has no effect: it must be one of baseline, avx2, avx512"
    with pytest.warns(UserWarning, match=re.escape(message)):
        library = Library(LIBRARY)
    assert library.level == best_level()


@needs_engine
def test_a_library_of_other_sources_is_not_used(monkeypatch):
    """Its functions may take other arguments: after an update of the sources it has to be built again."""
    monkeypatch.setattr(library_module, "sources_number", lambda: 1)
    with pytest.raises(OSError, match="was built from other sources; build it again"):
        Library(LIBRARY)
    find_library.cache_clear()
    try:
        assert find_library() is None
    finally:
        find_library.cache_clear()


@pytest.mark.parametrize("content", [b"", b"no library", b"\x7fELF"])
def test_a_file_that_is_no_library_is_none(content, tmp_path, monkeypatch):
    (tmp_path / "broken.so").write_bytes(content)
    monkeypatch.setenv("DIABOLO_STAGES_LIBRARY", str(tmp_path / "broken.so"))
    find_library.cache_clear()
    try:
        assert find_library() is None
    finally:
        find_library.cache_clear()
