"""What lies in folders in the wild: links in circles, odd names, folders that cannot be entered, files that vanish."""

import os
import socket
import subprocess
from pathlib import Path

import numpy as np
import pytest
from folder_builders import save_image, save_images
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diabolo.data import Progress, load_data
from diabolo.data.facts import Facts, read_record, write_record
from diabolo.data.listing import list_folder
from diabolo.data.parts import assign_parts
from diabolo.errors import DataError

NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=12)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)


def reasons(folder: Path) -> dict[str, str]:
    return {str(one.path.relative_to(folder)): one.reason for one in list_folder(folder).skipped}


def test_files_of_a_folder_come_before_those_below_it(tmp_path: Path) -> None:
    for name in ("b.png", "a/z.png", "a/b/c.png", "c/a.png", "a.png", ".hidden/x.png", ".x.png"):
        save_image(tmp_path / name)
    assert list_folder(tmp_path).names == ["a.png", "b.png", "a/z.png", "a/b/c.png", "c/a.png"]


def test_links(tmp_path: Path) -> None:
    save_images(tmp_path / "elsewhere", 3)
    folder = tmp_path / "p"
    save_images(folder / "a", 3)
    (folder / "a" / "up").symlink_to(folder)
    (folder / "a" / "self").symlink_to(folder / "a" / "self")
    (folder / "nothing.png").symlink_to(tmp_path / "nowhere")
    (folder / "file.png").symlink_to(tmp_path / "elsewhere" / "000.png")
    (folder / "linked").symlink_to(tmp_path / "elsewhere")
    (folder / "b").mkdir()
    (folder / "b" / "to-c").symlink_to(folder / "c")
    (folder / "c").mkdir()
    (folder / "c" / "to-b").symlink_to(folder / "b")
    names = list_folder(folder).names
    assert names == [
        "file.png",
        *(f"a/{number:03}.png" for number in range(3)),
        *(f"linked/{number:03}.png" for number in range(3)),
    ]
    found = reasons(folder)
    assert found.pop("a/self").startswith("cannot be read (Too many levels of symbolic links")
    assert found == {
        "a/up": "a link to a folder that it lies in",
        "nothing.png": "a link to nothing",
        "b/to-c/to-b": "a link to a folder that it lies in",
        "c/to-b/to-c": "a link to a folder that it lies in",
    }


def test_pipes_and_sockets_are_not_opened(tmp_path: Path) -> None:
    save_images(tmp_path, 3)
    os.mkfifo(tmp_path / "pipe.png")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s.png"))
        assert reasons(tmp_path) == {"pipe.png": "not a file", "s.png": "not a file"}


def test_a_subfolder_that_cannot_be_entered_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "p"
    save_images(folder, 12)
    save_image(folder / "closed" / "x.png")
    scan = os.scandir

    def refuse(path: Path) -> object:
        if Path(path).name in refused:
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    refused = {"closed"}
    monkeypatch.setattr("os.scandir", refuse)  # as root, who may enter everything, cannot see it otherwise
    dataset = load_data(folder)
    assert [(one.path.name, one.reason) for one in dataset.skipped] == [
        ("closed", "folder that cannot be read (Permission denied)")
    ]
    assert "1 of 13 files skipped (closed: folder that cannot be read (Permission denied))" in dataset.notes[1]
    refused = {"p"}
    with pytest.raises(DataError, match=r"p` cannot be read \(Permission denied\); change its permissions"):
        load_data(folder)


def test_names_that_differ_in_case_or_in_unicode_form_are_different_files(tmp_path: Path) -> None:
    pixels = {}
    for number, name in enumerate(("A.png", "a.png", "caf\u00e9.png", "cafe\u0301.png", "\u212b.png", "\u00c5.png")):
        pixels[name] = save_image(tmp_path / "train" / name, value=number)
    if len(list((tmp_path / "train").iterdir())) < 6:
        pytest.skip("this file system takes some of the names for one")
    save_images(tmp_path / "test", 2)
    dataset = load_data(tmp_path)
    assert dataset.train_names is not None
    assert sorted(dataset.train_names) == sorted(f"train/{name}" for name in pixels)
    for name, image in zip(dataset.train_names, dataset.train, strict=True):
        assert np.array_equal(image, pixels[name.removeprefix("train/")])


ODD = ("new\nline.png", "<img src=x onerror=alert(1)>.png", "\x1b[31mred.png", "a b\t.png", "-rf.png", "'\";$(x).png")


