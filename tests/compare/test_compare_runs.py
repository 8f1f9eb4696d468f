"""Runs on disk: read, grouped, and left out by name where they are missing, unfinished or damaged."""

import json
from pathlib import Path

import numpy as np
import pytest
from compare_builders import LINE, OTHER_LINE, write_damaged, write_run

from diabolo.compare import compare_runs, find_runs, from_dict, read_comparison, to_dict, write_comparison
from diabolo.errors import DiaboloError, RunError

A = [26.0, 26.2, 25.9]
B = [25.6, 25.9, 25.5]


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    """Two models with three seeds each."""
    return [
        *(write_run(tmp_path / "a" / f"seed{seed}", psnr, seed=seed, name="a") for seed, psnr in enumerate(A)),
        *(
            write_run(tmp_path / "b" / f"seed{seed}", psnr, seed=seed, name="b", line=OTHER_LINE)
            for seed, psnr in enumerate(B)
        ),
    ]


def test_runs_are_grouped_by_line_and_paired_by_seed(folders: list[Path]) -> None:
    found = compare_runs(reversed(folders))
    assert [model.label for model in found.models] == ["b", "a"]
    assert [[run.seed for run in model.runs] for model in found.models] == [[0, 1, 2], [0, 1, 2]]
    result = found.models[1].results["psnr"]
    assert (result.mean, result.deviation, result.best, result.n) == (
        pytest.approx(np.mean(A)),
        pytest.approx(np.std(A, ddof=1)),
        26.2,
        3,
    )
    assert found.models[1].results["mse"].best == min(run.test["mse"] for run in found.models[1].runs)
    (pair,) = found.pairs
    assert (pair.first, pair.better, found.verdict.kind, found.verdict.best) == ("a", "a", "better", "a")
    assert found.left_out == ()


def test_images_are_compared_over_the_seeds(folders: list[Path]) -> None:
    """The builder gives both models the same images but for the mean, so that every image differs by the mean's."""
    images = compare_runs(folders).pairs[0].images
    assert images is not None
    assert (images.num_images, images.seeds, images.share_first) == (100, (0, 1, 2), 1.0)
    assert images.mean == pytest.approx(np.mean(A) - np.mean(B), abs=1e-5)  # float32 values of about 26


def test_a_run_without_images_is_compared_all_the_same(folders: list[Path]) -> None:
    (folders[0] / "test-psnr.npy").unlink()
    found = compare_runs(folders)
    assert found.left_out == ()
    assert found.pairs[0].images is None


def damaged(folder: Path, what: str) -> None:
    if what == "folder is missing":
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
    elif what == "record is missing":
        (folder / "run.toml").unlink()
    elif what == "record is cut":
        write_damaged(folder / "run.toml")
    elif what == "record is binary":
        (folder / "run.toml").write_bytes(b"\xff\x00" * 50)
    elif what == "history is missing":
        (folder / "history.csv").unlink()
    elif what == "history is cut":
        rows = (folder / "history.csv").read_text().splitlines(keepends=True)
        (folder / "history.csv").write_text("".join(rows[:-1]))
    elif what == "history is cut in a row":
        text = (folder / "history.csv").read_text()
        (folder / "history.csv").write_text(text[: text.rindex(",") - 3])
    elif what == "images are cut":
        content = (folder / "test-psnr.npy").read_bytes()
        (folder / "test-psnr.npy").write_bytes(content[:-40])
    elif what == "images are empty":
        (folder / "test-psnr.npy").write_bytes(b"")
    elif what == "images are others":
        np.save(folder / "test-psnr.npy", np.full(100, 30, np.float32))
    elif what == "images are a pickle":
        np.save(folder / "test-psnr.npy", np.array([{}], dtype=object), allow_pickle=True)
    else:
        text = (folder / "run.toml").read_text()
        old, new = {
            "status": ('status = "finished"', 'status = "stopped"'),
            "diverged": ('status = "finished"', 'status = "diverged"'),
            "no number": ("psnr = 26.2", "psnr = nan"),
            "infinite": ("psnr = 26.2", "psnr = inf"),
            "a text": ("psnr = 26.2", 'psnr = "26.2"'),
            "no result": ("psnr = 26.2", ""),
            "line": (LINE, "conv4 relu bn pool | conv3 sigmoid"),
            "format": ("format = 1", "format = 7"),
        }[what]
        assert old in text
        (folder / "run.toml").write_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("folder is missing", "is no run: it holds no `run.toml`"),
        ("record is missing", "is no run: it holds no `run.toml`"),
        ("record is cut", "it was edited or damaged"),
        ("record is binary", "it was edited or damaged"),
        ("history is missing", "no history in"),
        ("history is cut", "has 3 rows and the recipe 4 epochs"),
        ("history is cut in a row", "was it edited?"),
        ("images are cut", "it is damaged"),
        ("images are empty", "it is damaged"),
        ("images are others", "does not have the mean 26.20 dB that `run.toml` says"),
        ("images are a pickle", "it is damaged"),
        ("status", "it was stopped before its end"),
        ("diverged", "it diverged: its loss became NaN or infinite"),
        ("no number", "the test result `psnr` is nan, no finite number"),
        ("infinite", "the test result `psnr` is inf, no finite number"),
        ("a text", "the test result `psnr` is '26.2', no finite number"),
        ("no result", "the test result `psnr` is missing"),
        ("line", "the line in its `run.toml` cannot be built"),
        ("format", "has run format 7"),
    ],
)
def test_a_bad_run_is_named_and_enters_no_number(folders: list[Path], what: str, said: str) -> None:
    damaged(folders[1], what)
    found = compare_runs(folders)
    (left_out,) = found.left_out
    assert left_out.folder == str(folders[1])
    assert said in left_out.reason
    first = next(model for model in found.models if model.label == "a")
    assert [run.seed for run in first.runs] == [0, 2]
    assert first.results["psnr"].mean == pytest.approx((26.0 + 25.9) / 2)
    assert found.pairs[0].seeds == (0, 2)
    assert "seeds" in {warning.code for warning in found.warnings}


