"""Saved Keras models: `.keras` archives, their configuration, HDF5 files."""

import io
import json
import zipfile
from pathlib import Path

from target import Target, refused

_NAMES = (*["config"] * 7, *["model.keras"] * 4, *["model.json"] * 4, "model.h5")  # HDF5 takes a process each


def run(data: bytes, scratch: Path) -> str:
    """Reads a saved model and runs every rule over it; nothing is unpacked and no code of it runs."""
    from diabolo.checks import diagnose
    from diabolo.checks.live.keras_archive import read_archive
    from diabolo.errors import DiaboloError

    name, content = _NAMES[(data[:1] or b"\0")[0] % 16], data[1:]
    if name == "config":
        name, content = "model.keras", _archive(content)
    path = scratch / name
    path.write_bytes(content)
    try:
        subject = read_archive(path)
        findings = diagnose(subject)
    except DiaboloError as error:
        return refused(error)
    finally:
        path.unlink()
    assert all(finding.message for finding in findings)
    left = [other.name for other in scratch.iterdir()]
    assert not left, f"something was unpacked: {left}"
    return "read" if subject.graphs else "refused in a finding"


def _archive(config: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("metadata.json", "{}")
        archive.writestr("config.json", config)
    return file.getvalue()


def _layer(kind: str, name: str, source: str | None, **config: object) -> dict[str, object]:
    """One layer of a functional model as Keras writes it."""
    inbound: list[object] = []
    if source is not None:
        tensor = {
            "class_name": "__keras_tensor__",
            "config": {"shape": [None, 8, 8, 4], "dtype": "float32", "keras_history": [source, 0, 0]},
        }
        inbound = [{"args": [tensor], "kwargs": {}}]
    return {
        "module": "keras.layers",
        "class_name": kind,
        "config": {"name": name, **config},
        "registered_name": None,
        "name": name,
        "inbound_nodes": inbound,
    }


def _config() -> bytes:
    convolution = {
        "kernel_size": [3, 3],
        "strides": [1, 1],
        "padding": "same",
        "use_bias": True,
        "data_format": "channels_last",
        "dilation_rate": [1, 1],
        "groups": 1,
    }
    layers = [
        _layer("InputLayer", "images", None, batch_shape=[None, 8, 8, 3], dtype="float32"),
        _layer("Conv2D", "first", "images", filters=4, activation="relu", **convolution),
        _layer("BatchNormalization", "norm", "first", axis=-1, momentum=0.99, epsilon=0.001, center=True, scale=True),
        _layer("MaxPooling2D", "pool", "norm", pool_size=[2, 2], strides=[2, 2], padding="same"),
        _layer("Lambda", "twice", "pool", function={"class_name": "__lambda__", "config": {"code": "4wEA"}}),
        _layer("UpSampling2D", "up", "twice", size=[2, 2], interpolation="nearest"),
        _layer("Conv2D", "last", "up", filters=3, activation="sigmoid", **convolution),
    ]
    model = {
        "name": "model",
        "trainable": True,
        "layers": layers,
        "input_layers": [["images", 0, 0]],
        "output_layers": [["last", 0, 0]],
    }
    compiled = {"optimizer": "adam", "loss": "binary_crossentropy", "metrics": ["accuracy"]}
    return json.dumps(
        {
            "module": "keras.src.models.functional",
            "class_name": "Functional",
            "config": model,
            "registered_name": "Functional",
            "compile_config": compiled,
        }
    ).encode()


def _sequential() -> bytes:
    layers = [
        _layer("Dense", "code", None, units=4, activation="relu"),
        _layer("Flatten", "flat", None),
        _layer("Reshape", "back", None, target_shape=[2, 2, 1]),
        _layer("Dropout", "drop", None, rate=0.5),
    ]
    return json.dumps({"class_name": "Sequential", "config": {"name": "s", "layers": layers}}).encode()


def _hdf5() -> bytes:
    import h5py

    file = io.BytesIO()
    with h5py.File(file, "w") as archive:
        archive.attrs["model_config"] = _config().decode()
        archive.create_group("model_weights").create_dataset("kernel", data=[[1.0, 2.0]])
    return file.getvalue()


def _seeds() -> list[bytes]:
    config = _config()
    return [b"\0" + config, b"\1" + _sequential(), b"\7" + _archive(config), b"\x0b" + config, b"\x0f" + _hdf5()]


TARGET = Target(
    name="keras",
    about="`.keras` archives and other saved Keras models",
    seeds=_seeds,
    run=run,
    modules=("diabolo.checks.live",),
    words=(
        b"null",
        b"[]",
        b"{}",
        b"-1",
        b"1e400",
        b"NaN",
        b'"class_name": "Functional"',
        b'"Lambda"',
        b'"__lambda__"',
        b'"inbound_nodes": [',
        b'"keras_history": [',
        b'["images", 0, 0]',
        b'"Conv2DTranspose"',
        b'"layers": [',
        b'"filters": 100000000000',
        b'"kernel_size": [0, 0]',
        b'"strides": [0, 0]',
        b"PK\x01\x02",
        b"PK\x05\x06",
        b"../../x",
        b"config.json",
        b"[" * 50,
        b'"a": ' * 20,
        b"true",
    ),
)
