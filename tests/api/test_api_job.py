"""A training from whatever the user names: which images it takes, what `run.toml` says, and what is refused."""

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from run_builders import NOISY, PLAIN, SMALL, random_images, save_images, train

from diabolo.api.evaluate import evaluate_part
from diabolo.api.execute import execute, measure
from diabolo.api.fit import fit
from diabolo.api.job import new_job
from diabolo.api.recorded_data import training_images
from diabolo.data import load_data
from diabolo.errors import DataError, DiaboloError, DivergedError, OutputError, RecipeError, RunError
from diabolo.model import build_model
from diabolo.runs import current_versions
from diabolo.train import find_recipe, read_tensors
from diabolo.use import load

FAST, KERAS = find_recipe("fast"), find_recipe("keras")


def quiet(event: object) -> None:
    """Prints nothing."""


def test_fit_makes_a_whole_run_and_leaves_the_programs_random_numbers_alone(tmp_path: Path) -> None:
    torch.manual_seed(3)
    np.random.seed(3)
    random.seed(3)
    before = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()
    run = fit(NOISY, random_images(), out=tmp_path / "run", watch=quiet, **SMALL)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert (np.random.get_state()[1] == before[1]).all()
    assert random.getstate() == before[2]
    assert {path.name for path in (tmp_path / "run").iterdir() if path.suffix != ".lock"} == {
        "run.toml", "history.csv", "model.safetensors", "state.safetensors", "curves.png", "reconstructions.png",
        "findings.json", "test-psnr.npy", "report.html",
    }  # fmt: skip
    assert Image.open(run.folder.curves_file).format == "PNG"
    assert run.record.status == "finished"
    assert run.record.versions == current_versions()
    assert len(run.history) == 3
    assert run.record.recipe == {"name": "fast", **FAST.with_settings(SMALL).choices()}


def test_the_test_results_are_those_of_the_kept_weights_on_the_test_images(tmp_path: Path) -> None:
    """A rate that first helps and then harms: the kept weights are not the last. float32 against float64: 1e-5."""
    harmful = {"learning_rate": 3.0, "schedule": "cosine", "warmup": 1.0, "epochs": 6}
    run = train(tmp_path / "run", keep="best", **harmful).run
    best = min(run.history, key=lambda row: row.val_loss)
    assert best.epoch < 6
    images = load_data(save_images(tmp_path)).test
    target = images.astype(np.float64) / 255
    with torch.no_grad():
        logits = run.model.double().logits(torch.from_numpy(target).permute(0, 3, 1, 2)).permute(0, 2, 3, 1).numpy()
    made = 1 / (1 + np.exp(-logits))
    mse = ((made - target) ** 2).mean(axis=(1, 2, 3))
    with np.errstate(divide="ignore", invalid="ignore"):
        entropy = -np.nan_to_num(target * np.log(target)) - np.nan_to_num((1 - target) * np.log1p(-target))
    loss = (np.logaddexp(0, logits) - target * logits).mean()
    wanted = {
        "num_images": len(images),
        "loss": loss,
        "excess": loss - entropy.mean(),
        "mse": mse.mean(),
        "psnr": (-10 * np.log10(mse)).mean(),
    }
    assert {name: run.record.test[name] for name in wanted} == pytest.approx(wanted, rel=1e-5)
    validation, _ = evaluate_part(load(tmp_path / "run"), "validation")
    assert validation["loss"] == pytest.approx(best.val_loss, rel=1e-6)
    assert validation["excess"] == pytest.approx(best.val_excess, rel=1e-5)
    assert evaluate_part(load(tmp_path / "run"), "test")[0] == pytest.approx(run.record.test, rel=1e-6)
    on_train, dataset = evaluate_part(load(tmp_path / "run"), "train")
    assert on_train["num_images"] + validation["num_images"] == len(dataset.train)


def test_a_model_of_ones_own_is_trained_in_place_and_left_with_the_kept_weights(tmp_path: Path) -> None:
    own = build_model(PLAIN, (8, 8, 3), seed=5)
    before = {name: value.clone() for name, value in own.state_dict().items()}
    harmful = {"learning_rate": 3.0, "schedule": "cosine", "warmup": 1.0, "epochs": 6, "batch_size": 10}
    run = fit(own, random_images(), out=tmp_path / "run", watch=quiet, keep="best", **harmful)
    kept, _ = read_tensors(run.folder.model_file)
    assert not own.training
    assert all(torch.equal(value, kept[name]) for name, value in own.state_dict().items())
    assert not torch.equal(own.state_dict()["layers.conv_1.weight"], before["layers.conv_1.weight"])
    assert run.record.name == "model"
    with pytest.raises(DiaboloError, match="has images of 16×16×3, and the model takes 8×8×3; bring them to that size"):
        fit(own, np.zeros((20, 16, 16, 3), np.uint8), out=tmp_path / "other")
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(("num_images", "num_validation"), [(2, 1), (3, 1), (4, 1), (5, 1), (9, 1), (45, 4), (100, 10)])
def test_a_held_out_part_has_at_least_one_image(num_images: int, num_validation: int) -> None:
    dataset = load_data(random_images(200))
    dataset = type(dataset)(**{**vars(dataset), "train": random_images(num_images)})
    images = training_images(dataset, FAST)
    assert len(images.validation_indices) == num_validation
    assert images.validation is images.train
    assert sorted([*images.train_indices, *images.validation_indices]) == list(range(num_images))


