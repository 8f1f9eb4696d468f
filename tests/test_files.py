"""Atomic writing under real failures: each one is caused, none is simulated."""

import errno
import os
import resource
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from diabolo.errors import OutputError
from diabolo.files import atomic_path, make_folder, output_errors, write_array, write_text


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """A file with content, alone in its folder."""
    path = tmp_path / "folder" / "report.html"
    write_text(path, "old")
    return path


def untouched(target: Path) -> bool:
    """The target has its old content, and nothing lies beside it."""
    return target.read_text() == "old" and list(target.parent.iterdir()) == [target]


def test_text_is_written_as_it_is_and_folders_are_made(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b" / "text.txt"
    write_text(target, "σ\r\n×\n")
    assert target.read_bytes() == "σ\r\n×\n".encode()
    assert list(target.parent.iterdir()) == [target]


def test_the_temporary_file_lies_beside_the_target_and_keeps_its_suffix(target: Path) -> None:
    with atomic_path(target) as temporary:
        assert temporary.parent == target.parent
        assert temporary.suffix == ".html"
        assert temporary.name.startswith(".report-")
        temporary.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"
    assert not temporary.exists()


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit, FileNotFoundError])
def test_a_block_that_fails_leaves_the_target_as_it_was(target: Path, error: type[BaseException]) -> None:
    def write_half() -> None:
        with atomic_path(target) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(error):
        write_half()
    assert untouched(target)


def test_a_full_disk(target: Path) -> None:
    """/dev/full refuses every byte with ENOSPC, for root as well, as a full disk does."""

    def fill() -> None:
        with atomic_path(target), Path("/dev/full").open("wb", buffering=0) as full:
            full.write(b"x")

    with pytest.raises(OutputError, match=r"the disk is full.*nothing was half-written") as caught:
        fill()
    assert f"cannot write `{target}`" in str(caught.value)
    assert isinstance(caught.value.__cause__, OSError)
    assert untouched(target)


def test_a_write_that_breaks_off_in_the_middle(target: Path) -> None:
    """A limit on the size of files, in a process of its own: the first 4 KiB are written, then the system refuses."""
    program = (
        "import resource, sys; from pathlib import Path; from diabolo.files import write_text\n"
        "from diabolo.errors import OutputError\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "try: write_text(Path(sys.argv[1]), 'x' * 100_000)\n"
        "except OutputError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(target)], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"cannot write `{target}`: the file is larger than the system lets")
    assert untouched(target)
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 4096


@pytest.mark.parametrize("num_bytes", [8_100, 12_000, 200_000])
def test_an_array_for_which_there_is_too_little_room(target: Path, num_bytes: int) -> None:
    """A limit of 8 KiB, of which the header takes 128; `numpy.save` leaves 8,192 bytes of 8,228 and says nothing."""
    program = (
        "import resource, sys; import numpy as np; from pathlib import Path; from diabolo.files import write_array\n"
        "from diabolo.errors import OutputError\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))\n"
        "try: write_array(Path(sys.argv[1]), np.ones(int(sys.argv[2]), np.uint8))\n"
        "except OutputError as error: print(error)\n"
    )
    command = [sys.executable, "-c", program, str(target), str(num_bytes)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"cannot write `{target}`: the file is larger than the system lets")
    assert untouched(target)


@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (5, 7), (300_001,)])
def test_arrays_are_those_that_were_written(tmp_path: Path, shape: tuple[int, ...]) -> None:
    array = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    write_array(tmp_path / "a.npy", array)
    write_array(tmp_path / "b.npy", np.asarray(array).T)
    assert np.array_equal(np.load(tmp_path / "a.npy"), array)
    assert np.array_equal(np.load(tmp_path / "b.npy"), array.T)
    with pytest.raises(ValueError, match="pickle"):
        write_array(tmp_path / "c.npy", np.array([object()]))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npy", "b.npy"]


def test_a_folder_that_takes_no_files() -> None:
    with pytest.raises(OutputError, match=r"cannot write `/proc/report\.html`: its folder takes no files"):
        write_text(Path("/proc/report.html"), "new")


def test_a_folder_that_cannot_be_made() -> None:
    """/proc takes no new folders from anybody, root included; Linux says that they do not exist."""
    target = Path("/proc/diabolo/report.html")
    with pytest.raises(OutputError, match=r"cannot write `/proc/diabolo/report\.html`: its folder cannot be made"):
        write_text(target, "new")
    with pytest.raises(OutputError, match=r"cannot write `/proc/diabolo/report\.html`"):
        make_folder(target)


