"""Virtual environments for engines that diabolo does not run on itself: found, or made once and kept in the cache."""

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from diabolo.bench.engines import Engine

_MARK = "complete"  # written last: an environment without it was interrupted
_INSTALL_SECONDS = 1800.0


@dataclass(frozen=True, kw_only=True)
class Found:
    """The Python that runs an engine, or why there is none."""

    python: Path | None
    """The interpreter; None where the engine has to be left out."""
    reason: str = ""
    """Why there is none, and how to get it, without a final stop."""


def default_folder() -> Path:
    """Where environments are kept: beside the data sets in the user's cache."""
    from diabolo.data.cache import default_cache_folder

    return default_cache_folder() / "bench"


def find_environment(
    engine: Engine,
    folder: Path,
    *,
    install: bool,
    say: Callable[[str], None] = lambda text: None,
    seconds: float = _INSTALL_SECONDS,
) -> Found:
    """Finds the engine's Python, and makes its environment where it is missing and may be made.

    Args:
        engine: which.
        folder: where environments are kept.
        install: False uses only what is there.
        say: told before something is fetched.
        seconds: after which an installation counts as failed.
    """
    if not engine.environment:
        return Found(python=Path(sys.executable))
    place = folder / _folder_name(engine)
    python = _python_of(place)
    if (place / _MARK).exists() and python.exists():
        return Found(python=python)
    by_hand = (
        f"to get it: {shlex.quote(sys.executable)} -m venv {shlex.quote(str(place))} && "
        f"{shlex.quote(str(python))} -m pip install {' '.join(map(shlex.quote, engine.requirements))} && "
        f"touch {shlex.quote(str(place / _MARK))}"
    )
    if not install:
        return Found(python=None, reason=f"is not installed, and `--no-install` was given; {by_hand}")
    if os.environ.get("DIABOLO_OFFLINE", "") not in ("", "0"):
        return Found(python=None, reason=f"is not installed, and $DIABOLO_OFFLINE forbids the network; {by_hand}")
    say(f"{engine.title}: making a virtual environment with {', '.join(engine.requirements)} (minutes, once)")
    problem = _make(place, engine, seconds)
    return (
        Found(python=None, reason=f"could not be installed ({problem}); {by_hand}") if problem else Found(python=python)
    )


def _folder_name(engine: Engine) -> str:
    """One for each set of requirements and version of Python, so that a change makes a new environment."""
    told = "\n".join((*engine.requirements, sys.version))
    return f"{engine.environment}-{hashlib.sha256(told.encode()).hexdigest()[:10]}"


def _python_of(place: Path) -> Path:
    return place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _make(place: Path, engine: Engine, seconds: float) -> str:
    """Makes the environment; what went wrong, in words, or nothing."""
    pip = [str(_python_of(place)), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    try:
        shutil.rmtree(place, ignore_errors=True)
        place.parent.mkdir(parents=True, exist_ok=True)
        for command in ([sys.executable, "-m", "venv", str(place)], [*pip, *engine.requirements]):
            done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
            if done.returncode:
                said = (done.stderr.strip() or done.stdout.strip() or f"exit status {done.returncode}").splitlines()
                errors = [line for line in said if "ERROR" in line]
                return (errors or said)[-1][:300]
        (place / _MARK).touch()
    except subprocess.TimeoutExpired:
        return f"not done after {seconds:g} s"
    except OSError as error:
        return f"{error.strerror}: {error.filename}"
    return ""
