"""Where a run comes from: versions, machine and command, without the name of the user's home folder."""

import os
import platform
import shlex
import sys
from importlib import metadata
from pathlib import Path
from typing import Any


def current_versions() -> dict[str, str]:
    """Versions of what computes."""
    names = ("diabolo", "torch", "numpy")
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in names}}


def current_machine() -> dict[str, Any]:
    """System, processor and cores of this machine; nothing that names its owner."""
    return {
        "system": platform.system(),
        "architecture": platform.machine(),
        "processor": _processor(),
        "cores": os.cpu_count() or 1,
    }


def command_line() -> str:
    """The command that is running, with `diabolo` for the program's path; `notebook` in a Jupyter kernel.

    Paths below the home folder start with `~`, which every reader of a path in diabolo understands.
    """
    program = Path(sys.argv[0]).name if sys.argv else ""
    if program in ("", "-", "-c"):
        program = "python"
    if program == "ipykernel_launcher.py":
        return "notebook"
    if program in ("__main__.py", "diabolo"):
        program = "diabolo"
    return " ".join([shlex.quote(program), *(_quoted(without_home(argument)) for argument in sys.argv[1:])])


def without_home(text: str) -> str:
    """A path below the user's home folder as `~/…`; any other text as it is."""
    home = os.path.expanduser("~")  # noqa: PTH111  (Path.home raises where there is none)
    if home in ("~", "/") or not (text == home or text.startswith(home.rstrip("/") + "/")):
        return text
    return "~" + text[len(home.rstrip("/")) :]


def _quoted(argument: str) -> str:
    return "~/" + shlex.quote(argument[2:]) if argument.startswith("~/") else shlex.quote(argument)


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or "unknown"
