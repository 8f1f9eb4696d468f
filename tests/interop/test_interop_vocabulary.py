"""Every kind of layer to ONNX and to Keras and back from there: the same results, or refused by name.

A new kind of the vocabulary fails here until it has a line, and until both targets take it or say why not.
"""

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import onnxruntime
import pytest
import torch
from interop_builders import SHAPE, random_model
from numpy.typing import NDArray

from diabolo.errors import DiaboloError
from diabolo.graph import build_graph
from diabolo.interop.keras import KERAS, keras_source
from diabolo.interop.keras.process import Job, save_with_keras
from diabolo.interop.keras.read_model import read_keras_model
from diabolo.interop.onnx import ONNX, to_onnx
from diabolo.interop.part import part_of
from diabolo.model import AutoEncoder, build_model
from diabolo.notation import parse
from diabolo.train import load_weights
from diabolo.vocabulary import KINDS

LINES = {
    "conv": "conv8[k=5] conv6[stride=2 bias=no] conv6[k=5 pad=valid] conv6[dilation=2] | up4 conv3[groups=3]",
    "dwconv": "conv6 dwconv[k=5 stride=2] dwconv[dilation=2 bias=no] dwconv[k=5 pad=valid] | up4 conv3",
    "deconv": "pool4 | deconv8[k=4 stride=2] deconv3[k=5 stride=2 bias=no]",
    "dense": "flatten dense8 | dense192[bias=no] unflatten[h=8 w=8 c=3] up",
    "flatten": "pool4 flatten | dense48 unflatten[h=4 w=4 c=3] up4",
    "unflatten": "pool4 flatten | dense48 unflatten[h=4 w=4 c=3] up4",
    "bn": "conv6 bn pool | up bn[eps=0.01 momentum=0.9] conv3",
    "gn": "conv6 gn3 pool | up gn1[eps=0.01] conv3",
    "ln": "conv6 ln pool | up ln[eps=0.01] conv3",
    "rms": "conv6 rms pool | up rms[eps=0.01] conv3",
    "gdn": "conv6 gdn pool | up gdn[inverse=yes] conv3",
    "attention": "conv8 pool res{rms attention} | up res{attention[heads=2]} conv3",
    "relu": "conv6 relu pool | up conv3",
    "leaky": "conv6 leaky[slope=0.3] pool | up conv3",
    "gelu": "conv6 gelu pool | up conv3",
    "silu": "conv6 silu pool | up conv3",
    "sigmoid": "conv6 pool | up conv3 sigmoid",
    "tanh": "conv6 tanh pool | up conv3",
    "pool": "pool conv6 pool4 | up4 up2 conv3",
    "avgpool": "avgpool2 conv6 avgpool4 | up8 conv3",
    "up": "pool8 | up2 up4[mode=bilinear] conv3",
    "shuffle": "pool4 conv12 | shuffle2 up2",
    "unshuffle": "unshuffle4 conv6 | up4 conv3",
    "dropout": "conv6 dropout pool | up conv3",
    "noise": "noise conv6 pool | up conv3",
    "gaussian": "conv6 pool4 gaussian4 | up4 conv3",
    "vq": "conv6 pool4 | vq16 | up4 conv3",
    "fsq": "conv4 pool4 | fsq[levels=8,5,5,4] | up4 conv3",
    "lloyd": "conv6 pool4 | lloyd[bits=20] | up4 conv3",
    "topk": "conv6 pool4 | topk3 | up4 conv3",
    "sparse": "conv6 pool4 relu | sparse | up4 conv3",
    "contractive": "conv6 pool4 silu | contractive | up4 conv3",
    "add": "res{conv3 relu} res[skip=conv]{conv6} pool res[skip=conv k=3]{conv4[stride=2]} | up4 conv3",
}
"""A line for each kind, with its settings away from their defaults."""
SKIPS = "pool8 res[skip=conv k=3]{conv4[stride=2] relu} | up16 conv3"
"""One whose skip convolution could have another stride to the same size: 2×2 pixels become one."""
NOT_IN_KERAS = {"lloyd": "its levels are tables by channel", "topk": "which values are kept is chosen among all"}
"""Kinds that the export refuses, and how the reason begins."""
BECOMES = {
    "gaussian": "conv6 pool4 conv4[k=1] | up4 conv3",  # its mean
    "sparse": "conv6 pool4 relu | up4 conv3",
    "contractive": "conv6 pool4 silu | up4 conv3",
}
"""Lines that come back as another one, which computes the same."""


