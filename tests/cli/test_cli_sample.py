"""`diabolo sample`: a picture of new images, or the reason why there are none."""

import json
from pathlib import Path

import pytest
from cli_builders import Command
from PIL import Image


@pytest.fixture(scope="module")
def variational(few: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small variational run."""
    from diabolo.api.fit import fit

    folder = tmp_path_factory.mktemp("runs") / "variational"
    line = "flatten | gaussian4 | dense3072 unflatten sigmoid"
    fit(line, few, epochs=1, batch_size=16, out=folder, watch=lambda event: None)
    return folder


def test_a_picture_of_samples(diabolo: Command, variational: Path, tmp_path: Path) -> None:
    answer = diabolo("sample", variational, "-n", "6", "-o", tmp_path / "new.png", "--seed", "3")
    assert answer.code == 0
    assert answer.out == f"{tmp_path}/new.png: 6 images of seed 3\n"
    with Image.open(tmp_path / "new.png") as picture:
        assert picture.size == (2 * 34 + 2, 3 * 34 + 2)
    before = (tmp_path / "new.png").read_bytes()
    answer = diabolo("sample", variational, "-n", "6", "-o", tmp_path / "new.png", "--seed", "3", "--json")
    assert json.loads(answer.out) == {
        "target": str(tmp_path / "new.png"),
        "images": 6,
        "seed": 3,
        "temperature": 1.0,
    }
    assert (tmp_path / "new.png").read_bytes() == before


def test_a_model_that_is_not_variational_is_refused(diabolo: Command, trained: Path, tmp_path: Path) -> None:
    answer = diabolo("sample", trained, "-o", tmp_path / "new.png")
    assert answer.code == 2
    assert "cannot be sampled: nothing holds its latents to a distribution" in answer.err
    assert not (tmp_path / "new.png").exists()
