"""Fetches one file over HTTP: goes on where an earlier try stopped, never reads more than expected, checks the md5."""

import contextlib
import hashlib
import http.client
import io
import re
import socket
import threading
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from diabolo.data.dataset import Progress, Report
from diabolo.errors import DataError
from diabolo.files import make_folder, output_errors

_CHUNK = 1 << 18  # bytes
_BROKEN = (http.client.HTTPException, ConnectionError, TimeoutError)


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
        timeout: seconds to wait for a connection, or for the next bytes.
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
        try:
            with contextlib.closing(_open(url, have, timeout)) as answer:
                _receive(url, answer, part, have, num_bytes, report)
        except _BROKEN as error:
            last = _reason(error)
        if part.exists() and part.stat().st_size == num_bytes:
            return
        now = part.stat().st_size if part.exists() else 0
        if now == 0 and have > 0:  # what was there was of no use: once more from the start
            continue
        if now <= have:  # nothing gained: trying on would only wait
            break
        last = f"the connection broke off ({last})" if last != "it sent nothing" else "the connection broke off"
    have = part.stat().st_size if part.exists() else 0
    raise DataError(f"`{url}` gave {have:,} of {num_bytes:,} bytes: {last}; the next try goes on from there")


def _open(url: str, have: int, timeout: float) -> Any:
    _resolve(url, timeout)
    request = urllib.request.Request(url, headers={"User-Agent": "diabolo", "Accept-Encoding": "identity"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    try:
        return urllib.request.build_opener(_Redirects).open(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        with contextlib.closing(error):  # not `with error`, which refuses an answer that is closed already
            if error.code == 416:  # what is there does not fit this file: nothing to go on from
                return _Nothing()
        if "infinite loop" in str(error.msg):
            raise DataError(f"`{url}` redirects in a circle") from error
        if "is not allowed" in str(error.msg):
            raise DataError(f"`{url}` redirects elsewhere; only http and https can be fetched") from error
        raise DataError(
            f"`{url}` answered {error.code} {http.client.responses.get(error.code, '')}".rstrip()
        ) from error
    except urllib.error.URLError as error:
        raise DataError(f"`{url}` cannot be reached: {_reason(error.reason)}") from error
    except (*_BROKEN, OSError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"`{url}` cannot be reached: {_reason(error)}") from error


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects to http and https only, and never reads their bodies, which may have no end."""

    def http_error_302(self, req: Any, fp: Any, code: int, msg: str, headers: Any) -> Any:
        fp.close()
        nothing = io.BytesIO()  # the base class reads all that there is
        return super().http_error_302(req, nothing, code, msg, headers)

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        if urllib.parse.urlsplit(newurl).scheme not in ("http", "https"):
            raise DataError(f"`{req.full_url}` redirects elsewhere; only http and https can be fetched")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _Nothing:
    """The answer to a range that the server cannot give."""

    status = 416

    def close(self) -> None:
        """Nothing to close."""


def _receive(url: str, answer: Any, part: Path, have: int, num_bytes: int, report: Report | None) -> None:
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
    if length is not None and length.isdigit() and int(length) != num_bytes - have:
        part.unlink(missing_ok=True)
        raise DataError(
            f"`{url}` has {int(length):,} bytes where {num_bytes - have:,} were expected; not the right file"
        )
    name = part.name.removesuffix(".part")
    with output_errors(part), part.open("ab" if have else "wb") as file:
        while have <= num_bytes:
            chunk = answer.read1(min(_CHUNK, num_bytes + 1 - have))
            if not chunk:
                return
            file.write(chunk)
            have += len(chunk)
            if report is not None:
                report(Progress(stage=f"downloading {name}", done=min(have, num_bytes), total=num_bytes, unit="bytes"))
    part.unlink()
    raise DataError(f"`{url}` sends more than the {num_bytes:,} bytes expected; not the right file")


def _resolve(url: str, timeout: float) -> None:
    """Fails after `timeout` seconds where the system's own name look-up would take minutes to give up."""
    parsed = urllib.parse.urlsplit(url)
    if parsed.scheme not in ("http", "https") or not parsed.hostname:
        raise DataError(f"`{url}`: only http and https addresses can be fetched")
    if parsed.scheme in urllib.request.getproxies():
        return  # the proxy looks the name up
    failures: list[OSError] = []

    def look_up() -> None:
        try:
            socket.getaddrinfo(parsed.hostname, parsed.port or 443)
        except OSError as error:
            failures.append(error)

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(timeout)
    if thread.is_alive() or failures:
        raise DataError(f"`{url}` cannot be reached: the name `{parsed.hostname}` was not found (no network?)")


def _reason(error: object) -> str:
    if isinstance(error, TimeoutError) or "timed out" in str(error):
        return "no answer in time"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error) or type(error).__name__


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
