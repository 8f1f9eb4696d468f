"""Results of the zoo: written and read back, damaged files refused, spreads against numpy."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from diabolo.errors import DiaboloError
from diabolo.graph import build_graph, measure
from diabolo.train import find_recipe
from diabolo.zoo import zoo
from diabolo.zoo.results import SeedResult, ZooResults, read_results, with_deviation, write_results
from diabolo.zoo.shipped import FILES, WEIGHTS, shipped_run

SEED = SeedResult(
    seed=0,
    mse=0.001,
    psnr=30.0,
    ssim=0.9,
    validation_psnr=30.1,
    seconds=12.0,
    threads=2,
    device="cpu",
    machine="a processor, 2 cores",
    instructions="avx2",
    versions="diabolo 0, torch 0",
    command="diabolo train x",
)
RESULTS = ZooResults(
    name="x",
    line="conv4 | conv3",
    recipe={"name": "fast"},
    data="cifar10",
    digest="sha256:0",
    seeds=(SEED, replace(SEED, seed=1, psnr=31.0), replace(SEED, seed=2, psnr=31.5)),
)


def test_written_results_are_read_back(tmp_path: Path) -> None:
    write_results(RESULTS, tmp_path)
    assert read_results("x", tmp_path) == RESULTS
    assert read_results("y", tmp_path) is None


def test_spread_is_numpys() -> None:
    values = [one.psnr for one in RESULTS.seeds]
    assert RESULTS.spread("psnr") == pytest.approx((np.mean(values), np.std(values, ddof=1)), rel=1e-12)
    alone = replace(RESULTS, seeds=(SEED,))
    assert alone.spread("psnr") == (30.0, None)
    assert with_deviation(alone.spread("psnr")) == "30.00"
    assert with_deviation(RESULTS.spread("psnr"), 1) == "30.8 ± 0.8"


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"seeds": []},
        {"seeds": [{}]},
        {"seeds": 3},
        {"line": None, "format": None},
    ],
    ids=str,
)
def test_a_damaged_file_is_refused_by_name(change: dict, tmp_path: Path) -> None:
    path = write_results(RESULTS, tmp_path)
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(DiaboloError, match=r"`x\.json` of the zoo's results cannot be read"):
        read_results("x", tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 1}', "\x00", '{"format": 1, "seeds": [1]}'])
def test_a_file_that_is_none_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(DiaboloError, match="cannot be read"):
        read_results("x", tmp_path)


def test_a_number_that_is_not_finite_is_refused(tmp_path: Path) -> None:
    write_results(replace(RESULTS, seeds=(replace(SEED, psnr=float("nan")),)), tmp_path)
    with pytest.raises(DiaboloError, match="`psnr` is nan"):
        read_results("x", tmp_path)


@pytest.mark.parametrize("name", [name for name in zoo() if read_results(name) is not None])
def test_measured_models_are_what_their_records_say(name: str) -> None:
    results, model = read_results(name), zoo()[name]
    assert results is not None
    graph = build_graph(model.line)
    assert (results.name, results.line, results.data) == (name, graph.line, model.data)
    chosen = find_recipe(model.recipe).with_settings(model.settings)
    recorded = {**chosen.choices(), **results.recipe}  # a run from before a choice existed took its default
    assert recorded == {"name": chosen.name, **chosen.choices()}
    seeds = [one.seed for one in results.seeds]
    assert seeds == sorted(set(seeds))
    is_codes = measure(graph).latent_bits is not None
    for one in results.seeds:
        assert (one.psnr_8_bits is None) == (one.psnr_4_bits is None)
        assert one.psnr_8_bits is None or not is_codes


def test_shipped_weights_are_whole_small_and_of_the_zoo() -> None:
    names = {folder.name for folder in WEIGHTS.iterdir() if folder.is_dir()}
    assert names <= set(zoo())
    assert all({file.name for file in (WEIGHTS / name).iterdir()} == set(FILES) for name in names)
    assert sum(file.stat().st_size for file in WEIGHTS.rglob("*.safetensors")) <= 4_000_000


def test_a_folder_without_weights_is_none(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "run.toml").write_text("")
    assert shipped_run("x", tmp_path) is None
    (tmp_path / "x" / "model.safetensors").write_text("")
    assert shipped_run("x", tmp_path) == tmp_path / "x"
