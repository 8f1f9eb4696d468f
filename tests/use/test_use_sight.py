"""How far models look, against what a changed pixel really changes; every kind of the vocabulary is tried."""

import numpy as np
import pytest
import torch

from diabolo.errors import ShapeError
from diabolo.graph import build_graph
from diabolo.model import build_model
from diabolo.use.sight import sight, size_is_fixed_by, whole_is_seen_by
from diabolo.vocabulary import KINDS

SIDE = 144
SPECIAL = {
    "pool": "pool3 conv4 | up3 conv3",
    "avgpool": "avgpool3 conv4 | up3 conv3",
    "unshuffle": "unshuffle4 conv16 | shuffle4 conv3",
    "up": "conv4 | up3 pool3 conv3",
    "shuffle": "conv16 | shuffle4 pool4 conv3",
    "conv": "conv4[k=4 stride=3 dilation=2] conv4 | up3 conv3[k=5]",
    "deconv": "pool conv4 | deconv3[k=5 stride=2]",
    "fsq": "conv4 fsq | conv3",
    "flatten": "pool12 flatten | unflatten up12 conv3",
    "unflatten": "pool12 flatten | unflatten up12 conv3",
    "dense": "pool12 flatten dense20 | dense432 unflatten up12 conv3",
}
OTHERS = [
    "conv4 res{conv4 relu conv4} pool | up[mode=bilinear] 2*res{conv4[k=5]} conv3",
    "conv4[k=2] up2 pool3 conv4 | up3 pool2 conv3[k=7]",
    "conv4[stride=2] (bn pool) conv4[stride=3] | up[mode=bilinear] up3[mode=bilinear] conv3",
    "conv4[k=4 stride=4 pad=valid] | deconv3[k=8 stride=4]",
]


def line_of(kind: str) -> str:
    if kind in SPECIAL:
        return SPECIAL[kind]
    count = KINDS[kind].count
    number = "8" if count is not None and count.default is None else ""
    return f"conv8 {kind}{number} | conv3"


def is_quantised(line: str) -> bool:
    return any(kind in line for kind in ("vq", "fsq", "lloyd"))


def changed(line: str, *, pixel: int, part: str) -> np.ndarray:
    """Which rows of the result change when the pixel at (pixel, pixel) does, in float64."""
    model = build_model(line, (SIDE, SIDE, 3), engine="plain").double().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            # Of one sign nothing is dead and nothing cancels out; but a quantiser's values are all too large then.
            parameter.copy_(
                torch.randn_like(parameter) * 0.2 if is_quantised(line) else torch.rand_like(parameter) + 0.1
            )
        for name, buffer in model.named_buffers():
            if buffer.is_floating_point() and "lloyd" not in name:
                buffer.copy_(torch.rand_like(buffer) + 0.1)
    images = torch.rand(2, 3, SIDE, SIDE, dtype=torch.float64)
    images[1] = images[0]
    images[1, :, pixel, pixel] += 20.0
    with torch.inference_mode():
        result = model.encode(images) if part == "encode" else model(images)
    return (result[0] != result[1]).any(dim=0).any(dim=1).numpy().nonzero()[0]


@pytest.mark.parametrize("part", ["encode", "reconstruct"])
@pytest.mark.parametrize("line", [*map(line_of, KINDS), *OTHERS], ids=[*KINDS, *map(str, range(len(OTHERS)))])
def test_nothing_beyond_the_sight_changes(line: str, part: str) -> None:
    try:
        graph = build_graph(line, (SIDE, SIDE, 3))
    except ShapeError:
        pytest.fail(f"`{line}` is no example of its kind: put one into SPECIAL")
    if size_is_fixed_by(graph) is not None:
        assert any(kind in line for kind in ("flatten", "valid"))
        return
    target = graph.latent if part == "encode" else graph.output
    view = sight(graph, graph.input.name, target)
    assert view.unit <= 12
    assert SIDE % view.unit == 0
    whole = whole_is_seen_by(graph, graph.input.name, target)
    phases = set()
    for pixel in range(60, 60 + view.unit):
        rows = changed(line, pixel=pixel, part=part)
        if whole is not None:
            continue
        assert len(rows)
        starts = (rows / float(view.scale)).astype(int) // view.unit * view.unit  # of the block each row is in
        assert (starts - view.before <= pixel).all()
        assert (pixel < starts + view.unit + view.after).all()
        phases.update(((pixel - starts).min(), (pixel - starts).max()))
    if whole is None and line in OTHERS:  # random windows may be blind to an edge; convolutions are not
        assert min(phases) >= -view.before
        assert max(phases) - view.unit + 1 == view.after
        assert -min(phases) == view.before


def test_group_normalisation_sees_the_whole() -> None:
    assert len(changed("conv8 gn4 | conv3", pixel=5, part="reconstruct")) == SIDE
    graph = build_graph("conv8 gn4 | conv3", (SIDE, SIDE, 3))
    assert whole_is_seen_by(graph, "input", graph.output) == "gn_1"
    assert whole_is_seen_by(graph, graph.latent, graph.output) is None


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("conv4 flatten dense8 | dense768 unflatten[h=16 w=16 c=3]", "`flatten_1` is flat"),
        ("conv4[pad=valid] | conv4 up conv3[k=13 pad=valid]", "`conv_1` has `pad=valid` and cuts the borders off"),
    ],
)
def test_models_of_one_size(line: str, why: str) -> None:
    reason = size_is_fixed_by(build_graph(line, (16, 16, 3)))
    assert reason is not None
    assert reason.startswith(why)
