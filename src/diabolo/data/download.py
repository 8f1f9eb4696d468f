"""Fetches one file over HTTP: goes on where an earlier try stopped, never reads more than expected, checks the md5."""

import contextlib
import hashlib
import re
from pathlib import Path
from typing import Any

from diabolo.data.connection import BROKEN, Watch, open_answer, reason_of
from diabolo.data.dataset import Progress, Report
from diabolo.errors import DataError
from diabolo.files import make_folder, output_errors

_CHUNK = 1 << 18  # bytes


def download(
    url: str,
    target: Path,
    *,
    num_bytes: int,
    md5: str,
    report: Report | None = None,
    timeout: float = 8.0,
    num_tries: int = 4,
) -> Path:
    """Downloads `url` to `target`, through `target` + ".part", which a later call continues after any interruption.

    Args:
        url: http or https.
        target: where the complete, verified file goes.
        num_bytes: exact length of the file; anything longer or shorter is refused.
        md5: hexadecimal digest of the file.
        report: told of every quarter mebibyte.
        timeout: seconds to wait for a connection, or for the next bytes. Within three times that, and again and again,
            4 KiB a second must come, so that a server that drips cannot hold a command for days.
        num_tries: how often a broken connection is taken up again.

    Raises:
        DataError: no answer, a wrong answer, a wrong length or a wrong digest.
        OutputError: the file cannot be written.
    """
    if target.is_file() and target.stat().st_size == num_bytes and _md5(target) == md5:
        return target
    part = target.with_name(target.name + ".part")
    make_folder(target.parent)
    for _whole in range(2):
        resumed = part.exists() and part.stat().st_size > 0
        _fill(url, part, num_bytes=num_bytes, report=report, timeout=timeout, num_tries=num_tries)
        if _md5(part) == md5:
            with output_errors(target):
                part.replace(target)
            return target
        part.unlink()
        if not resumed:  # pieces of two versions may have met; what came in one piece is simply wrong
            break
    raise DataError(f"`{url}` sent {num_bytes:,} bytes that are not the expected file (wrong md5)")


def _fill(url: str, part: Path, *, num_bytes: int, report: Report | None, timeout: float, num_tries: int) -> None:
    """Brings `part` to `num_bytes` bytes."""
    last = "it sent nothing"
    for _ in range(num_tries):
        have = part.stat().st_size if part.exists() else 0
        if have > num_bytes:
            part.unlink()
            have = 0
        if have == num_bytes:
            return
        watch = Watch(3 * timeout)
        try:
            with watch, contextlib.closing(open_answer(url, have, timeout, watch)) as answer:
                _receive(url, answer, part, have, num_bytes, report, watch)
        except BROKEN as error:
            last = reason_of(error)
        if part.exists() and part.stat().st_size == num_bytes:
            return
        if watch.is_over:
            last = watch.reason(last)
            break
        now = part.stat().st_size if part.exists() else 0
        if now == 0 and have > 0:  # what was there was of no use: once more from the start
            continue
        if now <= have:  # nothing gained: trying on would only wait
            break
        last = f"the connection broke off ({last})" if last != "it sent nothing" else "the connection broke off"
    have = part.stat().st_size if part.exists() else 0
    raise DataError(f"`{url}` gave {have:,} of {num_bytes:,} bytes: {last}; the next try goes on from there")


def _receive(url: str, answer: Any, part: Path, have: int, num_bytes: int, report: Report | None, watch: Watch) -> None:
    """Appends the answer's body to `part`, or starts `part` again where the server sends the file from its start."""
    if getattr(answer, "status", None) not in (200, 206):
        part.unlink(missing_ok=True)
        raise ConnectionError("the server refuses to go on from there")
    if answer.status == 206:
        span = re.match(r"bytes (\d+)-\d+/(\d+|\*)$", answer.headers.get("Content-Range", ""))
        if span is None or int(span[1]) != have or span[2] not in ("*", str(num_bytes)):
            part.unlink(missing_ok=True)
            raise ConnectionError("the server sent another range than asked for")
    else:
        have = 0
    length = answer.headers.get("Content-Length")
    if length is not None and length.isdecimal() and int(length) != num_bytes - have:
        part.unlink(missing_ok=True)
        raise DataError(
            f"`{url}` has {int(length):,} bytes where {num_bytes - have:,} were expected; not the right file"
        )
    name = part.name.removesuffix(".part")
    with output_errors(part):
        file = part.open("ab" if have else "wb")
    with file:
        while have <= num_bytes:
            chunk = answer.read1(min(_CHUNK, num_bytes + 1 - have))
            if not chunk:
                return
            with output_errors(part):
                file.write(chunk)
                file.flush()  # here, and not when it is closed: an error then would not say what was written
            watch.count(len(chunk))
            have += len(chunk)
            if report is not None:
                report(Progress(stage=f"downloading {name}", done=min(have, num_bytes), total=num_bytes, unit="bytes"))
    part.unlink()
    raise DataError(f"`{url}` sends more than the {num_bytes:,} bytes expected; not the right file")


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
