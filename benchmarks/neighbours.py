"""Do neighbours in latent space show the same thing? And what does a search of 100,000 take?

`python benchmarks/neighbours.py` trains method-2 on 20,000 CIFAR-10 images (one thread), kept below `--work`.
Results: `results/neighbours.json`.
"""

import argparse
import resource
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from diabolo.api.fit import fit
from diabolo.data import load_data
from diabolo.runs import RunFolder
from diabolo.use import load
from diabolo.use.nearest import Nearest
from header import say, write_results

K = 8
NUM_QUERIES, NUM_SEARCHED = 1000, 20000


def same_class(
    queries: NDArray[np.floating], searched: NDArray[np.floating], labels: tuple[NDArray[np.int64], NDArray[np.int64]],
    metric: str,
) -> float:  # fmt: skip
    """Share of the K nearest that have the query's class; 0.1 by chance."""
    nearest = Nearest(queries, k=K, metric=metric)
    for start in range(0, len(searched), 250):
        nearest.add(searched[start : start + 250])
    return float((labels[1][nearest.result()[1]] == labels[0][:, None]).mean())


def search_of_many(values: int) -> dict[str, Any]:
    """100,000 random vectors that come in blocks of 250, ten queries: CPU time and what memory grows by."""
    random = np.random.default_rng(0)
    nearest = Nearest(random.normal(size=(10, values)), k=K)
    blocks = [random.normal(size=(250, values)).astype(np.float32) for _ in range(4)]
    nearest.add(blocks[0])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    for number in range(400):
        nearest.add(blocks[number % 4])
    seconds = time.process_time() - started
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return {"vectors": 100_000, "values": values, "cpu_seconds": seconds, "peak_memory_grew_by_mib": grown}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("/tmp/diabolo-neighbours"), help="where the run is kept")
    work: Path = parser.parse_args().work
    torch.set_num_threads(1)
    many = search_of_many(1024)  # first, while memory is small
    dataset = load_data("cifar10")
    assert dataset.train_labels is not None
    assert dataset.test_labels is not None
    searched, queries = np.asarray(dataset.train[:NUM_SEARCHED]), np.asarray(dataset.test[:NUM_QUERIES])
    labels = dataset.test_labels[:NUM_QUERIES], dataset.train_labels[:NUM_SEARCHED]
    if not RunFolder(path=work).model_file.exists():
        fit("method-2", searched, epochs=2, engine="auto", out=work, watch=lambda _: None)
    run = load(work, engine="auto")
    arms: dict[str, Any] = {}
    for pool in ("mean", "max", "flat", "pixels"):
        vectors = [
            images.reshape(len(images), -1) / np.float32(255) if pool == "pixels" else run.encode(images, pool=pool)
            for images in (queries, searched)
        ]
        for metric in ("cosine", "euclidean"):
            arms[f"{pool}, {metric}"] = same_class(vectors[0], vectors[1], labels, metric)
            say(f"{pool:<7} {metric:<10} {arms[f'{pool}, {metric}']:.3f} of the {K} nearest have the query's class")
    arms["search"] = many
    say(str(many))
    target = write_results(
        "neighbours",
        unit="share of neighbours of the query's class",
        method=f"method-2, 2 epochs of {NUM_SEARCHED:,} CIFAR-10 train images; {NUM_QUERIES:,} test images look for "
        f"the {K} nearest among them. `pixels`: no model.",
        arms=arms,
        num_queries=NUM_QUERIES,
        num_searched=NUM_SEARCHED,
        test=run.record.test,
    )
    say(f"Raw results: {target}")


if __name__ == "__main__":
    main()
