"""The whole benchmark on small images with the engines that are always there: its record, its table, its figure."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from diabolo.bench import BenchOptions, run_bench, table_lines
from diabolo.bench.compare import Turns
from diabolo.bench.options import COST_FILE, RESULTS_FILE
from diabolo.bench.peak import measure_peak
from diabolo.bench.report import ratio
from diabolo.errors import DiaboloError

SPREAD = {"n", "median", "lower_quartile", "upper_quartile", "min", "max", "raw"}
HEADER = {
    "benchmark", "format", "complete", "command", "measured", "commit", "machine", "versions", "model", "line", "batch",
    "image_shape", "images", "threads", "rounds", "steps_a_round", "method", "work_an_image", "peaks", "engines",
    "left_out",
}  # fmt: skip


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """A quick benchmark of all parts, without a network."""
    out = tmp_path_factory.mktemp("out")
    before = dict(os.environ)
    os.environ.update(DIABOLO_OFFLINE="1", DIABOLO_CACHE=str(out / "no-cache"))
    try:
        options = BenchOptions(engines="keras-jax,torch-channels-last,diabolo-plain", quick=True, threads=1, out=out)
        return run_bench(options), out
    finally:
        os.environ.clear()
        os.environ.update(before)


def test_header_and_engines(record: tuple[dict[str, Any], Path]) -> None:
    report, _ = record
    assert report.keys() >= HEADER
    assert report["complete"] is True
    assert report["format"] == 1
    assert "sample" in report["images"]
    assert report["machine"].keys() >= {"processor", "cores", "load_at_start", "load_at_end"}
    assert len(report["peaks"]) == 2  # before and after
    assert all(peak["gflops"] > 0 and peak["gigabytes_a_second"] > 0 for peak in report["peaks"])
    assert list(report["engines"]) == ["torch-channels-last", "diabolo-plain"]
    assert 0 <= report["idle_cpu_share"] < 1
    for name, entry in report["engines"].items():
        assert "torch" in entry["versions"]
        for speeds in (entry["training_images_per_second"], entry["inference_images_per_second"]):
            assert speeds.keys() == SPREAD
            assert speeds["n"] == report["rounds"] == 2
            assert 0 < speeds["min"] <= speeds["median"] <= speeds["max"]
        steps = entry["training_step_seconds"]
        assert [len(turn) for turn in steps] == [report["steps_a_round"]] * 2
        speed = entry["training_images_per_second"]["median"]
        gflops = max(peak["gflops"] for peak in report["peaks"])
        assert entry["share_of_fma_peak"] == pytest.approx(speed * report["work_an_image"]["flops"] / gflops / 1e9)
        assert entry["share_of_bandwidth_if_layer_by_layer"] > 0
        assert report["memory"]["peak"][name] > 50
        assert report["start_up_seconds"][name].keys() == SPREAD
    assert report["reference"] == "diabolo-plain"
    assert report["engines"]["diabolo-plain"]["ratio"] == {"median": 1.0, "min": 1.0, "max": 1.0}


def test_cost_has_every_series_and_a_picture(record: tuple[dict[str, Any], Path]) -> None:
    report, out = record
    series = report["cost"]["series"]
    assert set(series) == {"batch", "side", "width", "images"}
    for points in series.values():
        assert len(points) >= 2
        assert [point["value"] for point in points] == sorted(point["value"] for point in points)
        for point in points:
            assert set(point["images_per_second"]) == {"torch-channels-last"}
    assert [point["image_shape"][0] for point in series["side"]] == [16, 32]
    assert "conv16 relu bn pool conv4" in series["width"][0]["line"]
    with Image.open(out / COST_FILE) as picture:
        assert picture.width > 800


def test_the_file_is_the_record(record: tuple[dict[str, Any], Path]) -> None:
    report, out = record
    assert json.loads((out / RESULTS_FILE).read_text()) == json.loads(json.dumps(report))


def test_an_engine_that_cannot_be_had_is_named_and_no_error(record: tuple[dict[str, Any], Path]) -> None:
    report, _ = record
    assert list(report["left_out"]) == ["keras-jax"]
    assert "DIABOLO_OFFLINE" in report["left_out"]["keras-jax"]
    assert any(line.startswith("Left out: keras-jax is not installed") for line in table_lines(report))


def test_an_engine_that_fails_on_the_way_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIABOLO_STAGES_LIBRARY", str(tmp_path / "none.so"))
    options = BenchOptions(
        engines="diabolo-plain,diabolo-fused", parts="compare", quick=True, threads=1, out=tmp_path / "out"
    )
    report = run_bench(options)
    assert list(report["engines"]) == ["diabolo-plain"]
    assert "native stage engine was not built" in report["left_out"]["diabolo-fused"]
    assert report["complete"] is True


def test_an_interrupted_record_says_so_and_keeps_its_rounds(tmp_path: Path) -> None:
    kept: list[dict[str, Any]] = []

    def say(text: str) -> None:
        if text.startswith("  round 1"):
            raise KeyboardInterrupt

    options = BenchOptions(engines="diabolo-plain", parts="compare", quick=True, threads=1, out=tmp_path)
    with pytest.raises(KeyboardInterrupt):
        run_bench(options, say=say, keep=kept.append)
    assert kept[0]["complete"] is False
    assert kept[0]["engines"]["diabolo-plain"]["training_images_per_second"]["n"] == 1
    assert table_lines(kept[0])[-1].startswith("Interrupted")
    assert json.loads((tmp_path / RESULTS_FILE).read_text())["complete"] is False


def test_any_part_alone_has_a_table() -> None:
    report = run_bench(BenchOptions(engines="torch-eager", parts="memory", quick=True, threads=1))
    assert [line.split("  ")[0] for line in table_lines(report)[3:5]] == ["engine", "torch eager, NCHW"]
    assert "peak MiB" in table_lines(report)[3]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (BenchOptions(parts="speed"), "there is no part `speed`"),
        (BenchOptions(parts=" "), "names none"),
        (BenchOptions(engines="tensorflow"), "there is no engine `tensorflow`"),
        (BenchOptions(model="dense8 | dense3", engines="diabolo-plain"), "compare a line of those"),
        (BenchOptions(engines="keras-jax", parts="compare"), "none of the engines is there"),
    ],
)
def test_wrong_options_are_refused(options: BenchOptions, message: str) -> None:
    with pytest.raises(DiaboloError, match=message):
        run_bench(options)


def test_ratio_is_of_rounds_not_of_medians() -> None:
    turns = Turns(training={"diabolo-fused": [[1.0], [0.5], [2.0]], "keras-jax": [[3.0], [2.0], [2.0]]})
    assert ratio(turns, "diabolo-fused", "keras-jax", 10) == {"median": 3.0, "min": 1.0, "max": 4.0}
    assert turns.images_per_second("training", "keras-jax", 6) == [2.0, 3.0, 3.0]


def test_peak_with_and_without_a_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "/bin/false")
    plain = measure_peak(2, num_values=1 << 12, tries=1)
    assert "want of a compiler" in plain.how
    assert plain.gflops > 0
    assert plain.gigabytes > 0
