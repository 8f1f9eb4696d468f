"""ONNX files in onnxruntime, beside the model that they were made from."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from interop_builders import EVERYTHING, random_model
from numpy.typing import NDArray

from diabolo.api.export import export
from diabolo.errors import DiaboloError
from diabolo.interop.onnx import ONNX
from diabolo.interop.part import size_multiple
from diabolo.model import AutoEncoder
from diabolo.vocabulary import KINDS

DISCRETE = (
    "conv6 pool4 | vq16 | up4 conv3",
    "conv4 pool4 | fsq[levels=8,5,5,4] | up4 conv3",
    "flatten dense8 | vq16 | dense768 unflatten[h=16 w=16 c=3]",
    "conv6 pool4 | lloyd[bits=20] | up4 conv3",
    "conv6 pool4 | topk3 | up4 conv3",
    "conv6 pool4 | topk9[of=channel] | up4 conv3",
    "conv6 pool4 | topk30[of=image] | up4 conv3",
)
OTHERS = (
    "conv8 ln pool4 rms | attention rms up4 ln conv3",
    "conv8 gdn dwconv[stride=2] dwconv[k=5] sparse | up gdn[inverse=yes] contractive conv3",
    "conv4[k=2 stride=2 pad=valid] | deconv3[k=3]",
)


def run_onnx(file: Path, values: NDArray) -> NDArray:
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    result: NDArray = session.run(None, {session.get_inputs()[0].name: values})[0]
    return result


def of_model(model: AutoEncoder, values: NDArray[np.float32]) -> NDArray[np.float32]:
    with torch.no_grad():
        return model(torch.from_numpy(values)).numpy()


def images(height: int, width: int, count: int = 2, seed: int = 1) -> NDArray[np.float32]:
    return np.random.default_rng(seed).random((count, 3, height, width), np.float32)


@pytest.mark.parametrize("line", [*EVERYTHING, *DISCRETE, *OTHERS])
def test_same_results(line: str, tmp_path: Path) -> None:
    """Our own images here, not those that the export has tried itself; 1e-5 of the largest value, see `TOLERANCE`."""
    model = random_model(line)
    if "lloyd" in line:
        model.train()(torch.rand(16, 3, 16, 16))
        model.eval()
    done = export(model, "onnx", tmp_path / "m.onnx")
    assert done.difference.largest <= 1e-5
    wanted = of_model(model, images(16, 16))
    scale = max(1.0, float(np.abs(wanted).max()))
    np.testing.assert_allclose(run_onnx(tmp_path / "m.onnx", images(16, 16)), wanted, rtol=0, atol=1e-5 * scale)


@pytest.mark.parametrize("sides", [(15, 17), (16, 16), (13, 6)])
def test_odd_sizes_pad_as_keras_does(sides: tuple[int, int], tmp_path: Path) -> None:
    """Encoders alone: 'same' padding at stride 2 and 3, even kernels, dilation with a stride, pools at odd sizes."""
    line = "conv4[k=4 stride=2] conv4[k=3 stride=2 dilation=2] pool3 avgpool2 conv2[k=2 stride=3] | up8 up9 conv3"
    model = random_model(line, (72, 72, 3))
    export(model, "onnx", tmp_path / "m.onnx", part="encoder")
    with torch.no_grad():
        wanted = model.encode(torch.from_numpy(images(*sides))).numpy()
    np.testing.assert_allclose(run_onnx(tmp_path / "m.onnx", images(*sides)), wanted, rtol=0, atol=1e-5)


@pytest.mark.parametrize("size", [2, 3, 41, 63])
def test_nearest_takes_the_right_neighbour(size: int, tmp_path: Path) -> None:
    """1/41 rounds down in float32, and then some runtimes take a pixel from the wrong side."""
    model = random_model(f"pool{size} | up{size} conv3", (2 * size, 2 * size, 3))
    export(model, "onnx", tmp_path / "m.onnx")
    values = images(2 * size, 2 * size)
    np.testing.assert_allclose(run_onnx(tmp_path / "m.onnx", values), of_model(model, values), rtol=0, atol=1e-5)


def test_bytes_in_and_out(tmp_path: Path) -> None:
    model = random_model(EVERYTHING[0])
    export(model, "onnx", tmp_path / "m.onnx", input="uint8")
    pixels = np.random.default_rng(2).integers(0, 256, (3, 20, 24, 3), dtype=np.uint8)
    got = run_onnx(tmp_path / "m.onnx", pixels)
    values = np.ascontiguousarray((pixels / np.float32(255)).transpose(0, 3, 1, 2))
    wanted = np.rint(np.clip(of_model(model, values), 0, 1) * 255).transpose(0, 2, 3, 1)
    assert got.dtype == np.uint8
    assert np.abs(got.astype(int) - wanted.astype(int)).max() <= 1  # a value in the middle of two levels


def test_halves_make_the_whole(tmp_path: Path) -> None:
    model = random_model(EVERYTHING[1])
    for part in ("encoder", "decoder"):
        export(model, "onnx", tmp_path / f"{part}.onnx", part=part)
    latents = run_onnx(tmp_path / "encoder.onnx", images(16, 16))
    both = run_onnx(tmp_path / "decoder.onnx", latents)
    np.testing.assert_allclose(both, of_model(model, images(16, 16)), rtol=0, atol=1e-5)


def test_the_file_says_what_it_is(tmp_path: Path) -> None:
    model = random_model(EVERYTHING[0])
    export(model, "onnx", tmp_path / "m.onnx")
    loaded = onnx.load(tmp_path / "m.onnx")
    told = {prop.key: prop.value for prop in loaded.metadata_props}
    assert told["line"] == model.line
    assert told["opset"] == str(loaded.opset_import[0].version) == "17"
    assert told["size_multiple"] == str(size_multiple(model.graph)) == "4"
    assert [side.dim_param for side in loaded.graph.input[0].type.tensor_type.shape.dim] == [
        "batch",
        "",
        "height",
        "width",
    ]


def test_every_kind_of_layer_has_a_counterpart() -> None:
    assert set(KINDS) | {"add"} <= ONNX.known()


def test_what_computes_something_else_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ONNX._by_kind, "relu", lambda writer: writer.add("Abs", writer.input))
    with pytest.raises(DiaboloError, match="the ONNX model computes something else than the model"):
        export(random_model("conv4 relu pool | up conv3"), "onnx", tmp_path / "m.onnx")
    assert list(tmp_path.iterdir()) == []


def test_a_layer_without_counterpart_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delitem(ONNX._by_kind, "leaky")
    with pytest.raises(DiaboloError) as raised:
        export(random_model("conv4 leaky[slope=0.3] pool | up conv3"), "onnx", tmp_path / "m.onnx")
    assert str(raised.value) == ("the model cannot become ONNX: `leaky[slope=0.3]` (leaky_1) has no counterpart there")


def test_diverged_weights_are_refused(tmp_path: Path) -> None:
    model = random_model("conv4 pool | up conv3")
    with torch.no_grad():
        model.layers["conv_1"].bias[0] = float("nan")
    with pytest.raises(DiaboloError, match="not all finite"):
        export(model, "onnx", tmp_path / "m.onnx")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"format": "tflite"}, "`to` (=tflite) must be one of onnx, keras, keras-source, torch, safetensors"),
        ({"part": "half"}, "`part` (=half) must be one of both, encoder, decoder"),
        ({"input": "int4"}, "`input` (=int4) must be float or uint8"),
        ({"format": "keras", "file": "m.keras", "input": "uint8"},
         "`input` (=uint8) is for onnx and torch; keras files take floats in [0, 1]"),
        ({"file": "m.pb"}, "`m.pb`: the name of such a file ends in `.onnx`"),
        ({"tolerance": float("nan")}, "`tolerance` (=nan) must be more than 0"),
    ],
)  # fmt: skip
def test_wrong_choices(settings: dict, message: str) -> None:
    with pytest.raises(DiaboloError) as raised:
        export(random_model("conv4 pool | up conv3"), **{"format": "onnx", "file": "m.onnx", **settings})
    assert str(raised.value) == message


@pytest.mark.parametrize("input_kind", ["float", "uint8"])
def test_torch_program(input_kind: str, tmp_path: Path) -> None:
    model = random_model(EVERYTHING[0])
    export(model, "torch", tmp_path / "m.pt2", input=input_kind)
    module = torch.export.load(tmp_path / "m.pt2").module()
    values = images(16, 24, count=3)
    if input_kind == "float":
        np.testing.assert_allclose(
            module(torch.from_numpy(values)).detach().numpy(), of_model(model, values), rtol=0, atol=1e-6
        )
    else:
        pixels = torch.from_numpy(np.rint(values * 255).astype(np.uint8).transpose(0, 2, 3, 1).copy())
        assert module(pixels).dtype == torch.uint8
