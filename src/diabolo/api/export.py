"""`export`: a trained model as a file of another system, compared with the model before it is written."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diabolo import __version__
from diabolo.errors import DiaboloError, clip
from diabolo.files import atomic_path
from diabolo.interop.model_part import ModelPart
from diabolo.interop.part import PartName, line_of
from diabolo.interop.probe import TOLERANCE, Difference, compare, is_discrete
from diabolo.model import AutoEncoder
from diabolo.use import Run, load

SUFFIXES = {"onnx": ".onnx", "keras": ".keras", "keras-source": ".py", "torch": ".pt2", "safetensors": ".safetensors"}
"""What can be written, and how the file's name ends."""


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What was written, and how well it agrees."""

    file: Path
    """The file."""
    format: str
    """One of `SUFFIXES`."""
    part: str
    """`both`, `encoder` or `decoder`."""
    difference: Difference
    """How far its results are from the model's, on fresh images."""
    notes: tuple[str, ...] = ()
    """What a user must know of it."""
    beside: tuple[Path, ...] = ()
    """Files that belong to it."""


def export(
    run: str | Path | Run | AutoEncoder,
    format: str,
    file: str | Path | None = None,
    *,
    part: PartName = "both",
    input: str = "float",
    tolerance: float = TOLERANCE,
) -> Exported:
    """Writes a model in another format; what does not compute the same is not written.

    Args:
        run: a run, its folder, or a model.
        format: `onnx`, `keras`, `keras-source`, `torch` (a `torch.export` program) or `safetensors`.
        file: where to; by default the name of the run's folder with the format's suffix, in the working directory.
        part: `both` (images to images), `encoder` (images to latents) or `decoder` (latents to images).
        input: for ONNX and torch: `float`, images in [0, 1] as (batch, channels, height, width), or `uint8`, images
            from 0 to 255 as (batch, height, width, channels), in and out.
        tolerance: largest difference that may be, as a share of the largest value, or of 1.

    Raises:
        DiaboloError: a layer has no counterpart, a library is missing, or the results differ by more.
        RunError: the run has no weights, or they are damaged.
        OutputError: the file cannot be written.
    """
    if format not in SUFFIXES:
        raise DiaboloError(f"`to` (={clip(format)}) must be one of {', '.join(SUFFIXES)}")
    if not tolerance > 0:
        raise DiaboloError(f"`tolerance` (={tolerance}) must be more than 0")
    loaded = run if isinstance(run, Run | AutoEncoder) else load(run)
    model = loaded if isinstance(loaded, AutoEncoder) else loaded.model
    name = "model" if isinstance(loaded, AutoEncoder) else loaded.folder.path.resolve().name
    if input not in ("float", "uint8"):
        raise DiaboloError(f"`input` (={clip(input)}) must be float or uint8")
    if input != "float" and format not in ("onnx", "torch"):
        raise DiaboloError(f"`input` (={input}) is for onnx and torch; {format} files take floats in [0, 1]")
    target = Path(f"{name}{SUFFIXES[format]}" if file is None else file).expanduser()
    if not target.name.endswith(SUFFIXES[format]) or target.stem == "":
        raise DiaboloError(f"`{target}`: the name of such a file ends in `{SUFFIXES[format]}`")
    ours = ModelPart(model, part)
    if not all(np.isfinite(array).all() for array in ours.part.weights.values()):
        raise DiaboloError("the model's weights are not all finite: it has diverged; export another run")
    write = {
        "onnx": _onnx, "torch": _torch, "keras": _keras, "keras-source": _keras_source, "safetensors": _safetensors,
    }[format]  # fmt: skip
    return write(ours, target, input, tolerance)


def _accept(difference: Difference, tolerance: float, what: str) -> None:
    """Refuses an export that computes something else.

    Raises:
        DiaboloError: it does.
    """
    if difference.is_within(tolerance):
        return
    if difference.num_jumps:
        problem = f"another code was chosen for {difference.num_jumps} of {difference.num_images} images"
    elif difference.levels is not None and difference.levels > 1:
        problem = f"a difference of {difference.levels} grey levels"
    else:
        problem = f"a largest difference of {difference.largest:.2g}, where {tolerance:g} is allowed"
    raise DiaboloError(
        f"the {what} computes something else than the model ({problem}), and was not written; please report the line"
    )


def _onnx(ours: ModelPart, target: Path, input_kind: str, tolerance: float) -> Exported:
    from diabolo.interop.onnx import ONNX, OPSET, differences, to_onnx

    in_floats = to_onnx(ours.part, version=__version__)
    difference = differences(in_floats, ours, input_kind="float")
    _accept(difference, tolerance, "ONNX model")
    model, notes = in_floats, [f"opset {OPSET}"]
    if input_kind == "uint8":
        model = to_onnx(ours.part, version=__version__, input_kind=input_kind)
        in_levels = differences(model, ours, input_kind=input_kind)
        _accept(in_levels, tolerance, "ONNX model for 8-bit images")
        if in_levels.levels is not None:
            notes.append(f"8-bit results differ by at most {_levels(in_levels.levels)}")
    with atomic_path(target) as temporary:
        temporary.write_bytes(model.SerializeToString())
    return Exported(
        file=target,
        format="onnx",
        part=ours.part.name,
        difference=difference,
        notes=(*notes, *_inference_only(ours, ONNX.left_out(ours.part))),
    )


