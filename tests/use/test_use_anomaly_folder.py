"""Which layouts are known, and which mask belongs to which image."""

from pathlib import Path

import pytest
from score_builders import save, save_defects, save_normal, smooth_image

from diabolo.errors import DataError
from diabolo.use.anomaly_folder import labelled_images, normal_images


def test_good_defect_mask(tmp_path: Path) -> None:
    save_normal(tmp_path / "good", 2)
    save_defects(tmp_path / "defect", tmp_path / "mask", 2)
    save(tmp_path / "defect" / "scratch" / "a.jpg", smooth_image(1))
    save(tmp_path / "mask" / "scratch" / "a_mask.png", smooth_image(1))
    found = labelled_images(tmp_path)
    assert found is not None
    described = [(one.path.name, one.kind, None if one.mask is None else one.mask.name) for one in found]
    assert described == [
        ("0000.png", "good", None),
        ("0001.png", "good", None),
        ("5000.png", "defect", "5000.png"),
        ("5001.png", "defect", "5001.png"),
        ("a.jpg", "scratch", "a_mask.png"),
    ]
    assert normal_images(tmp_path) == tmp_path / "good"


def test_mvtec(tmp_path: Path) -> None:
    save_normal(tmp_path / "train" / "good", 1)
    save_normal(tmp_path / "test" / "good", 1, first=7)
    for kind in ("cut", "hole"):
        save_defects(tmp_path / "test" / kind, tmp_path / "ground_truth" / kind, 1, suffix="_mask")
    found = labelled_images(tmp_path)
    assert found is not None
    assert [(one.path.parent.name, one.kind, one.mask is not None) for one in found] == [
        ("good", "good", False), ("cut", "cut", True), ("hole", "hole", True),
    ]  # fmt: skip
    assert normal_images(tmp_path) == tmp_path / "train" / "good"


def test_without_masks(tmp_path: Path) -> None:
    save_normal(tmp_path / "good", 1)
    save_normal(tmp_path / "defect", 1)
    (tmp_path / "mask").mkdir()
    found = labelled_images(tmp_path)
    assert found is not None
    assert [one.mask for one in found] == [None, None]


def test_any_other_folder(tmp_path: Path) -> None:
    assert labelled_images(tmp_path) is None
    assert labelled_images(save_normal(tmp_path / "good", 1)) is None
    assert normal_images(tmp_path) == tmp_path


def test_nothing_to_tell_apart(tmp_path: Path) -> None:
    save_normal(tmp_path / "good", 1)
    (tmp_path / "defect").mkdir()
    with pytest.raises(DataError, match="none with defects"):
        labelled_images(tmp_path)
    save_normal(tmp_path / "defect", 1)
    (tmp_path / "good" / "0000.png").unlink()
    with pytest.raises(DataError, match="no files in"):
        labelled_images(tmp_path)