def test_one_image_cannot_be_split(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", train=random_images(1), test=random_images(2))
    with pytest.raises(DataError, match="leaves a part empty"):
        new_job(PLAIN, tmp_path / "x.npz", out=tmp_path / "run")
    new_job(PLAIN, tmp_path / "x.npz", recipe="keras", out=tmp_path / "run")
    np.savez(tmp_path / "y.npz", train=random_images(20), test=random_images(2))
    with pytest.raises(DataError, match=r"`fraction` \(=0.0\)"):
        new_job(PLAIN, tmp_path / "y.npz", settings={"validation_fraction": 0}, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_the_parts_by_recipe_and_data(tmp_path: Path) -> None:
    parts = {"train": random_images(20, 1), "validation": random_images(6, 2), "test": random_images(7, 3)}
    np.savez(tmp_path / "x.npz", **parts)
    dataset = load_data(tmp_path / "x.npz")
    own = training_images(dataset, FAST)
    assert (own.validation == parts["validation"]).all()
    assert len(own.validation_indices) == 6
    assert len(own.train_indices) == 20
    on_test = training_images(dataset, KERAS)
    assert (on_test.validation == parts["test"]).all()
    assert len(on_test.validation_indices) == 7
    assert len(on_test.train_indices) == 20
    run = fit(PLAIN, tmp_path / "x.npz", recipe="keras", out=tmp_path / "run", epochs=2, watch=quiet)
    assert (run.record.data["num_train"], run.record.data["num_validation"], run.record.data["num_test"]) == (20, 7, 7)
    assert run.record.test["loss"] == pytest.approx(run.history[-1].val_loss, rel=1e-6)


def test_the_name_of_the_data_loads_it_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def table(data, **options) -> dict:
        return new_job(PLAIN, data, out=tmp_path / "run", **options).record.data

    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home" / "pictures").mkdir(parents=True)
    inside = save_images(tmp_path / "home" / "pictures")
    outside = save_images(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert table("images.npy")["name"] == str(outside)
    for data in (inside, str(inside), "home/pictures/images.npy", "~/pictures/images.npy", load_data(inside)):
        assert table(data)["name"] == "~/pictures/images.npy"
        assert str(tmp_path / "home") not in str(table(data))
    array = table(random_images())
    assert (array["name"], array["in_memory"]) == ("array", True)
    assert table(load_data(random_images()))["in_memory"] is True
    assert table(load_data(random_images()), data_name="cifar10")["name"] == "cifar10"
    sized = table(np.zeros((20, 10, 10, 3), np.uint8), data_options={"size": (8, 8), "fit": "crop", "channels": None})
    assert (sized["size"], sized["fit"]) == ([8, 8], "crop")
    assert "channels" not in sized


def test_a_catalogue_name_wins_over_a_folder_of_that_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `load_data` has it; else a resume would look for other images than were trained on."""
    (tmp_path / "cifar10").mkdir()
    monkeypatch.chdir(tmp_path)
    from diabolo.api.recorded_data import data_table

    dataset = load_data(random_images())
    assert data_table("cifar10", dataset, training_images(dataset, FAST), {})["name"] == "cifar10"


def test_a_run_in_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    run = fit(PLAIN, random_images(), out="~/runs/x", watch=quiet, **SMALL)
    assert (tmp_path / "runs" / "x" / "run.toml").exists()
    assert load("~/runs/x").line == run.line


def test_default_folders_are_numbered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "model-fast-seed7").mkdir(parents=True)
    assert new_job(PLAIN, random_images(), seed=7).folder.path == Path("runs/model-fast-seed7-2")
    assert new_job("method-2", random_images(), name="mine").folder.path == Path("runs/mine-fast-seed0")


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"model": "conv4 | conv3 oops"}, DiaboloError, "oops"),
        ({"model": "conv4 pool | up conv3"}, RecipeError, "does not end in `sigmoid`"),
        ({"model": "pool | up sigmoid"}, RecipeError, "nothing to train"),
        ({"data": "no-such-data"}, DataError, "no data set"),
        ({"recipe": "quick"}, RecipeError, "no recipe `quick`"),
        ({"settings": {"epochs": "x"}}, RecipeError, "whole number"),
        ({"settings": {"validation": "test"}}, RecipeError, "would choose weights by the test images"),
        ({"device": "abacus"}, DiaboloError, r"`device` \(=abacus\) must be auto, cpu, cuda or mps"),
        ({"data_options": {"size": 9, "fit": "x"}}, DataError, "`fit`"),
    ],
)
def test_what_is_refused_before_anything_is_written(tmp_path: Path, changes: dict, error: type, message: str) -> None:
    arguments = {"model": PLAIN, "data": random_images(), "out": tmp_path / "run"} | changes
    with pytest.raises(error, match=message):
        new_job(arguments.pop("model"), arguments.pop("data"), **arguments)
    assert not (tmp_path / "run").exists()


def test_a_folder_that_holds_a_run_is_never_written_over(tmp_path: Path) -> None:
    waiting = new_job(PLAIN, random_images(), settings=SMALL, out=tmp_path / "run")
    train(tmp_path / "run")
    before = {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir()}
    with pytest.raises(
        RunError, match=r"already holds a run; choose another `--out`, or go on with `diabolo train --res"
    ):
        train(tmp_path / "run")
    from diabolo.api.execute import execute

    with pytest.raises(RunError, match="holds a run that was made meanwhile"):
        execute(waiting)
    assert {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir()} == before


def test_notes_name_choices_without_effect(tmp_path: Path) -> None:
    idle = {"schedule": "constant", "warmup": 0.1}
    assert "`warmup`" in new_job(PLAIN, random_images(), settings=idle, out=tmp_path / "run").notes[0]


def test_a_diverging_fit_raises_and_keeps_the_last_good_state(tmp_path: Path) -> None:
    with pytest.raises(DivergedError, match=r"the loss became (inf|nan) in epoch 1, step \d+: .*nothing bounds"):
        fit("conv4 relu pool | up conv3", random_images(), out=tmp_path / "run", watch=quiet, loss="mse",
            learning_rate=1e6, optimiser="sgd", **SMALL)  # fmt: skip
    assert load(tmp_path / "run").record.status == "diverged"
    tensors, _ = read_tensors(tmp_path / "run" / "state.safetensors")
    assert all(bool(torch.isfinite(value).all()) for value in tensors.values())


def test_measuring_on_other_images(tmp_path: Path) -> None:
    run = train(tmp_path / "run").run
    others = random_images(30, seed=4)
    measured, dataset = evaluate_part(run, "test", data=others)
    assert measured == measure(run.model, dataset.test, "bce")
    with pytest.raises(DiaboloError, match=r"`part` \(=tset\) must be one of train, validation, test"):
        evaluate_part(run, "tset")
    with pytest.raises(DiaboloError, match="has images of 4×4×3, and the model takes 8×8×3"):
        evaluate_part(run, "test", data=np.zeros((9, 4, 4, 3), np.uint8))
    two = np.zeros((2, 8, 8, 3), np.uint8)
    assert evaluate_part(run, "test", data=two)[0]["num_images"] == 1


def test_a_wrong_interval_for_checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("often", "-1", "nan"):
        monkeypatch.setenv("DIABOLO_CHECKPOINT_SECONDS", value)
        with pytest.raises(DiaboloError, match=r"`\$DIABOLO_CHECKPOINT_SECONDS` \(=.*\) must be a number of seconds"):
            train(tmp_path / "run")
    assert not (tmp_path / "run" / "run.toml").exists()


def test_an_output_that_cannot_be_written(tmp_path: Path) -> None:
    file = save_images(tmp_path)
    for out in (Path("/proc/diabolo/run"), file / "run"):
        with pytest.raises(OutputError, match="cannot write"):
            fit(PLAIN, random_images(), out=out, watch=quiet, **SMALL)


def test_a_report_that_cannot_be_written_is_a_note_and_the_run_is_finished(tmp_path: Path) -> None:
    (tmp_path / "run" / "report.html").mkdir(parents=True)
    job = new_job(PLAIN, random_images(), settings=SMALL, out=tmp_path / "run")
    outcome = execute(job)
    (note,) = outcome.notes
    assert note.startswith(f"the report was not written: cannot write `{tmp_path / 'run' / 'report.html'}`")
    assert note.endswith(f"`diabolo report {tmp_path / 'run'}` writes it")
    assert outcome.run.record.status == "finished"
    assert outcome.run.record.test


def test_a_model_without_weights_is_measured() -> None:
    images = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3)).astype(np.uint8)
    found = measure(build_model("avgpool | up", (8, 8, 3)), images, "mse")
    blocks = images.reshape(4, 4, 2, 4, 2, 3) / 255
    assert found["mse"] == pytest.approx(((blocks - blocks.mean(axis=(2, 4), keepdims=True)) ** 2).mean(), rel=1e-5)
