"""The user's own image files through a run: named, fitted, and none of them ever lost."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from use_builders import make_run, save_image

from diabolo.errors import DataError, OutputError
from diabolo.use import Run, load
from diabolo.use.files import reconstruct_files


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return load(make_run(tmp_path / "run").path)


@pytest.fixture
def flat(tmp_path: Path) -> Run:
    """A model that takes one size only."""
    return load(make_run(tmp_path / "flat", line="conv2 flatten dense8 | dense128 unflatten[h=8 w=8 c=2] conv3").path)


def test_each_image_becomes_a_png_of_its_reconstruction(run: Run, tmp_path: Path) -> None:
    files = [save_image(tmp_path / "in" / f"{name}.png", seed=seed) for seed, name in enumerate(("b", "a"))]
    done, skipped = reconstruct_files(run, files, tmp_path / "out")
    assert skipped == ()
    assert [(one.source, one.target) for one in done] == [(file, tmp_path / "out" / file.name) for file in files]
    for one in done:
        image = np.asarray(Image.open(one.source))
        made = run.reconstruct(image[None])[0]
        written = np.asarray(Image.open(one.target))
        np.testing.assert_array_equal(written, np.round(made * 255).astype(np.uint8))
        mse = np.mean((made.astype(np.float64) - image / 255) ** 2)
        assert one.psnr == pytest.approx(10 * np.log10(1 / mse), rel=1e-5)


def test_grey_models_take_and_give_grey_images(tmp_path: Path) -> None:
    run = load(make_run(tmp_path / "run", line="conv4 pool | up conv1 sigmoid", shape=(8, 8, 1)).path)
    done, _ = reconstruct_files(run, [save_image(tmp_path / "x.png")], tmp_path / "out")
    assert Image.open(done[0].target).mode == "L"


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
def test_images_of_another_size_need_a_fit_and_nothing_is_written_without(flat: Run, tmp_path: Path, fit: str) -> None:
    files = [save_image(tmp_path / "in" / "good.png"), save_image(tmp_path / "in" / "large.png", 16, 12)]
    with pytest.raises(DataError, match=r"large\.png` is 16×12 pixels, and the model takes 8×8 only: .*`--fit crop`"):
        reconstruct_files(flat, files, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    done, _ = reconstruct_files(flat, files, tmp_path / "out", fit=fit)
    assert [Image.open(one.target).size for one in done] == [(8, 8), (8, 8)]
    unchanged, _ = reconstruct_files(flat, files[:1], tmp_path / "other")
    assert unchanged[0].psnr == pytest.approx(done[0].psnr, rel=1e-6)  # another batch


def test_images_of_twice_the_size_need_a_fit_too(flat: Run, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is 16×16 pixels"):
        reconstruct_files(flat, [save_image(tmp_path / "x.png", 16, 16)], tmp_path / "out")


def broken_files(folder: Path) -> list[Path]:
    """A truncated image, a text, an empty file and one with a good header and bad pixels."""
    whole = save_image(folder / "whole.png", 8, 8).read_bytes()
    (folder / "cut.png").write_bytes(whole[: len(whole) // 2])
    (folder / "text.png").write_text("no image")
    (folder / "empty.jpg").touch()
    (folder / "whole.png").unlink()
    return sorted(folder.iterdir())


def test_broken_files_are_skipped_and_named(run: Run, tmp_path: Path) -> None:
    bad = broken_files(tmp_path / "in")
    good = save_image(tmp_path / "in" / "good.png")
    done, skipped = reconstruct_files(run, [*bad, good], tmp_path / "out")
    assert [one.source for one in done] == [good]
    assert [one.path for one in skipped] == bad
    assert all(one.reason for one in skipped)
    with pytest.raises(
        DataError, match=r"none of the 3 files is an image that can be read \(`.*cut\.png`: broken image"
    ):
        reconstruct_files(run, bad, tmp_path / "out")


def test_same_stems_get_numbers(run: Run, tmp_path: Path) -> None:
    for path in ("in/x.png", "in/a/x.png", "in/b/x.jpg", "in/x-2.png"):
        save_image(tmp_path / path)
    done, _ = reconstruct_files(run, [tmp_path / "in"], tmp_path / "out")
    assert len({one.target for one in done}) == 4
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["x-2.png", "x-3.png", "x-4.png", "x.png"]


def test_folders_are_taken_without_hidden_files_and_earlier_results(run: Run, tmp_path: Path) -> None:
    for path in ("in/x.png", "in/sub/y.png", "in/.hidden.png", "in/.cache/z.png"):
        save_image(tmp_path / path)
    for _ in range(2):
        done, _ = reconstruct_files(run, [tmp_path / "in"], tmp_path / "in" / "out")
        assert [one.source.name for one in done] == ["x.png", "y.png"]
    hidden, _ = reconstruct_files(run, [tmp_path / "in" / ".hidden.png"], tmp_path / "out")
    assert len(hidden) == 1


def test_the_users_images_are_never_written_over(run: Run, tmp_path: Path) -> None:
    files = [save_image(tmp_path / "in" / "x.png"), save_image(tmp_path / "in" / "y.png")]
    before = [file.read_bytes() for file in files]
    for paths in ([tmp_path / "in"], files):
        done, _ = reconstruct_files(run, paths, tmp_path / "in")
        assert {one.target for one in done}.isdisjoint(files)
        assert [file.read_bytes() for file in files] == before
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "in")
    done, _ = reconstruct_files(run, files, link)
    assert [file.read_bytes() for file in files] == before


@pytest.mark.parametrize(("path", "message"), [("empty", "no files in"), ("none.png", "there is no file")])
def test_nothing_to_read(run: Run, tmp_path: Path, path: str, message: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=message):
        reconstruct_files(run, [tmp_path / path], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_output_that_cannot_be_written(run: Run, tmp_path: Path) -> None:
    image = save_image(tmp_path / "x.png")
    for output in (Path("/proc/diabolo/out"), image / "out", image):
        with pytest.raises(OutputError, match="cannot write"):
            reconstruct_files(run, [image], output)


def test_many_images_in_several_passes(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [save_image(tmp_path / "in" / f"{number:02}.png", seed=number) for number in range(7)]
    (tmp_path / "in" / "03b.png").write_text("no image")
    whole, _ = reconstruct_files(run, [tmp_path / "in"], tmp_path / "whole")
    monkeypatch.setattr(sys.modules["diabolo.train.evaluate"], "_MOST_AT_ONCE", 3)
    cut, skipped = reconstruct_files(run, [tmp_path / "in"], tmp_path / "cut")
    assert [one.source for one in cut] == files
    assert [one.psnr for one in cut] == pytest.approx([one.psnr for one in whole], rel=1e-6)
    assert len(skipped) == 1
