"""Which files a user means: what is there, what is not, and what cannot be reached."""

from pathlib import Path

import pytest
from use_builders import save_image

from diabolo.errors import DataError
from diabolo.use.walk import find_files


def test_files_come_in_the_order_given_and_folders_with_what_is_below(tmp_path: Path) -> None:
    single = save_image(tmp_path / "z.png")
    below = [save_image(tmp_path / "folder" / name) for name in ("a.png", "b/c.png")]
    assert find_files([single, tmp_path / "folder"]) == [single, *below]


def test_what_is_not_there_and_what_is_empty(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"there is no file `.*nowhere`"):
        find_files([tmp_path / "nowhere"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"no files in `.*empty`"):
        find_files([tmp_path / "empty"])


def test_a_file_in_a_folder_that_may_not_be_entered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, closed = save_image(tmp_path / "closed" / "a.png"), tmp_path / "closed"

    def refuse(path: Path, *, follow_symlinks: bool = True) -> object:  # as root, permissions hold nobody up
        if path.parent == closed:
            raise PermissionError(13, "Permission denied", str(path))
        return stat(path, follow_symlinks=follow_symlinks)

    stat = Path.stat
    monkeypatch.setattr(Path, "stat", refuse)
    with pytest.raises(DataError, match=r"a\.png` cannot be reached: no permission to enter a folder on the way"):
        find_files([file])
