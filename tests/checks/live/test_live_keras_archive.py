"""Saved Keras models: read by their description alone; hostile and damaged files get a sentence and run nothing."""

import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import keras
import pytest
from keras import Input, Model, layers
from test_live_keras import nested, question, skip_connection, two_outputs

from diabolo.checks import Subject, diagnose
from diabolo.checks.live.keras_archive import read_archive
from diabolo.checks.live.keras_model import read_keras_model


def write(path: Path, config: Any = None, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        if config is not None:
            archive.writestr("config.json", config if isinstance(config, str | bytes) else json.dumps(config))
    return path


def layers_of(subject: Subject) -> list[tuple[Any, ...]]:
    return [(node.kind, node.shape, node.num_trainable, node.num_non_trainable) for node in subject.graphs[0].layers]


@pytest.mark.parametrize("suffix", [".keras", ".h5", ".json"])
@pytest.mark.parametrize("order", ["method-1", "method-2", "pool-bn", "bn-relu"])
def test_question(order: str, suffix: str, tmp_path: Path):
    model, path = question(order), tmp_path / f"model{suffix}"
    if suffix == ".json":
        path.write_text(model.to_json())
    else:
        model.save(path)
    subject = read_archive(path)
    assert layers_of(subject) == layers_of(read_keras_model(model))
    assert subject.graphs[0].latent_shape == (8, 8, 16)
    assert [finding.code for finding in diagnose(subject) if finding.severity == "error"] == []
    assert subject.trainings[0].losses[0].kind == "bce"


@pytest.mark.parametrize("build", [nested, skip_connection, two_outputs])
def test_shapes_and_parameters_are_worked_out_as_keras_does(build: Any, tmp_path: Path):
    model, path = build(), tmp_path / "model.keras"
    model.save(path)
    assert layers_of(read_archive(path)) == layers_of(read_keras_model(model))


def test_neither_keras_nor_torch_is_needed(tmp_path: Path):
    import subprocess

    path = tmp_path / "model.keras"
    question("method-2").save(path)
    code = (
        "import sys; from pathlib import Path; from diabolo.checks.live.keras_archive import read_archive; "
        f"assert read_archive(Path({str(path)!r})).graphs; "
        "assert not {'keras', 'torch', 'numpy'} & set(sys.modules), 'loaded'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_lambda_and_custom_layers_are_said_and_not_run(tmp_path: Path):
    images = Input((8, 8, 3))
    path = tmp_path / "model.keras"
    Model(images, layers.Conv2D(3, 1)(layers.Lambda(lambda x: x * 2, name="twice")(images))).save(path)
    subject = read_archive(path)
    assert [(problem.rule, problem.message) for problem in subject.problems] == [
        ("AE003", "`twice` (Lambda) holds Python code, which was not run: what it does is not known")
    ]
    (finding,) = [finding for finding in diagnose(subject) if finding.code == "AE003"]
    assert finding.severity == "warning"


@pytest.mark.parametrize("name", ["../../outside.txt", "/etc/outside.txt", "..\\outside.txt", "C:/outside.txt"])
def test_path_outside_of_the_archive(name: str, tmp_path: Path):
    path = write(tmp_path / "model.keras", {"class_name": "Functional", "config": {}}, **{name: b"x"})
    (problem,) = read_archive(path).problems
    assert problem.rule == "AE001"
    assert "a path outside of itself" in problem.message


CIRCLE = {
    "class_name": "Functional",
    "config": {
        "name": "circle",
        "layers": [
            {"class_name": "InputLayer", "config": {"batch_shape": [None, 8, 8, 3]}, "name": "i", "inbound_nodes": []},
            *(
                {"class_name": "ReLU", "config": {}, "name": a, "inbound_nodes": [[[b, 0, 0, {}]]]}
                for a, b in (("a", "b"), ("b", "a"))
            ),
        ],
        "input_layers": [["i", 0, 0]],
        "output_layers": [["a", 0, 0]],
    },
}


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (b"", "no JSON"),
        (b"\xff\xfe{", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[]", "no description of a model"),
        ("{}", "class of its writer's own"),
        ({"class_name": "Functional", "config": {}}, "not as Keras writes it"),
        ({"class_name": "Functional", "config": {"layers": 3}}, "no list of layers"),
        ({"class_name": "Functional", "config": {"layers": [], "input_layers": [["x", 0, 0]]}}, "not as Keras"),
        ({"class_name": "Sequential", "config": {"layers": [{"class_name": "Conv2D", "config": 7}]}}, "not as Keras"),
        (CIRCLE, "form a circle"),
    ],
)
def test_wrong_configuration(config: Any, said: str, tmp_path: Path):
    subject = read_archive(write(tmp_path / "model.keras", config))
    assert said in " ".join(problem.message for problem in subject.problems)
    assert {problem.rule for problem in subject.problems} <= {"AE001", "AE003"}
    assert diagnose(subject)


def test_damaged_files(tmp_path: Path):
    for name, content in {"a.keras": b"no archive", "b.h5": b"no HDF5", "c.json": b"{", "d.keras": b""}.items():
        (tmp_path / name).write_bytes(content)
        (problem,) = read_archive(tmp_path / name).problems
        assert problem.rule == "AE001"
    (problem,) = read_archive(tmp_path / "missing.keras").problems
    assert "cannot be read" in problem.message
    (problem,) = read_archive(write(tmp_path / "e.keras", other=b"")).problems
    assert "no `config.json`" in problem.message
    path = write(tmp_path / "f.keras", "{}" + " " * 70_000_000)
    (problem,) = read_archive(path).problems
    assert "70 MB" in problem.message


def test_form_of_keras_2(tmp_path: Path):
    def layer(name: str, kind: str, before: str, **config: Any) -> dict[str, Any]:
        return {"class_name": kind, "config": {"name": name, **config}, "name": name,
                "inbound_nodes": [[[before, 0, 0, {}]]] if before else []}  # fmt: skip

    config = {
        "name": "old",
        "layers": [
            layer("images", "InputLayer", "", batch_input_shape=[None, 8, 8, 3]),
            layer("conv", "Conv2D", "images", filters=4, kernel_size=[3, 3], padding="same", activation="relu"),
            layer("pixels", "Conv2D", "conv", filters=3, kernel_size=[3, 3], padding="same"),
        ],
        "input_layers": [["images", 0, 0]],
        "output_layers": [["pixels", 0, 0]],
    }
    path = tmp_path / "old.json"
    path.write_text(json.dumps({"class_name": "Model", "config": config}))
    assert layers_of(read_archive(path)) == [
        ("input", (8, 8, 3), 0, 0), ("conv", (8, 8, 4), 112, 0), ("relu", (8, 8, 4), 0, 0), ("conv", (8, 8, 3), 111, 0),
    ]  # fmt: skip
    assert keras.__version__.startswith("3")
