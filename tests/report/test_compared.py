"""A page with a verdict: of the folder of a comparison, and of runs that are compared for the page."""

from pathlib import Path
from typing import Any

import pytest
from report_builders import DEAD_LINE, make_run, record, rows

from diabolo.api.report import report_content
from diabolo.compare import COMPARISON_FILE, ComparedReference, compare_runs, write_comparison
from diabolo.errors import RunError
from diabolo.report import ReportContent, render_report


def runs(folder: Path, name: str, psnr: list[float], **changes: Any) -> list[Path]:
    """One finished run a seed."""
    test = record().test
    return [
        make_run(folder / name / f"seed{seed}", rows(3), name=name, seed=seed, test={**test, "psnr": value}, **changes)
        for seed, value in enumerate(psnr)
    ]


def content_of(*paths: Path) -> ReportContent:
    return report_content(paths, pictures=False, references=False)


@pytest.fixture
def compared(tmp_path: Path) -> Path:
    """The folder of a comparison of two models with three seeds each, one of them clearly better."""
    paths = runs(tmp_path, "a", [26.0, 26.1, 25.9]) + runs(tmp_path, "b", [24.0, 24.2, 23.9], line=DEAD_LINE)
    reference = ComparedReference(
        title="PCA with 1,024 values", psnr=37.9, mse=0.0002, ssim=0.99, bce_excess=None, latent_values=1024,
        bytes_per_image=None, note="fitted on the train images",
    )  # fmt: skip
    write_comparison(compare_runs(paths, references=[reference]), tmp_path)
    return tmp_path


def test_verdict_of_a_comparison_stands_first(compared: Path) -> None:
    content = content_of(compared)
    expected = compare_runs([run.folder for model in content.models for run in model.runs])

    assert content.verdict.headline == expected.verdict.headline
    assert content.verdict.sentences == expected.verdict.sentences
    assert content.warnings == tuple(warning.sentence for warning in expected.warnings)
    assert [part.title for part in content.references] == ["PCA with 1,024 values"]
    pair = content.pairs[0]
    assert (pair.first, pair.second, pair.num_seeds) == ("a", "b", 3)
    assert pair.difference == pytest.approx(1.9667, abs=1e-4)  # mean of 2.0, 1.9 and 2.0
    assert pair.interval == expected.pairs[0].differences[0].t_interval
    assert pair.sentence.startswith("a is better.")
    html = render_report(content)
    assert html.index(expected.verdict.headline.split(" (")[0]) < html.index('id="results"')


def test_damaged_comparison_is_refused(compared: Path) -> None:
    (compared / COMPARISON_FILE).write_text('{"format": 1')

    with pytest.raises(RunError, match=r"cannot be read"):
        content_of(compared)


def test_runs_of_two_models_are_compared_for_the_page(tmp_path: Path) -> None:
    content = content_of(*runs(tmp_path, "a", [26.0, 25.0]), *runs(tmp_path, "b", [25.5, 25.6], line=DEAD_LINE))

    assert content.verdict.headline.startswith("No difference shown")
    assert content.pairs[0].sentence.startswith("No difference shown. 2 seeds would have shown ")
    assert content.pairs[0].sentence.endswith(".")


def test_one_seed_is_no_verdict(tmp_path: Path) -> None:
    content = content_of(*runs(tmp_path, "a", [26.0]), *runs(tmp_path, "b", [25.5], line=DEAD_LINE))

    assert content.pairs[0].sentence.startswith("No test: ")
    assert content.pairs[0].interval is None
    assert "better" not in content.verdict.headline
    assert "None" not in render_report(content).split("<script>")[0].split("</style>")[1]


def test_what_is_not_compared_is_named(tmp_path: Path) -> None:
    stopped = make_run(tmp_path / "c", status="stopped", test={}, seed=7)
    content = content_of(
        *runs(tmp_path, "a", [26.0, 25.0]), *runs(tmp_path, "b", [25.5, 25.6], line=DEAD_LINE), stopped
    )

    assert [(part.folder, part.reason) for part in content.left_out] == [
        (str(stopped), "not in the comparison: it was stopped before its end")
    ]


def test_the_same_training_twice_counts_once(tmp_path: Path) -> None:
    first, second = make_run(tmp_path / "x"), make_run(tmp_path / "y")
    content = content_of(first, second)

    assert [run.folder for run in content.models[0].runs] == [str(first)]
    assert content.left_out[0].reason == (
        f"it is the same training as `{first}` (line, recipe, images, seed 0), counted once"
    )
