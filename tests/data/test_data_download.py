"""Downloads: resumed, bounded, checked; against a server that behaves well or badly."""

import contextlib
import hashlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from data_builders import Server

from diabolo.data.dataset import Progress
from diabolo.data.download import download
from diabolo.errors import DataError, OutputError


def fetch(server: Server, manner: str, target: Path, **options: object) -> Path:
    content = server.content
    settings = {"num_bytes": len(content), "md5": hashlib.md5(content).hexdigest(), "timeout": 3.0} | options
    return download(server.url(manner), target, **settings)  # type: ignore[arg-type]


def test_plain(server: Server, tmp_path: Path) -> None:
    seen: list[Progress] = []
    target = fetch(server, "good", tmp_path / "a" / "tiny.tar.gz", report=seen.append)
    assert target.read_bytes() == server.content
    assert [path.name for path in target.parent.iterdir()] == ["tiny.tar.gz"]
    assert (seen[-1].done, seen[-1].total, seen[-1].unit) == (len(server.content), len(server.content), "bytes")
    fetch(server, "good", target)
    assert len(server.requests) == 1  # what is there and right is not fetched again


def test_goes_on_after_a_cut(server: Server, tmp_path: Path) -> None:
    assert fetch(server, "cut", tmp_path / "f").read_bytes() == server.content
    assert [asked for _, asked in server.requests] == [None, "bytes=150000-"]
    assert server.sent == len(server.content)


def test_goes_on_from_an_earlier_run(server: Server, tmp_path: Path) -> None:
    (tmp_path / "f.part").write_bytes(server.content[:100_000])
    assert fetch(server, "good", tmp_path / "f").read_bytes() == server.content
    assert server.requests[0][1] == "bytes=100000-"


@pytest.mark.parametrize("manner", ["norange", "shift", "refuse"])
def test_servers_that_cannot_go_on(server: Server, tmp_path: Path, manner: str) -> None:
    assert fetch(server, manner, tmp_path / "f").read_bytes() == server.content
    assert server.requests[1][1] == "bytes=150000-"


def test_a_damaged_part_is_fetched_afresh(server: Server, tmp_path: Path) -> None:
    (tmp_path / "f.part").write_bytes(b"x" * 100_000)
    assert fetch(server, "good", tmp_path / "f").read_bytes() == server.content
    assert [asked for _, asked in server.requests] == ["bytes=100000-", None]


def test_a_part_that_is_too_long_is_dropped(server: Server, tmp_path: Path) -> None:
    (tmp_path / "f.part").write_bytes(bytes(len(server.content) + 5))
    assert fetch(server, "good", tmp_path / "f").read_bytes() == server.content


