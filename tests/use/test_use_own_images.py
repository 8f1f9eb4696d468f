"""The stream of images, what files are meant, denoising, interpolation, and one function for what RUN may be."""

import itertools
import threading
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from use_builders import make_run, save_image

import diabolo
from diabolo.data import Progress
from diabolo.errors import DataError, DiaboloError, RunError
from diabolo.model import build_model
from diabolo.use import Run, load
from diabolo.use import stream as stream_module
from diabolo.use.denoise import denoise_files
from diabolo.use.files import reconstruct_files
from diabolo.use.interpolate import interpolate
from diabolo.use.interpolate_files import interpolate_files
from diabolo.use.noise import add_noise, noise_note, trained_noise
from diabolo.use.open import open_model
from diabolo.use.pictures import ResultNames
from diabolo.use.stream import Stream
from diabolo.use.walk import find_files


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return load(make_run(tmp_path / "run").path)


def test_images_keep_their_size(run: Run, tmp_path: Path) -> None:
    sizes = [(8, 8), (1, 1), (33, 7), (8, 8), (120, 41)]
    files = [save_image(tmp_path / f"{index}.png", *size, seed=index) for index, size in enumerate(sizes)]
    done, _ = reconstruct_files(run, files, tmp_path / "out")
    for one, size in zip(done, sizes, strict=True):
        image = np.asarray(Image.open(one.source))[None]
        written = np.asarray(Image.open(one.target))
        assert written.shape[:2] == size
        np.testing.assert_array_equal(written, np.rint(run.reconstruct(image)[0] * 255).astype(np.uint8))
    small, _ = reconstruct_files(run, files, tmp_path / "tiles", memory=0.05)
    for one, other in zip(done, small, strict=True):
        difference = np.asarray(Image.open(one.target)).astype(int) - np.asarray(Image.open(other.target))
        assert np.abs(difference).max() <= 1  # a value between two bytes may fall on either side
        assert one.psnr == pytest.approx(other.psnr, abs=1e-3)


def test_an_image_that_comes_out_as_it_went_in_is_exact(tmp_path: Path) -> None:
    model = build_model("unshuffle2 | shuffle2", (8, 8, 3))
    from diabolo.use.pictures import make_pictures

    image = np.random.default_rng().integers(0, 256, (1, 9, 9, 3), dtype=np.uint8)
    made = make_pictures(model, image, memory=None)
    np.testing.assert_array_equal(made.pixels, image)
    assert made.psnr[0] == np.inf


def test_the_stream_is_in_order_whatever_finishes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [save_image(tmp_path / f"{number:02}.png", seed=number) for number in range(20)]
    files.insert(3, tmp_path / "none.png")
    (tmp_path / "text.png").write_text("no image")
    files.insert(9, tmp_path / "text.png")
    real, active, most = stream_module.read_image, [0], [0]
    lock = threading.Lock()

    def slowly(path: Path, channels: int) -> np.ndarray:
        with lock:
            active[0] += 1
            most[0] = max(most[0], active[0])
        time.sleep(0.002 * (hash(path.name) % 5))
        with lock:
            active[0] -= 1
        return real(path, channels)

    monkeypatch.setattr(stream_module, "read_image", slowly)
    seen: list[Progress] = []
    stream = Stream(files, channels=3, workers=4, report=seen.append)
    for _ in range(2):
        read = list(stream)
        assert [one.path for one in read] == [file for file in files if file.name not in ("none.png", "text.png")]
        assert [one.number for one in read] == [n for n in range(22) if n not in (3, 9)]
        assert [(one.path.name, one.reason) for one in stream.skipped] == [
            ("none.png", "no such file"),
            ("text.png", "not an image"),
        ]
    assert most[0] == 4
    assert [one.done for one in seen[:22]] == list(range(1, 23))
    assert {one.total for one in seen} == {22}


def test_few_pixels_are_on_their_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [save_image(tmp_path / f"{number:02}.png", 20, 20) for number in range(12)]
    monkeypatch.setattr(stream_module, "_PIXELS_AHEAD", 1000)
    started: list[Path] = []
    real = stream_module.read_image
    monkeypatch.setattr(
        stream_module, "read_image", lambda path, channels: started.append(path) or real(path, channels)
    )
    for number, _ in enumerate(Stream(files, channels=3, workers=2)):
        assert len(started) <= number + 1 + 3  # two of 400 pixels may wait, and one is being handed over
    batches = list(Stream(files, channels=3).batches(250))
    assert [len(batch) for batch in batches] == [2] * 6


def test_threads_end_when_nobody_reads_on(tmp_path: Path) -> None:
    files = [save_image(tmp_path / f"{number:02}.png") for number in range(30)]
    before = threading.active_count()
    reading = iter(Stream(files, channels=3, workers=3))
    next(reading)
    reading.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


