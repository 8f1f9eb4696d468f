"""The nearest of very many vectors, block by block: memory holds a block and the best so far."""

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from diabolo.errors import DiaboloError

Metric = Literal["cosine", "euclidean"]
"""1 - cosine of the angle between two vectors; or the length of their difference."""

_ROUNDING = 1e-13  # of squared distances, as a share of the squared lengths, and of cosines: smaller ones are copies
_VALUES_AT_ONCE = 4_000_000  # distances that are held together


class Nearest:
    """The k nearest vectors to each query.

    Args:
        queries: (queries, values).
        k: how many, from 1.
        metric: `cosine` or `euclidean`.

    Raises:
        DiaboloError: an option has a wrong value, or a query is not finite.
    """

    def __init__(self, queries: NDArray[np.floating], *, k: int, metric: str = "cosine") -> None:
        if isinstance(k, bool) or not isinstance(k, int) or k < 1:
            raise DiaboloError(f"`k` (={k}) must be a whole number from 1")
        if metric not in get_args(Metric):
            raise DiaboloError(f"`metric` (={metric}) must be cosine or euclidean")
        self.k, self.metric = k, metric
        self._queries = self._prepared(queries)
        self._distances = np.full((len(queries), 0), np.inf)
        self._places = np.zeros((len(queries), 0), np.int64)
        self._count = 0

    def add(self, vectors: NDArray[np.floating], *, leave_out: NDArray[np.bool_] | None = None) -> None:
        """Takes a block of vectors (N, values).

        Args:
            vectors: they get the next numbers, counted from 0 over all blocks.
            leave_out: (queries, N), True where a vector is no neighbour of a query, as itself.

        Raises:
            DiaboloError: a vector has another length than the queries, or is not finite.
        """
        prepared = self._prepared(vectors)
        if prepared.shape[1] != self._queries.shape[1]:
            raise DiaboloError(
                f"latents have {prepared.shape[1]:,} values, and those of the queries {self._queries.shape[1]:,}; "
                "bring images to one size by `fit`, or choose `pool=mean`"
            )
        step = max(1, _VALUES_AT_ONCE // max(1, len(self._queries)))
        for start in range(0, len(prepared), step):
            chunk = slice(start, start + step)
            distances = self._to(prepared[chunk])
            if leave_out is not None:
                distances[leave_out[:, chunk]] = np.inf
            self._merge(distances, self._count + start)
        self._count += len(prepared)

    def result(self) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Distances and numbers of the nearest, nearest first, (queries, at most k); infinite where there are fewer.

        Of equally near ones the first comes first.
        """
        return self._distances, self._places

    def _prepared(self, vectors: NDArray[np.floating]) -> NDArray[np.float64]:
        values = np.asarray(vectors, np.float64)
        if values.ndim != 2:
            raise DiaboloError(f"vectors have shape {values.shape}; this takes (vectors, values)")
        if not np.isfinite(values).all():
            raise DiaboloError("a latent is NaN or infinite; did the training diverge?")
        if self.metric == "euclidean":
            return values
        lengths = np.linalg.norm(values, axis=1, keepdims=True)
        return np.divide(values, lengths, out=np.zeros_like(values), where=lengths > 0)

    def _to(self, vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        """Distances of all queries to some vectors, (queries, N)."""
        products: NDArray[np.float64] = self._queries @ vectors.T
        if self.metric == "cosine":
            distances = np.clip(1 - products, 0, 2)  # a vector of zeros has no direction: 1
            distances[distances <= _ROUNDING] = 0
            return distances
        lengths = np.square(self._queries).sum(axis=1)[:, None] + np.square(vectors).sum(axis=1)
        squared = lengths - 2 * products
        squared[squared <= _ROUNDING * lengths] = 0
        return np.asarray(np.sqrt(squared))

    def _merge(self, distances: NDArray[np.float64], first: int) -> None:
        if distances.shape[1] > self.k:  # sorting few is faster; of equals the partition may keep any
            limits = np.partition(distances, self.k - 1, axis=1)[:, self.k - 1 : self.k]
            columns = np.flatnonzero((distances <= limits).any(axis=0))
        else:
            columns = np.arange(distances.shape[1])
        places = np.broadcast_to(first + columns, (len(distances), len(columns)))
        all_distances = np.concatenate([self._distances, distances[:, columns]], axis=1)
        all_places = np.concatenate([self._places, places], axis=1)
        order = np.argsort(all_distances, axis=1, kind="stable")[:, : self.k]
        self._distances = np.take_along_axis(all_distances, order, axis=1)
        self._places = np.take_along_axis(all_places, order, axis=1)