def images(count: int = 4) -> NDArray[np.float32]:
    return np.random.default_rng(5).random((count, SHAPE[2], *SHAPE[:2]), np.float32)


def of_model(model: AutoEncoder) -> NDArray[np.float32]:
    model.engine = "plain"
    with torch.no_grad():
        return model(torch.from_numpy(images())).numpy()


def model_of(kind: str) -> AutoEncoder:
    model = random_model(LINES.get(kind, SKIPS))
    if kind == "lloyd":  # its levels are set by data
        model.train()(torch.rand(16, 3, 16, 16, generator=torch.Generator().manual_seed(2)))
    return model.eval()


def assert_close(got: NDArray[np.float32], wanted: NDArray[np.float32]) -> None:
    """1e-5 of the largest value, or of 1: sums of some hundred float32 products in another order differ by 1e-6."""
    scale = max(1.0, float(np.abs(wanted).max()))
    np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-5 * scale)


def test_there_is_a_line_for_every_kind() -> None:
    assert LINES.keys() == {*KINDS, "add"}
    for kind, line in LINES.items():
        assert kind in {node.kind for node in build_graph(line, SHAPE).nodes}, line


@pytest.mark.parametrize("kind", LINES)
def test_onnx(kind: str) -> None:
    model = model_of(kind)
    exported = to_onnx(part_of(model.graph, weights(model), "both"), version="test")
    session = onnxruntime.InferenceSession(exported.SerializeToString(), providers=["CPUExecutionProvider"])
    assert_close(session.run(None, {"images": images()})[0], of_model(model))


def test_what_keras_has_no_counterpart_of_is_refused_by_name() -> None:
    assert {*KINDS, "add"} - KERAS.known() == NOT_IN_KERAS.keys()
    assert {*KINDS, "add"} <= ONNX.known()
    for kind, reason in NOT_IN_KERAS.items():
        model = model_of(kind)
        with pytest.raises(DiaboloError, match=rf"`{kind}.*` \({kind}_1\) has no counterpart there: {reason}"):
            keras_source(part_of(model.graph, weights(model), "both"), version="test")


@dataclass(frozen=True, kw_only=True)
class Saved:
    model: AutoEncoder
    file: Path
    outputs: NDArray[np.float32]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Saved]:
    """Each kind's model as real Keras, started once for all, saved, loaded and ran it."""
    folder = tmp_path_factory.mktemp("keras")
    models = {kind: model_of(kind) for kind in (*LINES, "skips") if kind not in NOT_IN_KERAS}
    jobs = {
        kind: Job(
            source=keras_source(part_of(model.graph, weights(model), "both"), version="test"),
            target=folder / f"{kind}.keras",
            inputs=[np.ascontiguousarray(images().transpose(0, 2, 3, 1))],
        )
        for kind, model in models.items()
    }
    results = save_with_keras(list(jobs.values()))
    return {
        kind: Saved(model=models[kind], file=job.target, outputs=result[0])
        for (kind, job), result in zip(jobs.items(), results, strict=True)
    }


@pytest.mark.parametrize("kind", [kind for kind in LINES if kind not in NOT_IN_KERAS])
def test_keras(kind: str, saved: dict[str, Saved]) -> None:
    one = saved[kind]
    assert_close(one.outputs.transpose(0, 3, 1, 2), of_model(one.model))


@pytest.mark.parametrize("kind", [kind for kind in LINES if kind not in NOT_IN_KERAS])
def test_back_from_keras(kind: str, saved: dict[str, Saved], monkeypatch: pytest.MonkeyPatch) -> None:
    # Damaged HDF5 files are tried in a process of their own, a third of a second each; these were just written.
    monkeypatch.setattr("diabolo.interop.keras.weights_file.try_hdf5", lambda path: None)
    one = saved[kind]
    found = read_keras_model(one.file)
    assert found.graph.line is not None
    assert parse(found.graph.line) == parse(BECOMES.get(kind, LINES[kind]))
    back = build_model(found.graph.line, SHAPE)
    named = {f"layers.{name}": torch.from_numpy(np.array(array)) for name, array in found.weights.items()}
    assert named.keys() == set(back.state_dict())
    load_weights(back, named)
    assert_close(of_model(back.eval()), of_model(one.model))