@pytest.mark.parametrize("workers", [0, -1, True, 1.5])
def test_wrong_workers(workers: object) -> None:
    with pytest.raises(DiaboloError, match=r"`workers` \(=.*\) must be a whole number from 1"):
        Stream([], channels=3, workers=workers)  # type: ignore[arg-type]


def test_which_files_are_meant(tmp_path: Path) -> None:
    for name in ("b/x.png", "a.png", "c.png", ".hidden/y.png", "b/.y.png", "out/z.png"):
        save_image(tmp_path / "in" / name)
    (tmp_path / "in" / "b" / "loop").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "broken.png").symlink_to(tmp_path / "nowhere")
    (tmp_path / "in" / "also-out").symlink_to(tmp_path / "in" / "out")
    save_image(tmp_path / "elsewhere" / "e.png")
    (tmp_path / "in" / "d").symlink_to(tmp_path / "elsewhere")
    found = find_files([tmp_path / "in"], output=tmp_path / "in" / "out")
    assert [file.relative_to(tmp_path / "in").as_posix() for file in found] == [
        "a.png", "c.png", "b/x.png", "d/e.png", "broken.png", "b/loop",
    ]  # fmt: skip
    reading = Stream(found, channels=3)
    assert [one.path.name for one in reading] == ["a.png", "c.png", "x.png", "e.png"]
    assert [(one.path.name, one.reason) for one in reading.skipped] == [
        ("broken.png", "a link to nothing"), ("loop", "a link to a folder that it lies in"),
    ]  # fmt: skip
    with_results = find_files([tmp_path / "in"], output=tmp_path / "in")
    assert "z.png" in {file.name for file in with_results}, "results may go into the folder of images itself"
    assert find_files(str(tmp_path / "in" / "a.png")) == [tmp_path / "in" / "a.png"]
    with pytest.raises(DataError, match="no files in an empty list"):
        find_files([])
    deep = tmp_path / "deep"
    for _ in range(300):
        deep = deep / "d"
    save_image(deep / "x.png")
    assert find_files([tmp_path / "deep"]) == [deep / "x.png"]


def test_names_of_results_are_quick_and_unique_and_differ_where_a_file_system_knows_no_case(tmp_path: Path) -> None:
    names = ResultNames(tmp_path)
    began = time.process_time()
    given = [names.take(f"{number}/x.png") for number in range(5000)]
    assert time.process_time() - began < 5  # a search from 1 on each time takes minutes
    assert len(set(given)) == 5000
    assert [names.take(name) for name in ("Photo.JPG", "photo.png", "PHOTO.tif")] == [
        "Photo.png", "photo-2.png", "PHOTO-3.png",
    ]  # fmt: skip