@pytest.mark.parametrize("many", [False, True], ids=["memory", "cache"])
def test_odd_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, many: bool) -> None:
    if many:
        monkeypatch.setattr("diabolo.data.folder.MANY_FILES", 1)
    folder = tmp_path / "p"
    save_images(folder / "train", 12)
    for name in (*ODD, os.fsdecode(b"latin-\xe9.png")):
        save_image(folder / "test" / name)
    for name in ("new\nline.txt", "\x1b[31mred.txt", os.fsdecode(b"latin-\xe9.txt")):
        (folder / "train" / name).write_text("x")
    for _ in range(2):
        dataset = load_data(folder)
        assert dataset.test_names is not None
        assert set(dataset.test_names) == {f"test/{name}" for name in (*ODD, os.fsdecode(b"latin-\xe9.png"))}
        shown = " ".join(dataset.notes)
        assert "new\ufffdline.txt: not an image" in shown
        assert shown.isprintable(), "no line end, no escape code, nothing that cannot be encoded"
        shown.encode("utf-8")


def test_folders_a_thousand_deep(tmp_path: Path) -> None:
    here = Path.cwd()
    os.chdir(tmp_path)
    try:
        for _ in range(1500):
            Path("d").mkdir()
            os.chdir("d")
        names = list_folder(tmp_path).names
    finally:
        os.chdir(here)
    assert names == []
    subprocess.run(["rm", "-rf", str(tmp_path / "d")], check=True)  # Python's own removal gives up at this depth


def test_files_that_vanish_between_list_and_look(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    save_images(folder, 30)

    def take_away(progress: Progress) -> None:
        for number in (3, 4):
            (folder / f"{number:03}.png").unlink(missing_ok=True)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("diabolo.data.listing._EVERY", 30)
        dataset = load_data(folder, report=take_away)
    assert [(one.path.name, one.reason) for one in dataset.skipped] == [
        ("003.png", "no such file"),
        ("004.png", "no such file"),
    ]


@settings(suppress_health_check=[HealthCheck.too_slow])  # many names take long to draw on a busy machine
@given(st.lists(PATHS, min_size=60, max_size=120, unique=True), st.lists(PATHS, max_size=60, unique=True))
def test_adding_files_never_moves_old_ones(old: list[str], new: list[str]) -> None:
    before, after = assign_parts("p", old), assign_parts("p", [*old, *(name for name in new if name not in old)])
    if "too few" in before.notes[0] or "too few" in after.notes[0] or any("train" in name for name in (*old, *new)):
        return
    for part in ("train", "validation", "test"):
        assert getattr(before, part) == [number for number in getattr(after, part) if number < len(old)]


@given(st.lists(PATHS, max_size=40, unique=True), st.sampled_from(["", "train/", "Train/"]))
def test_every_image_is_in_one_part_or_outside(names: list[str], prefix: str) -> None:
    names = [f"{prefix}{name}" if number % 2 else name for number, name in enumerate(names)]
    parts = assign_parts("p", names)
    assert sorted([*parts.kept, *parts.outside]) == list(range(len(names)))
    if len(parts.kept) >= 2 and (parts.train or not prefix):
        assert parts.train
        assert parts.test


@given(st.lists(st.tuples(PATHS, st.text(max_size=5), st.integers(-1, 50)), max_size=30, unique_by=lambda one: one[0]))
def test_a_record_gives_back_what_was_written(tmp_path_factory: pytest.TempPathFactory, rows: list) -> None:
    from diabolo.data.listing import Listing

    folder = tmp_path_factory.mktemp("record")
    states = np.random.default_rng(0).integers(0, 1 << 60, (len(rows), 3))
    listing = Listing(
        folder=folder, names=[name for name, _, _ in rows], states=states, skipped=(), taken_ns=(1 << 62) + (1 << 61)
    )
    facts = Facts.none(len(rows))
    for number, (_, reason, row) in enumerate(rows):
        facts.rows[number], facts.checks[number] = row, row + 7
        if reason:
            facts.reasons[number] = reason.replace("\0", " ")
    write_record(folder / "record.npz", listing, facts, {"a": [1, "é"]})
    found = read_record(folder / "record.npz")
    assert found is not None
    record, meta = found
    assert meta == {"a": [1, "é"]}
    assert record.names == listing.names
    again = record.facts_for(listing)
    assert again.reasons == facts.reasons
    assert np.array_equal(again.rows, facts.rows)
    turned = Listing(folder=folder, names=listing.names[::-1], states=states[::-1], skipped=(), taken_ns=0)
    moved = record.facts_for(turned)
    assert np.array_equal(moved.rows, facts.rows[::-1])
    assert {len(rows) - 1 - number: reason for number, reason in moved.reasons.items()} == facts.reasons
