"""The nearest vectors against scikit-learn, in blocks of any size, with ties, copies and zeros."""

import tracemalloc

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from diabolo.errors import DiaboloError
from diabolo.use import nearest as module
from diabolo.use.nearest import Nearest


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("block", [1, 7, 64, 1000])
def test_nearest_are_those_of_scikit_learn(metric: str, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_VALUES_AT_ONCE", 50)  # a block is cut as well
    random = np.random.default_rng(block)
    queries, vectors = random.normal(size=(9, 20)).astype(np.float32), random.normal(size=(300, 20)).astype(np.float32)
    nearest = Nearest(queries, k=5, metric=metric)
    for start in range(0, 300, block):
        nearest.add(vectors[start : start + block])
    distances, places = nearest.result()
    reference = NearestNeighbors(n_neighbors=5, metric=metric, algorithm="brute").fit(vectors.astype(np.float64))
    expected, indices = reference.kneighbors(queries.astype(np.float64))
    np.testing.assert_allclose(distances, expected, atol=1e-9)
    np.testing.assert_array_equal(places, indices)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_of_equally_near_ones_the_first_comes_first(metric: str) -> None:
    for block in (1, 3, 40):
        nearest = Nearest(np.ones((1, 3)), k=4, metric=metric)
        for start in range(0, 40, block):
            nearest.add(np.ones((min(block, 40 - start), 3)))
        distances, places = nearest.result()
        assert (distances.tolist(), places.tolist()) == ([[0.0] * 4], [[0, 1, 2, 3]])


def test_copies_are_at_distance_0() -> None:
    vectors = (np.random.default_rng(0).random((50, 700)) * 1e4).astype(np.float32)
    nearest = Nearest(vectors, k=1, metric="euclidean")
    nearest.add(vectors)
    distances, places = nearest.result()
    assert (distances == 0).all()
    assert (places[:, 0] == np.arange(50)).all()


def test_zeros_fewer_than_asked_and_left_out() -> None:
    nearest = Nearest(np.zeros((1, 2)), k=3)
    nearest.add(np.array([[0.0, 0.0], [1.0, 0.0]]))
    assert nearest.result()[0].tolist() == [[1.0, 1.0]]
    nearest = Nearest(np.ones((2, 2)), k=2)
    nearest.add(np.ones((2, 2)), leave_out=np.eye(2, dtype=bool))
    distances, places = nearest.result()
    assert distances.tolist() == [[0.0, np.inf], [0.0, np.inf]]
    assert places[:, 0].tolist() == [1, 0]
    assert Nearest(np.ones((1, 2)), k=2).result()[0].shape == (1, 0)


def test_memory_does_not_grow_with_the_number_of_vectors() -> None:
    """100,000 vectors of 64 values, of which a block is there at a time: the peak stays under 8 MB (all: 51 MB)."""
    random = np.random.default_rng(1)
    nearest = Nearest(random.normal(size=(4, 64)), k=8)
    tracemalloc.start()
    try:
        for _ in range(400):
            nearest.add(random.normal(size=(250, 64)))
        assert tracemalloc.get_traced_memory()[1] < 8e6
    finally:
        tracemalloc.stop()
    assert nearest.result()[1].max() > 50_000


@pytest.mark.parametrize(
    ("options", "message"),
    [({"k": 0}, "`k` (=0)"), ({"k": True}, "`k`"), ({"k": 1.5}, "`k`"), ({"k": 1, "metric": "l1"}, "`metric` (=l1)")],
)
def test_options_that_it_refuses(options: dict[str, object], message: str) -> None:
    with pytest.raises(DiaboloError) as caught:
        Nearest(np.ones((1, 2)), **options)  # type: ignore[arg-type]
    assert message in str(caught.value)


def test_vectors_that_it_refuses() -> None:
    nearest = Nearest(np.ones((1, 2)), k=1)
    for bad, message in ((np.ones((1, 3)), "`pool=mean`"), (np.full((1, 2), np.nan), "NaN"), (np.ones(2), "shape")):
        with pytest.raises(DiaboloError, match=message):
            nearest.add(bad)
