"""Small data sets in the real file formats, and an HTTP server that misbehaves on request."""

import contextlib
import hashlib
import io
import json
import struct
import tarfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
from PIL import Image

from diabolo.data.catalogue import ArchiveSource, CatalogueEntry, NpmSource

SHAPE = (32, 32, 3)
ROWS = 30  # images a batch
BATCHES = ("tiny-batches-py/data_batch_1", "tiny-batches-py/data_batch_2")
TEST_BATCH = "tiny-batches-py/test_batch"


def tiny_parts(seed: int = 7) -> dict[str, np.ndarray]:
    draw = np.random.default_rng(seed)
    return {
        "train": draw.integers(0, 256, (2 * ROWS, *SHAPE), dtype=np.uint8),
        "test": draw.integers(0, 256, (ROWS, *SHAPE), dtype=np.uint8),
        "train_labels": draw.integers(0, 10, 2 * ROWS, dtype=np.uint8),
        "test_labels": draw.integers(0, 10, ROWS, dtype=np.uint8),
    }


def short_string(text: bytes) -> bytes:
    return b"U" + bytes([len(text)]) + text


def batch_pickle(images: np.ndarray, labels: np.ndarray, label_key: bytes = b"labels") -> bytes:
    """A batch as Python 2 and numpy wrote it for the real archive: protocol 2, byte strings, the three globals."""
    rows = images.transpose(0, 3, 1, 2).reshape(len(images), -1)
    data = rows.tobytes()
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\nq\x06cnumpy\nndarray\nq\x07K\x00\x85q\x08" + short_string(b"b")
        + b"\x87q\x09Rq\x0a(K\x01" + b"J" + struct.pack("<i", rows.shape[0]) + b"M" + struct.pack("<H", rows.shape[1])
        + b"\x86q\x0bcnumpy\ndtype\nq\x0c" + short_string(b"u1") + b"K\x00K\x01\x87q\x0dRq\x0e(K\x03"
        + short_string(b"|") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T" + struct.pack("<i", len(data))
        + data + b"tb"
    )  # fmt: skip
    numbers = b"]q\x05(" + b"".join(b"K" + bytes([label]) for label in labels.tolist()) + b"e"
    return (
        b"\x80\x02}q\x01(" + short_string(b"batch_label") + short_string(b"batch 1 of 2")
        + short_string(label_key) + numbers + short_string(b"data") + array
        + short_string(b"filenames") + b"](" + short_string(b"one.png") + short_string(b"two.png") + b"eu."
    )  # fmt: skip


def tiny_members(parts: dict[str, np.ndarray]) -> dict[str, bytes]:
    first, second = np.split(parts["train"], 2)
    first_labels, second_labels = np.split(parts["train_labels"], 2)
    return {
        BATCHES[0]: batch_pickle(first, first_labels),
        BATCHES[1]: batch_pickle(second, second_labels),
        TEST_BATCH: batch_pickle(parts["test"], parts["test_labels"]),
    }


def tar_of(members: dict[str, bytes], links: dict[str, str] | None = None) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=1) as tar:
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            tar.addfile(info)
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def npm_package(parts: dict[str, np.ndarray]) -> bytes:
    def png(images: np.ndarray) -> bytes:
        buffer = io.BytesIO()
        Image.fromarray(images.reshape(len(images), -1, 3)).save(buffer, "PNG")
        return buffer.getvalue()

    first, second = np.split(parts["train"], 2)
    return tar_of(
        {
            "package/package.json": b"{}",
            "package/data_batch_1.png": png(first),
            "package/data_batch_2.png": png(second),
            "package/test_batch.png": png(parts["test"]),
            "package/train_lables.json": json.dumps(parts["train_labels"].tolist()).encode(),
            "package/test_lables.json": json.dumps(parts["test_labels"].tolist()).encode(),
        }
    )


def tiny_entry(
    url: str | None,
    archive: bytes,
    parts: dict[str, np.ndarray],
    *,
    npm: bool = False,
    sample: bool = False,
    probe_seconds: float = 15.0,
    digests: bool = True,
) -> CatalogueEntry:
    sources: list[ArchiveSource | NpmSource] = []
    if url is not None:
        sources.append(
            ArchiveSource(
                url=url,
                md5=hashlib.md5(archive).hexdigest(),
                num_bytes=len(archive),
                train_members=BATCHES,
                test_members=(TEST_BATCH,),
                label_key=b"labels",
            )
        )
    if npm:
        sources.append(
            NpmSource(
                package="tiny",
                version="1.0.0",
                train_members=("data_batch_1.png", "data_batch_2.png"),
                test_members=("test_batch.png",),
                train_labels="train_lables.json",
                test_labels="test_lables.json",
                probe_seconds=probe_seconds,
            )
        )
    return CatalogueEntry(
        name="tiny",
        description="random pixels",
        num_train=2 * ROWS,
        num_test=ROWS,
        image_shape=SHAPE,
        licence="none",
        citation="none",
        sources=tuple(sources),
        digests={part: hashlib.sha256(array.tobytes()).hexdigest() for part, array in parts.items()} if digests else {},
        sample="sample" if sample else None,
    )


class Server:
    """Serves one file under several paths, each with its own manners; remembers what it was asked."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.requests: list[tuple[str, str | None]] = []  # path and Range header
        self.sent = 0  # body bytes
        self.go_on = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.requests.append((self.path, self.headers.get("Range")))
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    outer.answer(self)
                self.close_connection = True

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.http.server_port}/{path}/tiny.tar.gz"

    def close(self) -> None:
        self.go_on.set()
        self.http.shutdown()
        self.http.server_close()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        manner = handler.path.split("/")[1]
        start = int((handler.headers.get("Range") or "bytes=0-").removeprefix("bytes=").split("-")[0])
        if manner == "norange":
            start = 0
        body = self.content[start:]
        if manner == "missing":
            handler.send_error(404)
            return
        if manner == "circle":
            handler.send_response(302)
            handler.send_header("Location", handler.path)
            handler.end_headers()
            return
        if manner == "refuse" and start:
            handler.send_error(416)
            return
        if manner == "shift" and start:  # pretends to go on elsewhere
            start, body = start - 10, self.content[start - 10 :]
        if manner == "wrong":
            body = bytes(len(body))
        if manner == "short":
            body = body[:-1000]
        handler.send_response(206 if start else 200)
        if start:
            total = len(self.content)
            handler.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        if manner != "endless":
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if manner == "endless":
            while self.sent < 50_000_000:
                self.send(handler, bytes(65536))
        elif manner in ("cut", "norange", "shift", "refuse") and len(self.requests) == 1:
            self.send(handler, body[:150_000])  # and hangs up
        elif manner == "stall":
            self.send(handler, body[:150_000])
            self.go_on.wait(20)
        elif manner == "slow":
            for place in range(0, len(body), 50_000):
                self.send(handler, body[place : place + 50_000])
                time.sleep(0.1)
        else:
            self.send(handler, body)

    def send(self, handler: BaseHTTPRequestHandler, content: bytes) -> None:
        self.sent += len(content)  # before: the client may have it all, and its test look, before the write returns
        handler.wfile.write(content)


def write_file(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path
