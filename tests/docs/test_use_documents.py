"""The examples of the documents on use, anomalies, export and import are run, in order, in one folder each.

`RUN` stands for a run. The folders and files that an example needs are made first, few and small.
"""

import json
import re
import shlex
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch
from PIL import Image

from diabolo.api.fit import fit
from diabolo.cli.main import main
from diabolo.data import load_data
from diabolo.use import load

DOCS = Path(__file__).parents[2] / "docs"
LINE = "conv16 relu pool | up conv3 sigmoid"
Run = Callable[[str], None]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DIABOLO_OFFLINE", "1")
    monkeypatch.setenv("DIABOLO_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a line of a document."""

    def command(line: str) -> None:
        arguments = shlex.split(line, comments=True)
        assert arguments[0] == "diabolo", f"nobody runs this line: {line}"
        monkeypatch.setattr(sys, "argv", arguments)
        code: int | str | None = 0
        try:
            main()
        except SystemExit as ended:
            code = ended.code
        assert not code, f"{line}\n{capsys.readouterr()}"

    return command


def blocks(document: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (DOCS / document).read_text(encoding="utf-8"), re.DOTALL)


def commands(document: str) -> list[str]:
    return [line for block in blocks(document, "sh") for line in block.splitlines() if line.strip()]


def small_run(name: str) -> None:
    fit(LINE, "cifar10-sample", epochs=1, num_train_eval=100, out=Path("runs") / name, watch=lambda event: None)


def photos(folder: str, first: int, count: int, side: int = 64) -> None:
    Path(folder).mkdir(parents=True)
    for number, image in enumerate(load_data("cifar10-sample").train[first : first + count]):
        Image.fromarray(image).resize((side, side)).save(f"{folder}/{number}.png")


def labelled() -> None:
    """Good images, the same with a white square, and masks of the square."""
    photos("labelled/good", 200, 6)
    photos("labelled/defect", 220, 6)
    Path("labelled/mask").mkdir()
    for file in Path("labelled/defect").iterdir():
        square = (10, 20, 30, 40)
        image, mask = Image.open(file), Image.new("L", (64, 64))
        image.paste((255, 255, 255), square)
        mask.paste(255, square)
        image.save(file)
        mask.save(Path("labelled/mask") / file.name)


def test_use(here: Path, run: Run) -> None:
    small_run("a")
    photos("photos", 0, 3, side=50)
    for name in ("a", "b"):
        Image.open("photos/1.png").save(f"{name}.png")
    lines = commands("use.md")
    assert len(lines) == 5
    for line in lines:
        run(line.replace("RUN", "runs/a"))
    assert len(list(Path("reconstructed").iterdir())) == len(list(Path("denoised").iterdir())) == 3
    assert Path("strip.png").exists()


def test_anomaly(here: Path, run: Run) -> None:
    photos("normal", 0, 24)
    photos("more-normal", 100, 160)
    photos("new-images", 300, 4)
    photos("photos", 400, 12)
    Image.open("photos/3.png").save("query.png")
    labelled()
    lines = commands("anomaly.md")
    assert len(lines) == 7
    written = (DOCS / "anomaly.md").read_text(encoding="utf-8")
    inline = re.findall(r"`(diabolo [a-z]+ [^`]+)`", written)
    assert inline == [], "put a command into a block, where it is run"
    for line in lines:
        run(f"{line} --set epochs=1 --set num_train_eval=10" if line.startswith("diabolo train") else line)
    assert len(list(Path("maps").iterdir())) == 4
    assert len(Path("scores.csv").read_text().splitlines()) == 5
    values: dict[str, Any] = {}
    for code in blocks("anomaly.md", "python"):
        exec(code, values)
    assert len(values["found"].images) == 4
    assert values["groups"].shape == (200,)
    images = np.stack([np.asarray(Image.open(file)) for file in sorted(Path("new-images").iterdir())])
    scored = load("runs/part").score(images)
    assert scored.alarms is not None
    assert scored.scores.shape == scored.alarms.shape == scored.maps.shape[:1] == (4,)


def test_export_and_import(here: Path, run: Run) -> None:
    small_run("first")
    lines = commands("export.md")
    assert len(lines) == 6
    for line in lines:
        run(line)
    written = ("first.onnx", "encoder.onnx", "first.keras", "first.py", "first.weights.h5", "first.pt2")
    assert all(Path(name).exists() for name in (*written, "first.safetensors"))
    Path("first.keras").rename("my-model.keras")
    Path("first.weights.h5").rename("my.weights.h5")
    with zipfile.ZipFile("my-model.keras") as archive:
        Path("my-model.json").write_bytes(archive.read("config.json"))
    model = load("runs/first").model
    older_file(Path("my-model.h5"), Path("my-model.json").read_text(), model)
    torch.save({name.removeprefix("layers."): value for name, value in model.state_dict().items()}, "weights.pt")
    lines = commands("import.md")
    assert len(lines) == 5
    images = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    for line in lines[:4]:
        run(line)
        back = load("runs/mine")
        with torch.no_grad():
            torch.testing.assert_close(back.model(images), model(images), rtol=0, atol=1e-5)
        if line != lines[3]:
            back.folder.path.rename(f"runs/mine-{lines.index(line)}")
    run(lines[4].replace("cifar10", "cifar10-sample") + " --set epochs=1 --set num_train_eval=100")
    assert load("runs/mine-further").record.status == "finished"


def older_file(target: Path, config: str, model: torch.nn.Module) -> None:
    """A model as `model.save("x.h5")` of older Keras wrote it."""
    with h5py.File(target, "w") as file:
        file.attrs["model_config"] = json.dumps(json.loads(config))
        for name in ("conv_1", "conv_2"):
            layer = file.create_group(f"model_weights/{name}/{name}")
            layer["kernel:0"] = model.get_parameter(f"layers.{name}.weight").detach().permute(2, 3, 1, 0).numpy()
            layer["bias:0"] = model.get_parameter(f"layers.{name}.bias").detach().numpy()
