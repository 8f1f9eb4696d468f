"""`--device` on the commands for own images: each takes it, and says in a sentence what is not there."""

from pathlib import Path

import pytest
import torch
from cli_builders import Command
from PIL import Image

from diabolo.data import load_data

COMMANDS = {
    "encode": ("encode", "RUN", "a.png"),
    "decode": ("decode", "RUN", "latents.npz"),
    "denoise": ("denoise", "RUN", "a.png"),
    "reconstruct": ("reconstruct", "RUN", "a.png"),
    "score": ("score", "RUN", "a.png"),
    "neighbours": ("neighbours", "RUN", "a.png", "a.png", "b.png"),
    "sample": ("sample", "RUN"),
    "interpolate": ("interpolate", "RUN", "a.png", "b.png"),
}


@pytest.fixture
def arguments(trained: Path) -> dict[str, list[str]]:
    for name, image in zip(("a", "b"), load_data("cifar10-sample").test[:2], strict=True):
        Image.fromarray(image).save(f"{name}.png")
    return {name: [str(trained) if one == "RUN" else one for one in words] for name, words in COMMANDS.items()}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_device_that_is_none(name: str, diabolo: Command, arguments: dict[str, list[str]]) -> None:
    answer = diabolo(*arguments[name], "--device", "abacus")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err == "diabolo: `device` (=abacus) must be auto, cpu, cuda or mps\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_a_device_that_is_not_there(
    name: str, diabolo: Command, arguments: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = torch.empty

    def empty(*size: int, **options: object) -> torch.Tensor:
        if str(options.get("device")) == "cuda":
            raise AssertionError("Torch not compiled with CUDA enabled")
        return real(*size, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(torch, "empty", empty)
    answer = diabolo(*arguments[name], "--device", "cuda")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err == (
        "diabolo: `device` (=cuda) cannot be used here (Torch not compiled with CUDA enabled); "
        "leave it out, or say cpu\n"
    )


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in ("decode", "sample")])
def test_the_cpu_by_its_name(name: str, diabolo: Command, arguments: dict[str, list[str]]) -> None:
    named = diabolo(*arguments[name], "--device", "cpu")
    assert named.code == 0, named.err
    assert diabolo(*arguments[name], "--device", "auto") == named or torch.cuda.is_available()


def test_the_fused_engine_has_no_effect_elsewhere(
    diabolo: Command, arguments: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The CPU stands for a GPU here, but for its name: what the user is told, and that images come out."""
    from diabolo.model import device

    class Gpu:
        type = "cuda"

        def __str__(self) -> str:
            return "cpu"

    monkeypatch.setattr(device, "choose_device", lambda name: Gpu())
    answer = diabolo(*arguments["reconstruct"], "--device", "cuda", "--engine", "fused")
    assert answer.code == 0
    assert "note: `engine` (=fused) has no effect on cuda, where torch does all the work" in answer.err
    assert Path("reconstructed/a.png").exists()
