"""`train --from` and `import`: going on from weights that are there, a run's or another program's."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from cli_builders import LINE, Command
from torch import nn

from diabolo.use import load

TRAINING = ("--set", "epochs=1", "--set", "batch_size=16")


def test_a_training_starts_from_the_weights_of_a_run(diabolo: Command, trained: Path, few: Path) -> None:
    """With a rate that moves nothing, convolutions come out as they went in; another seed draws nothing anew."""
    still = ("--set", "learning_rate=1e-30", "--seed", "7", *TRAINING)
    answer = diabolo("train", "--from", trained, "--data", few, "--out", "runs/further", *still)
    assert answer.code == 0, answer.err
    before, after = load(trained), load("runs/further")
    assert (after.name, after.line, after.record.seed) == (before.name, LINE, 7)
    assert after.record.data["digest"] == before.record.data["digest"]
    for name, tensor in before.model.state_dict().items():
        if "moving" not in name:
            torch.testing.assert_close(after.model.state_dict()[name], tensor, rtol=0, atol=1e-12)
    assert before.record.status == "finished"
    diabolo("train", LINE, "--data", few, "--out", "runs/anew", *still)
    assert not torch.allclose(load("runs/anew").model.layers["conv_1"].weight, before.model.layers["conv_1"].weight)


ALONE = "`--from RUN` takes the model of that run; leave out MODEL and `--resume`"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("method-2", "--from", "RUN"), ALONE),
        (("--resume", "RUN", "--from", "RUN"), ALONE),
        (("--from", "nowhere"), "`nowhere` is no run: it holds no `run.toml`; `diabolo train MODEL --out nowhere` "
         "makes one"),
        (("--from", "method-2"), "`method-2` is a model of the zoo without weights; train it with "
         "`diabolo train method-2 --out runs/method-2`, then give that folder"),
        (("--from", "RUN", "--out", "RUN"), "`RUN` already holds a run; choose another `--out`, or go on with "
         "`diabolo train --resume RUN`"),
        (("--from", "RUN", "--engine", "abacus"), "`engine` (='abacus') must be one of auto, plain, fused"),
    ],
)  # fmt: skip
def test_what_cannot_be_gone_on_from(
    arguments: tuple[str, ...], message: str, diabolo: Command, trained: Path, few: Path
) -> None:
    given = [str(trained) if one == "RUN" else one for one in arguments]
    answer = diabolo("train", *given, "--data", few)
    assert answer.code == 2
    assert answer.err.splitlines()[-1] == "diabolo: " + message.replace("RUN", str(trained)).replace(
        f"`--from {trained}`", "`--from RUN`"
    )


def test_images_of_another_size(diabolo: Command, trained: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "other.npy", np.zeros((8, 16, 16, 3), np.uint8))
    answer = diabolo("train", "--from", trained, "--data", "other.npy")
    assert answer.code == 2
    assert "has images of 16×16×3, and the model takes 32×32×3" in answer.err


class Theirs(nn.Module):
    """Its layers are not listed in the order in which they compute."""

    def __init__(self) -> None:
        super().__init__()
        self.out = nn.Conv2d(6, 3, 3, padding=1)
        self.inner = nn.Conv2d(3, 6, 3, padding=1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        hidden = nn.functional.max_pool2d(torch.relu(self.inner(images)), 2)
        return torch.sigmoid(self.out(nn.functional.interpolate(hidden, scale_factor=2)))


MAP = {
    "conv_1.weight": "inner.weight",
    "conv_1.bias": "inner.bias",
    "conv_2.weight": "out.weight",
    "conv_2.bias": "out.bias",
}


def import_state_dict(diabolo: Command, names: object) -> tuple[int, str, Theirs]:
    torch.manual_seed(3)
    theirs = Theirs()
    torch.save(theirs.state_dict(), "theirs.pt")
    Path("names.json").write_text(names if isinstance(names, str) else json.dumps(names))
    line = ("--line", "conv6 relu pool | up conv3 sigmoid", "--input", "8x8x3")
    answer = diabolo("import", "theirs.pt", *line, "--map", "names.json", "--out", "runs/theirs")
    return answer.code, answer.err, theirs


def test_a_map_says_which_tensor_is_which(diabolo: Command) -> None:
    code, said, theirs = import_state_dict(diabolo, MAP)
    assert code == 0, said
    run = load("runs/theirs")
    assert (run.record.status, run.name) == ("imported", "theirs")
    images = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(run.model(images), theirs(images), rtol=0, atol=1e-6)


def test_explain_and_report_say_that_a_run_was_imported_and_what_to_do(diabolo: Command) -> None:
    code, said, _ = import_state_dict(diabolo, MAP)
    assert code == 0, said
    words = (
        "it was imported from `theirs.pt` and not trained here, so it has no curves and no test results; "
        "train it further: diabolo train --from runs/theirs --data DATA\n"
    )
    explained = diabolo("explain", "runs/theirs")
    assert (explained.code, explained.err) == (2, f"diabolo: no history in `runs/theirs`: {words}")
    reported = diabolo("report", "runs/theirs", "--no-pictures", "-o", "page.html")
    assert (reported.code, reported.out) == (0, f"theirs has no results here: {words}Report: page.html\n")
    assert "theirs has no results here: it was imported from <code>theirs.pt</code>" in Path("page.html").read_text()


NO_MAP = '`names.json` is no map of names; write {"conv_1.weight": "encoder.0.weight"}'


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ({**MAP, "conv_3.weight": "out.weight"}, "the line has no `conv_3.weight`; it has conv_1.weight, conv_1.bias, "
         "conv_2.weight, conv_2.bias…"),
        ({**MAP, "conv_2.bias": "last.bias"}, "the state dict has no `last.bias`, which is to become `conv_2.bias`"),
        ({**MAP, "conv_2.weight": "inner.weight"}, "`inner.weight` has the shape (6, 3, 3, 3), and `conv_2.weight` of "
         "the line (3, 6, 3, 3); is it the line of these weights? (`--map FILE` names which belongs to which)"),
        ({name: other for name, other in MAP.items() if name != "conv_1.bias"},
         "nothing in the state dict is for `conv_1.bias` (1 in all are missing)"),
        ({}, "nothing in the state dict is for `conv_1.weight` (4 in all are missing)"),
        ([["conv_1.weight", "inner.weight"]], NO_MAP),
        ({"conv_1.weight": 3}, NO_MAP),
        ("{", "`names.json` is no map of names in JSON (Expecting property name enclosed in doub…)"),
    ],
)  # fmt: skip
def test_wrong_maps(names: object, message: str, diabolo: Command) -> None:
    code, said, _ = import_state_dict(diabolo, names)
    assert (code, said.splitlines()[-1]) == (2, f"diabolo: {message}")
    assert not Path("runs/theirs").exists()


def test_the_wrong_order_without_a_map_is_said(diabolo: Command) -> None:
    torch.save(Theirs().state_dict(), "theirs.pt")
    answer = diabolo("import", "theirs.pt", "--line", "conv6 relu pool | up conv3 sigmoid", "--input", "8x8x3")
    assert answer.code == 2
    assert "`out.weight` has the shape (3, 6, 3, 3), and `conv_1.weight` of the line (6, 3, 3, 3)" in answer.err


def test_a_missing_map_and_options_of_the_other_kind(diabolo: Command) -> None:
    torch.save(Theirs().state_dict(), "theirs.pt")
    answer = diabolo("import", "theirs.pt", "--line", LINE, "--map", "nowhere.json")
    assert answer.err == "diabolo: `nowhere.json` cannot be read (No such file or directory)\n"
    answer = diabolo("import", "theirs.pt", "--line", LINE, "--waist", "conv2d")
    assert answer.err == (
        "diabolo: `waist` (=conv2d) is for Keras models, and `theirs.pt` is none; leave it out\n"
    )  # fmt: skip
    Path("a.keras").write_bytes(b"no archive")
    answer = diabolo("import", "a.keras", "--map", "names.json")
    assert answer.err == (
        "diabolo: `map` (=names.json) is for torch state dicts, and `a.keras` is none; leave it out\n"
    )  # fmt: skip