def test_a_reason_that_is_known_better_is_given(folders: list[Path]) -> None:
    damaged(folders[1], "diverged")
    found = compare_runs(folders, reasons={str(folders[1]): "it diverged: the loss became nan in epoch 1"})
    assert found.left_out[0].reason == "it diverged: the loss became nan in epoch 1"


def test_the_same_training_twice_counts_once(folders: list[Path], tmp_path: Path) -> None:
    again = write_run(tmp_path / "again", 29.0, seed=1, name="other")
    found = compare_runs([*folders, again, folders[0]])
    (left_out,) = found.left_out
    assert left_out.folder == str(again)
    assert "it is the same training as" in left_out.reason
    assert "counted once" in left_out.reason
    assert len(found.models[0].runs) == 3


def test_nothing_to_compare_is_refused_with_the_first_reason(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"there is no finished run to compare; the first of 1: .*is no run"):
        compare_runs([tmp_path / "nowhere"])
    with pytest.raises(RunError, match=r"there is no finished run to compare$"):
        compare_runs([])


def test_an_unknown_metric_is_refused(folders: list[Path]) -> None:
    with pytest.raises(DiaboloError, match=r"`metric` \(=accuracy\) must be one of psnr, mse, ssim, loss"):
        compare_runs(folders, metric="accuracy")


@pytest.mark.parametrize(
    ("second", "labels"),
    [
        ({"line": OTHER_LINE}, ["small-bbd5c7", "small-990bc7"]),
        ({"recipe": {"name": "keras"}}, ["small, fast", "small, keras"]),
        ({"engine": "fused"}, ["small, plain", "small, fused"]),
        ({"recipe": {"learning_rate": 0.1}}, ["small #1", "small #2"]),
        ({"line": OTHER_LINE, "name": "model"}, ["small", "model-bbd5c7"]),
    ],
)
def test_models_of_the_same_name_are_told_apart(tmp_path: Path, second: dict, labels: list[str]) -> None:
    write_run(tmp_path / "1", 26.0)
    write_run(tmp_path / "2", 26.0, **second)
    found = compare_runs([tmp_path / "1", tmp_path / "2"])
    digits = [label.split("-")[-1] for label in labels if "-" in label]
    assert [model.label.split("-")[0] for model in found.models] == [label.split("-")[0] for label in labels]
    assert len({model.label for model in found.models}) == 2
    assert all(len(digit) == 6 for digit in digits)


def test_a_name_is_only_a_name(tmp_path: Path) -> None:
    """Nothing is done with a name but showing it."""
    name = "<img src=x onerror=alert(1)>"
    write_run(tmp_path / "1", 26.0, name=name)
    assert compare_runs([tmp_path / "1"]).models[0].label == name


def test_the_file_gives_the_comparison_back(folders: list[Path], tmp_path: Path) -> None:
    damaged(folders[1], "status")
    found = compare_runs(folders)
    target = write_comparison(found, tmp_path)
    assert target.name == "comparison.json"
    assert read_comparison(tmp_path) == found
    assert from_dict(json.loads(json.dumps(to_dict(found)))) == found


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda values: values.pop("verdict"), "verdict"),
        (lambda values: values.update(format=2), "has format 2, and this diabolo reads format 1"),
        (lambda values: values.update(models=3), "3 is no list"),
        (lambda values: values["models"][0].update(macs="many"), "'many' is no int"),
        (lambda values: values["verdict"].update(colour="red"), "unknown `colour` in Verdict"),
    ],
)
def test_an_edited_file_is_refused(folders: list[Path], change: object, said: str) -> None:
    values = json.loads(json.dumps(to_dict(compare_runs(folders))))
    change(values)  # type: ignore[operator]
    with pytest.raises(RunError, match=said):
        from_dict(values)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"is no comparison: it holds no `comparison\.json`"):
        read_comparison(tmp_path)
    (tmp_path / "comparison.json").write_text("{")
    with pytest.raises(RunError, match="it was edited or damaged"):
        read_comparison(tmp_path)
    (tmp_path / "comparison.json").write_text("[]")
    with pytest.raises(RunError, match="has format list"):
        read_comparison(tmp_path)


def test_runs_below_a_folder_are_found_by_number(tmp_path: Path) -> None:
    for seed in (10, 2):
        write_run(tmp_path / "m" / f"seed{seed}", 26.0, seed=seed)
    (tmp_path / "m" / "pictures").mkdir()
    assert [path.name for path in find_runs(tmp_path)] == ["seed2", "seed10"]
    assert find_runs(tmp_path / "nothing") == [tmp_path / "nothing"]
