"""`--json` of every command: one document on standard output, with the keys that scripts rely on."""

import json
from pathlib import Path
from typing import Any

import pytest
from cli_builders import LINE, METRICS, Command
from PIL import Image

from diabolo.data import load_data


def parsed(diabolo: Command, *arguments: Any) -> Any:
    answer = diabolo(*arguments, "--json")
    assert answer.code == 0, answer.err
    return json.loads(answer.out)


@pytest.mark.parametrize(
    ("name", "total", "trainable", "unconnected"),
    [
        ("method-1", 18_851, 18_851, ["bn_1", "bn_2", "bn_3", "bn_4"]),
        ("method-2", 19_363, 19_107, []),
        ("pool-bn", 19_363, 19_107, []),
        ("bn-relu", 19_363, 19_107, []),
    ],
)
def test_summary_has_the_numbers_of_the_question(
    diabolo: Command, name: str, total: int, trainable: int, unconnected: list[str]
) -> None:
    values = parsed(diabolo, "summary", name)
    assert values["total_params"] == total
    assert values["trainable_params"] == trainable
    assert values["non_trainable_params"] == total - trainable
    assert values["latent_shape"] == [8, 8, 16]
    assert values["unconnected"] == unconnected
    assert sum(layer["num_params"] for layer in values["layers"]) == total


def test_summary_of_another_size(diabolo: Command) -> None:
    assert parsed(diabolo, "summary", "conv8 pool | up conv1", "--input", "28x20x1")["latent_shape"] == [14, 10, 8]


def test_summary_of_a_python_file(diabolo: Command, tmp_path: Path) -> None:
    (tmp_path / "models.py").write_text(f"import diabolo\nsmall = {LINE!r}\nbuilt = diabolo.build(small, (8, 8, 3))\n")
    line = parsed(diabolo, "summary", "models.py:small")["line"]
    assert line == LINE
    built = parsed(diabolo, "summary", "models.py:built")
    assert (built["line"], built["latent_shape"]) == (LINE, [4, 4, 4])


def test_summary_of_a_run(diabolo: Command, trained: Path) -> None:
    assert parsed(diabolo, "summary", trained)["line"] == LINE


def test_zoo(diabolo: Command) -> None:
    models = parsed(diabolo, "zoo")
    assert [model["name"] for model in models][:4] == ["method-1", "method-2", "pool-bn", "bn-relu"]
    for model in models:
        assert {"line", "about", "source", "recipe", "total_params", "latent_shape", "macs", "unconnected"} <= set(
            model
        )


def test_data(diabolo: Command) -> None:
    assert {"cache_folder", "datasets", "folders"} == set(parsed(diabolo, "data", "list"))
    assert parsed(diabolo, "data", "get", "cifar10-sample")["digest"].startswith("sha256:")
    assert parsed(diabolo, "data", "verify", "cifar10-sample")["good"] is True


def test_train(diabolo: Command, few: Path, tmp_path: Path) -> None:
    values = parsed(
        diabolo, "train", LINE, "--data", few, "--set", "epochs=2", "--set", "batch_size=16", "--out", "run"
    )
    assert {"run", "status", "line", "history", "test"} == set(values)
    assert (values["run"], values["status"], values["line"]) == ("run", "finished", LINE)
    assert [row["epoch"] for row in values["history"]] == [1, 2]
    assert set(values["test"]) == METRICS
    assert (tmp_path / "run" / "curves.png").exists()


def test_eval(diabolo: Command, trained: Path, few: Path) -> None:
    values = parsed(diabolo, "eval", trained)
    assert {"run", "line", "part", "data", "recorded_test"} | METRICS == set(values)
    assert values["part"] == "validation"
    on_test = parsed(diabolo, "eval", trained, "--part", "test")
    assert {name: on_test[name] for name in METRICS} == pytest.approx(on_test["recorded_test"], rel=1e-5)
    elsewhere = parsed(diabolo, "eval", trained, "--part", "train", "--data", few)
    assert elsewhere["num_images"] == 43  # 48 less a tenth


def test_a_seed_of_noise_that_is_not_added(diabolo: Command, trained: Path, tmp_path: Path) -> None:
    Image.fromarray(load_data("cifar10-sample").test[0]).save(tmp_path / "a.png")
    answer = diabolo("denoise", trained, "a.png", "--seed", "3", "-o", "made")
    assert answer.err.startswith("note: `--seed` has no effect without `--sigma`, whose noise it is of\n")
    answer = diabolo("denoise", trained, "a.png", "--seed", "3", "--sigma", "0.1", "-o", "made", "--json")
    assert "--seed" not in answer.err
    assert json.loads(answer.out)["images"][0]["psnr_before"] > 0


def test_reconstruct(diabolo: Command, trained: Path, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    for number, image in enumerate(load_data("cifar10-sample").test[:3]):
        Image.fromarray(image).save(tmp_path / "photos" / f"{number}.png")
    (tmp_path / "photos" / "notes.txt").write_text("no image\n")
    values = parsed(diabolo, "reconstruct", trained, "photos", "-o", "made")
    assert [Path(one["source"]).name for one in values["images"]] == ["0.png", "1.png", "2.png"]
    assert all(Image.open(one["target"]).size == (32, 32) and one["psnr"] > 0 for one in values["images"])
    assert [Path(one["path"]).name for one in values["skipped"]] == ["notes.txt"]