def _torch(ours: ModelPart, target: Path, input_kind: str, tolerance: float) -> Exported:
    from diabolo.interop.torch_program import program_differences, to_torch_program

    metadata = {"line": line_of(ours.part.graph), "part": ours.part.name, "diabolo_version": __version__}
    program = to_torch_program(ours, metadata, input_kind=input_kind)
    difference = program_differences(program.content, ours, input_kind=input_kind, any_size=program.any_size)
    _accept(difference, max(tolerance, 1.5 / 255) if input_kind == "uint8" else tolerance, "torch program")
    with atomic_path(target) as temporary:
        temporary.write_bytes(program.content)
    size = () if program.any_size else ("takes images of the model's size only",)
    return Exported(
        file=target,
        format="torch",
        part=ours.part.name,
        difference=difference,
        notes=(*size, *_inference_only(ours, program.left_out)),
    )


def _keras(ours: ModelPart, target: Path, input_kind: str, tolerance: float) -> Exported:
    from diabolo.interop.keras import keras_source

    source = keras_source(ours.part, version=__version__)
    with atomic_path(target) as temporary:
        difference = _keras_difference(ours, source, temporary)
        _accept(difference, tolerance, "Keras model")
    return Exported(
        file=target, format="keras", part=ours.part.name, difference=difference, notes=_inference_only(ours, ())
    )


def _keras_source(ours: ModelPart, target: Path, input_kind: str, tolerance: float) -> Exported:
    from diabolo.interop.keras import keras_source

    weights = target.with_name(f"{target.stem}.weights.h5")
    source = keras_source(ours.part, version=__version__, weights_file=weights.name)
    with atomic_path(target) as temporary_text:
        temporary_text.write_text(source.text, encoding="utf-8", newline="")
        with atomic_path(weights) as temporary:  # inside: both are written, or neither
            inner = temporary.with_name(f"{temporary.stem}.weights.h5")  # Keras insists on this ending
            try:
                difference = _keras_difference(ours, source, inner)
                _accept(difference, tolerance, "Keras model")
                inner.replace(temporary)
            finally:
                inner.unlink(missing_ok=True)
    return Exported(
        file=target,
        format="keras-source",
        part=ours.part.name,
        difference=difference,
        notes=_inference_only(ours, ()),
        beside=(weights,),
    )


def _keras_difference(ours: ModelPart, source: Any, target: Path) -> Difference:
    from diabolo.interop.keras.process import Job, save_with_keras

    inputs = [values for _, values in ours.inputs()][:1]  # a Keras model keeps the size that it was built for
    job = Job(source=source, target=target, inputs=[_channels_last(values) for values in inputs])
    wanted = [_channels_last(ours.run(values)) for values in inputs]
    return compare(wanted, save_with_keras([job])[0], discrete=is_discrete(ours.part))


def _channels_last(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.ascontiguousarray(values.transpose(0, 2, 3, 1)) if values.ndim == 4 else values


def _safetensors(ours: ModelPart, target: Path, input_kind: str, tolerance: float) -> Exported:
    from diabolo.train.state import FORMAT
    from diabolo.train.tensor_file import write_tensors

    if ours.part.name != "both":
        raise DiaboloError(f"`part` (={ours.part.name}): safetensors holds the weights of the whole line")
    described = {"format": FORMAT, "line": line_of(ours.part.graph), "input_shape": ours.part.graph.input_shape}
    write_tensors(target, ours.model.state_dict(), described)
    return Exported(
        file=target,
        format="safetensors",
        part="both",
        difference=Difference(largest=0.0, num_images=0),
        notes=("the weights of all layers by name; line and image size are in the file's metadata",),
    )


def _inference_only(ours: ModelPart, left_out: tuple[str, ...]) -> tuple[str, ...]:
    """What does nothing after training, or is another thing in it."""
    notes = []
    if left_out:
        notes.append(f"left out, since they do nothing in evaluation: {', '.join(left_out)}")
    if any(node.kind == "gaussian" for node in ours.part.nodes):
        notes.append("`gaussian` gives its mean; the variance, which only training needs, is left out")
    unused = [node.name for node in ours.part.graph.unconnected]
    if unused:
        notes.append(f"left out, since their results are never used: {', '.join(unused)}")
    return tuple(notes)


def _levels(number: int) -> str:
    return "1 grey level" if number == 1 else f"{number} grey levels"
