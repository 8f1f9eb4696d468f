"""A part of a model as an ONNX model: inputs and outputs, layers, metadata."""

from typing import Any

from diabolo.errors import DiaboloError, clip
from diabolo.interop.converters import TRAINING_ONLY
from diabolo.interop.libraries import need
from diabolo.interop.onnx.registry import ONNX, Writer
from diabolo.interop.part import Part, line_of, size_multiple, takes_any_size
from diabolo.vocabulary import Shape

OPSET = 17
"""Version of ONNX's operations: of 2022, and so in every runtime that is still looked after."""
IR_VERSION = 8
"""Version of the file format that goes with it."""
INPUTS = ("float", "uint8")
"""How images come in and go out."""
_LARGEST = 2**31 - 2**20  # bytes: a protobuf file ends at 2 GiB


def to_onnx(part: Part, *, version: str, input_kind: str = "float") -> Any:
    """A part of a model in ONNX.

    Args:
        part: what is exported.
        version: of diabolo, for the metadata.
        input_kind: `float`: images are Float[Tensor, "batch channels height width"] in [0, 1], as in torch.
            `uint8`: UInt8[Tensor, "batch height width channels"], as image files are; scaling, clipping and rounding
            are part of the graph.

    Returns:
        An `onnx.ModelProto`, checked by ONNX's own checker, shapes included.

    Raises:
        DiaboloError: a layer has no counterpart, the weights are too large for one file, or `onnx` is not installed.
    """
    onnx = need("onnx", "ONNX")
    from onnx import helper, numpy_helper

    if input_kind not in INPUTS:
        raise DiaboloError(f"`input` (={clip(input_kind)}) must be one of {', '.join(INPUTS)}")
    ONNX.check(part)
    line = line_of(part.graph)
    writer = Writer(part)
    writer.values[part.start.name] = _input(writer, input_kind)
    for node in part.nodes:
        writer.node = node
        writer.values[node.name] = writer.input if node.kind in TRAINING_ONLY else ONNX[node.kind](writer)
    name = _output(writer, input_kind)
    size = sum(array.nbytes for array in writer.constants.values())
    if size > _LARGEST:
        raise DiaboloError(
            f"the model has {size / 1e9:.1f} GB of weights, and an ONNX file ends at 2 GB; export to torch"
        )
    graph = helper.make_graph(
        writer.operations,
        f"diabolo-{part.name}",
        [_value(part, part.start.shape, "images" if part.takes_images else "latents", input_kind, part.takes_images)],
        [_value(part, part.end.shape, name, input_kind, part.gives_images)],
        [numpy_helper.from_array(array, key) for key, array in writer.constants.items()],
    )
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="diabolo",
        producer_version=version,
        doc_string=line,
    )
    helper.set_model_props(model, _metadata(part, line, version, input_kind))
    onnx.checker.check_model(model, full_check=True)
    return model


def _input(writer: Writer, input_kind: str) -> str:
    if not writer.part.takes_images:
        return "latents"
    if input_kind == "float":
        return "images"
    scaled = writer.add("Div", writer.add("Cast", "images", to=1), writer.constant(255.0))  # 1: float32
    return writer.add("Transpose", scaled, perm=[0, 3, 1, 2])


def _output(writer: Writer, input_kind: str) -> str:
    """Ends the graph; the name of its output."""
    part = writer.part
    writer.node = part.end
    name = "reconstructions" if part.gives_images else "latents_out" if not part.takes_images else "latents"
    value = writer.values[part.end.name]
    if part.gives_images and input_kind == "uint8":
        clipped = writer.add("Clip", value, writer.constant(0.0), writer.constant(1.0))
        scaled = writer.add("Round", writer.add("Mul", clipped, writer.constant(255.0)))
        value = writer.add("Cast", writer.add("Transpose", scaled, perm=[0, 2, 3, 1]), to=2)  # 2: uint8
    if not writer.operations:  # a part of layers that do nothing in evaluation
        value = writer.add("Identity", value)
    _rename(writer, value, name)
    return name


def _rename(writer: Writer, value: str, name: str) -> None:
    """Gives the last result the name that users see."""
    from onnx import helper

    writer.operations.append(helper.make_node("Identity", [value], [name], name=name))


def _value(part: Part, shape: Shape, name: str, input_kind: str, is_image: bool) -> Any:
    """An input or output: its type, its known sides by number and the others by name."""
    from onnx import TensorProto, helper

    if len(shape) == 1:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", shape[0]])
    height, width, channels = shape
    sides: list[Any] = [height, width]
    if takes_any_size(part.graph):
        sides = ["height", "width"] if is_image else ["latent_height", "latent_width"]
    if is_image and input_kind == "uint8":
        return helper.make_tensor_value_info(name, TensorProto.UINT8, ["batch", *sides, channels])
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", channels, *sides])


def _metadata(part: Part, line: str, version: str, input_kind: str) -> dict[str, str]:
    height, width, channels = part.graph.input_shape
    float_images = "float32, batch x channels x height x width, red first, in [0, 1]"
    byte_images = "uint8, batch x height x width x channels, red first"
    images = float_images if input_kind == "float" else byte_images
    latents = (
        "float32, batch x channels x height x width" if len(part.graph.latent_shape) == 3 else "float32, batch x values"
    )
    values = {
        "diabolo_version": version,
        "line": line,
        "part": part.name,
        "opset": str(OPSET),
        "input": images if part.takes_images else latents,
        "output": images if part.gives_images else latents,
        "trained_size": f"{height}x{width}x{channels}",
    }
    if takes_any_size(part.graph):
        values["size_multiple"] = str(size_multiple(part.graph))
    return values
