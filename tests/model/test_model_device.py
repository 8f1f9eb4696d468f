"""Where a model computes: names, what is not there, and that models move."""

from pathlib import Path

import pytest
import torch
from torch import nn

from diabolo.errors import DiaboloError
from diabolo.graph import CIFAR_SHAPE
from diabolo.model import build_model
from diabolo.model.device import choose_device, device_of


@pytest.mark.parametrize(("there", "expected"), [(True, "cuda"), (False, "cpu")])
def test_auto_is_cuda_where_there_is_one(there: bool, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    monkeypatch.setattr(torch, "empty", lambda *size, device: None)
    assert choose_device("auto") == torch.device(expected)


@pytest.mark.parametrize("name", ["abacus", "", "meta", "CPU", "cpu\x1b[31m", None, 0])
def test_other_names_are_refused(name: object) -> None:
    with pytest.raises(DiaboloError, match=r"^`device` \(=.*\) must be auto, cpu, cuda or mps$"):
        choose_device(name)  # type: ignore[arg-type]


@pytest.mark.parametrize("error", [AssertionError, RuntimeError, NotImplementedError])
def test_what_is_not_there_is_said_in_a_sentence(error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    def empty(*size: int, device: torch.device) -> None:
        raise error("Torch not compiled with CUDA enabled.\nand a page of advice")

    monkeypatch.setattr(torch, "empty", empty)
    with pytest.raises(DiaboloError) as raised:
        choose_device("cuda:1")
    assert str(raised.value) == (
        "`device` (=cuda:1) cannot be used here (Torch not compiled with CUDA enabled); leave it out, or say cpu"
    )


@pytest.mark.parametrize("name", ["cpu:x", "cuda:-1", "mps:99", "cuda:1000"])
def test_wrong_numbers_are_said_in_a_sentence(name: str) -> None:
    """None of these is anywhere, whatever the machine has."""
    with pytest.raises(DiaboloError) as raised:
        choose_device(name)
    assert str(raised.value).startswith(f"`device` (={name}) cannot be used here (")
    assert str(raised.value).endswith("); leave it out, or say cpu")


def test_device_of() -> None:
    layer = nn.Module()
    assert device_of(layer) == torch.device("cpu")
    layer.register_buffer("levels", torch.empty(2, device="meta"))
    assert device_of(layer) == torch.device("meta")
    layer.weight = nn.Parameter(torch.empty(2))
    assert device_of(layer) == torch.device("cpu")


def test_a_run_is_put_where_it_was_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`meta` stands for a GPU: whatever is moved there is seen to be there."""
    from diabolo.runs import RunFolder, RunRecord, current_versions, write_record
    from diabolo.train import find_recipe, write_weights
    from diabolo.use import load
    from diabolo.use.open import open_model

    line = "conv4 pool | up conv3"
    folder = RunFolder(path=tmp_path / "run")
    folder.path.mkdir()
    recipe = find_recipe("fast")
    record = RunRecord(
        name="small", line=line, input_shape=CIFAR_SHAPE, seed=0, recipe={"name": recipe.name, **recipe.choices()},
        data={"name": "x", "digest": "sha256:0", "source": "x"}, command="python", threads=1, device="cpu",
        status="finished", versions=current_versions(),
    )  # fmt: skip
    write_record(folder.record_file, record)
    write_weights(folder.model_file, build_model(line, CIFAR_SHAPE), line)
    asked: list[str] = []

    def choose(name: str) -> torch.device:
        asked.append(name)
        return torch.device("meta" if name == "cuda" else name)

    monkeypatch.setattr("diabolo.use.run.choose_device", choose)
    assert device_of(load(folder.path, device="cuda").model) == torch.device("meta")
    assert device_of(open_model(folder.path, device="cuda").model) == torch.device("meta")
    assert device_of(load(folder.path).model) == torch.device("cpu")
    assert asked == ["cuda", "cuda", "cpu"]
