"""Answers of a data source over HTTP, from a server that says whatever an input tells it to say."""

import hashlib
import socket
import threading
import time
from functools import cache
from pathlib import Path

from target import Target, refused

CONTENT = bytes(index * 7 % 251 for index in range(3000))
_NEXT, _STALL, _ENDLESS, _BASE = b"<NEXT>", b"<STALL>", b"<ENDLESS>", b"<BASE>"
_TIMEOUT = 0.15  # seconds; a stall is longer
_MOST_CONNECTIONS = 60


class Server:
    """Answers the n-th connection with the n-th part of the input; the last one again and again."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.answers: list[bytes] = [b""]
        self.connections = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def begin(self, data: bytes) -> None:
        """Takes the answers of one case."""
        self.answers = data.replace(_BASE, self.url.encode()).split(_NEXT)
        self.connections = 0

    def _serve(self) -> None:
        while True:
            connection, _ = self.listener.accept()
            answer = self.answers[min(self.connections, len(self.answers) - 1)]
            self.connections += 1
            threading.Thread(target=_answer, args=(connection, answer), daemon=True).start()


def _answer(connection: socket.socket, answer: bytes) -> None:
    try:
        with connection:
            connection.settimeout(2)
            connection.recv(65536)
            before, endless, _ = answer.partition(_ENDLESS)
            for index, piece in enumerate(before.split(_STALL)):
                if index:
                    time.sleep(_TIMEOUT * 2)
                connection.sendall(piece)
            while endless:
                connection.sendall(bytes(65536))
            connection.shutdown(socket.SHUT_WR)
            connection.recv(65536)
    except OSError:
        pass


@cache
def _server() -> Server:
    return Server()


def run(data: bytes, scratch: Path) -> str:
    """Downloads from the server; there is the right file at the end, or a refusal and no file."""
    from diabolo.data.download import download
    from diabolo.errors import DataError

    server = _server()
    server.begin(data)
    target = scratch / "data.bin"
    part = scratch / "data.bin.part"
    md5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
    started = time.monotonic()
    try:
        download(f"{server.url}/data.bin", target, num_bytes=len(CONTENT), md5=md5, timeout=_TIMEOUT, num_tries=3)
        assert target.read_bytes() == CONTENT, "another file was taken for the right one"
        outcome = "downloaded"
    except DataError as error:
        assert not target.exists(), "a refusal, and yet a file"
        outcome = refused(error)
    finally:
        length = part.stat().st_size if part.exists() else 0
        target.unlink(missing_ok=True)
        part.unlink(missing_ok=True)
    assert length <= len(CONTENT) + 1, f"{length} bytes were kept of a file that has {len(CONTENT)}"
    assert server.connections <= _MOST_CONNECTIONS, f"{server.connections} connections for one file"
    assert time.monotonic() - started < 60, "held up for a minute"
    return outcome


def _seeds() -> list[bytes]:
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n" + CONTENT
    half = b"HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n" + CONTENT[:1500]
    rest = b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 1500-2999/3000\r\n\r\n" + CONTENT[1500:]
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nbb8\r\n" + CONTENT + b"\r\n0\r\n\r\n"
    moved = b"HTTP/1.1 302 Found\r\nLocation: <BASE>/other\r\n\r\n"
    return [
        whole,
        half + _NEXT + rest,
        half + _NEXT + b"HTTP/1.1 416 Range Not Satisfiable\r\n\r\n" + _NEXT + whole,
        chunked,
        moved,  # in a circle
        moved + _NEXT + whole,
        b"HTTP/1.1 302 Found\r\nLocation: file:///etc/hostname\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n" + _ENDLESS,
        b"HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n" + bytes(3000),
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + CONTENT[:100],
        half + _STALL + CONTENT[1500:],
        b"HTTP/1.1 404 Not Found\r\n\r\n",
        b"",
    ]


TARGET = Target(
    name="responses",
    about="HTTP answers of the data sources",
    seeds=_seeds,
    run=run,
    modules=("diabolo.data.download",),
    words=(
        _NEXT,
        _ENDLESS,
        _STALL,
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 206 Partial Content\r\n",
        b"HTTP/1.1 301 Moved\r\n",
        b"HTTP/1.1 416 Range\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Length: 3001\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Content-Encoding: gzip\r\n",
        b"Location: <BASE>/x\r\n",
        b"ffffffffffffffff\r\n",
        b"Location: file:///etc/passwd\r\n",
        b"Location: http://[::1\r\n",
        b"Location: ftp://127.0.0.1:1/x\r\n",
        b"Content-Range: bytes 0-2999/3000\r\n",
        b"Content-Range: bytes 1500-9/*\r\n",
        b"\r\n\r\n",
        b"X: y\r\n" * 101,
        CONTENT[:500],
        b"\x00" * 300,
    ),
)
