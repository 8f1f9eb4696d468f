"""Run folders are read, grouped and labelled; damaged ones are named with the reason and left out."""

import json
from pathlib import Path

import numpy as np
import pytest
from report_builders import DEAD_LINE, RECIPE, make_run, record, rows

from diabolo.compare import find_runs
from diabolo.errors import RunError
from diabolo.report.gather import group_runs, read_findings, read_run, read_runs
from diabolo.runs import RunFolder


def labels(*paths: Path) -> list[str]:
    return [model.label for model in group_runs([read_run(path) for path in paths])[0]]


def test_runs_are_sought_below_a_folder_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for name in ("b/seed10", "b/seed2", "a/seed0", "deep/er/still/seed0"):
        make_run(tmp_path / name)
    (tmp_path / "a" / "notes").mkdir()

    found = [str(path.relative_to(tmp_path)) for path in find_runs(tmp_path)]
    assert found == ["a/seed0", "b/seed2", "b/seed10"]
    assert find_runs(tmp_path / "a" / "seed0") == [tmp_path / "a" / "seed0"]
    assert find_runs(tmp_path / "nothing") == [tmp_path / "nothing"]


def test_runs_of_one_model_are_together_by_seed(tmp_path: Path) -> None:
    paths = [make_run(tmp_path / str(seed), seed=seed) for seed in (3, 1, 2)]
    models = group_runs([read_run(path) for path in paths])[0]

    assert [[run.record.seed for run in model.runs] for model in models] == [[1, 2, 3]]


def test_models_of_one_name_are_told_apart_by_what_is_different(tmp_path: Path) -> None:
    plain = make_run(tmp_path / "0")
    keras = make_run(tmp_path / "1", recipe={**RECIPE, "name": "keras"})
    fused = make_run(tmp_path / "2", recipe={**RECIPE, "name": "keras"}, engine="fused")
    other = make_run(tmp_path / "3", data={**record().data, "name": "mine", "digest": "sha256:5"})
    longer = make_run(tmp_path / "4", recipe={**RECIPE, "epochs": 50})

    assert labels(plain, keras) == ["method-2, fast", "method-2, keras"]
    assert labels(keras, fused) == ["method-2, plain", "method-2, fused"]
    assert labels(plain, other) == ["method-2, cifar10", "method-2, mine"]
    assert labels(plain, longer) == ["method-2 #1", "method-2 #2"]
    assert labels(plain, make_run(tmp_path / "5", name="method-1", line=DEAD_LINE)) == ["method-2", "method-1"]


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda folder: folder.record_file.unlink(), "is no run: it holds no `run.toml`"),
        (lambda folder: folder.record_file.write_text("name = "), "it was edited or damaged"),
        (lambda folder: folder.record_file.write_bytes(b"\xff\xfe\x00"), "it was edited or damaged"),
        (lambda folder: folder.history_file.write_text("epoch,loss\n1,0.5\n"), "it has no train_loss"),
        (lambda folder: folder.history_file.write_bytes(bytes(range(256))), "is no history"),
        (lambda folder: folder.history_file.unlink(), "has test results and no history"),
        (lambda folder: folder.history_file.write_text(""), "has test results and no history"),
        (
            lambda folder: folder.record_file.write_text(folder.record_file.read_text().replace("conv64", "con64")),
            "unknown layer `con64`",
        ),
        (
            lambda folder: folder.record_file.write_text(folder.record_file.read_text().replace("25.4321987", '"x"')),
            "has `psnr` = 'x' among its test results",
        ),
    ],
)
def test_damaged_run_is_named_and_left_out(tmp_path: Path, damage, reason: str) -> None:
    good, bad = make_run(tmp_path / "good"), make_run(tmp_path / "bad", seed=1)
    damage(RunFolder(path=bad))
    runs, left_out = read_runs([good, bad])

    assert [run.folder for run in runs] == [str(good)]
    assert [part.folder for part in left_out] == [str(bad)]
    assert reason in left_out[0].reason
    with pytest.raises(RunError, match=r"."):
        read_runs([bad])


def test_run_before_its_first_epoch_is_no_damage(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "a", status="running", test={})
    RunFolder(path=folder).history_file.unlink()

    assert read_run(folder).rows == ()


def test_the_same_folder_counts_once(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "a")

    assert len(read_runs([folder, folder])[0]) == 1


def test_test_psnr_is_read_and_what_is_none_is_not(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "a")
    np.save(folder / "test-psnr.npy", np.array([25.5, 24.25], np.float32))
    assert read_run(folder).test_psnr == (25.5, 24.25)

    for content in (b"", b"not numpy", (folder / "test-psnr.npy").read_bytes()[:-3]):
        (folder / "test-psnr.npy").write_bytes(content)
        assert read_run(folder).test_psnr == ()
    np.save(folder / "test-psnr.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    assert read_run(folder).test_psnr == ()


def test_findings_are_merged_and_sorted(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "a")
    finding = {"code": "AE1", "name": "n", "severity": "note", "message": "m", "remedy": "r"}
    worse = {**finding, "severity": "error"}
    RunFolder(path=folder).findings_file.write_text(json.dumps({"findings": [finding, worse, finding]}))

    assert [(one.severity, one.times) for one in read_findings(str(folder))] == [("error", 1), ("note", 2)]
    for broken in ("", "[]", '{"findings": [{}]}', '{"findings": 3}'):
        RunFolder(path=folder).findings_file.write_text(broken)
        assert read_findings(str(folder)) == ()
    assert read_findings(str(tmp_path / "nothing")) == ()


def test_a_thousand_epochs_stay_exact(tmp_path: Path) -> None:
    history = rows(1000)

    assert read_run(make_run(tmp_path / "a", history)).rows == history
