"""An HTTP connection that nobody can hold up: time limits, a least speed, redirects within http and https only."""

import contextlib
import http.client
import io
import socket
import threading
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from diabolo.errors import DataError

BROKEN = (http.client.HTTPException, OSError)
"""What a connection that breaks off raises: also TLS errors and unreachable networks, which are plain `OSError`s."""
LEAST_SPEED = 4096
"""Bytes a second. A telephone line of 1998 is faster; below it a server is only holding us up."""


class Watch:
    """Ends the connections of one download when too few bytes come; a thread of its own while it is entered.

    A time limit on every read does not do that: each byte that drips starts it anew, and a head, a chunk's length or
    the lines after the last chunk are read within one call however long they are.

    Args:
        seconds: span over which the least speed is asked for; the first one includes the way to the first byte.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.is_over = False
        self._num_bytes = 0
        self._sockets: list[socket.socket] = []
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look, name="diabolo-download", daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._end.set()
        self._thread.join()

    def add(self, connection: socket.socket) -> None:
        """Takes a connection that was made; one that comes too late is ended at once."""
        self._sockets.append(connection)
        if self.is_over:
            self._shut()

    def count(self, num_bytes: int) -> None:
        """Takes account of bytes of the file that came."""
        self._num_bytes += num_bytes

    def reason(self, other: str) -> str:
        """Why a connection ended: the watch, or what else there is."""
        return f"it sends less than {LEAST_SPEED:,} bytes a second" if self.is_over else other

    def _look(self) -> None:
        before = 0
        while not self._end.wait(self.seconds):
            now = self._num_bytes
            if now - before < LEAST_SPEED * self.seconds:
                self.is_over = True
                self._shut()
                return
            before = now

    def _shut(self) -> None:
        for connection in self._sockets:
            with contextlib.suppress(OSError):
                # Of the base class: that of TLS would take the connection apart under the thread that reads from it.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)


class _Http(urllib.request.HTTPHandler):
    """Makes connections that a watch knows."""

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self.watch = watch

    def http_open(self, req: Any) -> Any:
        return self.do_open(_watched(http.client.HTTPConnection, self.watch), req)


class _Https(urllib.request.HTTPSHandler):
    """Makes connections that a watch knows, with the certificates that Python trusts."""

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self.watch = watch

    def https_open(self, req: Any) -> Any:
        return self.do_open(_watched(http.client.HTTPSConnection, self.watch), req)


def _watched(kind: type[http.client.HTTPConnection], watch: Watch) -> Any:
    class Watched(kind):  # type: ignore[misc,valid-type]
        def connect(self) -> None:
            super().connect()
            watch.add(self.sock)

    return Watched


def open_answer(url: str, have: int, timeout: float, watch: "Watch") -> Any:
    """Asks for `url` from byte `have` on, and returns the answer when its head has come; to be closed.

    Args:
        url: http or https.
        have: bytes that are there already.
        timeout: seconds to wait for a connection, or for the next bytes.
        watch: ends the connection where it is too slow.

    Raises:
        DataError: no connection, a redirect elsewhere, or an answer that says no.
    """
    _resolve(url, timeout)
    request = urllib.request.Request(url, headers={"User-Agent": "diabolo", "Accept-Encoding": "identity"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    try:
        return urllib.request.build_opener(_Redirects, _Http(watch), _Https(watch)).open(request, timeout=timeout)
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
    except DataError:
        raise
    except (*BROKEN, ValueError) as error:
        cause = error.reason if isinstance(error, urllib.error.URLError) else error
        raise DataError(f"`{url}` cannot be reached: {watch.reason(reason_of(cause))}") from error


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


def reason_of(error: object) -> str:
    """Why a connection failed or broke off, in a few words."""
    if isinstance(error, TimeoutError) or "timed out" in str(error):
        return "no answer in time"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error) or type(error).__name__
