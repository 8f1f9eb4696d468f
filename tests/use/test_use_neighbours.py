"""Neighbours of image files: against all distances at once, from files and from latents, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.spatial.distance import cdist
from score_builders import save, save_normal, smooth_image
from use_builders import make_run

from diabolo.errors import DataError, DiaboloError
from diabolo.use import Run
from diabolo.use.encode_files import encode_files
from diabolo.use.neighbours import find_neighbours
from diabolo.use.neighbours_picture import draw_neighbours
from diabolo.use.score_stream import Reading


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return Run(make_run(tmp_path_factory.mktemp("runs") / "run", shape=(16, 16, 3)).path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_normal(tmp_path_factory.mktemp("images"), 30)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("pool", ["mean", "flat"])
def test_they_are_the_nearest(run: Run, folder: Path, tmp_path: Path, metric: str, pool: str) -> None:
    query = save(tmp_path / "query.png", smooth_image(777))
    found = find_neighbours(run, [query], [folder], k=5, pool=pool, metric=metric)
    vectors = run.encode(np.stack([smooth_image(number) for number in range(30)]), pool=pool).astype(np.float64)
    wanted = run.encode(smooth_image(777)[None], pool=pool).astype(np.float64)
    expected = cdist(wanted, vectors, metric)[0]
    order = np.argsort(expected)[:5]
    assert [int(near.path.stem) for near in found.queries[0].nearest] == order.tolist()
    np.testing.assert_allclose([near.distance for near in found.queries[0].nearest], expected[order], rtol=1e-3)
    assert found.num_searched == 30


def test_a_query_is_not_its_own_neighbour_but_a_copy_is(run: Run, folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.png"
    copy.write_bytes((folder / "0003.png").read_bytes())
    link = tmp_path / "link.png"
    link.symlink_to(folder / "0003.png")
    found = find_neighbours(run, [folder / "0003.png"], [folder, copy, link], k=2)
    assert found.queries[0].nearest[0].path == copy
    assert found.queries[0].nearest[0].distance == pytest.approx(0, abs=1e-9)
    assert found.queries[0].nearest[1].path.parent == folder


@pytest.mark.parametrize("name", ["latents.npz", "latents.npy", "latents.parquet"])
@pytest.mark.parametrize("pool", [None, "mean"])
def test_latents_give_what_images_give(run: Run, folder: Path, tmp_path: Path, name: str, pool: str | None) -> None:
    encode_files(run, [folder], tmp_path / name, pool=pool)
    found = find_neighbours(run, [folder / "0007.png"], [tmp_path / name], k=4)
    expected = find_neighbours(run, [folder / "0007.png"], [folder], k=4)
    assert [near.path for near in found.queries[0].nearest] == [near.path for near in expected.queries[0].nearest]


def test_latents_that_it_refuses(run: Run, folder: Path, tmp_path: Path) -> None:
    encode_files(run, [folder], tmp_path / "max.npz", pool="max")
    with pytest.raises(DataError, match="encoded with `pool=max`"):
        find_neighbours(run, [folder], [tmp_path / "max.npz"], pool="mean")
    other = Run(make_run(tmp_path / "other", line="conv5 relu pool | up conv3 sigmoid", shape=(16, 16, 3)).path)
    with pytest.raises(DataError, match="another model"):
        find_neighbours(other, [folder], [tmp_path / "max.npz"])
    (tmp_path / "broken.npz").write_bytes(b"x")
    with pytest.raises(DataError, match="no file of latents"):
        find_neighbours(run, [folder], [tmp_path / "broken.npz"])


def test_images_of_several_sizes(run: Run, folder: Path, tmp_path: Path) -> None:
    large = save(tmp_path / "in" / "large.png", smooth_image(5, 40))
    save(tmp_path / "in" / "small.png", smooth_image(6))
    assert len(find_neighbours(run, [large], [folder], k=3).queries[0].nearest) == 3
    for queries, among in (([large], [folder]), ([tmp_path / "in"], [folder])):
        with pytest.raises(DiaboloError, match="choose `pool=mean`"):
            find_neighbours(run, queries, among, pool="flat")
    reading = Reading(fit="stretch")
    assert find_neighbours(run, [tmp_path / "in"], [folder], pool="flat", reading=reading).num_searched == 30


def test_fewer_than_asked_and_what_is_skipped(run: Run, folder: Path, tmp_path: Path) -> None:
    save_normal(tmp_path / "few", 2)
    (tmp_path / "few" / "<img onerror=x>.png").write_text("no image")
    found = find_neighbours(run, [tmp_path / "few"], [tmp_path / "few"], k=9)
    assert [len(one.nearest) for one in found.queries] == [1, 1]
    assert [one.path.name for one in found.skipped] == ["<img onerror=x>.png"] * 2


def test_what_it_refuses(run: Run, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DiaboloError, match="`k`"):
        find_neighbours(run, [folder], [folder], k=0)
    with pytest.raises(DiaboloError, match="`pool`"):
        find_neighbours(run, [folder], [folder], pool="min")
    with pytest.raises(DataError, match="there is no file"):
        find_neighbours(run, [folder], [tmp_path / "nowhere"])
    with pytest.raises(DataError, match="there is no file"):
        find_neighbours(run, [folder], [tmp_path / "nowhere.npz"])


def test_picture(run: Run, folder: Path, tmp_path: Path) -> None:
    copy = save_normal(tmp_path / "copy", 3)
    found = find_neighbours(run, [copy], [folder], k=4)
    (copy / "0001.png").unlink()
    missing = draw_neighbours(found, tmp_path / "a.png", title="<img onerror=x>", line=run.line, metric="cosine")
    assert missing == 1
    with Image.open(tmp_path / "a.png") as picture:
        pixels = np.asarray(picture.convert("RGB"))
    wanted = smooth_image(0).repeat(8, 0).repeat(8, 1)  # the first query stands there, pixel for pixel
    rows = [y for y in range(len(pixels) - 128) if (pixels[y : y + 128, 24:152] == wanted).all()]
    assert len(rows) == 1
