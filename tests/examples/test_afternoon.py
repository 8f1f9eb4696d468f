"""The stranger's afternoon as it stands in `examples/`, on few and small pictures."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_the_afternoon(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHON": sys.executable,
        "NUMBER": "20",
        "EPOCHS": "2",
        "SIZE": "32",
        "DIABOLO_OFFLINE": "1",
        "DIABOLO_CACHE": str(tmp_path / "cache"),
    }
    done = subprocess.run(
        ["sh", str(EXAMPLES / "afternoon.sh"), "work"], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    work = tmp_path / "work"
    for name in ("report.html", "neighbours.png", "denoised.png", "latents.npz", "model.onnx"):
        assert (work / name).stat().st_size > 0
    assert len(list((work / "denoised").iterdir())) == 20
    with np.load(work / "latents.npz", allow_pickle=False) as latents:
        assert latents["latents"].shape == (20, 16)
        assert not any("broken" in name for name in latents["names"])
    assert "broken.jpg: broken image" in done.stderr
    psnr = re.search(r"noise of 0\.1: mean PSNR to the clean images (\S+) dB before, (\S+) dB after", done.stdout)
    assert psnr is not None
    assert float(psnr[2]) > float(psnr[1]) + 2, "it denoises, even after two epochs of few pictures"
    query = min(path for path in (work / "photos").rglob("*.jpg") if "broken" not in path.name)
    made = np.asarray(Image.open(work / "from-onnx.png"))
    side = np.asarray(Image.open(query)).shape
    assert made.shape == (side[0] // 4 * 4, side[1] // 4 * 4, 3)

    import diabolo

    photo = np.asarray(Image.open(query).convert("RGB"))[: made.shape[0], : made.shape[1]]
    wanted = np.rint(diabolo.load(work / "run").reconstruct(photo[None])[0] * 255)
    assert np.abs(made - wanted).max() <= 1  # rounding of two programs


def test_the_photos_are_of_many_kinds(tmp_path: Path) -> None:
    command = [sys.executable, str(EXAMPLES / "make_photos.py"), str(tmp_path / "photos"), "--number", "16"]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "DIABOLO_OFFLINE": "1"})
    files = [path for path in (tmp_path / "photos").rglob("*") if path.is_file()]
    assert len(files) == 17
    opened = [Image.open(path) for path in files]
    assert {image.format for image in opened} == {"JPEG", "PNG", "WEBP"}
    assert {image.mode for image in opened} >= {"RGB", "L"}
    assert len({image.size for image in opened}) > 10


def test_the_program_that_uses_the_file_is_ten_lines_and_knows_nothing_of_diabolo() -> None:
    source = (EXAMPLES / "use_onnx.py").read_text(encoding="utf-8")
    tree = ast.parse(source)
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names} | {
        node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)
    }
    assert imported == {"sys", "numpy", "onnxruntime", "PIL"}
    code = [line for line in source.split('"""', 2)[2].splitlines() if line.strip()]
    assert len(code) <= 12
    assert len([line for line in code if not line.startswith(("import", "from"))]) <= 10