TWO_BRANCHES = (
    "`add_1` adds two branches that both hold layers; a line adds a branch to what it started from, or to one "
    "convolution of that (`padding='same'`, with a bias, without dilation or groups)"
)


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("strides", [4, 4], "`conv_2` skips a block with a stride of 4; a line takes 2 there, the smallest that leads "
         "to the same size"),
        ("use_bias", False, TWO_BRANCHES),
        ("dilation_rate", [2, 2], TWO_BRANCHES),
    ],
)  # fmt: skip
def test_skip_convolutions_that_a_line_has_not(
    setting: str, value: object, message: str, saved: dict[str, Saved], tmp_path: Path
) -> None:
    file = changed(saved["skips"].file, tmp_path, "conv_2", setting, value)
    with pytest.raises(DiaboloError) as raised:
        read_keras_model(file)
    assert str(raised.value) == message


def changed(source: Path, folder: Path, layer: str, setting: str, value: object) -> Path:
    """A `.keras` file with another setting of one layer."""
    with zipfile.ZipFile(source) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(content["config.json"])
    next(one for one in config["config"]["layers"] if one["name"] == layer)["config"][setting] = value
    with zipfile.ZipFile(folder / "changed.keras", "w") as archive:
        for name, text in {**content, "config.json": json.dumps(config).encode()}.items():
            archive.writestr(name, text)
    return folder / "changed.keras"


def layer_inside(name: str, **settings: object) -> dict[str, object]:
    """An activation that is given to a layer as a layer, as Keras writes it."""
    return {"module": "keras.layers", "class_name": name, "config": {"name": "x", **settings}, "registered_name": None}


@pytest.mark.parametrize(
    ("activation", "line"),
    [
        (layer_inside("LeakyReLU", negative_slope=0.1), "conv6 leaky[slope=0.1] gelu pool | up conv3"),
        (layer_inside("LeakyReLU", alpha=0.3), "conv6 leaky[slope=0.3] gelu pool | up conv3"),  # Keras 2
        (layer_inside("ReLU", max_value=None, negative_slope=0.0, threshold=0.0), "conv6 relu gelu pool | up conv3"),
        ("leaky_relu", "conv6 leaky[slope=0.2] gelu pool | up conv3"),
        ("relu", "conv6 relu gelu pool | up conv3"),
    ],
)
def test_activations_inside_of_layers(activation: object, line: str, saved: dict[str, Saved], tmp_path: Path) -> None:
    found = read_keras_model(changed(saved["gelu"].file, tmp_path, "conv_1", "activation", activation))
    assert parse(found.graph.line or "") == parse(line)


@pytest.mark.parametrize(
    ("layer", "setting", "value", "reason"),
    [
        ("conv_1", "activation", layer_inside("ReLU", max_value=6.0), "the `ReLU` inside of it has `max_value`"),
        ("conv_1", "activation", layer_inside("ReLU", negative_slope=0.1),
         "the `ReLU` inside of it has `negative_slope`"),
        ("conv_1", "activation", layer_inside("LeakyReLU"), "its slope is not known"),
        ("conv_1", "activation", layer_inside("ELU", alpha=0.5), "the line has no such layer"),
        ("conv_1", "activation", "softmax", "the line has no such layer"),
        ("pool_1", "data_format", "channels_first", "its channels come first; build the model with channels last"),
        ("conv_1", "groups", 0, "`groups` is not one whole number from 1 (it is None)"),
    ],
)  # fmt: skip
def test_what_computes_something_else_is_refused(
    layer: str, setting: str, value: object, reason: str, saved: dict[str, Saved], tmp_path: Path
) -> None:
    with pytest.raises(DiaboloError) as raised:
        read_keras_model(changed(saved["gelu"].file, tmp_path, layer, setting, value))
    assert str(raised.value).endswith(f"has no counterpart on the line: {reason}")


ANY_SIZE = [None, None, None, 3]


@pytest.mark.parametrize(("kind", "size"), [("relu", (16, 16, 3)), ("pool", (24, 40, 3)), ("attention", (8, 8, 3))])
def test_a_model_of_any_size_is_given_one(
    kind: str, size: tuple[int, int, int], saved: dict[str, Saved], tmp_path: Path
) -> None:
    file = changed(saved[kind].file, tmp_path, "image", "batch_shape", ANY_SIZE)
    if kind == "attention":  # its `Reshape` has the size that it was built for
        with pytest.raises(DiaboloError):
            read_keras_model(file, input_shape=size)
        return
    found = read_keras_model(file, input_shape=size)
    assert found.graph.input_shape == size
    assert parse(found.graph.line or "") == parse(LINES[kind])
    with pytest.raises(DiaboloError) as raised:
        read_keras_model(file)
    assert str(raised.value) == (
        f"`{file}` does not say how large its images are, or takes none; name their size: `--input 32x32x3`"
    )
    with pytest.raises(DiaboloError, match="takes images of 16×16×3 only; leave `--input` out"):
        read_keras_model(file, input_shape=(16, 16, 1))  # its channels are known