def test_denoising_says_what_it_did(tmp_path: Path) -> None:
    run = load(make_run(tmp_path / "run", line="noise[std=0.2] conv4 relu pool | up conv3 sigmoid").path)
    assert (trained_noise(run.graph), noise_note(run.graph)) == (0.2, None)
    files = [save_image(tmp_path / "in" / f"{number}.png", 40, 30 + number, seed=number) for number in range(3)]
    done, skipped = denoise_files(run, files, tmp_path / "out", sigma=0.1, sheet=tmp_path / "sheet.png")
    assert skipped == ()
    assert Image.open(tmp_path / "sheet.png").size[0] > 400
    for one in done:
        clean, written = (np.asarray(Image.open(path)).astype(np.float64) / 255 for path in (one.source, one.target))
        assert one.psnr_after == pytest.approx(-10 * np.log10(((clean - written) ** 2).mean()), abs=0.05)  # of bytes
        assert one.psnr_before is not None
        assert 19.9 < one.psnr_before < 22  # 20 dB, and more where it was clipped
    again, _ = denoise_files(run, files, tmp_path / "again", sigma=0.1)
    assert [one.psnr_before for one in again] == [one.psnr_before for one in done]
    other, _ = denoise_files(run, files, tmp_path / "other", sigma=0.1, seed=1)
    assert other[0].psnr_before != done[0].psnr_before
    plain, _ = denoise_files(run, files, tmp_path / "plain")
    assert (plain[0].psnr_before, plain[0].psnr_after) == (None, None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run.denoise(np.zeros((1, 8, 8, 3), np.uint8))


def test_a_model_that_never_saw_noise(run: Run) -> None:
    with pytest.warns(UserWarning, match="this model was trained without noise, so it was not taught to take any away"):
        run.denoise(np.zeros((1, 8, 8, 3), np.uint8))
    behind = "conv4 pool (noise) | noise up conv3"  # in a side branch, or after the latent: not taken away
    assert trained_noise(build_model(behind, (8, 8, 3)).graph) == 0


def test_noise_has_its_deviation() -> None:
    grey = np.full((200, 200, 3), 128, np.uint8)
    noisy = add_noise(grey, 0.1, 7).astype(float) - 128
    assert noisy.std() == pytest.approx(25.5, rel=0.01)  # 120,000 draws: a deviation of 0.2 %
    assert abs(noisy.mean()) < 0.3
    np.testing.assert_array_equal(add_noise(grey, 0.0, 7), grey)
    for sigma in (-0.1, float("nan"), float("inf"), True):
        with pytest.raises(DiaboloError, match=r"`sigma` \(=.*\) must be a number from 0"):
            add_noise(grey, sigma, 0)


@pytest.mark.parametrize("path", [None, "straight", "arc"])
@pytest.mark.parametrize("line", ["conv4 pool | up conv3", "conv4 pool gaussian4 | up conv3"])
def test_the_ends_of_the_way_are_the_reconstructions(line: str, path: str | None) -> None:
    model = build_model(line, (8, 8, 3)).eval()
    pair = np.random.default_rng().integers(0, 256, (2, 9, 14, 3), dtype=np.uint8)
    way = interpolate(model, pair[0], pair[1], steps=5, path=path)
    from diabolo.use import reconstruct

    assert way.shape == (5, 9, 14, 3)
    np.testing.assert_allclose(way[[0, -1]], reconstruct(model, pair), atol=1e-5)
    same = interpolate(model, pair[0], pair[0], steps=3, path="arc")
    np.testing.assert_allclose(same[1], same[0], atol=1e-6)


def test_the_arc_keeps_the_length_and_turns_evenly() -> None:
    from diabolo.use.interpolate import _arc

    a, b = np.random.default_rng().standard_normal((2, 4, 5, 6))
    a, b = (3 * x / np.linalg.norm(x) for x in (a, b))
    way = [_arc(a, b, share) for share in np.linspace(0, 1, 7)]
    np.testing.assert_allclose([np.linalg.norm(x) for x in way], 3)
    angles = [np.arccos((x * y).sum() / 9) for x, y in itertools.pairwise(way)]
    np.testing.assert_allclose(angles, angles[0], rtol=1e-6)
    np.testing.assert_array_equal(_arc(0 * a, b, 0.5), 0.5 * b)


def test_a_strip(run: Run, tmp_path: Path) -> None:
    a, b = save_image(tmp_path / "a.png", 9, 14), save_image(tmp_path / "b.png", 20, 5, seed=1)
    with pytest.raises(DiaboloError, match=r"b\.png` is 20×5 pixels, and the first image has 9×14; say how"):
        interpolate_files(run, a, b, tmp_path / "x.png")
    assert interpolate_files(run, a, b, tmp_path / "x.png", steps=4, fit="pad") == 6
    strip = np.asarray(Image.open(tmp_path / "x.png"))
    assert strip.shape == (9, 6 * 14 + 5 * 2, 3)
    np.testing.assert_array_equal(strip[:, :14], np.asarray(Image.open(a)))
    assert (strip[:, 14:16] == 255).all()
    for steps in (1, 0, 10**6, 2.0, True):
        with pytest.raises(DiaboloError, match=r"`steps` \(=.*\) must be a whole number from 2 to 1,000"):
            interpolate_files(run, a, a, tmp_path / "x.png", steps=steps)  # type: ignore[arg-type]
    with pytest.raises(DiaboloError, match=r"`path` \(=round\) must be straight or arc"):
        interpolate_files(run, a, a, tmp_path / "x.png", path="round")
    with pytest.raises(DataError, match=r"none\.png` cannot be read: no such file"):
        interpolate_files(run, a, tmp_path / "none.png", tmp_path / "x.png")


def test_the_same_words_in_python(run: Run, tmp_path: Path) -> None:
    image = save_image(tmp_path / "in" / "a.png")
    where = str(run.folder.path)
    done, _ = diabolo.reconstruct(where, str(image), tmp_path / "made", sheet=tmp_path / "sheet.png")
    assert done[0].target.exists()
    assert diabolo.encode(run, [image], tmp_path / "x.npz").num_images == 1
    assert diabolo.decode(run, tmp_path / "x.npz", tmp_path / "back")[0].target.exists()
    assert diabolo.denoise(run, tmp_path / "in", tmp_path / "clean", sigma=0.1)[0][0].psnr_before is not None
    assert diabolo.interpolate(run, image, image, tmp_path / "strip.png") == 10


def test_what_run_may_be(run: Run, tmp_path: Path) -> None:
    assert open_model(run) is run
    assert open_model(run.folder.path).line == run.line
    with pytest.raises(RunError, match="`bn-relu` is a model of the zoo without weights; train it with"):
        open_model("bn-relu")
    with pytest.raises(RunError, match="is no run"):
        open_model(tmp_path / "nowhere")
