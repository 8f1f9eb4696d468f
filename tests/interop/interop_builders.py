"""Small models with weights that hide no mistake, for the tests of exports and imports."""

from pathlib import Path

import torch

from diabolo.model import AutoEncoder, build_model
from diabolo.runs import RunFolder, RunRecord, current_versions, write_record
from diabolo.train import find_recipe, write_weights

EVERYTHING = (
    "conv8[k=5] relu (bn) pool conv8[stride=2] gelu bn noise | up[mode=bilinear] conv8 silu up conv3 sigmoid",
    "conv8[k=4 stride=2] leaky gn4 conv8[k=2 stride=2 bias=no] tanh | deconv8[k=5 stride=2] relu deconv3[k=4]",
    "unshuffle2 res[skip=conv]{conv8 relu conv8} dropout | conv12 res{conv12 silu conv12} shuffle2",
    "conv6[dilation=2] conv8[k=1 stride=2] avgpool gaussian4 | up4 conv6 conv3[groups=3]",
    "pool2 flatten dense16 bn relu | dense192 unflatten[h=8 w=8 c=3] up",
)
"""Lines that hold every kind of layer that both ONNX and Keras have."""
SHAPE = (16, 16, 3)


@torch.no_grad()
def random_model(line: str, shape: tuple[int, int, int] = SHAPE, seed: int = 0) -> AutoEncoder:
    """A model with random weights, biases and moving averages: ones and zeros would hide a mistake."""
    model = build_model(line, shape)
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in model.state_dict().items():
        if not tensor.is_floating_point() or name.endswith((".centres", ".shares")):  # levels in order, set by data
            continue
        if tensor.dim() == 1:
            centre = 1.0 if name.endswith(("weight", "variance", "root_beta")) else 0.0
            tensor.copy_(centre + torch.rand(tensor.shape, generator=generator) - 0.5)
        else:
            tensor.copy_(tensor[0].numel() ** -0.5 * torch.randn(tensor.shape, generator=generator))
    return model.eval()


def save_run(path: Path, model: AutoEncoder) -> RunFolder:
    """The folder of a run with these weights."""
    folder = RunFolder(path=path)
    path.mkdir(parents=True)
    recipe = find_recipe("fast")
    record = RunRecord(
        name="small",
        line=model.line or "",
        input_shape=model.graph.input_shape,  # type: ignore[arg-type]
        seed=0,
        recipe={"name": recipe.name, **recipe.choices()},
        data={"name": "x", "digest": "sha256:0", "source": "x"},
        command="python",
        threads=1,
        device="cpu",
        status="finished",
        versions=current_versions(),
    )
    write_weights(folder.model_file, model, model.line or "")
    write_record(folder.record_file, record)
    return folder
