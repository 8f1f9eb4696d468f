"""A cache that was verified once is not hashed at each start, and every change to it is still found."""

import os
from pathlib import Path

import pytest
from data_builders import Server, tiny_entry

from diabolo.data import cache as cache_module
from diabolo.data import get, stamps, verify
from diabolo.data.archive import Parts
from diabolo.data.catalogue import CatalogueEntry


@pytest.fixture
def entry(server: Server, archive: bytes, parts: Parts, monkeypatch: pytest.MonkeyPatch) -> CatalogueEntry:
    monkeypatch.setattr(stamps, "_SETTLED", 0.0)
    return tiny_entry(server.url("good"), archive, parts)


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Bytes of each array that was hashed in the cache."""
    sizes: list[int] = []
    digest = cache_module.bytes_digest

    def counted(array: object) -> str:
        sizes.append(array.nbytes)
        return digest(array)

    monkeypatch.setattr(cache_module, "bytes_digest", counted)
    return sizes


def test_the_second_load_hashes_nothing_and_verify_hashes_all(
    entry: CatalogueEntry, cache: Path, hashed: list[int]
) -> None:
    get(entry, cache_folder=cache)
    hashed.clear()
    digest = get(entry, cache_folder=cache).digest
    assert len(hashed) == 4
    assert (cache / "tiny" / "verified.json").exists()
    hashed.clear()
    assert get(entry, cache_folder=cache).digest == digest
    assert not hashed
    assert verify(entry, cache_folder=cache).is_good
    assert len(hashed) == 4


@pytest.mark.parametrize("hides", [False, True], ids=["plainly", "with its old time put back"])
def test_a_flipped_bit_is_found_in_spite_of_the_stamp(
    entry: CatalogueEntry, cache: Path, hashed: list[int], hides: bool
) -> None:
    for _ in range(2):
        get(entry, cache_folder=cache)
    path = cache / "tiny" / "train.npy"
    before = path.stat()
    with path.open("r+b") as file:
        file.seek(5000)
        byte = file.read(1)
        file.seek(5000)
        file.write(bytes([byte[0] ^ 1]))
    if hides:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    hashed.clear()
    dataset = get(entry, cache_folder=cache)
    assert hashed, "the file is not as it was, so it was hashed"
    assert dataset.source == "official archive"
    assert "train.npy has changed (wrong sha256); fetched again" in dataset.notes[0]


def test_verify_trusts_no_stamp(entry: CatalogueEntry, cache: Path) -> None:
    """A stamp that is true of the file and false of its bytes, as after a disk forgot a bit."""
    for _ in range(2):
        get(entry, cache_folder=cache)
    path = cache / "tiny" / "train.npy"
    content = bytearray(path.read_bytes())
    content[5000] ^= 1
    path.write_bytes(content)
    found = stamps.read_stamps(cache / "tiny")
    forged = {part: {**stamp, **stamps.look_at(cache / "tiny" / f"{part}.npy")} for part, stamp in found.items()}
    digests = {part: stamp["sha256"] for part, stamp in found.items()}
    stamps.write_stamps(
        cache / "tiny", {part: stamps.look_at(cache / "tiny" / f"{part}.npy") for part in forged}, digests
    )
    assert get(entry, cache_folder=cache).source == "cache"
    assert [check.part for check in verify(entry, cache_folder=cache).parts if check.problem] == ["train"]


def test_a_file_that_is_too_young_gets_no_stamp(
    server: Server, archive: bytes, parts: Parts, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stamps, "_SETTLED", 1000.0)
    young = tiny_entry(server.url("good"), archive, parts)
    for _ in range(2):
        get(young, cache_folder=cache)
    assert not (cache / "tiny" / "verified.json").exists()


@pytest.mark.parametrize("content", ["{", "[]", '{"train": 3}', '{"train": {"sha256": "0"}}'])
def test_a_damaged_stamp_is_no_stamp(entry: CatalogueEntry, cache: Path, content: str, hashed: list[int]) -> None:
    for _ in range(2):
        get(entry, cache_folder=cache)
    (cache / "tiny" / "verified.json").write_text(content)
    hashed.clear()
    assert get(entry, cache_folder=cache).source == "cache"
    assert len(hashed) == 4


def test_a_cache_that_cannot_be_written_is_read_all_the_same(
    entry: CatalogueEntry, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from diabolo.errors import OutputError

    get(entry, cache_folder=cache)

    def refuse(path: Path, text: str) -> None:
        raise OutputError("no permission")

    monkeypatch.setattr(stamps, "write_text", refuse)
    assert get(entry, cache_folder=cache).source == "cache"
