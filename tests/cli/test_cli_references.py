"""`diabolo references`: the table, JSON, and what it refuses."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from cli_builders import Command
from syrupy.assertion import SnapshotAssertion


def test_help(diabolo: Command, snapshot: SnapshotAssertion) -> None:
    assert diabolo("references", "--help").out == snapshot


def test_table(diabolo: Command, few: Path) -> None:
    answer = diabolo("references", "--latent", "8x8x16", "--data", few)
    assert answer.code == 0, answer.err
    lines = answer.out.splitlines()
    assert lines[0].endswith("; latent 8×8×16; measured on test")
    assert lines[1].split() == [
        "without",
        "training",
        "PSNR",
        "dB",
        "MSE",
        "SSIM",
        "BCE",
        "above",
        "floor",
        "values",
        "bytes",
    ]
    assert [line.split("  ")[0] for line in lines[3:9]] == [
        "mean image",
        "PCA with 1,024 values",
        "PCA of 4×4 blocks, 16 of 48",
        "JPEG within 1,024 bytes",
        "WebP within 1,024 bytes",
        "floor of cross-entropy",
    ]
    assert "fitted to 43 images. The images that it was fitted to vary in 42 directions only." in " ".join(
        " ".join(lines).split()
    )


def test_json_of_a_model(diabolo: Command, few: Path) -> None:
    answer = diabolo("references", "method-2", "--data", few, "--json")
    values = json.loads(answer.out)
    assert set(values) == {"data", "part", "references"}
    assert set(values["references"][0]) == {
        "name", "title", "psnr", "mse", "ssim", "bce", "bce_excess", "latent_values", "bytes_per_image", "note",
    }  # fmt: skip
    assert values["references"][2]["title"] == "PCA of 4×4 blocks, 16 of 48"


def test_a_run_brings_its_images(diabolo: Command, trained: Path) -> None:
    answer = diabolo("references", trained, "--part", "validation", "--json")
    values = json.loads(answer.out)
    assert (values["data"], values["part"]) == (str(trained), "validation")
    assert values["references"][1]["title"] == "PCA with 1,024 values"  # 16×16×4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "`diabolo references`: give a MODEL, or `--latent` with its number of values, as in 1024"),
        (
            ("method-2", "--latent", "64"),
            "`diabolo references`: give a MODEL, or `--latent` with its number of values, as in 1024",
        ),
        (("--latent", "0"), "`--latent 0`: write a number of values, as in 1024, or a grid, as in 8x8x16"),
        (("--latent", "8x8"), "`--latent 8x8`: write a number of values, as in 1024, or a grid, as in 8x8x16"),
        (("--latent", "٣"), "`--latent ٣`: write a number of values, as in 1024, or a grid, as in 8x8x16"),
        (("--latent", "64", "--part", "train"), "`--part train`: there are test and validation"),
    ],
)
def test_what_it_refuses(diabolo: Command, arguments: tuple[str, ...], message: str) -> None:
    answer = diabolo("references", *arguments)
    assert (answer.code, answer.err) == (2, f"diabolo: {message}\n")


def test_a_run_with_other_images(diabolo: Command, trained: Path) -> None:
    answer = diabolo("references", trained, "--data", "cifar10-sample")
    assert answer.code == 2
    assert answer.err.endswith("is a run and has its own images; leave `--data` and its options\n")


def test_what_is_known_needs_no_torch(diabolo: Command, trained: Path) -> None:
    assert diabolo("references", trained).code == 0
    code = (
        "import sys\n"
        "from diabolo.api.references import references_of_run\n"
        f"found = references_of_run({str(trained)!r})\n"
        "assert len(found) == 6\n"
        "assert 'torch' not in sys.modules, 'torch'\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
