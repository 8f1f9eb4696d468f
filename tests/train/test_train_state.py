"""Files of state and weights: what is written is read, and damage is found, wherever it is."""

import random
from pathlib import Path

import pytest
import torch
from train_builders import NOISY, PLAIN, final_state, model, recipe, same_state, same_tensors

from diabolo.errors import RunError
from diabolo.train import load_weights, read_state, read_tensors, write_state, write_weights
from diabolo.train.tensor_file import write_tensors


@pytest.fixture(scope="module")
def state():
    return final_state(NOISY, recipe())


def test_a_state_is_read_as_it_was_written(tmp_path: Path, state) -> None:
    write_state(tmp_path / "state.safetensors", state)
    read = read_state(tmp_path / "state.safetensors")
    assert same_state(read, state)
    assert (read.history, read.line, read.seed, read.recipe) == (state.history, state.line, state.seed, state.recipe)
    assert read.progress == state.progress
    names = {name.split(".")[-1] for name in state.tensors if name.startswith("optimiser.")}
    assert names == {"step", "exp_avg", "exp_avg_sq"}
    assert any("moving_variance" in name for name in state.tensors)


def test_every_cut_is_found(tmp_path: Path, state) -> None:
    file = tmp_path / "state.safetensors"
    write_state(file, state)
    whole = file.read_bytes()
    for length in [0, 1, 7, 8, 9, 100, len(whole) // 2, len(whole) - 1]:
        file.write_bytes(whole[:length])
        with pytest.raises(RunError, match="is truncated or damaged"):
            read_state(file)


def test_every_flipped_bit_is_found(tmp_path: Path, state) -> None:
    """In the header, the metadata and the numbers alike; a flip in the checksum's own name only switches it off."""
    file = tmp_path / "state.safetensors"
    write_state(file, state)
    whole = file.read_bytes()
    start = whole.index(b'"sha256"')
    generator = random.Random(5)
    places = {generator.randrange(len(whole)) for _ in range(300)}
    places |= {generator.randrange(8 + int.from_bytes(whole[:8], "little")) for _ in range(300)}
    for place in places - set(range(start, start + 8)):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << generator.randrange(8)
        file.write_bytes(flipped)
        try:
            read = read_state(file)
        except RunError:
            continue
        assert same_state(read, state), f"bit of byte {place}"  # white space in the header may change and mean nothing


def test_a_file_that_may_not_be_read_is_not_called_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise FileNotFoundError("No such file or directory")  # safetensors's words for a file without permission

    monkeypatch.setattr("diabolo.train.tensor_file.safe_open", refuse)  # as root, permissions hold nobody up
    (tmp_path / "model.safetensors").write_bytes(b"x")
    with pytest.raises(RunError, match="cannot be read: no permission; change its permissions"):
        read_tensors(tmp_path / "model.safetensors")


def test_files_that_are_missing_foreign_or_of_another_version(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="is missing: nothing was kept there yet"):
        read_state(tmp_path / "state.safetensors")
    from safetensors.torch import save_file

    save_file({"x": torch.zeros(3)}, tmp_path / "foreign.safetensors")
    with pytest.raises(RunError, match="diabolo did not write it"):
        read_tensors(tmp_path / "foreign.safetensors")
    write_tensors(tmp_path / "later.safetensors", {"x": torch.zeros(3)}, {"format": 99})
    with pytest.raises(RunError, match="has format 99, and this diabolo reads format 1; use the version that wrote it"):
        read_state(tmp_path / "later.safetensors")
    write_tensors(tmp_path / "less.safetensors", {"x": torch.zeros(3)}, {"format": 1})
    with pytest.raises(RunError, match="is damaged"):
        read_state(tmp_path / "less.safetensors")
    with pytest.raises(RunError, match="is truncated or damaged"):
        read_tensors(tmp_path)
    save_file({"x": torch.zeros(3)}, tmp_path / "number.safetensors", metadata={"diabolo": "-1"})
    for read in (read_tensors, read_state):
        with pytest.raises(RunError, match="its document is no table"):
            read(tmp_path / "number.safetensors")


def test_weights_carry_their_line_and_can_be_read_by_others(tmp_path: Path) -> None:
    from safetensors.torch import load_file

    built = model(seed=7)
    write_weights(tmp_path / "model.safetensors", built, PLAIN)
    tensors, content = read_tensors(tmp_path / "model.safetensors")
    assert content["line"] == PLAIN
    assert same_tensors(tensors, dict(built.state_dict()))
    assert same_tensors(load_file(tmp_path / "model.safetensors"), tensors)
    other = model(seed=8)
    load_weights(other, tensors)
    assert same_tensors(dict(other.state_dict()), tensors)


def test_a_file_that_another_tool_rewrote_is_taken(tmp_path: Path) -> None:
    from safetensors import safe_open
    from safetensors.torch import save_file

    write_weights(tmp_path / "model.safetensors", model(), PLAIN)
    tensors, _ = read_tensors(tmp_path / "model.safetensors")
    with safe_open(tmp_path / "model.safetensors", framework="pt") as file:
        document = file.metadata()["diabolo"]
    save_file(tensors, tmp_path / "model.safetensors", metadata={"diabolo": document})
    assert same_tensors(read_tensors(tmp_path / "model.safetensors")[0], tensors)


def test_weights_of_another_line_are_refused() -> None:
    for other in ("conv5 relu bn pool | up conv3 sigmoid", "conv4 relu pool | up conv3 sigmoid"):
        with pytest.raises(RunError, match="the weights do not belong to this line"):
            load_weights(model(), dict(model(other).state_dict()))


def test_every_kind_of_number_survives(tmp_path: Path) -> None:
    tensors = {
        "scalar": torch.tensor(3.5),
        "empty": torch.zeros(0, 3),
        "half": torch.randn(5).bfloat16(),
        "whole": torch.arange(4),
        "turned": torch.randn(2, 3, 4, 5).permute(0, 3, 1, 2),
        "odd": torch.tensor([float("nan"), float("inf"), -0.0]),
    }
    write_tensors(tmp_path / "x.safetensors", tensors, {"a": [1, 2]})
    read, content = read_tensors(tmp_path / "x.safetensors")
    assert content == {"a": [1, 2]}
    for name, value in tensors.items():
        assert read[name].dtype == value.dtype
        torch.testing.assert_close(read[name], value.contiguous(), rtol=0, atol=0, equal_nan=True)
