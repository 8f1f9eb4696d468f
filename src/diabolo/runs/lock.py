"""One writer a run folder: a lock of the system where there is one, else a file that names its owner."""

import contextlib
import errno
import json
import os
import platform
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import filelock

from diabolo.errors import RunError
from diabolo.files import output_errors, write_text

LOCK_FILE = ".writer.lock"
"""What the system locks; it stays in the folder."""
OWNER_FILE = ".writer.json"
"""Who writes; where the file system has no locks, this file is the lock."""
_TAKEOVER = ".writer.takeover"  # a folder, since making one is atomic everywhere
_NO_LOCKS = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL}
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK}


@dataclass(frozen=True, kw_only=True)
class Owner:
    """A process that writes a run."""

    pid: int
    """Number of the process."""
    host: str
    """Name of its machine."""
    boot: str = ""
    """Which start of the machine, so that a number from before it means nothing; empty where unknown."""
    space: str = ""
    """Space of process numbers (containers have their own); empty where unknown."""
    started: str = ""
    """When the process started, in ticks since the machine did: tells a reused number; empty where unknown."""

    @classmethod
    def current(cls) -> "Owner":
        """This process."""
        boot = _read("/proc/sys/kernel/random/boot_id")
        try:
            space = str(Path("/proc/self/ns/pid").readlink())
        except OSError:
            space = ""
        pid = os.getpid()
        return cls(pid=pid, host=platform.node(), boot=boot, space=space, started=_start_of(pid))

    @property
    def is_dead(self) -> bool:
        """Whether it surely lives no more; False for a process that cannot be seen from here."""
        here = Owner.current()
        if self.host != here.host:
            return False
        if self.boot != here.boot:
            return True  # the machine was started again since
        if self.space != here.space:
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except (OSError, OverflowError):
            return False
        return self.started != _start_of(self.pid)

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"


@contextlib.contextmanager
def writer_lock(folder: Path) -> Iterator[None]:
    """Holds the lock of a folder that exists.

    The system frees its lock when a process dies in any way. On a file system without locks a file takes its place;
    one that a dead process of this machine left is taken over.

    Raises:
        RunError: another process holds it; the message names it, and says what to do where it cannot be seen from here.
        OutputError: the folder cannot be written.
    """
    lock = _system_lock(folder / LOCK_FILE)
    owner = folder / OWNER_FILE
    has_locks = True
    try:
        with output_errors(folder):
            lock.acquire()
    except filelock.Timeout:
        raise _refusal(folder, LOCK_FILE) from None
    except NotImplementedError:
        has_locks = False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        has_locks = False
    if not has_locks:
        with _owner_file(folder):
            yield
        return
    try:
        write_text(owner, json.dumps(asdict(Owner.current())))
        yield
    finally:
        with contextlib.suppress(OSError):  # a folder that became read-only, or went away
            owner.unlink(missing_ok=True)
        lock.release()


def _system_lock(path: Path) -> filelock.BaseFileLock:
    try:  # not filelock's own stand-in, which cannot say who holds it
        return filelock.FileLock(path, timeout=0, fallback_to_soft=False)
    except TypeError:  # versions without a stand-in
        return filelock.FileLock(path, timeout=0)


def read_owner(folder: Path) -> Owner | None:
    """Who says that it writes the folder; None where nobody does, or the note cannot be read."""
    try:
        values = json.loads((folder / OWNER_FILE).read_text(encoding="utf-8"))
        return Owner(pid=int(values["pid"]), host=str(values["host"]),
                     **{name: str(values.get(name, "")) for name in ("boot", "space", "started")})  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


@contextlib.contextmanager
def _owner_file(folder: Path) -> Iterator[None]:
    """The note of the owner as the lock: it is made only where there is none."""
    owner = folder / OWNER_FILE
    if not _make_note(owner):
        _remove_stale(folder)
        if not _make_note(owner):
            raise _refusal(folder, OWNER_FILE)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            owner.unlink(missing_ok=True)


def _make_note(owner: Path) -> bool:
    """Makes the note of this process; False where there is one already."""
    text = json.dumps(asdict(Owner.current()))
    temporary = owner.with_name(f".writer-{secrets.token_hex(4)}.json")
    with output_errors(owner):
        try:
            temporary.write_text(text, encoding="utf-8")
            os.link(temporary, owner)  # with its contents at once, unlike a file that is opened and then written
        except FileExistsError:
            return False
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            try:
                with owner.open("x", encoding="utf-8") as file:
                    file.write(text)
            except FileExistsError:
                return False
        finally:
            temporary.unlink(missing_ok=True)
    return True


def _remove_stale(folder: Path) -> None:
    """Removes the note of a dead process. Only who makes the takeover folder may, so that no fresh note is removed."""
    guard = folder / _TAKEOVER
    try:
        guard.mkdir()
    except OSError:
        return
    try:
        found = read_owner(folder)
        if found is not None and found.is_dead:
            (folder / OWNER_FILE).unlink(missing_ok=True)
    finally:
        with contextlib.suppress(OSError):
            guard.rmdir()


def _refusal(folder: Path, file: str) -> RunError:
    found = read_owner(folder)
    if found is None:
        return RunError(f"`{folder}` is being written by another process; wait for it, or choose another `--out`")
    if found.host == platform.node() and (file == LOCK_FILE or found.space == Owner.current().space):
        return RunError(f"`{folder}` is being written by {found}; wait for it, or choose another `--out`")
    return RunError(
        f"`{folder}` is being written by {found}, which cannot be seen from here; wait for it, or choose another "
        f"`--out`. Only if you are sure that it is gone, delete `{folder / file}` and try again"
    )


def _start_of(pid: int) -> str:
    """Field 22 of the process's `stat`; the name before it may hold blanks and brackets."""
    return (_read(f"/proc/{pid}/stat").rpartition(")")[2].split() + [""] * 20)[19]


def _read(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""
