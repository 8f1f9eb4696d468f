"""What is kept in the user's cache, and that a damaged or locked cache costs time only."""

import json
from pathlib import Path

import pytest

from diabolo.references import Reference, cache_key, read_references, write_references

ONE = Reference(
    name="pca",
    title="PCA with 4 values <img onerror=…>",
    psnr=21.5,
    mse=0.007,
    ssim=0.9,
    bce=0.56,
    bce_excess=0.01,
    latent_values=4,
    bytes_per_image=None,
    note="A note: ü, ×.",
)
KEY = cache_key(digest="sha256:00", latent_values=4)


def test_an_answer_comes_back(tmp_path: Path) -> None:
    assert read_references(KEY, tmp_path) is None
    write_references(KEY, (ONE, ONE), tmp_path)
    assert read_references(KEY, tmp_path) == (ONE, ONE)
    assert read_references(cache_key(digest="sha256:00", latent_values=5), tmp_path) is None
    assert [path.parent.name for path in tmp_path.rglob("*.json")] == ["references"]


def test_the_key_depends_on_all_of_the_question_and_on_nothing_else() -> None:
    assert cache_key(b=1, a=(2, 3)) == cache_key(a=[2, 3], b=1)
    assert cache_key(a=1) != cache_key(a=2) != cache_key(b=2)


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "{",
        "[]",
        "null",
        '{"key": "other", "references": []}',
        json.dumps({"key": KEY, "references": []}),
        json.dumps({"key": KEY, "references": [None]}),
        json.dumps({"key": KEY, "references": [{}]}),
        json.dumps({"key": KEY, "references": [ONE.to_dict() | {"psnr": "21"}]}),
        json.dumps({"key": KEY, "references": [ONE.to_dict() | {"psnr": float("nan")}]}),
        json.dumps({"key": KEY, "references": [ONE.to_dict() | {"title": 3}]}),
        json.dumps({"key": KEY, "references": 7}),
        "\x00\x01",
    ],
)
def test_a_damaged_answer_counts_as_none(tmp_path: Path, damage: str) -> None:
    write_references(KEY, (ONE,), tmp_path)
    next(tmp_path.rglob("*.json")).write_text(damage)
    assert read_references(KEY, tmp_path) is None


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    write_references(KEY, (ONE,), tmp_path)
    next(tmp_path.rglob("*.json")).write_bytes(b"\xff\xfe\xff")
    assert read_references(KEY, tmp_path) is None


def test_a_cache_that_cannot_be_written(tmp_path: Path) -> None:
    """A file where the folder must be: also for a root user, whom permissions do not stop."""
    (tmp_path / "references").write_text("in the way")
    write_references(KEY, (ONE,), tmp_path)
    assert read_references(KEY, tmp_path) is None
