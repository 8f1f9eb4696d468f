"""Compiles the stage engine's C++ into one shared library; needs the standard library alone: a build runs it.

`python -m diabolo.kernels` builds it in place. Every instruction set's copy of the kernels goes into the one
library; the processor chooses at run time.
"""

import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from pathlib import Path

NATIVE = Path(__file__).resolve().parent / "native"
LIBRARY_NAME = "libdiabolo_stages" + (".dylib" if sys.platform == "darwin" else ".so")
LIBRARY = NATIVE.parent / LIBRARY_NAME
_FLAGS = ("-O3", "-std=c++17", "-fPIC", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=fast")
_V3 = ("-mavx2", "-mfma", "-mbmi", "-mbmi2", "-mf16c", "-mlzcnt")
_V4 = (*_V3, "-mavx512f", "-mavx512bw", "-mavx512cd", "-mavx512dq", "-mavx512vl")


class CompileError(Exception):
    """No compiler, or it failed; the package works without."""


def sources_number() -> int:
    """A number made of the C++ files' bytes, which the library is built with: one of other sources is not loaded."""
    digest = hashlib.sha256()
    for path in sorted(NATIVE.glob("*.[ch]*")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return int.from_bytes(digest.digest()[:7], "big")


def find_compiler() -> list[str]:
    """The C++ compiler's command: `CXX`, or the first of c++, g++ and clang++.

    Raises:
        CompileError: there is none.
    """
    wanted = os.environ.get("CXX", "").strip()
    if wanted:
        return shlex.split(wanted)
    for name in ("c++", "g++", "clang++"):
        path = shutil.which(name)
        if path:
            return [path]
    raise CompileError("no C++ compiler found (CXX, c++, g++, clang++)")


def compile_library(target: Path = LIBRARY, extra: Sequence[str] = ()) -> Path:
    """Builds the library and moves it to `target` in one piece.

    Args:
        target: where it goes.
        extra: more flags for compiling and linking, as `-fsanitize=address`.

    Raises:
        CompileError: there is no compiler, or it failed.
    """
    compiler = find_compiler()
    x86 = platform.machine().lower() in ("x86_64", "amd64")
    levels: dict[str, Sequence[str]] = {"diabolo_baseline": ()}
    if x86:
        levels |= {"diabolo_v3": _V3, "diabolo_v4": _V4}
    with tempfile.TemporaryDirectory(prefix="diabolo-build-") as scratch:
        objects = []
        for name, flags in levels.items():
            objects.append(str(Path(scratch) / f"{name}.o"))
            source = str(NATIVE / "kernels.cpp")
            _run([*compiler, *_FLAGS, *flags, *extra, f"-DNAME={name}", "-c", source, "-o", objects[-1]])
        objects.append(str(Path(scratch) / "dispatch.o"))
        define = [f"-DDIABOLO_SOURCES={sources_number()}", *(["-DDIABOLO_X86"] if x86 else [])]
        _run([*compiler, *_FLAGS, *define, *extra, "-c", str(NATIVE / "dispatch.cpp"), "-o", objects[-1]])
        links = [] if sys.platform == "darwin" else ["-ldl"]
        built = Path(scratch) / LIBRARY_NAME
        _run([*compiler, "-shared", "-pthread", *extra, *objects, *links, "-o", str(built)])
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = target.with_name(f"{target.name}.{os.getpid()}.new")
        shutil.copy2(built, beside)
        beside.replace(target)
    return target


def wheel_platform() -> str:
    """A wheel's platform tag for a library that was built here: any CPU of this kind, this C library or a newer one."""
    here = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    try:
        name, _, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")
    except (AttributeError, ValueError, OSError):  # another system, or another C library
        return here
    if not here.startswith("linux_") or name != "glibc":
        return here
    major, minor = version.split(".")[:2]
    return here.replace("linux_", f"manylinux_{major}_{minor}_", 1)


def _run(command: Sequence[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise CompileError(f"`{command[0]}`: {error.strerror}") from None
    if done.returncode:
        said = done.stderr.strip() or f"exit status {done.returncode}"
        raise CompileError(f"`{shlex.join(command)}`: {said[:2000]}")