@pytest.mark.parametrize(
    ("manner", "message"),
    [
        ("missing", "answered 404 Not Found"),
        ("circle", "redirects in a circle"),
        ("wrong", "wrong md5"),
        ("short", "were expected; not the right file"),
    ],
)
def test_bad_answers(server: Server, tmp_path: Path, manner: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        fetch(server, manner, tmp_path / "f")
    assert not (tmp_path / "f").exists()


def test_an_endless_stream_is_left(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="sends more than"):
        fetch(server, "endless", tmp_path / "f")
    assert list(tmp_path.iterdir()) == []
    server.http.shutdown()
    assert server.sent < 20_000_000  # what lay in socket buffers, not the 50 MB that it would send


def test_a_stall_ends_and_keeps_what_came(server: Server, tmp_path: Path) -> None:
    started = time.monotonic()
    with pytest.raises(DataError, match=r"150,000 of .*\(no answer in time\); the next try goes on from there"):
        fetch(server, "stall", tmp_path / "f", timeout=0.4, num_tries=1)
    assert time.monotonic() - started < 5
    assert (tmp_path / "f.part").stat().st_size == 150_000


def test_nobody_listens(server: Server, tmp_path: Path) -> None:
    url = server.url("good")
    server.close()
    with pytest.raises(DataError, match="cannot be reached: connection refused"):
        download(url, tmp_path / "f", num_bytes=1, md5="")


def test_no_such_host_is_quick(tmp_path: Path) -> None:
    started = time.monotonic()
    with pytest.raises(DataError, match="was not found"):
        download("https://data.invalid/x", tmp_path / "f", num_bytes=1, md5="", timeout=2)
    assert time.monotonic() - started < 4


@pytest.mark.parametrize("url", ["file:///etc/hostname", "ftp://127.0.0.1/x"])
def test_only_http(tmp_path: Path, url: str) -> None:
    with pytest.raises(DataError, match="only http and https"):
        download(url, tmp_path / "f", num_bytes=1, md5="")


def test_a_file_where_the_folder_should_be(server: Server, tmp_path: Path) -> None:
    (tmp_path / "blocked").write_text("")
    with pytest.raises(OutputError, match="cannot write"):
        fetch(server, "good", tmp_path / "blocked" / "f")


@pytest.mark.parametrize("manner", ["endless-redirect", "redirect-file", "redirect-ftp"])
def test_redirects_without_end_or_to_another_protocol(tmp_path: Path, manner: str) -> None:
    """The body of a redirect is never read: one without end filled 23 GB of memory when fuzzing found it."""
    place = {"endless-redirect": "/other", "redirect-file": "file:///etc/hostname", "redirect-ftp": "ftp://127.0.0.1/x"}
    sent = 0
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        nonlocal sent
        for number in range(2):
            connection, _ = listener.accept()
            with connection, contextlib.suppress(OSError):
                connection.recv(65536)
                status = "302 Found" if number == 0 else "404 Not Found"
                connection.sendall(f"HTTP/1.1 {status}\r\nLocation: {place[manner]}\r\n\r\n".encode())
                while number == 0 and sent < 200_000_000:
                    connection.sendall(bytes(65536))
                    sent += 65536

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/x"
    message = "answered 404" if manner == "endless-redirect" else "only http and https can be fetched"
    with pytest.raises(DataError, match=message):
        download(url, tmp_path / "f", num_bytes=10, md5="", timeout=3)
    assert sent < 20_000_000


DRIPPING = {
    "the head": (b"", [b"H"]),
    "answers before the answer": (b"", [b"HTTP/1.1 100 Continue\r\n\r\n"]),
    "lines of the head": (b"HTTP/1.1 200 OK\r\n", [b"X: y\r\n"]),
    "the body": (b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n", [b"x"]),
    "the length of a chunk": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", [b"0"]),
    "a redirect": (b"HTTP/1.1 302 Found\r\nLocation: /x\r\n", [b"X: y\r\n"]),
}


@contextlib.contextmanager
def dripping(start: bytes, pieces: list[bytes], pause: float) -> Iterator[str]:
    """A server that sends the start at once and then a piece now and then, without end; its address."""
    over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def answer(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.recv(65536)
            connection.sendall(start)
            while not over.wait(pause):
                for piece in pieces:
                    connection.sendall(piece)

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/x"
    finally:
        over.set()
        listener.close()


@pytest.mark.parametrize("what", DRIPPING)
def test_a_server_that_drips_cannot_hold_a_download(tmp_path: Path, what: str) -> None:
    """Each byte starts the time limit of a read anew: 10,000 bytes, one every 50 ms, would take eight minutes."""
    started = time.monotonic()
    with dripping(*DRIPPING[what], pause=0.05) as url, pytest.raises(DataError) as caught:
        download(url, tmp_path / "f", num_bytes=10_000, md5="", timeout=0.4)
    assert "it sends less than 4,096 bytes a second" in str(caught.value)
    assert time.monotonic() - started < 10  # 1.2 s of dripping; the rest is for a busy machine
    assert "diabolo-download" not in {thread.name for thread in threading.enumerate()}


def test_lines_without_end_after_the_last_chunk(tmp_path: Path) -> None:
    """They are sent at full speed, and are no bytes of the file: it is whole by then, and taken."""
    content = bytes(range(200))
    start = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nc8\r\n" + content + b"\r\n0\r\n"
    with dripping(start, [b"X: y\r\n" * 1000], pause=0.001) as url:
        download(url, tmp_path / "f", num_bytes=200, md5=hashlib.md5(content).hexdigest(), timeout=0.4)
    assert (tmp_path / "f").read_bytes() == content


def test_a_slow_line_is_no_dripping_server(tmp_path: Path) -> None:
    """Some 40 KB a second over two spans of the watch."""
    content = bytes(100_000)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listener.accept()[0] as connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            for _ in range(50):
                time.sleep(0.05)
                connection.sendall(content[:2000])

    threading.Thread(target=serve, daemon=True).start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/x"
    md5 = hashlib.md5(content).hexdigest()
    download(url, tmp_path / "f", num_bytes=100_000, md5=md5, timeout=0.4, num_tries=1)
    assert (tmp_path / "f").read_bytes() == content


def test_a_length_in_odd_digits(tmp_path: Path) -> None:
    """Found by fuzzing: `³` is a digit for Python, and no number."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listener.accept()[0] as connection:
            connection.recv(65536)
            connection.sendall("HTTP/1.1 200 OK\r\nContent-Length: ³000\r\n\r\n".encode("latin-1") + bytes(3000))

    threading.Thread(target=serve, daemon=True).start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/x"
    md5 = hashlib.md5(bytes(3000)).hexdigest()
    assert download(url, tmp_path / "f", num_bytes=3000, md5=md5, timeout=3).read_bytes() == bytes(3000)


@pytest.mark.parametrize("status", ["404 Not Found", "500 Oh no", "416 Range Not Satisfiable"])
def test_an_error_without_a_body(tmp_path: Path, status: str) -> None:
    """Python closes such an answer by itself; fuzzing found that leaving it then was an error of its own."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for _ in range(4):
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())

    threading.Thread(target=serve, daemon=True).start()
    with pytest.raises(DataError, match=r"/x` (answered|gave)"):
        download(f"http://127.0.0.1:{listener.getsockname()[1]}/x", tmp_path / "f", num_bytes=10, md5="", timeout=3)
