"""`benchmarks/block_components.py` against NumPy's float64, and the arithmetic of `benchmarks/time_to_target.py`."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from diabolo.data import load_data
from diabolo.graph import build_graph
from diabolo.train import TrainingImages

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    for name in ("header", "block_components", "time_to_target"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return importlib.import_module("time_to_target")


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.asarray(load_data("cifar10-sample").train[:120])


def blocks_of(images: np.ndarray, block: int) -> np.ndarray:
    """float64 (blocks, channels·block·block) in the order of `unshuffle`, pixels in [0, 1]."""
    side = images.shape[1] // block
    cut = images.reshape(-1, side, block, side, block, 3).transpose(0, 1, 3, 5, 2, 4)
    return cut.reshape(-1, 3 * block * block) / 255


@pytest.mark.parametrize("block", [2, 4, 8])
def test_components_are_those_of_images_and_mirror_images(script: ModuleType, images: np.ndarray, block: int) -> None:
    kept = block * block
    found = script.fit(torch.from_numpy(images), block, kept, weighted=False)
    both = blocks_of(np.concatenate([images, images[:, :, ::-1]]), block)
    variances, vectors = np.linalg.eigh(np.cov(both, rowvar=False, bias=True))
    leading = vectors[:, ::-1][:, :kept]
    # float32 against float64: the planes that the directions span, since directions of equal variance may turn
    centred = both - both.mean(axis=0)
    theirs = np.square(centred - centred @ leading @ leading.T).mean()
    own = found.directions.double().numpy()
    ours = np.square(centred - centred @ own @ own.T).mean()
    assert theirs <= ours * (1 + 1e-9)
    assert ours <= theirs * (1 + 1e-3)
    assert theirs == pytest.approx(variances[:-kept].sum() / len(variances))
    np.testing.assert_allclose(found.mean.numpy(), both.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(own.T @ own, np.eye(kept), atol=1e-5)


def test_weights_lower_the_mean_logarithm_of_the_error(script: ModuleType, images: np.ndarray) -> None:
    logarithms, squares = [], []
    for weighted in (False, True):
        found = script.fit(torch.from_numpy(images), 4, 8, weighted=weighted)
        blocks = blocks_of(images, 4)
        own, mean = found.directions.double().numpy(), found.mean.double().numpy()
        left = (blocks - mean) - (blocks - mean) @ own @ own.T
        errors = np.square(left).reshape(len(images), -1).mean(axis=1)
        logarithms.append(np.log(errors).mean())
        squares.append(errors.mean())
    assert logarithms[1] < logarithms[0]
    assert squares[1] > squares[0]  # which the unweighted ones make least


def test_fewer_images_than_directions_do_not_break_it(script: ModuleType, images: np.ndarray) -> None:
    found = script.fit(torch.from_numpy(images[:2]), 16, 256, weighted=True)
    assert found.directions.shape == (768, 256)
    assert torch.isfinite(found.directions).all()


def test_black_images_have_a_mean_and_finite_directions(script: ModuleType) -> None:
    found = script.fit(torch.zeros(3, 8, 8, 3, dtype=torch.uint8), 4, 5, weighted=True)
    assert torch.isfinite(found.directions).all()
    assert found.mean.abs().max() < 1e-6


def test_the_line_is_the_affine_map(script: ModuleType, images: np.ndarray) -> None:
    everything = np.arange(len(images))
    split = TrainingImages(
        train=images, train_indices=everything[:90], validation=images, validation_indices=everything[90:]
    )
    entry = script.Blocks(block=8, images=60, weighted=True)
    ((seconds, model),) = entry.run(split, 3, torch.device("cpu"))
    found = script.fit(torch.from_numpy(images[script.chosen(split, 60, 3)]), 8, 64, weighted=True)
    own, mean = found.directions.double().numpy(), found.mean.double().numpy()
    centred = blocks_of(images[90:92], 8) - mean
    expected = centred @ own @ own.T + mean
    with torch.inference_mode():
        answer = model.eval()(torch.from_numpy(images[90:92]).permute(0, 3, 1, 2).float() / 255)
    got = blocks_of(answer.permute(0, 2, 3, 1).double().numpy(), 8) * 255
    np.testing.assert_allclose(got, expected, atol=1e-5)  # float32 sums of 192 products
    assert seconds > 0


def test_every_entry_has_a_latent_of_1_024_values_or_bytes(script: ModuleType) -> None:
    for name, entry in script.ENTRIES.items():
        shape = build_graph(entry.line).latent_shape
        codes = name in script.BYTES
        assert int(np.prod(shape)) == (2048 if codes else 1024), name


def test_a_training_gives_its_start_and_each_epoch(script: ModuleType, images: np.ndarray) -> None:
    everything = np.arange(len(images))
    split = TrainingImages(
        train=images, train_indices=everything[:100], validation=images, validation_indices=everything[100:]
    )
    entry = script.Training(model="drop-in", settings={"epochs": 2, "batch_size": 50})
    checkpoints = list(script.measured(entry, split, 0, torch.device("cpu")))
    seconds = [second for second, _ in checkpoints]
    assert len(checkpoints) == 3
    assert seconds == sorted(seconds)
    assert checkpoints[0][1] > 30  # the best linear map of 4×4 blocks of 100 images


def test_diabolos_own_start_is_an_entry(script: ModuleType, images: np.ndarray) -> None:
    everything = np.arange(len(images))
    split = TrainingImages(train=images, train_indices=everything, validation=images, validation_indices=everything)
    entry = script.Start(line="unshuffle4 conv16[k=1] | conv48[k=1] shuffle4", images=100)
    ((_, psnr),) = script.measured(entry, split, 0, torch.device("cpu"))
    assert psnr > 30


def test_directions_of_one_half_alone_are_found(script: ModuleType) -> None:
    # images that are their own mirror image: nothing varies in the differences, so all directions are of the sums
    left = np.random.default_rng(0).integers(0, 256, (50, 4, 2, 3), dtype=np.uint8)
    mirrored = np.concatenate([left, left[:, :, ::-1]], axis=2)
    found = script.fit(torch.from_numpy(mirrored), 4, 20, weighted=False)
    blocks = blocks_of(mirrored, 4)
    variances = np.linalg.eigvalsh(np.cov(blocks, rowvar=False, bias=True))[::-1]
    own = found.directions.double().numpy()
    explained = np.square((blocks - blocks.mean(axis=0)) @ own).mean(axis=0).sum()
    assert explained == pytest.approx(variances[:20].sum(), rel=1e-4)


def test_seeds_choose_other_images(script: ModuleType, images: np.ndarray) -> None:
    everything = np.arange(len(images))
    split = TrainingImages(train=images, train_indices=everything, validation=images, validation_indices=everything)
    first, again, other = (script.chosen(split, 50, seed) for seed in (0, 0, 1))
    assert (first == again).all()
    assert (first != other).any()
    assert len(set(first)) == 50
    assert len(script.chosen(split, 5_000, 0)) == len(images)


def run_of(entry: str, seed: int, *checkpoints: tuple[float, float]) -> dict[str, object]:
    return {"entry": entry, "seed": seed, "checkpoints": list(checkpoints)}


def test_a_target_needs_all_seeds(script: ModuleType) -> None:
    arms = script.summary(
        [
            run_of("a", 0, (1.0, 25.0), (2.0, 27.0), (3.0, 31.0)),
            run_of("a", 1, (1.5, 25.0), (2.5, 30.0), (3.5, 29.0)),
            run_of("b", 0, (9.0, 35.0)),
            run_of("b", 1, (8.0, 34.0)),
        ]
    )
    assert arms["a"]["best_psnr"] == [31.0, 30.0]
    seconds = arms["a"]["seconds"]
    assert seconds["26"] == {"num_reached": 2, "num_seeds": 2, "median": 2.25, "min": 2.0, "max": 2.5}
    assert seconds["30"]["median"] == 2.75
    assert arms["b"]["seconds"]["34.8"] == {"num_reached": 1, "num_seeds": 2, "median": None, "min": 9.0, "max": 9.0}
    assert script.fastest(arms, "30") == "a"
    assert script.fastest(arms, "34.8") is None
    assert script.cell(arms["b"]["seconds"]["34.8"]) == "1 of 2 seeds"


def test_bytes_are_not_the_fastest_of_floats(script: ModuleType) -> None:
    arms = script.summary([run_of("1,024 bytes", 0, (0.1, 40.0)), run_of("whole", 0, (5.0, 38.0))])
    assert script.fastest(arms, "37.9") == "whole"


def test_an_earlier_go_counts_only_where_nothing_changed(script: ModuleType, tmp_path: Path) -> None:
    same = {"entry": "whole", **script.asdict_of("whole"), "seed": 0, "checkpoints": [[1.0, 38.0]]}
    other = {**same, "line": "unshuffle4 conv16 | conv48 shuffle4"}
    file = tmp_path / "time-to-target.json"
    file.write_text(script.json.dumps({"threads": 2, "device": "cpu", "runs": [same, other]}))
    assert script.earlier(file, {"threads": 2, "device": "cpu"}) == [same]
    assert script.earlier(file, {"threads": 1, "device": "cpu"}) == []
    assert script.earlier(tmp_path / "none.json", {}) == []
