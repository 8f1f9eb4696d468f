"""The build: what it says where there is no compiler, and the tag of a wheel."""

import sys

import pytest
from packaging import tags

from diabolo.kernels.compile import CompileError, compile_library, sources_number, wheel_platform


def test_the_wheels_platform_is_one_that_pip_takes_here():
    assert wheel_platform() in set(tags.platform_tags())
    if sys.platform == "linux" and "manylinux" in wheel_platform():
        # The same as the newest that pip takes: not installed where the C library is older.
        assert wheel_platform() == next(tag for tag in tags.platform_tags() if tag.startswith("manylinux"))


@pytest.mark.parametrize(
    ("compiler", "message"),
    [("/bin/false", "`/bin/false .*`: exit status 1"), ("/no/such/compiler", "`/no/such/compiler`: No such file")],
)
def test_a_compiler_that_fails_is_one_error_and_leaves_nothing(compiler, message, tmp_path, monkeypatch):
    monkeypatch.setenv("CXX", compiler)
    with pytest.raises(CompileError, match=message):
        compile_library(tmp_path / "stages.so")
    assert not list(tmp_path.iterdir())


def test_no_compiler_at_all(monkeypatch, tmp_path):
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CompileError, match=r"no C\+\+ compiler found \(CXX, c\+\+, g\+\+, clang\+\+\)"):
        compile_library(tmp_path / "stages.so")


def test_the_number_of_the_sources_changes_with_them(tmp_path, monkeypatch):
    import diabolo.kernels.compile as compile_module

    before = sources_number()
    assert 0 <= before < 2**63
    for path in compile_module.NATIVE.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(compile_module, "NATIVE", tmp_path)
    assert sources_number() == before
    with (tmp_path / "vector.h").open("a") as file:
        file.write("\n")
    assert sources_number() != before