def test_a_size_that_is_not_the_models(saved: dict[str, Saved]) -> None:
    file = saved["relu"].file
    assert read_keras_model(file, input_shape=SHAPE).graph.input_shape == SHAPE
    with pytest.raises(DiaboloError) as raised:
        read_keras_model(file, input_shape=(8, 8, 3))
    assert str(raised.value) == f"`{file}` takes images of 16×16×3 only; leave `--input` out"


def weights(model: AutoEncoder) -> dict[str, NDArray[np.float32]]:
    return {name.removeprefix("layers."): value.float().numpy() for name, value in model.state_dict().items()}


def test_names_of_operations_meet_no_names_of_layers(tmp_path: Path) -> None:
    """Keras calls a sum `add` and `ops.tanh` `tanh`, then `add_1`, `tanh_1`, as our layers are called."""
    line = "conv3 tanh res{fsq[levels=7,6,600]} res{fsq[levels=2,5,5]} gdn | res{vq8} gdn[inverse=yes] tanh"
    model = random_model(line)
    source = keras_source(part_of(model.graph, weights(model), "both"), version="test")
    fed = np.ascontiguousarray(images().transpose(0, 2, 3, 1))
    save_with_keras([Job(source=source, target=tmp_path / "m.keras", inputs=[fed])])
    found = read_keras_model(tmp_path / "m.keras")
    assert parse(found.graph.line or "") == parse(line)
    assert found.notes == ("`vq_1`: Keras's file does not hold `beta` and `decay`; they are the defaults now",)
    back = build_model(found.graph.line or "", SHAPE)
    load_weights(back, {f"layers.{name}": torch.from_numpy(np.array(array)) for name, array in found.weights.items()})
    assert_close(of_model(back.eval()), of_model(model))


@pytest.mark.parametrize(
    ("kind", "layer", "setting", "value"),
    [
        ("fsq", "fsq_1_bound", "scale", [3.5, 2.0, 2.0, 1.5]),
        ("fsq", "fsq_1_shift", "offset", [0.0, 0.0]),
        ("fsq", "fsq_1_bound", "offset", [float("nan")] * 4),
        ("vq", "argmax", "axis", 1),
        ("gdn", "gdn_1", "use_bias", False),
    ],
)
def test_what_only_looks_like_it_is_refused(
    kind: str, layer: str, setting: str, value: object, saved: dict[str, Saved], tmp_path: Path
) -> None:
    with zipfile.ZipFile(saved[kind].file) as archive:  # Keras counts its operations over all models of a process
        names = [one["name"] for one in json.loads(archive.read("config.json"))["config"]["layers"]]
    name = next(one for one in names if one == layer or one.startswith(f"{layer}_"))
    with pytest.raises(DiaboloError, match="has no counterpart on the line"):
        read_keras_model(changed(saved[kind].file, tmp_path, name if layer == "argmax" else layer, setting, value))


def test_codes_that_keras_has_trained_on_are_refused(saved: dict[str, Saved], tmp_path: Path) -> None:
    """The distances to them are another layer's weights, which that training leaves behind."""
    file, weights_file = tmp_path / "trained.keras", tmp_path / "weights.h5"
    with zipfile.ZipFile(saved["vq"].file) as archive, zipfile.ZipFile(file, "w") as written:
        weights_file.write_bytes(archive.read("model.weights.h5"))
        move_the_codes(weights_file)
        for name in archive.namelist():
            written.writestr(name, weights_file.read_bytes() if name == "model.weights.h5" else archive.read(name))
    with pytest.raises(DiaboloError, match="does not hold the distances to these codes"):
        read_keras_model(file)


def move_the_codes(file: Path) -> None:
    """Changes the codebook, 16 codes of 6 channels, in a file of Keras's weights."""
    arrays: list[h5py.Dataset] = []
    with h5py.File(file, "r+") as content:
        content.visititems(lambda _, one: arrays.append(one) if isinstance(one, h5py.Dataset) else None)
        (codebook,) = (array for array in arrays if array.shape == (16, 6))
        codebook[3, 2] += 0.5