def test_a_folder_without_permission(target: Path) -> None:
    """As root the permission bits bind nobody, so the writer gives its rights up first, in a process of its own."""
    target.parent.chmod(0o555)
    program = (
        "import os, sys; from pathlib import Path; from diabolo.files import write_text\n"
        "from diabolo.errors import OutputError\n"
        "if os.getuid() == 0: os.setgid(65534); os.setuid(65534)\n"
        "try: write_text(Path(sys.argv[1]), 'new')\n"
        "except OutputError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(target)], capture_output=True, text=True, check=True)
    target.parent.chmod(0o755)
    assert "no permission to write there; choose another folder" in done.stdout
    assert untouched(target)


def test_a_path_through_a_file(target: Path) -> None:
    with pytest.raises(OutputError, match="something on that path is not what it should be"):
        write_text(target / "inside" / "report.html", "new")
    with pytest.raises(OutputError, match="something on that path is not what it should be"):
        make_folder(target)
    assert untouched(target)


def test_a_folder_where_the_file_should_be(target: Path) -> None:
    with pytest.raises(OutputError, match="something on that path"):
        write_text(target.parent, "new")
    assert untouched(target)
    assert [path.name for path in target.parent.parent.iterdir()] == ["folder"]


@pytest.mark.parametrize("device", ["/dev/null", "pipe"])
def test_devices_and_pipes_are_never_replaced(tmp_path: Path, device: str) -> None:
    path = Path(device)
    if device == "pipe":
        path = tmp_path / "pipe"
        os.mkfifo(path)
    mode = path.stat().st_mode
    with pytest.raises(OutputError, match="a device or a pipe; choose an ordinary file"):
        write_text(path, "new")
    assert path.stat().st_mode == mode


def test_names_that_are_too_long(tmp_path: Path) -> None:
    write_text(tmp_path / f"{'a' * 250}.txt", "new")
    with pytest.raises(OutputError, match="the name is too long"):
        write_text(tmp_path / f"{'a' * 252}.txt", "new")
    assert [path.name for path in tmp_path.iterdir()] == [f"{'a' * 250}.txt"]


def test_a_link_stays_and_the_file_that_it_leads_to_is_written(target: Path, tmp_path: Path) -> None:
    link, dangling = tmp_path / "latest.html", tmp_path / "later.html"
    link.symlink_to(target)
    dangling.symlink_to(tmp_path / "not" / "there.html")
    write_text(link, "new")
    write_text(dangling, "made")
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert (tmp_path / "not" / "there.html").read_text() == "made"


def test_links_in_a_circle(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.symlink_to(two)
    two.symlink_to(one)
    with pytest.raises(OutputError, match="links on that path lead in a circle"):
        write_text(one, "new")
    assert one.is_symlink()


def test_permissions_are_those_of_the_replaced_file_or_what_the_umask_leaves(target: Path) -> None:
    target.chmod(0o600)
    write_text(target, "new")
    assert target.stat().st_mode & 0o777 == 0o600
    before = os.umask(0o027)
    try:
        write_text(target.with_name("fresh.html"), "new")
    finally:
        os.umask(before)
    assert target.with_name("fresh.html").stat().st_mode & 0o777 == 0o640


def test_many_writers_at_once_leave_one_whole_file_and_the_umask_alone(target: Path) -> None:
    before = os.umask(0o022)
    texts = [f"{number}" * 50_000 for number in range(8)]
    seen: set[str] = set()
    try:
        writers = [threading.Thread(target=lambda t=t: [write_text(target, t) for _ in range(10)]) for t in texts]
        for writer in writers:
            writer.start()
        while any(writer.is_alive() for writer in writers):
            seen.add(target.read_text())
        for writer in writers:
            writer.join()
    finally:
        assert os.umask(before) == 0o022
    assert seen <= {"old", *texts}
    assert target.read_text() in texts
    assert list(target.parent.iterdir()) == [target]


def test_two_blocks_open_at_once_and_the_last_one_closed_wins(target: Path) -> None:
    with atomic_path(target) as outer:
        with atomic_path(target) as inner:
            assert inner != outer
            inner.write_text("inner")
        assert target.read_text() == "inner"
        outer.write_text("outer")
    assert target.read_text() == "outer"


def test_errors_about_files_elsewhere_pass_unchanged(target: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "images").mkdir()
    with pytest.raises(IsADirectoryError), atomic_path(target):
        (source / "images").read_bytes()
    with pytest.raises(ConnectionRefusedError), output_errors(target):
        raise ConnectionRefusedError(errno.ECONNREFUSED, "refused")
    assert untouched(target)
