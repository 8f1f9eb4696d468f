"""The page about the zoo: every model has a row, a heading and its line, and results of benchmarks become tables."""

import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from diabolo.api.zoo import zoo_entries
from diabolo.zoo import zoo

DOCS = Path(__file__).parents[2] / "docs"
MACHINE = {"processor": "some processor", "cores": 2}


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(DOCS))
    import zoo_page

    yield zoo_page
    sys.modules.pop("zoo_page", None)


def test_every_model_has_a_row_a_heading_and_its_line(script: ModuleType) -> None:
    page = script.zoo_page()
    for name, model in zoo().items():
        assert page.count(f"| [`{name}`](#{name}) |") == 1
        assert page.count(f"\n### {name}\n") == 1
        assert model.line in page
        assert model.command() in page
    assert page.endswith("\n")
    assert "\n\n\n" not in page


def test_numbers_of_the_table_are_the_measured_ones(script: ModuleType) -> None:
    entry = next(entry for entry in zoo_entries() if entry.model.name == "drop-in")
    assert entry.results is not None
    psnr, eight, four, ssim, mse, seeds, seconds = script.results_cells(entry)
    assert psnr == "{:.2f} ± {:.2f}".format(*entry.results.spread("psnr"))
    assert eight == "{:.2f} ± {:.2f}".format(*entry.results.spread("psnr_8_bits"))
    assert four == "{:.2f} ± {:.2f}".format(*entry.results.spread("psnr_4_bits"))
    assert ssim == "{:.3f} ± {:.3f}".format(*entry.results.spread("ssim"))
    assert float(mse) == pytest.approx(entry.results.spread("mse")[0], rel=0.05)
    assert (seeds, seconds) == ("3", f"{entry.results.spread('seconds')[0]:,.0f}")


def test_pictures_are_those_that_the_page_shows(script: ModuleType) -> None:
    shown = {f"{script.picture_name(script.class_of(entry))}.png" for entry in zoo_entries()}
    assert {path.name for path in (DOCS / "images").glob("zoo-*.png")} <= shown


def test_what_no_benchmark_has_measured_is_left_out(script: ModuleType, tmp_path: Path) -> None:
    for part in (script.times, script.drop_in, script.initialisation, script.denoising):
        assert list(part(tmp_path / "none.json")) == []


def test_times_become_a_table(script: ModuleType, tmp_path: Path) -> None:
    reached = {"num_reached": 2, "num_seeds": 2, "median": 0.0123, "min": 0.01, "max": 0.02}
    missed = {"num_reached": 1, "num_seeds": 2, "median": None, "min": 1.0, "max": 1.0}
    never = {**missed, "num_reached": 0, "min": None, "max": None}
    file = tmp_path / "times.json"
    arms = {"a": {"best_psnr": [35.0, 34.7], "seconds": {"26": reached, "34.8": missed, "37.9": never}}}
    runs = [{"seed": 0}, {"seed": 1}]
    content = {"targets": [26.0, 34.8, 37.9], "runs": runs, "arms": arms, "machine": MACHINE, "threads": 2}
    file.write_text(json.dumps({**content, "command": "python x.py"}))
    heading, text, table = script.times(file)
    assert heading == "## Time to quality"
    assert "median over 2 seeds (least to most), on some processor, 2 cores, 2 threads" in text
    assert table.splitlines()[0] == "| Entry | 26 dB | 34.8 dB | 37.9 dB | At its end, dB |"
    assert table.splitlines()[2] == "| a | 0.0123 (0.01 to 0.02) | 1 of 2 seeds | – | 34.70 to 35.00 |"


def test_ratios_become_a_table(script: ModuleType, tmp_path: Path) -> None:
    ratio = {"n": 3, "median": 0.5, "min": 0.4, "max": 0.6}
    arms = {"drop-in": {}, "keras-tensorflow": {"steps_to_two_epochs": ratio, "whole_to_two_epochs": ratio}}
    file = tmp_path / "drop-in.json"
    file.write_text(json.dumps({"arms": arms, "machine": MACHINE, "threads": 2, "command": "python x.py"}))
    _, table, text = script.drop_in(file)
    assert table.splitlines()[2] == (
        "| two epochs of keras-tensorflow | 0.50 (0.40 to 0.60) | 0.50 (0.40 to 0.60) | 3 |"
    )
    assert "`python x.py`" in text


def test_starts_become_a_table(script: ModuleType, tmp_path: Path) -> None:
    runs = [{"test": {"psnr": 36.0}, "val_psnr_by_epoch": [35.0, 36.1]}]
    file = tmp_path / "starts.json"
    differences = {"linear": {"n": 3, "mean_db": 1.5, "interval_95": [1.25, 1.75]}}
    content = {"arms": {"linear, pca": {"runs": runs}}, "differences": differences, "method": "so", "command": "c"}
    file.write_text(json.dumps(content))
    _, table, text = script.initialisation(file)
    assert table.splitlines()[2] == "| linear, pca | 36.00 | 35.00 |"
    assert text == "So. The linear line: `pca` less `he-normal` +1.50 dB (95 % interval +1.25 to +1.75), n = 3. By `c`."
