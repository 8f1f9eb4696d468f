"""The command as a shell runs it: exit codes, pipes, what is imported, what a traceback is shown for."""

import json
import os
import subprocess
import sys

import pytest
from cli_builders import PROGRAM

HEAVY = ("torch", "numpy", "matplotlib", "PIL", "rich", "keras", "scipy")


def shell(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL)


def imported(*arguments: str) -> list[str]:
    """Heavy modules that are loaded when the command ends."""
    code = (
        "import contextlib, io, json, sys\n"
        f"sys.argv = {['diabolo', *arguments]!r}\n"
        "from diabolo.cli.main import main\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n"
        "    main()\n"
        f"print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found: list[str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("--version",),
        ("demo", "--help"),
        ("train", "--help"),
        ("data", "get", "--help"),
        ("summary", "method-2"),
        ("summary", "conv8 pool | up conv3", "--json"),
        ("summary", "methud-2"),
        ("zoo",),
        ("train", "--set", "epochs"),
    ],
    ids=" ".join,
)
def test_short_commands_import_nothing_heavy(arguments: tuple[str, ...]) -> None:
    assert imported(*arguments) == []


def test_a_list_of_data_sets_needs_no_torch() -> None:
    assert {"torch", "matplotlib"}.isdisjoint(imported("data", "list"))


def test_version() -> None:
    from diabolo import __version__

    assert shell("--version").stdout == f"diabolo {__version__}\n"


def test_module_and_command_are_the_same() -> None:
    module = subprocess.run([sys.executable, "-m", "diabolo", "zoo"], capture_output=True, text=True, check=True)
    assert module.stdout == shell("zoo").stdout


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("zoo",), 0),
        (("summary", "--help"), 0),
        ((), 2),
        (("trian",), 2),
        (("train", "--epochs", "3"), 2),
        (("summary", "conv8 pool | up conf3"), 2),
        (("eval", "nowhere"), 2),
        (("data", "verify", "cifar10"), 1),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else str(value),
)
def test_exit_codes(arguments: tuple[str, ...], code: int) -> None:
    done = shell(*arguments)
    assert done.returncode == code
    assert "Traceback" not in done.stderr


def test_errors_go_to_standard_error_only() -> None:
    done = shell("summary", "methud-2")
    assert done.stdout == ""
    assert done.stderr.startswith("diabolo: no model `methud-2`")


@pytest.mark.parametrize("arguments", [("--debug", "summary", "methud-2"), ("summary", "methud-2", "--debug")])
def test_debug_shows_a_traceback(arguments: tuple[str, ...]) -> None:
    done = shell(*arguments)
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback")
    assert "DiaboloError: no model `methud-2`" in done.stderr


@pytest.mark.parametrize("arguments", [("summary", "method-2"), ("zoo", "--json"), ("--help",)], ids=" ".join)
def test_a_reader_that_goes_away_is_no_error(arguments: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as nobody:
        done = subprocess.run([PROGRAM, *arguments], stdout=nobody, stderr=subprocess.PIPE, text=True)
    assert done.stderr == ""
    assert done.returncode in (0, 1)


def test_head_gets_its_line() -> None:
    done = subprocess.run(
        ["bash", "-c", f"'{PROGRAM}' summary method-2 | head -n 2 | tail -n 1"], capture_output=True, text=True
    )
    assert done.stdout.split() == ["Layer", "(kind)", "Output", "shape", "Param", "#"]
    assert done.stderr == ""
